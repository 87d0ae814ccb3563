"""Consents and blocks judged: the cases one by one, and a second reading over random ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samsvar.access.standing import block_standing, consent_standing, giver_of
from samsvar.access.words import Block, Consent, Giver
from samsvar.model import blocks, consents
from samsvar.model.accessing import Accessing, BlockQuestion
from samsvar.model.blocks import BlockRecord, BlockType, is_blocked
from samsvar.model.consents import AssertionType
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.local_time import earliest, latest, wall_time
from samsvar.model.registration import Action, Employee, Refusal
from tests.security_records import (
    ACTION,
    AT_WARD,
    BOARD,
    CHILD,
    CLINIC,
    DAY,
    DOCTOR,
    NOW,
    NURSE,
    REGION,
    TOLVAN,
    WARD,
    block,
    consent,
    inner,
    kind_of,
    revoke,
)

SECOND = timedelta(seconds=1)
EMERGENCY = AssertionType.EMERGENCY


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, Consent.VALID),
        ({"start": NOW}, Consent.VALID),
        ({"start": NOW + SECOND}, Consent.NONE),
        ({"end": NOW}, Consent.VALID),
        ({"end": NOW - SECOND}, Consent.EXPIRED),
        ({"cancellation": ACTION}, Consent.REVOKED),
        ({"deletion": ACTION}, Consent.NONE),
        ({"cancellation": ACTION, "deletion": ACTION}, Consent.NONE),
        ({"employee": NURSE}, Consent.VALID),
        ({"employee": HsaId(NURSE.lower())}, Consent.VALID),
        ({"employee": DOCTOR}, Consent.NONE),
        ({"care_unit": CLINIC}, Consent.NONE),
        ({"care_giver": BOARD}, Consent.NONE),
        ({"kind": EMERGENCY}, Consent.CANNOT_BE_OBTAINED),
        ({"kind": EMERGENCY, "end": NOW - SECOND}, Consent.NONE),
    ],
)
def test_one_consent_stands_as_it_was_given(changed: dict[str, Any], stands: Consent) -> None:
    assert consent_standing([consent(**changed)], AT_WARD, NOW)[0] is stands


def test_a_consent_is_for_a_unit_or_an_employee_who_says_who_it_is() -> None:
    for accessing in (Accessing(REGION), Accessing(REGION, CLINIC, NURSE)):
        assert consent_standing([consent()], accessing, NOW)[0] is Consent.NONE
    nameless = Accessing(REGION, WARD)
    assert consent_standing([consent()], nameless, NOW)[0] is Consent.VALID
    assert consent_standing([consent(employee=NURSE)], nameless, NOW)[0] is Consent.NONE


def test_a_consent_goes_before_a_statement_of_emergency_and_one_in_force_before_history() -> None:
    records = [
        consent(assertion_id="old", end=NOW - DAY),
        consent(assertion_id="stated", kind=EMERGENCY),
        consent(assertion_id="given"),
    ]
    found, record = consent_standing(records, AT_WARD, NOW)
    assert (found, record and record.assertion_id) == (Consent.VALID, "given")


def test_who_gave_it_is_told_by_whether_it_was_represented_and_by_age() -> None:
    by = {"represented_by": TOLVAN}
    assert giver_of(consent(), NOW) is Giver.PERSON
    assert giver_of(consent(subject=CHILD, **by), NOW) is Giver.GUARDIAN
    assert giver_of(consent(**by), NOW) is Giver.UNKNOWN
    eighteen = datetime(2039, 1, 1, 12, tzinfo=UTC)
    assert giver_of(consent(subject=CHILD, **by), eighteen) is Giver.UNKNOWN
    assert giver_of(consent(subject=CHILD, **by), eighteen - DAY) is Giver.GUARDIAN


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"subject": PersonId(TOLVAN.root, "191212121213")}, Refusal.PERSON),
        ({"represented_by": PersonId("1.2.3", "1")}, Refusal.PERSON),
        ({"assertion_id": ""}, Refusal.BLANK),
        ({"assertion_id": "x" * 37}, Refusal.BLANK),
        ({"care_unit": " "}, Refusal.BLANK),
        ({"employee": HsaId("")}, Refusal.BLANK),
        ({"start": NOW + DAY, "end": NOW}, Refusal.PERIOD),
        ({"start": NOW - DAY, "end": NOW - SECOND}, Refusal.ENDED),
        ({"employee": DOCTOR}, Refusal.NOT_BY_EMPLOYEE),
        ({"kind": EMERGENCY, "care_giver": BOARD}, Refusal.NO_EMERGENCY),
        ({"kind": EMERGENCY, "care_giver": HsaId("SE-NOBODY")}, Refusal.NO_EMERGENCY),
        ({"kind": EMERGENCY}, None),
        ({"care_giver": BOARD}, None),
        ({"employee": NURSE}, None),
    ],
)
def test_a_consent_is_registered_or_refused(changed: dict[str, Any], why: Refusal | None) -> None:
    """An omsorgsgivare has consents, and no emergency."""
    assert consents.refusal_of(consent(**changed), kind_of, NOW) is why


@pytest.mark.parametrize(
    ("record", "accessing", "question", "stands"),
    [
        (block(), Accessing(BOARD), BlockQuestion(REGION), Block.OUTER),
        (block(), AT_WARD, BlockQuestion(REGION), Block.NONE),
        (block(), Accessing(BOARD), BlockQuestion(BOARD), Block.NONE),
        (inner(), Accessing(REGION, CLINIC), BlockQuestion(REGION, WARD), Block.INNER),
        (inner(), Accessing(REGION, WARD), BlockQuestion(REGION, WARD), Block.NONE),
        (inner(), Accessing(REGION, CLINIC), BlockQuestion(REGION, CLINIC), Block.NONE),
        (inner(), Accessing(BOARD, CLINIC), BlockQuestion(REGION, WARD), Block.NONE),
        (inner(), Accessing(REGION), BlockQuestion(REGION, WARD), Block.INNER),
        (inner(), Accessing(REGION, CLINIC), BlockQuestion(REGION), Block.INNER),
        (block(ending=ACTION), Accessing(BOARD), BlockQuestion(REGION), Block.NONE),
    ],
    ids=[
        *("others", "own giver", "own information", "other unit", "own unit", "not its unit"),
        *("inner and others", "who knows which unit", "of who knows which unit", "ended"),
    ],
)
def test_whom_a_block_is_against(
    record: BlockRecord, accessing: Accessing, question: BlockQuestion, stands: Block
) -> None:
    """Whatever is not known closes."""
    assert block_standing([record], accessing, question, NOW) is stands


@pytest.mark.parametrize(
    ("period", "asked", "closed"),
    [
        ((None, None), (None, None), True),
        ((None, None), (NOW, NOW), True),
        ((NOW, NOW + DAY), (None, None), True),
        ((NOW, NOW + DAY), (NOW - DAY, NOW), True),
        ((NOW, NOW + DAY), (NOW - DAY, NOW - SECOND), False),
        ((NOW, NOW + DAY), (NOW + DAY, NOW + 2 * DAY), True),
        ((NOW, NOW + DAY), (NOW + DAY + SECOND, NOW + 2 * DAY), False),
        ((NOW, None), (NOW + 99 * DAY, NOW + 100 * DAY), True),
        ((None, NOW), (NOW + SECOND, None), False),
        ((NOW, NOW + DAY), (None, NOW - SECOND), False),
    ],
)
def test_a_block_is_on_what_was_registered_partly_in_its_period(
    period: tuple[Any, Any], asked: tuple[Any, Any], closed: bool
) -> None:
    record = block(start=period[0], end=period[1])
    question = BlockQuestion(REGION, WARD, *asked)
    assert is_blocked([record], Accessing(BOARD, CLINIC), question, NOW) is closed


@pytest.mark.parametrize(
    ("told", "closed"), [(None, True), ("lak", False), ("LAK", False), ("upp", True), ("vko", True)]
)
def test_a_block_leaves_open_the_types_that_it_names(told: str | None, closed: bool) -> None:
    """A type that nobody knows is an unspecified one."""
    record = block(excluded=frozenset({"lak", "vko"}))
    question = BlockQuestion(REGION, WARD, information_type=told)
    assert is_blocked([record], Accessing(BOARD), question, NOW) is closed


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, Block.REVOKED_TEMPORARILY),
        ({"end": NOW}, Block.REVOKED_TEMPORARILY),
        ({"end": NOW - SECOND}, Block.INNER),
        ({"care_unit": WARD}, Block.INNER),
        ({"employee": NURSE}, Block.REVOKED_TEMPORARILY),
        ({"employee": DOCTOR}, Block.INNER),
        ({"cancellation": ACTION}, Block.INNER),
    ],
)
def test_a_temporary_revoke_opens_for_its_unit_or_employee(
    changed: dict[str, Any], stands: Block
) -> None:
    at_clinic = Accessing(REGION, CLINIC, NURSE)
    opened = inner(revokes=(revoke(**changed),))
    assert block_standing([opened], at_clinic, BlockQuestion(REGION, WARD), NOW) is stands
    both = [opened, inner(block_id="b-2")]
    assert block_standing(both, at_clinic, BlockQuestion(REGION, WARD), NOW) is Block.INNER


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (block(subject=PersonId("1.2.3", "1")), Refusal.PERSON),
        (block(block_id="two words"), Refusal.BLANK),
        (replace(inner(), care_unit=None), Refusal.UNIT_MISSING),
        (block(care_unit=WARD), Refusal.UNIT_GIVEN),
        (block(start=NOW, end=NOW - SECOND), Refusal.PERIOD),
        (block(excluded=frozenset({"vko"})), Refusal.INFORMATION_TYPE),
        (block(excluded=frozenset({"lak", "upp"}), start=NOW, end=NOW), None),
        (inner(), None),
    ],
)
def test_a_block_is_registered_or_refused(record: BlockRecord, why: Refusal | None) -> None:
    assert blocks.refusal_of(record) is why


def test_a_temporary_revoke_must_end_later() -> None:
    assert blocks.revoke_refusal_of(revoke(), NOW) is None
    assert blocks.revoke_refusal_of(revoke(end=NOW), NOW) is Refusal.ENDED
    assert blocks.revoke_refusal_of(revoke(employee=HsaId("")), NOW) is Refusal.BLANK


def test_the_hour_that_comes_twice_is_read_both_ways_and_the_one_that_never_comes_too() -> None:
    """25 October 2026 the clock goes from 03 back to 02, 29 March from 02 on to 03."""
    twice, never = map(datetime.fromisoformat, ("2026-10-25T02:30", "2026-03-29T02:30"))
    assert (earliest(twice).hour, latest(twice).hour) == (0, 1)
    assert (earliest(never).hour, latest(never).hour) == (0, 1)
    once = datetime.fromisoformat("2026-11-20T10:00")
    assert earliest(once) == latest(once) == NOW
    assert earliest(NOW) == latest(NOW) == NOW
    assert wall_time(earliest(twice)) == wall_time(latest(twice)) == twice
    for end in map(datetime.fromisoformat, ("0001-01-01", "9999-12-31T23:59:59")):
        assert earliest(end) <= latest(end)
        wall_time(latest(end))


def test_no_record_shows_its_person_or_reason() -> None:
    shown = repr([consent(represented_by=CHILD), block(), revoke(), ACTION])
    for secret in (TOLVAN.extension, CHILD.extension, str(ACTION.reason)):
        assert secret not in shown


# A second reading of the page, made apart from the first: sets of moments and of actors.

GIVERS, UNITS, STAFF = ("VG1", "VG2"), ("U1", "U2", None), ("E1", "E2", None)
HOURS = range(-3, 4)
hours = st.sampled_from(HOURS)
maybe_hours = st.none() | hours


def moment(hour: int | None) -> datetime | None:
    return None if hour is None else NOW + hour * timedelta(hours=1)


def closed_by_the_page(
    kind: BlockType,
    giver: str,
    unit: str | None,
    period: tuple[int | None, int | None],
    excluded: frozenset[str],
    revokes: list[tuple[int, str, str | None]],
    who: tuple[str, str | None, str | None],
    asked: tuple[Any, ...],
) -> tuple[bool, bool]:
    """Whether the block closes, and whether it is lifted, hour by hour."""
    owner, owner_unit, first, last, told = asked
    low = set(range(-9, 10))
    blocked = {h for h in low if (period[0] is None or h >= period[0])}
    blocked &= {h for h in low if (period[1] is None or h <= period[1])}
    of_it = {h for h in low if (first is None or h >= first) and (last is None or h <= last)}
    touches = bool(blocked & of_it)
    if kind is BlockType.OUTER:
        against = who[0] != giver
    else:
        elsewhere = who[1] is None or who[1] != unit
        its = owner_unit is None or owner_unit == unit
        against = who[0] == giver and elsewhere and its
    free = told in ("lak", "upp") and told in excluded
    closes = owner == giver and touches and against and not free
    lifted = any(
        end >= 0 and for_unit == who[1] and for_employee in (None, who[2])
        for end, for_unit, for_employee in revokes
    )
    return closes, lifted


one_block = st.tuples(
    st.sampled_from(BlockType),
    st.sampled_from(GIVERS),
    st.tuples(maybe_hours, maybe_hours).filter(
        lambda p: p[0] is None or p[1] is None or p[0] <= p[1]
    ),
    st.frozensets(st.sampled_from(["lak", "upp"])),
    st.lists(st.tuples(hours, st.sampled_from(UNITS[:2]), st.sampled_from(STAFF)), max_size=2),
)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(one_block, max_size=4),
    st.tuples(st.sampled_from(GIVERS), st.sampled_from(UNITS), st.sampled_from(STAFF)),
    st.tuples(
        st.sampled_from(GIVERS),
        st.sampled_from(UNITS),
        maybe_hours,
        maybe_hours,
        st.sampled_from([None, "lak", "upp", "vko"]),
    ).filter(lambda a: a[2] is None or a[3] is None or a[2] <= a[3]),
)
def test_blocks_stand_as_a_second_reading_says(
    made: list[Any], who: tuple[Any, ...], asked: tuple[Any, ...]
) -> None:
    records, told = [], []
    for number, (kind, giver, period, excluded, revokes) in enumerate(made):
        unit = "U1" if kind is BlockType.INNER else None
        records.append(
            block(
                block_id=f"b-{number}",
                kind=kind,
                care_giver=HsaId(giver),
                care_unit=unit,
                start=moment(period[0]),
                end=moment(period[1]),
                excluded=excluded,
                revokes=tuple(
                    revoke(revoke_id=f"r-{i}", end=moment(e), care_unit=u, employee=s)
                    for i, (e, u, s) in enumerate(revokes)
                ),
            )
        )
        told.append(
            (kind, closed_by_the_page(kind, giver, unit, period, excluded, revokes, who, asked))
        )
    open_kinds = {kind for kind, (closes, lifted) in told if closes and not lifted}
    if open_kinds:
        expected = Block.OUTER if BlockType.OUTER in open_kinds else Block.INNER
    elif any(closes for _, (closes, _) in told):
        expected = Block.REVOKED_TEMPORARILY
    else:
        expected = Block.NONE
    question = BlockQuestion(asked[0], asked[1], moment(asked[2]), moment(asked[3]), asked[4])

    assert block_standing(records, Accessing(*who), question, NOW) is expected
    assert is_blocked(records, Accessing(*who), question, NOW) is bool(open_kinds)


one_consent = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(AssertionType),
        "care_giver": st.sampled_from(GIVERS),
        "care_unit": st.sampled_from(UNITS[:2]),
        "employee": st.sampled_from(STAFF),
        "start": hours,
        "end": maybe_hours,
        "cancelled": st.booleans(),
        "deleted": st.booleans(),
    }
)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(one_consent, max_size=5),
    st.tuples(st.sampled_from(GIVERS), st.sampled_from(UNITS), st.sampled_from(STAFF)),
)
def test_consents_stand_as_a_second_reading_says(
    made: list[dict[str, Any]], who: tuple[Any, ...]
) -> None:
    """Taken away step by step: what was never given, is not theirs, has not begun or has ended."""
    records = [
        consent(
            assertion_id=f"c-{number}",
            **{name: one[name] for name in ("kind", "care_giver", "care_unit", "employee")},
            start=moment(one["start"]),
            end=moment(one["end"]),
            cancellation=ACTION if one["cancelled"] else None,
            deletion=ACTION if one["deleted"] else None,
        )
        for number, one in enumerate(made)
    ]
    left = [one for one in made if not one["deleted"]]
    left = [one for one in left if (one["care_giver"], one["care_unit"]) == who[:2]]
    left = [one for one in left if one["employee"] in (None, who[2])]
    live = [one for one in left if not one["cancelled"] and one["start"] <= 0]
    live = [one for one in live if one["end"] is None or one["end"] >= 0]
    kinds = {one["kind"] for one in live}
    given_ = [one for one in left if one["kind"] is AssertionType.CONSENT]
    if AssertionType.CONSENT in kinds:
        expected = Consent.VALID
    elif kinds:
        expected = Consent.CANNOT_BE_OBTAINED
    elif any(one["cancelled"] for one in given_):
        expected = Consent.REVOKED
    elif any(one["end"] is not None and one["end"] < 0 for one in given_):
        expected = Consent.EXPIRED
    else:
        expected = Consent.NONE

    assert consent_standing(records, Accessing(*who), NOW)[0] is expected


def test_an_action_is_compared_by_nobody() -> None:
    """Two registrations of one thing differ in their actions, and are the same all the same."""
    other = Action(NOW, Employee(DOCTOR), NOW, Employee(DOCTOR))
    assert consent().says_as(consent(registration=other))
    assert block().says_as(block(registration=other))
    assert not consent().says_as(consent(end=NOW))
    assert not block().says_as(block(end=NOW))
