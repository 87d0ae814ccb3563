"""A simulated producer that speaks the contracts itself: GetCarePlans 2, GetCareContacts 2, 3.

Writes its XML by hand, in a style of its own (default namespaces, comments, an extension), so
that nothing here leans on how the hub writes. It keeps the rules of the contracts; ``Broken``
makes it break them, one by one. Long, as all that goes over its wire is read in one place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4
from xml.sax.saxutils import escape  # noqa: TID251 - writes, and never reads

from aiohttp import web

from samsvar.simulation.broken_rules import Broken
from samsvar.simulation.dress import (
    broken_fault,
    dressed,
    fault,
    refused_at_the_door,
    without_doctype,
)
from samsvar.simulation.knobs import Knobs
from samsvar.simulation.people import PEOPLE, Fictive
from samsvar.simulation.producer_records import (
    Contact,
    Plan,
    written_contact_2,
    written_contact_3,
    written_plan,
)
from samsvar.simulation.questions import Asked, CannotRead, read_question
from samsvar.simulation.server import with_knobs

_DOMAIN = "urn:riv:clinicalprocess:logistics:logistics"


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
    holdings: Holdings,
    knobs: Knobs | None = None,
    canned: Canned | None = None,
    broken: Broken | None = None,
) -> web.Application:
    """The producer as a web application; every POST is a question."""
    knobs = knobs or Knobs()
    canned = canned or Canned()
    manner = Manner(holdings, broken or Broken())

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        canned.asked.append(({k.lower(): v for k, v in request.headers.items()}, body))
        if canned.body is not None:
            return web.Response(body=canned.body, status=canned.status, headers=canned.headers)
        if knobs.fault:
            return _xml(fault("Internt fel i källsystemet"), 500)
        return await manner.answer(
            request, body, wrong_patient=knobs.wrong_patient, silent=knobs.silent
        )

    async def described(request: web.Request) -> web.Response:
        return manner.described(request)

    built = web.Application(client_max_size=1024 * 1024)
    built.router.add_post("/{anything:(?!_simulator).*}", answer)
    built.router.add_get("/{anything:(?!_simulator).*}", described)
    return with_knobs(built, knobs)


class Manner:
    """How the producer answers: soundly, but for the rules that it is told to break."""

    def __init__(self, holdings: Holdings, broken: Broken) -> None:
        self._holdings = holdings
        self._broken = broken
        self._at_once = 0
        self._asked = 0

    async def answer(
        self,
        request: web.Request,
        body: bytes,
        *,
        wrong_patient: bool = False,
        silent: bool = False,
    ) -> web.Response:
        """The answer to one question."""
        broken = self._broken
        self._at_once += 1
        try:
            self._asked += 1
            if self._asked == 1 and ("slow" in broken or "very-slow" in broken):
                await asyncio.sleep(0.4 if "slow" in broken else 0.9)  # as after a cold start
            if "loses-parallel" in broken:
                await asyncio.sleep(0.05)
                if self._at_once > 2:
                    return web.Response(status=503, text="too many")
            answered = self._answered(request, body, wrong_patient=wrong_patient, silent=silent)
            return dressed(answered, broken)
        finally:
            self._at_once -= 1

    def described(self, request: web.Request) -> web.Response:
        """There is no WSDL here, unless the wrong one is to be shown."""
        if "wrong-wsdl" in self._broken and request.query_string.lower() == "wsdl":
            return web.Response(text="<definitions/>", content_type="text/xml")
        return web.Response(status=405, text="POST only", headers={"Allow": "POST"})

    def _answered(
        self, request: web.Request, body: bytes, *, wrong_patient: bool, silent: bool
    ) -> web.Response:
        broken = self._broken
        try:
            if refusal := refused_at_the_door(request, body, broken):
                return _xml(broken_fault(refusal, body, broken), 500)
            asked = read_question(without_doctype(body) if "doctype-taken" in broken else body)
        except CannotRead as error:
            return self._cannot_read(str(error), body)
        if asked.extended and "refuses-extensions" in broken:
            return _xml(broken_fault("Okänt element", body, broken), 500)
        wrong = self._against_the_rules(asked)
        if wrong is not None:
            return self._invalid(asked, wrong)
        if "fault-for-unknown" in broken and asked.number not in {
            *self._holdings.plans,
            *self._holdings.contacts,
        }:
            return _xml(broken_fault("Okänd person", body, broken), 500)
        other = wrong_patient or "other-person" in broken
        shown = _somebody_else(asked.number) if other else _known(asked.number)
        items = "" if silent else self._items(asked, shown)
        return _xml(self._broken.written(self._document(asked, items)))

    def _cannot_read(self, why: str, body: bytes) -> web.Response:
        broken = self._broken
        answers = {
            "Meddelandet kan inte läsas": "broken-xml-answered",
            "Okänd fråga": "unknown-operation-answered",
            "Frågan saknar person": "no-person-answered",
        }
        if answers.get(why, "") in broken:
            asked = Asked("GetCarePlans", "2", self._holdings.hsa_id, "")
            return _xml(self._document(asked, ""))
        label = "text/html" if "fault-as-html" in broken else "text/xml"
        status = 200 if "fault-with-200" in broken else 500
        return _xml(broken_fault(why, body, broken), status, label)

    def _against_the_rules(self, asked: Asked) -> str | None:
        """What the contract answers with INVALID_REQUEST."""
        own, broken = self._holdings.hsa_id.lower(), self._broken
        if asked.sources and "refuses-own-source" in broken:
            return "sourceSystemHSAId tas inte emot"
        foreign = any(source.lower() != own for source in asked.sources)
        if foreign and "takes-other-source" not in broken:
            return "sourceSystemHSAId är inte det system som frågan är ställd till"
        if asked.contacts and not asked.sources and "takes-contact-without-source" not in broken:
            return "careContactId kräver sourceSystemHSAId"
        return None

    def _invalid(self, asked: Asked, why: str) -> web.Response:
        if (asked.operation, asked.version) == ("GetCareContacts", "2"):
            return _xml(fault(why, "Client"), 500)
        if "error-names-person" in self._broken:
            why = f"{why}: {asked.number}"
        result = (
            "<result><c:resultCode>ERROR</c:resultCode><c:errorCode>INVALID_REQUEST</c:errorCode>"
            f"<c:logId>{uuid4()}</c:logId><c:message>{escape(why)}</c:message></result>"
        )
        return _xml(self._document(asked, "", result))

    def _items(self, asked: Asked, shown: Fictive) -> str:
        holdings, broken = self._holdings, self._broken
        if "any-address" not in broken and asked.address.lower() != holdings.hsa_id.lower():
            return ""
        source = "SE2129999963-ANNAN" if "other-source" in broken else holdings.hsa_id
        if "knows-nobody" in broken:
            return ""
        number = asked.number
        if "knows-everybody" in broken:
            number = next(iter(holdings.plans or holdings.contacts))
        plans, contacts = holdings.plans.get(number, ()), holdings.contacts.get(number, ())
        if "new-ids" in broken:
            plans = tuple(replace(each, document_id=f"P-{uuid4()}") for each in plans)
            contacts = tuple(replace(each, document_id=f"K-{uuid4()}") for each in contacts)
        if asked.operation == "GetCarePlans":
            return "".join(
                written_plan(source, plan, shown) for plan in plans if wanted(plan, asked, broken)
            )
        write = written_contact_3 if asked.version == "3" else written_contact_2
        return "".join(
            write(source, contact, shown) for contact in contacts if wanted(contact, asked, broken)
        )

    def _document(self, asked: Asked, items: str, result: str | None = None) -> str:
        operation, version = asked.operation, asked.version
        types = "2" if (operation, version) == ("GetCareContacts", "2") else "3"
        if types == "2":
            result = ""
        elif result is None:
            result = f"<result><c:resultCode>OK</c:resultCode><c:logId>{uuid4()}</c:logId></result>"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
            f' xmlns:c="{_DOMAIN}:{types}"><soap:Body>\n'
            f'<{operation}Response xmlns="{_DOMAIN}:{operation}Responder:{version}">'
            f"<!-- simulerat svar -->{items}{result}</{operation}Response>\n"
            "</soap:Body></soap:Envelope>"
        )


def wanted(record: Plan | Contact, asked: Asked, broken: Broken) -> bool:
    """Whether the question's filters let the record through."""
    if asked.units and record.unit not in asked.units and "unit-filter-ignored" not in broken:
        return False
    if asked.givers and "giver-lost" in broken:
        return False
    if (
        asked.givers
        and record.care_giver not in asked.givers
        and "giver-filter-ignored" not in broken
    ):
        return False
    if asked.contacts and "contact-filter-ignored" not in broken:
        # No plan here says which contact it was made at.
        return isinstance(record, Contact) and record.document_id in asked.contacts
    if asked.period is None or "period-ignored" in broken:
        return True
    start, end = asked.period
    if start == end and "single-day-empty" in broken:
        return False
    if isinstance(record, Plan):
        first = last = record.time[:8]
    else:
        first, last = record.start[:8], (record.end or "99991231")[:8]
    if "start-left-out" in broken and last == start < end:
        return False
    if "end-left-out" in broken and first == end > start:
        return False
    return first <= end and last >= start


def _xml(text: str, status: int = 200, label: str = "text/xml") -> web.Response:
    return web.Response(body=text.encode(), status=status, content_type=label, charset="utf-8")


def _known(number: str) -> Fictive:
    return next((each for each in PEOPLE if each.number == number), Fictive(number, "Okänd"))


def _somebody_else(number: str) -> Fictive:
    return next(each for each in PEOPLE if each.number != number)
