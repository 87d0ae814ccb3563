"""A consumer's envelope: what it asks for, and of whom.

Knows SOAP 1.1 with the Basic Profile's restrictions, and where RIV-TA has the logical address.
``read_message`` looks at the envelope only; ``understand`` judges the question inside it, once
the contract is known. Knows no routes, no rights and no HTTP. No value ever stands in an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lxml import etree

from samsvar.errors import MalformedRequest, NotUnderstood, VersionMismatch
from samsvar.model.catalogue import RivtaProfile
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Question
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.soap import rivta
from samsvar.soap.parsing import REQUEST_LIMITS, Limits, XmlRefused, parse
from samsvar.soap.values import judge

_MOST_HEADERS = 32  # RIV-TA needs one; SOAP stacks add a few
_LONGEST_ADDRESS = 256  # the catalogue's own are at most 64

_ADDRESSES = frozenset({rivta.LOGICAL_ADDRESS, rivta.LOGICAL_ADDRESS_2})
_UNDERSTOOD = _ADDRESSES | {rivta.ACTOR_HEADER}
#: a header block without actor is for whom the message ends with: us
_OUR_ACTORS = frozenset({None, "", rivta.SOAP_NEXT_ACTOR})

_ACTOR_TYPES = {"subject_of_care": True, "subject_of_care_agent": False}

# Names of attributes cannot be written with character references, so the bytes tell at once
# that there is none; that is much cheaper than to look at every attribute.
_ENCODING_STYLE = etree.XPath(
    "boolean(//@*[local-name() = 'encodingStyle' and namespace-uri() = $soap])"
)
_XSI_NIL = re.compile(rb":nil[ \t\r\n]*=")
_NIL = etree.XPath("boolean(//@*[local-name() = 'nil' and namespace-uri() = $xsi])")
_XSI_TYPE = f"{{{rivta.XSI}}}type"
_INCLUDE = b"nclude"
_INCLUDES = (f"{{{rivta.XOP}}}Include", f"{{{rivta.XINCLUDE}}}include")

_MOST_FAULTS_TOLD = 5


class SchemaFault(Protocol):
    """One place where an element breaks its schema; both texts hold no value."""

    @property
    def path(self) -> str:
        """Local names from the request element."""

    @property
    def reason(self) -> str:
        """What is wrong there, in fixed words."""


SchemaCheck = Callable[[etree._Element], Sequence[SchemaFault]]


@dataclass(frozen=True, slots=True)
class CitizenActor:
    """The header block ``Actor``. None in a field: it is not there, or there twice, or odd."""

    number: str | None = field(repr=False)
    for_oneself: bool | None
    """``subject_of_care``, or ``subject_of_care_agent``."""


@dataclass(frozen=True, slots=True)
class Message:
    """A read envelope with exactly one question in it, which has not been judged."""

    root: etree._Element = field(repr=False)
    body: etree._Element = field(repr=False)
    """The child of the SOAP Body."""
    contract: ContractUrn
    """The namespace of ``body``: routing follows it, never SOAPAction (Basic Profile, R1127)."""
    local_name: str
    logical_address: LogicalAddress | None
    """As sent: a blank in it is a fault in somebody's catalogue, which should be seen."""
    profile: RivtaProfile
    data: bytes = field(repr=False)
    """The whole message: UTF-8 without byte order mark and XML declaration."""
    citizen: CitizenActor | None = None
    """Which citizen asks, where the message says so."""


def read_message(document: bytes, charset: str | None, limits: Limits = REQUEST_LIMITS) -> Message:
    """Read an envelope; ``charset`` is what ``charset_of`` said of its label.

    Raises:
        VersionMismatch, NotUnderstood, MalformedRequest: in this order, if several are so
            (Basic Profile, R2725).
    """
    try:
        parsed = parse(document, charset=charset, limits=limits)
    except XmlRefused as error:
        raise MalformedRequest(f"The document was refused: {error}.") from error
    root, data = parsed.root, parsed.data
    if root.tag != rivta.ENVELOPE:
        _refuse_root(root)
    parts = list(root)
    headers = [block for part in parts if part.tag == rivta.HEADER for block in part]
    _must_understand(headers)
    _envelope_is_whole(root, parts)
    body = _only_child(parts[-1])
    if b"encodingStyle" in data and _ENCODING_STYLE(root, soap=rivta.SOAP):
        raise MalformedRequest("encodingStyle is not allowed.")
    _refuse_what_changes_the_reading(root, body, data)
    namespace, _, local_name = str(body.tag)[1:].partition("}")
    profile, address = _addressed(headers)
    return Message(
        root, body, ContractUrn(namespace), local_name, address, profile, data, _citizen(headers)
    )


def follow_schema(body: etree._Element, request_element: str, schema_check: SchemaCheck) -> None:
    """Return if the element is the request expected, and follows its schema.

    Raises:
        MalformedRequest: with the place and what is wrong there.
    """
    if body.tag != request_element:
        raise MalformedRequest("The Body does not hold the request of its contract.")
    faults = schema_check(body)
    if faults:
        told = [f"{fault.path}: {fault.reason}" for fault in faults[:_MOST_FAULTS_TOLD]]
        raise MalformedRequest(f"The request does not follow its schema. {'; '.join(told)}.")


def understand(message: Message, contract: ServiceContract, schema_check: SchemaCheck) -> Question:
    """The question, once it follows its schema and is about a person that can exist.

    Raises:
        MalformedRequest: with the place and what is wrong there.
    """
    body = message.body
    follow_schema(body, contract.request_element, schema_check)
    subject, source_filter = judge(body, contract)
    return Question(
        contract=contract,
        subject=subject,
        source_filter=source_filter,
        body=etree.tostring(body, encoding="utf-8", xml_declaration=False, with_tail=False),
        envelope=message.data,
    )


def _refuse_root(root: etree._Element) -> None:
    name = etree.QName(root)
    if name.localname == "Envelope" and name.namespace:
        raise VersionMismatch("The envelope is not a SOAP 1.1 envelope.")
    raise MalformedRequest("The document is not a SOAP 1.1 envelope.")


def _must_understand(headers: list[etree._Element]) -> None:
    addressed = any(block.tag in _ADDRESSES for block in headers)
    marked = [
        (block, value)
        for block in headers
        if (value := block.get(rivta.MUST_UNDERSTAND)) is not None
    ]
    for block, value in marked:
        # To is understood where it is the address; beside LogicalAddress it is not read at all.
        understood = block.tag in _UNDERSTOOD or (block.tag == rivta.TO and not addressed)
        if value == "1" and not understood and block.get(rivta.ACTOR) in _OUR_ACTORS:
            raise NotUnderstood("A header block that must be understood is not understood.")
    if any(value not in ("0", "1") for _, value in marked):
        raise MalformedRequest("mustUnderstand is neither 0 nor 1.")
    if len(headers) > _MOST_HEADERS:
        raise MalformedRequest(f"More than {_MOST_HEADERS} header blocks.")


def _envelope_is_whole(root: etree._Element, parts: list[etree._Element]) -> None:
    """Envelope, perhaps Header, Body; nothing else (R9980, R1011, R1032)."""
    names = [part.tag for part in parts]
    if names not in ([rivta.HEADER, rivta.BODY], [rivta.BODY]):
        raise MalformedRequest("The envelope is not one Header, or none, and then one Body.")
    for element in (root, *parts):
        if _has_text(element):
            raise MalformedRequest("Text stands between the parts of the envelope.")
        if any(str(name).startswith(f"{{{rivta.SOAP}}}") for name in element.attrib):
            raise MalformedRequest("A part of the envelope has an attribute of SOAP's own.")


def _has_text(element: etree._Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and text.strip(" \t\r\n") for text in texts)


def _only_child(soap_body: etree._Element) -> etree._Element:
    """The one question (R1014, R2211 to R2214)."""
    if len(soap_body) != 1:
        raise MalformedRequest("The Body does not hold exactly one element.")
    body = soap_body[0]
    if not str(body.tag).startswith("{"):
        raise MalformedRequest("The element in the Body is in no namespace.")
    if str(body.tag).startswith(f"{{{rivta.SOAP}}}"):
        raise MalformedRequest("The Body holds an element of SOAP's own, such as a Fault.")
    return body


def _refuse_what_changes_the_reading(
    root: etree._Element, body: etree._Element, data: bytes
) -> None:
    """What makes two readers see two questions: another type, no value, text from elsewhere."""
    if body.get(_XSI_TYPE) is not None:
        raise MalformedRequest("xsi:type is not allowed on the request element.")
    if _XSI_NIL.search(data) and _NIL(body, xsi=rivta.XSI):
        raise MalformedRequest("xsi:nil is not allowed: leave the element out.")
    if _INCLUDE in data and next(root.iter(*_INCLUDES), None) is not None:
        raise MalformedRequest("Content by inclusion is not allowed.")


def _citizen(headers: list[etree._Element]) -> CitizenActor | None:
    """Odd or doubled, it is there and says nothing: whoever needs it must then refuse."""
    blocks = [block for block in headers if block.tag == rivta.ACTOR_HEADER]
    if not blocks:
        return None
    names = ("actorId", "actorType")
    number, kind = (
        _only_text(blocks, f"{{{rivta.INTEROPERABILITY_HEADERS}}}{name}") for name in names
    )
    return CitizenActor(number, _ACTOR_TYPES.get(kind or ""))


def _only_text(blocks: list[etree._Element], name: str) -> str | None:
    found = [child for block in blocks for child in block.iterchildren(name)]
    if len(blocks) != 1 or len(found) != 1 or len(found[0]):
        return None
    return (found[0].text or "").strip() or None


def _addressed(headers: list[etree._Element]) -> tuple[RivtaProfile, LogicalAddress | None]:
    """The profile, and the address as it stands; a blank one is none at all."""
    profile = RivtaProfile.BP21
    blocks = [block for block in headers if block.tag in _ADDRESSES]
    if not blocks:
        blocks = [block for block in headers if block.tag == rivta.TO]
        profile = RivtaProfile.BP20 if blocks else RivtaProfile.BP21
    if not blocks:
        return profile, None
    if len(blocks) > 1:
        raise MalformedRequest("More than one logical address.")
    block = blocks[0]
    if len(block):
        raise MalformedRequest("The logical address holds an element.")
    text = block.text or ""
    if len(text) > _LONGEST_ADDRESS:
        raise MalformedRequest(f"The logical address is longer than {_LONGEST_ADDRESS}.")
    return profile, LogicalAddress(text) if text.strip() else None
