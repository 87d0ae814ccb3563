"""A contract package from outside, read as carefully as a message.

Nothing is unpacked: the few files that count are in memory, parsed through the one door (no
DOCTYPE, no instructions), and every import must lead to another file of the package. Knows WSDL
and XSD only as far as they point at each other. What a package means is for others to say.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from samsvar.contracts.package_files import LARGEST_FILE, PackageRefused, files_in
from samsvar.soap.parsing import Limits, XmlRefused, parse

__all__ = ["LARGEST_FILE", "Package", "PackageRefused", "Pointer", "open_package"]

_MOST_OCCURRENCES = 10_000
"""A bounded ``maxOccurs`` above this costs the validator more than any answer is worth."""

_LIMITS = Limits(
    size=LARGEST_FILE, markup=120_000, declarations=20_000, children=20_000, attribute_value=65_536
)
_XS = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_POINTERS = (f"{_XS}import", f"{_XS}include")
_UNREAD = {
    f"{_XS}redefine": "xs:redefine is not read: write the changed type out",
    f"{_WSDL}import": "wsdl:import is not read: one WSDL must hold the whole interaction",
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """An import or include, and the file of the package that it leads to."""

    element: etree._Element
    target: str


@dataclass(frozen=True, slots=True)
class Package:
    """The WSDL and XSD files of a package, by their paths in it."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    named: str | None = None
    """The one WSDL that was given, if it was a file and no package."""

    def wsdls(self) -> tuple[str, ...]:
        """Paths of all WSDL files, sorted."""
        if self.named is not None:
            return (self.named,)
        return tuple(sorted(path for path in self.files if path.lower().endswith(".wsdl")))

    def root(self, path: str) -> etree._Element:
        """The document element of one file, read as a message from a stranger is.

        Raises:
            PackageRefused: it is broken, too big, or carries what no schema needs.
        """
        try:
            return parse(self.files[path], charset=None, limits=_LIMITS).root
        except XmlRefused as error:
            raise PackageRefused(f"{path}: {error}") from error

    def reached(self, wsdl: str) -> dict[str, tuple[etree._Element, tuple[Pointer, ...]]]:
        """The WSDL and every file that its imports lead to, checked one by one: for each its
        document element, and what it points at.

        Raises:
            PackageRefused: one is missing, leads out of the package, or is not fit to be read.
        """
        found: dict[str, tuple[etree._Element, tuple[Pointer, ...]]] = {}
        waiting = [wsdl]
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            root = self.root(path)
            _refuse_what_is_not_read(path, root)
            pointers = tuple(self._pointers(path, root))
            found[path] = root, pointers
            waiting += [pointer.target for pointer in pointers]
        return found

    def _pointers(self, path: str, root: etree._Element) -> Iterator[Pointer]:
        inline = {
            schema.get("targetNamespace") for schema in root.iterfind(f"{_WSDL}types/{_XS}schema")
        }
        for element in root.iter(*_POINTERS):
            location = element.get("schemaLocation")
            if location is not None:
                yield Pointer(element, self._led_to(path, element, location))
            elif element.get("namespace") not in inline:
                # Some toolkits leave it to the reader to know where a namespace is.
                target = self._of_namespace(path, element.get("namespace"))
                if target is not None:
                    yield Pointer(element, target)

    def _led_to(self, path: str, element: etree._Element, location: str) -> str:
        """The file of the package that a location means, as its author's machine read it."""
        line = element.sourceline
        location = location.strip().replace("\\", "/")
        parts = urlsplit(location)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            name = posixpath.basename(unquote(parts.path)).lower()
            same = [one for one in self.files if posixpath.basename(one).lower() == name]
            wanted = element.get("namespace")
            fitting = [one for one in same if self._namespace(one) == wanted]
            if len(fitting) != 1:
                raise PackageRefused(
                    f"{path}: line {line}: imports from an address; put the file into the "
                    "package and import it by its relative path"
                )
            return fitting[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(location)))
        if target.startswith(".."):
            raise PackageRefused(f"{path}: line {line}: imports from outside the package")
        if target in self.files:
            return target
        # Windows and its file systems do not tell capital letters from small ones.
        alike = [one for one in self.files if one.lower() == target.lower()]
        if len(alike) != 1:
            raise PackageRefused(f"{path}: imports {target}, which is not in the package")
        return alike[0]

    def _of_namespace(self, path: str, namespace: str | None) -> str | None:
        """The nearest schema of a namespace; None: there is none, or nobody could tell which."""
        found = [
            one
            for one in self.files
            if one.lower().endswith(".xsd") and self._namespace(one) == namespace
        ]
        shared = [len(posixpath.commonprefix([one, path])) for one in found]
        nearest = [one for one, near in zip(found, shared, strict=True) if near == max(shared)]
        return nearest[0] if len(nearest) == 1 else None

    def _namespace(self, path: str) -> str | None:
        try:
            return self.root(path).get("targetNamespace")
        except PackageRefused:
            return None


def open_package(path: Path) -> Package:
    """Read a package: a folder, a zip, or one WSDL file with the schemas that lie around it.

    Raises:
        PackageRefused: it cannot be read, holds no WSDL, is too big, or tries to lead outside.
    """
    if path.is_file() and path.suffix.lower() == ".wsdl":
        return _around(path)
    package = Package(path.name, files_in(path))
    if not package.wsdls():
        raise PackageRefused(f"{path}: holds no .wsdl file")
    return package


def _around(wsdl: Path) -> Package:
    """One interaction: its folder, or the one two steps up that has the shared schemas too."""
    wsdl = wsdl.resolve()
    folder = wsdl.parent
    shared = wsdl.parent.parent.parent
    if (shared / "core_components").is_dir():
        folder = shared
    return Package(wsdl.name, files_in(folder), wsdl.relative_to(folder).as_posix())


def _refuse_what_is_not_read(path: str, root: etree._Element) -> None:
    for tag, text in _UNREAD.items():
        if root.find(f".//{tag}") is not None:
            raise PackageRefused(f"{path}: {text}")
    for particle in root.iter(f"{_XS}element", f"{_XS}sequence", f"{_XS}choice", f"{_XS}any"):
        for name in ("minOccurs", "maxOccurs"):
            text = particle.get(name, "1").strip()
            number = int(text) if text.isdecimal() and len(text) < 10 else None
            if text != "unbounded" and (number is None or number > _MOST_OCCURRENCES):
                raise PackageRefused(
                    f"{path}: line {particle.sourceline}: {name} is neither unbounded nor a "
                    f"number up to {_MOST_OCCURRENCES}"
                )
