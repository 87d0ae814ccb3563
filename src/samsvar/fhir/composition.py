"""A plan as a FHIR document: a Composition, and all that it is composed of.

Knows what a document must begin with. Its time is that of the plan's last change: the same plan
gives the same bytes. Knows no clock.
"""

from __future__ import annotations

import uuid

from samsvar.fhir.attachments import Url
from samsvar.fhir.datatypes import (
    Json,
    built,
    concept,
    contained,
    instant,
    organisation,
    patient,
    reference,
    token,
)
from samsvar.fhir.labels import Frame, laws_of
from samsvar.fhir.narrative import narrative
from samsvar.fhir.people import professional
from samsvar.fhir.plan_resources import plan_resources
from samsvar.model.care import CarePlan, PlanStatus
from samsvar.model.plan_text import title

LOINC_CARE_PLAN: Json = {
    "system": "http://loinc.org",
    "code": "81215-6",
    "display": "Care plan",
}


def document_bundle(plan: CarePlan, frame: Frame, url: Url) -> Json:
    """The document."""
    resources = plan_resources(plan, frame, url)
    composition_id = frame.ids("Composition", plan.source_system, plan.plan_id)
    entries = [_composition(plan, composition_id, resources.main, resources.included, frame)]
    entries += [resources.main, *resources.included]
    return built(
        {
            "resourceType": "Bundle",
            "identifier": {
                "system": "urn:ietf:rfc:3986",
                "value": uuid.uuid5(uuid.NAMESPACE_OID, composition_id).urn,
            },
            "type": "document",
            "timestamp": instant(plan.last_changed),
            "entry": [
                {"fullUrl": url(each["resourceType"], each["id"]), "resource": each}
                for each in entries
            ],
        }
    )


def _composition(
    plan: CarePlan, resource_id: str, main: Json, included: tuple[Json, ...], frame: Frame
) -> Json:
    author = professional("author", plan.accountable)
    owner = plan.provenance.owner or plan.accountable.care_giver
    # the standard wants an author: where nobody is named it is the owner, and else the source
    by = contained("author") if author else organisation(owner or plan.source_system)
    entered_in_error = plan.status is PlanStatus.ENTERED_IN_ERROR
    return built(
        {
            "resourceType": "Composition",
            "id": resource_id,
            "meta": frame.meta(plan, *laws_of(plan)),
            "language": token(plan.language),
            "text": narrative(plan),
            "contained": [author],
            "status": "entered-in-error" if entered_in_error else "final",
            "type": concept(LOINC_CARE_PLAN),
            "subject": patient(plan.subject),
            "date": instant(plan.last_changed),
            "author": [by],
            "title": title(plan),
            "confidentiality": frame.confidentiality()["code"],
            "custodian": organisation(owner),
            "section": [
                {
                    "title": "Plan",
                    "text": narrative(plan),
                    "entry": [
                        reference(each["resourceType"], each["id"]) for each in (main, *included)
                    ],
                }
            ],
        }
    )
