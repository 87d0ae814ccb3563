"""New databases as copies of the first one that migrations have made in this process.

A copy has all that a new database has, and an access log of its own name.
"""

from __future__ import annotations

import secrets
import sqlite3
import stat
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from samsvar.store.postgresql import open_postgresql
from samsvar.store.sqlite import FILE_NAME, open_sqlite

_OWN_NAME = "UPDATE audit_tree SET log = '{}'"
_script = ""
"""What the migrations said to the first schema."""


def copy_file(folder: Path) -> None:
    """A database for a data folder that has none."""
    path = folder / FILE_NAME
    if path.exists():
        return
    folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    path.touch(stat.S_IRUSR | stat.S_IWUSR)
    path.write_bytes(_file())
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute(_OWN_NAME.format(secrets.token_hex(16)))


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_sqlite(Path(folder), read_only=False).close()
        return (Path(folder) / FILE_NAME).read_bytes()


def copy_schema(folder: Path, url: str) -> None:
    """Tables for the schema that the URL names, if it has none."""
    global _script
    with psycopg.connect(url) as schema:
        if schema.execute("SELECT to_regclass('alembic_version')").fetchone() != (None,):
            return
        if not _script:
            _script = _recorded(folder, url, psycopg.ClientCursor(schema))
            return
        schema.execute("SET LOCAL synchronous_commit = off")
        schema.execute(_script.encode())
        schema.execute(_OWN_NAME.format(secrets.token_hex(16)).encode())


def _recorded(folder: Path, url: str, quoting: psycopg.ClientCursor[Any]) -> str:
    said: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if not statement.startswith("SELECT"):
            said.append(quoting.mogrify(statement.encode(), values))

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        open_postgresql(folder, url, read_only=False).close()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    return ";\n".join(said)
