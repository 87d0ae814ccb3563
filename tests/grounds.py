"""A database with its vault for the stores of grounds, and who is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from samsvar.fact_ports import Accessing
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.person_numbers import PERSONNUMMER
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault, open_vault
from tests.databases import open_database

NOW = datetime(2026, 11, 27, 12, tzinfo=STOCKHOLM)
TOLVAN = PersonId(PERSONNUMMER, "191212121212")
CHILD = PersonId(PERSONNUMMER, "202101012397")
GUARDIAN = PersonId(PERSONNUMMER, "199001012385")
OTHER = PersonId(PERSONNUMMER, "199001032391")
CLINIC = HsaId("SE2129999971-VG1")
BOARD = HsaId("SE2129999989-NAMND1")
NURSE = HsaId("SE2129999971-P1")
UNIT = HsaId("SE2129999971-U1")
BY_CLINIC = Accessing(CLINIC, UNIT, NURSE)
BY_BOARD = Accessing(BOARD)


@contextmanager
def stored(folder: Path) -> Iterator[tuple[Database, PersonVault]]:
    """An empty database."""
    database = open_database(folder)
    try:
        yield database, open_vault(database)
    finally:
        database.close()


def gone(database: Database, table: str) -> None:
    """Take a table away: nothing can be read from it any more."""
    with database.write() as connection, connection.begin():
        connection.execute(sa.text(f"DROP TABLE {table}"))


def everything(database: Database, tables: list[sa.Table]) -> str:
    """All that the tables hold, as text."""
    with database.read() as connection:
        rows = [row for table in tables for row in connection.execute(sa.select(table))]
    assert rows
    return repr([tuple(row) for row in rows])


def statements(database: Database) -> list[tuple[str, str]]:
    """What is sent to the database from now on, each with the plan that SQLite makes for it."""
    seen: list[tuple[str, str]] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def note(_c, cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT"):
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            seen.append((statement, "; ".join(str(row[3]) for row in plan)))

    return seen
