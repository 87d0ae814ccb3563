"""The database in the data folder: opened, brought up to date, and durable at every commit.

Knows SQLite's ways: WAL, so that readers never wait for the writer; synchronous=FULL, since
NORMAL does not sync at commit (measured: no sync at all in 100 commits); one writer at a time,
who says so when the transaction begins. Knows nothing of what the tables hold.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing

FILE_NAME = "samsvar.sqlite"
HEAD = "0009"
"""The last migration. Kept here too, so that a database that has it starts without Alembic."""

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MILLISECONDS = 5000  # another process may hold the write lock for one checkpoint, not more


@dataclass(frozen=True, slots=True)
class Database:
    """An open database, and the file that it was when it was opened."""

    path: Path
    engine: sa.Engine = field(repr=False)
    identity: tuple[int, int]
    """Device and inode: a file put in its place is another database."""

    def write(self) -> sa.Connection:
        """A connection whose transaction takes the write lock at once (use ``.begin()``)."""
        return self.engine.connect()

    def read(self) -> sa.Connection:
        """A connection that sees one moment of the database and never waits for the writer."""
        return self.engine.connect().execution_options(samsvar_begin="BEGIN")

    def raw(self, busy_milliseconds: int = _BUSY_MILLISECONDS) -> sqlite3.Connection:
        """A connection of one's own, outside the pool, for a statement that must be quick."""
        return _connect(self.path, busy_milliseconds, read_only=False)

    def is_in_place(self) -> bool:
        """Whether the file is still the one that was opened."""
        try:
            return _identity(self.path) == self.identity
        except OSError:
            return False

    def close(self) -> None:
        """Give all pooled connections back."""
        self.engine.dispose()


def open_database(folder: Path, *, read_only: bool = False) -> Database:
    """Open the database of a data folder; make it, and bring it up to date, if need be.

    Args:
        folder: made if it is not there, for the owner alone.
        read_only: for another process that looks: nothing is made, moved or changed.

    Raises:
        ResourcesMissing: in one sentence, what is wrong and what to do.
    """
    path = folder / FILE_NAME
    try:
        if read_only and not path.is_file():
            raise ResourcesMissing(f"there is no database {FILE_NAME} in the data folder")
        if not read_only:
            _make(folder, path)
        engine = _engine(path, read_only=read_only)
        try:
            with engine.connect() as connection:
                _check_durable(connection)
            if read_only:
                _check_current(_revision(engine))
            else:
                with _alone(folder):
                    _migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return Database(path, engine, _identity(path))
    except (OSError, sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        reason = type(error).__name__
        raise ResourcesMissing(f"the database cannot be opened ({reason})") from error


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
        creator=lambda: _connect(path, _BUSY_MILLISECONDS, read_only=read_only),
        poolclass=sa.pool.QueuePool,
        pool_size=4,
        hide_parameters=True,  # an error must not show what was being stored
    )

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # IMMEDIATE: a transaction that reads first and writes later could not wait its turn.
        how = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        connection.exec_driver_sql(connection.get_execution_options().get("samsvar_begin", how))

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


def _revision(engine: sa.Engine) -> str | None:
    with engine.connect().execution_options(samsvar_begin="BEGIN") as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _check_current(revision: str | None) -> None:
    if revision != HEAD:
        raise ResourcesMissing(
            "the database and this program are of different versions: run them from one release"
        )


def _migrate(engine: sa.Engine) -> None:
    revision = _revision(engine)
    if revision == HEAD:
        return
    # Alembic takes a third of a second to import: only for those that need it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise ResourcesMissing(
            "the database is newer than this program: run the newer program, or restore the"
            " backup that was made before the upgrade"
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
