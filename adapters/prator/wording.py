"""Two texts of Prator's that hold more than one thing, taken apart: old SBAR, and ``vem``.

Takes apart only what is told apart without doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from samsvar.adapter_api import care

_LETTER = re.compile(r"^(S|B|A|R)[:\s–-]", re.MULTILINE)


def split_sbar(text: str) -> tuple[str, str, str, str] | None:
    """The four texts of an old assessment, if four lines begin with S, B, A and R, in order."""
    hits = list(_LETTER.finditer(text))
    if "".join(hit[1] for hit in hits) != "SBAR":
        return None
    if text[: hits[0].start()].strip():
        return None  # what stands before the first letter would be lost
    ends = [hit.start() for hit in hits[1:]] + [len(text)]
    situation, background, state, recommendation = (
        text[hit.end() : end].strip(" \n\t:–-") for hit, end in zip(hits, ends, strict=True)
    )
    return situation, background, state, recommendation


@dataclass(frozen=True, slots=True)
class Who:
    """``vem``, taken apart: ``Ssk Karin Lind, Hälsocentralen Exempel / region``."""

    person: str | None = None
    unit: str | None = None
    principal: care.Principal | None = None


_PRINCIPALS = (
    (re.compile(r"\b(?:kommun\w*|\w+kommun(?:en|s)?)\b"), care.Principal.MUNICIPALITY),
    (re.compile(r"\bregion\w*"), care.Principal.REGION),
)
_THE_PERSON = re.compile(
    r"(?:patienten?|den enskilde|brukaren?|dotter\w*|son|sonen|make|maka|maken|makan|anhörig\w*"
    r"|närstående|vårdnadshavare|mamma|pappa|god man)"
)


def read_who(text: str | None) -> Who:
    """Who does it: before a comma a person, then the unit, after the last slash the huvudman."""
    if text is None:
        return Who()
    before, slash, after = text.rpartition("/")
    rest, last = (before.strip(), after.strip()) if slash else (text, "")
    stated = (last or rest).casefold()
    principal = next((found for pattern, found in _PRINCIPALS if pattern.search(stated)), None)
    if slash and principal is None and last:
        principal = care.Principal.OTHER
    if not slash and _THE_PERSON.fullmatch(stated):
        return Who(person=rest, principal=care.Principal.OTHER)
    person, comma, unit = (part.strip() for part in rest.partition(","))
    if comma and unit:
        return Who(person or None, unit, principal)
    return Who(None, rest or None, principal)
