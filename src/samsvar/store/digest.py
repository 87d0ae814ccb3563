"""Makes the digest of the access log, a second behind it: what lists, searches and figures read.

Reads the log on from where it stopped, some hundred rows at a time; what it adds and the place
where it stopped are one transaction, so each question counts once, however many hubs do this. Off
the way of any answer: nothing of it is in the log's own transaction. The hub's own rows (searches
of the log) are no questions, and are passed over. Knows the log's rows; looks at no person.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.ports import Clock, Events
from samsvar.store.admin_trail import DOOR as ADMIN
from samsvar.store.database import Database
from samsvar.store.digest_batch import Batch
from samsvar.store.digest_tables import (
    DIGEST_MINUTE,
    DIGEST_QUESTION,
    DIGEST_SOURCE,
    SOURCE_DAY_PACE,
    SOURCE_HOUR,
    SOURCE_LAST,
    SOURCE_PACE,
    WORD,
)
from samsvar.store.digest_tidy import tidied
from samsvar.store.tables import QUESTION, SETTING
from samsvar.store.upsert import insert

AT_ONCE = 500
EVERY_SECONDS = 0.5
_TIDY_SECONDS = 60.0
READ_TO = "digest-read-to"
OWN = "urn:samsvar:"
"""What the hub writes of itself into the log."""

_COLUMNS = (
    "sequence",
    "at",
    "sender",
    "contract",
    "verdict",
    "elapsed",
    "items",
    "decisions",
    "door",
)


class Digest:
    """Goes on for as long as the hub runs."""

    def __init__(self, database: Database, kept: timedelta = timedelta(days=400)) -> None:
        """``kept``: how long questions stay in it."""
        self._database = database
        self._kept = kept
        self._words: dict[tuple[str, str], int] = {}

    async def run(self, events: Events, clock: Clock) -> None:
        """Until cancelled. What could not be done is told, and done later."""
        told = ""
        tidy_at = clock.monotonic()
        while True:
            read = 0
            try:
                read = await asyncio.to_thread(self.step)
                if read < AT_ONCE and clock.monotonic() >= tidy_at:
                    gone = await asyncio.to_thread(self.tidy, clock.now())
                    tidy_at = clock.monotonic() + (EVERY_SECONDS if gone else _TIDY_SECONDS)
                told = ""
            except ResourcesMissing as error:
                if str(error) != told:
                    events.emit("error", "-", detail=str(error))
                told = str(error)
            await asyncio.sleep(0.02 if read == AT_ONCE else EVERY_SECONDS)

    def tidy(self, now: datetime) -> int:
        """Drop the next of what is too old or no longer in the log; how many questions went.

        Raises:
            ResourcesMissing: it could not be done; nothing is gone.
        """
        try:
            with self._database.write() as connection, connection.begin():
                return tidied(connection, now - self._kept)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise _failed(error) from error

    def step(self) -> int:
        """Take the next rows; how many were read. Waits for the disk.

        Raises:
            ResourcesMissing: it could not be done; nothing was added.
        """
        try:
            with self._database.read() as connection:
                begun = read_to(connection)
                rows = _next(connection, begun)
            if not rows:
                return 0
            with self._database.write() as connection, connection.begin():
                if read_to(connection) != begun:
                    return len(rows)  # another hub was quicker
                self._write(connection, self._batch(connection, rows))
                _remember(connection, rows[-1]["sequence"])
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            self._words.clear()  # some may have been rolled back
            raise _failed(error) from error
        return len(rows)

    def _batch(self, connection: sa.Connection, rows: Sequence[sa.RowMapping]) -> Batch:
        def number(kind: str, text: str) -> int:
            return self._word(connection, kind, text)

        batch = Batch()
        for row in rows:
            if row["door"] == ADMIN or (row["contract"] or "").startswith(OWN):
                continue
            # One row that cannot be read, of a newer program perhaps, must not stop all others.
            with suppress(ValueError, KeyError, TypeError):
                batch.take(dict(row), number)
        return batch

    def _word(self, connection: sa.Connection, kind: str, text: str) -> int:
        known = self._words.get((kind, text))
        if known is None:
            connection.execute(
                insert(connection, WORD).values(kind=kind, text=text).on_conflict_do_nothing()
            )
            found = sa.select(WORD.c.id).filter_by(kind=kind, text=text)
            known = self._words[kind, text] = int(connection.execute(found).scalar_one())
        return known

    @staticmethod
    def _write(connection: sa.Connection, batch: Batch) -> None:
        if batch.questions:
            connection.execute(sa.insert(DIGEST_QUESTION), batch.questions)
        if batch.sources:
            connection.execute(sa.insert(DIGEST_SOURCE), batch.sources)
        _add(
            connection,
            DIGEST_MINUTE,
            ("minute", "result", "pace"),
            ({"questions": count} for count in batch.minutes.values()),
            batch.minutes,
        )
        _add(connection, SOURCE_HOUR, ("hour", "source"), batch.hours.values(), batch.hours)
        _add(connection, SOURCE_LAST, ("source",), batch.last.values(), batch.last)
        for table, begin, counts in (
            (SOURCE_PACE, "hour", batch.paces),
            (SOURCE_DAY_PACE, "day", batch.day_paces),
        ):
            _add(
                connection,
                table,
                (begin, "source", "pace"),
                ({"answers": count} for count in counts.values()),
                counts,
            )


def _failed(error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the digest of the access log cannot be made ({type(error).__name__})")


def read_to(connection: sa.Connection) -> int:
    """The last row of the access log that stands in the digest."""
    found = connection.scalar(sa.select(SETTING.c.value).filter_by(name=READ_TO))
    return int(found) if found is not None else 0


def _next(connection: sa.Connection, begun: int) -> Sequence[sa.RowMapping]:
    return (
        connection.execute(
            sa.select(*(QUESTION.c[name] for name in _COLUMNS))
            .where(QUESTION.c.sequence > begun)
            .order_by(QUESTION.c.sequence)
            .limit(AT_ONCE)
        )
        .mappings()
        .all()
    )


def _remember(connection: sa.Connection, last: int) -> None:
    stopped = insert(connection, SETTING).values(name=READ_TO, value=str(last))
    connection.execute(
        stopped.on_conflict_do_update(index_elements=["name"], set_={"value": str(last)})
    )


_LATEST = ("producer", "last_well", "last_badly", "last_reason")


def _add(
    connection: sa.Connection,
    table: sa.Table,
    key: tuple[str, ...],
    values: Iterable[Mapping[str, Any]],
    keys: Iterable[tuple[int, ...]],
) -> None:
    """Add counts to what stands there; what is the latest is taken where it is known."""
    rows = [
        {**dict(zip(key, place, strict=True)), **told}
        for place, told in zip(keys, values, strict=True)
    ]
    if not rows:
        return
    put = insert(connection, table)
    changes = {
        name: sa.func.coalesce(put.excluded[name], table.c[name])
        if name in _LATEST
        else table.c[name] + put.excluded[name]
        for name in rows[0]
        if name not in key
    }
    connection.execute(put.on_conflict_do_update(index_elements=list(key), set_=changes), rows)
