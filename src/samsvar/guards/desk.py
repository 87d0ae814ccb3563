"""Breakers shown and set by hand: in the process that serves, or from a command beside it.

Where nothing serves, only holds can be shown; what is set counts in running hubs within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from samsvar.guards.breakers import BreakerStanding, BreakerTable, Key, hold_of
from samsvar.guards.ports import HoldBook
from samsvar.model.breaker import State
from samsvar.model.holds import BreakerHold
from samsvar.model.identifiers import ContractUrn
from samsvar.model.words import Words
from samsvar.onboarding.refusals import NotNow
from samsvar.ports import Clock

#: a breaker that is closed by hand stays so for so long, whatever happens
CLOSED_FOR = timedelta(minutes=1)


class BreakerDesk:
    """Both sides of the desk."""

    def __init__(
        self,
        book: HoldBook,
        clock: Clock,
        table: BreakerTable | None = None,
        hurry: Callable[[], object] | None = None,
    ) -> None:
        """``hurry``: called, in another thread, when something has been set."""
        self._book = book
        self._clock = clock
        self._table = table
        self._hurry = hurry

    def standings(self) -> Sequence[BreakerStanding]:
        """All that have been asked here, and all that are held: as the book has it, also where
        the table has not read that yet."""
        found: dict[Key, BreakerStanding] = {}
        unwritten: list[BreakerHold] = []
        if self._table is not None:
            found = {(one.producer, one.contract): one for one in self._table.standings()}
            unwritten = list(self._table.to_keep)  # before the book: it goes from here to there
        holds = {
            (one.producer, one.contract): one
            for one in (*self._book.read(self._clock.now()), *unwritten)
        }
        for key, standing in found.items():
            held = hold_of(holds, key)
            if held is not None and held != standing.hold:
                found[key] = _with(standing, held)
        for key, hold in holds.items():
            if key not in found:
                found[key] = _with(BreakerStanding(*key, State.CLOSED, None), hold)
        return [found[key] for key in sorted(found)]

    def put(
        self,
        producer: str,
        contract: ContractUrn,
        *,
        opened: bool,
        reason: str,
        until: datetime | None,
        by: str,
    ) -> BreakerHold:
        """Hold it open or closed; closed for a minute, if no time is said.

        Raises:
            NotNow: the time has been already.
            ResourcesMissing: it could not be written.
        """
        now = self._clock.now()
        if until is not None and until <= now:
            raise NotNow(
                Words("till: den tiden har redan varit", "until: that time has been already")
            )
        if not opened and until is None:
            until = now + CLOSED_FOR
        hold = BreakerHold(producer, contract, opened, reason, by, now, until)
        self._book.put(hold)
        if self._hurry is not None:
            self._hurry()
        return hold


def _with(one: BreakerStanding, hold: BreakerHold) -> BreakerStanding:
    """As it will stand in a moment."""
    return BreakerStanding(
        one.producer,
        one.contract,
        State.OPEN if hold.open else State.CLOSED,
        hold.until if hold.open else None,
        one.calls,
        one.ill,
        hold,
    )
