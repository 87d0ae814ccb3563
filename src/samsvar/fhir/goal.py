"""A goal (mål) as Goal. The person's own words are kept to the letter.

Knows the two statuses that FHIR has for what the model has one for. Knows no activity.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    Json,
    built,
    concept,
    day,
    extension,
    patient,
    reference,
    source_identifier,
    visible,
)
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import CarePlan, Goal, GoalKind, GoalStatus

ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"
GOAL_KIND = "urn:samsvar:cs:goal-kind"

_KINDS: dict[GoalKind, str] = {
    GoalKind.PATIENT_OWN: "Personens eget mål",
    GoalKind.PROFESSIONAL: "Professionens mål",
    GoalKind.SHARED: "Gemensamt mål",
}

#                                  lifecycle, achievement
STATUS: dict[GoalStatus, tuple[str, str | None]] = {
    GoalStatus.PROPOSED: ("proposed", None),
    GoalStatus.ACTIVE: ("active", "in-progress"),
    GoalStatus.ACHIEVED: ("completed", "achieved"),
    GoalStatus.PARTLY_ACHIEVED: ("active", "improving"),
    GoalStatus.NOT_ACHIEVED: ("completed", "not-achieved"),
    GoalStatus.CANCELLED: ("cancelled", None),
}

_WORDS: dict[GoalStatus, str] = {
    GoalStatus.PROPOSED: "Föreslaget",
    GoalStatus.ACTIVE: "Pågår",
    GoalStatus.ACHIEVED: "Uppnått",
    GoalStatus.PARTLY_ACHIEVED: "Delvis uppnått",
    GoalStatus.NOT_ACHIEVED: "Inte uppnått",
    GoalStatus.CANCELLED: "Avbrutet",
}


def goal(plan: CarePlan, number: int, refs: PlanRefs, frame: Frame) -> Json:
    """The Goal that is number ``number`` of the plan's, from 0."""
    known: Goal = plan.goals[number]
    lifecycle, achievement = STATUS[known.status]
    parent = refs.goal(plan, known.parent_goal_id) if known.parent_goal_id else None
    return built(
        {
            "resourceType": "Goal",
            "id": refs.goals[number],
            "meta": frame.meta(
                plan, known.provenance.legal_basis, changed=known.provenance.recorded_at
            ),
            "extension": [
                extension(
                    "parent-goal", valueReference=reference("Goal", parent) if parent else None
                )
            ],
            "identifier": [source_identifier(plan.source_system, known.goal_id)],
            "lifecycleStatus": lifecycle,
            "achievementStatus": concept(
                {"system": ACHIEVEMENT, "code": achievement}, text=_WORDS[known.status]
            )
            if achievement
            else None,
            "category": [
                concept({"system": GOAL_KIND, "code": known.kind, "display": _KINDS[known.kind]})
            ],
            # the standard wants one: a goal of which the source wrote nothing says so
            "description": {"text": visible(known.text) or "Mål utan beskrivning"},
            "subject": patient(plan.subject),
            "target": [{"dueDate": day(known.target_date)}],
            "expressedBy": patient(plan.subject) if known.kind is GoalKind.PATIENT_OWN else None,
            "note": [{"text": known.evaluation}],
        }
    )
