"""A SAMSA to try the adapter against: SOAP 1.1 over HTTP, attachments as MTOM.

Serves at every path. Reads its requests by the hub's rules for XML; keeps nothing. Anybody may
ask: user names and certificates are the front's business, not the simulator's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web
from lxml import etree
from lxml.builder import ElementMaker

from samsvar.adapter_api import ProducerAnswerInvalid
from samsvar.adapter_api.xml import checked_element
from samsvar.simulation import Installation, Knobs, person, with_knobs
from samsvar_adapters.samsa.messages import ENVELOPE, NAMESPACE, WSDL
from samsvar_adapters.samsa.simulator_data import CASES, Case, File, Part
from samsvar_adapters.samsa.tables import NUMBER_KINDS, PERSONNUMMER

_soap = ElementMaker(namespace=ENVELOPE, nsmap={"soap": ENVELOPE})
_samsa = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})
_xop = ElementMaker(
    namespace="http://www.w3.org/2004/08/xop/include",
    nsmap={"xop": "http://www.w3.org/2004/08/xop/include"},
)

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_BOUNDARY = "uuid:7f0c2a34-samsa-bilaga"
_OTHER_PERSON = "193801029202"
_SECOND_OTHER_PERSON = "191212121212"

INSTALLATION = Installation(
    hsa_id="SE2321000131-SAMSA1",
    title="SAMSA, Västra Götaland",
    owner="SE2321000131-0001",
)


def application(knobs: Knobs) -> web.Application:
    """The simulated system. Knobs ``fault``, ``wrong_patient`` and ``expired_token`` are its
    own; a token is refused once, as a new one is sent with the next message."""

    async def wsdl(_request: web.Request) -> web.Response:
        return web.Response(body=WSDL.read_bytes(), content_type="text/xml", charset="utf-8")

    async def ask(request: web.Request) -> web.Response:
        if knobs.fault:
            return _fault("soap:Server", "Tekniskt fel, försök igen senare (ORA-00060)")
        if knobs.expired_token:
            knobs.expired_token = False
            return _fault("wsse:InvalidSecurityToken", "Token har gått ut")
        try:
            envelope = checked_element(await request.read(), request.charset)
        except ProducerAnswerInvalid:
            return _fault("soap:Client", "Meddelandet kan inte läsas")
        asked = envelope.find(f"{{{ENVELOPE}}}Body/*")
        operation = etree.QName(asked).localname if asked is not None else ""
        answer = _OPERATIONS.get(operation)
        if asked is None or answer is None:
            return _fault("soap:Client", "Operationen finns ej")
        return answer(asked, knobs)

    application = web.Application()
    application.router.add_get("/{path:.*}", wsdl)
    application.router.add_post("/{path:.*}", ask)
    return with_knobs(application, knobs)


def _list(asked: etree._Element, knobs: Knobs) -> web.Response:
    number = (asked.findtext(f".//{{{NAMESPACE}}}Id") or "").replace("-", "")
    if knobs.wrong_patient:
        number = _OTHER_PERSON if number != _OTHER_PERSON else _SECOND_OTHER_PERSON
    if knobs.silent:
        return _message(_samsa.HamtaArendeListaSvar(antal="0"))
    if number not in CASES:
        return _fault("soap:Client", "Personen finns ej")
    rows = [
        _samsa.Arende(
            _samsa.ArendeId(case.id), _samsa.Typ(case.kind), _samsa.StatusKod(case.status)
        )
        for case in CASES[number]
    ]
    return _message(_samsa.HamtaArendeListaSvar(*rows, antal=str(len(rows))))


def _plan(asked: etree._Element, _knobs: Knobs) -> web.Response:
    found = _case(asked.findtext(f"{{{NAMESPACE}}}ArendeId"))
    if found is None or found[1].gone:
        return _fault("soap:Client", "Ärendet finns ej")
    return _message(_samsa.HamtaPlanSvar(case_element(*found)))


def _attachment(asked: etree._Element, _knobs: Knobs) -> web.Response:
    found = _case(asked.findtext(f"{{{NAMESPACE}}}ArendeId"))
    wanted = asked.findtext(f"{{{NAMESPACE}}}BilagaId")
    files = found[1].files if found is not None else ()
    for file in files:
        if file.id == wanted:
            return web.Response(
                body=mtom(file),
                headers={
                    "Content-Type": f'multipart/related; type="application/xop+xml"; '
                    f'start="<svar@samsa>"; start-info="text/xml"; boundary="{_BOUNDARY}"'
                },
            )
    return _fault("soap:Client", "Bilagan finns ej")


_OPERATIONS: Mapping[str, Callable[[etree._Element, Knobs], web.Response]] = {
    "HamtaArendeLista": _list,
    "HamtaPlan": _plan,
    "HamtaBilaga": _attachment,
}


def _case(case_id: str | None) -> tuple[str, Case] | None:
    for number, cases in CASES.items():
        for case in cases:
            if case.id == case_id:
                return number, case
    return None


def case_element(number: str, case: Case) -> etree._Element:
    """``Arende`` as the system writes it, about the person with this number."""
    fictive = person(number)
    kind = case.number_kind or NUMBER_KINDS.get(fictive.root, NUMBER_KINDS[PERSONNUMMER])
    element = _samsa.Arende(
        _samsa.ArendeId(case.id),
        _samsa.Typ(case.kind),
        _samsa.StatusKod(case.status),
        _samsa.StatusText(case.status_text),
        _samsa.Individ(_samsa.Id(case.spelled or fictive.hyphenated, typ=kind)),
    )
    if case.consent is not None:
        element.append(
            _samsa.Samtycke(
                _samsa.Registrerat("true"),
                _samsa.Tid("2022-11-02T09:15:00"),
                _samsa.Omfattning(case.consent),
            )
        )
    plan = _samsa.Plan()
    for name, time in (
        ("Upprattad", case.established),
        ("Andrad", case.changed),
        ("Avslutad", case.closed),
    ):
        if time is not None:
            plan.append(_samsa(name, time))
    if case.accountable is not None:
        plan.append(_accountable(case, case.accountable))
    if case.group is not None:
        plan.append(_samsa.Malgrupp(case.group))
    for place, part in enumerate(case.parts, start=1):
        plan.append(_part(place, part))
    for unit, time in case.signatures:
        plan.append(_samsa.Justering(enhet=unit, tid=time))
    element.append(plan)
    for file in case.files:
        size = file.said_size or str(len(file.content))
        element.append(_samsa.Bilaga(id=file.id, typ=file.media_type, storlek=size))
    return element


def _accountable(case: Case, name: str) -> etree._Element:
    title = _samsa.Befattning(case.title, **_given(kod=case.title_code))
    hsa, unit = case.unit
    element = _samsa.Ansvarig(_samsa.Namn(name), title)
    if unit is not None:
        element.append(_samsa.Enhet(unit, **_given(hsa=hsa)))
    return element


def _part(place: int, part: Part) -> etree._Element:
    attributes = _given(aktor=part.actor, enhet=part.unit, lagrum=part.law, delas=part.shared)
    return _samsa.Del(
        _samsa.Rubrik(part.heading), _samsa.Text(part.text), nr=str(place), **attributes
    )


def _given(**attributes: str | None) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}


def mtom(file: File) -> bytes:
    """``HamtaBilagaSvar`` in two parts: the message, and the file it points to."""
    answer = _samsa.HamtaBilagaSvar(
        _samsa.BilagaId(file.id), _samsa.Innehall(_xop.Include(href="cid:bilaga@samsa"))
    )
    root = etree.tostring(_enveloped(answer), encoding="utf-8")
    return b"".join(
        (
            b"--" + _BOUNDARY.encode(),
            b'\r\nContent-Type: application/xop+xml; charset=utf-8; type="text/xml"\r\n'
            b"Content-Transfer-Encoding: 8bit\r\nContent-ID: <svar@samsa>\r\n\r\n",
            root,
            b"\r\n--" + _BOUNDARY.encode(),
            b"\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: binary\r\nContent-ID: <bilaga@samsa>\r\n\r\n",
            file.content,
            b"\r\n--" + _BOUNDARY.encode() + b"--\r\n",
        )
    )


def _enveloped(content: etree._Element) -> etree._Element:
    return _soap.Envelope(_soap.Body(content))


def _message(content: etree._Element, status: int = 200) -> web.Response:
    body = etree.tostring(_enveloped(content), encoding="utf-8", xml_declaration=True)
    return web.Response(status=status, body=body, content_type="text/xml", charset="utf-8")


def _fault(code: str, words: str) -> web.Response:
    maker = ElementMaker(nsmap={"wsse": _WSSE})
    fault = _soap.Fault(maker.faultcode(code), maker.faultstring(words))
    return _message(fault, 500)
