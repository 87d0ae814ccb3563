"""Plans and contacts as a person reads them: a timeline, a list, and a whole plan with filters.

Pure: what may be shown goes in, bodies come out. Knows the model and its words; no HTTP, no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    TimelineEntry,
    Words,
)
from samsvar.model.care import (
    Activity,
    ActivityStatus,
    CareContact,
    CarePlan,
    ContactStatus,
    Unit,
)
from samsvar.model.identifiers import folded
from samsvar.model.local_time import local_time
from samsvar.model.plan_text import CONTACT_TYPE, title

_TO_COME = frozenset(
    {
        ContactStatus.BOOKED,
        ContactStatus.WAITING_LIST,
        ContactStatus.ONGOING,
        ContactStatus.ON_LEAVE,
    }
)


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called for this user."""

    handle: Callable[[CarePlan], str]
    care_giver: Callable[[str | None], str | None] = field(repr=False)
    source: Callable[[str], str]


def timeline(
    plans: Iterable[CarePlan], contacts: Iterable[CareContact], names: Names
) -> list[TimelineEntry]:
    """Contacts that are not over, dated activities, follow-ups and meetings, by their start;
    what has no time comes last."""
    entries = [_contact(each, names) for each in contacts if each.status in _TO_COME]
    for plan in plans:
        entries += _of_plan(plan, names)
    return sorted(entries, key=lambda entry: (entry.start is None, entry.start or "", entry.text))


def line(plan: CarePlan, names: Names) -> PlanLine:
    """One line of the list."""
    return PlanLine(
        plan=names.handle(plan),
        type=words.plan_type(plan.type),
        title=title(plan),
        status=words.plan_status(plan.status),
        owner=names.care_giver(owner_of(plan)),
        source=names.source(plan.source_system),
        established=_moment(plan.established),
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        last_changed=_moment(plan.last_changed) or "",
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
                unit=_unit(activity.responsible_unit),
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
            unit=_unit(each.unit),
            phone=each.phone,
            email=each.email,
        )
        for each in plan.contacts
    ]


def meetings(plan: CarePlan) -> list[MeetingBody]:
    """Held and planned."""
    return [
        MeetingBody(at=_moment(each.at) or "", held=each.held, mode=each.mode, place=each.place)
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


def _of_plan(plan: CarePlan, names: Names) -> list[TimelineEntry]:
    handle, source = names.handle(plan), names.source(plan.source_system)
    whole = names.care_giver(owner_of(plan))

    def entry(
        kind: str, text: str, start: datetime | date | None, owner: str | None, **more: object
    ) -> TimelineEntry:
        shown = start if not isinstance(start, datetime) else local_time(start)
        return TimelineEntry.model_validate(
            {
                "kind": kind,
                "start": shown.isoformat() if shown else None,
                "text": text,
                "plan": handle,
                "plan_title": title(plan),
                "owner": names.care_giver(owner) or whole,
                "source": source,
                **more,
            }
        )

    found = [
        entry(
            "activity",
            each.text,
            each.start or each.end,
            each.provenance.owner,
            end=each.end.isoformat() if each.end else None,
            unit=_unit(each.responsible_unit),
            status=words.activity_status(each.status),
        )
        for each in plan.activities
        if (each.start or each.end) and each.status is not ActivityStatus.CANCELLED
    ]
    found += [
        entry(
            "followUp",
            each.text or "Uppföljning",
            each.held or each.planned,
            each.provenance.owner,
            status=_held(held=each.held is not None),
        )
        for each in plan.follow_ups
    ]
    found += [
        entry("meeting", "Möte", each.at, None, unit=each.place, status=_held(held=each.held))
        for each in plan.meetings
    ]
    return found


def _contact(contact: CareContact, names: Names) -> TimelineEntry:
    return TimelineEntry(
        kind="contact",
        start=_moment(contact.start),
        end=_moment(contact.end),
        text=contact.reason or "Vårdkontakt",
        unit=_unit(contact.unit) or _unit(contact.accountable.unit),
        status=words.contact_status(contact),
        owner=names.care_giver(owner_of(contact)),
        source=names.source(contact.source_system),
    )


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


def _held(*, held: bool) -> Words:
    return Words(sv="genomfört", en="held") if held else Words(sv="planerat", en="planned")


def _moment(value: datetime | None) -> str | None:
    return local_time(value).isoformat(timespec="seconds") if value else None


def _unit(unit: Unit | None) -> str | None:
    return unit.name if unit else None
