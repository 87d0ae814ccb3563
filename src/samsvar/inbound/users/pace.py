"""The pace of answers: each leaves at a multiple of a step after its first byte came.

So "nobody knows this person", "all of it is blocked" and "there is nothing" take the same time, as
long as sources answer within a step: one that needs longer costs a step more. Knows no answer.
"""

from __future__ import annotations

import asyncio
import math

from samsvar.ports import Clock


class Pace:
    """One for the whole process."""

    def __init__(self, clock: Clock, step: float) -> None:
        self._clock = clock
        self._step = step

    async def keep(self, begun: float) -> None:
        """Wait until the next step. ``begun``: monotonic seconds at the first byte."""
        spent = self._clock.monotonic() - begun
        steps = max(1, math.ceil(spent / self._step))
        await asyncio.sleep(max(0.0, begun + steps * self._step - self._clock.monotonic()))
