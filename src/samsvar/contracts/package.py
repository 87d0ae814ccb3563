"""A contract package from outside, a folder or a zip, read as carefully as a message.

Nothing is unpacked: names are looked at, the few files that count are read into memory with a
bound on each and on all, parsed through the one door (no DOCTYPE, no instructions), and every
import must lead to another file of the package. Knows WSDL and XSD only as far as they point at
each other. What a package means is for others to say.
"""

from __future__ import annotations

import lzma
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from samsvar.soap.parsing import Limits, XmlRefused, parse

KINDS = (".wsdl", ".xsd")
"""What counts; a RIV-TA package also has prose, test suites and generated code."""

MOST_ENTRIES = 5_000
MOST_FILES = 400
LARGEST_FILE = 4 * 1024 * 1024
LARGEST_SUM = 16 * 1024 * 1024
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


#: what zipfile raises for what is no zip, is cut off, or needs a password or another method
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
)


class PackageRefused(Exception):
    """The package cannot be used. The text says which file, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """The WSDL and XSD files of a package, by their paths in it."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)

    def wsdls(self) -> tuple[str, ...]:
        """Paths of all WSDL files, sorted."""
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

    def reached(self, wsdl: str) -> dict[str, bytes]:
        """The WSDL and every file that its imports lead to, checked one by one.

        Raises:
            PackageRefused: one is missing, leads out of the package, or is not fit to be read.
        """
        found: dict[str, bytes] = {}
        waiting = [wsdl]
        while waiting:
            path = waiting.pop()
            if path in found:
                continue
            root = self.root(path)
            found[path] = self.files[path]
            _refuse_what_is_not_read(path, root)
            for target in _targets(path, root):
                if target not in self.files:
                    raise PackageRefused(f"{path}: imports {target}, which is not in the package")
                waiting.append(target)
        return found


def open_package(path: Path) -> Package:
    """Read a package: a folder, a zip, or the folder that one WSDL file lies in.

    Raises:
        PackageRefused: it cannot be read, holds no WSDL, is too big, or tries to lead outside.
    """
    if path.is_dir():
        files = dict(_of_folder(path))
    elif path.is_file():
        files = dict(_of_zip(path))
    else:
        raise PackageRefused(f"{path}: there is no such folder or file")
    if sum(map(len, files.values())) > LARGEST_SUM:
        raise PackageRefused(f"{path}: WSDL and XSD are together over {_mega(LARGEST_SUM)}")
    package = Package(path.name, files)
    if not package.wsdls():
        raise PackageRefused(f"{path}: holds no .wsdl file")
    return package


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    top = folder.resolve()
    counted = 0
    for number, file in enumerate(sorted(top.rglob("*")), start=1):
        if number > MOST_ENTRIES:
            raise PackageRefused(f"{folder}: holds more than {MOST_ENTRIES} files")
        if not file.name.lower().endswith(KINDS):
            continue
        name = file.relative_to(top).as_posix()
        if not file.resolve().is_relative_to(top) or not file.is_file():
            raise PackageRefused(f"{name}: is no file of the folder, but leads out of it")
        counted += 1
        if counted > MOST_FILES or file.stat().st_size > LARGEST_FILE:
            raise PackageRefused(_too_much(name))
        yield name, file.read_bytes()


def _of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _of_archive(archive, path.name)
    except _ZIP_FAULTS as error:
        raise PackageRefused(f"{path}: is no zip file that can be read") from error


def _of_archive(archive: zipfile.ZipFile, of: str) -> Iterator[tuple[str, bytes]]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise PackageRefused(f"{of}: holds more than {MOST_ENTRIES} files")
    for entry in entries:  # all names first: a package that tries once is not trusted in parts
        _refuse_name(entry)
    wanted = [e for e in entries if not e.is_dir() and e.filename.lower().endswith(KINDS)]
    names = [entry.filename for entry in wanted]
    if len(set(names)) < len(names):
        raise PackageRefused(f"{of}: holds two files of one name")
    read = 0
    for number, entry in enumerate(wanted, start=1):
        if number > MOST_FILES or entry.file_size > LARGEST_FILE:
            raise PackageRefused(_too_much(entry.filename))
        with archive.open(entry) as file:
            data = file.read(LARGEST_FILE + 1)  # whatever size the entry has said
        read += len(data)
        if len(data) > LARGEST_FILE or read > LARGEST_SUM:
            raise PackageRefused(_too_much(entry.filename))
        yield entry.filename, data


def _refuse_name(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.replace("\\", "/").split("/")
    outside = name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\\" in name
    if outside or not name.isprintable():
        raise PackageRefused("a name in the zip leads out of it: it is not taken in")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise PackageRefused(f"{name}: is a link; a package holds files")


def _too_much(name: str) -> str:
    return (
        f"{name}: too large; at most {_mega(LARGEST_FILE)} a file, {_mega(LARGEST_SUM)} and "
        f"{MOST_FILES} files together"
    )


def _mega(size: int) -> str:
    return f"{size // 1024 // 1024} MB"


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


def _targets(path: str, root: etree._Element) -> Iterator[str]:
    """The files that one file points at, as paths in the package."""
    for pointer in root.iter(*_POINTERS):
        location = pointer.get("schemaLocation")
        if location is None:
            continue
        parts = urlsplit(location)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            raise PackageRefused(
                f"{path}: line {pointer.sourceline}: imports from an address; put the file into "
                "the package and import it by its relative path"
            )
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(location)))
        if target.startswith(".."):
            raise PackageRefused(
                f"{path}: line {pointer.sourceline}: imports from outside the package"
            )
        yield target
