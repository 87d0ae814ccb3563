"""The scanner that goes over everything the tests made the hub write."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.privacy import found, known_numbers, leaks

NUMBER = "191212121212"
RESERVE = "19810829M071"


def forms(number: str) -> dict[str, bytes]:
    """Ways in which a number has been seen to slip out."""
    day, rest = number[:8], number[8:]
    return {
        "12 characters": number.encode(),
        "10 characters": number[2:].encode(),
        "hyphen": f"{day}-{rest}".encode(),
        "plus": f"{day[2:]}+{rest}".encode(),
        "blank": f"{day} {rest}".encode(),
        "percent-coded mark": f"{day}%2D{rest}".encode(),
        "percent-coded": "".join(f"%{ord(c):02X}" if c.isdigit() else c for c in number).encode(),
        "escaped": "".join(f"\\u{ord(c):04x}" if c.isdigit() else c for c in number).encode(),
        "character references": "".join(
            f"&#{ord(c)};" if c.isdigit() else c for c in number
        ).encode(),
        "UTF-16": number.encode("utf-16-le"),
        "base64": base64.b64encode(number.encode()),
        "base64, one character in": base64.b64encode(f'"{number}"'.encode()),
        "base64, two characters in": base64.b64encode(f": {number} is".encode()),
        "beside other text": f"abc{number}def".encode(),
    }


@pytest.mark.parametrize("number", [NUMBER, RESERVE, "189001019802"])
def test_a_planted_number_is_found_in_every_form(number: str) -> None:
    """Each form alone, in the middle of other bytes."""
    missed = [name for name, form in forms(number).items() if not found(b"<a>" + form + b"</a>\n")]

    assert missed == []


def test_a_number_backwards_is_found() -> None:
    """As a byte order gone wrong would write it."""
    assert found(b"x" + NUMBER[::-1].encode()) == [1]


@pytest.mark.parametrize(
    "harmless",
    [
        b"20261212121212 20261121230501.123",  # the first holds ten digits of a person
        b"SE2321000016-2X4B 5565594230",
        b"MTIzNDU2Nzg5MDEyMzQ1Ng==",
        b"e65603c9-5b95-41bd-9a71-eeb332adad6a",
        b"",
    ],
)
def test_what_is_no_known_number_is_left_alone(harmless: bytes) -> None:
    """Timestamps, HSA-ids, other base64, UUIDs."""
    assert found(harmless) == []


def test_a_folder_is_searched_for_logs_and_databases(tmp_path: Path) -> None:
    """A number in a write-ahead log of a database is told by file and offset, and not printed."""
    data = tmp_path / "site" / "data"
    data.mkdir(parents=True)
    planted = data / "samsvar.sqlite-planted"
    planted.write_bytes(bytes(4096) + b"\x01" + NUMBER.encode() + b"\x01" + bytes(100))
    try:
        told = leaks(tmp_path)
    finally:
        planted.unlink()  # the scan at the end of the session goes over this folder too

    assert told == [f"{planted}, byte 4097"]


def test_the_bad_inputs_numbers_are_known_too() -> None:
    """The scanner reads them from the files, so that a new file needs no new list."""
    assert {b"191212121213", b"198112189876", b"19810829M071"} <= known_numbers()
