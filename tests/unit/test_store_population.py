"""The population register at rest: loaded whole or not at all, and too old to answer one day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.access.words import Truth
from samsvar.errors import FactsUnavailable, ResourcesMissing
from samsvar.fact_ports import PopulationAnswer
from samsvar.model.identifiers import PersonId
from samsvar.store import population
from samsvar.store.database import Database
from samsvar.store.population import (
    POPULATION_ROW,
    Edition,
    PopulationRow,
    PopulationShrinks,
    RowKind,
    StoredPopulation,
)
from tests.grounds import (
    CHILD,
    GUARDIAN,
    NOW,
    OTHER,
    TOLVAN,
    everything,
    gone,
    statements,
    stored,
)
from tests.privacy import found

pytestmark = pytest.mark.databases

LONGEST = timedelta(hours=36)
OF_CHILD = PopulationRow(RowKind.GUARDIAN, CHILD, GUARDIAN)
PROTECTED = PopulationRow(RowKind.PROTECTED, TOLVAN)
Made = tuple[Database, StoredPopulation]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    with stored(tmp_path) as (database, vault):
        yield database, StoredPopulation(database, vault, LONGEST)


@pytest.fixture
def store(made: Made) -> StoredPopulation:
    return made[1]


def load(
    store: StoredPopulation,
    *rows: PopulationRow,
    as_of: datetime = NOW,
    everybody: bool = False,
    force: bool = False,
) -> Edition:
    return store.load(rows, "ove", NOW, as_of=as_of, everybody=everybody, force=force)


def answer(
    store: StoredPopulation,
    person: PersonId,
    guardian: PersonId | None = None,
    at: datetime = NOW,
) -> tuple[Truth, Truth]:
    told = asyncio.run(store.check(person, guardian, at))
    return told.protected_identity, told.guardian


def kept(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(POPULATION_ROW)) or 0


def test_before_any_is_loaded_nothing_is_known(store: StoredPopulation) -> None:
    told = asyncio.run(store.check(CHILD, GUARDIAN, NOW))

    assert told == PopulationAnswer(Truth.UNKNOWN, Truth.UNKNOWN)
    assert store.edition() is None


def test_a_guardian_is_one_that_the_register_names_for_this_child(
    store: StoredPopulation,
) -> None:
    load(store, OF_CHILD)

    assert answer(store, CHILD, GUARDIAN)[1] is Truth.YES
    assert answer(store, CHILD, OTHER)[1] is Truth.NO
    assert answer(store, OTHER, GUARDIAN)[1] is Truth.NO
    assert answer(store, GUARDIAN, CHILD)[1] is Truth.NO
    assert answer(store, CHILD)[1] is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("person", "everybody", "protected"),
    [
        (TOLVAN, False, Truth.YES),
        (CHILD, False, Truth.NO),
        (GUARDIAN, False, Truth.NO),
        (OTHER, False, Truth.UNKNOWN),
        (OTHER, True, Truth.NO),
        (TOLVAN, True, Truth.YES),
    ],
)
def test_an_identity_is_known_not_to_be_protected_only_of_one_whom_the_register_knows(
    store: StoredPopulation, person: PersonId, everybody: bool, protected: Truth
) -> None:
    listed = PopulationRow(RowKind.LISTED, GUARDIAN)
    load(store, OF_CHILD, PROTECTED, listed, everybody=everybody)

    assert answer(store, person)[0] is protected


@pytest.mark.parametrize(
    ("last", "truth"),
    [(date(2026, 11, 26), Truth.NO), (date(2026, 11, 27), Truth.YES), (None, Truth.YES)],
)
def test_a_row_holds_to_the_end_of_its_last_day(
    store: StoredPopulation, last: date | None, truth: Truth
) -> None:
    load(
        store,
        PopulationRow(RowKind.GUARDIAN, CHILD, GUARDIAN, last),
        PopulationRow(RowKind.PROTECTED, CHILD, valid_to=last),
    )

    assert answer(store, CHILD, GUARDIAN) == (truth, truth)


def test_one_that_is_too_old_answers_nothing(store: StoredPopulation) -> None:
    edition = load(store, OF_CHILD, as_of=NOW - LONGEST)
    assert answer(store, CHILD, GUARDIAN)[1] is Truth.YES
    assert not store.too_old(edition, NOW)

    later = NOW + timedelta(seconds=1)
    with pytest.raises(FactsUnavailable, match="too old: load a newer one"):
        answer(store, CHILD, GUARDIAN, later)
    assert store.too_old(edition, later)


def test_a_new_edition_takes_the_place_of_the_old_one_whole(made: Made) -> None:
    database, store = made
    load(store, OF_CHILD, PROTECTED)
    edition = load(store, PopulationRow(RowKind.GUARDIAN, CHILD, OTHER), PROTECTED)

    assert answer(store, CHILD, GUARDIAN)[1] is Truth.NO
    assert answer(store, CHILD, OTHER)[1] is Truth.YES
    assert store.edition() == edition
    assert (edition.guardianships, edition.protected, edition.listed) == (1, 1, 0)
    assert kept(database) == 2


def test_one_that_breaks_off_changes_nothing_and_leaves_nothing(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when parts of it have been written already."""
    database, store = made
    monkeypatch.setattr(population, "_BATCH", 2)
    edition = load(store, OF_CHILD)
    seen: list[int] = []

    def broken() -> Iterable[PopulationRow]:
        yield from [PROTECTED] * 5
        seen.append(kept(database))
        raise LookupError

    with pytest.raises(LookupError):
        store.load(broken(), "ove", NOW, as_of=NOW, everybody=True)

    assert seen == [5]  # four of the new one beside the one in force
    assert store.edition() == edition
    assert answer(store, TOLVAN)[0] is Truth.UNKNOWN
    assert kept(database) == 1


def test_two_that_are_loaded_at_once_are_not_mixed(made: Made) -> None:
    """The first to be whole is in force; the other is told, and has changed nothing."""
    database, store = made

    def overtaken() -> Iterable[PopulationRow]:
        yield from [PROTECTED] * population._BATCH
        load(store, OF_CHILD)
        yield PROTECTED

    with pytest.raises(ResourcesMissing, match="another population register was loaded"):
        store.load(overtaken(), "ove", NOW, as_of=NOW, everybody=True, force=True)

    assert answer(store, CHILD, GUARDIAN)[1] is Truth.YES
    assert kept(database) == 1


@pytest.mark.parametrize("row", [PROTECTED, OF_CHILD])
def test_half_a_register_is_taken_for_a_mistake_until_said_otherwise(
    made: Made, row: PopulationRow
) -> None:
    database, store = made
    load(store, *[row] * 10)
    load(store, *[row] * 8)
    with pytest.raises(PopulationShrinks, match="where 8 are in force: more than 20 % would go"):
        load(store, *[row] * 6)
    assert kept(database) == 8

    load(store, *[row] * 6, force=True)
    assert kept(database) == 6


def test_the_database_holds_no_number_in_clear_nor_one_that_can_be_opened(made: Made) -> None:
    database, store = made
    load(store, OF_CHILD, PROTECTED)

    assert found(everything(database, [POPULATION_ROW]).encode()) == []
    assert not any("sealed" in column.name for column in POPULATION_ROW.c)


@pytest.mark.sqlite
def test_an_answer_is_one_look_by_an_index(made: Made) -> None:
    database, store = made
    load(store, OF_CHILD)
    seen = statements(database)

    answer(store, CHILD, GUARDIAN)

    ((_, plan),) = seen
    assert "population_row USING INDEX population_row_person (person=? AND edition=?)" in plan


def test_what_cannot_be_read_is_no_answer(made: Made) -> None:
    database, store = made
    gone(database, "population_row")

    with pytest.raises(FactsUnavailable, match="the population register cannot be read"):
        answer(store, CHILD)
    with pytest.raises(ResourcesMissing):
        load(store, OF_CHILD)
