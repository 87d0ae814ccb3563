"""Finds known personal numbers in what the hub wrote, however they are spelt.

Knows the fictive people and the numbers of the bad inputs, and the forms in which a number can
slip out: plain, with a separator, percent-coded, escaped, as character references, in UTF-16,
base64 at any alignment, backwards. Tells file and offset, never the number. Knows nothing of
what may stand where: whoever hands something over says that no number may be in it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from samsvar.simulation import PEOPLE

#: what hubs, commands and a Redis that is recorded leave in their folders
WRITTEN = ("*.log", "data/samsvar.sqlite*", "data/samsvar.postgresql", "appendonlydir/*.aof")

_BAD_INPUTS = Path(__file__).parent / "data" / "badinputs"
_TWELVE = re.compile(rb"(?<!\d)((?:18|19|20)\d{6})[-+ ]?(\d{4})(?!\d)")

#: 10 or 12 characters, whole or parted before the last four; the last but three may be a letter
_SHAPE = re.compile(rb"(\d{6,8})([-+ ]|%2[BbDd0])?([0-9A-Z]\d{3})")
_EMPTY = re.compile(rb"\0{16,}")
_DIGITS = re.compile(rb"\d{6,}")  # where a shape can begin: cheap to look for
#: two digit triples in base64: 12 digits hold at least two whole ones, wherever they begin
_BASE64 = re.compile(rb"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){2}")
_CODED = re.compile(
    rb"(?:%|\\u00|\\x|&#x)3(\d);?|&#(4[89]|5[0-7]);|&#x2([bBdD]);"  # a digit, or a mark
)


def known_numbers() -> frozenset[bytes]:
    """All numbers, 12 characters each, that the tests put into questions and answers."""
    people = {fictive.number.encode() for fictive in PEOPLE}
    bad = {
        match[1] + match[2]
        for path in _BAD_INPUTS.rglob("*.xml")
        for match in _TWELVE.finditer(path.read_bytes())
    }
    return frozenset(people | bad)


_NUMBERS = known_numbers()
_WHOLE = _NUMBERS | {number[::-1] for number in _NUMBERS}
_SHORT = frozenset(number[2:] for number in _NUMBERS)


def leaks(folder: Path) -> list[str]:
    """File and offset of each number that stands in what was written anywhere under a folder."""
    files = sorted({path for kind in WRITTEN for path in folder.rglob(kind) if path.is_file()})
    return [f"{path}, byte {at}" for path in files for at in _found_in(path.read_bytes())]


def _found_in(data: bytes) -> list[int]:
    """The same as ``found``, sooner where most is empty, as in a database."""
    return found(data) if found(_EMPTY.sub(b"\0", data)) else []


def found(data: bytes) -> list[int]:
    """Where a number stands, in any form. Offsets are near where something had to be decoded."""
    offsets = set(_plain(data))
    for readable in _readings(data):
        offsets.update(_plain(readable))
    for match in _BASE64.finditer(data):
        # Two fours before it may hold the first digits, or be something else altogether.
        for begin in range(max(0, match.start() - 8), match.start() + 1):
            piece = data[begin : match.start() + 32]
            if (match.start() - begin) % 4 == 0 and list(_plain(_from_base64(piece))):
                offsets.add(match.start())
    return sorted(offsets)


def _plain(data: bytes) -> Iterator[int]:
    for run in _DIGITS.finditer(data):
        for start in range(run.start(), run.end() - 5):
            match = _SHAPE.match(data, start)
            if match is None:
                continue
            digits = match[1] + match[3]
            if digits in _WHOLE or (digits in _SHORT and _stands_alone(data, match)):
                yield start


def _stands_alone(data: bytes, match: re.Match[bytes]) -> bool:
    """Ten digits in the middle of a longer run are a timestamp, not a person."""
    before, after = data[match.start() - 1 : match.start()], data[match.end(3) :][:1]
    return not before.isdigit() and not after.isdigit()


def _readings(data: bytes) -> Iterable[bytes]:
    """The same as others may read it."""
    if _CODED.search(data):
        yield _CODED.sub(_decoded, data)
    if b"1\x00" in data or b"\x001" in data:
        yield data.replace(b"\x00", b"")


def _decoded(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return match[1]
    return bytes([int(match[2])]) if match[2] else b"-"


def _from_base64(piece: bytes) -> bytes:
    run = re.match(rb"[A-Za-z0-9+/]*", piece)
    characters = run[0] if run else b""
    if len(characters) % 4 == 1:
        characters = characters[:-1]
    return base64.b64decode(characters + b"=" * (-len(characters) % 4))
