"""How late the event loop is with its work: what it promised to do, and when it came to do it.

A loop that is late answers nobody in time. Knows nothing of what makes it so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_TICK = 0.1


class LoopLag:
    """Run it as a chore; then it says whether the loop is behind."""

    def __init__(self, monotonic: Callable[[], float], most: float) -> None:
        """``most``: seconds of lag that are still well."""
        self._monotonic = monotonic
        self._most = most
        self._due = 0.0
        self._last = self._before = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._due = self._monotonic() + _TICK
            await asyncio.sleep(_TICK)
            self.ticked(self._monotonic() - self._due)

    def ticked(self, lag: float) -> None:
        """The loop came so many seconds late to its last promise."""
        self._before, self._last = self._last, max(0.0, lag)

    @property
    def seconds(self) -> float:
        """How late it was, or is, if that is more."""
        return max(self._last, self._overdue())

    def behind(self) -> bool:
        """Twice in a row, or once and now: a single stumble is not overload."""
        return self._last > self._most and max(self._before, self._overdue()) > self._most

    def _overdue(self) -> float:
        return self._monotonic() - self._due if self._due else 0.0
