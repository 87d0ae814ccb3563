"""A citizen's timeline for a page: what is to come by month, what has been, what has no time.

Pure: entries of the hub's overview go in, in their order. Knows the calendar; knows no page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Month:
    """What happens in a month."""

    first: date
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of it."""

    going_on: tuple[Entry, ...]
    """Has begun, and is not over."""
    to_come: tuple[Month, ...]
    been: tuple[Month, ...]
    """The latest first."""
    undated: tuple[Entry, ...]

    @property
    def next(self) -> Entry | None:
        """What comes next."""
        return self.to_come[0].entries[0] if self.to_come else None

    @property
    def empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.going_on or self.to_come or self.been or self.undated)


def timeline(entries: Iterable[Entry], today: date) -> Timeline:
    """The entries in their places."""
    going_on, to_come, been, undated = [], [], [], []
    for entry in entries:
        first, last = day_of(entry.get("start")), day_of(entry.get("end"))
        if first is None:
            undated.append(entry)
        elif first >= today:
            to_come.append(entry)
        elif (last is None or last >= today) and _goes_on(entry):
            going_on.append(entry)
        else:
            been.append(entry)
    return Timeline(tuple(going_on), _by_month(to_come), _by_month(reversed(been)), tuple(undated))


def day_of(text: str | None) -> date | None:
    """The day of a day or a moment."""
    return date.fromisoformat(text[:10]) if text else None


def _goes_on(entry: Entry) -> bool:
    status = entry.get("status") or {}
    return entry.get("kind") in ("activity", "contact") and status.get("en") == "ongoing"


def _by_month(entries: Iterable[Entry]) -> tuple[Month, ...]:
    def first(entry: Entry) -> date:
        day = day_of(entry["start"])
        assert day is not None
        return day.replace(day=1)

    return tuple(Month(month, tuple(some)) for month, some in groupby(entries, first))
