"""Which parts of a plan may leave its owner at all.

Knows the marking that every element carries, and what a withheld element would betray through
others. Knows no question, no consumer and no XML: who may see a part that could leave is the
access decision's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from samsvar.model.care import (
    Activity,
    Attachment,
    CarePlan,
    Contact,
    DataQuality,
    Goal,
    Provenance,
    QualityCode,
    Unit,
)
from samsvar.model.identifiers import folded

LARGEST_ATTACHMENT = 102_400  # the contract's 100 KB for a file that is embedded
PDF = "application/pdf"
SENT_MEDIA_TYPES = frozenset(
    {"text/plain", "text/html", "image/png", "image/jpeg", "image/tiff", PDF}
)


def shareable_part(plan: CarePlan) -> CarePlan | None:
    """The plan without what may not leave its owner; None if the plan itself may not.

    ``partial`` is true when an element was left out. What points at such an element goes with
    it: references between goals and activities, units and signatures that stood for nothing
    else, and attachments and a text that show the whole plan.
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
        narrative=None if partial else plan.narrative,
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
