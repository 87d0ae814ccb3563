"""Who has read, as AuditEvents; and which time is asked for.

Knows one access as the log tells it, and the resource that it becomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from samsvar.fhir.audit_event import AccessEvent, audit_event
from samsvar.fhir.datatypes import Json, ResourceIds
from samsvar.inbound.fhir.dates import Asked
from samsvar.model.identifiers import PersonId
from samsvar.pipeline.access_report import Access, Period

#: how far back accesses are told of where no date is asked for
_DAYS_BACK = 5 * 365


def events(
    accesses: Sequence[Access], asked: Sequence[Asked], subject: PersonId, ids: ResourceIds
) -> list[Json]:
    """Those that fit every condition."""
    return [
        audit_event(_event(each, ids("AuditEvent", "", str(each.sequence)), subject))
        for each in accesses
        if all(one.fits((each.at, each.at + timedelta(seconds=1))) for one in asked)
    ]


def period_of(asked: Sequence[Asked], now: datetime) -> Period:
    """The widest that the conditions leave: each access is held to them afterwards."""
    since, until = now - timedelta(days=_DAYS_BACK), now + timedelta(seconds=1)
    for each in asked:
        if each.prefix in ("eq", "ge", "gt", "sa"):
            since = max(since, each.span[0])
        if each.prefix in ("eq", "le", "lt", "eb"):
            until = min(until, each.span[1])
    return Period(since, max(since, until))


def _event(access: Access, event_id: str, subject: PersonId) -> AccessEvent:
    return AccessEvent(
        event_id=event_id,
        at=access.at,
        granted=True,
        observer="Samsvar",
        resource_type="Encounter" if access.resource == "Vårdkontakter" else "CarePlan",
        subject=subject,
        care_giver=access.care_giver,
        care_giver_name=access.care_giver_name or (None if access.care_giver else access.reader),
        unit=access.care_unit,
        unit_name=access.care_unit_name,
        purpose=access.purpose,
    )
