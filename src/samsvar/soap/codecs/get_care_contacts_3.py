"""GetCareContacts 3.0: the request as a question, a contact as a ``careContact`` and back.

Knows the contract's names, order and content rules. Knows no producer and no consumer.
Source: TKB clinicalprocess:logistics:logistics 3.0.13.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from samsvar.model.care import (
    OID_CARE_CONTACT_TYPE,
    OID_SNOMED_SE,
    CareContact,
    CareQuery,
    Code,
    ContactStatus,
    ContactType,
    DataQuality,
    QualityCode,
)
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.selection import Selection, matching_contacts
from samsvar.soap.codecs.elements import Bricklayer, can_stand, to_bytes
from samsvar.soap.codecs.headers import read_header
from samsvar.soap.codecs.questions import RequestShape
from samsvar.soap.codecs.reading import Part, code_of, opened, unit_of

CONTRACT = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3")
CORE = "urn:riv:clinicalprocess:logistics:logistics:3"

_REQUEST = RequestShape("GetCareContacts", CONTRACT, CORE, period="datePeriod")
_LAY = Bricklayer(CORE)

_SNOMED = (OID_SNOMED_SE, "2.16.840.1.113883.6.96")

_TYPES: dict[ContactType, str] = {
    ContactType.VISIT: "Besök",
    ContactType.PHONE: "Telefon",
    ContactType.EPISODE: "Vårdtillfälle",
    ContactType.DAY_CARE: "Dagsjukvård",
    ContactType.OTHER: "Annan",
}

_STATUSES: dict[ContactStatus, str] = {
    ContactStatus.BOOKED: "tidbokad",
    ContactStatus.CANCELLED_BEFORE: "inställd",
    ContactStatus.ONGOING: "pågående",
    ContactStatus.INTERRUPTED: "avbruten",
    ContactStatus.FINISHED: "avslutad",
    ContactStatus.ON_LEAVE: "permission",
    ContactStatus.ENTERED_IN_ERROR: "makulerad",
    ContactStatus.WAITING_LIST: "väntelista",
}


def read_query(body: bytes, source_system: str) -> CareQuery:
    """The question; MalformedRequest where the contract says INVALID_REQUEST."""
    return _REQUEST.read(body, source_system)


def ask(about: PersonId, source_filter: str | None) -> bytes:
    """The request element of a question about a person; ``source_filter``: at one source."""
    return _REQUEST.write(about, source_filter)


def select(contacts: Sequence[CareContact], query: CareQuery) -> Selection[CareContact]:
    """The care contacts that answer the question."""
    kept: list[CareContact] = []
    remarks: list[DataQuality] = []
    for contact in matching_contacts(contacts, query):
        remarks += contact.quality
        if can_stand(contact.last_changed):
            kept.append(contact)
        else:
            remarks.append(
                DataQuality(
                    QualityCode.UNPARSED_DATE, "last_changed", "contact left out: no such year"
                )
            )
    return Selection(tuple(kept), tuple(remarks))


def write(contact: CareContact) -> bytes:
    """One selected contact as one ``careContact`` element.

    The schema has title, time, authenticator, nullified and careContactId in the header; the
    TKB forbids them all for contacts.
    """
    root = etree.Element(f"{{{CONTRACT}}}careContact", nsmap={"contact": CONTRACT, "core": CORE})
    header = _LAY.branch(root, "careContactHeader")
    _LAY.required(header, "documentId", contact.contact_id)
    _LAY.required(header, "sourceSystemHSAId", contact.source_system)
    _LAY.person_id(header, "patientId", contact.subject)
    _LAY.accountable(header, contact.last_changed, contact.accountable)
    _LAY.flag(header, "approvedForPatient", contact.approved_for_patient)
    body = _LAY.branch(root, "careContactBody")
    _LAY.code(body, "careContactCode", _type(contact))
    _LAY.text(body, "careContactReason", contact.reason)
    _LAY.unit(body, "careContactOrgUnit", contact.unit)
    _period(body, contact)
    _LAY.code(body, "careContactStatus", _status(contact))
    return to_bytes(root)


def read(record: bytes) -> CareContact:
    """One ``careContact`` element, whoever wrote it, as a canonical contact.

    Raises:
        RecordUnreadable: it is no such element, or lacks what must be known of a contact.
    """
    part = opened(record, CONTRACT, "careContact", CORE)
    known, body = read_header(part.needed("careContactHeader")), part.needed("careContactBody")
    period = body.part("careContactTimePeriod")
    status, words = _read_status(body)
    return CareContact(
        contact_id=known.document_id,
        source_system=known.source_system,
        subject=known.subject,
        last_changed=known.last_changed,
        type=_read_type(body),
        reason=body.text("careContactReason"),
        unit=unit_of(body.part("careContactOrgUnit")),
        start=period.time("start") if period else None,
        end=period.time("end") if period else None,
        status=ContactStatus.ENTERED_IN_ERROR if known.nullified else status,
        status_text=words,
        accountable=known.accountable,
        approved_for_patient=known.approved_for_patient,
        provenance=known.provenance,
        quality=tuple(part.remarks),
    )


def _read_type(body: Part) -> ContactType | None:
    code = code_of(body.part("careContactCode"))
    if code is None:
        return None
    if code.system == OID_CARE_CONTACT_TYPE and code.code in set(ContactType):
        return ContactType(code.code)
    body.remark(QualityCode.CODE_UNMAPPED, "careContactCode", "not of KV Vårdkontakttyp")
    return None


def _read_status(body: Part) -> tuple[ContactStatus | None, str | None]:
    """The code; where it is none that we know, the source's own word."""
    code = code_of(body.part("careContactStatus"))
    if code is None:
        return None, None
    if code.system in _SNOMED and code.code in set(ContactStatus):
        return ContactStatus(code.code), None
    body.remark(QualityCode.STATUS_UNMAPPED, "careContactStatus", "not of the contract's list")
    return None, code.display or code.text


def _type(contact: CareContact) -> Code | None:
    if contact.type is None:
        return None
    return Code(
        code=contact.type,
        system=OID_CARE_CONTACT_TYPE,
        display=_TYPES[contact.type],
        system_name="KV Vårdkontakttyp",
    )


def _status(contact: CareContact) -> Code | None:
    """The code; where the source has none, its own word."""
    if contact.status is None:
        return Code(text=contact.status_text) if contact.status_text else None
    return Code(
        code=contact.status,
        system=OID_SNOMED_SE,
        display=_STATUSES[contact.status],
        system_name="SNOMED CT SE",
    )


def _period(body: etree._Element, contact: CareContact) -> None:
    """The contract wants a start or an end: a period with neither is left out."""
    if any(moment and can_stand(moment) for moment in (contact.start, contact.end)):
        branch = _LAY.branch(body, "careContactTimePeriod")
        _LAY.time(branch, "start", contact.start)
        _LAY.time(branch, "end", contact.end)
