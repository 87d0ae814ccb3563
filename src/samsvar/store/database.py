"""The database of a hub: opened, brought up to date, and durable at every commit.

It is SQLite in the data folder, or PostgreSQL where the settings name one; keys and copies stay
in the data folder either way. What the two do differently is abstract here, and stands in
``store.sqlite`` and ``store.postgresql``. Knows nothing of what the tables hold.

Statements that must be quick go past SQLAlchemy, through ``Raw`` and ``Lookup``; they name their
values with ``?``, and what goes wrong is one of SQLAlchemy's errors there too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from pydantic import SecretStr

from samsvar.errors import ResourcesMissing
from samsvar.settings import HubSettings

HEAD = "0018"
"""The last migration. Kept here too, so that a database that has it starts without Alembic."""

MIGRATIONS = Path(__file__).parent / "migrations"
COMPATIBLE_FROM = "0006"
"""The oldest HEAD of a program whose statements the schema still takes: ``store.versions``. Before
0006 a row of the access log had no leaf, which it must have now."""

BUSY_MILLISECONDS = 5000  # another process may hold the write lock for one checkpoint, not more

Values = Sequence[object]


class DatabaseMissing(ResourcesMissing):
    """No hub has made a database there yet."""


class DatabaseAway(ResourcesMissing):
    """It does not answer. It may be about to start, as after a power cut."""


class Lock(IntEnum):
    """What a transaction keeps others from. (SQLite has one lock, and knows no difference.)"""

    WRITE = 1
    ACCESS_LOG = 2
    MIGRATION = 3


class Raw(Protocol):
    """A connection without SQLAlchemy. Every method raises its errors all the same."""

    def begin(self, lock: Lock) -> None:
        """A transaction that nobody else of the same lock runs beside."""

    def all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """What a statement finds, if it finds anything."""

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """The same row by row, for more than memory should hold."""

    def commit(self, last: Iterable[tuple[str, Values]] = ()) -> None:
        """Carry out these statements, in one go where that is possible, and commit."""

    def rollback(self) -> None:
        """Undo what was begun."""

    def load(self, table: str, columns: Sequence[str], rows: Sequence[Values]) -> None:
        """Store many rows in one transaction, the quickest way there is."""

    def analyse(self, tables: Sequence[str]) -> None:
        """Let it be known how much there is in tables that have been filled."""

    def close(self) -> None:
        """Also undoes what was begun. Never fails."""


class Lookup(Protocol):
    """Quick searches for the event loop, which does not stand still for them."""

    async def all(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """What a statement finds."""

    def close(self) -> None:
        """Give connections and threads back."""


class Database(ABC):
    """An open database."""

    def __init__(self, folder: Path, engine: sa.Engine) -> None:
        self.folder = folder
        """The data folder: keys lie there."""
        self.engine = engine
        self.notes: list[str] = []
        """What people should know of it, though it serves."""
        self.outgrown = ""
        """Why this program fits it no more, since a newer one has brought it up to date."""

    def write(self) -> sa.Connection:
        """A connection whose transaction takes the write lock at once (use ``.begin()``): one
        transaction at a time, whoever else writes waits for its end."""
        return self.engine.connect()

    @abstractmethod
    def read(self) -> sa.Connection:
        """A connection that sees one moment of the database and never waits for the writer."""

    @abstractmethod
    def raw(self, milliseconds: int = BUSY_MILLISECONDS) -> Raw:
        """A connection of one's own, outside the pool, that waits no longer than that."""

    @abstractmethod
    def raw_of(self, connection: sa.Connection) -> Raw:
        """The same for a connection of the pool, inside its transaction."""

    @abstractmethod
    def lookup(self) -> Lookup:
        """For searches while a question waits."""

    @abstractmethod
    def disk(self) -> Path | None:
        """A folder on the disk that it lies on; None: that is another machine's."""

    @abstractmethod
    def is_in_place(self) -> bool:
        """Whether it is still the one that was opened, as far as can be seen without asking it."""

    def look(self) -> None:  # noqa: B027 - a file promises nothing that others could change
        """Whether it still keeps what it promised when it was opened: ``trouble`` tells."""

    @abstractmethod
    def trouble(self) -> str:
        """What is wrong with it, as it was seen last; empty: nothing. Asks nobody, and is quick."""

    def close(self) -> None:
        """Give all pooled connections back."""
        self.engine.dispose()


def open_database(
    folder: Path,
    url: SecretStr | None = None,
    *,
    environment: str | None = None,
    read_only: bool = False,
) -> Database:
    """Open a hub's database; make it, and bring it up to date, if need be.

    Args:
        folder: the data folder; made if it is not there, for the owner alone.
        url: of a PostgreSQL database; None: SQLite in the data folder.
        environment: the word of ``hub.environment``, which the database must have, or takes.
        read_only: for another process that looks: nothing is made, moved or changed.

    Raises:
        DatabaseMissing: there is none to look at.
        DatabaseAway: its server does not answer.
        ResourcesMissing: in one sentence, what is wrong and what to do.
    """
    # Only the one that is used is loaded: each driver costs the start some time.
    if url is None:
        from samsvar.store.sqlite import open_sqlite

        return open_sqlite(folder, environment=environment, read_only=read_only)
    from samsvar.store.postgresql import open_postgresql

    told = url.get_secret_value()
    return open_postgresql(folder, told, environment=environment, read_only=read_only)


def database_of(hub: HubSettings, *, read_only: bool = False) -> Database:
    """The database that settings name: see ``open_database``."""
    return open_database(hub.data, hub.database, environment=hub.environment, read_only=read_only)


def told_as(error: Exception, base: type[Exception], *, lost: bool = False) -> sa.exc.DBAPIError:
    """A driver's error as SQLAlchemy tells it, without statement and values: nobody may show them.

    Args:
        error: the driver's.
        base: what all errors of the driver are.
        lost: the connection is of no use any more.
    """
    told = sa.exc.DBAPIError.instance(
        None, None, error, base, hide_parameters=True, connection_invalidated=lost
    )
    assert isinstance(told, sa.exc.DBAPIError)
    return told
