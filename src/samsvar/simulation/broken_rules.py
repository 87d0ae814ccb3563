"""The rules that a simulated producer can be told to break, each by its name.

For the test bench: it must find each of these. Some are ways of behaving, which the producer
looks at itself (``BEHAVIOUR``); some are changes of a sound answer's text (``TEXT``).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

BEHAVIOUR = frozenset(
    {
        "slow",
        "very-slow",
        "closes-connections",
        "redirects",
        "label",
        "latin-1",
        "compressed",
        "cookie",
        "wrong-wsdl",
        "refuses-extensions",
        "refuses-headers",
        "refuses-other-actions",
        "refuses-many-headers",
        "refuses-prefixes",
        "loses-parallel",
        "broken-xml-answered",
        "fault-with-200",
        "fault-as-html",
        "fault-names-person",
        "fault-children-qualified",
        "fault-code-odd",
        "unknown-operation-answered",
        "doctype-taken",
        "no-person-answered",
        "knows-nobody",
        "knows-everybody",
        "fault-for-unknown",
        "refuses-own-source",
        "takes-other-source",
        "takes-contact-without-source",
        "contact-filter-ignored",
        "start-left-out",
        "end-left-out",
        "single-day-empty",
        "period-ignored",
        "unit-filter-ignored",
        "giver-filter-ignored",
        "giver-lost",
        "any-address",
        "other-person",
        "other-source",
        "new-ids",
        "error-names-person",
    }
)
"""What the producer does otherwise than it should."""

_PLAN_TEXT = r"<c:value>[^<]*</c:value>"
_BIG = base64.b64encode(b"x" * 102_401).decode()

TEXT: dict[str, tuple[str, str]] = {
    "info": ("<c:resultCode>OK<", "<c:resultCode>INFO<"),
    "error-code-with-ok": (
        "(<c:resultCode>OK</c:resultCode>)",
        r"\1<c:errorCode>INVALID_REQUEST</c:errorCode>",
    ),
    "log-id": (r"<c:logId>[^<]*</c:logId>", "<c:logId>log-1</c:logId>"),
    "field-order": (
        r"(<c:documentId>[^<]*</c:documentId>)(<c:sourceSystemHSAId>[^<]*</c:sourceSystemHSAId>)",
        r"\2\1",
    ),
    "same-document-id": (r"<c:documentId>[^<]*<", "<c:documentId>1<"),
    "no-approval": (r"<c:approvedForPatient>true</c:approvedForPatient>", ""),
    "nullified": ("(</c:approvedForPatient>)", r"\1<c:nullified>true</c:nullified>"),
    "no-title": (r"<c:documentTitle>[^<]*</c:documentTitle>", ""),
    "title-of-contact": (
        "(<careContact><c:careContactHeader>.*?</c:sourceSystemHSAId>)",
        r"\1<c:documentTitle>Besök</c:documentTitle>",
    ),
    "code-and-text": (
        r"(<c:displayName>[^<]*</c:displayName>)",
        r"\1<c:originalText>fri text</c:originalText>",
    ),
    "code-without-system": (r"<c:codeSystem>[^<]*</c:codeSystem>", ""),
    "value-and-reference": (
        "(</c:value>)",
        r"\1<c:reference>https://example.invalid/plan</c:reference>",
    ),
    "media-type": ("<c:mediaType>text/plain<", "<c:mediaType>audio/mpeg<"),
    "too-big": (_PLAN_TEXT, f"<c:value>{_BIG}</c:value>"),
    "text-in-latin-1": (
        _PLAN_TEXT,
        f"<c:value>{base64.b64encode('Mål'.encode('latin-1')).decode()}</c:value>",
    ),
    "false-pdf": ("<c:mediaType>text/plain<", "<c:mediaType>application/pdf<"),
    "content-id": ("<c:content>", "<c:content><c:id>1</c:id>"),
    "no-content": (r"<c:content>.*?</c:content>", ""),
    "no-kind": (r"<c:typeOfCarePlanEnum>[^<]*</c:typeOfCarePlanEnum>", ""),
    "local-unit": (
        "(</c:content>)",
        r"\1<c:participatingCareUnitHSAId><c:root>1.2.3</c:root><c:extension>7</c:extension>"
        "</c:participatingCareUnitHSAId>",
    ),
    "impossible-day": (r"<c:authorTime>[^<]*<", "<c:authorTime>20260230120000<"),
    "zone": (r"<c:authorTime>([0-9]{14})<", r"<c:authorTime>\1+01:00<"),
    "future": (r"<c:authorTime>[^<]*<", "<c:authorTime>20991231120000<"),
    "no-owner": (
        r"<c:healthcareProfessionalCareUnitHSAId>.*?</c:healthcareProfessionalCareGiverHSAId>",
        "",
    ),
    "no-org-unit": (
        r"<c:healthcareProfessionalOrgUnit>.*?</c:healthcareProfessionalOrgUnit>",
        "",
    ),
    "odd-hsa-id": (r"<c:orgUnitHSAId>[^<]*<", "<c:orgUnitHSAId>avdelning 7<"),
    "end-before-start": (
        r"<c:end>[^<]*</c:end>",
        "<c:end>20010101120000</c:end>",
    ),
    "no-times": (
        r"<c:careContactTimePeriod>.*?</c:careContactTimePeriod>",
        "<c:careContactTimePeriod/>",
    ),
    "other-contact-code": (
        "<c:codeSystem>1.2.752.129.2.2.2.25<",
        "<c:codeSystem>1.2.3<",
    ),
    "other-status-code": (
        r"<c:codeSystem>1.2.752.116.2.1.1<",
        "<c:codeSystem>1.2.3<",
    ),
    "gender-as-text": (
        "(</c:careContactStatus>)",
        r"\1<c:additionalPatientInformation><c:gender><c:originalText>kvinna</c:originalText>"
        "</c:gender></c:additionalPatientInformation>",
    ),
    "odd-person-type": (
        r"<c:type>1\.2\.752\.129\.2\.1\.3\.1<",
        "<c:type>1.2.752.129.2.1.3.3<",
    ),
    "hyphen-in-number": (
        r"(<c:patientId><c:id>[0-9]{8})([0-9]{4}<)",
        r"\1-\2",
    ),
    "must-understand": (
        "<soap:Body>",
        '<soap:Header><x:h xmlns:x="urn:example:header" soap:mustUnderstand="1"/></soap:Header>'
        "<soap:Body>",
    ),
    "soap-1.2": (
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    ),
    "doctype": (r"(<\?xml [^>]*\?>)", r"\1<!DOCTYPE soap:Envelope>"),
    "unknown-field": ("(</c:approvedForPatient>)", r"\1<c:priority>1</c:priority>"),
}
"""What is written otherwise than it should: a pattern, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The rules that a producer breaks now; none from the beginning."""

    rules: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Raises ValueError for a rule that nothing here breaks."""
        unknown = self.rules - BEHAVIOUR - TEXT.keys()
        if unknown:
            raise ValueError(f"no such rules: {', '.join(sorted(unknown))}")

    def __contains__(self, rule: str) -> bool:
        """Whether this one is broken."""
        return rule in self.rules

    def written(self, text: str) -> str:
        """A sound answer with the text rules broken."""
        for rule in sorted(self.rules & TEXT.keys()):
            pattern, instead = TEXT[rule]
            text = re.sub(pattern, instead, text, flags=re.DOTALL)
        return text
