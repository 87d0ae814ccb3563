"""The catalogue in force, and the one way to look in it: routes and permissions, care givers and
consumers.

Aggregated and direct calls ask the same resolver. (The national platform has two, which differ
in climbing: a source that a direct call reaches may be missing in the collected answer.)

* Keys are compared without regard to case.
* Route: the address itself, then its HSA parents, nearest first, up to the root, then ``*``.
* Permission: the address itself, then ``*``, then its HSA parents.
* ``VG#VE`` (care giver, care unit): only its parts are tried, the last first; for a permission
  only when there are at most two.
* A period holds its first and its last moment.

Knows nothing of files, SQL or the time of day: the moment asked about is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar

from samsvar.model.catalogue import CallPermission, CareGiver, Consumer, RoutingEntry
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded

HSA_ROOT = "SE"
"""The top of the HSA tree, and the parent of every unit that the tree does not know."""

ANY = "*"
"""The address that stands for all (standardvägval, standardbehörighet)."""

DELIMITER = "#"
_Found = TypeVar("_Found")
_MOST_PARTS_PERMITTED = 2


@dataclass(frozen=True, slots=True)
class RouteLookup:
    """What was found, and the addresses that were tried, as the national platform logs them."""

    entries: tuple[RoutingEntry, ...]
    """Empty: no route. Several: the catalogue is wrong."""
    trace: str


@dataclass(frozen=True, slots=True)
class PermissionLookup:
    """The permission that applies, if there is one, and the addresses that were tried."""

    permission: CallPermission | None
    trace: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One published version: whole, frozen, indexed when it is made."""

    version: int
    entries: tuple[RoutingEntry, ...] = field(repr=False)
    permissions: tuple[CallPermission, ...] = field(repr=False)
    contracts: frozenset[ContractUrn] = field(repr=False)
    parents: Mapping[str, str] = field(repr=False, default_factory=dict)
    """The HSA tree: unit to its nearest ancestor."""
    care_givers: tuple[CareGiver, ...] = field(repr=False, default=())
    consumers: tuple[Consumer, ...] = field(repr=False, default=())

    _routes: Mapping[tuple[str, str], tuple[RoutingEntry, ...]] = field(
        init=False, repr=False, compare=False
    )
    #: sender and contract -> address -> permissions
    _permissions: Mapping[tuple[str, str], Mapping[str, tuple[CallPermission, ...]]] = field(
        init=False, repr=False, compare=False
    )
    _permissions_at: Mapping[str, tuple[CallPermission, ...]] = field(
        init=False, repr=False, compare=False
    )
    _known: frozenset[str] = field(init=False, repr=False, compare=False)
    _parents: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _care_givers: Mapping[str, CareGiver] = field(init=False, repr=False, compare=False)
    _consumers: Mapping[str, Consumer] = field(init=False, repr=False, compare=False)
    _worker_keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        routes: dict[tuple[str, str], tuple[RoutingEntry, ...]] = {}
        for entry in self.entries:
            place = (folded(entry.contract), folded(entry.logical_address))
            routes[place] = (*routes.get(place, ()), entry)
        permissions: dict[tuple[str, str], dict[str, tuple[CallPermission, ...]]] = {}
        at: dict[str, list[CallPermission]] = {}
        for permission in self.permissions:
            key = (folded(permission.consumer), folded(permission.contract))
            address = folded(permission.logical_address)
            mine = permissions.setdefault(key, {})
            mine[address] = (*mine.get(address, ()), permission)
            at.setdefault(address, []).append(permission)
        parents = {folded(unit): parent for unit, parent in self.parents.items()}
        for name, value in (
            ("parents", MappingProxyType(dict(self.parents))),
            ("_routes", routes),
            ("_permissions", permissions),
            ("_permissions_at", {address: tuple(rows) for address, rows in at.items()}),
            ("_known", frozenset(folded(contract) for contract in self.contracts)),
            ("_parents", parents),
            ("_care_givers", {folded(giver.id): giver for giver in self.care_givers}),
            ("_consumers", {folded(consumer.id): consumer for consumer in self.consumers}),
            ("_worker_keys", frozenset(k for e in self.entries for k in e.producer.workers)),
        ):
            object.__setattr__(self, name, value)  # the way a frozen dataclass fills itself

    def knows(self, contract: ContractUrn) -> bool:
        """Whether the catalogue has the contract at all."""
        return folded(contract) in self._known

    def names_worker(self, key: str) -> bool:
        """Whether that public key is of a worker that may answer for some address."""
        return key in self._worker_keys

    def care_giver(self, hsa_id: str) -> CareGiver | None:
        """What the directory says of an owner of information; None: it does not know it."""
        return self._care_givers.get(folded(hsa_id))

    def care_giver_above(self, unit: str) -> CareGiver | None:
        """The nearest care giver that a unit is, or stands under in the HSA tree."""
        for place in (unit, *self._climb(unit)):
            giver = self.care_giver(place)
            if giver is not None:
                return giver
        return None

    def consumer(self, hsa_id: HsaId) -> Consumer:
        """What is agreed with a consumer; with one that is not listed, no more than must be."""
        return self._consumers.get(folded(hsa_id)) or Consumer(hsa_id)

    def routes(self, contract: ContractUrn, address: LogicalAddress, at: datetime) -> RouteLookup:
        """The routes that lead to the address at that moment."""
        moment = at.astimezone(UTC)
        urn = folded(contract)

        def valid(candidate: str) -> tuple[RoutingEntry, ...]:
            entries = self._routes.get((urn, folded(candidate)), ())
            return tuple(e for e in entries if e.valid_from <= moment <= e.valid_to)

        steps = _leaves(_parts(address)) if DELIMITER in address else self._route_steps(address)
        found, trace = _first(steps, valid)
        return RouteLookup(found or (), trace)

    def permission(
        self, sender: HsaId, contract: ContractUrn, address: LogicalAddress, at: datetime
    ) -> PermissionLookup:
        """The permission by which the sender may call the address at that moment."""
        moment = at.astimezone(UTC)
        mine = self._permissions.get((folded(sender), folded(contract)), {})

        def valid(candidate: str) -> CallPermission | None:
            for permission in mine.get(folded(candidate), ()):
                if permission.valid_from <= moment <= permission.valid_to:
                    return permission
            return None

        if DELIMITER in address:
            parts = _parts(address)
            if len(parts) > _MOST_PARTS_PERMITTED:
                return PermissionLookup(None, "Invalid parameters")
            steps = _leaves(parts)
        else:
            steps = self._permission_steps(address)
        return PermissionLookup(*_first(steps, valid))

    def addresses(self, contract: ContractUrn, at: datetime) -> tuple[LogicalAddress, ...]:
        """Every address that has a route of its own for the contract then, sorted."""
        moment = at.astimezone(UTC)
        urn = folded(contract)
        return tuple(
            sorted(
                {
                    entry.logical_address
                    for entry in self.entries
                    if folded(entry.contract) == urn
                    and entry.valid_from <= moment <= entry.valid_to
                }
            )
        )

    def permissions_of(
        self, consumer: HsaId, contract: ContractUrn, at: datetime
    ) -> tuple[CallPermission, ...]:
        """What a consumer may call by a contract then, one for each address, ``*`` as it is."""
        moment = at.astimezone(UTC)
        mine = self._permissions.get((folded(consumer), folded(contract)), {})
        return tuple(
            row
            for rows in mine.values()
            for row in rows
            if row.valid_from <= moment <= row.valid_to
        )

    def permissions_at(
        self, address: LogicalAddress, at: datetime, consumer: HsaId | None = None
    ) -> tuple[CallPermission, ...]:
        """What may be called at an address then, by one consumer or by anybody. A permission at
        ``*`` or at a parent counts: it opens the address."""
        moment = at.astimezone(UTC)
        who = folded(consumer) if consumer else None
        steps = [candidate for _, candidate in self._permission_steps(address)]
        return tuple(
            row
            for candidate in dict.fromkeys(map(folded, steps))
            for row in self._permissions_at.get(candidate, ())
            if row.valid_from <= moment <= row.valid_to
            and (who is None or folded(row.consumer) == who)
        )

    def _route_steps(self, address: str) -> Iterator[tuple[str, str]]:
        yield "", address
        yield from (("(parent)", parent) for parent in self._climb(address))
        yield "(default)", ANY

    def _permission_steps(self, address: str) -> Iterator[tuple[str, str]]:
        yield "", address
        yield "(default)", ANY
        yield from (("(parent)", parent) for parent in self._climb(address))

    def _climb(self, address: str) -> Iterator[str]:
        """The ancestors, nearest first, the root last; a unit nobody knows hangs on the root."""
        seen = {folded(address), folded(HSA_ROOT)}
        if folded(address) == folded(HSA_ROOT) or address == ANY:
            return
        parent = self._parents.get(folded(address))
        while parent is not None and folded(parent) not in seen:
            yield parent
            seen.add(folded(parent))
            parent = self._parents.get(folded(parent))
        yield HSA_ROOT


def _parts(address: str) -> tuple[str, ...]:
    """The parts of ``VG#VE``, the last first, each once; ``*`` is no part."""
    distinct: dict[str, str] = {}
    for part in reversed(address.split(DELIMITER)):
        if part and part != ANY:
            distinct.setdefault(folded(part), part)
    return tuple(distinct.values())


def _leaves(parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return (("(leaf)", part) for part in parts)


def _first(
    steps: Iterable[tuple[str, str]], look: Callable[[str], _Found | None]
) -> tuple[_Found | None, str]:
    """The first that is found, and the trace of what was tried, each kind of step named once."""
    trace: list[str] = []
    last_kind = ""
    for kind, candidate in steps:
        if kind != last_kind:
            trace.append(kind)
            last_kind = kind
        trace.append(candidate)
        if found := look(candidate):
            return found, ",".join(trace)
    return None, ",".join(trace)
