"""Checks of messages: HTTP, labels, SOAP, and what a producer must bear with in a request.

Long, because its table is long: one row for each rule.
"""

from __future__ import annotations

from samsvar.bench.checks.common import Judge, as_known
from samsvar.bench.evidence import Evidence
from samsvar.bench.model import EVERY, Area, Check, Judgement, Severity, broken, fine, unknown
from samsvar.bench.reading import Read
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse
from samsvar.soap.rivta import BODY, ENVELOPE, MUST_UNDERSTAND

_MUST, _SHOULD = Severity.MUST, Severity.SHOULD
_KNOWN = "known"


def _answered(judge: Judge) -> Judge:
    """Needs some bytes of the first answer, whatever they are."""

    def judged(seen: Evidence) -> Judgement:
        failure = seen.seen(_KNOWN).failure
        return seen.without_answer(_KNOWN) or fine() if failure is not None else judge(seen)

    return judged


def _status(seen: Evidence) -> Judgement:
    exchange = seen.seen(_KNOWN)
    if exchange.failure is not None:
        return broken(
            f"En korrekt fråga fick inget svar ({exchange.failure}).",
            f"A sound question got no answer ({exchange.failure}).",
            _KNOWN,
        )
    if exchange.status == 200:
        return fine(_KNOWN)
    return broken(
        f"En korrekt fråga fick HTTP {exchange.status}; 200 väntas, utan omdirigering.",
        f"A sound question got HTTP {exchange.status}; 200 is expected, without redirect.",
        _KNOWN,
    )


def _label(seen: Evidence) -> Judgement:
    try:
        charset = charset_of(seen.seen(_KNOWN).headers.get("content-type"))
    except (MediaTypeRefused, XmlRefused):
        charset = None
    if charset is not None:
        return fine(_KNOWN)
    return broken(
        "Content-Type ska vara text/xml med charset.",
        "Content-Type must be text/xml with a charset.",
        _KNOWN,
    )


def _encoding(seen: Evidence) -> Judgement:
    refused = _refused(seen)
    if refused.startswith("charset"):
        return broken(
            "Byten är inte i den teckenkodning som etiketten säger (UTF-8 väntas).",
            "The bytes are not in the encoding that the label says (UTF-8 is expected).",
            _KNOWN,
        )
    return fine(_KNOWN)


def _refused(seen: Evidence) -> str:
    """Why the first answer is no XML, by its bytes and its label's charset (or UTF-8)."""
    exchange = seen.seen(_KNOWN)
    try:
        charset = charset_of(exchange.headers.get("content-type"))
    except (MediaTypeRefused, XmlRefused):
        charset = None
    try:
        parse(exchange.body, charset=charset or "utf-8", limits=ANSWER_LIMITS)
    except XmlRefused as error:
        return error.code
    return ""


def _compressed(seen: Evidence) -> Judgement:
    coding = seen.seen(_KNOWN).headers.get("content-encoding", "identity")
    if coding.strip().lower() == "identity":
        return fine(_KNOWN)
    return broken(
        "Svaret är komprimerat fast frågan bad om identity.",
        "The answer is compressed, though identity was asked for.",
        _KNOWN,
    )


def _soap(seen: Evidence) -> Judgement:
    read: Read = seen.read(_KNOWN)
    if read.response is not None:
        return fine(_KNOWN)
    if read.refused is not None:
        why = read.refused
    elif read.root is None or read.root.tag != ENVELOPE:
        why = "no SOAP 1.1 Envelope"
    elif sum(part.tag == BODY for part in read.root) != 1 or read.payload is None:
        why = "not one Body with one child"
    elif read.fault is not None:
        why = "a SOAP Fault"
    else:
        why = "another element than the contract’s response"
    return broken(
        f"Svaret är inte kontraktets svarselement i ett SOAP 1.1-kuvert ({why}).",
        f"The answer is not the contract's response element in a SOAP 1.1 envelope ({why}).",
        _KNOWN,
    )


def _doctype(seen: Evidence) -> Judgement:
    if _refused(seen) == "doctype":
        return broken(
            "Svaret har en DOCTYPE: det förbjuds i SOAP.",
            "The answer carries a DOCTYPE: SOAP forbids it.",
            _KNOWN,
        )
    return fine(_KNOWN)


def _must_understand(seen: Evidence) -> Judgement:
    root = seen.read(_KNOWN).root
    blocks = [] if root is None else [one for part in root if part.tag != BODY for one in part]
    if any(block.get(MUST_UNDERSTAND, "0").strip() in ("1", "true") for block in blocks):
        return broken(
            "Svaret har ett headerblock som måste förstås; kontraktet har inget sådant.",
            "The answer has a header block that must be understood; the contract has none.",
            _KNOWN,
        )
    return fine(_KNOWN)


def _cookie(seen: Evidence) -> Judgement:
    if "set-cookie" in seen.seen(_KNOWN).headers:
        return broken(
            "Svaret sätter en kaka. Frågor är fristående: frågaren skickar den aldrig tillbaka.",
            "The answer sets a cookie. Questions stand alone: it is never sent back.",
            _KNOWN,
        )
    return fine(_KNOWN)


def _kept(seen: Evidence) -> Judgement:
    first, second = seen.seen(_KNOWN), seen.seen("again")
    stopped = seen.without_answer(_KNOWN, "again")
    if stopped is not None and (first.failure or second.failure):
        return stopped
    if second.reused:
        return fine("again")
    return broken(
        "Förbindelsen stängs efter varje svar: varje fråga kostar en ny TLS-handskakning.",
        "The connection is closed after each answer: each question costs a TLS handshake.",
        _KNOWN,
    )


def _wsdl(seen: Evidence) -> Judgement:
    exchange = seen.seen("wsdl")
    if exchange.failure is not None:
        return unknown("Frågan fick inget svar.", "The question got no answer.", "wsdl")
    if exchange.status != 200:
        return fine(
            "wsdl", swedish="Visas inte; det krävs inte.", english="Not served; not required."
        )
    try:
        root = parse(exchange.body, charset=None, limits=ANSWER_LIMITS).root
    except XmlRefused:
        root = None
    if root is not None and root.get("targetNamespace") == seen.contract.wsdl_namespace:
        return fine("wsdl", swedish="Visas, och är rätt.", english="Served, and the right one.")
    return broken(
        "Det som visas på ?wsdl är inte kontraktets WSDL.",
        "What is served at ?wsdl is not the contract's WSDL.",
        "wsdl",
    )


def _check(
    number: int, swedish: str, english: str, source: str, severity: Severity, judge: Judge
) -> Check[Evidence]:
    return Check(
        f"MSG-{number:02}", Area.MESSAGES, swedish, english, source, severity, judge, EVERY
    )


MESSAGES: tuple[Check[Evidence], ...] = (
    _check(
        1,
        "En korrekt fråga besvaras med HTTP 200",
        "A sound question is answered with HTTP 200",
        "WS-I BP 1.1 R1124",
        _MUST,
        _status,
    ),
    _check(
        2,
        "Content-Type är text/xml med charset",
        "Content-Type is text/xml with charset",
        "WS-I BP 1.1 R1012, R1018",
        _MUST,
        _answered(_label),
    ),
    _check(
        3,
        "Byten är i den kodning som etiketten säger",
        "The bytes are in the encoding that the label says",
        "WS-I BP 1.1 R1012",
        _MUST,
        _answered(_encoding),
    ),
    _check(
        4,
        "Svaret är inte komprimerat om frågan inte bad om det",
        "The answer is not compressed unless asked for",
        "RFC 9110, section 12.5.3",
        _MUST,
        _answered(_compressed),
    ),
    _check(
        5,
        "Svaret är kontraktets svarselement i ett SOAP 1.1-kuvert",
        "The answer is the contract's response element in a SOAP 1.1 envelope",
        "BP31 rules 1 and 7",
        _MUST,
        _answered(_soap),
    ),
    _check(
        6,
        "Svaret har ingen DOCTYPE",
        "The answer carries no DOCTYPE",
        "SOAP 1.1, section 3; WS-I BP 1.1 R1008",
        _MUST,
        _answered(_doctype),
    ),
    _check(
        7,
        "Inget headerblock i svaret måste förstås",
        "No header block of the answer must be understood",
        "SOAP 1.1, section 4.2.3",
        _MUST,
        _answered(_must_understand),
    ),
    _check(
        8,
        "Svaret sätter ingen kaka",
        "The answer sets no cookie",
        "WS-I BP 1.1 R1122: a cookie must not be needed",
        _SHOULD,
        _answered(_cookie),
    ),
    _check(
        9,
        "Förbindelsen hålls öppen mellan frågor",
        "The connection is kept between questions",
        "RFC 9112, section 9.3",
        _SHOULD,
        _answered(_kept),
    ),
    _check(
        10,
        "Okända element i frågans utbyggnadspunkt tolereras",
        "Unknown elements at the request's extension point are tolerated",
        "DS21: xs:any; OVER: receivers ignore what they do not know",
        _MUST,
        as_known(
            "extension", "Ett utbyggt element ändrar svaret", "An extension changes the answer"
        ),
    ),
    _check(
        11,
        "Okända HTTP-headers tolereras",
        "Unknown HTTP headers are tolerated",
        "RFC 9110, section 5.1",
        _MUST,
        as_known("odd-headers", "En okänd header ändrar svaret", "A header changes the answer"),
    ),
    _check(
        12,
        "Många HTTP-headers tolereras (4 kB utöver de vanliga)",
        "Many HTTP headers are tolerated (4 kB beyond the usual)",
        "RFC 9110, section 5.4; platforms add their own",
        _SHOULD,
        as_known("many-headers", "Många headers ändrar svaret", "Many headers change the answer"),
    ),
    _check(
        13,
        "SOAPAction styr inte vilken fråga det är",
        "SOAPAction does not decide which question it is",
        "WS-I BP 1.1 R1109, R1119, R1127; BP31 rule 15",
        _MUST,
        as_known("odd-action", "En annan SOAPAction ändrar svaret", "Another SOAPAction matters"),
    ),
    _check(
        14,
        "Tom SOAPAction tolereras",
        "An empty SOAPAction is tolerated",
        "WS-I BP 1.1 R1109, R1127",
        _SHOULD,
        as_known("no-action", "Tom SOAPAction ändrar svaret", "An empty SOAPAction matters"),
    ),
    _check(
        15,
        "Prefix spelar ingen roll, bara namnrymder",
        "Prefixes do not matter, only namespaces",
        "Namespaces in XML 1.0, section 4",
        _MUST,
        as_known("prefixes", "Andra prefix ändrar svaret", "Other prefixes change the answer"),
    ),
    _check(
        16,
        "Visas en WSDL är den kontraktets",
        "A WSDL that is served is the contract's",
        "BP31 rules 4 and 20",
        _SHOULD,
        _wsdl,
    ),
)
