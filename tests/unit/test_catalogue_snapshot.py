"""The signed copy of the catalogue: it serves when the database cannot, and never when changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samsvar.errors import CatalogueUnavailable, ResourcesMissing
from samsvar.model.identifiers import ContractUrn
from samsvar.registry.file import Registry, RegistryInvalid, parse_registry
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.database import Database
from samsvar.store.keeper import CatalogueKeeper
from samsvar.store.snapshot import (
    KEY_FILE,
    SEAL_FILE,
    CatalogueSnapshot,
    SnapshotMissing,
    SnapshotRefused,
)
from samsvar.store.sqlite import FILE_NAME
from tests import databases
from tests.databases import open_database

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = "# any text\nå = 1\n"


@dataclass
class TurnedClock:
    """The moment that the test says."""

    moment: datetime = NOW

    def now(self) -> datetime:
        """That moment."""
        return self.moment

    def monotonic(self) -> float:
        """Stands still."""
        return 0.0


def parse(text: str) -> Registry:
    return parse_registry(text, known_contracts=[PLANS], known_adapters={}, allow_plain_http=False)


def registry(address: str = "A") -> Registry:
    return parse(
        f'[[contract]]\nurn = "{PLANS}"\ntitle = "Planer"\n'
        '[[producer]]\nid = "p"\ntitle = "P"\nkind = "soap"\n'
        'address = "https://p.example/"\nowner = "SE1"\n'
        f'[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "{address}"\nproducer = "p"\n'
        '[[permission]]\nconsumer = "C"\ncontract = "GetCarePlans 2"\nlogical_address = "*"\n'
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a copy of version 7."""
    CatalogueSnapshot(tmp_path).keep(7, TEXT, NOW)
    return tmp_path


def refused(folder: Path, now: datetime = NOW) -> str:
    with pytest.raises(SnapshotRefused) as caught:
        CatalogueSnapshot(folder).read(now, DAY)
    return str(caught.value)


def test_what_was_kept_is_read_back_by_another_process(folder: Path) -> None:
    copy = CatalogueSnapshot(folder).read(NOW + timedelta(hours=23), DAY)

    assert (copy.version, copy.text, copy.seen) == (7, TEXT, NOW)


def test_its_files_are_for_the_owner_alone(folder: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}

    assert len(modes) == 3
    assert set(modes.values()) == {0o600}
    assert {KEY_FILE, SEAL_FILE} < set(modes)


def test_one_changed_byte_anywhere_is_refused(folder: Path) -> None:
    """Of the seal: each byte, each as three others. Of the text: each byte."""
    (text,) = folder.glob("catalogue-7-*.toml")
    for path, turns in ((folder / SEAL_FILE, (0x01, 0x20, 0x80)), (text, (0x01,))):
        whole = path.read_bytes()
        for place in range(len(whole)):
            for turn in turns:
                changed = bytearray(whole)
                changed[place] ^= turn
                path.write_bytes(changed)
                assert "changed" in refused(folder), (path.name, place, turn)
        for cut in (whole[:-1], whole[: len(whole) // 2], b"", whole + b" "):
            path.write_bytes(cut)
            assert "changed" in refused(folder)
        path.write_bytes(whole)
    assert CatalogueSnapshot(folder).read(NOW, DAY).version == 7


def test_a_copy_signed_with_another_key_is_refused(folder: Path) -> None:
    """Whoever can write the files but not read the key cannot make a catalogue."""
    seal = (folder / SEAL_FILE).read_bytes()
    (folder / KEY_FILE).unlink()
    CatalogueSnapshot(folder).keep(7, TEXT, NOW)
    (folder / SEAL_FILE).write_bytes(seal)

    assert "changed" in refused(folder)


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / KEY_FILE).chmod(0o640)

    assert "chmod 600" in refused(folder)
    with pytest.raises(ResourcesMissing, match="chmod 600"):
        CatalogueSnapshot(folder).keep(8, TEXT, NOW)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (NOW + DAY + timedelta(seconds=1), "older than 24 h"),
        (NOW - timedelta(minutes=6), "from the future"),
    ],
)
def test_a_copy_that_is_too_old_or_from_the_future_is_refused(
    folder: Path, now: datetime, said: str
) -> None:
    assert said in refused(folder, now)


def test_each_look_makes_it_younger_without_writing_the_registry_again(folder: Path) -> None:
    keeper = CatalogueSnapshot(folder)
    keeper.keep(7, TEXT, NOW)
    (text,) = folder.glob("catalogue-7-*.toml")
    written = text.stat().st_mtime_ns

    keeper.keep(7, None, NOW + 5 * DAY)

    assert text.stat().st_mtime_ns == written
    assert CatalogueSnapshot(folder).read(NOW + 5 * DAY, DAY).version == 7


def test_old_texts_are_cleared_away(folder: Path) -> None:
    keeper = CatalogueSnapshot(folder)
    for version in range(8, 20):
        keeper.keep(version, f"{TEXT}# {version}", NOW)

    assert sorted(path.name.split("-")[1] for path in folder.glob("catalogue-*")) == ["18", "19"]
    assert CatalogueSnapshot(folder).read(NOW, DAY).text.endswith("# 19")


def test_a_missing_text_or_copy_is_told_apart_from_none_at_all(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (text,) = folder.glob("catalogue-7-*.toml")
    text.unlink()

    assert "registry is missing" in refused(folder)
    with pytest.raises(SnapshotMissing):
        CatalogueSnapshot(tmp_path_factory.mktemp("empty")).read(NOW, DAY)


# A hub that starts


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A data folder in which one hub has run: version 1 published, seen and signed."""
    opened = open_database(tmp_path)
    running = keeper(opened)
    SqlCatalogue(opened, parse, TurnedClock()).publish(registry(), "operator", "first")
    assert running.refresh() is True
    assert running.notes() == []
    yield opened
    opened.close()


def keeper(database: Database, clock: TurnedClock | None = None) -> CatalogueKeeper:
    """As a hub makes it when it starts."""
    clock = clock or TurnedClock()
    return CatalogueKeeper(
        SqlCatalogue(database, parse, clock),
        CatalogueSnapshot(database.folder),
        parse,
        clock,
        DAY,
    )


def spoil(database: Database, *statements: str) -> None:
    databases.tamper(database.folder, *statements)


GARBAGE = "UPDATE catalogue_version SET registry = 'garbage'"


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE catalogue_version", GARBAGE, "DELETE FROM catalogue_version"],
    ids=["table gone", "row damaged", "rows gone"],
)
def test_a_hub_starts_with_the_copy_and_says_so(database: Database, statement: str) -> None:
    spoil(database, statement)
    starting = keeper(database)

    with pytest.raises((CatalogueUnavailable, RegistryInvalid)):
        starting.refresh()

    assert starting.current().version == 1
    assert starting.current().entries == registry().routes
    assert starting.serves_copy
    assert list(map(str, starting.notes())) == [
        "catalogue: version 1 from the signed copy of 2026-06-01T12:00:00+00:00:"
        " the database's cannot be read"
    ]


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_database_that_another_keeps_locked_is_no_hindrance(tmp_path: Path) -> None:
    """The look at it fails after the five seconds that SQLite waits; then the copy serves."""
    opened = open_database(tmp_path)
    SqlCatalogue(opened, parse, TurnedClock()).publish(registry(), "operator", "first")
    keeper(opened).refresh()
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    opened.engine.dispose()
    other.execute("BEGIN EXCLUSIVE")
    other.execute("CREATE TABLE held (x)")
    starting = keeper(opened)
    try:
        with pytest.raises(CatalogueUnavailable, match="OperationalError"):
            starting.refresh()
        assert starting.current().version == 1
    finally:
        other.close()
        opened.close()


def test_what_has_been_read_stays_in_force_and_the_copy_is_not_needed(database: Database) -> None:
    running = keeper(database)
    running.refresh()
    spoil(database, "DROP TABLE catalogue_version")

    with pytest.raises(CatalogueUnavailable):
        running.refresh()

    assert running.current().version == 1
    assert not running.serves_copy


def test_when_the_database_is_back_the_copy_is_dropped(database: Database) -> None:
    spoil(database, "CREATE TABLE aside AS SELECT * FROM catalogue_version", GARBAGE)
    starting = keeper(database)
    with pytest.raises(RegistryInvalid):
        starting.refresh()
    spoil(
        database,
        "DELETE FROM catalogue_version",
        "INSERT INTO catalogue_version SELECT * FROM aside",
    )

    assert starting.refresh() is True
    assert (starting.serves_copy, starting.notes()) == (False, [])
    assert starting.current().version == 1


def test_a_copy_grows_too_old_while_it_serves(database: Database) -> None:
    """Then nobody is answered, which is VP008."""
    spoil(database, GARBAGE)
    clock = TurnedClock()
    starting = keeper(database, clock)
    with pytest.raises(RegistryInvalid):
        starting.refresh()

    clock.moment = NOW + DAY + timedelta(minutes=1)
    with pytest.raises(RegistryInvalid):
        starting.refresh()

    with pytest.raises(CatalogueUnavailable):
        starting.current()
    assert list(map(str, starting.notes())) == [
        "catalogue: the signed copy of the catalogue is older than 24 h"
    ]


def test_a_changed_copy_does_not_serve(database: Database) -> None:
    spoil(database, GARBAGE)
    (text,) = database.folder.glob("catalogue-1-*.toml")
    text.write_bytes(text.read_bytes().replace(b'"C"', b'"X"'))
    starting = keeper(database)

    with pytest.raises(RegistryInvalid):
        starting.refresh()

    with pytest.raises(CatalogueUnavailable):
        starting.current()
    assert "has been changed" in starting.notes()[0].english


def test_a_new_hub_without_catalogue_and_copy_is_quiet(tmp_path: Path) -> None:
    opened = open_database(tmp_path)
    starting = keeper(opened)

    assert starting.refresh() is False
    assert list(map(str, starting.notes())) == []
    with pytest.raises(CatalogueUnavailable):
        starting.current()
    opened.close()


def test_a_copy_that_cannot_be_written_is_told_of_and_stops_nothing(database: Database) -> None:
    (database.folder / KEY_FILE).chmod(0o644)
    running = keeper(database)

    assert running.refresh() is True
    assert running.current().version == 1
    assert "chmod 600" in running.notes()[0].english
