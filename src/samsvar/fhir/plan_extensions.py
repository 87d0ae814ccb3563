"""What a plan says and CarePlan has no element for, as extensions of our own.

Knows the names of the extensions (``docs/fhir.md``); a receiver may pass over them all, for the
narrative says the same. Each part that has an owner of its own carries its law and owner.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    Json,
    day,
    extension,
    identifier,
    instant,
    organisation,
    part,
    present,
)
from samsvar.fhir.labels import approved
from samsvar.model.care import (
    Assessment,
    CarePlan,
    Closing,
    Existence,
    FollowUp,
    Meeting,
    Need,
    Provenance,
    ResponsiblePrincipal,
    TreatmentLimitation,
)


def plan_extensions(plan: CarePlan) -> list[Json]:
    """In the order of the model."""
    return present(
        [
            approved(plan),
            extension("plan-status", valueCode=plan.status.value),
            extension("trigger", valueCode=plan.trigger.value if plan.trigger else None),
            _responsible(plan.responsible_principal),
            extension("whats-important", valueString=plan.whats_important),
            _assessment(plan.assessment),
            *map(_need, plan.needs),
            *map(_meeting, plan.meetings),
            *map(_follow_up, plan.follow_ups),
            _limitation(plan.treatment_limitation),
            _closing(plan.closing),
        ]
    )


def _marking(provenance: Provenance) -> list[Json]:
    return [
        part("legal-basis", valueCode=provenance.legal_basis.value),
        part("owner", valueReference=organisation(provenance.owner)),
    ]


def _responsible(responsible: ResponsiblePrincipal | None) -> Json:
    if responsible is None:
        return {}
    organization = {
        "type": "Organization",
        "identifier": identifier(responsible.id_root, responsible.id),
        "display": responsible.name,
    }
    named = responsible.id or responsible.name
    return extension(
        "responsible-principal",
        extension=[
            part("principal", valueCode=responsible.principal.value),
            part("organization", valueReference=organization if named else None),
        ],
    )


def _assessment(assessment: Assessment | None) -> Json:
    if assessment is None:
        return {}
    said = present(
        [
            part("situation", valueString=assessment.situation),
            part("background", valueString=assessment.background),
            part("current-state", valueString=assessment.current_state),
            part("recommendation", valueString=assessment.recommendation),
            *(part("adl", valueString=line) for line in assessment.adl),
            part("source-text", valueString=assessment.source_text),
        ]
    )
    if not said:
        return {}
    return extension("assessment", extension=[*said, *_marking(assessment.provenance)])


def _need(need: Need) -> Json:
    said = present(
        [part("text", valueString=need.text), part("life-area", valueString=need.life_area)]
    )
    return extension("need", extension=[*said, *_marking(need.provenance)]) if said else {}


def _meeting(meeting: Meeting) -> Json:
    return extension(
        "meeting",
        extension=[
            part("at", valueDateTime=instant(meeting.at)),
            part("held", valueBoolean=meeting.held),
            part("mode", valueString=meeting.mode),
            part("place", valueString=meeting.place),
        ],
    )


def _follow_up(follow_up: FollowUp) -> Json:
    said = present(
        [
            part("planned", valueDate=day(follow_up.planned)),
            part("held", valueDate=day(follow_up.held)),
            part("text", valueString=follow_up.text),
        ]
    )
    if not said:
        return {}
    return extension("follow-up", extension=[*said, *_marking(follow_up.provenance)])


def _limitation(limitation: TreatmentLimitation) -> Json:
    """That a decision exists or does not; unknown is said by saying nothing."""
    if limitation.exists is Existence.UNKNOWN:
        return {}
    return extension("treatment-limitation", valueCode=limitation.exists.value)


def _closing(closing: Closing | None) -> Json:
    if closing is None:
        return {}
    return extension(
        "closing",
        extension=[
            part("closed", valueDate=day(closing.closed)),
            part("reason", valueString=closing.reason),
            part("evaluation", valueString=closing.evaluation),
            *_marking(closing.provenance),
        ],
    )
