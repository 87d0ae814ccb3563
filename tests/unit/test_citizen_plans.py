"""Plans as a person reads them: the timeline's order, the filters, and words for every code."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.inbound.citizen import plans, words
from samsvar.inbound.citizen.bodies import PlanQuestion
from samsvar.inbound.citizen.timeline import timeline
from samsvar.model.care import (
    Activity,
    ActivityStatus,
    ContactStatus,
    FollowUp,
    Goal,
    GoalKind,
    GoalStatus,
    Meeting,
    Need,
    PlanStatus,
    PlanType,
    Principal,
)
from tests.care_records import at, small_contact, small_plan, whole_plan

NAMES = plans.Names(lambda plan: f"h-{plan.plan_id}", lambda _owner: None, lambda source: source)
PLAN = small_plan(
    needs=(Need("n1", "Sover dåligt", "Hälsa"), Need("n2", "Ensam", "Relationer")),
    goals=(
        Goal("sip-191212121212", GoalKind.PATIENT_OWN, "Gå ut varje dag"),
        Goal("m2", GoalKind.SHARED, "Sova"),
    ),
    activities=(
        Activity(
            "a1",
            "Ledsagning",
            ActivityStatus.ONGOING,
            goal_ids=("sip-191212121212",),
            responsible_principal=Principal.MUNICIPALITY,
            start=date(2026, 2, 1),
        ),
        Activity(
            "a2",
            "Sömnskola",
            ActivityStatus.PLANNED,
            goal_ids=("m2",),
            responsible_principal=Principal.REGION,
            start=date(2026, 5, 1),
            end=date(2026, 5, 31),
        ),
        Activity("a3", "Samtal", ActivityStatus.CANCELLED, start=date(2026, 3, 1)),
        Activity("a4", "Telefonsamtal", ActivityStatus.PLANNED, timing_text="vid behov"),
    ),
    meetings=(Meeting(at(2026, 1, 15), held=True),),
    follow_ups=(FollowUp(planned=date(2026, 8, 1)), FollowUp(text="När vi hörs")),
)


def wanted(**told: Any) -> PlanQuestion:
    return PlanQuestion(plan="h", **told)


def test_the_timeline_is_by_start_with_the_undated_last() -> None:
    booked = small_contact(status=ContactStatus.BOOKED, start=at(2026, 4, 1), reason="Besök")
    waiting = small_contact(status=ContactStatus.WAITING_LIST, start=None, reason="I kö")
    over = small_contact(status=ContactStatus.FINISHED, start=at(2026, 1, 1), reason="Varit")

    told = timeline([PLAN], [booked, waiting, over], NAMES)

    assert [(each.kind, each.text) for each in told] == [
        ("meeting", "Möte"),
        ("activity", "Ledsagning"),
        ("contact", "Besök"),
        ("activity", "Sömnskola"),
        ("followUp", "Uppföljning"),
        ("contact", "I kö"),
        ("followUp", "När vi hörs"),
    ]
    assert told[0].plan == f"h-{PLAN.plan_id}"


@given(st.lists(st.dates(date(1990, 1, 1), date(2060, 1, 1)), max_size=8))
def test_any_activities_come_in_order(days: list[date]) -> None:
    made = tuple(Activity(f"a{n}", f"t{n}", start=day) for n, day in enumerate(days))
    told = timeline([small_plan(activities=made)], [], NAMES)
    assert [each.start for each in told] == sorted(day.isoformat() for day in days)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({}, ["Ledsagning", "Sömnskola", "Samtal", "Telefonsamtal"]),
        ({"responsible": "REGION"}, ["Sömnskola"]),
        ({"status": "PLANNED"}, ["Sömnskola", "Telefonsamtal"]),
        ({"goal": "g1"}, ["Ledsagning"]),
        ({"from": "2026-04-01"}, ["Ledsagning", "Sömnskola", "Samtal"]),
        ({"from": "2026-06-01"}, ["Ledsagning", "Samtal"]),
        ({"until": "2026-02-28"}, ["Ledsagning"]),
        ({"from": "2026-05-31", "until": "2026-05-31"}, ["Ledsagning", "Sömnskola", "Samtal"]),
        ({"status": "PLANNED", "goal": "g1"}, []),
    ],
)
def test_filters(told: dict[str, Any], left: list[str]) -> None:
    assert [each.text for each in plans.activities(PLAN, wanted(**told))] == left


def test_goals_have_names_of_their_own_and_needs_a_theme() -> None:
    told = plans.goals(PLAN, wanted())
    assert [each.id for each in told] == ["g1", "g2"]  # the source's own may hold a number
    assert "191212121212" not in str(told)
    assert [each.text for each in plans.goals(PLAN, wanted(goal="g2"))] == ["Sova"]
    assert [each.text for each in plans.needs(PLAN, wanted(theme="hälsa"))] == ["Sover dåligt"]
    assert len(plans.needs(PLAN, wanted())) == 2


def test_a_whole_plan_loses_nothing() -> None:
    plan = whole_plan()
    assert len(plans.goals(plan, wanted())) == len(plan.goals)
    assert len(plans.activities(plan, wanted())) == len(plan.activities)
    assert len(plans.contact_persons(plan)) == len(plan.contacts)
    assert len(plans.meetings(plan)) == len(plan.meetings)
    assert len(plans.follow_ups(plan)) == len(plan.follow_ups)
    assert plans.line(plan, NAMES).title


def test_every_code_has_words_in_both_languages() -> None:
    made = [
        *map(words.plan_status, PlanStatus),
        *map(words.plan_type, PlanType),
        *map(words.activity_status, ActivityStatus),
        *map(words.goal_status, GoalStatus),
        *map(words.goal_kind, GoalKind),
        *map(words.principal, Principal),
        *(words.contact_status(small_contact(status=status)) for status in ContactStatus),
    ]
    assert all(each is not None and each.sv and each.en for each in made)
    told = words.contact_status(small_contact(status=None, status_text="Utskriven"))
    assert told is not None
    assert told.sv == "Utskriven"
    assert words.contact_status(small_contact(status=None, status_text=None)) is None


def test_moments_are_in_swedens_time() -> None:
    summer = datetime.fromisoformat("2026-07-01T08:00:00+00:00")
    assert plans.moment(summer) == "2026-07-01T10:00:00+02:00"
