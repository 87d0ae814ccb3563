"""Alerts and breakers as the console shows and sets them: others keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samsvar.inbound.admin.breakers import BreakerDesk
from samsvar.inbound.console.ports import (
    Alert,
)
from samsvar.model.breaker import State
from samsvar.model.identifiers import ContractUrn
from samsvar.store.alert_book import SqlAlertBook
from samsvar.watch.rules import Severity


class BookedAlerts:
    """Alerts as they are kept, for whoever looks: the newest first."""

    def __init__(self, book: SqlAlertBook) -> None:
        self._book = book

    def watching(self) -> bool:
        """Yes: the hub's own rules are always looked at."""
        return True

    def open(self) -> Sequence[Alert]:
        """The newest first."""
        return [
            Alert(
                one.opened,
                one.subject,
                one.about,
                one.reason,
                one.severity is Severity.CRITICAL,
            )
            for one in reversed(self._book.open_ones())
        ]


class HeldBreakers:
    """Breakers as whoever guards the hub keeps them; one for each producer, all its contracts."""

    def __init__(self, desk: BreakerDesk) -> None:
        self._desk = desk

    def present(self) -> bool:
        """Yes."""
        return True

    def open(self) -> Mapping[str, str]:
        """Producer to reason, where one of its breakers is open."""
        found: dict[str, str] = {}
        for one in self._desk.standings():
            if one.state is State.OPEN:
                why = one.hold.reason if one.hold else f"{one.ill} / {one.calls}"
                found.setdefault(one.producer, why)
        return found

    def set(self, producer: str, *, open_: bool, who: str, reason: str) -> None:
        """Hold it open until it is closed, or closed for a minute."""
        self._desk.put(producer, ContractUrn(""), opened=open_, reason=reason, until=None, by=who)
