"""Subscribers: which other indexes hear of changes in ours, and on which way to them.

A subscriber is an address with a route for ProcessNotification in the catalogue; what it wants
to hear of stands as filters on our permission to call it. Knows the catalogue and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from samsvar.model.catalogue import RoutingEntry
from samsvar.model.catalogue_lookup import ANY, Catalogue
from samsvar.model.engagement import Subscriber
from samsvar.model.exchange import Call
from samsvar.model.identifiers import HsaId, LogicalAddress, folded
from samsvar.ports import HouseRules
from samsvar.soap.index_messages import PROCESS_NOTIFICATION

LONGEST_HISTORY = 512
"""As much as any index of this kind reads of ``x-rivta-routing-history``."""


@dataclass(slots=True)
class _Remembered:
    """The routes of the catalogue that was asked about last: an Update must not look through
    all routes of the country."""

    catalogue: Catalogue | None = None
    entries: tuple[RoutingEntry, ...] = ()

    def of(self, catalogue: Catalogue) -> tuple[RoutingEntry, ...]:
        """Every route for ProcessNotification, whatever its period."""
        if catalogue is not self.catalogue:
            self.entries = tuple(
                entry
                for entry in catalogue.entries
                if folded(entry.contract) == folded(PROCESS_NOTIFICATION)
                and entry.logical_address != ANY
            )
            self.catalogue = catalogue
        return self.entries


_ROUTES = _Remembered()


def are_there(catalogue: Catalogue) -> bool:
    """Whether anybody subscribes, now or at another time."""
    return bool(_ROUTES.of(catalogue))


def subscribers(
    catalogue: Catalogue, rules: HouseRules, at: datetime, *, informed: Collection[str] = ()
) -> tuple[Subscriber, ...]:
    """Everybody who hears of a change now: not ourselves, and none who knows of it already.

    Args:
        informed: HSA-ids and addresses of those.
    """
    left_out = {
        *rules.own_addresses,
        *map(folded, rules.index_addresses),
        *map(folded, informed),
    }
    found: dict[str, Subscriber] = {}
    for entry in _ROUTES.of(catalogue):
        name = folded(entry.logical_address)
        if name not in left_out and entry.valid_from <= at <= entry.valid_to:
            found[name] = _subscriber(entry.logical_address, catalogue, rules, at)
    return tuple(found.values())


def way_to(
    address: LogicalAddress, catalogue: Catalogue, at: datetime
) -> tuple[RoutingEntry | None, str]:
    """The one route to a subscriber; or None, and why."""
    entries = catalogue.routes(PROCESS_NOTIFICATION, address, at).entries
    if len(entries) == 1:
        return entries[0], ""
    return None, "no route leads to it" if not entries else "more than one route leads to it"


def history(call: Call, own: str) -> str:
    """Who has had the news by now, ourselves the last; the oldest go if there is no room."""
    tokens = [token for token in (call.routing_history or "").split("#") if token]
    for name in (str(call.sender), own):
        if folded(name) not in map(folded, tokens):
            tokens.append(name)
    while len("#".join(tokens)) > LONGEST_HISTORY:
        tokens.pop(0)
    return "#".join(tokens)


def _subscriber(
    address: LogicalAddress, catalogue: Catalogue, rules: HouseRules, at: datetime
) -> Subscriber:
    own = HsaId(rules.index_addresses[0])
    permission = catalogue.permission(own, PROCESS_NOTIFICATION, address, at).permission
    return Subscriber(address, permission.filters if permission else ())
