"""The tree of elements that a schema and all it imports describe: names, types, how many.

Knows as much of XML Schema 1.0 as shapes a message: named and nameless types, sequences,
choices and groups, references, extensions, imports and includes. Validates nothing (that is
``soap.schema``) and knows nothing of what the hub does with an element.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from samsvar.soap.parsing import parse_trusted

XS = "{http://www.w3.org/2001/XMLSchema}"
_PARTICLES = (f"{XS}sequence", f"{XS}choice", f"{XS}all")
_DERIVED = (f"{XS}extension", f"{XS}restriction")
_ANY_TYPE = f"{XS}anyType"
_DEEPEST = 64
"""Groups inside groups, and types derived from types: deeper ones go round in a circle."""


class InteractionUnreadable(ValueError):
    """The WSDL or one of its schemas does not say what we must know. The text says what."""


@dataclass(frozen=True, slots=True)
class ElementDeclaration:
    """One element of a type. Names are Clark names: ``{ns}local``."""

    name: str
    type: str
    repeated: bool
    required: bool = True
    """False where the element, or a group that it stands in, may be left out."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Global elements and the children of every type, over a schema and all it imports."""

    files: tuple[Path, ...]
    """The schema itself first, then what it imports, each once."""
    elements: dict[str, str]
    """Global element to its type."""
    types: dict[str, tuple[ElementDeclaration, ...]]
    """Complex type to its elements, in order. Simple types are not here."""
    without_text: frozenset[str] = frozenset()
    """Complex types that hold neither elements nor text: only attributes say something there."""

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


def read_outline(schema: Path) -> Outline:
    """Read a schema and all that it imports and includes.

    Raises:
        InteractionUnreadable: a file is missing, is not well-formed, or has local elements
            without a namespace.
    """
    return _Reading(schema).outline()


def root_of(file: Path) -> etree._Element:
    """The document element of a file of ours.

    Raises:
        InteractionUnreadable: it cannot be read.
    """
    try:
        return parse_trusted(file).getroot()
    except (OSError, ValueError, etree.LxmlError) as error:
        raise InteractionUnreadable(f"{file.name}: cannot be read: {error}") from error


def beside(file: Path, location: str) -> Path:
    """The file that a ``schemaLocation`` in another file leads to."""
    return (file.parent / unquote(location)).resolve()


def attribute(element: etree._Element, name: str, file: Path) -> str:
    """An attribute that must be there."""
    value = element.get(name)
    if value is None:
        raise InteractionUnreadable(f"{file.name}: line {element.sourceline} has no {name}")
    return value


def resolved(element: etree._Element, name: str, file: Path, otherwise: str | None = None) -> str:
    """A prefixed name, as a Clark name. ``otherwise``: the namespace of names without any."""
    prefix, _, local = name.rpartition(":")
    namespace = element.nsmap.get(prefix or None, None if prefix else otherwise)
    if namespace is None:
        raise InteractionUnreadable(f"{file.name}: line {element.sourceline}: unbound prefix")
    return f"{{{namespace}}}{local}"


@dataclass(frozen=True, slots=True)
class _Node:
    """A global definition: where it stands, and the namespace that it is in."""

    element: etree._Element
    namespace: str
    file: Path
    qualified: bool


class _Reading:
    """Files first, then definitions by name, then types with all that they refer to."""

    def __init__(self, schema: Path) -> None:
        self._files: list[Path] = []
        self._elements: dict[str, _Node] = {}
        self._types: dict[str, _Node] = {}
        self._groups: dict[str, _Node] = {}
        self._found: dict[str, tuple[ElementDeclaration, ...]] = {}
        self._without_text: set[str] = set()
        waiting: list[tuple[Path, str | None]] = [(schema, None)]
        seen: set[tuple[Path, str | None]] = set()
        while waiting:
            file, includer = waiting.pop(0)
            if (file, includer) in seen:
                continue
            seen.add((file, includer))
            waiting.extend(self._read(file, includer))

    def outline(self) -> Outline:
        elements = {
            name: self._type_of(node.element, node) for name, node in self._elements.items()
        }
        for name, node in self._types.items():
            self._found[name] = self._content(node.element, node, 0)
            self._note_text(name, node.element)
        without_text = frozenset(self._without_text)
        return Outline(tuple(self._files), elements, dict(self._found), without_text)

    def _note_text(self, name: str, definition: etree._Element) -> None:
        has_text = (
            definition.find(f"{XS}simpleContent") is not None or definition.get("mixed") == "true"
        )
        if not has_text and not self._found[name]:
            self._without_text.add(name)

    def _read(self, file: Path, includer: str | None) -> list[tuple[Path, str | None]]:
        """Note the file's definitions; the files that it leads to."""
        root = root_of(file)
        if file not in self._files:
            self._files.append(file)
        # An included file without a namespace takes on the including one's.
        namespace = root.get("targetNamespace", includer)
        if namespace is None:
            raise InteractionUnreadable(
                f"{file.name}: line {root.sourceline} has no targetNamespace"
            )
        qualified = root.get("elementFormDefault") == "qualified"
        for kind, into in (
            (f"{XS}element", self._elements),
            (f"{XS}complexType", self._types),
            (f"{XS}group", self._groups),
        ):
            for element in root.iterfind(kind):
                name = f"{{{namespace}}}{attribute(element, 'name', file)}"
                into[name] = _Node(element, namespace, file, qualified)
        return [
            (beside(file, location), None if place.tag == f"{XS}import" else namespace)
            for place in root.iterchildren(f"{XS}import", f"{XS}include")
            if (location := place.get("schemaLocation")) is not None
        ]

    def _type_of(self, element: etree._Element, node: _Node) -> str:
        """The type of an element; one without a name is given one."""
        if (named := element.get("type")) is not None:
            return resolved(element, named, node.file, node.namespace)
        nameless = element.find(f"{XS}complexType")
        if nameless is None:
            base = element.find(f"{XS}simpleType/{XS}restriction")
            given = None if base is None else base.get("base")
            if base is None or given is None:
                return _ANY_TYPE
            return resolved(base, given, node.file, node.namespace)
        # Named by where it stands, so that one that holds itself is looked into once.
        place = nameless.getroottree().getpath(nameless)
        name = f"{{{node.namespace}}}#{node.file.name}{place}"
        if name not in self._found:
            self._found[name] = ()
            self._found[name] = self._content(nameless, node, 0)
            self._note_text(name, nameless)
        return name

    def _content(
        self,
        parent: etree._Element,
        node: _Node,
        depth: int,
        *,
        repeated: bool = False,
        required: bool = True,
    ) -> tuple[ElementDeclaration, ...]:
        """The elements below a type, a group or a compositor, in order."""
        if depth > _DEEPEST:
            raise InteractionUnreadable(f"{node.file.name}: a definition goes round in a circle")
        found: list[ElementDeclaration] = []
        for child in parent.iterchildren("*"):
            many = repeated or child.get("maxOccurs", "1") not in ("0", "1")
            must = required and child.get("minOccurs", "1") != "0"
            if child.get("maxOccurs") == "0":
                continue
            if child.tag == f"{XS}element":
                found.append(self._declaration(child, node, many, must))
            elif child.tag in _PARTICLES:
                inside = must and child.tag != f"{XS}choice"
                found += self._content(child, node, depth + 1, repeated=many, required=inside)
            elif child.tag == f"{XS}group":
                group = self._named(self._groups, child, "ref", node)
                found += self._content(
                    group.element, group, depth + 1, repeated=many, required=must
                )
            elif child.tag == f"{XS}complexContent":
                found += self._content(child, node, depth + 1)
            elif child.tag in _DERIVED:
                given = attribute(child, "base", node.file)
                base = resolved(child, given, node.file, node.namespace)
                if child.tag == f"{XS}extension" and base in self._types:
                    above = self._types[base]
                    found += self._content(above.element, above, depth + 1)
                found += self._content(child, node, depth + 1)
        return tuple(found)

    def _declaration(
        self, element: etree._Element, node: _Node, repeated: bool, required: bool
    ) -> ElementDeclaration:
        if element.get("ref") is not None:
            target = self._named(self._elements, element, "ref", node)
            name = f"{{{target.namespace}}}{attribute(target.element, 'name', target.file)}"
            return ElementDeclaration(
                name, self._type_of(target.element, target), repeated, required
            )
        local = attribute(element, "name", node.file)
        form = element.get("form", "qualified" if node.qualified else "unqualified")
        if form != "qualified":
            raise InteractionUnreadable(
                f"{node.file.name}: line {element.sourceline}: the element {local} is in no "
                'namespace; RIV-TA schemas have elementFormDefault="qualified"'
            )
        name = f"{{{node.namespace}}}{local}"
        return ElementDeclaration(name, self._type_of(element, node), repeated, required)

    def _named(
        self, among: dict[str, _Node], element: etree._Element, key: str, node: _Node
    ) -> _Node:
        name = resolved(element, attribute(element, key, node.file), node.file, node.namespace)
        if name not in among:
            local = etree.QName(name).localname
            raise InteractionUnreadable(
                f"{node.file.name}: line {element.sourceline}: {local} is declared nowhere"
            )
        return among[name]
