"""People as resources that stand inside others: they have no life of their own here.

Knows PractitionerRole, RelatedPerson and telecom. Knows no plan. Nobody's personal number is
in them: staff have HSA-ids, and relatives have names.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    Json,
    built,
    concept_of,
    hsa_identifier,
    patient,
    present,
    unit,
    visible,
)
from samsvar.model.care import Code, Contact, Professional
from samsvar.model.identifiers import PersonId

# What sources call those who are not staff, in the words of the contact's own type.
_RELATED = frozenset(
    {
        "anhörig",
        "närstående",
        "god man",
        "förvaltare",
        "vårdnadshavare",
        "kontaktperson närstående",
        "pårørende",
    }
)


def professional(resource_id: str, known: Professional) -> Json:
    """Who is accountable, with the unit they stand for; nothing if nothing is known."""
    person = {"identifier": hsa_identifier(known.hsa_id), "display": visible(known.name)}
    role = built(
        {
            "practitioner": {"type": "Practitioner", **person} if any(person.values()) else None,
            "organization": unit(known.unit),
            "code": [concept_of(known.role)] if known.role else [],
        }
    )
    if not role:
        return {}
    telecom = _telecom(known.unit.telecom if known.unit else None)
    return built(
        {"resourceType": "PractitionerRole", "id": resource_id, **role, "telecom": telecom}
    )


def contact_person(resource_id: str, contact: Contact, subject: PersonId) -> Json:
    """A contact person: staff, or somebody close to the person."""
    telecom = present([*_telecom(contact.phone), *_telecom(contact.email, "email")])
    if is_related(contact):
        return built(
            {
                "resourceType": "RelatedPerson",
                "id": resource_id,
                "patient": patient(subject),
                "relationship": [{"text": contact.type_text}],
                "name": [{"text": contact.name}],
                "telecom": telecom,
            }
        )
    return built(
        {
            "resourceType": "PractitionerRole",
            "id": resource_id,
            "practitioner": {"type": "Practitioner", "display": contact.name}
            if visible(contact.name)
            else None,
            "organization": unit(contact.unit),
            "code": [concept_of(Code(text=contact.profession))] if contact.profession else [],
            "telecom": telecom,
        }
    )


def is_related(contact: Contact) -> bool:
    """Whether the source's own words say that it is no member of staff."""
    return (visible(contact.type_text) or "").strip().lower() in _RELATED


def _telecom(value: str | None, system: str = "phone") -> list[Json]:
    return [{"system": system, "value": value}] if visible(value) else []
