"""GetCareContacts 2.0: the older contract, which demands more of a record than 3.0 does.

Knows the contract's names, order and its numbers for kinds and statuses. A contact that cannot
fill the mandatory fields is left out and said so: a made-up unit or time would be worse than
its absence. Knows no producer and no consumer.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from samsvar.model.care import (
    CareContact,
    CareQuery,
    ContactStatus,
    ContactType,
    DataQuality,
    Professional,
    QualityCode,
    Unit,
)
from samsvar.model.identifiers import ContractUrn
from samsvar.model.selection import Selection, matching_contacts
from samsvar.soap.codecs.elements import Bricklayer, can_stand, to_bytes
from samsvar.soap.codecs.headers import read_header
from samsvar.soap.codecs.questions import RequestShape
from samsvar.soap.codecs.reading import Part, opened, unit_of

CONTRACT = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:2")
CORE = "urn:riv:clinicalprocess:logistics:logistics:2"

_REQUEST = RequestShape("GetCareContacts", CONTRACT, CORE, period="timePeriod")
_LAY = Bricklayer(CORE)

# 1 not begun, 2 cancelled, 3 ongoing, 4 interrupted, 5 finished; kinds have the same numbers
# as in 3.0. A nullified contact is never sent, so it has no number.
_STATUSES: dict[ContactStatus, str] = {
    ContactStatus.BOOKED: "1",
    ContactStatus.WAITING_LIST: "1",
    ContactStatus.CANCELLED_BEFORE: "2",
    ContactStatus.ONGOING: "3",
    ContactStatus.ON_LEAVE: "3",
    ContactStatus.INTERRUPTED: "4",
    ContactStatus.FINISHED: "5",
}

_STATUS_OF: dict[str, ContactStatus] = {
    "1": ContactStatus.BOOKED,
    "2": ContactStatus.CANCELLED_BEFORE,
    "3": ContactStatus.ONGOING,
    "4": ContactStatus.INTERRUPTED,
    "5": ContactStatus.FINISHED,
}


def read_query(body: bytes, source_system: str) -> CareQuery:
    """The question; MalformedRequest where the contract says INVALID_REQUEST."""
    return _REQUEST.read(body, source_system)


def select(contacts: Sequence[CareContact], query: CareQuery) -> Selection[CareContact]:
    """The care contacts that answer the question, may leave, and fit this contract."""
    kept: list[CareContact] = []
    remarks: list[DataQuality] = []
    for contact in matching_contacts(contacts, query):
        remarks += contact.quality
        unfit = _unfit(contact)
        if unfit is None:
            kept.append(contact)
        else:
            remarks.append(unfit)
    return Selection(tuple(kept), tuple(remarks))


def write(contact: CareContact) -> bytes:
    """One selected contact as one ``careContact`` element."""
    root = etree.Element(f"{{{CONTRACT}}}careContact", nsmap={"contact": CONTRACT, "core": CORE})
    header = _LAY.branch(root, "careContactHeader")
    _LAY.required(header, "documentId", contact.contact_id)
    _LAY.required(header, "sourceSystemHSAId", contact.source_system)
    _LAY.person_id(header, "patientId", contact.subject)
    if _is_whole(contact.accountable) and can_stand(contact.last_changed):
        _LAY.accountable(header, contact.last_changed, contact.accountable)
    _LAY.flag(header, "approvedForPatient", contact.approved_for_patient)
    body = _LAY.branch(root, "careContactBody")
    _LAY.text(body, "careContactCode", contact.type)
    _LAY.text(body, "careContactReason", contact.reason)
    _LAY.unit(body, "careContactOrgUnit", contact.unit)
    _period(body, contact)
    if contact.status:
        _LAY.text(body, "careContactStatus", _STATUSES.get(contact.status))
    return to_bytes(root)


def read(record: bytes) -> CareContact:
    """One ``careContact`` element, whoever wrote it, as a canonical contact.

    The number 1 is read as booked and 3 as ongoing: this version has no waiting list and no
    leave.

    Raises:
        RecordUnreadable: it is no such element, or lacks what must be known of a contact.
    """
    part = opened(record, CONTRACT, "careContact", CORE)
    known, body = read_header(part.needed("careContactHeader")), part.needed("careContactBody")
    period = body.part("careContactTimePeriod")
    status = _read_status(body)
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
        accountable=known.accountable,
        approved_for_patient=known.approved_for_patient,
        provenance=known.provenance,
        quality=tuple(part.remarks),
    )


def _read_type(body: Part) -> ContactType | None:
    number = (body.text("careContactCode") or "").strip()
    if number in set(ContactType):
        return ContactType(number)
    if number:
        body.remark(QualityCode.CODE_UNMAPPED, "careContactCode", "no number of the contract")
    return None


def _read_status(body: Part) -> ContactStatus | None:
    number = (body.text("careContactStatus") or "").strip()
    if number and number not in _STATUS_OF:
        body.remark(QualityCode.STATUS_UNMAPPED, "careContactStatus", "no number of the contract")
    return _STATUS_OF.get(number)


def _period(body: etree._Element, contact: CareContact) -> None:
    branch = _LAY.branch(body, "careContactTimePeriod")
    _LAY.time(branch, "start", contact.start)
    _LAY.time(branch, "end", contact.end)


def _unfit(contact: CareContact) -> DataQuality | None:
    """Why this contract cannot hold the contact, or None."""
    if not _has_id_and_name(contact.unit):
        return DataQuality(
            QualityCode.MISSING_HSA_UNIT,
            "unit",
            "contact left out: version 2.0 wants its unit's HSA-id and name",
        )
    if contact.start is None or not can_stand(contact.start):
        return DataQuality(
            QualityCode.UNPARSED_DATE, "start", "contact left out: version 2.0 wants a start"
        )
    return None


def _is_whole(professional: Professional) -> bool:
    """The contract takes the professional whole or not at all."""
    return bool(professional.hsa_id and professional.name and _has_id_and_name(professional.unit))


def _has_id_and_name(unit: Unit | None) -> bool:
    return unit is not None and bool(unit.hsa_id and unit.name)
