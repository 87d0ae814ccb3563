"""Which canonical records answer a question, and which parts of a plan may leave at all.

Knows statuses, periods and filters of GetCarePlans and GetCareContacts, and the marking that
every element carries. Knows no XML, no consumer and no clock: who may see a record that could
leave is the access decision's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, Protocol, TypeVar

from samsvar.model.care import (
    Activity,
    Attachment,
    CareContact,
    CarePlan,
    CareQuery,
    Contact,
    ContactStatus,
    DataQuality,
    Goal,
    PlanStatus,
    Professional,
    Provenance,
    QualityCode,
    Unit,
)
from samsvar.model.identifiers import folded
from samsvar.model.local_time import local_day

LARGEST_ATTACHMENT = 102_400  # the contract's 100 KB for a file that is embedded
PDF = "application/pdf"
SENT_MEDIA_TYPES = frozenset(
    {"text/plain", "text/html", "image/png", "image/jpeg", "image/tiff", PDF}
)

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
        if plan.provenance.shareable
        and _is_shown(plan)
        and _is_within(plan, query)
        and _units_match(plan.accountable, query)
        and (not query.contact_ids or plan.care_contact_id in query.contact_ids)
    )


def matching_contacts(contacts: Sequence[CareContact], query: CareQuery) -> tuple[CareContact, ...]:
    """The care contacts that answer the question, in their order; nullified ones never do."""
    return tuple(
        contact
        for contact in contacts
        if contact.provenance.shareable
        and contact.status is not ContactStatus.ENTERED_IN_ERROR
        and _overlaps(contact, query)
        and _units_match(contact.accountable, query)
        and (not query.contact_ids or contact.contact_id in query.contact_ids)
    )


def shareable_part(plan: CarePlan) -> CarePlan | None:
    """The plan without what may not leave its owner; None if the plan itself may not.

    ``partial`` is true when an element was left out. What points at such an element goes with
    it: references between goals and activities, units and signatures that stood for nothing
    else, and attachments that show the whole plan.
    """
    if not plan.provenance.shareable:
        return None
    withheld = [element for element in _elements(plan) if not element.provenance.shareable]
    partial = plan.partial or bool(withheld)
    attachments, remarks = _sendable_attachments(plan.attachments, partial)
    goals = _shareable(plan.goals)
    goal_ids = {goal.goal_id for goal in goals}
    hidden = _Hidden(plan, withheld)
    return replace(
        plan,
        assessment=plan.assessment
        if plan.assessment and plan.assessment.provenance.shareable
        else None,
        needs=_shareable(plan.needs),
        goals=tuple(_without_lost_parent(goal, goal_ids) for goal in goals),
        activities=tuple(
            replace(
                activity, goal_ids=tuple(goal for goal in activity.goal_ids if goal in goal_ids)
            )
            for activity in _shareable(plan.activities)
        ),
        contacts=_shareable(plan.contacts),
        follow_ups=_shareable(plan.follow_ups),
        closing=plan.closing if plan.closing and plan.closing.provenance.shareable else None,
        participating_units=tuple(
            unit for unit in plan.participating_units if not hidden.covers(_names(unit))
        ),
        signatures=tuple(
            signature
            for signature in plan.signatures
            if not hidden.covers(_folded_set((signature.unit,)))
        ),
        attachments=attachments,
        partial=partial,
        quality=(*plan.quality, *remarks),
    )


class _Element(Protocol):
    """A part of a plan that carries its own marking."""

    @property
    def provenance(self) -> Provenance: ...


Element = TypeVar("Element", bound=_Element)


def _shareable(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    return tuple(element for element in elements if element.provenance.shareable)


def _elements(plan: CarePlan) -> list[_Element]:
    """Everything in the plan that carries its own marking."""
    single = [element for element in (plan.assessment, plan.closing) if element is not None]
    return [
        *single,
        *plan.needs,
        *plan.goals,
        *plan.activities,
        *plan.contacts,
        *plan.follow_ups,
        *plan.attachments,
    ]


class _Hidden:
    """The units that only withheld elements speak of: their names tell what was withheld."""

    def __init__(self, plan: CarePlan, withheld: Sequence[_Element]) -> None:
        kept = [element for element in _elements(plan) if element.provenance.shareable]
        self._withheld = _names_in(withheld)
        self._kept = _names_in(kept) | _names(plan.accountable.unit)
        self._kept |= _folded_set((plan.accountable.care_unit, plan.provenance.owner_unit))

    def covers(self, names: set[str]) -> bool:
        return bool(names & self._withheld) and not names & self._kept


def _names_in(elements: Iterable[_Element]) -> set[str]:
    names: set[str] = set()
    for element in elements:
        names |= _folded_set((element.provenance.owner_unit,))
        if isinstance(element, Activity):
            names |= _names(element.responsible_unit)
        elif isinstance(element, Contact):
            names |= _names(element.unit)
    return names


def _names(unit: Unit | None) -> set[str]:
    return _folded_set((unit.hsa_id, unit.local_id, unit.name)) if unit else set()


def _folded_set(names: Iterable[str | None]) -> set[str]:
    return {folded(name) for name in names if name}


def _without_lost_parent(goal: Goal, known: set[str]) -> Goal:
    return goal if goal.parent_goal_id in known else replace(goal, parent_goal_id=None)


def _sendable_attachments(
    attachments: tuple[Attachment, ...], partial: bool
) -> tuple[tuple[Attachment, ...], list[DataQuality]]:
    """What may be embedded, with a remark for each that the contract has no room for."""
    sent: list[Attachment] = []
    remarks: list[DataQuality] = []
    for index, attachment in enumerate(attachments):
        if not attachment.provenance.shareable or (partial and attachment.whole_plan):
            continue
        remark = _unfit(attachment, f"attachments[{index}]", sent)
        if remark is None:
            sent.append(attachment)
        else:
            remarks.append(remark)
    return tuple(sent), remarks


def _unfit(attachment: Attachment, path: str, sent: Sequence[Attachment]) -> DataQuality | None:
    """Why the contract cannot carry it, or None."""
    too_big = QualityCode.ATTACHMENT_TOO_BIG
    if attachment.media_type not in SENT_MEDIA_TYPES:
        return DataQuality(too_big, path, "left out: the contract does not carry its media type")
    if max(attachment.size, len(attachment.content)) > LARGEST_ATTACHMENT:
        return DataQuality(too_big, path, "left out: over 100 KB")
    if not attachment.content:
        return DataQuality(QualityCode.ATTACHMENT_UNREADABLE, path, "left out: it has no content")
    if attachment.media_type == PDF and any(each.media_type == PDF for each in sent):
        return DataQuality(too_big, path, "left out: one PDF is sent already")
    return None


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
