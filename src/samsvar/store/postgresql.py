"""The database on a PostgreSQL server.

Knows its ways. Whoever writes takes one advisory lock when the transaction begins, so that what
is read first and written later fits together on both kinds of database; the access log has a lock
of its own, and waits for nobody else. Locks go with the transaction, so a hub that dies holds
none. Readers see one moment (REPEATABLE READ). Every wait has an end: for the server, for a
lock, for a statement, for a holder that says nothing more.

Every connection is looked at when it is made: a server that does not keep what it has promised
(synchronous_commit, fsync or full_page_writes off) is refused, also when it was changed since.
Longer than most, as all that is PostgreSQL's stands here. Knows nothing of what the tables hold.
"""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler

from samsvar.errors import ResourcesMissing
from samsvar.store.database import (
    BUSY_MILLISECONDS,
    Database,
    DatabaseAway,
    DatabaseMissing,
    Lock,
    Lookup,
    Raw,
    Values,
    bring_up_to_date,
    check_current,
    revision,
    told_as,
)

OLDEST = 14
_POOLED = 4
_LOOKUPS = 4
_STATEMENT_MILLISECONDS = 30_000  # a registry of a million routes takes some seconds
_IDLE_MILLISECONDS = 30_000  # a stopped process must not hold a lock for ever
_HABITS = {
    "application_name": "samsvar",
    "connect_timeout": "5",
    # A server that has gone without a word is noticed within 15 seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
_LOOK = """
SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
       current_setting('synchronous_commit'), current_setting('fsync'),
       current_setting('full_page_writes'), pg_is_in_recovery(), current_schema()
"""


class _Unfit(psycopg.OperationalError):
    """The server is not one that a hub can use. The text says why and what to do."""


def open_postgresql(folder: Path, url: str, *, read_only: bool) -> PostgresDatabase:
    """Open the database that a URL names; make its tables, and the data folder, if need be.

    Raises:
        DatabaseAway, DatabaseMissing, ResourcesMissing: in one sentence, what is wrong and what
            to do.
    """
    server = _Server(url, read_only=read_only)
    try:
        if not read_only:
            folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        with _closing_if_it_fails(PostgresDatabase(folder, server)) as database:
            if read_only:
                found = revision(database.engine)
                if found is None:
                    raise DatabaseMissing(f"there is no database: {server.name} has no tables")
                check_current(found)
            else:
                _migrate(server)
            return database
    except sa.exc.DBAPIError as error:
        away = isinstance(error.orig, psycopg.OperationalError) and not isinstance(
            error.orig, _Unfit
        )
        kind = DatabaseAway if away else ResourcesMissing
        raise kind(_what_to_do(error, server.name)) from error
    except (OSError, sa.exc.SQLAlchemyError) as error:
        reason = type(error).__name__
        raise ResourcesMissing(f"the database cannot be opened ({reason})") from error


class PostgresDatabase(Database):
    """An open database of a server."""

    def __init__(self, folder: Path, server: _Server) -> None:
        super().__init__(folder, _engine(server, _STATEMENT_MILLISECONDS))
        self._server = server

    def read(self) -> sa.Connection:
        """See ``Database``."""
        return self.engine.connect().execution_options(
            samsvar_reads=True, isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def raw(self, milliseconds: int = BUSY_MILLISECONDS) -> Raw:
        """See ``Database``."""
        return PostgresRaw(self._server.translated(milliseconds, autocommit=True))

    def raw_of(self, connection: sa.Connection) -> Raw:
        """See ``Database``."""
        driver: Any = connection.connection.driver_connection
        return PostgresRaw(driver)

    def lookup(self) -> Lookup:
        """See ``Database``."""
        return PostgresLookup(self.raw)

    def is_in_place(self) -> bool:
        """See ``Database``. There is no file that could be moved."""
        return True

    def trouble(self) -> str:
        """See ``Database``."""
        return self._server.trouble


class PostgresRaw:
    """Implements ``Raw``."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def begin(self, lock: Lock) -> None:
        """See ``Raw``. Both in one trip to the server."""
        self.all(f"BEGIN; {_lock(lock)}")

    def all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """See ``Raw``."""
        with _translated():
            cursor = self._connection.execute(_own_marks(statement), values or None)
            return cursor.fetchall() if cursor.description else []

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """See ``Raw``."""
        with _translated(), self._connection.cursor("samsvar_each") as cursor:
            cursor.itersize = 1000
            yield from cursor.execute(_own_marks(statement), values or None)

    def commit(self, last: Iterable[tuple[str, Values]] = ()) -> None:
        """See ``Raw``."""
        with _translated(), self._connection.pipeline():
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
            with _translated(), self._connection.cursor() as cursor, cursor.copy(copy) as into:
                for row in rows:
                    into.write_row(row)
            self.all(f"ANALYZE {table}")  # or the first searches are planned for an empty table
        except BaseException:
            with suppress(sa.exc.SQLAlchemyError):
                self.rollback()
            raise
        self.commit()

    def close(self) -> None:
        """See ``Raw``."""
        with suppress(psycopg.Error):
            self._connection.close()


class PostgresLookup:
    """Implements ``Lookup``: a few threads with a connection each, since the answer is a trip to
    the server away. A connection that has gone since it was used is made anew, once."""

    def __init__(self, connect: Callable[[int], Raw]) -> None:
        self._connect = connect
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="lookup")
        self._own = threading.local()
        self._made: list[Raw] = []

    async def all(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """See ``Lookup``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._look, statement, values)

    def _look(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        for kept in (True, False):
            raw: Raw | None = getattr(self._own, "raw", None)
            fresh = raw is None
            if raw is None:
                raw = self._own.raw = self._connect(BUSY_MILLISECONDS)
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


class _Server:
    """Where the database is, and how it was when it was last asked for a connection."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        try:
            told = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise ResourcesMissing(
                "hub.database: no URL of PostgreSQL: postgresql://user@host:5432/name"
            ) from error
        self._told = {**_HABITS, **{name: str(value) for name, value in told.items()}}
        self._read_only = read_only
        self.name = f"the database {told.get('dbname', '')} on {told.get('host', 'this machine')}"
        """For people: without user and password."""
        self.trouble = ""

    def connect(self, milliseconds: int, *, autocommit: bool) -> psycopg.Connection[Any]:
        """A connection whose statements take no longer than that; 0: as long as they need.

        Raises:
            psycopg.Error: there is none, or it would not keep what it promises.
        """
        options = [
            self._told.get("options", ""),
            f"-c statement_timeout={milliseconds}",
            f"-c lock_timeout={min(milliseconds, BUSY_MILLISECONDS)}",
            f"-c idle_in_transaction_session_timeout={_IDLE_MILLISECONDS if milliseconds else 0}",
            f"-c default_transaction_read_only={'on' if self._read_only else 'off'}",
        ]
        told: dict[str, Any] = {
            **self._told,
            "options": " ".join(options).strip(),
            "client_encoding": "utf8",
        }
        try:
            connection = psycopg.connect(**told, autocommit=True)
            try:
                unfit = _unfit(connection.execute(_LOOK).fetchone(), read_only=self._read_only)
                if unfit:
                    raise _Unfit(f"{self.name} {unfit}")  # noqa: TRY301 - as if it did not answer
                connection.autocommit = autocommit
            except BaseException:
                connection.close()
                raise
        except psycopg.Error:
            self.trouble = "the database does not answer, or must not be used"
            raise
        self.trouble = ""
        return connection

    def translated(self, milliseconds: int, *, autocommit: bool) -> psycopg.Connection[Any]:
        """The same, with SQLAlchemy's errors."""
        with _translated():
            return self.connect(milliseconds, autocommit=autocommit)


class _Definitions(PGDDLCompiler):
    """Texts sort by their bytes, as in SQLite, whatever the database sorts by otherwise: an index
    then outlives a new version of the machine's language files."""

    def get_column_specification(self, column: sa.Column[Any], **more: Any) -> str:
        """See SQLAlchemy."""
        if isinstance(column.type, sa.Text) and column.type.collation is None:
            column.type = sa.Text(collation="C")
        told: str = super().get_column_specification(column, **more)  # type: ignore[no-untyped-call]
        return told


def _engine(server: _Server, milliseconds: int) -> sa.Engine:
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: server.connect(milliseconds, autocommit=False),
        poolclass=sa.pool.QueuePool,
        pool_size=_POOLED,
        max_overflow=_POOLED,
        pool_timeout=BUSY_MILLISECONDS / 1000,
        pool_pre_ping=True,  # after the server was restarted, nobody meets an old connection
        use_native_hstore=False,  # one question less at the start
        hide_parameters=True,  # an error must not show what was being stored
    )
    engine.dialect.ddl_compiler = _Definitions

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("samsvar_reads", False):
            connection.exec_driver_sql(_lock(Lock.WRITE))

    @sa.event.listens_for(engine, "handle_error", retval=True)
    def masked(context: sa.engine.ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if context.is_disconnect:
            server.trouble = "the database does not answer"
        if isinstance(error, psycopg.Error):
            return told_as(_without_values(error), psycopg.Error, lost=context.is_disconnect)
        return None

    return engine


def _migrate(server: _Server) -> None:
    """One process at a time, as long as it takes."""
    engine = _engine(server, 0)
    try:
        with server.translated(0, autocommit=True) as alone:
            alone.execute(_lock(Lock.MIGRATION).replace("_xact", ""))
            bring_up_to_date(engine)
    finally:
        engine.dispose()


def _lock(lock: Lock) -> str:
    # Two hubs in two schemas of one database are strangers.
    return f"SELECT pg_advisory_xact_lock({lock:d}, hashtext(current_schema()))"


def _unfit(found: tuple[Any, ...] | None, *, read_only: bool) -> str:
    """Why the server must not be used, and what to do; empty: it may."""
    assert found is not None
    version, encoding, synchronous, fsync, pages, standby, schema = found
    if version < OLDEST * 10_000:
        return f"is of PostgreSQL {version // 10_000}: it must be {OLDEST} or later"
    if encoding != "UTF8":
        return (
            f"keeps its texts in {encoding}: make a new database with"
            " CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
        )
    for name, value in (
        ("synchronous_commit", synchronous),
        ("fsync", fsync),
        ("full_page_writes", pages),
    ):
        if value == "off":
            return f"does not keep what it has promised: set {name} = on there ({name} is off)"
    if schema is None:
        return "has no schema for this user: GRANT CREATE, USAGE ON SCHEMA ... TO the user"
    if standby and not read_only:
        return "is a standby, which cannot be written: name the primary"
    return ""


def _what_to_do(error: sa.exc.DBAPIError, name: str) -> str:
    cause = error.orig
    if isinstance(cause, _Unfit):
        return str(cause)
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return f"{name}: its user may not make tables there: GRANT CREATE ON SCHEMA ... TO the user"
    reason = type(cause).__name__
    return (
        f"{name} cannot be opened ({reason}): is the server running, and do host, port, name,"
        " user and password of hub.database fit?"
    )


@contextmanager
def _closing_if_it_fails(database: PostgresDatabase) -> Iterator[PostgresDatabase]:
    try:
        yield database
    except BaseException:
        database.close()
        raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise told_as(_without_values(error), psycopg.Error) from error


def _without_values(error: psycopg.Error) -> psycopg.Error:
    """What the server says of an error may repeat what was being stored."""
    if error.sqlstate is not None:
        shown = None if error.sqlstate.startswith("22") else error.diag.message_primary
        error.args = (shown or f"SQLSTATE {error.sqlstate}",)
    return error


@lru_cache(maxsize=200)
def _own_marks(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()
