"""The routing log while it is written: for those who look on, here and in other processes.

Takes lines that have been masked already, and leaves out what tells of a person's whereabouts or
name. Bounded everywhere: whoever cannot keep up is told how much was hidden. While nobody looks on
it costs one question of whether somebody does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: never looked on at: who somebody acts for may be an employee, and where a call came from
PRIVATE = frozenset({"labels.actingOnBehalfOfHsaid", "source.ip"})
MOST_PER_SECOND = 500
_MOST_WAITING = 1000
_STILL = 5.0
"""Seconds of silence after which a sign of life is given."""

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: all that are said must fit. None: any."""

    action: str | None = None
    producer: str | None = None
    receiver: str | None = None
    trace: str | None = None

    def fits(self, line: Line) -> bool:
        """Whether it is wanted."""
        return (
            (self.action is None or line.get("event.action") == self.action)
            and (self.producer is None or line.get("labels.producer") == self.producer)
            and (self.receiver is None or line.get("labels.receiverid") == self.receiver)
            and (self.trace is None or line.get("trace.id") == self.trace)
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What one who looks on gets: a line, or how many were hidden, or a sign of life."""

    line: Line | None = None
    hidden: int = 0


class Tail:
    """All who look on in this process, and what is to go to the others."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lookers: set[_Looker] = set()
        self._outgoing: deque[Line] = deque()
        self._lost = 0
        self._closed = False
        self.publishing = False
        """Whether somebody looks on in another process."""

    @property
    def wanted(self) -> bool:
        """Whether anybody looks on."""
        return self.publishing or bool(self._lookers)

    @property
    def lookers(self) -> int:
        """How many look on here."""
        return len(self._lookers)

    def take(self, line: Line) -> None:
        """A line of this process has been written."""
        shown = {name: value for name, value in line.items() if name not in PRIVATE}
        self.receive(shown)
        if self.publishing:
            if len(self._outgoing) >= _MOST_WAITING:
                self._lost += 1
            else:
                self._outgoing.append(shown)

    def receive(self, line: Line, hidden: int = 0) -> None:
        """A line of any process, for those who look on here."""
        for looker in self._lookers:
            looker.lost += hidden
            if line and looker.wanted.fits(line):
                looker.offer(line, self._monotonic())

    def outgoing(self) -> tuple[Sequence[Line], int]:
        """What has gathered for others, and how many more there were."""
        lines, lost = list(self._outgoing), self._lost
        self._outgoing.clear()
        self._lost = 0
        return lines, lost

    async def look(self, wanted: Wanted, per_second: int) -> AsyncGenerator[Shown, None]:
        """Look on, until the tail or the iterator is closed."""
        looker = _Looker(wanted, min(per_second, MOST_PER_SECOND), self._monotonic())
        self._lookers.add(looker)
        try:
            yield Shown()
            while not self._closed:
                async for shown in looker.next():
                    yield shown
        finally:
            self._lookers.discard(looker)

    def close(self) -> None:
        """Everybody is let go."""
        self._closed = True
        for looker in self._lookers:
            looker.come.set()


class _Looker:
    """One who looks on: what waits for it, and its rate."""

    def __init__(self, wanted: Wanted, per_second: int, now: float) -> None:
        self.wanted = wanted
        self.come = asyncio.Event()
        self.lost = 0
        self._per_second = per_second
        self._left = float(per_second)
        self._at = now
        self._waiting: deque[Line] = deque()

    def offer(self, line: Line, now: float) -> None:
        """Give it the line, unless that is too much."""
        self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1 or len(self._waiting) >= _MOST_WAITING:
            self.lost += 1
            return
        self._left -= 1
        self._waiting.append(line)
        self.come.set()

    async def next(self) -> AsyncIterator[Shown]:
        """What has come, or that nothing has."""
        try:
            async with asyncio.timeout(1.0 if self.lost else _STILL):
                await self.come.wait()
        except TimeoutError:
            if not self.lost:
                yield Shown()
        self.come.clear()
        while self._waiting:
            yield Shown(self._waiting.popleft())
        if self.lost:
            hidden, self.lost = self.lost, 0
            yield Shown(hidden=hidden)
