"""Loose values of Prator's JSON, read without surprise: text, numbers, Ja/Nej, times.

Every reader takes any JSON value and gives ``None`` for what it cannot read. What was wrong
with a value is remarked on in ``Remarks``, never by repeating the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from samsvar.adapter_api import care, parse_local, plain_text

# Lone surrogates come through JSON escapes, and no XML can hold them or the two non-characters.
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_LONGEST_NUMBER = 9
_YES = frozenset({"ja", "j", "true", "1"})
_NO = frozenset({"nej", "n", "false", "0"})
_EMPTY: Mapping[str, object] = {}


@dataclass(slots=True)
class Remarks:
    """What was wrong with one case, gathered while it is read."""

    found: list[care.DataQuality] = field(default_factory=list)
    left_out: int = 0
    """Parts that could not be read at all, so that the plan is not whole."""

    def add(self, code: care.QualityCode, path: str, message: str) -> None:
        """One remark, once."""
        remark = care.DataQuality(code, path, message)
        if remark not in self.found:
            self.found.append(remark)


def text_of(value: object) -> str | None:
    """Free text made plain; numbers as text; nothing for blank text and for other kinds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = str(number) if (number := number_of(value)) is not None else None
    if not isinstance(value, str):
        return None
    return plain_text(_NO_XML.sub("", value)) or None


def line_of(value: object) -> str | None:
    """The same on one line: for names, codes and titles."""
    text = text_of(value)
    return " ".join(text.split()) if text else None


def number_of(value: object) -> int | None:
    """A whole number, also written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**_LONGEST_NUMBER else None
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value, re.ASCII):
        return int(value)
    return None


def yes_or_no(value: object) -> bool | None:
    """Prator's Ja and Nej; ``None`` when it says neither."""
    if isinstance(value, bool):
        return value
    word = (line_of(value) or "").casefold()
    return True if word in _YES else False if word in _NO else None


def object_of(value: object) -> Mapping[str, object]:
    """An object, or an empty one."""
    return value if isinstance(value, Mapping) else _EMPTY


def objects_of(value: object, remarks: Remarks) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Each object of a list with its place; a lone object is a list of one.

    What is no object is counted as left out: it may have been something.
    """
    if value is None:
        return
    for place, item in enumerate(value if isinstance(value, list) else [value]):
        if isinstance(item, Mapping):
            yield place, item
        else:
            remarks.left_out += 1


def texts_of(value: object) -> Iterator[str]:
    """Each text of a list; a lone text may itself be a list with commas."""
    if isinstance(value, list):
        for item in value:
            if line := line_of(item):
                yield line
    elif line := line_of(value):
        yield from (part.strip() for part in line.split(",") if part.strip())


def time_of(value: object, path: str, remarks: Remarks) -> datetime | None:
    """A local time; a remark if it is there and cannot be read, or if the hour is in doubt."""
    written = line_of(value)
    if written is None:
        return None
    try:
        moment, in_doubt = parse_local(written)
    except (ValueError, OverflowError):
        remarks.add(care.QualityCode.UNPARSED_DATE, path, "not a time that can be read")
        return None
    if in_doubt:
        remarks.add(care.QualityCode.DATE_FALLBACK, path, "the hour came twice or never")
    return moment
