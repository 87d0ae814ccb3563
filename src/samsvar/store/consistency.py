"""Counts how far the engagement index and the sources' own answers agree, from the access log.

Reads the log on from where it stopped, a few hundred rows at a time; the counters and the place
where it stopped are one transaction, so each question counts once, whoever dies and however many
hubs count. Nothing is locked while it reads: the access log must not wait. A question that
was addressed to one source is held against the index as it is when the row is read, seconds
later, off the way of any answer. Knows the log's rows and the index's tables.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.consistency import Consistency
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Reason, Verdict
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.model.person_numbers import is_reserve
from samsvar.ports import Events
from samsvar.store.database import Database
from samsvar.store.posts import resident_hash
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import (
    ENGAGEMENT,
    ENGAGEMENT_PLACE,
    INDEX_CONSISTENCY,
    QUESTION,
    SETTING,
)
from samsvar.store.upsert import insert

AT_ONCE = 200
EVERY_SECONDS = 5.0
_READ_TO = "index-consistency-read-to"
_SOMETHING = {Reason.ANSWERED.value, Reason.DENIED.value}
_ANSWERS = {*_SOMETHING, Reason.ANSWERED_EMPTY.value}
_COUNTERS = ("indexed_answers", "indexed_empty", "direct_answers", "direct_not_indexed")

IndexedAs = Mapping[str, tuple[str, str]]
"""Contract to service domain and categorization, for contracts whose questions the index leads."""


@dataclass(slots=True)
class _Sum:
    """What a batch of rows adds for one contract at one address."""

    producer: str = ""
    last_at: str = ""
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))


class ConsistencyCounter:
    """Counts, for as long as the hub runs."""

    def __init__(
        self, database: Database, vault: PersonVault, *, own_addresses: AbstractSet[str]
    ) -> None:
        """``own_addresses``: of the hub itself, folded; a question there goes where the index
        leads."""
        self._database = database
        self._vault = vault
        self._own = own_addresses

    async def run(self, contracts: Mapping[ContractUrn, ServiceContract], events: Events) -> None:
        """Until cancelled. What could not be counted is told, and counted later."""
        pause = EVERY_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = EVERY_SECONDS
            led = {
                str(urn): (contract.service_domain, contract.categorization)
                for urn, contract in contracts.items()
            }
            try:
                if await asyncio.to_thread(self.count, led) == AT_ONCE:
                    pause = 0.1  # it is behind
            except ResourcesMissing as error:
                events.emit("error", "-", detail=str(error))

    def count(self, indexed_as: IndexedAs) -> int:
        """Count the next rows of the access log; how many were read. Waits for the disk.

        Raises:
            ResourcesMissing: it could not be done; nothing was counted.
        """
        try:
            with self._database.read() as connection:
                begun = read_to(connection)
                last, read, sums = self._read(connection, begun, indexed_as)
            if read:
                with self._database.write() as connection, connection.begin():
                    if read_to(connection) == begun:  # else another hub was quicker
                        _write(connection, sums, last)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise ResourcesMissing(
                f"the consistency of the index cannot be counted ({type(error).__name__})"
            ) from error
        return read

    def _read(
        self, connection: sa.Connection, begun: int, indexed_as: IndexedAs
    ) -> tuple[int, int, dict[tuple[str, str], _Sum]]:
        """The last row read, how many, and what they add."""
        rows = connection.execute(
            sa.select(QUESTION)
            .where(QUESTION.c.sequence > begun)
            .order_by(QUESTION.c.sequence)
            .limit(AT_ONCE)
        ).mappings()
        sums: dict[tuple[str, str], _Sum] = {}
        last = read = 0
        for row in rows.all():
            last, read = row["sequence"], read + 1
            place = indexed_as.get(row["contract"])
            if place is None or row["verdict"] != Verdict.ANSWERED.value:
                continue
            for address, producer, names in self._told(connection, row, place):
                found = sums.setdefault((row["contract"], address), _Sum())
                found.producer, found.last_at = producer, row["at"]
                for name in names:
                    found.counters[name] += 1
        return last, read, sums

    def _told(
        self, connection: sa.Connection, row: sa.RowMapping, place: tuple[str, str]
    ) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Address, producer, and the counters that one question adds to."""
        sealed = row["subject_sealed"]
        subject = self._vault.open(sealed) if sealed is not None else None
        if subject is None or is_reserve(subject.root):
            return  # the index holds no reserve numbers: it can say nothing of them
        led = folded(row["logical_address"] or "") in self._own
        for decision in json.loads(row["decisions"]):
            if decision["reason"] not in _ANSWERS:
                continue
            address, something = decision["logical_address"], decision["reason"] in _SOMETHING
            producer = decision["producer"] or ""
            if led:
                empty = () if something else ("indexed_empty",)
                yield address, producer, ("indexed_answers", *empty)
            elif something:
                known = self._is_indexed(connection, subject.extension, place, address)
                lost = () if known else ("direct_not_indexed",)
                yield address, producer, ("direct_answers", *lost)

    def _is_indexed(
        self, connection: sa.Connection, resident: str, place: tuple[str, str], address: str
    ) -> bool:
        at = ENGAGEMENT_PLACE
        sources = connection.scalars(
            sa.select(at.c.source_system)
            .select_from(ENGAGEMENT.join(at, at.c.id == ENGAGEMENT.c.place))
            .where(
                ENGAGEMENT.c.resident == resident_hash(self._vault, resident),
                at.c.service_domain == place[0],
                at.c.categorization == place[1],
            )
        )
        return folded(address) in map(folded, sources)


def read_to(connection: sa.Connection) -> int:
    """The last row of the access log that has been counted."""
    found = connection.scalar(sa.select(SETTING.c.value).filter_by(name=_READ_TO))
    return int(found) if found is not None else 0


def figures(database: Database) -> tuple[Sequence[Consistency], int, int]:
    """All counters; the last row of the log that is counted, and the last there is.

    Raises:
        ResourcesMissing: they cannot be read.
    """
    table = INDEX_CONSISTENCY
    try:
        with database.read() as connection:
            rows = connection.execute(
                sa.select(table).order_by(table.c.logical_address, table.c.contract)
            ).mappings()
            found = [
                Consistency(**{str(name): value for name, value in row.items()}) for row in rows
            ]
            last = connection.scalar(sa.select(sa.func.max(QUESTION.c.sequence))) or 0
            return found, read_to(connection), last
    except sa.exc.SQLAlchemyError as error:
        raise ResourcesMissing(
            f"the consistency of the index cannot be read ({type(error).__name__})"
        ) from error


def _write(connection: sa.Connection, sums: Mapping[tuple[str, str], _Sum], last: int) -> None:
    for (contract, address), found in sums.items():
        told: dict[str, Any] = {"producer": found.producer, "last_at": found.last_at}
        put = insert(connection, INDEX_CONSISTENCY).values(
            contract=contract, logical_address=address, **told, **found.counters
        )
        added = {name: INDEX_CONSISTENCY.c[name] + count for name, count in found.counters.items()}
        connection.execute(
            put.on_conflict_do_update(
                index_elements=["contract", "logical_address"], set_={**told, **added}
            )
        )
    stopped = insert(connection, SETTING).values(name=_READ_TO, value=str(last))
    connection.execute(
        stopped.on_conflict_do_update(index_elements=["name"], set_={"value": str(last)})
    )
