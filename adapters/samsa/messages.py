"""SAMSA's messages by its WSDL: requests out, decoded answers in.

The SOAP library is used for what it knows, the schema; it opens no socket, and it is never the
first to read an answer. A fault is read here and not by the library, whose errors quote the
document. Builds the library's client once, when first needed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import zeep
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.helpers import serialize_object
from zeep.wsse.username import UsernameToken

from samsvar.adapter_api import HttpAnswer, ProducerAnswerInvalid, ProducerFault
from samsvar.adapter_api.xml import checked_element
from samsvar_adapters.samsa import multipart

NAMESPACE: Final = "urn:samsa:plan:v4"
ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
WSDL: Final = Path(__file__).with_name("samsa.wsdl")

_NOT_THERE: Final = {
    "HamtaArendeLista": ("personen finns ej",),
    "HamtaPlan": ("ärendet finns ej", "personen finns ej"),
    "HamtaBilaga": ("bilagan finns ej", "ärendet finns ej", "personen finns ej"),
}
"""The faults that say, of each operation, that there is nothing to give: in words only."""

_CODES: Final = frozenset(
    {
        "Client",
        "Server",
        "VersionMismatch",
        "MustUnderstand",
        "FailedAuthentication",
        "FailedCheck",
        "InvalidSecurity",
        "InvalidSecurityToken",
        "SecurityTokenUnavailable",
        "UnsupportedSecurityToken",
    }
)
"""Fault codes that may be repeated: those of SOAP 1.1 and WS-Security. Others are only counted
as a fault, since what a source writes may hold a person's number."""


class NotThere(Exception):
    """The system's fault for what it does not have: a person, a case, an attachment."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """For a WS-Security UsernameToken; the password is sent as text, inside TLS."""

    username: str
    password: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Request:
    """What to post."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _PackagedFile:
    """What the SOAP library may load: our own WSDL, and nothing else."""

    def load(self, url: object) -> bytes:
        if str(url) != str(WSDL):
            raise FileNotFoundError("only the packaged WSDL may be loaded")
        return WSDL.read_bytes()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the library wants of a response: always one that has already been checked."""

    content: bytes = field(repr=False)
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})
    encoding: str = "utf-8"


@lru_cache(maxsize=1)
def _client() -> Any:
    settings = zeep.Settings(
        strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    made: Any = zeep.Client  # no types are published
    return made(str(WSDL), transport=_PackagedFile(), settings=settings)


def request(operation: str, credentials: Credentials | None, **values: object) -> Request:
    """The message that asks ``operation`` for something."""
    client = _client()
    envelope = client.create_message(client.service, operation, **values)
    if credentials is not None:
        token: Any = UsernameToken
        token(credentials.username, credentials.password).apply(envelope, {})
    action = client.service._binding.get(operation).soapaction
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "Accept": "multipart/related, text/xml",
        "SOAPAction": f'"{action}"',
    }
    return Request(headers, etree.tostring(envelope, encoding="utf-8"))


def decoded(operation: str, answer: HttpAnswer) -> Mapping[str, object]:
    """The answer to ``operation``: children and attributes by name.

    Raises:
        NotThere: the system does not have what was asked for.
        ProducerFault: it failed, and said so.
        ProducerAnswerInvalid: it is not this operation's answer by the schema.
    """
    envelope = _envelope(answer)
    body = envelope.find(f"{{{ENVELOPE}}}Body")
    if envelope.tag != f"{{{ENVELOPE}}}Envelope" or body is None:
        raise ProducerAnswerInvalid("the answer is no SOAP 1.1 envelope")
    fault = body.find(f"{{{ENVELOPE}}}Fault")
    if fault is not None:
        raise _refusal(operation, fault)
    if answer.status != 200:
        raise ProducerFault(f"HTTP {answer.status} with no SOAP fault")
    # The library takes any other element for an answer without content: nothing found.
    if [child.tag for child in body] != [f"{{{NAMESPACE}}}{operation}Svar"]:
        raise ProducerAnswerInvalid(f"the answer is not {operation}Svar")
    client = _client()
    binding = client.service._binding
    try:
        found = binding.process_reply(
            client, binding.get(operation), _Answer(etree.tostring(envelope, encoding="utf-8"))
        )
        plain: Any = serialize_object
        document = plain(found, dict)
    except (ZeepError, etree.LxmlError, LookupError, TypeError, ValueError, AttributeError):
        # Not chained: the library's errors quote the document.
        raise ProducerAnswerInvalid(f"{operation}Svar breaks the schema of its WSDL") from None
    if not isinstance(document, dict):
        raise ProducerAnswerInvalid(f"{operation}Svar could not be decoded")
    return document


def _envelope(answer: HttpAnswer) -> etree._Element:
    header = answer.headers.get("content-type", "text/xml")
    media_type, parameters = multipart.content_type(header)
    if media_type == "multipart/related":
        # An attachment may be larger than the rules for XML allow a text to be: it is our own.
        return checked_element(multipart.whole_document(answer.body, header))
    if answer.status in (401, 403):
        raise ProducerFault(f"HTTP {answer.status}: our certificate or user is not accepted")
    if media_type not in ("text/xml", "application/soap+xml", "application/xml"):
        if answer.status != 200:
            raise ProducerFault(f"HTTP {answer.status} with no SOAP fault")
        raise ProducerAnswerInvalid("the answer is neither XML nor multipart")
    try:
        return checked_element(answer.body, parameters.get("charset"))
    except ProducerAnswerInvalid:
        if answer.status != 200:
            raise ProducerFault(f"HTTP {answer.status} with no SOAP fault") from None
        raise


def _refusal(operation: str, fault: etree._Element) -> Exception:
    """The error that a fault is. Its words are compared, never repeated."""
    # Unqualified by SOAP 1.1, section 4.4; some toolkits put them in the envelope's namespace.
    said = unicodedata.normalize("NFC", fault.findtext("{*}faultstring") or "")
    words = " ".join(said.split()).rstrip(".!").casefold()
    if words in _NOT_THERE.get(operation, ()):
        return NotThere(words)
    code = (fault.findtext("{*}faultcode") or "").strip().rpartition(":")[2].partition(".")[0]
    known = f" {code}" if code in _CODES else ""
    return ProducerFault(f"SAMSA answered with a SOAP fault{known}")
