"""How a database goes about a statement: how many rows it looks at, and by which index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from samsvar.store.database import Database

Asked = tuple[str, Any]
"""A statement and its parameters, as they go to the driver."""


@contextmanager
def overheard(database: Database, begins: str) -> Iterator[list[Asked]]:
    """The statements that begin so, while the block runs."""
    seen: list[Asked] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(begins):
            seen.append((statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


def looked_at(database: Database, asked: Sequence[Asked], table: str) -> int | None:
    """Rows of a table that PostgreSQL looks at for these; None: SQLite does not count them."""
    with database.read() as connection:
        if connection.dialect.name != "postgresql":
            return None
        return sum(_looked_at(connection, *one, table) for one in asked)


def plans(database: Database, asked: Sequence[Asked]) -> list[str]:
    """How SQLite goes about each; empty where it is another database."""
    with database.read() as connection:
        if connection.dialect.name != "sqlite":
            return []
        return [
            "; ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", by))
            for one, by in asked
        ]


def _looked_at(connection: sa.Connection, statement: str, parameters: Any, table: str) -> int:
    found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    nodes, rows = [node["Plan"] for node in found.scalar_one()], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node.get("Relation Name") == table:
            looked = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            rows += looked * node["Actual Loops"]
    return rows
