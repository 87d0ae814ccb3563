"""INSERT with ON CONFLICT, which both kinds of database have, and SQLAlchemy keeps apart."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """To go on with ``.on_conflict_do_update(...)`` or ``.on_conflict_do_nothing()``."""
    return _INSERTS[connection.dialect.name](table)
