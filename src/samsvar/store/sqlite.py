"""The database as one file in the data folder.

Knows SQLite's ways: WAL, so that readers never wait for the writer; synchronous=FULL, since
NORMAL does not sync at commit (measured: no sync at all in 100 commits); one writer at a time,
who says so when the transaction begins. Knows nothing of what the tables hold.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.store.database import (
    BUSY_MILLISECONDS,
    Database,
    DatabaseMissing,
    Lock,
    Lookup,
    Raw,
    Values,
    told_as,
)
from samsvar.store.environment import check_environment, keep_environment
from samsvar.store.versions import bring_up_to_date, check_current, look

FILE_NAME = "samsvar.sqlite"
_LOOKUP_BUSY_MILLISECONDS = 50  # the whole hub stands still as long as a search waits


def open_sqlite(folder: Path, *, environment: str | None = None, read_only: bool) -> SqliteDatabase:
    """Open the file in a data folder; make folder and file if need be.

    Raises:
        DatabaseMissing, ResourcesMissing: in one sentence, what is wrong and what to do.
    """
    path = folder / FILE_NAME
    try:
        if read_only and not path.is_file():
            raise DatabaseMissing(f"there is no database {FILE_NAME} in the data folder")
        if not read_only:
            _make(folder, path)
        engine = _engine(path, read_only=read_only)
        try:
            with engine.connect() as connection:
                _check_durable(connection)
            if read_only:
                check_environment(engine, environment)
                check_current(engine)
            else:
                with _alone(folder):
                    check_environment(engine, environment)
                    bring_up_to_date(engine)
                    keep_environment(engine, environment)
        except BaseException:
            engine.dispose()
            raise
        database = SqliteDatabase(path, engine, _identity(path))
        look(database)
        return database
    except (OSError, sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        reason = type(error).__name__
        raise ResourcesMissing(f"the database cannot be opened ({reason})") from error


class SqliteDatabase(Database):
    """An open file, and which one it was when it was opened."""

    def __init__(self, path: Path, engine: sa.Engine, identity: tuple[int, int]) -> None:
        """``identity``: device and inode; a file put in its place is another database."""
        super().__init__(path.parent, engine)
        self.path = path
        self._identity = identity

    def read(self) -> sa.Connection:
        """See ``Database``."""
        return self.engine.connect().execution_options(samsvar_reads=True)

    def raw(self, milliseconds: int = BUSY_MILLISECONDS) -> Raw:
        """See ``Database``."""
        with _translated():
            return SqliteRaw(_connect(self.path, milliseconds, read_only=False))

    def raw_of(self, connection: sa.Connection) -> Raw:
        """See ``Database``."""
        driver: Any = connection.connection.driver_connection
        return SqliteRaw(driver)

    def lookup(self) -> Lookup:
        """See ``Database``."""
        return SqliteLookup(self)

    def disk(self) -> Path | None:
        """See ``Database``."""
        return self.folder

    def is_in_place(self) -> bool:
        """Whether the file is still the one that was opened."""
        try:
            return _identity(self.path) == self._identity
        except OSError:
            return False

    def trouble(self) -> str:
        """See ``Database``."""
        return "" if self.is_in_place() else "its file was moved or replaced"


class SqliteRaw:
    """Implements ``Raw``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self, lock: Lock) -> None:
        """See ``Raw``."""
        self.all("BEGIN IMMEDIATE")

    def all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """See ``Raw``."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise told_as(error, sqlite3.Error) from error

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """See ``Raw``."""
        with _translated():
            yield from self._connection.execute(statement, values)

    def commit(self, last: Iterable[tuple[str, Values]] = ()) -> None:
        """See ``Raw``."""
        for statement, values in last:
            self.all(statement, values)
        self.all("COMMIT")

    def rollback(self) -> None:
        """See ``Raw``."""
        self.all("ROLLBACK")

    def load(self, table: str, columns: Sequence[str], rows: Sequence[Values]) -> None:
        """See ``Raw``."""
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - ours
        self.all("PRAGMA cache_size = -262144")  # 256 MiB: a key lies anywhere
        self.begin(Lock.WRITE)
        try:
            with _translated():
                self._connection.executemany(insert, rows)
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def analyse(self, tables: Sequence[str]) -> None:
        """See ``Raw``. SQLite reads tables in the order in which statements name them."""

    def close(self) -> None:
        """See ``Raw``."""
        with suppress(sqlite3.Error):
            self._connection.close()


class SqliteLookup:
    """Implements ``Lookup``: on the event loop itself, since a trip to a thread and back would
    cost as much as the search. With WAL it never waits for a writer; should the file be locked
    after all, it gives up soon."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._raw: Raw | None = None

    async def all(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """See ``Lookup``."""
        try:
            if self._raw is None:
                self._raw = self._database.raw(_LOOKUP_BUSY_MILLISECONDS)
            return self._raw.all(statement, values)
        except sa.exc.SQLAlchemyError:
            self.close()  # the next one gets a new connection
            raise

    def close(self) -> None:
        """See ``Lookup``."""
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.close()


def _make(folder: Path, path: Path) -> None:
    """The folder and an empty file, for the owner alone; SQLite gives its WAL the same rights."""
    folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR))


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _connect(path: Path, busy_milliseconds: int, *, read_only: bool) -> sqlite3.Connection:
    # mode=rw: a file that has gone is an error, never a new empty database.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        isolation_level=None,  # we say BEGIN ourselves: the driver would guess
        check_same_thread=False,
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {busy_milliseconds:d}")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE deletes: see it too
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _engine(path: Path, *, read_only: bool) -> sa.Engine:
    engine = sa.create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connect(path, BUSY_MILLISECONDS, read_only=read_only),
        poolclass=sa.pool.QueuePool,
        pool_size=4,
        hide_parameters=True,  # an error must not show what was being stored
    )

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # IMMEDIATE: a transaction that reads first and writes later could not wait its turn.
        reads = read_only or connection.get_execution_options().get("samsvar_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _check_durable(connection: sa.Connection) -> None:
    journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    if (journal, synchronous) != ("wal", 2):
        raise ResourcesMissing(
            "the database cannot be made durable (WAL, synchronous=FULL): put the data folder"
            " on a local disk"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: two that start together must not both migrate."""
    with (folder / ".migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise told_as(error, sqlite3.Error) from error
