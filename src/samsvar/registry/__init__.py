"""The registry as data: contracts, producers, routes, permissions, the HSA tree; who the owners of
information are (the directory of care givers), and what is agreed with consumers.

What an operator keeps, and what a catalogue is made of. Knows what a day in the registry means.
Knows nothing of the file it stands in (``registry.file``) or of where it is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

from samsvar.model.catalogue import (
    CallPermission,
    CareGiver,
    Consumer,
    Producer,
    RegisteredAddress,
    RoutingEntry,
)
from samsvar.model.catalogue_lookup import ANY, Catalogue
from samsvar.model.identifiers import ContractUrn, LogicalAddress, folded
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.words import Words

ALWAYS = date(1900, 1, 1)
"""``valid_from`` of a row that names none."""

FOREVER = date(9999, 12, 31)
"""``valid_to`` of a row that names none."""

_LAST_MOMENT = time(23, 59, 59, 999999)
_OPERATION = re.compile(r":([A-Za-z0-9]+)Responder:([0-9]+)")


@dataclass(frozen=True, slots=True)
class RegisteredContract:
    """A service contract that the registry opens: routes and permissions may name it."""

    urn: ContractUrn
    title: str


@dataclass(frozen=True, slots=True)
class Registry:
    """One whole registry, checked: every name that it uses is one that it holds."""

    contracts: tuple[RegisteredContract, ...]
    producers: tuple[Producer, ...]
    routes: tuple[RoutingEntry, ...]
    permissions: tuple[CallPermission, ...]
    hsa: tuple[tuple[str, str], ...] = ()
    """Unit and its parent."""
    addresses: tuple[RegisteredAddress, ...] = ()
    """Those that the file describes; ``logical_addresses`` has the others too."""
    care_givers: tuple[CareGiver, ...] = ()
    consumers: tuple[Consumer, ...] = ()

    def logical_addresses(self) -> tuple[RegisteredAddress, ...]:
        """Every logical address: as described, or else by the producer that a route leads to."""
        found = {folded(row.logical_address): row for row in self.addresses}
        for route in self.routes:
            name = route.logical_address
            if name != ANY:
                found.setdefault(folded(name), RegisteredAddress(name, route.producer.title))
        for permission in self.permissions:
            name = permission.logical_address
            if name != ANY:
                found.setdefault(folded(name), RegisteredAddress(LogicalAddress(name), ""))
        return tuple(found.values())

    def catalogue(self, version: int) -> Catalogue:
        """The catalogue that this registry is, ready to look in."""
        return Catalogue(
            version=version,
            entries=self.routes,
            permissions=self.permissions,
            contracts=frozenset(contract.urn for contract in self.contracts),
            parents=dict(self.hsa),
            care_givers=self.care_givers,
            consumers=self.consumers,
        )


@dataclass(frozen=True, slots=True)
class RegistryFault:
    """One thing wrong with a registry file: where it stands, and what is allowed there."""

    where: str
    """``[[producer]] 2 (line 14), id``: keys of the file, and where they stand."""
    message: Words

    @property
    def words(self) -> Words:
        """Place and message."""
        return Words(f"{swedish_place(self.where)}: {self.message.swedish}", str(self))

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def swedish_place(where: str) -> str:
    """A fault's place for a Swedish reader: keys stay as they are."""
    named = {"the file": "filen", "[hsa], a unit": "[hsa], en enhet"}.get(where, where)
    return named.replace(" (line ", " (rad ")


class RegistryInvalid(ValueError):
    """The registry cannot be used. Holds all its faults, so that one reading mends them all."""

    def __init__(self, faults: tuple[RegistryFault, ...]) -> None:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"the registry has {count}:\n{lines}")
        self.faults = faults


def short_name(urn: str) -> str | None:
    """``GetCarePlans 2`` for ``urn:...:GetCarePlansResponder:2``; None for other forms."""
    match = _OPERATION.search(urn)
    return f"{match[1]} {match[2]}" if match and match.end() == len(urn) else None


@lru_cache(maxsize=4096)
def first_moment(day: date) -> datetime:
    """A period begins with the whole local day: midnight in Stockholm, as UTC."""
    return datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)


@lru_cache(maxsize=4096)
def last_moment(day: date) -> datetime:
    """A period ends with the whole local day. (The national catalogue ends at its midnight,
    which closes a route a day before the date that people read.)"""
    return datetime.combine(day, _LAST_MOMENT, STOCKHOLM).astimezone(UTC)


def local_day(moment: datetime) -> date:
    """The day that ``first_moment`` or ``last_moment`` was made of."""
    return moment.astimezone(STOCKHOLM).date()
