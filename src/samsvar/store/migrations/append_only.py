"""Triggers that let rows of a table be added, and never changed or taken away."""

from __future__ import annotations

from alembic import op

_REFUSAL = "the access log is append-only"
_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{refusal}'); END
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION samsvar_append_only()
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION samsvar_append_only() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = '23000'; END $$
"""


def make_append_only(table: str) -> None:
    """From here on."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(table=table, verb=verb, refusal=_REFUSAL))
        return
    op.execute(_FUNCTION.format(refusal=_REFUSAL))
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(_POSTGRESQL.format(table=table, verb=verb))


def allow_update(table: str) -> None:
    """Until ``refuse_update``: for a migration that fills a new column."""
    where = "" if op.get_bind().dialect.name == "sqlite" else f" ON {table}"
    op.execute(f"DROP TRIGGER {table}_no_UPDATE{where}")


def refuse_update(table: str) -> None:
    """As ``make_append_only`` left it."""
    statement = _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL
    op.execute(statement.format(table=table, verb="UPDATE", refusal=_REFUSAL))
