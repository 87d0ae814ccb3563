"""What happens, and has happened, in the order of time.

Pure: plans and contacts that may be shown go in. Knows which of their parts have a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from samsvar.inbound.citizen import words
from samsvar.inbound.citizen.bodies import TimelineEntry, Words
from samsvar.inbound.citizen.plans import Names, moment, owner_of, unit_name
from samsvar.model.care import ActivityStatus, CareContact, CarePlan, ContactStatus
from samsvar.model.local_time import local_time
from samsvar.model.plan_text import title

_TO_COME = frozenset(
    {
        ContactStatus.BOOKED,
        ContactStatus.WAITING_LIST,
        ContactStatus.ONGOING,
        ContactStatus.ON_LEAVE,
    }
)


def timeline(
    plans: Iterable[CarePlan], contacts: Iterable[CareContact], names: Names
) -> list[TimelineEntry]:
    """Contacts that are not over, dated activities, follow-ups and meetings, by their start;
    what has no time comes last."""
    entries = [_contact(each, names) for each in contacts if each.status in _TO_COME]
    for plan in plans:
        entries += _of_plan(plan, names)
    return sorted(entries, key=lambda entry: (entry.start is None, entry.start or "", entry.text))


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
            unit=unit_name(each.responsible_unit),
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
        start=moment(contact.start),
        end=moment(contact.end),
        text=contact.reason or "Vårdkontakt",
        unit=unit_name(contact.unit) or unit_name(contact.accountable.unit),
        status=words.contact_status(contact),
        owner=names.care_giver(owner_of(contact)),
        source=names.source(contact.source_system),
    )


def _held(*, held: bool) -> Words:
    return Words(sv="genomfört", en="held") if held else Words(sv="planerat", en="planned")
