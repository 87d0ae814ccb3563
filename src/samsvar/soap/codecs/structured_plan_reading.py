"""The plan as data in our own namespace, read back into the canonical model.

Knows ``wsdl/samsvar_plan_1/plan_1.xsd`` and passes over what it does not know. A law that it
does not know is UNKNOWN, which is never shared; a marking that is not there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from samsvar.errors import RecordUnreadable
from samsvar.model.care import (
    Activity,
    ActivityStatus,
    Assessment,
    Attachment,
    CarePlan,
    Closing,
    Code,
    Contact,
    Existence,
    FollowUp,
    Goal,
    GoalKind,
    GoalStatus,
    LegalBasis,
    Meeting,
    Need,
    PlanStatus,
    Principal,
    Provenance,
    ResponsiblePrincipal,
    Signature,
    TreatmentLimitation,
    Trigger,
    Unit,
)
from samsvar.soap.codecs.reading import Part

_LAWS = frozenset(LegalBasis)


def with_structure(plan: CarePlan, part: Part) -> CarePlan:
    """The plan of header and body, with all that its ``structuredPlan`` says besides.

    Raises:
        RecordUnreadable: an element breaks the schema of the structured plan.
    """
    period = part.part("validPeriod")
    assessment, closing = part.part("assessment"), part.part("closing")
    return replace(
        plan,
        status=part.word("status", PlanStatus) or PlanStatus.UNKNOWN,
        trigger=part.word("trigger", Trigger),
        valid_from=period.day_attribute("start") if period else None,
        valid_to=period.day_attribute("end") if period else None,
        language=part.text("language") or plan.language,
        replaces=part.texts("replaces"),
        responsible_principal=_overall_responsible(part.part("overallResponsible")),
        signatures=tuple(map(_signature, part.parts("signature"))) or plan.signatures,
        whats_important=part.text("whatsImportant"),
        narrative=plan.narrative if part.flag_attribute("narrative") else None,
        assessment=_assessment(assessment) if assessment else None,
        needs=tuple(map(_need, part.parts("need"))),
        goals=tuple(map(_goal, part.parts("goal"))),
        activities=tuple(map(_activity, part.parts("activity"))),
        treatment_limitation=_limitation(part.part("treatmentLimitation")),
        contacts=tuple(map(_contact, part.parts("contact"))),
        meetings=tuple(map(_meeting, part.parts("meeting"))),
        follow_ups=tuple(map(_follow_up, part.parts("followUp"))),
        closing=_closing(closing) if closing else None,
        participating_units=tuple(
            unit for each in part.parts("participant") if (unit := _unit(each))
        )
        or plan.participating_units,
        attachments=_attachments(plan.attachments, tuple(part.parts("attachment"))),
        provenance=_provenance(part)
        if part.attribute("legalBasis") or part.attribute("marked")
        else plan.provenance,
    )


def _provenance(part: Part) -> Provenance:
    law = part.attribute("legalBasis")
    return Provenance(
        LegalBasis(law) if law in _LAWS else LegalBasis.UNKNOWN,
        marked_for_sharing=part.flag_attribute("marked") or False,
        owner=part.attribute("owner"),
        owner_unit=part.attribute("ownerUnit"),
        recorded_at=part.time_attribute("recorded"),
    )


def _overall_responsible(part: Part | None) -> ResponsiblePrincipal | None:
    if part is None:
        return None
    return ResponsiblePrincipal(
        part.word_attribute("principal", Principal) or Principal.OTHER,
        part.own_text,
        part.attribute("idRoot"),
        part.attribute("id"),
    )


def _signature(part: Part) -> Signature:
    at = part.time_attribute("at")
    if at is None:
        raise RecordUnreadable(f"{part.path}/@at is missing")
    return Signature(at, part.own_text, part.attribute("hsaId"), part.attribute("unit"))


def _assessment(part: Part) -> Assessment:
    return Assessment(
        situation=part.text("situation"),
        background=part.text("background"),
        current_state=part.text("currentState"),
        recommendation=part.text("recommendation"),
        adl=part.texts("adl"),
        source_text=part.text("sourceText"),
        provenance=_provenance(part),
    )


def _need(part: Part) -> Need:
    return Need(
        part.attribute("id") or "",
        part.text("text") or "",
        part.text("lifeArea"),
        _provenance(part),
    )


def _goal(part: Part) -> Goal:
    return Goal(
        part.attribute("id") or "",
        part.word_attribute("kind", GoalKind) or GoalKind.PROFESSIONAL,
        part.text("text") or "",
        part.word("status", GoalStatus) or GoalStatus.ACTIVE,
        parent_goal_id=part.attribute("parent"),
        target_date=part.day("targetDate"),
        evaluation=part.text("evaluation"),
        provenance=_provenance(part),
    )


def _activity(part: Part) -> Activity:
    responsible, timing = part.part("responsible"), part.part("timing")
    return Activity(
        part.attribute("id") or "",
        part.text("text") or "",
        part.word("status", ActivityStatus) or ActivityStatus.UNKNOWN,
        code=_code(part.part("code")),
        goal_ids=tuple((part.attribute("goal") or "").split()),
        responsible_principal=responsible.word_attribute("principal", Principal)
        if responsible
        else None,
        responsible_unit=_unit(responsible),
        responsible_person=part.text("person"),
        start=timing.day_attribute("start") if timing else None,
        end=timing.day_attribute("end") if timing else None,
        timing_text=timing.own_text if timing else None,
        social_service_type=part.text("socialServiceType"),
        provenance=_provenance(part),
    )


def _code(part: Part | None) -> Code | None:
    if part is None:
        return None
    code, system, words = part.attribute("code"), part.attribute("system"), part.own_text
    if code and system and words:
        return Code(code, system, words)
    return Code(text=words) if words else None


def _unit(part: Part | None) -> Unit | None:
    if part is None or not (part.own_text or part.attribute("hsaId")):
        return None
    return Unit(part.own_text, part.attribute("hsaId"))


def _limitation(part: Part | None) -> TreatmentLimitation:
    if part is None:
        return TreatmentLimitation()
    return TreatmentLimitation(
        part.word_attribute("exists", Existence) or Existence.UNKNOWN,
        part.day_attribute("decided"),
        part.day_attribute("updated"),
    )


def _contact(part: Part) -> Contact:
    return Contact(
        part.text("name"),
        part.attribute("type"),
        part.text("typeText"),
        part.text("profession"),
        _unit(part.part("unit")),
        part.text("phone"),
        part.text("email"),
        _provenance(part),
    )


def _meeting(part: Part) -> Meeting:
    at = part.time_attribute("at")
    if at is None:
        raise RecordUnreadable(f"{part.path}/@at is missing")
    held = part.flag_attribute("held") or False
    return Meeting(at, held, part.attribute("mode"), part.attribute("place"))


def _follow_up(part: Part) -> FollowUp:
    return FollowUp(
        part.day_attribute("planned"),
        part.day_attribute("held"),
        part.text("text"),
        _provenance(part),
    )


def _closing(part: Part) -> Closing:
    closed = part.day_attribute("closed")
    if closed is None:
        raise RecordUnreadable(f"{part.path}/@closed is missing")
    return Closing(closed, part.text("reason"), part.text("evaluation"), _provenance(part))


def _attachments(
    contents: Sequence[Attachment], described: Sequence[Part]
) -> tuple[Attachment, ...]:
    """The contents with what is told of them. Where the two do not match, nothing is told: a
    marking must not slip to another file."""
    if len(contents) != len(described):
        return tuple(contents)
    return tuple(
        replace(
            content,
            attachment_id=part.attribute("id") or content.attachment_id,
            size=_size(part, content.size),
            whole_plan=part.flag_attribute("wholePlan") is not False,
            provenance=_provenance(part),
        )
        for content, part in zip(contents, described, strict=True)
    )


def _size(part: Part, known: int) -> int:
    told = part.attribute("size") or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 12 else known
