"""How often each sender may ask: so many in a second, with a little in hand for those who rest.

One number for each sender says when it would be even (the generic cell rate algorithm). Shared by
processes where that can be; else, and at once, of this process alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

_MOST_REMEMBERED = 10_000


class SharedRates(Protocol):
    """One count for all processes."""

    async def wait(self, who: str, interval: float, burst: int) -> float | None:
        """Seconds to wait, 0: it has asked now. None: it cannot be known, and did not take long."""


class SenderRates:
    """Counts questions of each sender."""

    def __init__(
        self,
        per_second: float | None,
        burst: int,
        monotonic: Callable[[], float],
        shared: SharedRates | None = None,
    ) -> None:
        """``per_second`` None: no bound. ``burst``: how many may come at once after a rest."""
        self._interval = 1 / per_second if per_second else 0.0
        self._burst = burst
        self._monotonic = monotonic
        self._shared = shared
        self._even: OrderedDict[str, float] = OrderedDict()

    @property
    def bounded(self) -> bool:
        """Whether there is a bound."""
        return self._interval > 0

    async def wait(self, who: str) -> float:
        """Seconds to come back in; 0: now, and that is counted."""
        if not self._interval:
            return 0.0
        if self._shared is not None:
            told = await self._shared.wait(who, self._interval, self._burst)
            if told is not None:
                return told
        return self._own(who)

    def _own(self, who: str) -> float:
        now = self._monotonic()
        even = max(self._even.get(who, now), now)
        early = even - now - (self._burst - 1) * self._interval
        if early > 1e-9:
            return early
        self._even[who] = even + self._interval
        self._even.move_to_end(who)
        if len(self._even) > _MOST_REMEMBERED:
            self._even.popitem(last=False)
        return 0.0
