"""The access log's writer: one row for each question, durable before anything leaves the house.

Group commit: one thread writes, and all rows that wait go into one transaction, so that the
price of a sync is shared by those who ask at the same time. A row that could not be made durable
is told to the one who waits for it (``AuditUnavailable``), and the next is tried anew.

The decisions of a question are one JSON column: as rows of their own, ten for a question, they
double the time of a commit under load (measured: 8 ms against 4 ms for 64 questions), and
``explain`` always reads them together. The writer has a connection and a prepared statement of
its own: where few wait, SQLAlchemy's part of a commit was five sixths of its processor time
(measured: 340 microseconds against 60). Persons are hashed and sealed.
Triggers refuse UPDATE and DELETE. Each row is a leaf of a tree (``audit.merkle``), whose growing
edge is kept in the same transaction: whatever is changed afterwards can be found out, also what
another process that appends has done. So are the owners whose records a row tells of, and what a
log service must hear. What the database undid for no fault of ours, and what a broken connection
left in doubt, is tried again here (``store.retrying``). Knows nothing of why a question ended as it
did. Long, for its figures.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from samsvar.audit.accesses import accounted_to, owners
from samsvar.audit.merkle import CompactRange, Growing
from samsvar.audit.row_form import NAMES_1, leaf_of
from samsvar.errors import AuditUnavailable
from samsvar.model.exchange import QuestionRecord
from samsvar.ports import AccessLog
from samsvar.store.access_row import Row, row_of, storable
from samsvar.store.audit_tree import TreeBroken, continued, kept
from samsvar.store.database import Database, Lock, Raw, Values
from samsvar.store.retrying import MOST_TRIES, connection_lost, undone
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import DISCLOSURE_OWNER, LOG_OUTBOX, QUESTION

# Every column: the sequence is the place in the tree, and so in the row's own hash.
_COLUMNS = tuple(column.name for column in QUESTION.c)
_WITHOUT_USER = (*NAMES_1, "leaf", "form", "door", "policy")
_USER = tuple(name for name in _COLUMNS if name not in _WITHOUT_USER)
_OWNER = ("owner", "sequence")
_SENT = tuple(column.name for column in LOG_OUTBOX.c)
_MOST_IN_ONE_STATEMENT = 32  # so that few different ones are prepared, and kept
_TRY_AGAIN_SECONDS = 1.0
_LOOK_SECONDS = 1.0  # an idle writer asks so often whether the database is there
_SILENT_SECONDS = 3.0  # a database that says nothing for so long is told of, before patience ends
_STANDS = f"SELECT leaf FROM {QUESTION.name} WHERE sequence = ?"  # noqa: S608 - our own name
_MOST_IN_ONE_COMMIT = 500  # so that the first in line does not wait for a thousand others


_Some = TypeVar("_Some")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row on its way to the disk, and who waits for it."""

    row: Row = field(repr=False)
    owners: tuple[str | None, ...]
    """Whose records the row tells of."""
    receiver: str | None
    """The care giver that a log service must hear of it for."""
    loop: asyncio.AbstractEventLoop
    durable: asyncio.Future[None]


class SqlAccessLog:
    """Appends questions to the access log."""

    def __init__(
        self,
        database: Database,
        vault: PersonVault,
        *,
        ships: bool = False,
        most_waiting: int = 10_000,  # a row is a few kB: some tens of MB at the very worst
        patience: float = 5.0,  # a disk that has not answered by then will not make the deadline
    ) -> None:
        """``ships``: what staff has seen waits in an outbox for the log service."""
        if most_waiting < 1 or not patience > 0:
            raise ValueError("most_waiting and patience must be over 0: nothing is unbounded")
        self._database = database
        self._vault = vault
        self._ships = ships
        self._most_waiting = most_waiting
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._paused = 0
        self._failed = ""
        self._asked_at: float | None = None
        """Since when the database has been asked, by the machine's monotonic clock."""
        self._connection: Raw | None = None
        self._tree = CompactRange()
        """As this writer left it: the one in the database must have this as its beginning."""
        self._writer = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._writer.start()

    async def append(self, record: QuestionRecord) -> None:
        """Returns when the record is durable. Cancelled: the record is written all the same.

        Raises:
            AuditUnavailable: it could not be made durable, or not in time. (One that was late
                may stand in the log yet: a row says what was decided, not what was delivered.)
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(
            row_of(record, self._vault),
            tuple(map(storable, owners(record))) if record.disclosures else (),
            storable(accounted_to(record)) if self._ships else None,
            loop,
            loop.create_future(),
        )
        with self._wake:
            if self._closing:
                raise AuditUnavailable("the access log is closed")
            if len(self._waiting) >= self._most_waiting:
                raise AuditUnavailable("the access log is behind: too many rows wait")
            self._waiting.append(waiting)
            self._wake.notify()
        try:
            async with asyncio.timeout(self._patience):
                await waiting.durable
        except TimeoutError as error:
            raise AuditUnavailable(
                f"the access log did not answer within {self._patience:g} s"
            ) from error

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Begin no new commit inside the block, which must be short: another one writes.

        SQLite's lock is not fair. Under steady load this writer is nearly always back first, and
        who signs the log's heads waits a hundred milliseconds (measured), or five seconds in vain.
        """
        with self._wake:
            self._paused += 1
        try:
            yield
        finally:
            with self._wake:
                self._paused -= 1
                self._wake.notify()

    def trouble(self) -> str:
        """Why nothing can be written, as the last try has shown; empty: it can. The writer looks
        when nobody asks, and tries again and again while it cannot, so that the hub need not be
        asked to find out. A database that keeps silent is told of while it does."""
        asked_at = self._asked_at
        if asked_at is not None and time.monotonic() - asked_at > _SILENT_SECONDS:
            return "the database has not answered for some seconds"
        return self._failed

    def ended(self) -> str:
        """Whether the writer has gone, which must not happen: nobody starts it again."""
        return "" if self._writer.is_alive() else "its writer has ended"

    async def close(self) -> None:
        """Write what waits, then stop. Nothing can be appended after this."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.to_thread(self._writer.join)

    def _write(self) -> None:
        """The writer thread: batch after batch, until closed and empty."""
        while (batch := self._next_batch()) is not None:
            self._asked_at = time.monotonic()
            reason = self._store(batch) if batch or self._failed else self._look()
            self._asked_at = None
            self._failed = reason or ""
            by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
            for waiting in batch:
                by_loop.setdefault(waiting.loop, []).append(waiting.durable)
            for loop, futures in by_loop.items():
                # A loop that has closed has nobody left who waits; it may close just now.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(_settle, futures, reason)
        self._let_go()

    def _next_batch(self) -> list[_Waiting] | None:
        """What waits; nothing, when it is time to look or to try again; None when all is done."""
        with self._wake:
            while self._paused or (not self._waiting and not self._closing):
                woken = self._wake.wait(_TRY_AGAIN_SECONDS if self._failed else _LOOK_SECONDS)
                if not woken and not self._paused:
                    return []
            if not self._waiting:
                return None
            count = min(len(self._waiting), _MOST_IN_ONE_COMMIT)
            return [self._waiting.popleft() for _ in range(count)]

    def _look(self) -> str | None:
        """Whether the database is there, when there is nothing to write; or why it is not."""
        for fresh in (False, True):  # a connection may have gone while nobody used it
            try:
                self._connected().all("SELECT 1")
            except Exception as error:  # noqa: BLE001 - as in _store
                self._let_go()
                if fresh:
                    return _told(error)
            else:
                break
        return None

    def _store(self, batch: Sequence[_Waiting]) -> str | None:
        """Commit the rows. Returns why that failed, or None."""
        rows = [waiting.row for waiting in batch]
        if not self._database.is_in_place():
            return "the access log's file was moved or replaced: restore it and restart"
        in_doubt = False
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                connection = self._connected()
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever this was
                return _told(error)
            try:
                self._append(connection, rows, batch, in_doubt=in_doubt)
            except TreeBroken as error:
                self._let_go()
                return str(error)
            except Exception as error:  # noqa: BLE001 - as above
                self._let_go()
                lost = connection_lost(error)
                if not tries_left or not (lost or undone(error)):
                    return _told(error)
                in_doubt |= lost
            else:
                break
        return None

    def _connected(self) -> Raw:
        if self._connection is None:
            self._connection = self._database.raw()
        return self._connection

    def _append(
        self, connection: Raw, rows: Sequence[Row], batch: Sequence[_Waiting], *, in_doubt: bool
    ) -> None:
        """In one transaction. ``in_doubt``: the last try may have been committed, and nobody has
        heard of it. Whoever holds the lock knows: that transaction has ended, one way or another.
        """
        connection.begin(Lock.ACCESS_LOG)
        tree = continued(connection, self._tree)
        if in_doubt and rows and _stands(connection, rows[-1]):
            connection.rollback()
            self._tree = tree
            return
        growing = Growing(tree)
        for row in rows:
            row["sequence"] = growing.size + 1
            row["leaf"] = leaf_of(row)
            growing.add(row["leaf"])
        grown = growing.range
        connection.commit([*_insertions(rows), *_beside(batch), kept(grown)])
        self._tree = grown

    def _let_go(self) -> None:
        """Closing rolls back what was begun. The next batch gets a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _told(error: Exception) -> str:
    """The type only: the message may repeat what was being stored."""
    return f"the access log cannot be written ({type(error).__name__})"


def _stands(connection: Raw, row: Row) -> bool:
    """Whether just this row is in the log, at the place that it was given. Its leaf has all that it
    says; the id of a question alone could be another's, since callers choose it."""
    if "leaf" not in row:
        return False  # no try came so far
    found = connection.all(_STANDS, (row["sequence"],))
    return bool(found) and bytes(found[0][0]) == row["leaf"]


def _insertions(rows: Sequence[Row]) -> Iterator[tuple[str, Values]]:
    """Rows without a user apart: half the values to hand over, and most rows are such."""
    plain: list[Row] = []
    full: list[Row] = []
    for row in rows:
        (plain if all(row[name] is None for name in _USER) else full).append(row)
    for columns, alike in ((_WITHOUT_USER, plain), (_COLUMNS, full)):
        for some in _in_parts(alike):
            values = [row[name] for row in some for name in columns]
            yield _insertion(QUESTION.name, columns, len(some)), values


def _beside(batch: Sequence[_Waiting]) -> Iterator[tuple[str, Values]]:
    """What is stored with the rows, and can be made of them again. A system's question adds
    nothing here."""
    owned = [(owner, each.row["sequence"]) for each in batch for owner in each.owners]
    for some in _in_parts(owned):
        values: list[object] = [value for pair in some for value in pair]
        yield _insertion(DISCLOSURE_OWNER.name, _OWNER, len(some)), values
    sent = [
        (each.row["sequence"], each.receiver, False, False, 0, "", "")
        for each in batch
        if each.receiver is not None
    ]
    for part in _in_parts(sent):
        yield _insertion(LOG_OUTBOX.name, _SENT, len(part)), [v for one in part for v in one]


def _in_parts(rows: Sequence[_Some]) -> Iterator[Sequence[_Some]]:
    for begun in range(0, len(rows), _MOST_IN_ONE_STATEMENT):
        yield rows[begun : begun + _MOST_IN_ONE_STATEMENT]


@lru_cache(maxsize=4 * _MOST_IN_ONE_STATEMENT)
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    """One statement for many rows: at each statement the thread lets go of the interpreter lock,
    and must wait for it behind the event loop (measured under load: a row cost 150 microseconds
    of this thread when each had a statement of its own, and 120 so)."""
    one = f"({', '.join('?' * len(columns))})"
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - our own names
        f" VALUES {', '.join([one] * rows)}"
    )


def _settle(futures: Sequence[asyncio.Future[None]], reason: str | None) -> None:
    """In the loop of those who wait: tell them. Some may have gone."""
    for future in futures:
        if future.done():
            continue
        if reason is None:
            future.set_result(None)
        else:
            future.set_exception(AuditUnavailable(reason))


_: type[AccessLog] = SqlAccessLog  # interface guard
