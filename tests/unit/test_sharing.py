"""Which parts of a plan may leave its owner."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.model.care import (
    Activity,
    ActivityStatus,
    Assessment,
    Attachment,
    CarePlan,
    Closing,
    Contact,
    DataQuality,
    FollowUp,
    Goal,
    GoalKind,
    LegalBasis,
    Need,
    Provenance,
    QualityCode,
    Signature,
    Unit,
)
from samsvar.model.sharing import LARGEST_ATTACHMENT
from tests.care_records import ELDERLY, FAMILY, HEALTH, UNMARKED, at, pdf, small_plan, whole_plan
from tests.shown import shareable_part

T = TypeVar("T")

PROVENANCES = st.builds(
    Provenance,
    st.sampled_from(LegalBasis),
    st.booleans(),
    owner_unit=st.sampled_from([None, "U1", "U2"]),
)
IDS = st.sampled_from(["1", "2", "3"])
UNITS = st.builds(Unit, st.sampled_from(["U1", "U2", "U3"]))


def few(element: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    """None to three."""
    return st.lists(element, max_size=3).map(tuple)


PLANS = st.builds(
    replace,
    st.just(small_plan()),
    provenance=PROVENANCES,
    partial=st.booleans(),
    needs=few(st.builds(Need, IDS, st.just("behov"), provenance=PROVENANCES)),
    goals=few(
        st.builds(
            Goal,
            IDS,
            st.sampled_from(GoalKind),
            st.just("mål"),
            parent_goal_id=st.none() | IDS,
            provenance=PROVENANCES,
        )
    ),
    activities=few(
        st.builds(
            Activity,
            IDS,
            st.just("insats"),
            goal_ids=few(IDS),
            responsible_unit=st.none() | UNITS,
            provenance=PROVENANCES,
        )
    ),
    contacts=few(st.builds(Contact, unit=st.none() | UNITS, provenance=PROVENANCES)),
    follow_ups=few(st.builds(FollowUp, provenance=PROVENANCES)),
    assessment=st.none() | st.builds(Assessment, provenance=PROVENANCES),
    closing=st.none() | st.builds(Closing, st.dates(), provenance=PROVENANCES),
    attachments=few(
        st.builds(
            Attachment,
            IDS,
            st.sampled_from(["application/pdf", "image/png", "application/msword"]),
            st.sampled_from([b"", b"x", b"x" * (LARGEST_ATTACHMENT + 1)]),
            whole_plan=st.booleans(),
            provenance=PROVENANCES,
        )
    ),
    participating_units=few(UNITS),
)


Part = Need | Goal | Activity | Contact | FollowUp | Assessment | Closing | Attachment


def parts(plan: CarePlan) -> list[Part]:
    """Everything that carries a marking of its own."""
    found: list[Part] = [part for part in (plan.assessment, plan.closing) if part is not None]
    found += [*plan.needs, *plan.goals, *plan.activities, *plan.contacts]
    found += [*plan.follow_ups, *plan.attachments]
    return found


@given(PLANS)
def test_nothing_unshareable_survives(plan: CarePlan) -> None:
    """A part that stays is shareable; a plan that is not shareable does not stay at all."""
    part = shareable_part(plan)

    if part is None:
        # or nothing in it may be known of: health care's that has been closed denies, not masks
        inside = [each.provenance.shareable for each in parts(plan)]
        assert not plan.provenance.shareable or (inside and not any(inside))
    else:
        assert [each for each in parts(part) if not each.provenance.shareable] == []


@given(PLANS)
def test_partial_is_true_exactly_when_something_is_withheld(plan: CarePlan) -> None:
    """By the mapping, or here. What is merely too big does not count."""
    part = shareable_part(plan)

    if part is not None:
        withheld = any(not each.provenance.shareable for each in parts(plan))
        assert part.partial is (plan.partial or withheld)


@given(PLANS)
def test_a_partial_plan_has_no_attachment_that_shows_it_whole(plan: CarePlan) -> None:
    """Nor does any plan have more than one PDF, an empty attachment or one that is too big."""
    part = shareable_part(plan)

    if part is not None:
        sent = part.attachments
        assert not (part.partial and any(each.whole_plan for each in sent))
        assert [each.media_type for each in sent].count("application/pdf") <= 1
        assert all(0 < len(each.content) <= LARGEST_ATTACHMENT for each in sent)


@given(PLANS)
def test_no_reference_points_at_a_goal_that_was_withheld(plan: CarePlan) -> None:
    """It would tell that there is one."""
    part = shareable_part(plan)

    if part is not None:
        known = {goal.goal_id for goal in part.goals}
        named = {goal for activity in part.activities for goal in activity.goal_ids}
        parents = {goal.parent_goal_id for goal in part.goals} - {None}
        assert named | parents <= known


@given(PLANS)
def test_what_has_been_cut_is_not_cut_again(plan: CarePlan) -> None:
    """The part of the part is the part."""
    part = shareable_part(plan)

    assert part is None or shareable_part(part) == part


def test_a_plan_that_may_leave_whole_is_left_as_it_is() -> None:
    """Not a field is touched."""
    assert shareable_part(whole_plan()) == whole_plan()


@pytest.mark.parametrize("provenance", [FAMILY, UNMARKED, Provenance()])
def test_an_activity_that_is_withheld_takes_its_traces_with_it(provenance: Provenance) -> None:
    """Its unit among the participants, that unit's signature, and the print of the plan."""
    family_unit = Unit("IFO Exempelkommun", hsa_id="SE2129999997-A009")
    shared_unit = Unit("Hemtjänst Norr")
    plan = small_plan(
        activities=(
            Activity("a1", "Inköp", responsible_unit=shared_unit, provenance=ELDERLY),
            Activity("a2", "Stödsamtal", responsible_unit=family_unit, provenance=provenance),
            Activity("a3", "Städning", responsible_unit=shared_unit, provenance=provenance),
        ),
        participating_units=(shared_unit, family_unit),
        signatures=(
            Signature(at(2024, 3, 12), "Bo Berg", unit="Hemtjänst Norr"),
            Signature(at(2024, 3, 13), "Eva Ek", unit="SE2129999997-A009"),
        ),
        attachments=(pdf(),),
    )

    part = shareable_part(plan)

    assert part == replace(
        plan,
        activities=plan.activities[:1],
        participating_units=(shared_unit,),
        signatures=plan.signatures[:1],
        attachments=(),
        partial=True,
    )


def test_what_the_contract_cannot_carry_is_left_out_and_said() -> None:
    """Too big by content, too big by the source's word, unfit type, no content, a second PDF."""
    picture = Attachment("b", "image/png", b"x", 1, False, HEALTH)
    plan = small_plan(
        attachments=(
            pdf(LARGEST_ATTACHMENT + 1),
            replace(picture, content=b"", size=LARGEST_ATTACHMENT + 1),
            replace(picture, media_type="application/msword"),
            replace(picture, content=b""),
            pdf(LARGEST_ATTACHMENT),
            pdf(),
            picture,
        )
    )

    part = shareable_part(plan)

    assert part is not None
    assert part.partial is False
    assert part.attachments == (plan.attachments[4], picture)
    assert part.quality == (
        DataQuality(QualityCode.ATTACHMENT_TOO_BIG, "attachments[0]", "left out: over 100 KB"),
        DataQuality(QualityCode.ATTACHMENT_TOO_BIG, "attachments[1]", "left out: over 100 KB"),
        DataQuality(
            QualityCode.ATTACHMENT_TOO_BIG,
            "attachments[2]",
            "left out: the contract does not carry its media type",
        ),
        DataQuality(
            QualityCode.ATTACHMENT_UNREADABLE, "attachments[3]", "left out: it has no content"
        ),
        DataQuality(
            QualityCode.ATTACHMENT_TOO_BIG, "attachments[5]", "left out: one PDF is sent already"
        ),
    )


def test_a_part_of_unknown_law_is_withheld_even_when_marked() -> None:
    """Fail closed: nobody can say which rules it falls under."""
    unknown = Provenance(LegalBasis.UNKNOWN, marked_for_sharing=True)
    activity = Activity("a1", "Okänt", ActivityStatus.ONGOING, provenance=unknown)

    part = shareable_part(small_plan(activities=(activity,)))

    assert part == small_plan(partial=True)
