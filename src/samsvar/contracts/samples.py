"""Makes samples of a contract: the least and a typical question, and answers of a source.

Walks the schema with ``xmlschema``, another library than the one that validates. What the
contract's toml names is filled with a test number and a source that exist nowhere; everything
else with the first plain value that its type accepts. Knows nothing of packages or folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xmlschema
from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdElement, XsdGroup

from samsvar.contracts.pattern_text import NoText, text_for
from samsvar.model.contract import ResultRole, ServiceContract
from samsvar.model.person_numbers import PERSONNUMMER
from samsvar.soap.interaction import Interaction
from samsvar.soap.rivta import ADDRESSING, BODY, ENVELOPE, HEADER, LOGICAL_ADDRESS, REGISTRY, SOAP

PERSON = "191212121212"
"""Tolvan Tolvansson, the customary test number."""
SOURCE = "SE2129999997-KALLA1"
"""A source system of a municipality that does not exist."""

_DEEPEST = 24
_PLAIN = (
    "1",
    "20260115",
    "20260115101500",
    "2026-01-15",
    "2026-01-15T10:15:00",
    "10:15:00",
    "2026",
    "202601",
    "true",
    "1.5",
    "OK",
    "SE2129999997-E000000000001",
    "1.2.752.129.2.1.4.1",
    "https://exempel.se/",
    "RXhlbXBlbA==",
    "sv",
    "P1D",
    "2026-01",
    "--01-15",
    "---15",
    "--01",
    "A",
    "",
)
_BY_NAME = (
    ("hsaid", "SE2129999997-E000000000001"),
    ("name", "Exempel"),
    ("text", "Exempel"),
    ("title", "Exempel"),
    ("description", "Exempel"),
    ("comment", "Exempel"),
    ("displayname", "Exempel"),
)


class NoSample(ValueError):
    """No value could be found for an element. The text says which."""


class PersonDoesNotFit(NoSample):
    """The schema has no room for a person's number as it is written today."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Root elements of messages, without envelope."""

    request_min: etree._Element
    request: etree._Element
    response_min: etree._Element
    response: etree._Element


def make_samples(contract: ServiceContract, interaction: Interaction) -> Samples:
    """Four samples. They should be held to the schema before they are trusted.

    Raises:
        NoSample: an element has a type for which no value was found.
    """
    schema = xmlschema.XMLSchema10(interaction.schema, allow="local", defuse="always")
    asked, answered = _known_values(contract)
    request, response = (
        schema.maps.elements[contract.request_element],
        schema.maps.elements[contract.response_element],
    )
    return Samples(
        _Maker(asked, typical=False, named_too=True).document(request),
        _Maker(asked, typical=True, named_too=True).document(request),
        _Maker(answered, typical=False, named_too=False).document(response),
        _Maker(answered, typical=True, named_too=True).document(response),
    )


def whole_message(body: etree._Element, logical_address: str | None) -> bytes:
    """The sample as a SOAP message; with a logical address it is a question."""
    envelope = etree.Element(ENVELOPE, nsmap={"soapenv": SOAP})
    if logical_address is not None:
        header = etree.SubElement(envelope, HEADER)
        address = etree.SubElement(header, LOGICAL_ADDRESS, nsmap={"itr": REGISTRY})
        address.text = logical_address
    etree.SubElement(envelope, BODY).append(body)
    etree.indent(envelope)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8") + b"\n"


def _known_values(
    contract: ServiceContract,
) -> tuple[dict[tuple[str, ...], str], dict[tuple[str, ...], str]]:
    """Values by path from the root, for the question and for the answer."""
    root = contract.subject_root or PERSONNUMMER
    asked = {contract.subject_id_path: PERSON}
    if contract.subject_root_path is not None:
        asked[contract.subject_root_path] = root
    if contract.source_filter_path is not None:
        asked[contract.source_filter_path] = SOURCE
    answered: dict[tuple[str, ...], str] = {}
    above = () if contract.container_element is None else (contract.container_element,)
    for element in contract.item_elements:
        shape = contract.shape(element)
        answered[(*above, element, *shape.subject_id_path)] = PERSON
        if shape.subject_root_path is not None:
            answered[(*above, element, *shape.subject_root_path)] = root
        if shape.source_path is not None:
            answered[(*above, element, *shape.source_path)] = SOURCE
    if contract.result_element is not None:
        said = {ResultRole.CODE: "OK", ResultRole.LOG_ID: "00000000-0000-4000-8000-000000000000"}
        for field in contract.result_fields:
            if field.role in said:
                answered[(*contract.above_result, contract.result_element, field.element)] = said[
                    field.role
                ]
    return asked, answered


class _Maker:
    """Makes one document: what must be there, or everything once. ``named_too``: at least also
    what the contract's toml names."""

    def __init__(
        self, known: Mapping[tuple[str, ...], str], *, typical: bool, named_too: bool
    ) -> None:
        self._known = known
        self._typical = typical
        self._named_too = named_too

    def document(self, declaration: XsdElement) -> etree._Element:
        """The root and all below it."""
        namespaces = {f"ns{n}": uri for n, uri in enumerate(_namespaces(declaration), start=1)}
        root = etree.Element(declaration.name, nsmap=namespaces)
        self._fill(root, declaration, (), 0)
        return root

    def _fill(
        self, element: etree._Element, declaration: XsdElement, path: tuple[str, ...], depth: int
    ) -> None:
        if depth > _DEEPEST:
            raise NoSample(f"{'/'.join(_locals(path))}: goes round in a circle")
        kind: Any = declaration.type
        if declaration.abstract or getattr(kind, "abstract", False):
            raise NoSample(f"{'/'.join(_locals(path))}: is abstract")
        for name, attribute in declaration.attributes.items():
            if name is not None and attribute.use == "required":
                element.set(name, self._value(attribute.type, path, name))
        if kind.is_simple() or kind.has_simple_content():
            simple = kind if kind.is_simple() else kind.content
            known = self._known.get(path)
            if known == PERSON and not simple.is_valid(known):
                raise PersonDoesNotFit(_no_room(simple, path))
            element.text = self._value(simple, path, declaration.name) if known is None else known
            return
        if isinstance(kind.content, XsdGroup):
            for child in self._children(kind.content, path, depth):
                below = etree.SubElement(element, child.name)
                try:
                    self._fill(below, child, (*path, child.name), depth + 1)
                except NoSample as error:
                    must_be_there = child.min_occurs > 0 or self._is_named(child, path)
                    if must_be_there or isinstance(error, PersonDoesNotFit):
                        raise
                    element.remove(below)

    def _children(self, group: XsdGroup, path: tuple[str, ...], depth: int) -> Iterator[XsdElement]:
        """The elements to write, in order; of a choice the one that is named, or the first."""
        particles = [one for one in group if not isinstance(one, XsdAnyElement)]
        if group.model == "choice":
            named = [one for one in particles if self._is_named(one, path)]
            particles = (named or particles)[:1]
        for particle in particles:
            wanted = particle.min_occurs
            if self._typical or self._is_named(particle, path):
                wanted = max(wanted, 1)
            if isinstance(particle, XsdElement):
                # What holds itself, or lies deeper than anybody reads, only if it must.
                if particle.name in path or depth > _DEEPEST // 3 or particle.max_occurs == 0:
                    wanted = particle.min_occurs
                for _ in range(wanted):
                    yield particle
            else:
                for _ in range(wanted):
                    yield from self._children(particle, path, depth)

    def _is_named(self, particle: XsdElement | XsdGroup, path: tuple[str, ...]) -> bool:
        """Whether something that is known stands in the element or the group."""
        if not self._named_too:
            return False
        inside = [particle] if isinstance(particle, XsdElement) else particle.iter_elements()
        names = {(*path, one.name) for one in inside if isinstance(one, XsdElement)}
        return any(known[: len(path) + 1] in names for known in self._known)

    def _value(self, kind: Any, path: tuple[str, ...], name: str) -> str:
        """The first plain value that the type accepts."""
        for candidate in _candidates(kind, _local(name)):
            if kind.is_valid(candidate):
                return candidate
        raise NoSample(f"{'/'.join(_locals(path))}: no value of its type was found")


def _candidates(kind: Any, name: str) -> Iterator[str]:
    yield from (str(one) for one in getattr(kind, "enumeration", None) or ())
    for part in _parts(kind):
        yield from _candidates(part, name)
    lower = name.lower()
    yield from (value for ending, value in _BY_NAME if lower.endswith(ending))
    yield from _PLAIN
    for pattern in _patterns(kind):
        try:
            yield text_for(pattern)
        except NoText:
            continue
    least = getattr(kind, "min_length", None)
    if isinstance(least, int) and least < 1000:
        yield from ("A" * least, "1" * least)


def _parts(kind: Any) -> Iterator[Any]:
    """The types that a union chooses between, or that a list is of."""
    yield from getattr(kind, "member_types", None) or ()
    item = getattr(kind, "item_type", None)
    if item is not None:
        yield item


def _no_room(kind: Any, path: tuple[str, ...]) -> str:
    patterns = list(_patterns(kind))
    told = f"{'/'.join(_locals(path))}: its type has no room for a person's number of 12 digits"
    if any(pattern.startswith("^") or pattern.endswith("$") for pattern in patterns):
        told += (
            "; its pattern has ^ or $, which XML Schema reads as signs of the text: take them "
            "away in the package, as every consumer and producer must have done"
        )
    return told


def _patterns(kind: Any) -> Iterator[str]:
    """The patterns of a simple type and of those that it is made from."""
    current = kind
    while current is not None:
        facet = getattr(current, "patterns", None)
        yield from getattr(facet, "regexps", ())
        current = getattr(current, "base_type", None)


def _namespaces(declaration: XsdElement) -> list[str]:
    """Every namespace of the schema, so that prefixes are declared once, on the root."""
    known = declaration.schema.maps.namespaces
    return sorted(uri for uri in known if uri.startswith("urn:") and uri != ADDRESSING)


def _locals(path: tuple[str, ...]) -> list[str]:
    return [_local(name) for name in path]


def _local(name: str) -> str:
    return name.rpartition("}")[2]
