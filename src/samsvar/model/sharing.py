"""The parts of a plan, and the plan without some of them.

Knows which parts carry a marking of their own, and what a withheld part would betray through
others. Knows no rule and no consumer: who may see which part is the access decision's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from samsvar.model.care import (
    Activity,
    Attachment,
    CareContact,
    CarePlan,
    Contact,
    DataQuality,
    Goal,
    Meeting,
    Professional,
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


class _Element(Protocol):
    """A part of a plan that carries its own marking."""

    @property
    def provenance(self) -> Provenance: ...


Element = TypeVar("Element", bound=_Element)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a plan, by its place in it: ``activities[2]``."""

    key: str
    provenance: Provenance
    shows_whole_plan: bool = False
    """A document of the whole plan: it may leave only if nothing else is withheld."""


def parts_of(plan: CarePlan) -> tuple[Part, ...]:
    """Everything in the plan that carries its own marking. The rest is the plan's header."""
    return tuple(
        Part(key, element.provenance, isinstance(element, Attachment) and element.whole_plan)
        for key, element in _keyed(plan)
    )


def part_of(
    plan: CarePlan,
    kept: Collection[str],
    takes_part: Callable[[Unit], bool] = lambda _unit: True,
) -> CarePlan:
    """The plan with the parts of these keys, and without what points at the others.

    ``partial`` is true when a part was left out. References between goals and activities go,
    and units and signatures that stood for nothing else, and a text that shows the whole plan;
    so does a unit that ``takes_part`` says no to, unless a kept part names it anyway.
    """
    elements = dict(_keyed(plan))
    withheld = [element for key, element in elements.items() if key not in kept]
    hidden = _Hidden(plan, withheld, [elements[key] for key in elements if key in kept])

    def those(name: str, among: tuple[Element, ...]) -> tuple[Element, ...]:
        return tuple(one for n, one in enumerate(among) if f"{name}[{n}]" in kept)

    partial = plan.partial or bool(withheld)
    goals = those("goals", plan.goals)
    goal_ids = {goal.goal_id for goal in goals}
    return replace(
        plan,
        assessment=plan.assessment if "assessment" in kept else None,
        needs=those("needs", plan.needs),
        goals=tuple(_without_lost_parent(goal, goal_ids) for goal in goals),
        activities=tuple(
            replace(
                activity, goal_ids=tuple(goal for goal in activity.goal_ids if goal in goal_ids)
            )
            for activity in those("activities", plan.activities)
        ),
        contacts=those("contacts", plan.contacts),
        follow_ups=those("follow_ups", plan.follow_ups),
        closing=plan.closing if "closing" in kept else None,
        participating_units=tuple(
            unit
            for unit in plan.participating_units
            if hidden.shows(_names(unit)) or (takes_part(unit) and not hidden.covers(_names(unit)))
        ),
        signatures=tuple(
            signature
            for signature in plan.signatures
            if not hidden.covers(_folded_set((signature.unit,)))
        ),
        narrative=None if partial else plan.narrative,
        attachments=those("attachments", plan.attachments),
        partial=partial,
    )


def without_address(plan: CarePlan, *, free_text: bool) -> CarePlan:
    """The plan of somebody who may have a protected identity: no address, no contact details, no
    place. ``free_text``: keep the source's own text of the whole plan, which may hold any."""
    return replace(
        plan,
        narrative=plan.narrative if free_text else None,
        accountable=_placeless_professional(plan.accountable),
        participating_units=tuple(_placeless(unit) for unit in plan.participating_units),
        activities=tuple(
            replace(each, responsible_unit=_placeless(each.responsible_unit))
            if each.responsible_unit
            else each
            for each in plan.activities
        ),
        contacts=tuple(
            replace(
                each,
                phone=None,
                email=None,
                unit=_placeless(each.unit) if each.unit else None,
            )
            for each in plan.contacts
        ),
        meetings=tuple(_placeless_meeting(each) for each in plan.meetings),
    )


def contact_without_address(contact: CareContact) -> CareContact:
    """The same for a care contact: where it takes place is left out."""
    return replace(
        contact,
        accountable=_placeless_professional(contact.accountable),
        unit=_placeless(contact.unit) if contact.unit else None,
    )


def sendable(plan: CarePlan) -> CarePlan:
    """The plan with the attachments that the contract has room for, and a remark for each other."""
    sent: list[Attachment] = []
    remarks: list[DataQuality] = []
    for index, attachment in enumerate(plan.attachments):
        remark = _unfit(attachment, f"attachments[{index}]", sent)
        if remark is None:
            sent.append(attachment)
        else:
            remarks.append(remark)
    if not remarks:
        return plan
    return replace(plan, attachments=tuple(sent), quality=(*plan.quality, *remarks))


def _keyed(plan: CarePlan) -> Iterator[tuple[str, _Element]]:
    if plan.assessment is not None:
        yield "assessment", plan.assessment
    lists: tuple[tuple[str, tuple[_Element, ...]], ...] = (
        ("needs", plan.needs),
        ("goals", plan.goals),
        ("activities", plan.activities),
        ("contacts", plan.contacts),
        ("follow_ups", plan.follow_ups),
    )
    for name, several in lists:
        for number, one in enumerate(several):
            yield f"{name}[{number}]", one
    if plan.closing is not None:
        yield "closing", plan.closing
    for number, attachment in enumerate(plan.attachments):
        yield f"attachments[{number}]", attachment


class _Hidden:
    """The units that only withheld elements speak of: their names tell what was withheld."""

    def __init__(
        self, plan: CarePlan, withheld: Collection[_Element], kept: Collection[_Element]
    ) -> None:
        self._withheld = _names_in(withheld)
        self._kept = _names_in(kept) | _names(plan.accountable.unit)
        self._kept |= _folded_set((plan.accountable.care_unit, plan.provenance.owner_unit))

    def shows(self, names: set[str]) -> bool:
        """What is kept names it."""
        return bool(names & self._kept)

    def covers(self, names: set[str]) -> bool:
        """What is withheld names it, and nothing else."""
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


def _placeless(unit: Unit) -> Unit:
    return replace(unit, telecom=None, address=None)


def _placeless_professional(professional: Professional) -> Professional:
    unit = professional.unit
    return replace(professional, unit=_placeless(unit)) if unit else professional


def _placeless_meeting(meeting: Meeting) -> Meeting:
    return replace(meeting, place=None)


def _unfit(attachment: Attachment, path: str, sent: list[Attachment]) -> DataQuality | None:
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
