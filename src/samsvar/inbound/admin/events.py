"""The routing log while it is written, as server-sent events. Knows the tail as a port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol

import orjson
from pydantic import BaseModel, Field

from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.router import ID_PATTERN, Asked, Route, Streamed
from samsvar.observe.tail import MOST_PER_SECOND, Line, Shown, Wanted
from samsvar.onboarding.roles import Right

MOST_LOOKERS = 20
_EXACTLY = f"^{ID_PATTERN}$"


class Events(Protocol):
    """Who looks on, and what they see."""

    @property
    def lookers(self) -> int:
        """How many look on here."""

    def look(self, wanted: Wanted, per_second: int) -> AsyncGenerator[Shown, None]:
        """Look on, until the iterator is closed."""


class EventsQuery(BaseModel, extra="forbid"):
    """Which events. All that are said must fit."""

    event: str | None = Field(default=None, pattern=_EXACTLY, description="event.action")
    producer: str | None = Field(default=None, pattern=_EXACTLY, description="labels.producer")
    receiver: str | None = Field(default=None, pattern=_EXACTLY, description="labels.receiverid")
    trace: str | None = Field(default=None, pattern=_EXACTLY, description="trace.id")
    per_second: int = Field(
        default=50, ge=1, le=MOST_PER_SECOND, description="more are hidden, and counted"
    )


class EventLine(BaseModel, extra="allow"):
    """The data of one event: a line of the routing log, with its names; or ``hidden``."""


class EventRows:
    """Rows of the table about events."""

    def __init__(self, tail: Events | None) -> None:
        self._tail = tail

    def rows(self) -> tuple[Route, ...]:
        """The rows."""
        return (
            Route(
                "GET",
                "/events",
                "watchEvents",
                "The routing log while it is written, of all processes that share a Redis",
                Right.SEE_EVENTS,
                self._watch,
                EventLine,
                query=EventsQuery,
                stream="Server-sent events: `routing`, whose data is a line of the routing log;"
                ' `hidden`, whose data is {"hidden": n}',
            ),
        )

    async def _watch(self, asked: Asked) -> Streamed:
        told: EventsQuery = asked.query
        if self._tail is None:
            raise Problem(503, "no hub runs here whose events could be seen")
        if self._tail.lookers >= MOST_LOOKERS:
            raise Problem(
                503,
                f"{MOST_LOOKERS} look on already: come back later",
                headers=((b"retry-after", b"60"),),
            )
        wanted = Wanted(told.event, told.producer, told.receiver, told.trace)
        return Streamed(_written(self._tail.look(wanted, told.per_second)))


async def _written(shown: AsyncGenerator[Shown, None]) -> AsyncIterator[bytes]:
    try:
        async for one in shown:
            if one.line is not None:
                yield _event(b"routing", one.line)
            elif one.hidden:
                yield _event(b"hidden", {"hidden": one.hidden})
            else:
                yield b": nothing new\n\n"
    finally:
        await shown.aclose()


def _event(name: bytes, data: Line) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name, orjson.dumps(data, option=orjson.OPT_UTC_Z))
