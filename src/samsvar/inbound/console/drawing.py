"""Fills templates. Everything is escaped but what our own drawing functions have made.

Knows Jinja2, times as people read them, and the pictures' shapes. Knows no page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from samsvar.inbound.console.charts import PATTERNS
from samsvar.inbound.console.words import (
    KINDS,
    RESULTS,
    ROLES,
    STATES,
    calm,
    happened,
    role,
    row_name,
    standing,
)
from samsvar.model.local_time import STOCKHOLM
from samsvar.registry import short_name

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
TYPES[".svg"] = "image/svg+xml"
_BLANK = "\u00a0"  # a number and its unit stay together


class Pages:
    """The templates, ready to be filled in either language."""

    def __init__(self) -> None:
        self._templates = {swedish: _environment(swedish=swedish) for swedish in (True, False)}

    def filled(self, template: str, model: Mapping[str, Any], *, swedish: bool) -> str:
        """The page as HTML."""

        def t(in_swedish: str, in_english: str) -> str:
            return in_swedish if swedish else in_english

        shown = {**model, "t": t, "swedish": swedish, "language": "sv" if swedish else "en"}
        return self._templates[swedish].get_template(template).render(shown)


def _environment(*, swedish: bool) -> jinja2.Environment:
    """Templates whose numbers are written as in the language."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        asset=asset,
        patterns=PATTERNS,
        results=RESULTS,
        states=STATES,
        roles=ROLES,
        kinds_of_producer=KINDS,
        short=short,
        reason=calm,
        standing=standing,
        happened=happened,
        role=role,
        row_name=row_name,
    )

    def written(number: str) -> str:
        return number.replace(".", ",") if swedish else number

    made.filters.update(
        duration=lambda millis: written(duration(millis)),
        decimal=lambda number: written(f"{number:.1f}"),
        percent=percent,
        capitalised=lambda text: f"{text[:1].upper()}{text[1:]}",
        moment=moment,
        stored=stored,
        iso=iso,
        thousands=thousands,
    )
    return made


@lru_cache(maxsize=16)
def asset(name: str) -> str:
    """The address of a file, which is another when its content is."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={digest}"


def static(name: str) -> tuple[str, bytes] | None:
    """Type and content of a file that pages refer to; None: there is none."""
    path = STATIC / name
    if "/" in name or path.suffix not in TYPES or not path.is_file():
        return None
    return TYPES[path.suffix], path.read_bytes()


def short(contract: str | None) -> str:
    """A contract as people call it."""
    return "–" if contract is None else short_name(contract) or contract


def duration(millis: float | None) -> str:
    """Milliseconds, or seconds where they are many."""
    if millis is None:
        return "–"
    if 0 < millis < 0.5:
        return f"<{_BLANK}1{_BLANK}ms"
    if millis < 1000:
        return f"{millis:.0f}{_BLANK}ms"
    if millis < 100_000:
        return f"{millis / 1000:.1f}{_BLANK}s"
    return f"{millis / 60_000:.0f}{_BLANK}min"


def percent(share: float | None) -> str:
    """A share of one, without false precision."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return f"<{_BLANK}1{_BLANK}%"
    if 0.99 < share < 1:
        return f">{_BLANK}99{_BLANK}%"
    return f"{share * 100:.0f}{_BLANK}%"


def moment(at: datetime | None, now: datetime | None = None) -> str:
    """Local time; the day too where it is another than today."""
    if at is None:
        return "–"
    here = at.astimezone(STOCKHOLM)
    today = now is not None and now.astimezone(STOCKHOLM).date() == here.date()
    return f"{here:%H:%M:%S}" if today else f"{here:%Y-%m-%d %H:%M:%S}"


def stored(text: str, now: datetime | None = None) -> str:
    """A time that a table keeps as text, in UTC, as people read it."""
    return moment(datetime.fromisoformat(text), now)


def iso(at: datetime | None) -> str:
    """For machines that read the page."""
    return "" if at is None else at.isoformat(timespec="milliseconds")


def thousands(number: int) -> str:
    """With narrow blanks."""
    return f"{number:,}".replace(",", "\u202f")
