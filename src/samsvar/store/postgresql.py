"""The database on a PostgreSQL server.

Whoever writes takes one advisory lock when the transaction begins, so that what is read first and
written later fits together on both kinds of database; the access log has a lock of its own, and
waits for nobody else. Locks go with the transaction, so a hub that dies holds none. Readers see
one moment (REPEATABLE READ). How the server is reached is ``store.postgresql_server``. Knows
nothing of what the tables hold.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
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
    told_as,
)
from samsvar.store.environment import check_environment, keep_environment
from samsvar.store.postgresql_raw import PostgresLookup, PostgresRaw, lock_statement
from samsvar.store.postgresql_server import Server, Unfit, translated, what_to_do, without_values
from samsvar.store.versions import bring_up_to_date, check_current, look, revision

_POOLED = 4
_STATEMENT_MILLISECONDS = 30_000  # a registry of a million routes takes some seconds
# The few rows of a person first, then what they point at, by its key (measured in the server: 0.05
# ms, where a join that reads all places once took 0.15, and more with every source).
_LOOKUP_PLANS = "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off"


def open_postgresql(
    folder: Path, url: str, *, environment: str | None = None, read_only: bool
) -> PostgresDatabase:
    """Open the database that a URL names; make its tables, and the data folder, if need be.

    Raises:
        DatabaseAway, DatabaseMissing, ResourcesMissing: in one sentence, what is wrong and what
            to do.
    """
    server = Server(url, read_only=read_only)
    try:
        if not read_only:
            folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        with _closing_if_it_fails(PostgresDatabase(folder, server)) as database:
            check_environment(database.engine, environment)
            if read_only:
                if revision(database.engine) is None:
                    raise DatabaseMissing(f"there is no database: {server.name} has no tables")
                check_current(database.engine)
            else:
                _migrate(server)
                keep_environment(database.engine, environment)
            _check_logged(database.engine, server.name)
            look(database)
            return database
    except sa.exc.DBAPIError as error:
        away = isinstance(error.orig, psycopg.OperationalError) and not isinstance(
            error.orig, Unfit
        )
        kind = DatabaseAway if away else ResourcesMissing
        raise kind(what_to_do(error, server.name)) from error
    except (OSError, sa.exc.SQLAlchemyError) as error:
        reason = type(error).__name__
        raise ResourcesMissing(f"the database cannot be opened ({reason})") from error


class PostgresDatabase(Database):
    """An open database of a server."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder, _engine(server, _STATEMENT_MILLISECONDS))
        self._server = server

    def read(self) -> sa.Connection:
        """See ``Database``."""
        return self.engine.connect().execution_options(
            samsvar_reads=True, isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def raw(self, milliseconds: int = BUSY_MILLISECONDS) -> Raw:
        """See ``Database``."""
        return self._raw(milliseconds)

    def raw_of(self, connection: sa.Connection) -> Raw:
        """See ``Database``."""
        driver: Any = connection.connection.driver_connection
        return PostgresRaw(driver)

    def lookup(self) -> Lookup:
        """See ``Database``."""
        return PostgresLookup(lambda: self._raw(BUSY_MILLISECONDS, _LOOKUP_PLANS))

    def _raw(self, milliseconds: int, more: str = "") -> Raw:
        with translated():
            return PostgresRaw(self._server.connect(milliseconds, autocommit=True, more=more))

    def disk(self) -> Path | None:
        """See ``Database``."""
        return None

    def is_in_place(self) -> bool:
        """See ``Database``. There is no file that could be moved."""
        return True

    def look(self) -> None:
        """See ``Database``. A server that cannot be asked says so by other ways."""
        with suppress(sa.exc.SQLAlchemyError), translated(), self.read() as connection:
            driver: Any = connection.connection.driver_connection
            self._server.look(driver)

    def trouble(self) -> str:
        """See ``Database``."""
        return self._server.trouble or self._server.broken_promise


def _check_logged(engine: sa.Engine, name: str) -> None:
    """A table that was made UNLOGGED by somebody is empty after a crash."""
    statement = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpersistence <> 'p'"
        " AND relnamespace = current_schema()::regnamespace ORDER BY relname"
    )
    with engine.connect().execution_options(samsvar_reads=True) as connection:
        found = connection.exec_driver_sql(statement).scalars().all()
    if found:
        raise ResourcesMissing(
            f"{name} would lose a table in a crash: ALTER TABLE {found[0]} SET LOGGED there"
        )


class _Definitions(PGDDLCompiler):
    """Texts sort by their bytes, as in SQLite, whatever the database sorts by otherwise: an index
    then outlives a new version of the machine's language files."""

    def get_column_specification(self, column: sa.Column[Any], **more: Any) -> str:
        """See SQLAlchemy."""
        if isinstance(column.type, sa.Text) and column.type.collation is None:
            column.type = sa.Text(collation="C")
        told: str = super().get_column_specification(column, **more)  # type: ignore[no-untyped-call]
        return told


def _engine(server: Server, milliseconds: int) -> sa.Engine:
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
            connection.exec_driver_sql(lock_statement(Lock.WRITE))

    @sa.event.listens_for(engine, "handle_error", retval=True)
    def masked(context: sa.engine.ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if context.is_disconnect:
            server.trouble = "the database does not answer"
        if isinstance(error, psycopg.Error):
            return told_as(without_values(error), psycopg.Error, lost=context.is_disconnect)
        return None

    return engine


def _migrate(server: Server) -> None:
    """One process at a time, as long as it takes."""
    engine = _engine(server, 0)
    try:
        with translated(), server.connect(0, autocommit=True) as alone:
            alone.execute(lock_statement(Lock.MIGRATION).replace("_xact", ""))
            bring_up_to_date(engine)
    finally:
        engine.dispose()


@contextmanager
def _closing_if_it_fails(database: PostgresDatabase) -> Iterator[PostgresDatabase]:
    try:
        yield database
    except BaseException:
        database.close()
        raise
