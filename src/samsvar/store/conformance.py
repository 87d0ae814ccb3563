"""Counts of what live answers break: by producer, contract, day, rule and path. No values.

Knows two tables. Knows no rule: ids are texts here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.store.database import Database
from samsvar.store.tables import CONFORMANCE_DAY, CONFORMANCE_FINDING
from samsvar.store.upsert import insert


class Added(Protocol):
    """Counts of one producer, contract and day."""

    @property
    def producer(self) -> str:
        """Its id in the registry."""

    @property
    def contract(self) -> str:
        """The contract's urn."""

    @property
    def day(self) -> str:
        """YYYY-MM-DD."""

    @property
    def sampled(self) -> int:
        """Answers judged."""

    @property
    def failing(self) -> int:
        """Of them: answers that break a must."""

    @property
    def warned(self) -> int:
        """Of them: answers that break only advice."""

    @property
    def findings(self) -> Mapping[tuple[str, str], int]:
        """Rule and path -> answers."""


@dataclass(frozen=True, slots=True)
class Day:
    """One producer, contract and day."""

    producer: str
    contract: str
    day: str
    sampled: int
    failing: int
    warned: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a path, in so many answers since some day."""

    producer: str
    contract: str
    rule: str
    path: str
    answers: int


class SqlConformance:
    """Adds and reads the counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counted: Sequence[Added]) -> None:
        """Add to what is there; all of it, or nothing.

        Raises:
            ResourcesMissing: the database could not be written.
        """
        try:
            with self._database.write() as connection, connection.begin():
                for one in counted:
                    connection.execute(_add_day(connection, one))
                    for (rule, path), answers in one.findings.items():
                        connection.execute(_add_finding(connection, one, rule, path, answers))
        except sa.exc.SQLAlchemyError as error:
            reason = type(error).__name__
            raise ResourcesMissing(f"conformance could not be written ({reason})") from error

    def days(self, since: str) -> Sequence[Day]:
        """Every day from ``since`` (YYYY-MM-DD), ordered by producer, contract and day."""
        table = CONFORMANCE_DAY
        rows = sa.select(table).where(table.c.day >= since)
        rows = rows.order_by(table.c.producer, table.c.contract, table.c.day)
        with self._database.read() as connection:
            return [Day(*row) for row in connection.execute(rows)]

    def findings(self, since: str) -> Sequence[Finding]:
        """What was found from ``since``, the most common first within producer and contract."""
        table = CONFORMANCE_FINDING
        answers = sa.func.sum(table.c.answers)
        key = (table.c.producer, table.c.contract, table.c.rule, table.c.path)
        rows = sa.select(*key, answers).where(table.c.day >= since).group_by(*key)
        rows = rows.order_by(table.c.producer, table.c.contract, answers.desc(), table.c.rule)
        with self._database.read() as connection:
            return [Finding(*row) for row in connection.execute(rows)]


def _add_day(connection: sa.Connection, one: Added) -> sa.Insert:
    table = CONFORMANCE_DAY
    row = insert(connection, table).values(
        producer=one.producer,
        contract=one.contract,
        day=one.day,
        sampled=one.sampled,
        failing=one.failing,
        warned=one.warned,
    )
    names = ("sampled", "failing", "warned")
    return row.on_conflict_do_update(
        index_elements=["producer", "contract", "day"],
        set_={name: table.c[name] + row.excluded[name] for name in names},
    )


def _add_finding(
    connection: sa.Connection, one: Added, rule: str, path: str, answers: int
) -> sa.Insert:
    table = CONFORMANCE_FINDING
    row = insert(connection, table).values(
        producer=one.producer,
        contract=one.contract,
        day=one.day,
        rule=rule,
        path=path,
        answers=answers,
    )
    return row.on_conflict_do_update(
        index_elements=["producer", "contract", "day", "rule", "path"],
        set_={"answers": table.c.answers + row.excluded.answers},
    )
