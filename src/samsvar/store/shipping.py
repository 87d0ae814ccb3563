"""What waits for a log service, whatever it was made of: sent, refused, given up, sent again.

A row goes when the service has taken it. What was refused for good stays as a dead letter, for
people to send again. One process at a time sends: it holds a lease. Knows rows that wait, and not
what they tell: ``log_outbox`` has our own, ``log_inbox`` those of other hubs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.log_entry import LogEntry, Shipment
from samsvar.store.database import Database
from samsvar.store.lease import Lease, stamp
from samsvar.store.queue_walk import waiting

MOST_ROWS = 500
_LEAST_ROWS = 20
"""That are read at once: some may rest."""
_LONGEST_REASON = 200

_Found = TypeVar("_Found")
_Work = Callable[[sa.Connection], _Found]


class _Due(NamedTuple):
    """A row whose time has come."""

    sequence: int
    refusals: int
    uncertain: bool


class SqlShipping(ABC):
    """Implements ``log_ports.LogOutbox`` but for what a row tells. Its statements run in one thread
    of their own."""

    def __init__(self, database: Database, table: sa.Table, lease: str) -> None:
        self._database = database
        self._table = table
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=lease)
        self._lease = Lease(lease)

    async def hold(self, now: datetime) -> bool:
        """Take the lease, or renew it. False: another process sends."""
        return await self._do(lambda connection: self._lease.hold(connection, now))

    async def release(self) -> None:
        """Let the lease go."""
        await self._do(self._lease.release)

    async def due(self, now: datetime) -> Sequence[str]:
        """Receivers for whom something waits and whose time has come."""
        receiver = self._table.c.receiver
        following = sa.select(sa.func.min(receiver)).where(receiver > sa.bindparam("after"))

        def work(connection: sa.Connection) -> list[str]:
            found, after = [], ""
            while (after := connection.scalar(following, {"after": after})) is not None:
                if any(self._due(connection, after, 1, now)):
                    found.append(after)
            return found

        return await self._do(work, read=True)

    async def batch(self, receiver: str, most: int, now: datetime) -> Sequence[Shipment]:
        """The next rows, in order. One that has been refused goes alone."""

        def work(connection: sa.Connection) -> Sequence[Shipment]:
            first = self._shipments(connection, receiver, min(most, MOST_ROWS), now)
            return _together(first, most)

        return await self._do(work, read=True)

    async def sent(self, batch: Sequence[Shipment], *, uncertain: bool) -> None:
        """Remember that they are being sent, before they are; or that they were not taken."""
        numbers = [each.sequence for each in batch if not each.uncertain]
        chosen = self._table.c.sequence.in_(numbers)
        statement = sa.update(self._table).where(chosen).values(uncertain=uncertain)
        if numbers:
            await self._do(lambda connection: connection.execute(statement))

    async def delivered(self, batch: Sequence[Shipment]) -> None:
        """Forget them."""
        numbers = [each.sequence for each in batch]
        gone = sa.delete(self._table).where(self._table.c.sequence.in_(numbers))
        await self._do(lambda connection: connection.execute(gone))

    async def refused(self, sequence: int, until: datetime, reason: str) -> None:
        """Count one more refusal of this row, and let it rest until then."""
        statement = (
            sa.update(self._table)
            .where(self._table.c.sequence == sequence)
            .values(
                refusals=self._table.c.refusals + 1,
                not_before=stamp(until),
                uncertain=False,
                reason=reason[:_LONGEST_REASON],
            )
        )
        await self._do(lambda connection: connection.execute(statement))

    async def bury(self, sequence: int, reason: str) -> None:
        """Make this row a dead letter."""
        statement = (
            sa.update(self._table)
            .where(self._table.c.sequence == sequence)
            .values(dead=True, uncertain=False, reason=reason[:_LONGEST_REASON])
        )
        await self._do(lambda connection: connection.execute(statement))

    async def bury_all(self, receiver: str, reason: str) -> int:
        """Make all that waits for a receiver dead letters; how many. What may have been sent is
        still remembered as that."""
        table = self._table.c
        statement = (
            sa.update(self._table)
            .where(table.receiver == receiver, table.dead == sa.false())
            .values(dead=True, reason=reason[:_LONGEST_REASON])
        )
        return await self._do(lambda connection: connection.execute(statement).rowcount)

    def close(self) -> None:
        """Finish what runs."""
        self._thread.shutdown(wait=True)

    @abstractmethod
    def _told(
        self, connection: sa.Connection, numbers: Sequence[int]
    ) -> Iterable[tuple[int, tuple[LogEntry, ...], str]]:
        """What these rows tell, in order: number, entries, and why it cannot be told if so."""

    def _shipments(
        self, connection: sa.Connection, receiver: str, most: int, now: datetime
    ) -> Iterator[Shipment]:
        due = {each.sequence: each for each in self._due(connection, receiver, most, now)}
        for sequence, entries, cannot in self._told(connection, list(due)):
            each = due[sequence]
            yield Shipment(sequence, entries, cannot, each.refusals, each.uncertain)

    def _due(
        self, connection: sa.Connection, receiver: str, most: int, now: datetime
    ) -> Iterator[_Due]:
        """The first rows whose time has come."""
        table, moment = self._table.c, stamp(now)
        columns = (table.sequence, table.receiver, table.dead, table.not_before)
        wanted = sa.select(*columns, table.refusals, table.uncertain)
        page = max(most, _LEAST_ROWS)
        rows = waiting(connection, table.receiver, table.sequence, receiver, wanted, page)
        due = (row for row in rows if row["not_before"] <= moment)
        for row in islice(due, most):
            yield _Due(row["sequence"], row["refusals"], row["uncertain"])

    async def _do(self, work: _Work[_Found], *, read: bool = False) -> _Found:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._in_one, work, read)

    def _in_one(self, work: _Work[_Found], read: bool) -> _Found:
        try:
            connecting = self._database.read() if read else self._database.write()
            with connecting as connection, connection.begin():
                return work(connection)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise ResourcesMissing(
                f"the outbox to the log service cannot be used ({type(error).__name__})"
            ) from error


def _together(shipments: Iterable[Shipment], most: int) -> list[Shipment]:
    batch: list[Shipment] = []
    records = 0
    for shipment in shipments:
        records += len(shipment.entries)
        alone = bool(shipment.cannot or shipment.refusals)
        if batch and (records > most or alone):
            break
        batch.append(shipment)
        if alone:
            break
    return batch
