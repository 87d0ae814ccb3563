"""The files of a contract package as people pack them: a folder, a zip, from any machine.

Names are looked at before anything is read, what no package means to hand over is passed by
(a Mac's notes, a version control's own files), and every file that counts comes out as UTF-8.
Knows nothing of what is in the files.
"""

from __future__ import annotations

import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

KINDS = (".wsdl", ".xsd")
"""What counts; a RIV-TA package also has prose, test suites and generated code."""

MOST_ENTRIES = 5_000
MOST_FILES = 400
LARGEST_FILE = 4 * 1024 * 1024
LARGEST_SUM = 16 * 1024 * 1024

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
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ENCODING = re.compile(rb"""(<\?xml[^>]{0,80}?\sencoding\s*=\s*)(["'])([A-Za-z][\w.-]*)\2""")
_OLD = {"iso-8859-1", "iso-8859-15", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii"}
"""Encodings of Swedish editors that are not Unicode."""
_INSTRUCTION = re.compile(rb"<\?(?!xml[ \t\r\n]).*?\?>", re.DOTALL)


class PackageRefused(Exception):
    """The package cannot be used. The text says which file, what is wrong and what to do."""


def files_in(path: Path) -> dict[str, bytes]:
    """The WSDL and XSD files of a folder or a zip, by their paths in it, in UTF-8.

    Raises:
        PackageRefused: it cannot be read, is too big, or tries to lead outside.
    """
    if path.is_dir():
        found = dict(_of_folder(path))
    elif path.is_file():
        found = dict(_of_zip(path))
    else:
        raise PackageRefused(f"{path}: there is no such folder or file")
    if sum(map(len, found.values())) > LARGEST_SUM:
        raise PackageRefused(f"{path}: WSDL and XSD are together over {_mega(LARGEST_SUM)}")
    return {name: in_utf_8(data) for name, data in found.items()}


def in_utf_8(data: bytes) -> bytes:
    """The same document in UTF-8, whatever its editor wrote it in; without instructions to tools.

    A file that says UTF-8 and is not is taken for what editors on Windows write.
    """
    declared = _ENCODING.search(data[:256])
    named = declared[3].decode("ascii").lower() if declared else "utf-8"
    if data.startswith(_UTF_16):
        text = data.decode("utf-16", "replace")
    elif named in _OLD:
        text = data.decode("cp1252" if "8859-15" not in named else "iso-8859-15", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    whole = text.lstrip("\ufeff \t\r\n").encode("utf-8")
    return _INSTRUCTION.sub(b"", _ENCODING.sub(rb"\1\2UTF-8\2", whole, count=1))


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    top = folder.resolve()
    entries = counted = 0
    for above, below, names in os.walk(top):
        below[:] = sorted(name for name in below if not _passed_by(name))
        entries += len(names)
        if entries > MOST_ENTRIES:
            raise PackageRefused(f"{folder}: holds more than {MOST_ENTRIES} files")
        for each in sorted(names):
            if _passed_by(each) or not each.lower().endswith(KINDS):
                continue
            file = Path(above, each)
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
    wanted = {}
    for entry in entries:
        name = entry.filename.replace("\\", "/")  # as some tools on Windows write them
        passed_by = any(map(_passed_by, name.split("/")))
        if entry.is_dir() or passed_by or not name.lower().endswith(KINDS):
            continue
        if name in wanted:
            raise PackageRefused(f"{of}: holds two files of one name")
        wanted[name] = entry
    read = 0
    for number, (name, entry) in enumerate(wanted.items(), start=1):
        if number > MOST_FILES or entry.file_size > LARGEST_FILE:
            raise PackageRefused(_too_much(name))
        with archive.open(entry) as file:
            data = file.read(LARGEST_FILE + 1)  # whatever size the entry has said
        read += len(data)
        if len(data) > LARGEST_FILE or read > LARGEST_SUM:
            raise PackageRefused(_too_much(name))
        yield name, data


def _passed_by(name: str) -> bool:
    """A Mac's notes on files and the files of version control are no part of any package."""
    return name.startswith(".") or name == "__MACOSX"


def _refuse_name(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        raise PackageRefused("a name in the zip leads out of it: it is not taken in")
    if name.lower().endswith(KINDS) and not name.isprintable():
        raise PackageRefused("a name in the zip has signs that cannot be shown: rename the file")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise PackageRefused(f"{name}: is a link; a package holds files")


def _too_much(name: str) -> str:
    return (
        f"{name}: too large; at most {_mega(LARGEST_FILE)} a file, {_mega(LARGEST_SUM)} and "
        f"{MOST_FILES} files together"
    )


def _mega(size: int) -> str:
    return f"{size // 1024 // 1024} MB"
