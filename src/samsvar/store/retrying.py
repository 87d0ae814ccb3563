"""What may be tried again after the database has refused it, and how often.

A server undoes a transaction that stood in the way of another one (serialisation failure, deadlock)
for no fault of whoever asked: the same again usually succeeds. A connection that breaks leaves in
doubt whether a commit was carried out: only one who can look that up may try again. Knows no
table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from samsvar.store.database import Database

MOST_TRIES = 4
"""Of one transaction: it is tried again three times."""

_UNDONE = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected

_Result = TypeVar("_Result")


def undone(error: BaseException) -> bool:
    """Whether the server has undone the transaction, which may succeed the next time."""
    return isinstance(error, sa.exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in _UNDONE


def connection_lost(error: BaseException) -> bool:
    """Whether the connection has broken, so that nobody knows how the transaction ended."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated


def in_one_transaction(
    database: Database,
    work: Callable[[sa.Connection], _Result],
    *,
    again: Callable[[], None] = lambda: None,
) -> _Result:
    """Do something in a transaction that holds the write lock; again, if the server undoes it.

    Args:
        database: where.
        work: all of it; what it reads and writes must be in the database alone.
        again: called before another try, to forget what the last one has noted elsewhere.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it was undone, for the last time or for another reason.
    """
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            with database.write() as connection, connection.begin():
                return work(connection)
        except sa.exc.DBAPIError as error:
            if not tries_left or not undone(error):
                raise
        again()
    raise AssertionError  # the last one returns or raises
