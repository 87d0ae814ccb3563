"""What waits for a log service, as people see it, in another process than the hub's.

Knows rows that wait, and not what they tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.store.database import Database

_Found = TypeVar("_Found")
_Work = Callable[[sa.Connection], _Found]


@dataclass(frozen=True, slots=True)
class LogLetter:
    """One row that waits or was given up; not what it tells."""

    sequence: int
    receiver: str
    dead: bool
    refusals: int
    not_before: str
    reason: str
    at: str
    """When the access was, ISO 8601, UTC."""


class ShippingDesk:
    """The same as people see it, in another process than the hub's."""

    def __init__(
        self,
        database: Database,
        table: sa.Table,
        at: sa.ColumnElement[str],
        whence: sa.FromClause | None = None,
    ) -> None:
        """``at``: when the access was; ``whence``: table and all that it needs for that."""
        self._database = database
        self._table = table
        self._at = at
        self._whence = table if whence is None else whence

    def counts(self) -> list[tuple[str, int, int]]:
        """Receiver, waiting, dead; by receiver.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        dead = sa.func.sum(sa.case((self._table.c.dead, 1), else_=0))
        statement = (
            sa.select(self._table.c.receiver, sa.func.count() - dead, dead)
            .group_by(self._table.c.receiver)
            .order_by(self._table.c.receiver)
        )
        return self._in(lambda connection: [tuple(row) for row in connection.execute(statement)])

    def letters(self, most: int, receiver: str | None = None) -> list[LogLetter]:
        """What is kept (None: for every receiver), dead letters first, then the oldest.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        table = self._table.c
        names = (table.sequence, table.receiver, table.dead, table.refusals)
        statement = (
            sa.select(*names, table.not_before, table.reason, self._at)
            .select_from(self._whence)
            .order_by(table.dead.desc(), table.sequence)
            .limit(most)
        )
        if receiver is not None:
            statement = statement.where(table.receiver == receiver)
        return self._in(
            lambda connection: [LogLetter(*tuple(row)) for row in connection.execute(statement)]
        )

    def retry(
        self, sequence: int | None, receiver: str | None = None, *, most: int | None = None
    ) -> int:
        """Let dead letters (one, all, a receiver's, the oldest so many) wait again, at once; how
        many.

        Raises:
            ResourcesMissing: it cannot be written.
        """
        chosen: sa.ColumnElement[bool] = self._table.c.dead == sa.true()
        if sequence is not None:
            chosen = sa.and_(chosen, self._table.c.sequence == sequence)
        if receiver is not None:
            chosen = sa.and_(chosen, self._table.c.receiver == receiver)
        if most is not None:
            oldest = sa.select(self._table.c.sequence).where(chosen)
            oldest = oldest.order_by(self._table.c.sequence).limit(most)
            chosen = self._table.c.sequence.in_(oldest)
        again = (
            sa.update(self._table)
            .where(chosen)
            .values(dead=False, refusals=0, not_before="", reason="")
        )
        return self._in(lambda connection: connection.execute(again).rowcount, write=True)

    def _in(self, work: _Work[_Found], *, write: bool = False) -> _Found:
        try:
            connecting = self._database.write() if write else self._database.read()
            with connecting as connection, connection.begin():
                return work(connection)
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the outbox to the log service cannot be used ({type(error).__name__})"
            ) from error
