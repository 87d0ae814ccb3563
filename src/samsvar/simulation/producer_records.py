"""What a simulated producer holds, and how it writes each record: by hand, in its own style."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from xml.sax.saxutils import escape  # noqa: TID251 - writes, and never reads

from samsvar.simulation.people import Fictive


@dataclass(frozen=True, slots=True)
class Plan:
    """What this producer knows of one person."""

    document_id: str
    title: str
    kind: str
    time: str
    text: str
    unit: str
    unit_name: str
    care_giver: str
    professional: str
    pdf: bytes = b""
    """The plan as a file beside its text, if there is one."""
    approved: bool = True
    """For the person's own eyes."""
    structured: str = ""
    """The plan as data (``urn:samsvar:plan:1``), if the producer tells it so."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One care contact."""

    document_id: str
    reason: str
    start: str
    end: str | None
    status_code: str
    status_name: str
    unit: str
    unit_name: str
    care_giver: str
    professional: str
    registered: str | None = None
    """When it was written down; None: when it began."""


def _person(shown: Fictive) -> str:
    return f"<c:patientId><c:id>{shown.number}</c:id><c:type>{shown.root}</c:type></c:patientId>"


def _professional(record: Plan | Contact, time: str) -> str:
    return (
        f"<c:accountableHealthcareProfessional><c:authorTime>{time}</c:authorTime>"
        f"<c:healthcareProfessionalHSAId>{record.care_giver}P1</c:healthcareProfessionalHSAId>"
        f"<c:healthcareProfessionalName>{escape(record.professional)}"
        "</c:healthcareProfessionalName><c:healthcareProfessionalOrgUnit>"
        f"<c:orgUnitHSAId>{record.unit}</c:orgUnitHSAId>"
        f"<c:orgUnitName>{escape(record.unit_name)}</c:orgUnitName>"
        "</c:healthcareProfessionalOrgUnit>"
        f"<c:healthcareProfessionalCareUnitHSAId>{record.unit}"
        "</c:healthcareProfessionalCareUnitHSAId>"
        f"<c:healthcareProfessionalCareGiverHSAId>{record.care_giver}"
        "</c:healthcareProfessionalCareGiverHSAId></c:accountableHealthcareProfessional>"
    )


def written_plan(hsa_id: str, plan: Plan, shown: Fictive) -> str:
    """A plan, with an extension element last."""
    text = base64.b64encode(plan.text.encode()).decode()
    file = base64.b64encode(plan.pdf).decode()
    content = "<c:content><c:mediaType>application/pdf</c:mediaType>"
    attached = f"{content}<c:value>{file}</c:value></c:content>" if plan.pdf else ""
    return (
        f"<carePlan><c:carePlanHeader><c:documentId>{plan.document_id}</c:documentId>"
        f"<c:sourceSystemHSAId>{hsa_id}</c:sourceSystemHSAId>"
        f"<c:documentTitle>{escape(plan.title)}</c:documentTitle>"
        f"<c:documentTime>{plan.time}</c:documentTime>{_person(shown)}"
        f"{_professional(plan, plan.time)}"
        f"<c:approvedForPatient>{str(plan.approved).lower()}</c:approvedForPatient>"
        "</c:carePlanHeader>"
        "<c:carePlanBody><c:content><c:mediaType>text/plain</c:mediaType>"
        f"<c:value>{text}</c:value></c:content>{attached}"
        f"<c:typeOfCarePlanEnum>{plan.kind}</c:typeOfCarePlanEnum></c:carePlanBody>"
        f"{plan.structured}"
        f'<x:origin xmlns:x="urn:example:extension"><x:system>{hsa_id}</x:system></x:origin>'
        "</carePlan>"
    )


def _period(contact: Contact) -> str:
    end = f"<c:end>{contact.end}</c:end>" if contact.end else ""
    return (
        f"<c:careContactTimePeriod><c:start>{contact.start}</c:start>{end}"
        "</c:careContactTimePeriod>"
    )


def _unit(contact: Contact) -> str:
    return (
        f"<c:careContactOrgUnit><c:orgUnitHSAId>{contact.unit}</c:orgUnitHSAId>"
        f"<c:orgUnitName>{escape(contact.unit_name)}</c:orgUnitName></c:careContactOrgUnit>"
    )


def _contact_header(hsa_id: str, contact: Contact, shown: Fictive) -> str:
    return (
        f"<c:careContactHeader><c:documentId>{contact.document_id}</c:documentId>"
        f"<c:sourceSystemHSAId>{hsa_id}</c:sourceSystemHSAId>{_person(shown)}"
        f"{_professional(contact, contact.registered or contact.start)}"
        "<c:approvedForPatient>true</c:approvedForPatient></c:careContactHeader>"
    )


def written_contact_3(hsa_id: str, contact: Contact, shown: Fictive) -> str:
    """A contact of GetCareContacts 3."""
    return (
        f"<careContact>{_contact_header(hsa_id, contact, shown)}<c:careContactBody>"
        "<c:careContactCode><c:code>1</c:code><c:codeSystem>1.2.752.129.2.2.2.25</c:codeSystem>"
        "<c:displayName>Besök</c:displayName></c:careContactCode>"
        f"<c:careContactReason>{escape(contact.reason)}</c:careContactReason>{_unit(contact)}"
        f"{_period(contact)}<c:careContactStatus><c:code>{contact.status_code}</c:code>"
        "<c:codeSystem>1.2.752.116.2.1.1</c:codeSystem>"
        f"<c:displayName>{escape(contact.status_name)}</c:displayName></c:careContactStatus>"
        "</c:careContactBody></careContact>"
    )


def written_contact_2(hsa_id: str, contact: Contact, shown: Fictive) -> str:
    """A contact of GetCareContacts 2: codes are plain numbers."""
    status = "5" if contact.status_name == "avslutad" else "1"
    return (
        f"<careContact>{_contact_header(hsa_id, contact, shown)}<c:careContactBody>"
        "<c:careContactCode>1</c:careContactCode>"
        f"<c:careContactReason>{escape(contact.reason)}</c:careContactReason>{_unit(contact)}"
        f"{_period(contact)}<c:careContactStatus>{status}</c:careContactStatus>"
        "</c:careContactBody></careContact>"
    )
