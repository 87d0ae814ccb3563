"""Checks of technical errors: what is no question gets a SOAP fault, and it names nobody."""

from __future__ import annotations

import re

from lxml import etree

from samsvar.bench.checks.common import Judge
from samsvar.bench.evidence import Evidence
from samsvar.bench.model import EVERY, Area, Check, Judgement, Severity, broken, fine, unknown
from samsvar.bench.reading import Read
from samsvar.soap.foreign_text import shown
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import XmlRefused

_MUST, _SHOULD = Severity.MUST, Severity.SHOULD
_FAULTY = ("cut-short", "unknown-operation", "no-person", "doctype")
_CODES = frozenset({"VersionMismatch", "MustUnderstand", "Client", "Server"})
#: a log id (RFC 9562). Chance writes digits alone into a group of one id in a hundred, so they
#: accuse nobody; the persons who were asked about are looked for in ids too.
_UUID = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", re.IGNORECASE
)


def _becomes_fault(name: str, swedish: str, english: str) -> Judge:
    def judged(seen: Evidence) -> Judgement:
        exchange, read = seen.seen(name), seen.read(name)
        if exchange.failure is not None:
            return _none(name)
        if read.fault is not None:
            return fine(name)
        why = f"HTTP {exchange.status}"
        return broken(f"{swedish} ({why}).", f"{english} ({why}).", name)

    return judged


def _refused(seen: Evidence) -> Judgement:
    """A question without its person: a fault, or ERROR; never OK."""
    exchange, read = seen.seen("no-person"), seen.read("no-person")
    if exchange.failure is not None:
        return _none("no-person")
    if read.response is None or read.result_field("resultCode") == "ERROR":
        return fine("no-person")
    return broken(
        "En fråga som bryter mot schemat (utan person) besvarades som om den var korrekt.",
        "A question that breaks the schema (no person) was answered as if it were sound.",
        "no-person",
    )


def _no_doctype(seen: Evidence) -> Judgement:
    exchange, read = seen.seen("doctype"), seen.read("doctype")
    if exchange.failure is not None:
        return _none("doctype")
    if read.response is None or read.result_field("resultCode") == "ERROR":
        return fine("doctype")
    return broken(
        "En fråga med DOCTYPE lästes. Avvisa den: den kan få servern att hämta filer eller svälla.",
        "A question with a DOCTYPE was read. Refuse it: it can make a server fetch files or swell.",
        "doctype",
    )


def _faults(seen: Evidence) -> list[tuple[str, Read]]:
    found = [(name, seen.read(name)) for name in _FAULTY]
    return [(name, read) for name, read in found if read.fault is not None]


def _each(seen: Evidence, bad: list[str], swedish: str, english: str) -> Judgement:
    if not _faults(seen):
        return unknown("Inget SOAP-fel att bedöma.", "No SOAP fault to judge.", *_FAULTY)
    if bad:
        return broken(swedish, english, *bad)
    return fine(_faults(seen)[0][0])


def _status(seen: Evidence) -> Judgement:
    bad = [name for name, _ in _faults(seen) if seen.seen(name).status != 500]
    statuses = ", ".join(sorted({str(seen.seen(name).status) for name in bad}))
    return _each(
        seen,
        bad,
        f"Ett SOAP-fel kom med HTTP {statuses}; 500 väntas.",
        f"A SOAP fault came with HTTP {statuses}; 500 is expected.",
    )


def _label(seen: Evidence) -> Judgement:
    bad = [name for name, _ in _faults(seen) if not _is_xml(seen, name)]
    return _each(
        seen,
        bad,
        "Ett SOAP-fel är inte märkt text/xml.",
        "A SOAP fault is not labelled text/xml.",
    )


def _is_xml(seen: Evidence, name: str) -> bool:
    try:
        charset_of(seen.seen(name).headers.get("content-type"))
    except (MediaTypeRefused, XmlRefused):
        return False
    return True


def _children(seen: Evidence) -> Judgement:
    bad = [
        name
        for name, read in _faults(seen)
        if read.fault is not None
        and (read.fault.find("faultcode") is None or read.fault.find("faultstring") is None)
    ]
    return _each(
        seen,
        bad,
        "faultcode och faultstring ska finnas, utan namnrymd.",
        "faultcode and faultstring must be there, in no namespace.",
    )


def _code(seen: Evidence) -> Judgement:
    bad = [
        name
        for name, read in _faults(seen)
        if read.fault is not None
        and (read.fault.findtext("faultcode") or "").strip().rpartition(":")[2].partition(".")[0]
        not in _CODES
        and read.fault.find("faultcode") is not None
    ]
    return _each(
        seen,
        bad,
        "faultcode ska vara Client eller Server (SOAP 1.1).",
        "faultcode must be Client or Server (SOAP 1.1).",
    )


def _names_nobody(seen: Evidence) -> Judgement:
    """Looks at every text of every fault, and of ERROR results."""
    bad = []
    for name in (*_FAULTY, "other-source", "contact-without-source"):
        read = seen.read(name)
        told = read.fault if read.fault is not None else read.result
        if told is not None and _may_name_somebody(told, seen):
            bad.append(name)
    if bad:
        return broken(
            "Feltexten innehåller något som kan vara ett personnummer.",
            "The error's text holds what may be a personal number.",
            *bad,
        )
    return _each(seen, [], "", "")


def _may_name_somebody(element: etree._Element, seen: Evidence) -> bool:
    persons = (seen.target.known.extension, seen.target.unknown.extension)
    for text in map(str, element.itertext()):
        bare = text.replace("-", "")
        if any(number[2:] in text or number[2:] in bare for number in persons):
            return True
        said = _UUID.sub("UUID", text)
        if len(said) < 200 and said.strip() and shown(said) is None:
            return True
    return False


def _none(name: str) -> Judgement:
    return unknown("Frågan fick inget svar.", "The question got no answer.", name)


def _check(
    number: int, swedish: str, english: str, source: str, severity: Severity, judge: Judge
) -> Check[Evidence]:
    return Check(f"FLT-{number:02}", Area.FAULTS, swedish, english, source, severity, judge, EVERY)


FAULTS: tuple[Check[Evidence], ...] = (
    _check(
        1,
        "Trasig XML besvaras med SOAP-fel",
        "Broken XML is answered with a SOAP fault",
        "BP31 3.1; TKB clinicalprocess:logistics:logistics 3.0.13, Tekniska fel",
        _MUST,
        _becomes_fault(
            "cut-short", "Trasig XML gav inget SOAP-fel", "Broken XML gave no SOAP fault"
        ),
    ),
    _check(
        2,
        "En okänd fråga besvaras med SOAP-fel",
        "An unknown operation is answered with a SOAP fault",
        "BP31 3.1; WS-I BP 1.1 R2724",
        _MUST,
        _becomes_fault(
            "unknown-operation",
            "En okänd fråga gav inget SOAP-fel",
            "An unknown operation gave no SOAP fault",
        ),
    ),
    _check(
        3,
        "En fråga som bryter mot schemat avvisas",
        "A question that breaks the schema is refused",
        "BP31 3.1; TS21 rule 11",
        _MUST,
        _refused,
    ),
    _check(
        4,
        "En fråga med DOCTYPE avvisas",
        "A question with a DOCTYPE is refused",
        "SOAP 1.1, section 3; WS-I BP 1.1 R1008",
        _MUST,
        _no_doctype,
    ),
    _check(
        5,
        "SOAP-fel har HTTP 500",
        "SOAP faults have HTTP 500",
        "SOAP 1.1, section 6.2; WS-I BP 1.1 R1126",
        _MUST,
        _status,
    ),
    _check(
        6,
        "SOAP-fel är märkta text/xml",
        "SOAP faults are labelled text/xml",
        "WS-I BP 1.1 R1012; SOAP 1.1, section 6",
        _MUST,
        _label,
    ),
    _check(
        7,
        "faultcode och faultstring finns, utan namnrymd",
        "faultcode and faultstring are there, in no namespace",
        "WS-I BP 1.1 R1000, R1001",
        _MUST,
        _children,
    ),
    _check(
        8,
        "faultcode är Client eller Server",
        "faultcode is Client or Server",
        "BP31 3.1; SOAP 1.1, section 4.4.1",
        _SHOULD,
        _code,
    ),
    _check(
        9,
        "Feltexter innehåller inga personuppgifter",
        "Error texts hold no personal data",
        "BP31 3.1; TS21 rule 11",
        _MUST,
        _names_nobody,
    ),
)
