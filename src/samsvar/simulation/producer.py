"""A simulated producer that speaks the contracts itself: GetCarePlans 2, GetCareContacts 2, 3.

Writes its XML by hand, in a style of its own (default namespaces, comments, an extension), so
that nothing here leans on how the hub writes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape  # noqa: TID251 - writes, and never reads

from aiohttp import web

from samsvar.simulation.knobs import Knobs
from samsvar.simulation.people import PEOPLE, Fictive
from samsvar.simulation.server import with_knobs

_DOMAIN = "urn:riv:clinicalprocess:logistics:logistics"
_ID = re.compile(rb"<(?:[\w.-]+:)?id(?:\s[^<>]*)?>\s*([0-9A-Za-z]+)\s*</")
_OPERATION = re.compile(rb"(GetCarePlans|GetCareContacts)Responder:([23])")


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


@dataclass(slots=True)
class Holdings:
    """All that a producer holds, by the person's number."""

    hsa_id: str
    plans: dict[str, tuple[Plan, ...]] = field(default_factory=dict)
    contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Canned:
    """Set ``body`` and every question gets just that, whatever it asks."""

    body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    """Header lines (lower case) and body of every question that came."""


def application(
    holdings: Holdings, knobs: Knobs | None = None, canned: Canned | None = None
) -> web.Application:
    """The producer as a web application; every POST is a question."""
    knobs = knobs or Knobs()
    canned = canned or Canned()

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        canned.asked.append(({k.lower(): v for k, v in request.headers.items()}, body))
        if canned.body is not None:
            return web.Response(body=canned.body, status=canned.status, headers=canned.headers)
        if knobs.fault:
            return _xml(_fault("Internt fel i källsystemet"), 500)
        operation, person = _OPERATION.search(body), _ID.search(body)
        if operation is None or person is None:
            return _xml(_fault("Okänd fråga"), 500)
        number = person[1].decode()
        shown = _somebody_else(number) if knobs.wrong_patient else _known(number)
        return _xml(
            _document(holdings, operation[1].decode(), operation[2].decode(), number, shown)
        )

    built = web.Application(client_max_size=1024 * 1024)
    built.router.add_post("/{anything:(?!_simulator).*}", answer)
    return with_knobs(built, knobs)


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(body=text.encode(), status=status, content_type="text/xml", charset="utf-8")


def _known(number: str) -> Fictive:
    return next((each for each in PEOPLE if each.number == number), Fictive(number, "Okänd"))


def _somebody_else(number: str) -> Fictive:
    return next(each for each in PEOPLE if each.number != number)


def _fault(text: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{escape(text)}</faultstring>"
        "</soap:Fault></soap:Body></soap:Envelope>"
    )


def _document(holdings: Holdings, operation: str, version: str, number: str, shown: Fictive) -> str:
    types = "2" if (operation, version) == ("GetCareContacts", "2") else "3"
    if operation == "GetCarePlans":
        items = "".join(
            _plan(holdings.hsa_id, plan, shown) for plan in holdings.plans.get(number, ())
        )
    else:
        write = _contact_3 if version == "3" else _contact_2
        items = "".join(
            write(holdings.hsa_id, contact, shown) for contact in holdings.contacts.get(number, ())
        )
    result = (
        ""
        if types == "2"
        else "<result><c:resultCode>OK</c:resultCode><c:logId>sim-1</c:logId></result>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:c="{_DOMAIN}:{types}"><soap:Body>\n'
        f'<{operation}Response xmlns="{_DOMAIN}:{operation}Responder:{version}">'
        f"<!-- simulerat svar -->{items}{result}</{operation}Response>\n"
        "</soap:Body></soap:Envelope>"
    )


def _person(shown: Fictive) -> str:
    return f"<c:patientId><c:id>{shown.number}</c:id><c:type>{shown.root}</c:type></c:patientId>"


def _professional(record: Plan | Contact, time: str) -> str:
    return (
        f"<c:accountableHealthcareProfessional><c:authorTime>{time}</c:authorTime>"
        f"<c:healthcareProfessionalHSAId>{record.care_giver}-P1</c:healthcareProfessionalHSAId>"
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


def _plan(hsa_id: str, plan: Plan, shown: Fictive) -> str:
    text = base64.b64encode(plan.text.encode()).decode()
    return (
        f"<carePlan><c:carePlanHeader><c:documentId>{plan.document_id}</c:documentId>"
        f"<c:sourceSystemHSAId>{hsa_id}</c:sourceSystemHSAId>"
        f"<c:documentTitle>{escape(plan.title)}</c:documentTitle>"
        f"<c:documentTime>{plan.time}</c:documentTime>{_person(shown)}"
        f"{_professional(plan, plan.time)}"
        "<c:approvedForPatient>true</c:approvedForPatient></c:carePlanHeader>"
        "<c:carePlanBody><c:content><c:mediaType>text/plain</c:mediaType>"
        f"<c:value>{text}</c:value></c:content>"
        f"<c:typeOfCarePlanEnum>{plan.kind}</c:typeOfCarePlanEnum></c:carePlanBody>"
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
        f"{_professional(contact, contact.start)}"
        "<c:approvedForPatient>true</c:approvedForPatient></c:careContactHeader>"
    )


def _contact_3(hsa_id: str, contact: Contact, shown: Fictive) -> str:
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


def _contact_2(hsa_id: str, contact: Contact, shown: Fictive) -> str:
    status = "5" if contact.status_name == "avslutad" else "1"
    return (
        f"<careContact>{_contact_header(hsa_id, contact, shown)}<c:careContactBody>"
        "<c:careContactCode>1</c:careContactCode>"
        f"<c:careContactReason>{escape(contact.reason)}</c:careContactReason>{_unit(contact)}"
        f"{_period(contact)}<c:careContactStatus>{status}</c:careContactStatus>"
        "</c:careContactBody></careContact>"
    )
