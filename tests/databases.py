"""Where the tests' hubs keep their database: in a file, or in a schema of their own on a server.

Which of the two is chosen for each test by ``conftest`` (``--engines``, and the marks
``databases``, ``chosen`` and ``sqlite``). A folder always leads to the same database, so a test may
open it as often as it wants. Before a schema goes, its content is written into the folder, for the
search for numbers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from samsvar.store import database as store
from samsvar.store.sqlite import FILE_NAME
from tests import database_copies

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SERVER = os.environ.get("TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/test")
"""Its user must be allowed to make schemas."""
DUMP = "samsvar.postgresql"

_made: dict[str, Path] = {}
_chosen = SQLITE


def choose(kind: str) -> None:
    """From here on."""
    global _chosen
    if kind == POSTGRESQL and (reason := _absent(SERVER)):
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    _chosen = kind


def chosen() -> str:
    """Which kind the running test uses."""
    return _chosen


def url_for(folder: Path) -> SecretStr | None:
    """The URL for a data folder; None: a file there."""
    if _chosen == SQLITE:
        return None
    folder = folder.absolute()
    name = "samsvar_" + hashlib.sha256(f"{os.getpid()} {folder}".encode()).hexdigest()[:16]
    if name not in _made:
        with _server() as server:
            server.execute(f"CREATE SCHEMA {name}")
        _made[name] = folder
    mark = "&" if "?" in SERVER else "?"
    return SecretStr(f"{SERVER}{mark}options=-csearch_path%3D{name}")


def url_text(folder: Path) -> str:
    """The same in clear, for another process; empty: a file there."""
    url = url_for(folder)
    return url.get_secret_value() if url else ""


def open_database(folder: Path, *, read_only: bool = False) -> store.Database:
    """As the hub opens it, made by ``prepare`` if there is none."""
    if not read_only:
        prepare(folder)
    return make_database(folder, read_only=read_only)


def make_database(folder: Path, *, read_only: bool = False) -> store.Database:
    """As the hub opens it, and makes it if there is none."""
    return store.open_database(folder, url_for(folder), read_only=read_only)


def prepare(folder: Path) -> None:
    """Make the database that a hub would make there: by a copy, since migrations take as long as
    many a test. ``tests/unit/test_database_copies.py`` holds the copy to what they make."""
    url = url_for(folder)
    if url is None:
        database_copies.copy_file(folder)
    else:
        database_copies.copy_schema(folder, url.get_secret_value())


def hub_setting(folder: Path) -> str:
    """The line for ``[hub]``, for a data folder."""
    url = url_text(folder)
    return f'database = "{url}"\n' if url else ""


def tamper(folder: Path, *statements: str) -> list[tuple[Any, ...]]:
    """As one who owns the database may; what the last statement finds."""
    url = url_for(folder)
    if url is None:
        import sqlite3

        with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
            return [file.execute(statement).fetchall() for statement in statements][-1]
    with psycopg.connect(url.get_secret_value()) as server:
        cursors = [server.execute(statement.encode()) for statement in statements]
        return cursors[-1].fetchall() if cursors[-1].description else []


def empty(folder: Path) -> None:
    """Nothing is left of it, not even a table."""
    url = url_for(folder)
    if url is None:
        (folder / FILE_NAME).unlink()
        return
    schema = url.get_secret_value().rpartition("%3D")[2]
    with _server() as server:
        server.execute(f"DROP SCHEMA {schema} CASCADE")
        server.execute(f"CREATE SCHEMA {schema}")


def refuse_inserts(folder: Path, table: str, condition: str = "true") -> None:
    """As when the disk is full; the condition may name NEW's columns."""
    if _chosen == SQLITE:
        tamper(
            folder,
            f"CREATE TRIGGER full BEFORE INSERT ON {table} WHEN {condition}"
            " BEGIN SELECT RAISE(ABORT, 'full'); END",
        )
        return
    tamper(
        folder,
        "CREATE OR REPLACE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'full'; END IF; RETURN NEW; END $$",
        f'CREATE TRIGGER "full" BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_()',
    )


def take_inserts(folder: Path, table: str) -> None:
    """Again."""
    where = "" if _chosen == SQLITE else f" ON {table}"
    tamper(folder, f'DROP TRIGGER "full"{where}')


def stored(folder: Path) -> bytes:
    """All that stands in the database, as bytes to search through."""
    url = url_for(folder)
    if url is None:
        return b"".join(path.read_bytes() for path in folder.glob("samsvar.sqlite*"))
    with _server() as server:
        return b"".join(_content(server, url.get_secret_value().rpartition("%3D")[2]))


def drop(under: Path) -> None:
    """The schemas of data folders under a folder; their content stays there as a file."""
    for name, folder in list(_made.items()):
        if not folder.is_relative_to(under):
            continue
        with _server() as server:
            if folder.is_dir():
                (folder / DUMP).write_bytes(b"".join(_content(server, name)))
            server.execute(f"DROP SCHEMA {name} CASCADE")
        del _made[name]


def forget(under: Path) -> None:
    """Of data folders under a folder: their server has gone, with all that it held."""
    for name, folder in list(_made.items()):
        if folder.is_relative_to(under):
            del _made[name]


def _content(server: psycopg.Connection[Any], schema: str) -> Iterator[bytes]:
    server.execute("SET bytea_output = 'escape'")
    tables = server.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)
    ).fetchall()
    for (table,) in tables:
        with server.cursor().copy(f"COPY {schema}.{table} TO STDOUT") as rows:
            yield from (bytes(row) for row in rows)


def _server() -> psycopg.Connection[Any]:
    # What is lost with the server is made anew.
    options = "-c lock_timeout=10000 -c synchronous_commit=off"
    return psycopg.connect(SERVER, autocommit=True, options=options)


@cache
def _absent(url: str) -> str:
    try:
        psycopg.connect(url).close()
    except psycopg.Error as error:
        told = str(error).partition("\n")[0]
        return f"no PostgreSQL for the tests (TEST_POSTGRESQL names another): {told}"
    return ""
