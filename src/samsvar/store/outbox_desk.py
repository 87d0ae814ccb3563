"""The outbox as people see it: who is behind, what was given up; sent again, or dropped.

For the command line, in another process than the hub's. Shows posts without residents. Plain
functions that take milliseconds. Knows the rows that ``store.outbox`` writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.store.database import Database
from samsvar.store.tables import OUTBOX, OUTBOX_SUBSCRIBER


@dataclass(frozen=True, slots=True)
class Line:
    """One subscriber: how much waits for it, and how it is doing."""

    subscriber: str
    waiting: int
    dead: int
    oldest: str
    """When the oldest of all that was written, ISO 8601, UTC."""
    failures: int
    retry_at: str
    """When it is tried again; empty: at once."""
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change for one subscriber; whom it is about is not told."""

    number: int
    dead: bool
    written: str
    correlation_id: str
    refusals: int
    reason: str
    delete: bool
    service_domain: str
    categorization: str
    source_system: str
    owner: str


class OutboxDesk:
    """Looks into the outbox of a data folder, and clears up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(self) -> Sequence[Line]:
        """Every subscriber for whom something is kept, by address."""
        table, state = OUTBOX, OUTBOX_SUBSCRIBER
        dead = sa.func.sum(sa.case((table.c.dead, 1), else_=0))
        statement = (
            sa.select(
                table.c.subscriber,
                sa.func.count() - dead,
                dead,
                sa.func.min(table.c.written),
                sa.func.coalesce(sa.func.max(state.c.failures), 0),
                sa.func.coalesce(sa.func.max(state.c.retry_at), ""),
                sa.func.coalesce(sa.func.max(state.c.reason), ""),
            )
            .select_from(table.outerjoin(state, state.c.subscriber == table.c.subscriber))
            .group_by(table.c.subscriber)
            .order_by(table.c.subscriber)
        )
        return [Line(*tuple(row)) for row in self._read(statement)]

    def changes(self, subscriber: str, most: int) -> Sequence[Change]:
        """What is kept for a subscriber, the oldest first."""
        names = ("number", "dead", "written", "correlation_id", "refusals", "reason", "post")
        statement = (
            sa.select(*(OUTBOX.c[name] for name in names))
            .where(OUTBOX.c.subscriber == subscriber)
            .order_by(OUTBOX.c.number)
            .limit(most)
        )
        return [_change(dict(row._mapping)) for row in self._read(statement)]

    def retry(self, subscriber: str, number: int | None = None, *, most: int | None = None) -> int:
        """Let dead letters (one, all, or the oldest so many) wait for delivery again, at once;
        how many."""
        chosen = self._chosen(subscriber, number, most, dead=True)
        again = (
            sa.update(OUTBOX).where(chosen).values(dead=False, refusals=0, not_before="", reason="")
        )
        at_once = sa.delete(OUTBOX_SUBSCRIBER).where(OUTBOX_SUBSCRIBER.c.subscriber == subscriber)
        return self._write(again, at_once)

    def drop(
        self,
        subscriber: str,
        number: int | None = None,
        *,
        most: int | None = None,
        waiting: bool = False,
    ) -> int:
        """Forget dead letters (one, all, or the oldest so many); ``waiting``: also what still
        waits. How many."""
        chosen = self._chosen(subscriber, number, most, dead=not waiting)
        return self._write(sa.delete(OUTBOX).where(chosen))

    @staticmethod
    def _chosen(
        subscriber: str, number: int | None, most: int | None, *, dead: bool
    ) -> sa.ColumnElement[bool]:
        conditions: list[sa.ColumnElement[bool]] = [OUTBOX.c.subscriber == subscriber]
        if number is not None:
            conditions.append(OUTBOX.c.number == number)
        if dead:
            conditions.append(OUTBOX.c.dead == sa.true())
        if most is not None:
            oldest = sa.select(OUTBOX.c.number).where(*conditions).order_by(OUTBOX.c.number)
            conditions = [OUTBOX.c.number.in_(oldest.limit(most))]
        return sa.and_(*conditions)

    def _read(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        try:
            with self._database.read() as connection:
                return connection.execute(statement).all()
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(f"the outbox cannot be read ({type(error).__name__})") from error

    def _write(self, *statements: sa.Update | sa.Delete) -> int:
        """Carry them out together; the number of rows that the first one met."""
        try:
            with self._database.write() as connection, connection.begin():
                counts = [connection.execute(statement).rowcount for statement in statements]
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the outbox cannot be written ({type(error).__name__})"
            ) from error
        return counts[0]


def _change(row: dict[str, Any]) -> Change:
    said = orjson.loads(row.pop("post"))
    shown = ("delete", "service_domain", "categorization", "source_system", "owner")
    return Change(**row, **{name: said[name] for name in shown})
