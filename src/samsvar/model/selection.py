"""Which canonical records answer a question.

Knows statuses, periods and filters of GetCarePlans and GetCareContacts. Knows no XML, no
consumer and no clock. What of a plan may leave its owner is in ``model.sharing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar

from samsvar.model.care import (
    CareContact,
    CarePlan,
    CareQuery,
    ContactStatus,
    DataQuality,
    PlanStatus,
    Professional,
    QualityCode,
)
from samsvar.model.identifiers import folded
from samsvar.model.local_time import local_day

Record_co = TypeVar("Record_co", CarePlan, CareContact, covariant=True)


@dataclass(frozen=True, slots=True)
class Selection(Generic[Record_co]):
    """What is sent, and what technicians should hear about it and about what was left out."""

    records: tuple[Record_co, ...]
    quality: tuple[DataQuality, ...] = ()


def matching_plans(plans: Sequence[CarePlan], query: CareQuery) -> tuple[CarePlan, ...]:
    """The plans that answer the question, in their order; working material never does.

    A period is compared with the day when the plan was established. A plan that has no such
    day is outside every period: the contract does not say, and we do not guess.
    """
    return tuple(
        _with_status_remark(plan)
        for plan in plans
        if _is_shown(plan)
        and _is_within(plan, query)
        and _units_match(plan.accountable, query)
        and (not query.contact_ids or plan.care_contact_id in query.contact_ids)
    )


def matching_contacts(contacts: Sequence[CareContact], query: CareQuery) -> tuple[CareContact, ...]:
    """The care contacts that answer the question, in their order; nullified ones never do."""
    return tuple(
        contact
        for contact in contacts
        if contact.status is not ContactStatus.ENTERED_IN_ERROR
        and _overlaps(contact, query)
        and _units_match(contact.accountable, query)
        and (not query.contact_ids or contact.contact_id in query.contact_ids)
    )


def _is_shown(plan: CarePlan) -> bool:
    """Statuses that GetCarePlans shows: a plan that is or has been valid, or cannot be told."""
    match plan.status:
        case PlanStatus.ESTABLISHED | PlanStatus.FOLLOW_UP | PlanStatus.CLOSED | PlanStatus.UNKNOWN:
            return True
        case PlanStatus.INTERRUPTED:
            return plan.established is not None
        case (
            PlanStatus.INITIATED
            | PlanStatus.ASSESSING
            | PlanStatus.INVITED
            | PlanStatus.PLANNING
            | PlanStatus.ENTERED_IN_ERROR
        ):
            return False


def _with_status_remark(plan: CarePlan) -> CarePlan:
    if plan.status is not PlanStatus.UNKNOWN or any(
        remark.code is QualityCode.STATUS_UNMAPPED for remark in plan.quality
    ):
        return plan
    remark = DataQuality(QualityCode.STATUS_UNMAPPED, "status", "the source's status is not known")
    return replace(plan, quality=(*plan.quality, remark))


def _is_within(plan: CarePlan, query: CareQuery) -> bool:
    if query.period_start is None and query.period_end is None:
        return True
    if plan.established is None:
        return False
    day = local_day(plan.established)
    return _touches(day, day, query)


def _overlaps(contact: CareContact, query: CareQuery) -> bool:
    """The contract's rule: the days between registration, start and end meet the period.

    Without an end the contact goes on from its start; without a start it lasted until its
    end; without both, the day of registration is all there is.
    """
    start = local_day(contact.start) if contact.start else None
    end = local_day(contact.end) if contact.end else None
    registered = local_day(contact.last_changed)
    if start and end:
        return _touches(min(registered, start, end), max(registered, start, end), query)
    if start:
        return _touches(start, date.max, query)
    if end:
        return _touches(date.min, end, query)
    return _touches(registered, registered, query)


def _touches(first: date, last: date, query: CareQuery) -> bool:
    """Both ends of the period count as inside."""
    return (query.period_end is None or first <= query.period_end) and (
        query.period_start is None or last >= query.period_start
    )


def _units_match(accountable: Professional, query: CareQuery) -> bool:
    """An unknown unit matches no filter: the contract asks for those units and no others."""
    return _one_of(accountable.care_unit, query.care_units) and _one_of(
        accountable.care_giver, query.care_givers
    )


def _one_of(value: str | None, wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return True
    return value is not None and folded(value) in {folded(each) for each in wanted}
