"""How often somebody may come: so many in a second, so many in a minute, each for itself.

Windows slide: no burst of twice as much around a full minute. Knows no users and no clock of its
own; forgets those who have not been here for longest when there are too many.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

PER_SECOND, PER_MINUTE = 20, 600  # precedent: the management interface of X-Road
_MOST_REMEMBERED = 10_000
_MINUTE = 60.0


class Rates:
    """Counts what each has done."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        per_second: int = PER_SECOND,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self._monotonic = monotonic
        self._per_second = per_second
        self._per_minute = per_minute
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, who: str) -> int:
        """Whole seconds to come back in; 0: now."""
        seen = self._seen.get(who)
        if seen is None:
            return 0
        now = self._monotonic()
        while seen and seen[0] <= now - _MINUTE:
            seen.popleft()
        if len(seen) >= self._per_minute:
            return max(1, round(seen[0] + _MINUTE - now + 0.5))
        if len(seen) >= self._per_second and seen[-self._per_second] > now - 1:
            return 1
        return 0

    def note(self, who: str) -> None:
        """It has come once more."""
        seen = self._seen.setdefault(who, deque(maxlen=self._per_minute))
        seen.append(self._monotonic())
        self._seen.move_to_end(who)
        while len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
