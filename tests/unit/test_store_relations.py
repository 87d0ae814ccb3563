"""Relations at rest: which one is in force for whom, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from samsvar.access.words import Relation, Truth
from samsvar.errors import FactsUnavailable, ResourcesMissing
from samsvar.fact_ports import Accessing, RelationAnswer
from samsvar.model.identifiers import HsaId
from samsvar.store.database import Database
from samsvar.store.grounds import NotSound
from samsvar.store.relations import CARE_RELATION, NewRelation, StoredRelations
from tests.grounds import (
    BOARD,
    BY_BOARD,
    BY_CLINIC,
    CHILD,
    CLINIC,
    NOW,
    NURSE,
    TOLVAN,
    UNIT,
    everything,
    gone,
    statements,
    stored,
)
from tests.privacy import found

pytestmark = pytest.mark.databases

HOUR = timedelta(hours=1)
PATIENT = NewRelation(CLINIC, Relation.CURRENT_PATIENT, NOW - HOUR)
RECEIVER = NewRelation(BOARD, Relation.CARE_RECEIVER, NOW - HOUR)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Database, StoredRelations]]:
    with stored(tmp_path) as (made, vault):
        yield made, StoredRelations(made, vault)


@pytest.fixture
def store(database: tuple[Database, StoredRelations]) -> StoredRelations:
    return database[1]


def answer(store: StoredRelations, accessing: Accessing = BY_CLINIC) -> RelationAnswer:
    return asyncio.run(store.check(TOLVAN, accessing, NOW))


def put(store: StoredRelations, *relations: NewRelation) -> list[str]:
    return [store.register(TOLVAN, one, "ove", NOW) for one in relations]


def test_a_relation_is_its_care_givers_and_its_persons_only(store: StoredRelations) -> None:
    """Compared without regard to case."""
    put(store, replace(PATIENT, care_giver=HsaId(CLINIC.lower())))

    assert answer(store) == RelationAnswer(Relation.CURRENT_PATIENT, Truth.NO)
    assert answer(store, BY_BOARD) == RelationAnswer(Relation.NONE)
    assert asyncio.run(store.check(CHILD, BY_CLINIC, NOW)) == RelationAnswer(Relation.NONE)


@pytest.mark.parametrize(
    ("accessing", "relation"),
    [
        (BY_CLINIC, Relation.CURRENT_PATIENT),
        (Accessing(CLINIC, HsaId("SE2-U2"), NURSE), Relation.NONE),
        (Accessing(CLINIC, UNIT, HsaId("SE2-P2")), Relation.NONE),
        (Accessing(CLINIC), Relation.NONE),
    ],
)
def test_one_that_is_bound_to_a_unit_and_an_employee_is_theirs_only(
    store: StoredRelations, accessing: Accessing, relation: Relation
) -> None:
    put(store, replace(PATIENT, care_unit=UNIT, employee=NURSE))

    assert answer(store, accessing).relation is relation


@pytest.mark.parametrize(
    ("kind", "start", "end", "relation"),
    [
        (Relation.CURRENT_PATIENT, -HOUR, None, Relation.CURRENT_PATIENT),
        (Relation.CURRENT_PATIENT, timedelta(), HOUR, Relation.CURRENT_PATIENT),
        (Relation.CURRENT_PATIENT, HOUR, None, Relation.NONE),
        (Relation.CURRENT_PATIENT, -HOUR, timedelta(), Relation.FORMER_PATIENT),
        (Relation.FORMER_PATIENT, -HOUR, None, Relation.FORMER_PATIENT),
        (Relation.FORMER_PATIENT, -2 * HOUR, -HOUR, Relation.NONE),
        (Relation.CARE_RECEIVER, -HOUR, HOUR, Relation.CARE_RECEIVER),
        (Relation.CARE_RECEIVER, -2 * HOUR, -HOUR, Relation.NONE),
        (Relation.UNDER_INVESTIGATION, -2 * HOUR, -HOUR, Relation.NONE),
    ],
)
def test_a_relation_counts_in_its_time_and_one_as_a_patient_leaves_a_former_one(
    store: StoredRelations,
    kind: Relation,
    start: timedelta,
    end: timedelta | None,
    relation: Relation,
) -> None:
    ends = NOW + end if end is not None else None
    put(store, NewRelation(CLINIC, kind, NOW + start, ends))

    assert answer(store).relation is relation


def test_the_strongest_of_several_counts(store: StoredRelations) -> None:
    put(store, replace(PATIENT, kind=Relation.FORMER_PATIENT), PATIENT)
    assert answer(store).relation is Relation.CURRENT_PATIENT

    put(store, replace(RECEIVER, kind=Relation.UNDER_INVESTIGATION))
    assert answer(store, BY_BOARD).relation is Relation.UNDER_INVESTIGATION
    put(store, RECEIVER)
    assert answer(store, BY_BOARD).relation is Relation.CARE_RECEIVER


def test_services_outside_the_law_are_told_and_yield_to_any_within_it(
    store: StoredRelations,
) -> None:
    put(store, replace(RECEIVER, only_other_services=True))
    assert answer(store, BY_BOARD) == RelationAnswer(Relation.CARE_RECEIVER, Truth.YES)

    put(store, replace(RECEIVER, kind=Relation.UNDER_INVESTIGATION))
    assert answer(store, BY_BOARD) == RelationAnswer(Relation.UNDER_INVESTIGATION, Truth.NO)


def test_a_relation_is_ended_once_and_kept(store: StoredRelations) -> None:
    (name,) = put(store, PATIENT)

    assert not store.end("another", "rut", NOW)
    assert not store.end(name, "rut", PATIENT.starts - HOUR)
    assert store.end(name, "rut", NOW)
    assert not store.end(name, "rut", NOW)
    assert answer(store).relation is Relation.FORMER_PATIENT
    (kept,) = store.all()
    assert (kept.id, kept.relation.ends, kept.registered_by, kept.ended_by) == (
        *(name, NOW, "ove", "rut"),
    )


def test_a_mistake_counts_for_nothing_not_even_as_a_former_patient(
    store: StoredRelations,
) -> None:
    (name,) = put(store, PATIENT)

    assert store.end(name, "rut", NOW, mistaken=True)
    assert not store.end(name, "rut", NOW)
    assert answer(store).relation is Relation.NONE
    assert [row.mistaken for row in store.all()] == [True]


def test_lists_are_of_a_person_of_a_care_giver_and_no_longer_than_asked(
    store: StoredRelations,
) -> None:
    patient, receiver = put(store, PATIENT, RECEIVER)
    child = store.register(CHILD, PATIENT, "ove", NOW + HOUR)

    assert [row.id for row in store.all(CHILD)] == [child]
    assert {row.id for row in store.all(care_giver=CLINIC.lower())} == {patient, child}
    assert {row.id for row in store.all(TOLVAN)} == {patient, receiver}
    assert [row.id for row in store.all(most=1)] == [child]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(PATIENT, care_giver=HsaId("SE 1")), "care giver: must be 1 to 64"),
        (replace(PATIENT, employee=HsaId("191212121212")), "employee: could be a personal"),
        (replace(PATIENT, care_unit=HsaId("")), "unit: must be"),
        (replace(PATIENT, kind=Relation.NONE), "kind: must be one of CURRENT_PATIENT"),
        (replace(PATIENT, kind=Relation.UNKNOWN), "kind: must be one of"),
        (replace(PATIENT, only_other_services=True), "of social care only"),
        (replace(PATIENT, ends=PATIENT.starts), "must be after the start"),
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(
    store: StoredRelations, wrong: NewRelation, told: str
) -> None:
    with pytest.raises(NotSound, match=told) as caught:
        put(store, wrong)

    assert found(str(caught.value).encode()) == []
    assert store.all() == []


def test_the_database_holds_no_number_in_clear(
    database: tuple[Database, StoredRelations],
) -> None:
    made, store = database
    put(store, PATIENT)

    assert found(everything(made, [CARE_RELATION]).encode()) == []


@pytest.mark.sqlite
def test_an_answer_is_one_look_by_an_index(
    database: tuple[Database, StoredRelations],
) -> None:
    made, store = database
    put(store, PATIENT)
    seen = statements(made)

    answer(store)

    ((_, plan),) = seen
    assert "USING INDEX care_relation_person (person=?)" in plan


def test_what_cannot_be_read_is_no_answer(database: tuple[Database, StoredRelations]) -> None:
    made, store = database
    gone(made, "care_relation")

    with pytest.raises(FactsUnavailable, match="relations cannot be read"):
        answer(store)
    with pytest.raises(ResourcesMissing):
        store.all()
    with pytest.raises(ResourcesMissing):
        put(store, PATIENT)
