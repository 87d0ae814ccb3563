"""Reads single values out of Mina planer's JSON, where anything can stand anywhere.

Knows FHIR's extensions, dates, booleans and texts, and that older versions write some of them
as other kinds. A value that cannot be read is None, with a remark; nothing here raises.
Knows no plan, no unit, no status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from samsvar.adapter_api import care, parse_local, plain_text
from samsvar.adapter_api.dates import UnreadableDate

PROFILE = "urn:skane:minaplaner:"

JsonObject = Mapping[str, object]

_TRUE = frozenset({"true", "ja"})
_FALSE = frozenset({"false", "nej"})
# The contract's timestamps hold no other centuries (1900 to 2099).
_YEARS = range(1900, 2100)


@dataclass(slots=True)
class Remarks:
    """Collects what was wrong with one document. Holds paths and codes, never values."""

    found: list[care.DataQuality] = field(default_factory=list)

    def add(self, code: care.QualityCode, path: str, message: str) -> None:
        """One remark more; ``message`` must not quote the document."""
        self.found.append(care.DataQuality(code, path, message))


def as_object(value: object) -> JsonObject:
    """The JSON object, or an empty one if it is anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> tuple[JsonObject, ...]:
    """The JSON objects of a list; what is no object is passed over."""
    return (
        tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
    )


def text(value: object) -> str | None:
    """Plain text, or None if there is none. Half characters, which no XML can hold, are gone."""
    if not isinstance(value, str):
        return None
    whole = "".join(
        character
        for character in value
        if not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"
    )
    return plain_text(whole) or None


def word(value: object) -> str:
    """A code word for looking up in a table: lower case, trimmed, empty if there is none."""
    return value.strip().lower() if isinstance(value, str) else ""


def flag(value: object) -> bool | None:
    """A boolean, also as the text that older versions write; None if it is neither."""
    if isinstance(value, bool):
        return value
    if word(value) in _TRUE:
        return True
    return False if word(value) in _FALSE else None


def moment(value: object, path: str, remarks: Remarks) -> datetime | None:
    """A point in local time; None with a remark if there is something that cannot be read."""
    if value is None:
        return None
    try:
        read, in_doubt = parse_local(value if isinstance(value, str) else "")
    except (UnreadableDate, OverflowError):
        remarks.add(care.QualityCode.UNPARSED_DATE, path, "not a date that is known")
        return None
    if read.year not in _YEARS:
        remarks.add(care.QualityCode.UNPARSED_DATE, path, "the year cannot be right")
        return None
    if in_doubt:
        remarks.add(care.QualityCode.DATE_FALLBACK, path, "the hour comes twice or never: guessed")
    return read


def day(value: object, path: str, remarks: Remarks) -> date | None:
    """The local day of :func:`moment`."""
    read = moment(value, path, remarks)
    return read.date() if read else None


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions of one element. Names are those of the system's profile."""

    items: tuple[JsonObject, ...]

    @classmethod
    def of(cls, element: JsonObject) -> Extensions:
        """Those of a resource or a part of one, or those inside an extension."""
        return cls(objects(element.get("extension")))

    def named(self, name: str) -> tuple[JsonObject, ...]:
        """All with this name; inner ones are written without the profile's prefix."""
        return tuple(item for item in self.items if item.get("url") in (name, PROFILE + name))

    def inner(self, name: str) -> tuple[Extensions, ...]:
        """What each extension with this name holds inside."""
        return tuple(Extensions.of(item) for item in self.named(name))

    def first(self, name: str) -> Extensions:
        """What the first one with this name holds inside; empty if there is none."""
        return next(iter(self.inner(name)), Extensions(()))

    def value(self, name: str) -> object:
        """The value of the first one with this name; None also if it has two values."""
        for item in self.named(name):
            values = [value for key, value in item.items() if key.startswith("value")]
            return values[0] if len(values) == 1 else None
        return None

    def text(self, name: str) -> str | None:
        """The value as plain text."""
        return text(self.value(name))

    def word(self, name: str) -> str:
        """The value as a code word."""
        return word(self.value(name))

    def object(self, name: str) -> JsonObject:
        """The value as a JSON object (a reference, a coding)."""
        return as_object(self.value(name))
