"""What differs between two registries, row by row; and two people's changes made one.

A row is known by what must not stand twice: a contract by its URN, a producer, care giver or
consumer by its id, a route or permission by its names and its first day. Knows nothing of
versions, drafts or where they are kept. Longer than most, as each table's rows are told here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from samsvar.model.catalogue import (
    CallPermission,
    CareGiver,
    Consumer,
    Producer,
    RegisteredAddress,
    RoutingEntry,
)
from samsvar.model.identifiers import folded
from samsvar.model.words import Words
from samsvar.registry import (
    RegisteredContract,
    Registry,
    RegistryFault,
    RegistryInvalid,
    local_day,
    short_name,
)

RowKey = tuple[str, ...]
Told = Mapping[str, str]
_HsaRow = tuple[str, str]
_Row = (
    RegisteredContract
    | Producer
    | RegisteredAddress
    | RoutingEntry
    | CallPermission
    | CareGiver
    | Consumer
    | _HsaRow
)
_Kind = TypeVar("_Kind")


class Kind(StrEnum):
    """What happened to a row."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that differs."""

    kind: Kind
    key: RowKey
    """Its table, and then what it is known by."""
    before: Told | None
    after: Told | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that differ, where the row is in both."""
        if self.before is None or self.after is None:
            return ()
        names = dict.fromkeys((*self.before, *self.after))
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))


class ChangedByBoth(ValueError):
    """Two people have changed the same rows differently. ``keys`` names them."""

    def __init__(self, keys: tuple[RowKey, ...]) -> None:
        rows = "\n".join(f"  {' '.join(key)}" for key in keys)
        super().__init__(f"these rows were changed by somebody else as well:\n{rows}")
        self.keys = keys


def difference(before: Registry, after: Registry) -> tuple[RowChange, ...]:
    """Every row that was added, removed or changed, table by table."""
    old, new = _rows(before), _rows(after)
    return tuple(_changes(old, new))


def rebased(base: Registry, mine: Registry, theirs: Registry) -> Registry:
    """What ``mine`` changes in ``base``, done to ``theirs``.

    Raises:
        ChangedByBoth: a row that both changed, and not alike.
        RegistryInvalid: a route's producer is gone.
    """
    old, own, other = _rows(base), _rows(mine), _rows(theirs)
    chosen: dict[RowKey, _Row] = {}
    both: list[RowKey] = []
    for key in dict.fromkeys((*other, *own, *old)):
        before, ours, others = (_told(rows.get(key)) for rows in (old, own, other))
        if ours in (before, others):
            row = other.get(key)
        elif others == before:
            row = own.get(key)
        else:
            both.append(key)
            continue
        if row is not None:
            chosen[key] = row
    if both:
        raise ChangedByBoth(tuple(both))
    return _registry(chosen.values())


def _changes(old: Mapping[RowKey, _Row], new: Mapping[RowKey, _Row]) -> Iterator[RowChange]:
    for key in sorted({*old, *new}, key=lambda key: (_ORDER.index(key[0]), key)):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        was, now = _told(before), _told(after)
        if was is None:
            yield RowChange(Kind.ADDED, key, None, now)
        elif now is None:
            yield RowChange(Kind.REMOVED, key, was, None)
        elif was != now:  # a route is the same when only its producer's own row differs
            yield RowChange(Kind.CHANGED, key, was, now)


_ORDER = (
    "contract",
    "producer",
    "address",
    "route",
    "permission",
    "care_giver",
    "consumer",
    "hsa",
)


def _rows(registry: Registry) -> dict[RowKey, _Row]:
    found: dict[RowKey, _Row] = {}
    for contract in registry.contracts:
        found["contract", contract.urn] = contract
    for producer in registry.producers:
        found["producer", producer.id] = producer
    for address in registry.addresses:
        found["address", folded(address.logical_address)] = address
    for route in registry.routes:
        found["route", *_names(route)] = route
    for permission in registry.permissions:
        found["permission", folded(permission.consumer), *_names(permission)] = permission
    for giver in registry.care_givers:
        found["care_giver", folded(giver.id)] = giver
    for consumer in registry.consumers:
        found["consumer", folded(consumer.id)] = consumer
    for unit, parent in registry.hsa:
        found["hsa", folded(unit)] = (unit, parent)
    return found


def _names(row: RoutingEntry | CallPermission) -> tuple[str, str, str]:
    begins = local_day(row.valid_from).isoformat()
    return short_name(row.contract) or row.contract, folded(row.logical_address), begins


def _told(row: _Row | None) -> Told | None:
    """The row's fields as people and programs are told of them."""
    match row:
        case None:
            return None
        case RegisteredContract():
            return {"urn": row.urn, "title": row.title}
        case Producer():
            return _told_producer(row)
        case RegisteredAddress():
            return {"logical_address": row.logical_address, "description": row.description}
        case RoutingEntry():
            return {
                "contract": row.contract,
                "logical_address": row.logical_address,
                "producer": row.producer.id,
                "profile": row.profile.value,
                **_told_period(row),
            }
        case CallPermission():
            return {
                "consumer": row.consumer,
                "contract": row.contract,
                "logical_address": row.logical_address,
                **_told_period(row),
                "filters": "; ".join(
                    " ".join((one.service_domain, *one.categorizations)) for one in row.filters
                ),
            }
        case CareGiver():
            return {
                "id": row.id,
                "name": row.name,
                "kind": row.kind.value,
                "connected": _yes_or_no(row.connected),
                "municipality": row.municipality or "",
                "legal_basis": row.legal_basis.value if row.legal_basis else "",
                "marked": _yes_or_no(row.marked),
            }
        case Consumer():
            return {
                "id": row.id,
                "channel": row.channel.value,
                "social_care": _yes_or_no(row.social_care),
            }
        case (unit, parent):
            return {"unit": unit, "parent": parent}


def _told_producer(row: Producer) -> Told:
    contact = row.contact
    return {
        "id": row.id,
        "title": row.title,
        "kind": row.kind.value,
        "address": row.address,
        "owner": row.owner,
        "adapter": row.adapter or "",
        "options": "; ".join(f"{name}={value}" for name, value in row.options),
        "schema_policy": row.schema_policy.value,
        "timeout": "" if row.timeout is None else f"{row.timeout!r}",
        "organisation": row.organisation.value if row.organisation else "",
        "contact": " ".join(filter(None, (contact.name, contact.email))) if contact else "",
        "data_controller": row.data_controller or "",
        "disabled": _told_disabled(row),
        "workers": " ".join(row.workers),
    }


def _yes_or_no(value: bool) -> str:
    return "true" if value else "false"


def _told_disabled(row: Producer) -> str:
    if row.disabled is None:
        return ""
    until = row.disabled.until
    return f"{f'until {until.isoformat()}: ' if until else ''}{row.disabled.notice}"


def _told_period(row: RoutingEntry | CallPermission) -> Told:
    return {
        "valid_from": local_day(row.valid_from).isoformat(),
        "valid_to": local_day(row.valid_to).isoformat(),
    }


def _registry(rows: Iterable[_Row]) -> Registry:
    every = tuple(rows)
    producers = {row.id: row for row in every if isinstance(row, Producer)}
    routes: list[RoutingEntry] = []
    faults: list[RegistryFault] = []
    for route in _of(RoutingEntry, every):
        producer = producers.get(route.producer.id)
        if producer is None:
            where = " ".join(("route", *_names(route)))
            faults.append(
                RegistryFault(
                    where,
                    Words(
                        "dess producent har tagits bort av någon annan",
                        "its producer was removed by somebody else",
                    ),
                )
            )
        else:
            routes.append(replace(route, producer=producer))
    if faults:
        raise RegistryInvalid(tuple(faults))
    return Registry(
        contracts=_of(RegisteredContract, every),
        producers=tuple(producers.values()),
        routes=tuple(routes),
        permissions=_of(CallPermission, every),
        hsa=tuple(row for row in every if isinstance(row, tuple)),
        addresses=_of(RegisteredAddress, every),
        care_givers=_of(CareGiver, every),
        consumers=_of(Consumer, every),
    )


def _of(kind: type[_Kind], rows: tuple[object, ...]) -> tuple[_Kind, ...]:
    return tuple(row for row in rows if isinstance(row, kind))
