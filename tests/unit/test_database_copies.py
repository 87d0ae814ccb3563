"""That a test's new database is what migrations make."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.store.database import Database
from samsvar.store.versions import revision
from tests.databases import make_database, open_database

pytestmark = pytest.mark.databases


def test_a_copy_is_what_migrations_make_but_for_the_name_of_its_log(tmp_path: Path) -> None:
    """Same tables, columns, indexes, triggers and rows; and two copies are two logs."""
    made, *copies = (
        _content(opened)
        for opened in (
            make_database(tmp_path / "made"),
            open_database(tmp_path / "one"),
            open_database(tmp_path / "another"),
        )
    )
    names = [content.pop("name of the log") for content in (made, *copies)]

    assert copies == [made, made]
    assert len(set(names)) == 3
    assert {len(str(name)) for name in names} == {32}


def _content(database: Database) -> dict[str, object]:
    with closing(database), database.read() as connection:
        seen = sa.inspect(connection)
        found: dict[str, object] = {"revision": revision(database.engine)}
        for table in seen.get_table_names():
            columns = [f"{c['name']} {c['type']} {c['nullable']}" for c in seen.get_columns(table)]
            indexes = sorted(f"{i['name']} {i['column_names']}" for i in seen.get_indexes(table))
            found[table] = columns, seen.get_pk_constraint(table), indexes
            kept = [name for name in columns if not name.startswith("log ")]
            names = ", ".join(f'"{name.split()[0]}"' for name in kept)
            rows = connection.exec_driver_sql(f'SELECT {names} FROM "{table}"').fetchall()
            found[f"rows of {table}"] = [tuple(row) for row in rows]
        triggers = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
            if connection.dialect.name == "sqlite"
            else "SELECT tgname, tgrelid::regclass::text, tgfoid::regproc::text FROM pg_trigger"
            " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
            " AND relnamespace = current_schema()::regnamespace ORDER BY tgname"
        )
        found["triggers"] = [tuple(row) for row in connection.exec_driver_sql(triggers)]
        log = connection.exec_driver_sql("SELECT log FROM audit_tree")
        found["name of the log"] = log.scalar_one()
        return found
