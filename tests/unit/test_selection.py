"""Which canonical records answer a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from samsvar.model.care import (
    CareContact,
    CarePlan,
    ContactStatus,
    PlanStatus,
    Professional,
    Provenance,
    QualityCode,
)
from samsvar.model.selection import matching_contacts, matching_plans
from tests.care_records import FAMILY, UNMARKED, at, question, small_contact, small_plan
from tests.shown import to_a_system

MARCH = {"period_start": date(2024, 3, 1), "period_end": date(2024, 3, 31)}


def ids(records: Sequence[CarePlan | CareContact]) -> list[str]:
    """What was kept, in order."""
    return [
        record.plan_id if isinstance(record, CarePlan) else record.contact_id for record in records
    ]


def test_working_material_and_mistakes_never_answer() -> None:
    """Of all statuses only those of a plan that is or was valid, or cannot be told, are shown."""
    plans = [small_plan(plan_id=status, status=status) for status in PlanStatus]

    assert ids(matching_plans(plans, question())) == [
        "ESTABLISHED",
        "FOLLOW_UP",
        "CLOSED",
        "INTERRUPTED",
        "UNKNOWN",
    ]


def test_a_plan_that_was_interrupted_before_it_was_established_is_not_shown() -> None:
    """It never was more than working material."""
    plan = small_plan(status=PlanStatus.INTERRUPTED, established=None)

    assert matching_plans([plan], question()) == ()


def test_an_unknown_status_is_remarked_on_once() -> None:
    """Technicians hear of it, whether or not the adapter has said so already."""
    (once,) = matching_plans([small_plan(status=PlanStatus.UNKNOWN)], question())
    (again,) = matching_plans([once], question())

    assert [remark.code for remark in once.quality] == [QualityCode.STATUS_UNMAPPED]
    assert again == once


@pytest.mark.parametrize(
    ("established", "inside"),
    [
        (at(2024, 2, 29, 23, 59), False),
        (at(2024, 3, 1), True),
        (at(2024, 3, 31, 23, 59), True),
        (at(2024, 4, 1), False),
        # Half past eleven in the evening in London is the next day in Sweden.
        (datetime(2024, 2, 29, 23, 30, tzinfo=UTC), True),
        (None, False),
    ],
)
def test_a_period_is_compared_with_the_swedish_day_of_establishing(
    established: datetime | None, inside: bool
) -> None:
    """Both ends are inside; a plan without the day is outside every period."""
    plan = small_plan(established=established)

    assert bool(matching_plans([plan], question(**MARCH))) is inside
    assert ids(matching_plans([plan], question())) == ["SIP-1"]


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({"care_units": ("se-unit",)}, True),
        ({"care_units": ("SE-OTHER",)}, False),
        ({"care_givers": ("se-giver", "SE-OTHER")}, True),
        ({"care_givers": ("SE-UNIT",)}, False),
        ({"care_units": ("SE-UNIT",), "care_givers": ("SE-OTHER",)}, False),
        ({"contact_ids": ("VK-1",)}, True),
        ({"contact_ids": ("vk-1",)}, False),
    ],
)
def test_filters_compare_units_without_case_and_contact_ids_with_it(
    filters: dict[str, object], matches: bool
) -> None:
    """Every filter given must match, for plans and contacts alike."""
    accountable = Professional(care_unit="SE-UNIT", care_giver="SE-GIVER")
    plan = small_plan(accountable=accountable, care_contact_id="VK-1")
    contact = small_contact(accountable=accountable)

    assert bool(matching_plans([plan], question(**filters))) is matches
    assert bool(matching_contacts([contact], question(**filters))) is matches


def test_an_unknown_unit_matches_no_filter() -> None:
    """The contract asks for records of those units, not of nobody's."""
    asked = question(care_units=("SE-UNIT",))

    assert matching_plans([small_plan()], asked) == ()
    assert matching_contacts([small_contact()], asked) == ()


@pytest.mark.parametrize("provenance", [FAMILY, UNMARKED])
def test_a_record_that_may_not_be_shared_leaves_nothing(provenance: Provenance) -> None:
    """Neither unmarked, nor of a law that is never shared."""
    assert to_a_system(small_plan(provenance=provenance)) is None
    assert to_a_system(small_contact(provenance=provenance)) is None


def test_nullified_contacts_are_never_shown() -> None:
    """All other statuses are, and so is a contact without any."""
    contacts = [small_contact(contact_id=status, status=status) for status in ContactStatus]
    shown = matching_contacts([*contacts, small_contact(contact_id="none")], question())

    expected = [status for status in ContactStatus if status is not ContactStatus.ENTERED_IN_ERROR]
    assert ids(shown) == [*expected, "none"]


@pytest.mark.parametrize(
    ("registered", "start", "end", "inside"),
    [
        # both known: the days between registration, start and end meet the period
        (at(2024, 1, 5), at(2024, 1, 10), at(2024, 1, 20), False),
        (at(2024, 1, 5), at(2024, 2, 10), at(2024, 3, 1), True),
        (at(2024, 3, 10), at(2024, 6, 1), at(2024, 6, 1), True),
        (at(2024, 4, 2), at(2024, 2, 1), at(2024, 2, 2), True),
        (at(2024, 4, 1), at(2024, 4, 1), at(2024, 4, 2), False),
        # no end: it started before the period or in it
        (at(2024, 1, 1), at(2024, 1, 1), None, True),
        (at(2024, 1, 1), at(2024, 3, 31, 23), None, True),
        (at(2024, 1, 1), at(2024, 4, 1), None, False),
        # no start: it ended in the period or after it
        (at(2024, 1, 1), None, at(2024, 3, 1), True),
        (at(2024, 1, 1), None, at(2024, 5, 1), True),
        (at(2024, 1, 1), None, at(2024, 2, 29), False),
        # neither: the day of registration
        (at(2024, 3, 5), None, None, True),
        (at(2024, 2, 5), None, None, False),
    ],
)
def test_a_contact_answers_when_it_overlaps_the_period(
    registered: datetime, start: datetime | None, end: datetime | None, inside: bool
) -> None:
    """The contract's rule of overlap, case by case."""
    contact = small_contact(last_changed=registered, start=start, end=end)

    assert bool(matching_contacts([contact], question(**MARCH))) is inside
    assert ids(matching_contacts([contact], question())) == ["VK-1"]


def test_a_time_without_a_zone_is_refused() -> None:
    """To guess would move it by the zone of the machine."""
    naive = datetime(2024, 3, 12)  # noqa: DTZ001 - that is the fault

    with pytest.raises(ValueError, match="without a zone"):
        matching_plans([small_plan(established=naive)], question(**MARCH))
