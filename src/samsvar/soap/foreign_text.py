"""Words that a producer wrote, as far as they may be shown: in a status row, a log, a fault.

Knows what a person's number can look like in free text. It cannot know a name when it sees
one, which is why only faultstrings and result messages come here: the contracts' texts say that
neither may hold patient data, and practice says that some hold a personal number.
"""

from __future__ import annotations

import re

LONGEST = 200
"""Characters: a status row is read by people, and a stack trace is not meant for them."""

#: An HSA-id begins with a country and an organisation number. Its third digit is at least 2, so
#: that it cannot be taken for a birth date.
_HSA_ID = re.compile(r"\bSE[0-9]{2}[2-9][0-9]{7}-([A-Z0-9]{1,20})\b")
#: A log id (RFC 9562), which is what a technician needs most. Letters in its first two groups and
#: in its last: neither is then a number.
_UUID = re.compile(
    r"\b(?![0-9]{8}-[0-9]{4})[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}"
    r"-(?![0-9]{12})[0-9a-f]{12}\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d\d(?:0[1-9]|1[0-2])\d{6}")
_NUMBERS = re.compile(r"\d+(?:[\W_]{1,3}\d+)*")
_DIGIT = re.compile(r"\d")
#: birth date and four signs with a letter among them: numbers given for the time being
_WITH_LETTER = re.compile(
    r"\d{6}(?:\d\d)?[\W_]{0,3}[^\W\d_]\d{3}|(?<!\d)\d{8}[-+]?[0-9A-Zptf]{4}(?!\w)"
)
_SHORTEST_NUMBER = 10


def shown(text: str | None) -> str | None:
    """The text on one line if it may be shown, else None.

    Refused: what holds ten digits or more with nothing but punctuation between them (a
    personal, coordination or reserve number in any spelling), signs that cannot be printed,
    and what is longer than LONGEST.
    """
    if text is None or len(text) > 4 * LONGEST:
        return None
    line = " ".join(text.split())
    if not line or len(line) > LONGEST or not line.isprintable():
        return None
    return None if _may_hold_a_number(line) else line


def _may_hold_a_number(line: str) -> bool:
    rest = _HSA_ID.sub(_unless_dated, _UUID.sub("UUID", line))
    if _WITH_LETTER.search(rest):
        return True
    return any(len(_DIGIT.findall(run[0])) >= _SHORTEST_NUMBER for run in _NUMBERS.finditer(rest))


def _unless_dated(hsa_id: re.Match[str]) -> str:
    """A word in place of an HSA-id, unless a personal number could be part of it."""
    return hsa_id[0] if _DATED.search(hsa_id[1]) else "HSA"
