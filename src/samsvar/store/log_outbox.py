"""The outbox to the log service: which rows of the access log it has not taken yet.

A row stands here from the transaction that appended it, and nothing of it is stored twice: what is
sent is made of the log's own row. What was refused for good stays as a dead letter, for people to
send again. One process at a time sends: it holds a lease. Knows no message and no network.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from samsvar.audit.log_entries import CannotBeTold, entries_of
from samsvar.errors import ResourcesMissing
from samsvar.model.log_entry import Shipment
from samsvar.pipeline.log_ports import LogOutbox
from samsvar.store.access_row import record_of
from samsvar.store.database import Database
from samsvar.store.lease import Lease, stamp
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import AUDIT_TREE, LOG_OUTBOX, QUESTION

_LONGEST_REASON = 200
_MOST_ROWS = 500

_Found = TypeVar("_Found")
_Work = Callable[[sa.Connection], _Found]


class SqlLogOutbox:
    """Implements ``log_ports.LogOutbox``. Its statements run in one thread of their own."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-outbox")
        self._lease = Lease("log-outbox")

    async def hold(self, now: datetime) -> bool:
        """Take the lease, or renew it. False: another process sends."""
        return await self._do(lambda connection: self._lease.hold(connection, now))

    async def release(self) -> None:
        """Let the lease go."""
        await self._do(self._lease.release)

    async def due(self, now: datetime) -> Sequence[str]:
        """Receivers for whom something waits and whose time has come."""
        statement = (
            sa.select(LOG_OUTBOX.c.receiver)
            .where(LOG_OUTBOX.c.dead == sa.false(), LOG_OUTBOX.c.not_before <= stamp(now))
            .distinct()
        )
        return await self._do(lambda connection: list(connection.scalars(statement)), read=True)

    async def batch(self, receiver: str, most: int, now: datetime) -> Sequence[Shipment]:
        """The next rows, in the order of the log. One that has been refused goes alone."""
        return await self._do(
            lambda connection: self._batch(connection, receiver, most, now), read=True
        )

    async def sent(self, batch: Sequence[Shipment], *, uncertain: bool) -> None:
        """Remember that they are being sent, before they are; or that they were not taken."""
        numbers = [each.sequence for each in batch if not each.uncertain]
        chosen = LOG_OUTBOX.c.sequence.in_(numbers)
        statement = sa.update(LOG_OUTBOX).where(chosen).values(uncertain=uncertain)
        if numbers:
            await self._do(lambda connection: connection.execute(statement))

    async def delivered(self, batch: Sequence[Shipment]) -> None:
        """Forget them: the log itself keeps them."""
        numbers = [each.sequence for each in batch]
        gone = sa.delete(LOG_OUTBOX).where(LOG_OUTBOX.c.sequence.in_(numbers))
        await self._do(lambda connection: connection.execute(gone))

    async def refused(self, sequence: int, until: datetime, reason: str) -> None:
        """Count one more refusal of this row, and let it rest until then."""
        statement = (
            sa.update(LOG_OUTBOX)
            .where(LOG_OUTBOX.c.sequence == sequence)
            .values(
                refusals=LOG_OUTBOX.c.refusals + 1,
                not_before=stamp(until),
                uncertain=False,
                reason=reason[:_LONGEST_REASON],
            )
        )
        await self._do(lambda connection: connection.execute(statement))

    async def bury(self, sequence: int, reason: str) -> None:
        """Make this row a dead letter."""
        statement = (
            sa.update(LOG_OUTBOX)
            .where(LOG_OUTBOX.c.sequence == sequence)
            .values(dead=True, uncertain=False, reason=reason[:_LONGEST_REASON])
        )
        await self._do(lambda connection: connection.execute(statement))

    def close(self) -> None:
        """Finish what runs."""
        self._thread.shutdown(wait=True)

    def _batch(
        self, connection: sa.Connection, receiver: str, most: int, now: datetime
    ) -> list[Shipment]:
        table = LOG_OUTBOX.c
        log = str(connection.scalar(sa.select(AUDIT_TREE.c.log)))
        rows = connection.execute(
            sa.select(QUESTION, table.refusals, table.uncertain)
            .join(LOG_OUTBOX, table.sequence == QUESTION.c.sequence)
            .where(
                table.receiver == receiver,
                table.dead == sa.false(),
                table.not_before <= stamp(now),
            )
            .order_by(table.sequence)
            .limit(min(most, _MOST_ROWS))
        ).mappings()
        batch: list[Shipment] = []
        records = 0
        for row in rows:
            shipment = self._shipment({str(name): row[name] for name in row}, log)
            records += len(shipment.entries)
            alone = bool(shipment.cannot or shipment.refusals)
            if batch and (records > most or alone):
                break
            batch.append(shipment)
            if alone:
                break
        return batch

    def _shipment(self, row: dict[str, object], log: str) -> Shipment:
        sequence, refusals = row["sequence"], row["refusals"]
        assert isinstance(sequence, int)
        assert isinstance(refusals, int)
        try:
            entries, cannot = entries_of(sequence, record_of(row, self._vault), log), ""
        except (CannotBeTold, ResourcesMissing, ValueError, KeyError) as error:
            known = isinstance(error, CannotBeTold | ResourcesMissing)
            entries, cannot = (), str(error) if known else "the row cannot be read"
        return Shipment(sequence, entries, cannot, refusals, bool(row["uncertain"]))

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


class LogOutboxDesk:
    """The outbox as people see it, in another process than the hub's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> list[tuple[str, int, int]]:
        """Receiver, waiting, dead; by receiver.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        dead = sa.func.sum(sa.case((LOG_OUTBOX.c.dead, 1), else_=0))
        statement = (
            sa.select(LOG_OUTBOX.c.receiver, sa.func.count() - dead, dead)
            .group_by(LOG_OUTBOX.c.receiver)
            .order_by(LOG_OUTBOX.c.receiver)
        )
        return self._in(lambda connection: [tuple(row) for row in connection.execute(statement)])

    def letters(self, most: int, receiver: str | None = None) -> list[LogLetter]:
        """What is kept (None: for every receiver), dead letters first, then the oldest.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        table = LOG_OUTBOX.c
        names = (table.sequence, table.receiver, table.dead, table.refusals)
        statement = (
            sa.select(*names, table.not_before, table.reason, QUESTION.c.at)
            .join(QUESTION, table.sequence == QUESTION.c.sequence)
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
        chosen: sa.ColumnElement[bool] = LOG_OUTBOX.c.dead == sa.true()
        if sequence is not None:
            chosen = sa.and_(chosen, LOG_OUTBOX.c.sequence == sequence)
        if receiver is not None:
            chosen = sa.and_(chosen, LOG_OUTBOX.c.receiver == receiver)
        if most is not None:
            oldest = sa.select(LOG_OUTBOX.c.sequence).where(chosen)
            oldest = oldest.order_by(LOG_OUTBOX.c.sequence).limit(most)
            chosen = LOG_OUTBOX.c.sequence.in_(oldest)
        again = (
            sa.update(LOG_OUTBOX)
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


_: type[LogOutbox] = SqlLogOutbox  # interface guard
