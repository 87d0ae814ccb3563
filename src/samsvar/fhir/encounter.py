"""A care contact (vårdkontakt) as Encounter.

Knows kinds and statuses of contacts. Knows no plan. An unknown kind is said to be unknown: the
standard wants a class, and a guessed one would mislead.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import (
    DATA_ABSENT,
    Json,
    built,
    coding,
    concept,
    extension,
    patient,
    period,
    present,
    unit,
)
from samsvar.fhir.labels import Frame, approved, record_identifier
from samsvar.model.care import (
    OID_CARE_CONTACT_TYPE,
    OID_SNOMED_SE,
    CareContact,
    ContactStatus,
    ContactType,
)

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

#                              class, its display, the kind's own name
_CLASSES: dict[ContactType, tuple[str, str, str]] = {
    ContactType.VISIT: ("AMB", "ambulatory", "Besök"),
    ContactType.PHONE: ("VR", "virtual", "Telefon"),
    ContactType.EPISODE: ("IMP", "inpatient encounter", "Vårdtillfälle"),
    ContactType.DAY_CARE: ("SS", "short stay", "Dagsjukvård"),
}

#                               FHIR status, the word of the Swedish list
STATUS: dict[ContactStatus, tuple[str, str]] = {
    ContactStatus.BOOKED: ("planned", "tidbokad"),
    ContactStatus.WAITING_LIST: ("planned", "väntelista"),
    ContactStatus.ONGOING: ("in-progress", "pågående"),
    ContactStatus.ON_LEAVE: ("onleave", "permission"),
    ContactStatus.FINISHED: ("finished", "avslutad"),
    ContactStatus.CANCELLED_BEFORE: ("cancelled", "inställd"),
    ContactStatus.INTERRUPTED: ("cancelled", "avbruten"),
    ContactStatus.ENTERED_IN_ERROR: ("entered-in-error", "makulerad"),
}


def encounter_id(contact: CareContact, frame: Frame) -> str:
    """What the Encounter of the contact is called."""
    return frame.ids("Encounter", contact.source_system, contact.contact_id)


def encounter(contact: CareContact, frame: Frame) -> Json:
    """The Encounter."""
    return built(
        {
            "resourceType": "Encounter",
            "id": encounter_id(contact, frame),
            "meta": frame.meta(contact, contact.provenance.legal_basis),
            "extension": present([approved(contact), _told_status(contact)]),
            "identifier": [record_identifier(contact)],
            "status": STATUS[contact.status][0] if contact.status else "unknown",
            "class": _class(contact.type),
            "type": [_type(contact.type)] if contact.type else [],
            "subject": patient(contact.subject),
            "period": period(contact.start, contact.end),
            "reasonCode": [{"text": contact.reason}],
            "serviceProvider": unit(contact.unit),
        }
    )


def _class(kind: ContactType | None) -> Json:
    if kind is None:
        return coding(DATA_ABSENT, "UNK", "unknown")
    if kind is ContactType.OTHER:
        return coding(DATA_ABSENT, "OTH", "other")
    code, display, _ = _CLASSES[kind]
    return coding(ACT, code, display)


def _type(kind: ContactType) -> Json:
    name = "Annan" if kind is ContactType.OTHER else _CLASSES[kind][2]
    return concept(coding(OID_CARE_CONTACT_TYPE, kind, name))


def _told_status(contact: CareContact) -> Json:
    """The status by the Swedish list, or in the source's own word."""
    if contact.status:
        code = coding(OID_SNOMED_SE, contact.status, STATUS[contact.status][1])
        return extension("contact-status", valueCodeableConcept=concept(code))
    return extension("contact-status", valueCodeableConcept={"text": contact.status_text})
