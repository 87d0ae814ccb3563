"""Fills templates. Everything is escaped but what ``narrative`` has made plain.

Knows Jinja2, days and moments as people write them, and the address of each file that pages refer
to. Knows no page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from samsvar.viewer.narrative import blocks
from samsvar.viewer.words import ACTIVITY_LOOKS, LOOKS, MEETING_MODE, PLAN_TYPE, PURPOSE

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}

_MONTHS = (
    ("januari", "January"),
    ("februari", "February"),
    ("mars", "March"),
    ("april", "April"),
    ("maj", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augusti", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
)
_DAYS = (
    ("måndag", "Monday"),
    ("tisdag", "Tuesday"),
    ("onsdag", "Wednesday"),
    ("torsdag", "Thursday"),
    ("fredag", "Friday"),
    ("lördag", "Saturday"),
    ("söndag", "Sunday"),
)


class Pages:
    """The templates, ready to be filled."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names``: what the bearers of HSA-ids are called."""
        self._names = names
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            asset=asset,
            looks=LOOKS,
            activity_looks=ACTIVITY_LOOKS,
            plan_types=PLAN_TYPE,
            modes=MEETING_MODE,
            purposes=PURPOSE,
        )
        self._templates.filters.update(blocks=blocks, number=number)

    def filled(self, template: str, model: Mapping[str, Any], *, swedish: bool) -> str:
        """The page as HTML."""
        place = 0 if swedish else 1

        def t(in_swedish: str, in_english: str) -> str:
            return in_swedish if swedish else in_english

        shown = {
            **model,
            "t": t,
            "said": lambda pair: pair[place],
            "word": lambda words: words["sv" if swedish else "en"],
            "swedish": swedish,
            "language": "sv" if swedish else "en",
            "day": lambda told: day(told, swedish=swedish),
            "moment": lambda told: moment(told, swedish=swedish),
            "month": lambda told: month(told, swedish=swedish),
            "weekday": lambda told: _DAYS[_date(told).weekday()][place],
            "short_month": lambda told: _MONTHS[_date(told).month - 1][place][:3],
            "clock": lambda told: clock(told, swedish=swedish),
            "name": self.name,
            "named": self.named,
        }
        return self._templates.get_template(template).render(shown)

    def name(self, hsa_id: str | None) -> str | None:
        """What the bearer of an id is called; the id where nobody has said."""
        return self._names.get(hsa_id, hsa_id) if hsa_id else None

    def named(self, text: str) -> str:
        """A text with the ids in it as names."""
        for hsa_id, called in self._names.items():
            text = text.replace(f" {hsa_id} ", f" {called} ")
        return text


@lru_cache(maxsize=16)
def asset(name: str) -> str:
    """The address of a file, which is another when its content is."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def static(name: str) -> tuple[str, bytes] | None:
    """Type and content of a file that pages refer to; None: there is none."""
    path = STATIC / name
    if "/" in name or "\\" in name or path.suffix not in TYPES or not path.is_file():
        return None
    return TYPES[path.suffix], path.read_bytes()


def number(person: str) -> str:
    """A number as people write it."""
    return f"{person[:8]}-{person[8:]}"


def day(told: date | str | None, *, swedish: bool) -> str:
    """A day, in words."""
    if not told:
        return "–"
    at = _date(told)
    return f"{at.day} {_MONTHS[at.month - 1][0 if swedish else 1]} {at.year}"


def moment(told: str | None, *, swedish: bool) -> str:
    """A day with its hour, if that is told."""
    if not told:
        return "–"
    if len(told) <= len("2026-01-01"):
        return day(told, swedish=swedish)
    hour = clock(f"{datetime.fromisoformat(told):%H:%M}", swedish=swedish)
    return f"{day(told, swedish=swedish)} {hour}"


def clock(told: str, *, swedish: bool) -> str:
    """An hour of the day, from ``10:30``."""
    return f"kl.\u00a0{told.replace(':', '.')}" if swedish else f"at\u00a0{told}"


def month(told: date, *, swedish: bool) -> str:
    """A month, in words."""
    word = _MONTHS[told.month - 1][0 if swedish else 1]
    return f"{word.capitalize()} {told.year}"


def _date(told: date | str) -> date:
    if isinstance(told, date):
        return told
    parts = told[:10].split("-")  # FHIR has days of which only year and month are known
    year, *rest = (int(each) for each in parts)
    return date(year, *[*rest, 1, 1][:2])
