"""What the books of consents and of blocks have in common: one way into the database.

A book that cannot be read says so (``FactsUnavailable``): never an empty answer instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from samsvar.errors import FactsUnavailable, ResourcesMissing
from samsvar.store.database import Database
from samsvar.store.lease import stamp


@contextmanager
def reading(database: Database, what: str) -> Iterator[sa.Connection]:
    """A connection that sees one moment.

    Raises:
        FactsUnavailable: the book cannot be read.
    """
    with _told(database, what, "read"), database.read() as connection:
        yield connection


@contextmanager
def writing(database: Database, what: str) -> Iterator[sa.Connection]:
    """A connection in a transaction, which is durable when the block has ended.

    Raises:
        FactsUnavailable: nothing was stored.
    """
    with (
        _told(database, what, "written"),
        database.write() as connection,
        connection.begin(),
    ):
        yield connection


def stamp_or_none(moment: datetime | None) -> str | None:
    """A moment as it is stored."""
    return None if moment is None else stamp(moment)


def moment_or_none(stored: str | None) -> datetime | None:
    """A moment that was stored."""
    return None if stored is None else datetime.fromisoformat(stored)


@contextmanager
def _told(database: Database, what: str, done: str) -> Iterator[None]:
    if not database.is_in_place():
        raise FactsUnavailable(f"the {what}: their file was moved or replaced; restore it, restart")
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise FactsUnavailable(f"the {what} cannot be {done} ({type(error).__name__})") from error
    except FactsUnavailable:
        raise
    except ResourcesMissing as error:
        raise FactsUnavailable(f"the {what} cannot be {done}: {error}") from error
