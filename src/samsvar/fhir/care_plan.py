"""A plan as CarePlan, its main resource.

Knows where in CarePlan each part of a plan goes, and which parts have no place there and become
our own extensions (``plan_extensions``). Goals and activities are resources of their own, since
each has an owner and a law of its own.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    Json,
    built,
    concept,
    contained,
    instant,
    patient,
    period,
    reference,
    source_identifier,
    token,
    unit,
    visible,
)
from samsvar.fhir.labels import Frame, laws_of, record_identifier
from samsvar.fhir.narrative import narrative
from samsvar.fhir.people import professional
from samsvar.fhir.plan_extensions import plan_extensions
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import CarePlan, PlanStatus, PlanType
from samsvar.model.plan_text import PLAN_TYPE, title

PLAN_TYPES = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"

STATUS: dict[PlanStatus, str] = {
    PlanStatus.INITIATED: "draft",
    PlanStatus.ASSESSING: "draft",
    PlanStatus.INVITED: "draft",
    PlanStatus.PLANNING: "draft",
    PlanStatus.ESTABLISHED: "active",
    PlanStatus.FOLLOW_UP: "active",
    PlanStatus.CLOSED: "completed",
    PlanStatus.INTERRUPTED: "revoked",
    PlanStatus.ENTERED_IN_ERROR: "entered-in-error",
    PlanStatus.UNKNOWN: "unknown",
}

_AUTHOR = "author"


def care_plan(plan: CarePlan, refs: PlanRefs, frame: Frame) -> Json:
    """The CarePlan."""
    author = professional(_AUTHOR, plan.accountable)
    source = plan.source_system
    supporting = [reference("Flag", refs.flag)] if refs.flag else []
    supporting += [reference("DocumentReference", each) for each in refs.attachments]
    return built(
        {
            "resourceType": "CarePlan",
            "id": refs.plan,
            "meta": frame.meta(plan, *laws_of(plan)),
            "language": token(plan.language),
            "text": narrative(plan),
            "contained": [author] if author else [],
            "extension": plan_extensions(plan),
            "identifier": [record_identifier(plan)],
            "replaces": [
                {"type": "CarePlan", "identifier": source_identifier(source, each)}
                for each in plan.replaces
                if visible(each)
            ],
            "status": STATUS[plan.status],
            "intent": "plan",
            "category": [plan_type(plan.type)] if plan.type else [],
            "title": title(plan),
            "subject": patient(plan.subject),
            "encounter": _encounter(plan),
            "period": _period(plan),
            "created": instant(plan.established) if plan.established else None,
            "author": contained(_AUTHOR) if author else None,
            "contributor": [unit(each) for each in plan.participating_units],
            "careTeam": [reference("CareTeam", refs.team)] if refs.team else [],
            "supportingInfo": supporting,
            "goal": [reference("Goal", each) for each in refs.goals],
            "activity": [
                {"reference": reference("ServiceRequest", each)} for each in refs.activities
            ],
        }
    )


def plan_type(kind: PlanType) -> Json:
    """The kind of plan, in the contract's own code."""
    return concept({"system": PLAN_TYPES, "code": kind.value, "display": PLAN_TYPE[kind]})


def _encounter(plan: CarePlan) -> Json | None:
    """By the source's own number: whether the contact may be read is another question."""
    if not visible(plan.care_contact_id):
        return None
    return {
        "type": "Encounter",
        "identifier": source_identifier(plan.source_system, plan.care_contact_id),
    }


def _period(plan: CarePlan) -> Json:
    end = plan.closing.closed if plan.closing else plan.valid_to
    return period(plan.valid_from, end)
