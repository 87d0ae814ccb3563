"""A circuit breaker: when a source is so ill that asking it costs time and gives nothing.

A machine without clock, lock or I/O: whoever calls it says what time it is (monotonic seconds).
Knows how calls fared. Knows no producer, no question, no person: who was asked about is a number
that can be compared, and nothing more.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Whether questions go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    """One question is on its way, to see whether the source is well again."""


class Fared(StrEnum):
    """How a call went, as far as it tells of the source's health."""

    WELL = "well"
    ILL = "ill"
    NEITHER = "neither"
    """It says nothing of the source: our own fault, a caller who hung up or would not wait."""


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When it opens, and for how long. All of the conditions must hold at once."""

    calls: int = 20
    """It looks at so many calls, the latest."""
    seconds: float = 120.0
    """None of them older than this."""
    least_calls: int = 10
    share: float = 0.8
    """So great a part of them went ill."""
    least_persons: int = 3
    """About so many different persons: one record that breaks a source is no illness."""
    least_seconds: float = 2.0
    """From the beginning of the first ill call to the end of the last: a blip is none either."""
    open_seconds: float = 10.0
    longest_seconds: float = 60.0
    """It stays open twice as long after each probe that went ill, but never longer than this."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody, or a security event, has said how it is to stand."""

    open: bool
    until: float | None
    """Monotonic seconds; None: until somebody says otherwise."""


class Ticket(NamedTuple):
    """Leave to ask. Give it back by ``fared``, whatever happened."""

    generation: int
    at: float
    probe: bool


class _Call(NamedTuple):
    begun: float
    ended: float
    ill: bool
    person: int


class Breaker:
    """Of one producer and contract."""

    __slots__ = ("_calls", "_generation", "_hold", "_ill_probes", "_probing", "_rule", "_until")

    def __init__(self, rule: BreakerRule) -> None:
        self._rule = rule
        self._calls: deque[_Call] = deque(maxlen=rule.calls)
        self._until: float | None = None
        """Open until then; None: closed."""
        self._probing = False
        self._ill_probes = 0
        self._generation = 0
        self._hold: Hold | None = None

    def state(self, now: float) -> State:
        """How it stands."""
        hold = self.hold(now)
        if hold is not None:
            return State.OPEN if hold.open else State.CLOSED
        if self._until is None:
            return State.CLOSED
        return State.HALF_OPEN if self._probing else State.OPEN

    def hold(self, now: float) -> Hold | None:
        """What somebody has said, while it counts."""
        hold = self._hold
        if hold is not None and hold.until is not None and now >= hold.until:
            hold = self._hold = None
        return hold

    def until(self, now: float) -> float | None:
        """When it may let something through; None: it does, or nobody knows."""
        hold = self.hold(now)
        if hold is not None:
            return hold.until if hold.open else None
        return self._until

    @property
    def probe_due(self) -> float | None:
        """When a probe is due, if it has opened by counting."""
        return self._until

    @property
    def opened_itself(self) -> bool:
        """Whether it has opened by counting, here or elsewhere."""
        return self._until is not None

    @property
    def counted(self) -> tuple[int, int]:
        """How many calls it looks at, and how many of them went ill."""
        return len(self._calls), sum(call.ill for call in self._calls)

    def admit(self, now: float) -> Ticket | None:
        """Leave to ask, or None. While it is open and its time is out, one at a time."""
        if self._until is None and self._hold is None:
            return Ticket(self._generation, now, False)
        hold = self.hold(now)
        if hold is not None:
            return None if hold.open else Ticket(self._generation, now, False)
        if self._until is None:
            return Ticket(self._generation, now, False)
        if self._probing or now < self._until:
            return None
        self._probing = True
        return Ticket(self._generation, now, True)

    def fared(
        self, ticket: Ticket, how: Fared, now: float, person: int = 0, come_back: float = 0.0
    ) -> State | None:
        """How the call went. What it has become, if that is another state than before.
        ``come_back``: seconds for which the source wants to be left alone, if it opens now."""
        if not self.would_count(ticket):
            return None  # asked before it last opened or closed: old news
        if ticket.probe:
            self._probing = False
            if how is Fared.WELL:
                self._close()
                return State.CLOSED
            if how is Fared.ILL:
                self._ill_probes += 1
                self._open(now, come_back)
                return State.OPEN
            return None
        if how is Fared.NEITHER:
            return None
        self._calls.append(_Call(ticket.at, now, how is Fared.ILL, person))
        if how is Fared.WELL or self._until is not None or not self._is_ill(now):
            return None
        if self.hold(now) is not None:
            return None  # held closed
        self._open(now, come_back)
        return State.OPEN

    def would_count(self, ticket: Ticket) -> bool:
        """Whether it still matters how that call goes."""
        return ticket.generation == self._generation

    def told_open(self, seconds: float, now: float) -> bool:
        """Another process has opened it, or opened it again. Whether it was closed here."""
        was_closed = self._until is None
        if was_closed:
            self._begin_anew()
        self._until = now + min(seconds, self._rule.longest_seconds)
        return was_closed

    def told_closed(self) -> bool:
        """Another process has closed it, or somebody has. Whether it was open here."""
        was_open = self._until is not None
        if was_open:
            self._close()
        return was_open

    def held(self, hold: Hold | None) -> None:
        """Somebody says how it is to stand; None: as it finds for itself, from the beginning."""
        if hold is None and self._hold is not None:
            self._close()
        self._hold = hold

    def _is_ill(self, now: float) -> bool:
        rule, calls = self._rule, self._calls
        while calls and calls[0].ended <= now - rule.seconds:
            calls.popleft()
        ill = [call for call in calls if call.ill]
        return (
            len(calls) >= rule.least_calls
            and len(ill) >= rule.share * len(calls)
            and len({call.person for call in ill}) >= rule.least_persons
            and now - min(call.begun for call in ill) >= rule.least_seconds
        )

    def _open(self, now: float, come_back: float) -> None:
        self._begin_anew()
        seconds = max(self._rule.open_seconds * 2 ** min(self._ill_probes, 10), come_back)
        self._until = now + min(seconds, self._rule.longest_seconds)

    def _close(self) -> None:
        self._begin_anew()
        self._until = None
        self._ill_probes = 0

    def _begin_anew(self) -> None:
        self._generation += 1
        self._calls.clear()
        self._probing = False
