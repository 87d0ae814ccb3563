"""Who takes part in a plan, as CareTeam: contact persons, units, and who answers for the whole.

Knows the plan's contacts and units. People stand inside the resource; what was not marked for
sharing was taken out of the plan before it came here.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    Json,
    built,
    coding,
    concept,
    contained,
    identifier,
    patient,
    unit,
    visible,
)
from samsvar.fhir.labels import Frame
from samsvar.fhir.people import contact_person
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import OID_CONTACT_TYPE, CarePlan, Contact
from samsvar.model.plan_text import CONTACT_TYPE


def care_team(plan: CarePlan, refs: PlanRefs, frame: Frame) -> Json:
    """The CareTeam; nothing where nobody is known to take part."""
    if refs.team is None:
        return {}
    people = [
        contact_person(f"contact-{number}", contact, plan.subject)
        for number, contact in enumerate(plan.contacts, start=1)
    ]
    responsible = plan.responsible_principal
    managing = (
        {
            "type": "Organization",
            "identifier": identifier(responsible.id_root, responsible.id),
            "display": visible(responsible.name) or responsible.principal.value,
        }
        if responsible
        else None
    )
    return built(
        {
            "resourceType": "CareTeam",
            "id": refs.team,
            "meta": frame.meta(
                plan,
                plan.provenance.legal_basis,
                *(contact.provenance.legal_basis for contact in plan.contacts),
            ),
            "contained": people,
            "status": "active",
            "name": "Deltagare i planen",
            "subject": patient(plan.subject),
            "participant": [
                *(
                    {"role": [_role(contact)], "member": contained(person["id"])}
                    for contact, person in zip(plan.contacts, people, strict=True)
                ),
                *({"member": unit(each)} for each in plan.participating_units),
            ],
            "managingOrganization": [managing] if managing else [],
        }
    )


def _role(contact: Contact) -> Json:
    code, words = contact.type_code, visible(contact.type_text)
    if code in CONTACT_TYPE:
        return concept(
            coding(OID_CONTACT_TYPE, code, CONTACT_TYPE[code]),
            text=words or CONTACT_TYPE[code],
        )
    return {"text": words or "Kontaktperson"}
