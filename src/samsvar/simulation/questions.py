"""What a simulated producer reads of a question, and which records the question asks for.

Knows the request fields of the logistics contracts by their local names, as a forgiving system
does. Knows nothing of how an answer is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from samsvar.soap.parsing import REQUEST_LIMITS, XmlRefused, parse

_OPERATION = re.compile(r"urn:riv:.*:(GetCarePlans|GetCareContacts)Responder:([23])")


class CannotRead(Exception):
    """The message is no question that this system knows; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question."""

    operation: str
    version: str
    address: str
    number: str
    units: tuple[str, ...] = ()
    givers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    period: tuple[str, str] | None = None
    extended: bool = False
    """Something that the contract does not name stands in the request."""


_KNOWN = {
    "careUnitHSAId",
    "careGiverHSAId",
    "patientId",
    "datePeriod",
    "timePeriod",
    "sourceSystemHSAId",
    "careContactId",
}


def read_question(body: bytes) -> Asked:
    """The question in an envelope.

    Raises:
        CannotRead: broken XML, an unknown operation, or no person.
    """
    try:
        root = parse(body, charset=None, limits=REQUEST_LIMITS).root
    except XmlRefused as error:
        raise CannotRead("Meddelandet kan inte läsas") from error
    request = next((each for part in root if _name(part) == "Body" for each in part), None)
    known = None if request is None else _OPERATION.fullmatch(_space(request))
    if request is None or known is None or _name(request) != known[1]:
        raise CannotRead("Okänd fråga")
    number = _below(request, "patientId", "id")
    if not number:
        raise CannotRead("Frågan saknar person")
    starts = _below(request, "datePeriod", "start") + _below(request, "timePeriod", "start")
    ends = _below(request, "datePeriod", "end") + _below(request, "timePeriod", "end")
    named = (one.text or "" for one in root.iter() if _name(one) in ("LogicalAddress", "To"))
    address = next(named, "")  # as profile 2.1 or 2.0 has it
    return Asked(
        known[1],
        known[2],
        address.strip(),
        number[0],
        _below(request, "careUnitHSAId"),
        _below(request, "careGiverHSAId"),
        _below(request, "sourceSystemHSAId"),
        _below(request, "careContactId"),
        (starts[0], ends[0]) if starts and ends else None,
        any(_name(child) not in _KNOWN for child in request),
    )


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _space(element: etree._Element) -> str:
    return etree.QName(element).namespace or ""


def _below(request: etree._Element, *path: str) -> tuple[str, ...]:
    found = [child for child in request if _name(child) == path[0]]
    for name in path[1:]:
        found = [child for parent in found for child in parent if _name(child) == name]
    return tuple((each.text or "").strip() for each in found if (each.text or "").strip())
