"""Personal numbers never reach a log: the last net, under types that mask themselves."""

from __future__ import annotations

import re

#: 10 or 12 digits of a birth date and a number, with a hyphen, plus or blank between or not;
#: also regional reserve numbers with letters. Not part of a longer run of letters or digits,
#: so that HSA-ids (SE2321000016-2X4B), organisation numbers after SE and UUIDs are left alone.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9.-])"
    r"(?:(?:16|18|19|20|99)?\d{2}(?:0\d|1[0-9]|[2-9]\d)(?:[0-9]\d)[-+ ]?(?:\d{4}|[0-9A-Z]{3}\d))"
    r"(?![A-Za-z0-9-])",
    re.ASCII,
)
_LONG_ENOUGH = 10


def masked(text: str) -> str:
    """The text with everything that could be a personal number put out of sight."""
    if len(text) < _LONG_ENOUGH:
        return text
    return _NUMBER.sub(_unless_organisation, text)


def _unless_organisation(match: re.Match[str]) -> str:
    """Organisation numbers have a third digit of two or more; a month never has."""
    digits = match[0]
    return digits if len(digits) == _LONG_ENOUGH and digits[2] >= "2" else "<masked>"
