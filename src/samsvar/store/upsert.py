"""INSERT with ON CONFLICT, which both kinds of database have, and SQLAlchemy keeps apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Upsert = sqlite.Insert | postgresql.Insert
_INSERTS: Mapping[str, Callable[[sa.Table], Upsert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert(connection: sa.Connection, table: sa.Table) -> Upsert:
    """To go on with ``.on_conflict_do_update(...)`` or ``.on_conflict_do_nothing()``."""
    return _INSERTS[connection.dialect.name](table)
