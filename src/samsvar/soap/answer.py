"""Reads a producer's answer: is it one, what does it say, and which records are in it.

One parse serves all: well-formedness, fault, result, schema, whom each record is about, and
where it stands among the bytes. The records leave as the producer's own bytes.

Knows SOAP 1.1, HTTP statuses and a contract's element names. Knows neither who was asked nor
about whom, so it judges neither: ``pipeline.disclose`` compares what is filled in here. Pure: it
may run in any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from lxml import etree

from samsvar.errors import (
    ProducerAnswerInvalid,
    ProducerFault,
    ProducerResultError,
    ProducerUnreachable,
    SchemaBroken,
)
from samsvar.model.catalogue import SchemaPolicy
from samsvar.model.contract import ItemShape, ResultRole, ServiceContract
from samsvar.model.exchange import Item, Reply
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import told_by_form
from samsvar.soap.foreign_text import shown
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import ANSWER_LIMITS, Parsed, XmlRefused, parse
from samsvar.soap.rivta import (
    ACTOR,
    BODY,
    ENVELOPE,
    FAULT,
    HEADER,
    MUST_UNDERSTAND,
    SOAP_NEXT_ACTOR,
)
from samsvar.soap.slices import CannotCut, cut


class Breach(Protocol):
    """One place where an element breaks its schema. Both texts are safe to show."""

    @property
    def path(self) -> str:
        """Where, in names."""

    @property
    def reason(self) -> str:
        """What is wrong, never quoting a value."""


class ResponseCheck(Protocol):
    """A contract's schema, as far as an answer needs it."""

    def check_response(self, element: etree._Element) -> Sequence[Breach]:
        """What is wrong with the response element; nothing if it follows the schema."""


#: A gateway in front of the producer speaks, or the producer says that it cannot just now.
_NOT_REACHED = frozenset({408, 425, 429, 502, 503, 504})


def read_answer(
    contract: ServiceContract,
    body: bytes,
    *,
    http_status: int,
    content_type: str | None,
    content_encoding: str | None,
    schema: ResponseCheck | None,
    policy: SchemaPolicy,
) -> Reply:
    """The records of one answer, and the answer as it came (in UTF-8).

    A record whose person or source system cannot be told for certain (missing, or there twice)
    has None there.

    Raises:
        ProducerFault: a SOAP fault, whatever the HTTP status (Basic Profile 1.1, R1107).
        ProducerResultError: the contract's own ``result`` says ERROR.
        ProducerUnreachable: the HTTP status says that it was never asked.
        ProducerAnswerInvalid: anything else that is not this contract's answer.
    """
    parsed = _read_message(body, http_status, content_type, content_encoding)
    if not body.endswith(parsed.data):
        body = parsed.data  # it was UTF-16, and every answer of the hub is labelled as UTF-8
    response = _payload(parsed.root, body)
    if http_status != 200:
        raise ProducerAnswerInvalid(f"HTTP status {http_status} with a message that is no fault")
    if response.tag != contract.response_element:
        raise ProducerAnswerInvalid("the answer is not this contract's")
    warnings = _judged(contract, response, body, schema, policy)
    parent, records = _records(contract, response)
    try:
        slices = cut(parsed.data, parent, records)
    except CannotCut as error:
        raise ProducerAnswerInvalid(f"the records cannot be cut out: {error}") from error
    items = [_item(contract, *pair) for pair in zip(records, slices, strict=True)]
    return Reply(tuple(items), raw=body, warnings=warnings)


def _read_message(
    body: bytes, http_status: int, content_type: str | None, content_encoding: str | None
) -> Parsed:
    """The answer as a tree, if it can be one at all."""
    if http_status in _NOT_REACHED:
        raise ProducerUnreachable(f"HTTP status {http_status}")
    if http_status not in (200, 500):
        raise ProducerAnswerInvalid(f"HTTP status {http_status}")
    status = "" if http_status == 200 else f"HTTP status {http_status}, and "
    if (content_encoding or "identity").strip().lower() != "identity":
        raise ProducerAnswerInvalid(f"{status}compressed, though that was not asked for")
    if not body or body.isspace():
        raise ProducerAnswerInvalid(f"{status}an empty body")
    try:
        # No label at all is forgiven: the bytes say what they are. A wrong one is not.
        charset = None if content_type is None else charset_of(content_type)
        return parse(body, charset=charset, limits=ANSWER_LIMITS)
    except MediaTypeRefused as error:
        raise ProducerAnswerInvalid(f"{status}no SOAP message: {error}") from error
    except XmlRefused as error:
        raise ProducerAnswerInvalid(f"{status}XML that is refused: {error}") from error


def _payload(envelope: etree._Element, body: bytes) -> etree._Element:
    """What the one Body holds.

    Raises:
        ProducerFault: a fault. Its text goes on only if it is safe to show.
        ProducerAnswerInvalid: not one SOAP 1.1 message with one element in its body.
    """
    if envelope.tag != ENVELOPE:
        raise ProducerAnswerInvalid("no SOAP 1.1 envelope")
    parts = list(envelope)
    header = parts.pop(0) if parts and parts[0].tag == HEADER else None
    if len(parts) != 1 or parts[0].tag != BODY:
        raise ProducerAnswerInvalid("the envelope does not hold one Body and nothing after it")
    inside = list(parts[0])
    if len(inside) != 1:
        raise ProducerAnswerInvalid(f"the Body holds {len(inside)} elements, one expected")
    if inside[0].tag == FAULT:
        text = shown(inside[0].findtext("faultstring")) or "its text is not fit to be shown"
        raise ProducerFault(f"SOAP fault: {text}", raw=body, ours=_blames_us(inside[0]))
    if header is not None:
        _refuse_what_must_be_understood(header)
    return inside[0]


def _blames_us(fault: etree._Element) -> bool:
    """Whether a fault says that the message or its sender is wrong. Of a platform between us and
    the producer only VP009 says that the producer is ill: it gives VP007 as Server too."""
    code = (fault.findtext("faultcode") or "").rpartition(":")[2].strip()
    text = (fault.findtext("faultstring") or "").lstrip()
    platform = text[:2] == "VP" and text[2:5].isdigit()
    return code != "Server" or (platform and text[2:5] != "009")


def _refuse_what_must_be_understood(header: etree._Element) -> None:
    """No header block of an answer means anything here, so none may be mandatory for us."""
    for block in header:
        if block.get(MUST_UNDERSTAND, "0").strip() not in ("0", "false") and block.get(
            ACTOR, ""
        ) in ("", SOAP_NEXT_ACTOR):
            raise ProducerAnswerInvalid("a header block that must be understood is not")


def _records(
    contract: ServiceContract, response: etree._Element
) -> tuple[etree._Element, list[etree._Element]]:
    """The records, and the element whose children they are."""
    parent = response
    if contract.container_element is not None:
        containers = list(response.iterchildren(contract.container_element))
        if len(containers) > 1:
            raise ProducerAnswerInvalid("more than one element that holds the records")
        parent = containers[0] if containers else response
    return parent, list(parent.iterchildren(*contract.item_elements))


def _judged(
    contract: ServiceContract,
    response: etree._Element,
    body: bytes,
    schema: ResponseCheck | None,
    policy: SchemaPolicy,
) -> tuple[str, ...]:
    """Warnings about an answer that may be used.

    The result comes first: an ERROR that also breaks the schema is an ERROR. A result that is
    not there is the schema's business; one that contradicts itself is nobody's answer.
    """
    faults: list[str] = []
    if contract.result_element is not None:
        results = _results(contract, response)
        if len(results) > 1:
            raise ProducerAnswerInvalid("more than one result")
        if results:
            _refuse_failure(contract, response, results[0], body)
        else:
            faults.append(f"{contract.operation}Response: no result")
    if policy is SchemaPolicy.OFF:
        return ()
    if schema is not None:
        # Told with a better place by the schema, if there is one.
        faults = [f"{breach.path}: {breach.reason}" for breach in schema.check_response(response)]
    if faults and policy is SchemaPolicy.DROP:
        raise SchemaBroken(f"breaks its schema at {faults[0]}")
    return tuple(faults)


def _results(contract: ServiceContract, response: etree._Element) -> list[etree._Element]:
    places = [response]
    for step in contract.above_result:
        places = [child for place in places for child in place.iterchildren(step)]
    return [one for place in places for one in place.iterchildren(contract.result_element or "")]


def _refuse_failure(
    contract: ServiceContract, response: etree._Element, result: etree._Element, body: bytes
) -> None:
    codes = list(result.iterchildren(contract.result_code_element or ""))
    code = (codes[0].text or "").strip() if len(codes) == 1 else ""
    if code in ("OK", "INFO"):
        return
    if code != "ERROR":
        raise ProducerAnswerInvalid("the result's code is none of OK, INFO and ERROR")
    words = (
        shown(result.findtext(field.element))
        for role in (ResultRole.ERROR_CODE, ResultRole.TEXT)
        for field in contract.result_fields
        if field.role is role
    )
    told = ": ".join(word for word in words if word)
    # With records beside it the answer contradicts itself: it goes on to nobody.
    beside = _records(contract, response)[1]
    raw = body if not beside and (contract.result_first or result.getprevious() is None) else None
    raise ProducerResultError(f"result ERROR: {told}" if told else "result ERROR", raw=raw)


def _item(contract: ServiceContract, record: etree._Element, xml: bytes) -> Item:
    element = str(record.tag)
    shape = contract.shape(element)
    source = shape.source_path
    return Item(
        xml,
        _subject(contract, shape, record),
        _only_text(record, source) if source is not None else None,
        element,
        _only_text(record, shape.owner_path) if shape.owner_path is not None else None,
    )


def _subject(
    contract: ServiceContract, shape: ItemShape, record: etree._Element
) -> PersonId | None:
    """Whom the record is about; None where that cannot be told for certain."""
    number = _only_text(record, shape.subject_id_path)
    if number is None:
        return None
    if shape.subject_root_path is not None:
        root = _only_text(record, shape.subject_root_path)
        return None if root is None else PersonId(root, number)
    if contract.subject_root is not None:
        return PersonId(contract.subject_root, number)
    return told_by_form(number)


def _only_text(record: etree._Element, path: tuple[str, ...]) -> str | None:
    """The text at the end of the path, as it stands; None unless there is exactly one.

    The first of two could be the right person, and the second be what the consumer shows.
    """
    found = _expression(path)(record)
    if len(found) != 1 or len(found[0]):
        return None
    text: str | None = found[0].text
    return text


@lru_cache(maxsize=256)  # three for each contract
def _expression(path: tuple[str, ...]) -> etree.XPath:
    names = [etree.QName(step) for step in path]
    prefixes = {name.namespace: f"n{number}" for number, name in enumerate(names)}
    steps = "/".join(f"{prefixes[name.namespace]}:{name.localname}" for name in names)
    return etree.XPath(
        steps, namespaces={prefix: uri for uri, prefix in prefixes.items() if uri is not None}
    )
