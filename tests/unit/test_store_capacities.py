"""Assessments at rest: which one holds, and what the age says where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from samsvar.access.words import Subject, Truth
from samsvar.errors import FactsUnavailable, ResourcesMissing
from samsvar.fact_ports import Accessing, CapacityAnswer
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.person_numbers import PERSONNUMMER, SAMORDNINGSNUMMER, age_at
from samsvar.store.capacities import CARE_CAPACITY, KINDS, NewAssessment, StoredCapacities, longest
from samsvar.store.database import Database
from samsvar.store.grounds import NotSound
from tests.grounds import (
    BY_BOARD,
    BY_CLINIC,
    CHILD,
    CLINIC,
    NOW,
    NURSE,
    TOLVAN,
    everything,
    gone,
    statements,
    stored,
)
from tests.privacy import found

pytestmark = pytest.mark.databases

DAY = timedelta(days=1)
LASTING = NewAssessment(
    *(CLINIC, Subject.ADULT_INCAPABLE_LASTING, NURSE, NOW - DAY, NOW + DAY, True),
    reason="Samtal med närstående och kontaktperson",
)
ABLE = NewAssessment(CLINIC, Subject.CHILD_CAN_CONSENT, NURSE, NOW - DAY, NOW + DAY)
NO_DAY = PersonId(SAMORDNINGSNUMMER, "191500722390")
TEENAGER = PersonId(PERSONNUMMER, "200901072389")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Database, StoredCapacities]]:
    with stored(tmp_path) as (made, vault):
        yield made, StoredCapacities(made, vault)


@pytest.fixture
def store(database: tuple[Database, StoredCapacities]) -> StoredCapacities:
    return database[1]


def answer(
    store: StoredCapacities,
    person: PersonId = TOLVAN,
    accessing: Accessing = BY_CLINIC,
    at: datetime = NOW,
) -> CapacityAnswer:
    return asyncio.run(store.check(person, accessing, at))


@pytest.mark.parametrize(
    ("person", "subject"),
    [
        (TOLVAN, Subject.ADULT),
        (PersonId(SAMORDNINGSNUMMER, "199008672397"), Subject.ADULT),
        (CHILD, Subject.UNKNOWN),
        (TEENAGER, Subject.UNKNOWN),
        (NO_DAY, Subject.UNKNOWN),
        (PersonId("1.2.752.97.3.1.3", "991981000010"), Subject.UNKNOWN),
    ],
)
def test_without_an_assessment_the_age_tells_of_adults_and_of_nobody_else(
    store: StoredCapacities, person: PersonId, subject: Subject
) -> None:
    assert answer(store, person) == CapacityAnswer(subject, Truth.UNKNOWN)


def test_an_assessment_is_its_care_givers_own(store: StoredCapacities) -> None:
    store.register(TOLVAN, LASTING, "ove", NOW)

    assert answer(store) == CapacityAnswer(Subject.ADULT_INCAPABLE_LASTING, Truth.YES)
    assert answer(store, accessing=BY_BOARD).subject is Subject.ADULT
    assert answer(store, CHILD).subject is Subject.UNKNOWN


def test_an_attitude_that_nobody_has_clarified_is_not(store: StoredCapacities) -> None:
    store.register(TOLVAN, replace(LASTING, attitude_clarified=False, reason=""), "ove", NOW)

    assert answer(store).attitude_clarified is Truth.NO


def test_an_assessment_holds_in_its_time(store: StoredCapacities) -> None:
    store.register(TOLVAN, LASTING, "ove", NOW)

    for at, subject in (
        (LASTING.starts - timedelta(seconds=1), Subject.ADULT),
        (LASTING.starts, Subject.ADULT_INCAPABLE_LASTING),
        (LASTING.ends, Subject.ADULT),
    ):
        assert answer(store, at=at).subject is subject


def test_the_newest_counts_and_what_it_replaced_does_not_come_back(
    store: StoredCapacities,
) -> None:
    store.register(TOLVAN, replace(LASTING, ends=NOW + 9 * DAY), "ove", NOW)
    again = replace(
        LASTING,
        subject=Subject.ADULT_INCAPABLE_TEMPORARY,
        starts=NOW - timedelta(hours=1),
        attitude_clarified=False,
    )
    store.register(TOLVAN, again, "ove", NOW)

    assert answer(store).subject is Subject.ADULT_INCAPABLE_TEMPORARY
    assert answer(store, at=again.ends).subject is Subject.ADULT


@pytest.mark.parametrize("subject", [Subject.CHILD_CAN_CONSENT, Subject.CHILD_CANNOT_CONSENT])
def test_an_assessment_as_a_child_ends_on_the_eighteenth_birthday(
    store: StoredCapacities, subject: Subject
) -> None:
    birthday = datetime(2027, 1, 7, tzinfo=STOCKHOLM)
    store.register(TEENAGER, replace(ABLE, subject=subject, ends=NOW + 300 * DAY), "ove", NOW)

    assert answer(store, TEENAGER, at=birthday - timedelta(seconds=1)).subject is subject
    assert answer(store, TEENAGER, at=birthday).subject is Subject.ADULT


def test_of_a_number_without_a_birthday_any_assessment_counts(store: StoredCapacities) -> None:
    store.register(
        NO_DAY, replace(LASTING, subject=Subject.ADULT, attitude_clarified=False), "ove", NOW
    )

    assert answer(store, NO_DAY).subject is Subject.ADULT


@pytest.mark.parametrize("subject", KINDS)
def test_each_kind_has_its_longest_time(store: StoredCapacities, subject: Subject) -> None:
    """A year, or a month of a state that passes."""
    person = CHILD if subject.name.startswith("CHILD") else TOLVAN
    days = 30 if subject is Subject.ADULT_INCAPABLE_TEMPORARY else 365
    new = replace(ABLE, subject=subject, starts=NOW, ends=NOW + days * DAY)

    assert longest(subject) == days * DAY
    store.register(person, new, "ove", NOW)
    with pytest.raises(NotSound, match=f"at most {days} days"):
        store.register(person, replace(new, ends=new.ends + DAY), "ove", NOW)


@pytest.mark.parametrize(
    ("person", "wrong", "told"),
    [
        (TOLVAN, replace(LASTING, care_giver=HsaId("")), "care giver: must be"),
        (TOLVAN, replace(LASTING, assessed_by=HsaId("19121212-1212")), "assessed by: could be"),
        (TOLVAN, replace(LASTING, subject=Subject.UNKNOWN), "subject: must be one of ADULT"),
        (TOLVAN, ABLE, "subject: the age"),
        (CHILD, LASTING, "subject: the age"),
        (TOLVAN, replace(LASTING, ends=LASTING.starts), "end: must be after"),
        (TOLVAN, replace(LASTING, reason=""), "reason: is missing"),
        (TOLVAN, replace(LASTING, reason="om 19121212-1212"), "could be a personal number"),
        (TOLVAN, replace(LASTING, reason="x" * 201), "reason: at most 200"),
        (TOLVAN, replace(LASTING, reason="a\nb"), "reason: one line"),
        (CHILD, replace(ABLE, attitude_clarified=True, reason="x"), "attitude: is asked for of"),
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(
    store: StoredCapacities, person: PersonId, wrong: NewAssessment, told: str
) -> None:
    with pytest.raises(NotSound, match=told) as caught:
        store.register(person, wrong, "ove", NOW)

    assert found(str(caught.value).encode()) == []
    assert store.all() == []


def test_lists_are_of_a_person_and_of_a_care_giver(store: StoredCapacities) -> None:
    lasting = store.register(TOLVAN, LASTING, "ove", NOW)
    able = store.register(CHILD, ABLE, "ove", NOW)

    assert [row.id for row in store.all(CHILD)] == [able]
    assert {row.id for row in store.all(care_giver=CLINIC.lower())} == {lasting, able}
    assert store.all(care_giver="SE2-X") == []
    assert store.all(TOLVAN)[0].assessment == LASTING


def test_the_database_holds_no_number_in_clear(
    database: tuple[Database, StoredCapacities],
) -> None:
    made, store = database
    store.register(TOLVAN, LASTING, "ove", NOW)

    assert found(everything(made, [CARE_CAPACITY]).encode()) == []


@pytest.mark.sqlite
def test_an_answer_is_one_look_by_an_index(database: tuple[Database, StoredCapacities]) -> None:
    made, store = database
    seen = statements(made)

    answer(store)

    ((_, plan),) = seen
    assert "USING INDEX care_capacity_person (person=?)" in plan


def test_what_cannot_be_read_is_no_answer(
    database: tuple[Database, StoredCapacities],
) -> None:
    made, store = database
    gone(made, "care_capacity")

    with pytest.raises(FactsUnavailable, match="assessments of capacity cannot be read"):
        answer(store)
    with pytest.raises(ResourcesMissing):
        store.all()
    with pytest.raises(ResourcesMissing):
        store.register(TOLVAN, LASTING, "ove", NOW)


@pytest.mark.parametrize(
    ("root", "number", "day", "age"),
    [
        (PERSONNUMMER, "200901072389", date(2027, 1, 6), 17),
        (PERSONNUMMER, "200901072389", date(2027, 1, 7), 18),
        (PERSONNUMMER, "189001019802", date(2026, 1, 1), 136),
        (SAMORDNINGSNUMMER, "199008672397", date(2026, 8, 6), 35),
        (SAMORDNINGSNUMMER, "199008672397", date(2026, 8, 7), 36),
        (SAMORDNINGSNUMMER, "194101602391", date(2026, 8, 7), None),
        (SAMORDNINGSNUMMER, "191500722390", date(2026, 8, 7), None),
        ("1.2.752.97.3.1.3", "991981000010", date(2026, 8, 7), None),
        (PERSONNUMMER, "20230231", date(2026, 8, 7), None),
    ],
)
def test_an_age_is_whole_years_and_only_of_a_known_birthday(
    root: str, number: str, day: date, age: int | None
) -> None:
    assert age_at(PersonId(root, number), day) == age
