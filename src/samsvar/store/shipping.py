"""What waits for a log service, whatever it was made of: sent, refused, given up, sent again.

A row goes when the service has taken it. What was refused for good stays as a dead letter, for
people to send again. One process at a time sends: it holds a lease. Knows rows that wait, and not
what they tell: ``log_outbox`` has our own, ``log_inbox`` those of other hubs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.log_entry import Shipment
from samsvar.store.database import Database
from samsvar.store.lease import Lease, stamp

MOST_ROWS = 500
_LONGEST_REASON = 200

_Found = TypeVar("_Found")
_Work = Callable[[sa.Connection], _Found]


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
        table = self._table.c
        statement = (
            sa.select(table.receiver)
            .where(table.dead == sa.false(), table.not_before <= stamp(now))
            .distinct()
        )
        return await self._do(lambda connection: list(connection.scalars(statement)), read=True)

    async def batch(self, receiver: str, most: int, now: datetime) -> Sequence[Shipment]:
        """The next rows, in order. One that has been refused goes alone."""
        table = self._table.c
        due = sa.and_(
            table.receiver == receiver,
            table.dead == sa.false(),
            table.not_before <= stamp(now),
        )

        def work(connection: sa.Connection) -> Sequence[Shipment]:
            return _together(self._shipments(connection, due, min(most, MOST_ROWS)), most)

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
    def _shipments(
        self, connection: sa.Connection, due: sa.ColumnElement[bool], most: int
    ) -> Iterable[Shipment]:
        """What the first so many rows that are due tell, in order."""

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


@dataclass(frozen=True, slots=True)
class LogLetter:
    """One row that waits or was given up; not what it tells."""

    sequence: int
    receiver: str
    dead: bool
    refusals: int
    not_before: str
    reason: str
    at: str
    """When the access was, ISO 8601, UTC."""


class ShippingDesk:
    """The same as people see it, in another process than the hub's."""

    def __init__(
        self,
        database: Database,
        table: sa.Table,
        at: sa.ColumnElement[str],
        whence: sa.FromClause | None = None,
    ) -> None:
        """``at``: when the access was; ``whence``: table and all that it needs for that."""
        self._database = database
        self._table = table
        self._at = at
        self._whence = table if whence is None else whence

    def counts(self) -> list[tuple[str, int, int]]:
        """Receiver, waiting, dead; by receiver.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        dead = sa.func.sum(sa.case((self._table.c.dead, 1), else_=0))
        statement = (
            sa.select(self._table.c.receiver, sa.func.count() - dead, dead)
            .group_by(self._table.c.receiver)
            .order_by(self._table.c.receiver)
        )
        return self._in(lambda connection: [tuple(row) for row in connection.execute(statement)])

    def letters(self, most: int, receiver: str | None = None) -> list[LogLetter]:
        """What is kept (None: for every receiver), dead letters first, then the oldest.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        table = self._table.c
        names = (table.sequence, table.receiver, table.dead, table.refusals)
        statement = (
            sa.select(*names, table.not_before, table.reason, self._at)
            .select_from(self._whence)
            .order_by(table.dead.desc(), table.sequence)
            .limit(most)
        )
        if receiver is not None:
            statement = statement.where(table.receiver == receiver)
        return self._in(
            lambda connection: [LogLetter(*tuple(row)) for row in connection.execute(statement)]
        )

    def retry(
        self, sequence: int | None, receiver: str | None = None, *, most: int | None = None
    ) -> int:
        """Let dead letters (one, all, a receiver's, the oldest so many) wait again, at once; how
        many.

        Raises:
            ResourcesMissing: it cannot be written.
        """
        chosen: sa.ColumnElement[bool] = self._table.c.dead == sa.true()
        if sequence is not None:
            chosen = sa.and_(chosen, self._table.c.sequence == sequence)
        if receiver is not None:
            chosen = sa.and_(chosen, self._table.c.receiver == receiver)
        if most is not None:
            oldest = sa.select(self._table.c.sequence).where(chosen)
            oldest = oldest.order_by(self._table.c.sequence).limit(most)
            chosen = self._table.c.sequence.in_(oldest)
        again = (
            sa.update(self._table)
            .where(chosen)
            .values(dead=False, refusals=0, not_before="", reason="")
        )
        return self._in(lambda connection: connection.execute(again).rowcount, write=True)

    def _in(self, work: _Work[_Found], *, write: bool = False) -> _Found:
        try:
            connecting = self._database.write() if write else self._database.read()
            with connecting as connection, connection.begin():
                return work(connection)
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the outbox to the log service cannot be used ({type(error).__name__})"
            ) from error
