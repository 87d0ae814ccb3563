"""How source systems spell a person's number, compared with the person who was asked about.

Knows the 10-digit form and its century mark. Never guesses a century: a spelling that cannot
be told to be the asked person's is not the asked person's. Whether a number is valid is not
judged here, and nothing here looks at a clock: the day is given.
"""

from __future__ import annotations

import re
from datetime import date

from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import LOCAL_NUMBER, PERSONNUMMER, SAMORDNINGSNUMMER

__all__ = [
    "LOCAL_NUMBER",
    "PERSONNUMMER",
    "SAMORDNINGSNUMMER",
    "same_person",
    "short_form",
    "subject_of",
]

_WITH_CENTURY = re.compile(r"(\d{8})[-+]?(\d{4})", re.ASCII)
_WITHOUT_CENTURY = re.compile(r"(\d{6})([-+]?)(\d{4})", re.ASCII)


def _turns_hundred(number: str, day: date) -> bool:
    # Folkbokföringslagen 18 §: plus from the year of the hundredth birthday, not from its day.
    return day.year - int(number[:4]) >= 100


def _has_short_form(person: PersonId) -> bool:
    # Only Skatteverket's two series have one.
    return person.root in (PERSONNUMMER, SAMORDNINGSNUMMER) and bool(
        re.fullmatch(r"\d{12}", person.extension, re.ASCII)
    )


def short_form(person: PersonId, day: date) -> str:
    """``650102-2773``; with ``+`` from the year in which the person turns 100.

    A number without a 10-digit form (a reservnummer) is given back as it is.
    """
    number = person.extension
    if not _has_short_form(person):
        return number
    return f"{number[2:8]}{'+' if _turns_hundred(number, day) else '-'}{number[8:]}"


def same_person(text: str, asked: PersonId, day: date | None = None) -> bool:
    """True if a source's spelling, written about ``day``, is the asked person's number.

    Reads 12 digits, with or without a mark, and 10 digits: ``-`` or no mark is a person under
    100 years, ``+`` one of 100 or more. Without a day ten digits can be two people a century
    apart, so only spellings that carry the century are then the asked person's.
    """
    spelled = "".join(text.split())
    if not _has_short_form(asked):
        return spelled.replace("-", "").lower() == asked.extension.replace("-", "").lower()
    if match := _WITH_CENTURY.fullmatch(spelled):
        return match[1] + match[2] == asked.extension
    if day is not None and (match := _WITHOUT_CENTURY.fullmatch(spelled)):
        of_age = (match[2] == "+") == _turns_hundred(asked.extension, day)
        return of_age and match[1] + match[3] == asked.extension[2:]
    return False


def subject_of(text: str, asked: PersonId, day: date | None = None) -> PersonId:
    """Whom a document is about: the asked person if the source says so, else somebody else.

    The other person keeps the source's own spelling under the root of local numbers, so that
    it can never be equal to a person who was asked about.
    """
    if same_person(text, asked, day):
        return asked
    return PersonId(LOCAL_NUMBER, f"not-asked:{''.join(text.split())}")
