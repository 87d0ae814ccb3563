"""Plans as a person reads them: a list, and a whole plan with filters.

Pure: what may be shown goes in, bodies come out. Knows the model and its words; no HTTP, no rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from samsvar.inbound.citizen import words
from samsvar.inbound.citizen.bodies import (
    ActivityBody,
    ContactPersonBody,
    FollowUpBody,
    GoalBody,
    MeetingBody,
    NeedBody,
    PlanLine,
    PlanQuestion,
)
from samsvar.model.care import (
    Activity,
    CareContact,
    CarePlan,
    Unit,
)
from samsvar.model.identifiers import folded
from samsvar.model.local_time import local_time
from samsvar.model.plan_text import CONTACT_TYPE, title


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called for this user."""

    handle: Callable[[CarePlan], str]
    care_giver: Callable[[str | None], str | None] = field(repr=False)
    source: Callable[[str], str]


def line(plan: CarePlan, names: Names) -> PlanLine:
    """One line of the list."""
    return PlanLine(
        plan=names.handle(plan),
        type=words.plan_type(plan.type),
        title=title(plan),
        status=words.plan_status(plan.status),
        owner=names.care_giver(owner_of(plan)),
        source=names.source(plan.source_system),
        established=moment(plan.established),
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        last_changed=moment(plan.last_changed) or "",
        partial=plan.partial,
    )


def needs(plan: CarePlan, wanted: PlanQuestion) -> list[NeedBody]:
    """The needs of a theme, or all."""
    return [
        NeedBody(text=need.text, theme=need.life_area)
        for need in plan.needs
        if wanted.theme is None or folded(need.life_area or "") == folded(wanted.theme)
    ]


def goals(plan: CarePlan, wanted: PlanQuestion) -> list[GoalBody]:
    """The goal asked for, or all."""
    return [
        GoalBody(
            id=f"g{number}",
            kind=words.goal_kind(goal.kind),
            text=goal.text,
            status=words.goal_status(goal.status),
            target_date=goal.target_date,
            evaluation=goal.evaluation,
        )
        for number, goal in enumerate(plan.goals, start=1)
        if wanted.goal in (None, f"g{number}")
    ]


def activities(plan: CarePlan, wanted: PlanQuestion) -> list[ActivityBody]:
    """The activities that the filters leave."""
    places = {goal.goal_id: f"g{number}" for number, goal in enumerate(plan.goals, start=1)}
    made = []
    for activity in plan.activities:
        serves = [places[each] for each in activity.goal_ids if each in places]
        if not _wanted(activity, serves, wanted):
            continue
        made.append(
            ActivityBody(
                text=activity.text,
                status=words.activity_status(activity.status),
                goals=serves,
                responsible=words.principal(activity.responsible_principal),
                unit=unit_name(activity.responsible_unit),
                person=activity.responsible_person,
                start=activity.start,
                end=activity.end,
                when=activity.timing_text,
            )
        )
    return made


def contact_persons(plan: CarePlan) -> list[ContactPersonBody]:
    """Whom to turn to."""
    return [
        ContactPersonBody(
            name=each.name,
            role=each.type_text or CONTACT_TYPE.get(each.type_code or "") or each.profession,
            unit=unit_name(each.unit),
            phone=each.phone,
            email=each.email,
        )
        for each in plan.contacts
    ]


def meetings(plan: CarePlan) -> list[MeetingBody]:
    """Held and planned."""
    return [
        MeetingBody(at=moment(each.at) or "", held=each.held, mode=each.mode, place=each.place)
        for each in plan.meetings
    ]


def follow_ups(plan: CarePlan) -> list[FollowUpBody]:
    """Held and planned."""
    return [
        FollowUpBody(planned=each.planned, held=each.held, text=each.text)
        for each in plan.follow_ups
    ]


def owner_of(record: CarePlan | CareContact) -> str | None:
    """The care giver that answers for it."""
    return record.accountable.care_giver or record.provenance.owner


def _wanted(activity: Activity, serves: list[str], wanted: PlanQuestion) -> bool:
    first = activity.start or activity.end
    last = activity.end
    return (
        (wanted.responsible is None or activity.responsible_principal is wanted.responsible)
        and (wanted.status is None or activity.status is wanted.status)
        and (wanted.goal is None or wanted.goal in serves)
        and (wanted.since is None or (first is not None and (last or date.max) >= wanted.since))
        and (wanted.until is None or (first is not None and first <= wanted.until))
    )


def moment(value: datetime | None) -> str | None:
    """In Sweden's time."""
    return local_time(value).isoformat(timespec="seconds") if value else None


def unit_name(unit: Unit | None) -> str | None:
    """What it is called."""
    return unit.name if unit else None
