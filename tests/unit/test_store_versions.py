"""Programs and databases of different releases: what earlier releases say is understood by today's
schema as by their own; a program finds out whether it fits a newer database."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from samsvar.errors import ResourcesMissing
from samsvar.store import versions
from samsvar.store.database import COMPATIBLE_FROM, HEAD, MIGRATIONS, Database
from samsvar.store.sqlite import _engine
from tests import databases
from tests.recording import BETWEEN, RELEASED

OLDER = sorted(each.stem for each in RELEASED.glob("*.sql") if each.stem >= COMPATIBLE_FROM)


def migrated(file: Path, revision: str) -> None:
    """Bring a file to a release's schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    file.touch()
    engine = _engine(file, read_only=False)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def replayed(file: Path, release: str) -> list[list[Any]]:
    """What a database answers to all that a release says."""
    statements = (RELEASED / f"{release}.sql").read_text().removesuffix("\n").split(BETWEEN)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements]


def of_two_releases(folder: Path, release: str) -> tuple[Path, Path]:
    """One database as that release left it, and the same brought up to date."""
    own, newest = folder / "own.sqlite", folder / "newest.sqlite"
    migrated(own, release)
    shutil.copy(own, newest)
    migrated(newest, "head")
    return own, newest


@pytest.mark.sqlite
@pytest.mark.parametrize("release", OLDER)
def test_todays_schema_understands_what_an_earlier_release_says(
    tmp_path: Path, release: str
) -> None:
    own, newest = of_two_releases(tmp_path, release)
    answers = replayed(own, release)

    assert sum(map(len, answers)) > 5
    assert replayed(newest, release) == answers


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "contraction",
    [
        "ALTER TABLE question RENAME COLUMN peer TO caller",
        "ALTER TABLE engagement_place ADD COLUMN unit TEXT NOT NULL CHECK (unit <> '') DEFAULT ''",
        "DROP TABLE audit_head",
    ],
)
def test_a_schema_that_took_something_away_is_found_out(tmp_path: Path, contraction: str) -> None:
    own, newest = of_two_releases(tmp_path, OLDER[-1])
    with closing(sqlite3.connect(newest)) as connection:
        connection.execute(contraction)
    replayed(own, OLDER[-1])

    with pytest.raises(sqlite3.Error):
        replayed(newest, OLDER[-1])


def test_the_newest_release_is_recorded() -> None:
    assert OLDER
    assert COMPATIBLE_FROM <= OLDER[-1] <= HEAD


def newer(folder: Path, compatible_from: str) -> None:
    """As a hub of a later release leaves the database."""
    databases.make_database(folder).close()
    databases.tamper(
        folder,
        "UPDATE alembic_version SET version_num = '9999'",
        f"UPDATE schema_compatibility SET compatible_from = '{compatible_from}'",
    )


@pytest.mark.databases
@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_database_that_takes_this_program_is_opened_and_said_to_be_so(
    tmp_path: Path, read_only: bool
) -> None:
    newer(tmp_path, HEAD)
    database = databases.make_database(tmp_path, read_only=read_only)
    with closing(database):
        assert database.outgrown == ""
        assert ["9999" in note and HEAD in note for note in database.notes] == [True]
    told = databases.tamper(tmp_path, "SELECT version_num FROM alembic_version")
    assert [tuple(row) for row in told] == [("9999",)]


@pytest.mark.databases
@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_database_that_does_not_is_refused_with_what_to_do(
    tmp_path: Path, read_only: bool
) -> None:
    newer(tmp_path, "9998")
    with pytest.raises(ResourcesMissing) as refused:
        databases.make_database(tmp_path, read_only=read_only)
    assert str(refused.value) == (
        f"the database is newer than this program (9999; it takes programs of 9998 or later, this"
        f" is {HEAD}): run the newer program, or restore the backup that was made before the"
        " upgrade"
    )


@pytest.mark.databases
def test_a_hub_that_runs_notices_that_the_database_has_outgrown_it(tmp_path: Path) -> None:
    database = databases.make_database(tmp_path)
    with closing(database):
        seen(database, outgrown=False, notes=0)
        newer_row = "UPDATE schema_compatibility SET compatible_from = '{}'"
        databases.tamper(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
        seen(database, outgrown=False, notes=1)
        databases.tamper(tmp_path, newer_row.format("9998"))
        seen(database, outgrown=True, notes=0)
        databases.tamper(tmp_path, f"UPDATE alembic_version SET version_num = '{HEAD}'")
        seen(database, outgrown=False, notes=0)


def seen(database: Database, *, outgrown: bool, notes: int) -> None:
    """What a look tells."""
    versions.look(database)
    assert (bool(database.outgrown), len(database.notes)) == (outgrown, notes)


@pytest.mark.databases
def test_an_upgrade_writes_down_who_fits(tmp_path: Path) -> None:
    databases.make_database(tmp_path).close()
    rows = databases.tamper(tmp_path, "SELECT compatible_from FROM schema_compatibility")
    assert [tuple(row) for row in rows] == [(COMPATIBLE_FROM,)]
