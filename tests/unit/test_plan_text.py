"""A plan as Swedish plain text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samsvar.model.care import (
    Activity,
    ActivityStatus,
    Contact,
    Existence,
    FollowUp,
    PlanStatus,
    TreatmentLimitation,
)
from samsvar.model.plan_text import PLAN_STATUS, render
from tests.care_records import HEALTH, small_plan, whole_plan
from tests.conftest import Golden

DATA = Path(__file__).parent.parent / "data" / "codecs"


def test_a_whole_plan_reads_in_the_fixed_order(golden: Golden) -> None:
    """Every heading, in the order that the information model fixes."""
    golden(render(whole_plan()).encode(), DATA / "whole_plan.txt")


def test_a_plan_that_says_little_has_no_empty_headings() -> None:
    """The status stands alone."""
    assert render(small_plan()) == "Status: Upprättad\n"


@pytest.mark.parametrize("status", PlanStatus)
def test_the_first_line_is_the_status(status: PlanStatus) -> None:
    """In Swedish, for every status there is."""
    first = render(replace(whole_plan(), status=status)).splitlines()[0]

    assert first == f"Status: {PLAN_STATUS[status]}"


@pytest.mark.parametrize(
    ("exists", "lines"),
    [
        (Existence.YES, ["Beslut om vårdnivå", "Beslut om vårdnivå finns. Läs i NPÖ."]),
        (
            Existence.NO,
            ["Beslut om vårdnivå", "Källan uppger att inget beslut om vårdnivå finns."],
        ),
        (Existence.UNKNOWN, []),
    ],
)
def test_an_unknown_decision_on_care_level_is_never_a_no(
    exists: Existence, lines: list[str]
) -> None:
    """Unknown says nothing at all."""
    plan = small_plan(treatment_limitation=TreatmentLimitation(exists))

    assert render(plan).splitlines()[2:] == lines


@pytest.mark.parametrize(
    ("activity", "line"),
    [
        (Activity("a", "Inköp"), "- Inköp – status okänd"),
        (
            Activity("a", "Inköp", ActivityStatus.ONGOING, responsible_person="Bo"),
            "- Inköp – Bo – pågår",
        ),
        (Activity("a", ""), "- insats utan beskrivning – status okänd"),
    ],
)
def test_what_is_unknown_of_an_activity_is_left_out_or_called_unknown(
    activity: Activity, line: str
) -> None:
    """Insats – Vem – När – Status, as far as it goes."""
    plan = small_plan(activities=(replace(activity, provenance=HEALTH),))

    assert render(plan).splitlines()[2:] == ["Insatser", line]


def test_a_contact_and_a_follow_up_without_details_are_still_told() -> None:
    """That they exist is known."""
    plan = small_plan(contacts=(Contact(type_code="2"),), follow_ups=(FollowUp(),))

    assert render(plan).splitlines()[2:] == [
        "Kontaktpersoner",
        "- Fast läkarkontakt i primärvården: namn saknas",
        "",
        "Uppföljning",
        "- datum saknas",
    ]
