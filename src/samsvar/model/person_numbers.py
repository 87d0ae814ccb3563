"""What makes a person's number valid, and what its form tells of whose it is.

One table: OID -> shape, date, check digit. Sources: Skatteverket's rules for personnummer and
samordningsnummer, and the regions' own for reservnummer. Knows no XML and no clock; says what
is wrong and never repeats the number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from samsvar.model.identifiers import PersonId

PERSONNUMMER: Final = "1.2.752.129.2.1.3.1"
NATIONAL_RESERVE: Final = "1.2.752.129.2.1.3.2"
SAMORDNINGSNUMMER: Final = "1.2.752.129.2.1.3.3"
NRID: Final = "1.2.752.74.9.1"
STOCKHOLM_RESERVE: Final = "1.2.752.97.3.1.3"
VASTRA_GOTALAND_RESERVE: Final = "1.2.752.113.11.0.2.1.1.1"
VARMLAND_RESERVE: Final = "1.2.752.74.9.2"
LOCAL_NUMBER: Final = "1.2.752.129.2.1.2.1"
DANISH_CPR: Final = "1.2.208.176.1.2"

_VASTRA_GOTALAND_LETTERS = {"K": "5", "M": "7", "X": "8"}


class PersonNumberInvalid(ValueError):
    """Nobody can have this number. The text does not repeat it."""


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (weights 2, 1, 2 ... from the
    left of an even number of digits; counted from the right, so that any length works)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (1 + place % 2)
        total += product - 9 if product > 9 else product
    return total % 10 == 0


def _is_day(year: str, month: str, day: int) -> bool:
    try:
        date(int(year), int(month), day)
    except ValueError:
        return False
    return True


def _birth_day(number: str) -> bool:
    return _is_day(number[:4], number[4:6], int(number[6:8]))


def _coordination_day(number: str) -> bool:
    # Month 00 and day 60 say that the birth date is partly unknown: then there is no day to check.
    if number[4:6] == "00" or number[6:8] == "60":
        return int(number[4:6]) <= 12
    return _is_day(number[:4], number[4:6], int(number[6:8]) - 60)


def _danish_day(number: str) -> bool:
    # The century hangs on the seventh digit in a way that has changed: either will do.
    return any(
        _is_day(f"{century}{number[4:6]}", number[2:4], int(number[:2]))
        for century in ("18", "19", "20")
    )


def _any_day(_number: str) -> bool:
    return True


def _last_ten(number: str) -> bool:
    return luhn(number[2:])


def _stockholm_check(number: str) -> bool:
    return luhn(number[4:])


def _vastra_gotaland_check(number: str) -> bool:
    return luhn(number[2:8] + _VASTRA_GOTALAND_LETTERS[number[8]] + number[9:])


def _no_check(_number: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Kind:
    """The rules of one series."""

    pattern: re.Pattern[str]
    day: Callable[[str], bool]
    check_digit: Callable[[str], bool]
    reserve: bool = True


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)  # \d is 0-9 here, and no other script's digits


_BORN = r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])"
_KINDS: Final[dict[str, _Kind]] = {
    PERSONNUMMER: _Kind(_shape(rf"{_BORN}[0-3]\d{{5}}"), _birth_day, _last_ten, reserve=False),
    SAMORDNINGSNUMMER: _Kind(
        _shape(r"(?:18|19|20)\d\d(?:0\d|1[0-2])(?:[6-8]\d|9[01])\d{4}"),
        _coordination_day,
        _last_ten,
        reserve=False,
    ),
    NATIONAL_RESERVE: _Kind(_shape(rf"{_BORN}(?:3[2-9]|4\d|5\d)\d{{4}}"), _any_day, _last_ten),
    NRID: _Kind(
        _shape(
            r"\d{4}(?:0[1-9]|1[0-2]|[2-9]\d)(?:0[1-9]|[12]\d|3[01]|[45]\d)"
            r"[A-HJ-NPR-UX-Z]{2}[0-9A-Z]{2}"
        ),
        _any_day,
        _no_check,
    ),
    STOCKHOLM_RESERVE: _Kind(_shape(r"99\d{10}"), _any_day, _stockholm_check),
    VASTRA_GOTALAND_RESERVE: _Kind(
        _shape(rf"{_BORN}[0-3]\d[KMX]\d{{3}}"), _birth_day, _vastra_gotaland_check
    ),
    VARMLAND_RESERVE: _Kind(_shape(rf"{_BORN}[0-3]\d[A-Z]{{2}}\d[0-9A-Z]"), _birth_day, _no_check),
    # A source's own number, after the source's HSA-id; anything that can be printed.
    LOCAL_NUMBER: _Kind(_shape(r"[!-~]{1,64}"), _any_day, _no_check),
    DANISH_CPR: _Kind(_shape(r"[0-3]\d[01]\d{7}"), _danish_day, _no_check),
}


def check(person: PersonId) -> None:
    """Return if such a number can exist.

    Raises:
        PersonNumberInvalid: unknown OID, wrong form, no such day, or wrong check digit; the
            first of these that is so.
    """
    kind = _KINDS.get(person.root)
    if kind is None:
        raise PersonNumberInvalid("the type is not an OID of person numbers that is known")
    if kind.pattern.fullmatch(person.extension) is None:
        raise PersonNumberInvalid("the id has not the form that its type demands")
    if not kind.day(person.extension):
        raise PersonNumberInvalid("the id holds a day that is not in the calendar")
    if not kind.check_digit(person.extension):
        raise PersonNumberInvalid("the check digit of the id is wrong")


def told_by_form(number: str) -> PersonId | None:
    """The number with the OID that its form tells of; None where no known series has it.

    For places where the OID is not said: FindContent, and people who type a number.
    """
    for root in _TOLD_BY_FORM:
        person = PersonId(root, number)
        try:
            check(person)
        except PersonNumberInvalid:
            continue
        return person
    return None


_TOLD_BY_FORM: Final = (
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    NATIONAL_RESERVE,
    STOCKHOLM_RESERVE,
    VASTRA_GOTALAND_RESERVE,
)


def is_reserve(root: str) -> bool:
    """Whether the series is one that the engagement index does not hold: such a person can be
    asked about at one source only. True for every OID that is not known."""
    kind = _KINDS.get(root)
    return kind is None or kind.reserve


def age_at(person: PersonId, day: date) -> int | None:
    """Whole years on that day; None where the number does not tell the day of birth."""
    number = person.extension
    if person.root not in (PERSONNUMMER, SAMORDNINGSNUMMER):
        return None
    try:
        born_on = int(number[6:8])
        if person.root == SAMORDNINGSNUMMER:
            born_on -= 60
        born = date(int(number[:4]), int(number[4:6]), born_on)
    except ValueError:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
