"""Rows of the table of what users can ask for: it serves, and it is described by itself.

Knows the shape of a row, and how a path finds it. Knows no row by name.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from samsvar.inbound.users.asking import Visit
from samsvar.inbound.users.refusal import Refusal
from samsvar.model.user import UserKind
from samsvar.tokens import Interaction

FHIR, DOCUMENTS, CITIZEN, EXISTENCE = "/fhir/r4", "/documents", "/citizen/v1", "/existence"
PREFIXES = (FHIR, DOCUMENTS, CITIZEN, EXISTENCE)
ID_PATTERN = r"[A-Za-z0-9.-]{1,64}"
EVERYBODY = frozenset(UserKind)
_NAME = re.compile(r"\{([a-z_]+)\}")

FHIR_JSON = "application/fhir+json"
JSON = "application/json"


class Takes(Enum):
    """What a body is."""

    NOTHING = None
    FORM = "application/x-www-form-urlencoded"
    JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been read."""

    visit: Visit
    names: Mapping[str, str]
    """What stands in the path."""
    body: Any = field(repr=False)
    """The body's model; text, where it is a form; None where there is none."""
    accepts: str
    """The Accept header; ``*/*`` where there is none."""
    prefers: str
    """The Prefer header."""


@dataclass(frozen=True, slots=True)
class Made:
    """An answer. Counts are for the log."""

    body: bytes = field(repr=False)
    content_type: str
    status: int = 200
    items: int | None = None
    sources_total: int | None = None
    sources_failed: int | None = None


Handler = Callable[[Asked], Awaitable[Made]]


@dataclass(frozen=True)
class Route:
    """One row."""

    method: str
    template: str
    """The whole path; names in braces are ids."""
    name: str
    summary: str
    door: str
    """As the access log calls it."""
    scopes: tuple[tuple[str, Interaction], ...]
    """What the token's scopes must allow, each of them."""
    handler: Handler = field(repr=False)
    takes: Takes = Takes.NOTHING
    kinds: frozenset[UserKind] = EVERYBODY
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    handles: bool = False
    """The body names a record, which may not be there."""
    any_form: bool = False
    """The answer has a form of its own, whatever is accepted."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path's form."""
        parts = _NAME.split(self.template)
        named = "".join(
            f"(?P<{part}>{ID_PATTERN})" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
        return re.compile(named, re.ASCII)

    @property
    def gives(self) -> str:
        """The content type of its answer."""
        return JSON if self.response is not None else FHIR_JSON


def found(routes: Sequence[Route], method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The row that serves a request, and what stands in the path. HEAD is served as GET.

    Raises:
        Refusal: 404 or 405.
    """
    wanted = "GET" if method == "HEAD" else method
    allowed = []
    for route in routes:
        match = route.pattern.fullmatch(path)
        if match is None:
            continue
        if route.method == wanted:
            return route, match.groupdict()
        allowed += [route.method, *(("HEAD",) if route.method == "GET" else ())]
    if allowed:
        raise Refusal(
            405,
            "not with this method: a search is POST, with its parameters in the body",
            headers=((b"allow", ", ".join(sorted(set(allowed))).encode()),),
        )
    raise Refusal(404, "there is nothing at this path")
