"""Whose a resource is, as Provenance: the unit that wrote it, and the care giver that answers.

Knows the agents that blocks are decided by: author for the inner block (inre spärr), custodian
for the outer (yttre spärr). One for each owner in a plan. Knows no block.
"""

from __future__ import annotations

from dataclasses import fields, replace

from samsvar.fhir.datatypes import (
    Json,
    built,
    hsa_identifier,
    instant,
    organisation,
    present,
    reference,
    visible,
)
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import (
    Activity,
    Attachment,
    CareContact,
    CarePlan,
    Goal,
    Professional,
    Provenance,
    Signature,
)

AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
SIGNATURE = "urn:iso-astm:E1762-95:2013"


def plan_provenances(plan: CarePlan, refs: PlanRefs, frame: Frame) -> list[Json]:
    """One for the plan and what is its owner's, then one for each other owner of a part."""
    own = _whole(plan.provenance, plan.accountable)
    targets: dict[Provenance, list[Json]] = {own: [reference("CarePlan", refs.plan)]}
    parts: list[tuple[Goal | Activity | Attachment, Json]] = [
        *(
            (each, reference("Goal", name))
            for each, name in zip(plan.goals, refs.goals, strict=True)
        ),
        *(
            (each, reference("ServiceRequest", name))
            for each, name in zip(plan.activities, refs.activities, strict=True)
        ),
        *(
            (each, reference("DocumentReference", name))
            for each, name in zip(plan.attachments, refs.attachments, strict=True)
        ),
    ]
    for part, target in parts:
        targets.setdefault(part.provenance, []).append(target)
    return present(
        _provenance(plan, origin, each, frame, plan.signatures if origin is own else ())
        for origin, each in targets.items()
    )


def contact_provenance(contact: CareContact, encounter_id: str, frame: Frame) -> Json:
    """Whose the contact is; nothing where that is not known."""
    origin = _whole(contact.provenance, contact.accountable)
    return _provenance(contact, origin, [reference("Encounter", encounter_id)], frame, ())


def _whole(origin: Provenance, accountable: Professional) -> Provenance:
    """The record's own: its header names unit and care giver where its marking does not."""
    return replace(
        origin,
        owner=origin.owner or accountable.care_giver,
        owner_unit=origin.owner_unit or accountable.care_unit,
    )


def _provenance(
    record: CarePlan | CareContact,
    origin: Provenance,
    targets: list[Json],
    frame: Frame,
    signatures: tuple[Signature, ...],
) -> Json:
    number = record.plan_id if isinstance(record, CarePlan) else record.contact_id
    agents = present(
        [
            _agent("author", "Author", origin.owner_unit),
            _agent("custodian", "Custodian", origin.owner),
        ]
    )
    if not agents:
        return {}
    return built(
        {
            "resourceType": "Provenance",
            "id": frame.ids("Provenance", record.source_system, number, *_told(origin)),
            "meta": frame.meta(record, origin.legal_basis, changed=origin.recorded_at),
            "target": targets,
            "recorded": instant(origin.recorded_at or record.last_changed),
            "agent": agents,
            "signature": [_signature(each) for each in signatures],
        }
    )


def _told(origin: Provenance) -> tuple[str, ...]:
    """What tells two origins of one record apart: also when some of its parts are not shown."""
    return tuple(str(getattr(origin, each.name)) for each in fields(origin))


def _agent(code: str, display: str, hsa_id: str | None) -> Json:
    if not visible(hsa_id):
        return {}
    kind = {"coding": [{"system": AGENT, "code": code, "display": display}]}
    return {"type": kind, "who": organisation(hsa_id)}


def _signature(signature: Signature) -> Json:
    """One approval (justering). ``who`` must be there: without a name it is the unit."""
    name, person = visible(signature.name), visible(signature.hsa_id)
    if name or person:
        who: Json = {
            "type": "Practitioner",
            "identifier": hsa_identifier(signature.hsa_id),
            "display": name,
        }
    else:
        who = {"type": "Organization", "display": visible(signature.unit) or "Namn saknas"}
    return {
        "type": [
            {
                "system": SIGNATURE,
                "code": "1.2.840.10065.1.12.1.5",
                "display": "Verification Signature",
            }
        ],
        "when": instant(signature.at),
        "who": who,
        "onBehalfOf": organisation(None, signature.unit) if name or person else None,
    }
