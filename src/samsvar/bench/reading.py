"""An answer read for judging: as much of it as can be read, and why the rest cannot.

``soap.answer`` refuses an answer at its first fault; a bench wants all of them. Knows SOAP 1.1
and a contract's element names. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from samsvar.bench.messages import core_namespace
from samsvar.bench.model import Kind, kind_of
from samsvar.model.contract import ServiceContract
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse
from samsvar.soap.rivta import BODY, ENVELOPE, FAULT


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer holds."""

    contract: ServiceContract
    refused: str | None = None
    """Why it is no XML that can be read; a fixed word and a sentence without values."""
    root: etree._Element | None = field(repr=False, default=None)
    payload: etree._Element | None = field(repr=False, default=None)
    """The one child of the one Body."""

    @property
    def fault(self) -> etree._Element | None:
        """The SOAP fault, if it is one."""
        return self.payload if self.payload is not None and self.payload.tag == FAULT else None

    @property
    def response(self) -> etree._Element | None:
        """The contract's response element, if that is what it is."""
        payload = self.payload
        if payload is None or payload.tag != self.contract.response_element:
            return None
        return payload

    @property
    def records(self) -> tuple[etree._Element, ...]:
        """All records, in order."""
        response = self.response
        if response is None:
            return ()
        container = self.contract.container_element
        parents = [response] if container is None else list(response.iterchildren(container))
        return tuple(
            record for one in parents for record in one.iterchildren(*self.contract.item_elements)
        )

    @property
    def result(self) -> etree._Element | None:
        """The contract's own result, if it has one and it is there."""
        name, response = self.contract.result_element, self.response
        if name is None or response is None:
            return None
        return response.find("/".join((*self.contract.above_result, name)))

    def result_field(self, local: str) -> str | None:
        """A field of the result."""
        result = self.result
        return (
            None
            if result is None
            else result.findtext(f"{{{core_namespace(self.contract)}}}{local}")
        )

    @property
    def kind(self) -> Kind:
        """Which contract's rules are known."""
        return kind_of(self.contract.urn)

    def document_ids(self) -> tuple[str, ...]:
        """The records' ids, sorted."""
        return tuple(
            sorted(one.text or "" for _, one in self.fields("documentId") if one.text is not None)
        )

    def fields(self, *names: str) -> Iterator[tuple[str, etree._Element]]:
        """Every element with one of these local names below a record, with its place."""
        core = core_namespace(self.contract)
        tags = [f"{{{core}}}{name}" for name in names]
        for number, record in enumerate(self.records, start=1):
            for element in record.iter(*tags):
                yield place(record, number, element), element


def read(contract: ServiceContract, body: bytes, content_type: str | None) -> Read:
    """Read an answer as far as it goes."""
    try:
        charset = charset_of(content_type) if content_type is not None else None
    except (MediaTypeRefused, XmlRefused):
        charset = None
    try:
        root = parse(body, charset=charset, limits=ANSWER_LIMITS).root
    except XmlRefused as error:
        return Read(contract, f"{error.code}: {error}")
    bodies = [part for part in root if part.tag == BODY] if root.tag == ENVELOPE else []
    inside = list(bodies[0]) if len(bodies) == 1 else []
    return Read(contract, None, root, inside[0] if len(inside) == 1 else None)


def place(record: etree._Element, number: int, element: etree._Element) -> str:
    """Where an element stands, in local names from its record."""
    names: list[str] = []
    while element is not record:
        names.append(etree.QName(element).localname)
        parent = element.getparent()
        assert parent is not None  # the element is below the record
        element = parent
    return "/".join([f"{etree.QName(record).localname}[{number}]", *reversed(names)])
