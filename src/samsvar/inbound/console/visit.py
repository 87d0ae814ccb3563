"""What a page is told of whoever looks at it, and what it answers with. Knows no page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from samsvar.model.words import Words
from samsvar.onboarding.roles import Right, User

PREFIX = "/console"
ID_PATTERN = r"[A-Za-z0-9_.:-]{1,64}"
MOST_BYTES = 50 * 1024
#: a registry file of a whole country
MOST_UPLOAD_BYTES = 10 * 1024 * 1024
_NAME = re.compile(r"\{([a-z_]+)\}")


class Shown(Exception):
    """Not done; the text is for whoever asked, in both languages."""

    def __init__(self, status: int, swedish: str, english: str) -> None:
        super().__init__(english)
        self.status = status
        self.words = Words(swedish, english)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request that has been let in."""

    user: User
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(repr=False)
    swedish: bool
    now: datetime
    still_in: Callable[[], Awaitable[bool]]
    """Whether the session is good still: for pages that stay open."""

    def t(self, swedish: str, english: str) -> str:
        """The text in the language of whoever looks."""
        return swedish if self.swedish else english

    def number(self, name: str) -> int | None:
        """A whole number from the address; None: it is not there, or none."""
        text = self.query.get(name, "")
        return int(text) if re.fullmatch(r"[0-9]{1,15}", text, re.ASCII) else None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page: its template, and what that shows."""

    template: str
    model: Mapping[str, Any] = field(repr=False)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go there, by GET. ``done``: the code of a sentence that is shown there."""

    to: str
    done: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A file."""

    name: str
    content_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Live:
    """Events, for as long as somebody looks: each is a name and a template with its model."""

    events: AsyncIterator[tuple[str, str, Mapping[str, Any]]] = field(repr=False)


Reply = Rendered | Redirect | Download | Live
Handler = Callable[[Visit], Awaitable[Reply]]


@dataclass(frozen=True)
class Row:
    """One row of the table of pages."""

    method: str
    template: str
    """Below the prefix."""
    right: Right | None
    """None: every role has it."""
    handler: Handler = field(repr=False)
    most_bytes: int = MOST_BYTES
    changes: bool | None = None
    """Whether the hub is another afterwards: that is noted in the access log first. None: it is
    where something is sent."""

    @property
    def is_noted(self) -> bool:
        """Whether a row of the access log comes first."""
        return self.method == "POST" if self.changes is None else self.changes

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path's form."""
        named = _NAME.sub(lambda match: f"(?P<{match[1]}>{ID_PATTERN})", self.template)
        return re.compile(named, re.ASCII)


def found(rows: Sequence[Row], method: str, below: str) -> tuple[Row, Mapping[str, str]]:
    """The row that serves a request, and what stands in the path.

    Raises:
        Shown: 404 or 405.
    """
    there = False
    for row in rows:
        match = row.pattern.fullmatch(below)
        if match is not None and row.method == method:
            return row, match.groupdict()
        there = there or match is not None
    if there:
        raise Shown(405, "Så kan sidan inte användas.", "The page cannot be used so.")
    raise Shown(
        404,
        "Det finns ingen sådan sida. Menyn leder till dem som finns.",
        "There is no such page. The menu leads to those that there are.",
    )
