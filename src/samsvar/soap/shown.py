"""Identifiers from outside, made safe to repeat in the detail of a fault.

An address is typed by people and may be anything, a person's number too. Knows what HSA-ids,
organisation numbers and persons' numbers look like.
"""

from __future__ import annotations

import re
from typing import Final

MASKED: Final = "***"
_NOT_SHOWN = re.compile(r"[^A-Za-z0-9_.:#* -]")
_LONGEST_IDENTIFIER = 64
_LONGEST_NAMESPACE = 200  # that of GetCarePlans is 71

# Digits enough for a person's number, however they are parted, and the reservnummer that end in
# letters. One separator at most between two digits: there is one way to read it, so it is linear.
_NUMBER = re.compile(
    r"[0-9](?:[-+ ]?[0-9]){9,}"
    r"|(?<![0-9A-Za-z])(?:18|19|20)[0-9]{6}[-+ ]?[0-9]{0,3}[A-Za-z][0-9A-Za-z]{0,3}(?![0-9A-Za-z])"
)
# The third digit of an organisation number is 2 or more, where a person's has a month's first.
# What may follow is the end of an HSA-id.
_ORGANISATION = re.compile(r"(?:16)?[0-9]{2}[2-9][0-9]{3}(?:-?[0-9]{4}|[0-9]{4}-[0-9]{1,9})")


def shown(identifier: str) -> str:
    """The identifier with other characters than its own kind's as ``?``, cut where no real one
    is that long, and with what could be a person's number masked."""
    longest = _LONGEST_NAMESPACE if identifier.startswith("urn:") else _LONGEST_IDENTIFIER
    masked = _NUMBER.sub(_masked, identifier[: 4 * longest])
    return _NOT_SHOWN.sub("?", masked)[:longest]


def _masked(number: re.Match[str]) -> str:
    text = number[0]
    return text if _ORGANISATION.fullmatch(text) else MASKED
