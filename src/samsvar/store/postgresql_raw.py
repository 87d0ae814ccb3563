"""Statements on a PostgreSQL connection of one's own, without SQLAlchemy.

Implements ``Raw`` and ``Lookup``. Knows locks, pipelines, cursors and COPY. Knows no table.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa

from samsvar.store.database import BUSY_MILLISECONDS, Lock, Raw, Values, told_as
from samsvar.store.postgresql_server import translated

_LOOKUPS = 4
# The server ends a search itself, if it can: one that stands still ends nothing.
_PATIENCE_SECONDS = BUSY_MILLISECONDS / 1000 + 1.0


class PostgresRaw:
    """Implements ``Raw``."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def begin(self, lock: Lock) -> None:
        """See ``Raw``. Both in one trip to the server."""
        self.all(f"BEGIN; {lock_statement(lock)}")

    def all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """See ``Raw``."""
        with translated():
            cursor = self._connection.execute(_own_marks(statement), values or None)
            return cursor.fetchall() if cursor.description else []

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """See ``Raw``."""
        with translated(), self._connection.cursor("samsvar_each") as cursor:
            cursor.itersize = 1000
            yield from cursor.execute(_own_marks(statement), values or None)

    def commit(self, last: Iterable[tuple[str, Values]] = ()) -> None:
        """See ``Raw``."""
        with translated(), self._connection.pipeline():
            for statement, values in last:
                self._connection.execute(_own_marks(statement), values)
            self._connection.execute(b"COMMIT")

    def rollback(self) -> None:
        """See ``Raw``."""
        self.all("ROLLBACK")

    def load(self, table: str, columns: Sequence[str], rows: Sequence[Values]) -> None:
        """See ``Raw``."""
        self.begin(Lock.WRITE)
        copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        try:
            with translated(), self._connection.cursor() as cursor, cursor.copy(copy) as into:
                for row in rows:
                    into.write_row(row)
        except BaseException:
            with suppress(sa.exc.SQLAlchemyError):
                self.rollback()
            raise
        self.commit()

    def analyse(self, tables: Sequence[str]) -> None:
        """See ``Raw``. Or searches are planned for empty tables until the server looks itself."""
        self.all(f"ANALYZE {', '.join(tables)}")

    def close(self) -> None:
        """See ``Raw``."""
        with suppress(psycopg.Error):
            self._connection.close()


class PostgresLookup:
    """Implements ``Lookup``: a few threads with a connection each, since the answer is a trip to
    the server away. A connection that has gone since it was used is made anew, once."""

    def __init__(self, connect: Callable[[], Raw]) -> None:
        self._connect = connect
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="lookup")
        self._own = threading.local()
        self._made: list[Raw] = []

    async def all(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """See ``Lookup``."""
        loop = asyncio.get_running_loop()
        search = loop.run_in_executor(self._threads, self._look, statement, values)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await search
        except TimeoutError as error:
            late = psycopg.OperationalError("the server has not answered in time")
            raise told_as(late, psycopg.Error) from error

    def _look(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        for kept in (True, False):
            raw: Raw | None = getattr(self._own, "raw", None)
            fresh = raw is None
            if raw is None:
                raw = self._own.raw = self._connect()
                self._made.append(raw)
            try:
                return raw.all(statement, values)
            except sa.exc.SQLAlchemyError:
                self._own.raw = None
                self._made.remove(raw)
                raw.close()
                if fresh or not kept:
                    raise
        raise AssertionError  # the second time is fresh

    def close(self) -> None:
        """See ``Lookup``."""
        self._threads.shutdown(wait=True)
        for raw in self._made:
            raw.close()
        self._made.clear()


def lock_statement(lock: Lock) -> str:
    """Waits for the lock, which goes with the transaction."""
    # Two hubs in two schemas of one database are strangers.
    return f"SELECT pg_advisory_xact_lock({lock:d}, hashtext(current_schema()))"


@lru_cache(maxsize=200)
def _own_marks(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()
