"""Who has read, for a page: by day, and each reader once in it however often it read.

Pure: accesses of the hub's report go in, the latest first. An emergency, and a question of
existence, stand by themselves. Knows no page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Access = Mapping[str, Any]
Words = Mapping[str, str]
"""``sv`` and ``en``."""


@dataclass(slots=True)
class Row:
    """One reader, on one day."""

    reader: Words
    giver: str | None
    unit: str | None
    purpose: Words
    emergency: bool
    existence: bool
    first: str
    last: str
    times: int = 0
    what: list[Words] = field(default_factory=list)

    @property
    def mine(self) -> bool:
        """Whether it was the person who now looks."""
        return self.reader["sv"] == "du själv"


@dataclass(frozen=True, slots=True)
class Day:
    """One day, the latest reader first."""

    day: str
    rows: tuple[Row, ...]


def by_day(accesses: Iterable[Access]) -> list[Day]:
    """The report in its days, the latest first."""
    days: dict[str, dict[tuple[object, ...], Row]] = {}
    for one in accesses:
        clock = one["at"][11:16]
        named = (one["careGiver"], one["careUnit"])
        marks = (one["emergency"], one["existenceOnly"])
        key = (one["reader"], *named, one["purpose"], *marks)
        row = days.setdefault(one["at"][:10], {}).setdefault(
            key, Row(_words(one, "reader"), *named, _words(one, "purpose"), *marks, clock, clock)
        )
        row.times += 1
        row.first, row.last = min(row.first, clock), max(row.last, clock)
        what = _words(one, "what")
        if what not in row.what:
            row.what.append(what)
    return [Day(day, tuple(rows.values())) for day, rows in days.items()]


def _words(one: Access, name: str) -> Words:
    """In both languages; a hub of an older release has Swedish alone."""
    told: Words = one.get(f"{name}Text") or {"sv": one[name], "en": one[name]}
    return told
