"""Values that the consent and block contracts share: persons, times, who did what; and how a
call ended.

Sources: informationsecurity:authorization:consent 2.0 and blocking 4.0. Times are xs:dateTime
without zone, Swedish local time: the hour that comes twice in autumn is read so that a consent
becomes shorter by it and a block longer. Knows no contract's own elements.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from samsvar.model.accessing import Accessing
from samsvar.model.consents import is_id
from samsvar.model.identifiers import ContractUrn, HsaId, PersonId
from samsvar.model.local_time import earliest, wall_time
from samsvar.model.person_numbers import PersonNumberInvalid, check
from samsvar.model.registration import LONGEST_HSA_ID, Action, Employee, Refusal
from samsvar.soap.envelope import escaped
from samsvar.soap.rivta import SOAP

CONSENT: Final = "urn:riv:informationsecurity:authorization:consent:2"
BLOCKING: Final = "urn:riv:informationsecurity:authorization:blocking:4"

VALIDATION: Final = {CONSENT: "VALIDATION_ERROR", BLOCKING: "VALIDATIONERROR"}
"""Spelt in two ways nationally."""

#: reason -> result code, where it is another than that of a wrong value; and what a user reads
_TOLD: Final[dict[Refusal, tuple[str | None, str]]] = {
    Refusal.PERSON: (None, "Personidentiteten är inte giltig."),
    Refusal.BLANK: (None, "Ett HSA-id eller id saknas, är för långt eller har otillåtna tecken."),
    Refusal.PERIOD: (None, "Periodens slut ligger före dess början."),
    Refusal.TIME: (None, "En tidpunkt går inte att tolka."),
    Refusal.ENDED: (None, "Slutdatumet har redan passerats."),
    Refusal.NOT_BY_EMPLOYEE: (
        None,
        "Ett personligt samtycke måste begäras av den medarbetare som det gäller.",
    ),
    Refusal.NO_EMERGENCY: (
        "ACCESSDENIED",
        "Nödöppning kan bara registreras för en vårdgivare, inte för en omsorgsgivare.",
    ),
    Refusal.BY_GUARDIAN: (
        "ACCESSDENIED",
        "En vårdnadshavare kan inte spärra uppgifter om sitt barn.",
    ),
    Refusal.UNIT_MISSING: (None, "En inre spärr måste ange vårdenhet."),
    Refusal.UNIT_GIVEN: (None, "En yttre spärr får inte ange vårdenhet."),
    Refusal.INFORMATION_TYPE: (None, "Endast informationstyperna lak och upp kan undantas."),
    Refusal.REPLICATION: (None, "replicationTimeout ska vara -1, 0 eller ett antal millisekunder."),
    Refusal.NOT_YOURS: (
        "ACCESSDENIED",
        "Uppgiften gäller en annan vård- eller omsorgsgivare än den som adresserats.",
    ),
    Refusal.NOT_FOUND: ("NOTFOUND", "Angivet id finns inte."),
    Refusal.EXISTS: ("ALREADYEXISTS", "Angivet id används redan av en annan registrering."),
    Refusal.CANCELLED: ("INVALIDSTATE", "Registreringen är återkallad eller hävd."),
    Refusal.NULLIFIED: ("INVALIDSTATE", "Registreringen är makulerad."),
    Refusal.TOO_MANY: ("ERROR", "Svaret skulle bli för stort. Begränsa frågan."),
}

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


class Refused(Exception):
    """A request that is answered with a result code."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def result(core: str, refusal: Refusal | None = None, info: str | None = None) -> str:
    """How the call ended: the content of a ResultType."""
    if refusal is not None:
        code, text = _TOLD[refusal]
        return _coded(code or VALIDATION[core], text)
    return "<c:resultCode>OK</c:resultCode>" if info is None else _coded("INFO", info)


def _coded(code: str, text: str) -> str:
    return f"<c:resultCode>{code}</c:resultCode><c:resultText>{escaped(text)}</c:resultText>"


def response(contract: ContractUrn, operation: str, core: str, content: str) -> bytes:
    """The envelope around a response; ``r`` is the contract's namespace, ``c`` the domain's."""
    name = f"r:{operation}Response"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<{name} xmlns:r="{contract}" xmlns:c="{core}">{content}</{name}></s:Body></s:Envelope>'
    ).encode()


def wall(text: str) -> datetime:
    """An xs:dateTime as it stands: without zone, unless it has one.

    Raises:
        Refused: TIME.
    """
    found = _DATE_TIME.fullmatch(text.strip())
    if found is None:
        raise Refused(Refusal.TIME)
    day, clock, fraction, zone = found.groups()
    midnight = clock == "24:00:00"
    plain = f"{day}T{'00:00:00' if midnight else clock}.{(fraction or '0')[:6]:0<6}"
    try:
        moment = datetime.fromisoformat(plain + (zone or "").replace("Z", "+00:00"))
        return moment + timedelta(days=1) if midnight else moment
    except (ValueError, OverflowError) as error:
        raise Refused(Refusal.TIME) from error


def shown(moment: datetime) -> str:
    """The moment as an xs:dateTime without zone, Swedish local time."""
    return wall_time(moment).isoformat()


def text_of(parent: etree._Element, tag: str) -> str | None:
    """A child's text; None if there is no such child."""
    found = parent.find(tag)
    return None if found is None else "".join(found.itertext()).strip()


def told(parent: etree._Element, tag: str) -> str:
    """The text of a child that the schema asks for."""
    return text_of(parent, tag) or ""


def hsa_id(parent: etree._Element, tag: str) -> HsaId:
    """An HSA-id that the schema asks for.

    Raises:
        Refused: BLANK.
    """
    text = told(parent, tag)
    if not is_id(text, LONGEST_HSA_ID):
        raise Refused(Refusal.BLANK)
    return HsaId(text)


def optional_hsa_id(parent: etree._Element, tag: str) -> HsaId | None:
    """An HSA-id, if there is one."""
    return None if parent.find(tag) is None else hsa_id(parent, tag)


def person(parent: etree._Element, tag: str, core: str) -> PersonId | None:
    """A person, if there is one.

    Raises:
        Refused: PERSON, nobody can have that number.
    """
    found = parent.find(tag)
    if found is None:
        return None
    read = PersonId(told(found, f"{{{core}}}root"), told(found, f"{{{core}}}extension"))
    try:
        check(read)
    except PersonNumberInvalid as error:
        raise Refused(Refusal.PERSON) from error
    return read


def subject_of(parent: etree._Element, tag: str, core: str) -> PersonId:
    """The person that it is about.

    Raises:
        Refused: PERSON.
    """
    read = person(parent, tag, core)
    if read is None:
        raise Refused(Refusal.PERSON)
    return read


def person_written(element: str, who: PersonId) -> str:
    """A person, as an IIType."""
    return (
        f"<{element}><c:root>{escaped(who.root)}</c:root>"
        f"<c:extension>{escaped(who.extension)}</c:extension></{element}>"
    )


def accessing_of(body: etree._Element, contract: str, core: str) -> Accessing:
    """Who wants to see.

    Raises:
        Refused: BLANK.
    """
    actor = body.find(f"{{{contract}}}accessingActor")
    if actor is None:
        raise Refused(Refusal.BLANK)
    return Accessing(
        care_giver=hsa_id(actor, f"{{{core}}}careProviderId"),
        care_unit=hsa_id(actor, f"{{{core}}}careUnitId"),
        employee=hsa_id(actor, f"{{{core}}}employeeId"),
    )


def action_of(body: etree._Element, tag: str, core: str) -> Action:
    """What was asked for and done.

    Raises:
        Refused: TIME or BLANK.
    """
    found = body.find(tag)
    if found is None:
        raise Refused(Refusal.BLANK)
    return Action(
        requested_at=earliest(wall(told(found, f"{{{core}}}requestDate"))),
        requested_by=_employee(found, f"{{{core}}}requestedBy", core),
        registered_at=earliest(wall(told(found, f"{{{core}}}registrationDate"))),
        registered_by=_employee(found, f"{{{core}}}registeredBy", core),
        reason=text_of(found, f"{{{core}}}reasonText"),
    )


def action_written(element: str, action: Action) -> str:
    """An ActionType."""
    return (
        f"<{element}><c:requestDate>{shown(action.requested_at)}</c:requestDate>"
        f"{_employee_written('c:requestedBy', action.requested_by)}"
        f"<c:registrationDate>{shown(action.registered_at)}</c:registrationDate>"
        f"{_employee_written('c:registeredBy', action.registered_by)}"
        f"{optional('c:reasonText', action.reason)}</{element}>"
    )


def optional(element: str, text: str | None) -> str:
    """An element, if there is a text for it."""
    return "" if text is None else f"<{element}>{escaped(text)}</{element}>"


def _employee(parent: etree._Element, tag: str, core: str) -> Employee:
    found = parent.find(tag)
    if found is None:
        raise Refused(Refusal.BLANK)
    return Employee(
        employee=hsa_id(found, f"{{{core}}}employeeId"),
        assignment=optional_hsa_id(found, f"{{{core}}}assignmentId"),
        assignment_name=text_of(found, f"{{{core}}}assignmentName"),
    )


def _employee_written(element: str, employee: Employee) -> str:
    return (
        f"<{element}><c:employeeId>{escaped(employee.employee)}</c:employeeId>"
        f"{optional('c:assignmentId', employee.assignment)}"
        f"{optional('c:assignmentName', employee.assignment_name)}</{element}>"
    )
