"""Reading values out of a decoded answer, whatever its shape.

An answer that has passed the schema still holds what people have written. Nothing here raises:
what is missing, or is something else than was looked for, is None or empty. Knows no plans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from samsvar.adapter_api import care, parse_local, plain_text

Document = Mapping[str, object]
"""An element as the decoder gives it: children and attributes by name, ``_value_1`` its text."""

TEXT = "_value_1"

# SE, an organisation number (old ones with its century), a suffix of the owner's own.
_HSA_ID = re.compile(r"SE\d{10}(?:\d{2})?-[A-Z0-9]{1,18}", re.ASCII | re.IGNORECASE)


@dataclass(slots=True)
class Remarks:
    """The remarks of one plan, gathered while it is mapped."""

    said: list[care.DataQuality] = field(default_factory=list)

    def add(self, code: care.QualityCode, path: str, message: str = "") -> None:
        """Remember one; the same remark twice is one."""
        remark = care.DataQuality(code, path, message)
        if remark not in self.said:
            self.said.append(remark)


def child(document: object, name: str) -> Document:
    """The child with this name; empty if there is none."""
    found = document.get(name) if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def children(document: object, name: str) -> Iterator[Document]:
    """The children with this name, in their order."""
    found = document.get(name) if isinstance(document, Mapping) else None
    if isinstance(found, Mapping):
        yield found
    elif isinstance(found, list | tuple):
        yield from (each for each in found if isinstance(each, Mapping))


def raw(document: object, name: str) -> str | None:
    """The value as written, trimmed; None if it is missing or blank."""
    found = document.get(name) if isinstance(document, Mapping) else None
    return found.strip() or None if isinstance(found, str) else None


def text(document: object, name: str) -> str | None:
    """The value as plain text: no HTML, no RTF, one kind of line break."""
    found = raw(document, name)
    return plain_text(found) or None if found is not None else None


def moment(document: Document, name: str, path: str, remarks: Remarks) -> datetime | None:
    """A point in time, read as Swedish local time where it has no zone."""
    found = raw(document, name)
    if found is None:
        return None
    try:
        when, guessed = parse_local(found)
    except (ValueError, OverflowError):
        remarks.add(care.QualityCode.UNPARSED_DATE, path, "no form of time that is known")
        return None
    if guessed:
        remarks.add(care.QualityCode.DATE_FALLBACK, path, "the hour comes twice, or never")
    return when


def day(document: Document, name: str, path: str, remarks: Remarks) -> date | None:
    """The local day of :func:`moment`."""
    when = moment(document, name, path, remarks)
    return when.date() if when is not None else None


def unit(hsa: str | None, name: str | None, path: str, remarks: Remarks) -> care.Unit | None:
    """A unit; what stands where its HSA-id should be is one only if it looks like one.

    The case is kept as given: identifiers are compared folded. Blanks inside are typing errors.
    """
    given = "".join(hsa.split()) if hsa is not None else ""
    if not given:
        if name is None:
            return None
        remarks.add(care.QualityCode.MISSING_HSA_UNIT, path)
        return care.Unit(name=name)
    if _HSA_ID.fullmatch(given):
        return care.Unit(name=name, hsa_id=given)
    remarks.add(care.QualityCode.LOCAL_UNIT_ID, path)
    return care.Unit(name=name, local_id=plain_text(given) or None)
