"""Mends in the stored copy what published packages are known to get wrong, and says so.

Only what has one meaning: a pattern with ``^`` and ``$``, which XML Schema takes for signs of the
text; a misspelt ``maxOccurs``; a wildcard for ``#other``, or for what stands before it; schemas
inside a WSDL; a location that only a Windows machine finds. A file without such faults is stored
as it came, byte by byte. Knows files and elements of schemas; knows nothing of contracts.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from urllib.parse import quote

from lxml import etree

from samsvar.contracts.package import Package, PackageRefused, Pointer

_XS = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_OCCURRENCES = ("minOccurs", "maxOccurs")
_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]")
_OTHER = re.compile(r"\s*#{1,2}\s*other\s*")
_ONCE_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\$")


@dataclass(frozen=True, slots=True)
class Mended:
    """What is stored: files by safe names, the WSDL among them, and what was mended."""

    wsdl: str
    files: dict[str, bytes] = field(repr=False)
    notes: tuple[str, ...] = ()


def mended(package: Package, wsdl: str) -> Mended:
    """The WSDL and all that it reaches, fit to be stored.

    Raises:
        PackageRefused: a file is missing, leads out of the package, or is not fit to be read.
    """
    reached = package.reached(wsdl)
    names = _safe_names(list(reached))
    files: dict[str, bytes] = {}
    notes: list[str] = []
    for path, (root, pointers) in reached.items():
        shown = posixpath.basename(path)
        told = [*_mend_schema(root, shown)]
        changed = _mend_pointers(path, pointers, names)
        extracted = _take_out(root, names[path], package, path)
        if extracted:
            told.append(f"{shown}: its schemas stand in the WSDL itself: stored as files beside it")
            files.update(extracted)
        notes += told
        files[names[path]] = _written(root) if told or changed else package.files[path]
    return Mended(names[wsdl], files, tuple(notes))


def _safe_names(paths: list[str]) -> dict[str, str]:
    """Names that are addresses too: no blanks, no letters beyond ASCII, none twice."""
    safe: dict[str, str] = {}
    for path in paths:
        name = _UNSAFE.sub("_", path)
        while name.lower() in {one.lower() for one in safe.values()}:
            stem, dot, ending = name.rpartition(".")
            name = f"{stem}_{dot}{ending}"
        safe[path] = name
    return safe


def _mend_pointers(path: str, pointers: tuple[Pointer, ...], names: dict[str, str]) -> bool:
    """Let each location be the relative path of the file that is meant."""
    changed = False
    folder = posixpath.dirname(path)
    for pointer in pointers:
        said = pointer.element.get("schemaLocation", "")
        if names[path] == path and names[pointer.target] == pointer.target:
            exact = posixpath.normpath(posixpath.join(folder, said))
            if exact == pointer.target and "\\" not in said:
                continue
        there = posixpath.relpath(names[pointer.target], posixpath.dirname(names[path]) or ".")
        pointer.element.set("schemaLocation", quote(there))
        changed = True
    return changed


def _mend_schema(root: etree._Element, shown: str) -> Iterator[str]:
    for pattern in root.iter(f"{_XS}pattern"):
        value = pattern.get("value", "")
        bare = _without_anchors(value)
        if bare != value:
            pattern.set("value", bare)
            yield (
                f"{shown}: line {pattern.sourceline}: ^ and $ are taken away from a pattern: XML "
                "Schema reads them as signs of the text, which nobody has meant"
            )
    for particle in root.iter(f"{_XS}*"):
        for name in list(particle.keys()):
            meant = _meant(str(name), particle)
            if meant is not None:
                particle.set(meant, str(particle.attrib.pop(name)))
                yield f"{shown}: line {particle.sourceline}: {name} is read as {meant}"
    for wildcard in root.iter(f"{_XS}any", f"{_XS}anyAttribute"):
        said = wildcard.get("namespace")
        if said is not None and said != "##other" and _OTHER.fullmatch(said):
            wildcard.set("namespace", "##other")
            yield (
                f"{shown}: line {wildcard.sourceline}: the wildcard's namespace is read as ##other"
            )
    yield from _mend_wildcards(root, shown)


def _mend_wildcards(root: etree._Element, shown: str) -> Iterator[str]:
    """Additions of a minor version that may be left out, just before a wildcard that takes them
    too: no validator can tell which is meant. The wildcard lets them through, and they are still
    held to their own declaration."""
    own = root.get("targetNamespace")
    for wildcard in root.iter(f"{_XS}any"):
        loose = wildcard.get("processContents") == "lax"
        if wildcard.get("namespace") != "##other" or not loose or wildcard.getnext() is not None:
            continue
        before = wildcard.getprevious()
        while before is not None and before.tag == f"{_XS}element" and _may_vary(before):
            prefix, _, name = before.get("ref", "").rpartition(":")
            namespace = before.nsmap.get(prefix or None)
            if not name or namespace in (None, own):
                break
            yield (
                f"{shown}: line {before.sourceline}: {name} stands just before a wildcard that "
                "takes it too, which XML Schema forbids: it is left to the wildcard"
            )
            gone, before = before, before.getprevious()
            parent = gone.getparent()
            assert parent is not None  # it stands beside the wildcard
            parent.remove(gone)


def _may_vary(particle: etree._Element) -> bool:
    return particle.get("minOccurs") == "0" or particle.get("maxOccurs", "1") != "1"


def _without_anchors(pattern: str) -> str:
    """The pattern without the anchors of other languages; an escaped ``$`` is a sign of the text.

    Only where it has one branch: ``^a|b$`` has more than one meaning.
    """
    bare = pattern.removeprefix("^")
    if bare.endswith("$") and not _ONCE_ESCAPED.search(bare[:-1]):
        bare = bare[:-1]
    return pattern if bare != pattern and _has_branches(bare) else bare


def _has_branches(pattern: str) -> bool:
    depth = 0
    inside = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", pattern)
    for sign in inside:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return True
    return False


def _meant(name: str, particle: etree._Element) -> str | None:
    """The attribute that a misspelt one means: one letter away from it, and from no other."""
    if name in _OCCURRENCES or name.startswith("{") or len(name) != len(_OCCURRENCES[0]):
        return None
    near = [
        each
        for each in _OCCURRENCES
        if sum(one != other for one, other in zip(name, each, strict=True)) == 1
    ]
    value = particle.get(name, "")
    fits = value == "unbounded" or (value.isdecimal() and len(value) < 5)
    if len(near) == 1 and near[0] not in particle.attrib and fits:
        return near[0]
    return None


def _take_out(root: etree._Element, wsdl: str, package: Package, path: str) -> dict[str, bytes]:
    """Schemas that stand inside a WSDL, as files beside it; the WSDL then imports them."""
    schemas = root.findall(f"{_WSDL}types/{_XS}schema")
    definitions = [
        one
        for one in schemas
        if any(child.tag != f"{_XS}import" for child in one.iterchildren("*"))
    ]
    if not definitions:
        return {}
    namespaces = [one.get("targetNamespace") for one in definitions]
    if None in namespaces or len(set(namespaces)) < len(namespaces):
        raise PackageRefused(
            f"{path}: the schemas inside it need a targetNamespace each, and no two the same: "
            "put them into files of their own"
        )
    stem = posixpath.basename(wsdl).rpartition(".")[0]
    places = {
        namespace: f"{stem}_schema_{number}.xsd"
        for number, namespace in enumerate(namespaces, start=1)
    }
    files = {}
    for one in definitions:
        alone = deepcopy(one)
        for pointer in alone.iter(f"{_XS}import"):
            place = places.get(pointer.get("namespace"))
            if pointer.get("schemaLocation") is None and place is not None:
                pointer.set("schemaLocation", place)
        place = places[one.get("targetNamespace")]
        files[posixpath.join(posixpath.dirname(wsdl), place)] = _written(alone)
    types = definitions[0].getparent()
    assert types is not None  # it was found below wsdl:types
    for one in schemas:
        types.remove(one)
    importing = etree.SubElement(types, f"{_XS}schema")
    importing.set("targetNamespace", root.get("targetNamespace", ""))
    for one in schemas:
        for pointer in one.iterchildren(f"{_XS}import"):
            if one not in definitions and pointer.get("schemaLocation") is not None:
                importing.append(pointer)
    for namespace, place in places.items():
        etree.SubElement(
            importing, f"{_XS}import", {"namespace": str(namespace), "schemaLocation": place}
        )
    return files


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
