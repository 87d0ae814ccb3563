"""What a WSDL and its schemas say of one interaction: names, soapAction, the tree of elements.

Knows RIV-TA Basic Profile 2.1 (document/literal, one operation, one body part named
``parameters``) and as much of XML Schema as our files and the national ones use: global
elements, named types, sequences. Knows nothing of what the hub does with a contract, and
validates nothing: that is ``soap.schema``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from samsvar.soap.parsing import parse_trusted

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
_XS = "{http://www.w3.org/2001/XMLSchema}"


class InteractionUnreadable(ValueError):
    """The WSDL or one of its schemas does not say what we must know. The text says what."""


@dataclass(frozen=True, slots=True)
class ElementDeclaration:
    """One element of a type. Names are Clark names: ``{ns}local``."""

    name: str
    type: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """Global elements and the children of every type, over a schema and all it imports."""

    files: tuple[Path, ...]
    """The schema itself first, then what it imports, each once."""
    elements: dict[str, str]
    """Global element to its type."""
    types: dict[str, tuple[ElementDeclaration, ...]]
    """Complex type to its elements, in order. Simple types are not here."""

    def children(self, element_type: str) -> tuple[ElementDeclaration, ...]:
        """The elements of a type, in order; none for a simple type."""
        return self.types.get(element_type, ())

    def follow(self, element: str, path: str) -> tuple[ElementDeclaration, ...]:
        """The declarations along a path of local names, ``patientId/id``, below a global element.

        Raises:
            InteractionUnreadable: a step leads nowhere; the text lists what there is.
        """
        current = self.elements[element]
        steps: list[ElementDeclaration] = []
        for step in path.split("/"):
            offered = self.children(current)
            found = [one for one in offered if etree.QName(one.name).localname == step]
            if len(found) != 1:
                names = ", ".join(etree.QName(one.name).localname for one in offered)
                raise InteractionUnreadable(f"no element {step!r}; there is: {names or 'nothing'}")
            steps.append(found[0])
            current = found[0].type
        return tuple(steps)

    def local_names(self) -> frozenset[str]:
        """Every element name that the schemas know, without namespace."""
        inner = {one.name for declarations in self.types.values() for one in declarations}
        return frozenset(etree.QName(name).localname for name in inner | self.elements.keys())


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction as its WSDL describes it."""

    wsdl: Path
    target_namespace: str
    operation: str
    soap_action: str
    request_element: str
    response_element: str
    schema: Path
    """The XSD that declares both elements."""
    outline: Outline


def read_interaction(wsdl: Path) -> Interaction:
    """Read a RIV-TA WSDL and the schemas behind it.

    Raises:
        InteractionUnreadable: a file is missing, is no WSDL, or describes anything but one
            document/literal operation.
    """
    root = _root(wsdl)
    operation = _one(root, f"{_WSDL}portType/{_WSDL}operation", wsdl)
    bound = _one(root, f"{_WSDL}binding/{_WSDL}operation/{_WSDL_SOAP}operation", wsdl)
    request = _parameters(root, _one(operation, f"{_WSDL}input", wsdl), wsdl)
    response = _parameters(root, _one(operation, f"{_WSDL}output", wsdl), wsdl)
    namespace = etree.QName(request).namespace
    places = [
        place.get("schemaLocation")
        for place in root.iterfind(f"{_WSDL}types/{_XS}schema/{_XS}import")
        if place.get("namespace") == namespace
    ]
    if len(places) != 1 or places[0] is None:
        raise InteractionUnreadable(f"{wsdl.name}: the request's schema is not imported once")
    schema = _beside(wsdl, places[0])
    outline = read_outline(schema)
    for element in (request, response):
        if element not in outline.elements:
            raise InteractionUnreadable(f"{schema.name}: does not declare {element}")
    return Interaction(
        wsdl=wsdl,
        target_namespace=_attribute(root, "targetNamespace", wsdl),
        operation=_attribute(operation, "name", wsdl),
        soap_action=_attribute(bound, "soapAction", wsdl),
        request_element=request,
        response_element=response,
        schema=schema,
        outline=outline,
    )


def read_outline(schema: Path) -> Outline:
    """Read a schema and all it imports.

    Raises:
        InteractionUnreadable: a file is missing or is not well-formed.
    """
    elements: dict[str, str] = {}
    types: dict[str, tuple[ElementDeclaration, ...]] = {}
    files: list[Path] = []
    waiting = [schema]
    while waiting:
        file = waiting.pop(0)
        if file in files:
            continue
        files.append(file)
        root = _root(file)
        namespace = _attribute(root, "targetNamespace", file)
        for element in root.iterfind(f"{_XS}element"):
            name = f"{{{namespace}}}{_attribute(element, 'name', file)}"
            elements[name] = _resolved(element, _attribute(element, "type", file), file)
        for complex_type in root.iterfind(f"{_XS}complexType"):
            name = f"{{{namespace}}}{_attribute(complex_type, 'name', file)}"
            types[name] = tuple(
                _declaration(element, namespace, file)
                for element in complex_type.iter(f"{_XS}element")
            )
        waiting.extend(
            _beside(file, location)
            for place in root.iterfind(f"{_XS}import")
            if (location := place.get("schemaLocation")) is not None
        )
    return Outline(tuple(files), elements, types)


def _declaration(element: etree._Element, namespace: str, file: Path) -> ElementDeclaration:
    return ElementDeclaration(
        name=f"{{{namespace}}}{_attribute(element, 'name', file)}",
        type=_resolved(element, _attribute(element, "type", file), file),
        repeated=element.get("maxOccurs", "1") not in ("0", "1"),
    )


def _parameters(root: etree._Element, end: etree._Element, wsdl: Path) -> str:
    """The element of the message's ``parameters`` part: the child of the SOAP body."""
    message = _attribute(end, "message", wsdl).rpartition(":")[2]
    path = f"{_WSDL}message[@name='{message}']/{_WSDL}part[@name='parameters']"
    part = _one(root, path, wsdl)
    return _resolved(part, _attribute(part, "element", wsdl), wsdl)


def _root(file: Path) -> etree._Element:
    try:
        return parse_trusted(file).getroot()
    except (OSError, ValueError, etree.LxmlError) as error:
        raise InteractionUnreadable(f"{file.name}: cannot be read: {error}") from error


def _beside(file: Path, location: str) -> Path:
    return (file.parent / location).resolve()


def _one(parent: etree._Element, path: str, file: Path) -> etree._Element:
    found = parent.findall(path)
    if len(found) != 1:
        last = path.replace(_WSDL_SOAP, "soap:").replace(_WSDL, "")
        raise InteractionUnreadable(f"{file.name}: {len(found)} of {last}, one expected")
    return found[0]


def _attribute(element: etree._Element, name: str, file: Path) -> str:
    value = element.get(name)
    if value is None:
        raise InteractionUnreadable(f"{file.name}: line {element.sourceline} has no {name}")
    return value


def _resolved(element: etree._Element, name: str, file: Path) -> str:
    """A prefixed name, as a Clark name."""
    prefix, _, local = name.rpartition(":")
    namespace = element.nsmap.get(prefix or None)
    if namespace is None:
        raise InteractionUnreadable(f"{file.name}: line {element.sourceline}: unbound prefix")
    return f"{{{namespace}}}{local}"
