"""An activity (insats) as ServiceRequest: each with its own owner, law and label.

Knows who, when and how it goes. What the source wrote of the time is kept in its words: no date
is made of "löpande".
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    Json,
    built,
    coding,
    concept,
    concept_of,
    extension,
    patient,
    period,
    present,
    reference,
    source_identifier,
    unit,
    visible,
)
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import Activity, ActivityStatus, CarePlan

SOCIAL_SERVICE = "urn:samsvar:cs:social-service"
PERTAINS_TO_GOAL = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"

STATUS: dict[ActivityStatus, str] = {
    ActivityStatus.PLANNED: "draft",
    ActivityStatus.ONGOING: "active",
    ActivityStatus.COMPLETED: "completed",
    ActivityStatus.CANCELLED: "revoked",
    ActivityStatus.UNKNOWN: "unknown",
}


def service_request(plan: CarePlan, number: int, refs: PlanRefs, frame: Frame) -> Json:
    """The ServiceRequest of the activity that is number ``number`` of the plan's, from 0."""
    known: Activity = plan.activities[number]
    kind, principal = known.social_service_type, known.responsible_principal
    goals = [goal for each in known.goal_ids if (goal := refs.goal(plan, each))]
    person = visible(known.responsible_person)
    return built(
        {
            "resourceType": "ServiceRequest",
            "id": refs.activities[number],
            "meta": frame.meta(
                plan, known.provenance.legal_basis, changed=known.provenance.recorded_at
            ),
            "extension": [
                extension("principal", valueCode=principal.value if principal else None),
                *(
                    {"url": PERTAINS_TO_GOAL, "valueReference": reference("Goal", each)}
                    for each in goals
                ),
            ],
            "identifier": [source_identifier(plan.source_system, known.activity_id)],
            "basedOn": [reference("CarePlan", refs.plan)],
            "status": STATUS[known.status],
            "intent": "plan",
            "category": [concept(coding(SOCIAL_SERVICE, kind), text=kind)] if kind else [],
            "code": concept_of(known.code, visible(known.text)),
            "subject": patient(plan.subject),
            **_when(known),
            "performer": present(
                [
                    unit(known.responsible_unit),
                    {"display": person} if person else {},
                ]
            ),
        }
    )


def _when(activity: Activity) -> Json:
    """Days as a period; with words beside them, both in a Timing."""
    days = period(activity.start, activity.end) if activity.start or activity.end else None
    if words := visible(activity.timing_text):
        return {
            "occurrenceTiming": {
                "repeat": {"boundsPeriod": days} if days else None,
                "code": {"text": words},
            }
        }
    return {"occurrencePeriod": days}
