"""Rows of a table that serves and is described: method, path, right, bodies, what does it.

A path template has names in braces; what stands there is matched as ids are written. Knows no
row by name.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from samsvar.inbound.admin.problems import Problem
from samsvar.onboarding.roles import Right, User

PREFIX = "/admin/v1"
ID_PATTERN = r"[A-Za-z0-9_.:-]{1,64}"
_NAME = re.compile(r"\{([a-z_]+)\}")

#: most bytes of a body, and of one that is a file (precedent: the same as for rates)
MOST_BYTES = 50 * 1024
MOST_UPLOAD_BYTES = 10 * 1024 * 1024


class NoQuery(BaseModel, extra="forbid"):
    """Nothing may stand after the question mark."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been read: who asks, what stands in the path, query and body."""

    user: User
    path: Mapping[str, str]
    query: Any = field(repr=False)
    body: Any = field(repr=False)
    """The body's model; bytes, where it is a file; None where there is none."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that goes on."""

    chunks: AsyncIterator[bytes]


Handler = Callable[[Asked], Awaitable[BaseModel]] | Callable[[Asked], Awaitable[Streamed]]


@dataclass(frozen=True)
class Route:
    """One row."""

    method: str
    template: str
    """Below the prefix."""
    name: str
    summary: str
    right: Right | None
    """None: every role has it."""
    handler: Handler = field(repr=False)
    response: type[BaseModel]
    request: type[BaseModel] | None = None
    pem: str | None = None
    """What file in PEM is taken, in words; instead of ``request``."""
    query: type[BaseModel] = NoQuery
    status: int = 200
    refusals: tuple[int, ...] = ()
    """Beyond those that every row has."""
    stream: str | None = None
    """What goes on and on as server-sent events, in words; ``response`` is one of them, and the
    handler's answer a ``Streamed``."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(_NAME.findall(self.template))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path's form."""
        named = _NAME.sub(lambda match: f"(?P<{match[1]}>{ID_PATTERN})", self.template)
        return re.compile(named, re.ASCII)

    @property
    def most_bytes(self) -> int:
        """The largest body."""
        return MOST_UPLOAD_BYTES if self.pem else MOST_BYTES

    @property
    def has_body(self) -> bool:
        """Whether something is sent."""
        return self.request is not None or self.pem is not None


def found(routes: Sequence[Route], method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The row that serves a request, and what stands in the path.

    Raises:
        Problem: 404 or 405.
    """
    below = path.removeprefix(PREFIX)
    allowed = []
    for route in routes:
        match = route.pattern.fullmatch(below)
        if match is None:
            continue
        if route.method == method:
            return route, match.groupdict()
        allowed.append(route.method)
    if allowed:
        raise Problem(
            405,
            "not with this method",
            headers=((b"allow", ", ".join(sorted(allowed)).encode()),),
        )
    raise Problem(404, f"there is nothing at this path: see {PREFIX}/openapi.json")
