"""Messages that were refused: counted by reason, and told of now and then.

Whoever may write to a queue may write there as fast as they can: each reason is told of at once,
and after that no more than every so often, with the number of those since. Knows no clock.
"""

from __future__ import annotations

from collections import Counter

PAUSE = 10.0
_MOST_REASONS = 100
_OTHER = "other reasons"


class Refused(Exception):
    """A message that is not taken. The text says why, quotes nothing, and is one of few."""


class Refusals:
    """Counts of one end of the line."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._told: dict[str, tuple[float, int]] = {}

    @property
    def total(self) -> int:
        """All of them."""
        return self.counts.total()

    def add(self, reason: str, now: float) -> int:
        """One more. How many are to be told of now: 0, or those since the last telling."""
        if reason not in self.counts and len(self.counts) >= _MOST_REASONS:
            reason = _OTHER
        self.counts[reason] += 1
        last, told = self._told.get(reason, (now - PAUSE, 0))
        if now - last < PAUSE:
            return 0
        self._told[reason] = (now, self.counts[reason])
        return self.counts[reason] - told
