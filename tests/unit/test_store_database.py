"""The database: made, migrated, durable, refused when it is not ours to use."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from samsvar.errors import ResourcesMissing
from samsvar.store.database import HEAD, MIGRATIONS
from samsvar.store.sqlite import FILE_NAME
from samsvar.store.tables import METADATA, SETTING
from tests import databases
from tests.databases import make_database


@pytest.mark.sqlite
def test_a_new_data_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    database = make_database(folder)
    with database.write() as connection, connection.begin():
        connection.execute(sa.insert(SETTING).values(name="a", value="b"))

    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("samsvar*")}

    assert folder.stat().st_mode & 0o777 == 0o700
    assert modes == {FILE_NAME: 0o600, f"{FILE_NAME}-wal": 0o600, f"{FILE_NAME}-shm": 0o600}
    database.close()


@pytest.mark.sqlite
def test_every_connection_is_durable_and_checks_its_keys(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    raw = database.raw()
    with database.read() as pooled:
        seen = [
            [connection.all(f"PRAGMA {name}")[0][0] for name in pragmas]
            for connection in (raw, database.raw_of(pooled))
        ]

    assert seen == [["wal", 2, 1, 5000], ["wal", 2, 1, 5000]]
    raw.close()
    database.close()


@pytest.mark.databases
def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        inspector, dialect = sa.inspect(connection), connection.dialect
        keys = {t: inspector.get_pk_constraint(t)["constrained_columns"] for t in METADATA.tables}
        made = {
            table: {
                (c["name"], _kind(c["type"], dialect), c["nullable"], c["name"] in keys[table])
                for c in inspector.get_columns(table)
            }
            for table in METADATA.tables
        }
        revision = context.get_current_revision()
    wanted = {
        name: {(c.name, _kind(c.type, dialect), c.nullable, c.primary_key) for c in table.columns}
        for name, table in METADATA.tables.items()
    }

    assert made == wanted
    assert revision == HEAD
    database.close()


def _kind(type_: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    name = type_.compile(dialect).split()[0]
    return "FLOAT" if name == "DOUBLE" else name


def test_the_head_that_the_code_names_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@pytest.mark.sqlite
def test_a_second_opening_changes_nothing(tmp_path: Path) -> None:
    make_database(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as before:
        schema = before.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    before.close()

    make_database(tmp_path).close()

    with sqlite3.connect(tmp_path / FILE_NAME) as after:
        assert after.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == schema
    after.close()


@pytest.mark.sqlite
def test_a_database_newer_than_the_program_is_refused(tmp_path: Path) -> None:
    make_database(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_compatibility SET compatible_from = '9998'")
    connection.close()

    with pytest.raises(ResourcesMissing, match="newer than this program"):
        make_database(tmp_path)
    with pytest.raises(ResourcesMissing, match="newer than this program"):
        make_database(tmp_path, read_only=True)


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, but somebody's" * 100)

    with pytest.raises(ResourcesMissing, match="cannot be opened"):
        make_database(tmp_path)

    assert (tmp_path / FILE_NAME).read_bytes().startswith(b"not a database")


@pytest.mark.sqlite
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ResourcesMissing, match="cannot be opened"):
        make_database(tmp_path / "file" / "data")


@pytest.mark.sqlite
def test_one_who_only_looks_makes_nothing_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ResourcesMissing, match="there is no database"):
        make_database(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []

    owner = make_database(tmp_path)
    looking = make_database(tmp_path, read_only=True)
    with looking.write() as connection:
        assert connection.execute(sa.select(SETTING)).all() == []
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            connection.execute(sa.insert(SETTING).values(name="a", value="b"))
    looking.close()
    owner.close()


@pytest.mark.sqlite
def test_a_file_put_in_its_place_is_noticed_and_not_made_anew(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    assert database.is_in_place()

    os.rename(tmp_path / FILE_NAME, tmp_path / "moved")
    assert not database.is_in_place()
    with pytest.raises(sa.exc.OperationalError):
        database.raw()
    assert not (tmp_path / FILE_NAME).exists()

    (tmp_path / FILE_NAME).write_bytes(b"")
    assert not database.is_in_place()
    database.close()


@pytest.mark.databases
def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    """Each reads, then writes: with a deferred transaction one of them would be turned away."""
    database = make_database(tmp_path)

    def add(name: int) -> None:
        with database.write() as connection, connection.begin():
            count = connection.scalar(sa.select(sa.func.count()).select_from(SETTING))
            connection.execute(sa.insert(SETTING).values(name=str(name), value=str(count)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(40)))

    with database.read() as connection:
        values = sorted(int(row.value) for row in connection.execute(sa.select(SETTING)))
    assert values == list(range(40))
    database.close()


@pytest.mark.databases
def test_an_error_does_not_show_what_was_being_stored(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    row = sa.insert(SETTING).values(name="191212121212", value="x")

    with database.write() as connection, connection.begin():
        connection.execute(row)
        with pytest.raises(sa.exc.IntegrityError) as caught:
            connection.execute(row)

    assert "191212121212" not in str(caught.value)
    database.close()


@pytest.mark.databases
@pytest.mark.slow
def test_processes_that_start_together_make_one_database(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from samsvar.store.database import open_database;"
        "from samsvar.store.secrets import open_vault; from pydantic import SecretStr;"
        "url = SecretStr(sys.argv[2]) if sys.argv[2] else None;"
        "print(open_vault(open_database(Path(sys.argv[1]), url)).fingerprint)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    url = databases.url_text(tmp_path / "data")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "data"), url],
            stdout=subprocess.PIPE,
            env=environment,
        )
        for _ in range(3)
    ]
    said = {process.communicate(timeout=60)[0] for process in started}

    assert len(said) == 1
    assert len(said.pop().strip()) == 16
    assert [process.returncode for process in started] == [0, 0, 0]
