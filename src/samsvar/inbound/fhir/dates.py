"""Search by date: what is between which moments, in the prefixes of FHIR.

Knows FHIR's date search on periods. A day is Sweden's, unless a time with its zone is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from samsvar.inbound.users.refusal import Refusal
from samsvar.model.local_time import on_the_wall

_FORM = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb)?"
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d))?)?)?",
    re.ASCII,
)
ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Span = tuple[datetime, datetime]
"""From, and until but not at."""

#: does (record) fit (asked)? Both spans; the standard's words in the same order
_FITS: dict[str, Callable[[Span, Span], bool]] = {
    "eq": lambda its, asked: asked[0] <= its[0] and its[1] <= asked[1],
    "ne": lambda its, asked: not (asked[0] <= its[0] and its[1] <= asked[1]),
    "gt": lambda its, asked: its[1] > asked[1],
    "lt": lambda its, asked: its[0] < asked[0],
    "ge": lambda its, asked: its[1] > asked[0],
    "le": lambda its, asked: its[0] < asked[1],
    "sa": lambda its, asked: its[0] >= asked[1],
    "eb": lambda its, asked: its[1] <= asked[0],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition."""

    prefix: str
    span: Span

    def fits(self, its: Span) -> bool:
        """Whether what has this span is asked for."""
        return _FITS[self.prefix](its, self.span)


def asked(value: str) -> Asked:
    """The condition in a parameter's value.

    Raises:
        Refusal: 400, it is no date.
    """
    match = _FORM.fullmatch(value)
    if match is None:
        raise Refusal(400, "date: a prefix (ge, le, ...) and a date such as 2026-11-20")
    prefix, year, month, day, time, zone = match.groups()
    try:
        if time is not None:
            start = datetime.fromisoformat(f"{year}-{month}-{day}T{time}{zone}")
            end = start + timedelta(minutes=1 if len(time) == 5 else 0, seconds=len(time) > 5)
        else:
            first = date(int(year), int(month or 1), int(day or 1))
            start, end = _midnight(first), _midnight(_after(first, month, day))
    except (ValueError, OverflowError):
        raise Refusal(400, "date: no such day of the calendar") from None
    return Asked(prefix or "eq", (start, end))


def span(first: datetime | date | None, last: datetime | date | None) -> Span:
    """Of a record; what is not known has no bound. A date lasts all its day, a moment a second."""
    start = ALWAYS[0] if first is None else _begins(first)
    end = ALWAYS[1] if last is None else _ends(last)
    return start, max(start, end)


def _begins(value: datetime | date) -> datetime:
    return value if isinstance(value, datetime) else _midnight(value)


def _ends(value: datetime | date) -> datetime:
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    return _midnight(value + timedelta(days=1)) if value < date.max else ALWAYS[1]


def _midnight(day: date) -> datetime:
    return on_the_wall(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - a wall's


def _after(first: date, month: str | None, day: str | None) -> date:
    if day is not None:
        return first + timedelta(days=1)
    if month is None:
        return first.replace(year=first.year + 1)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
