"""What all that send from an outbox have in common: one does it at a time, and pauses grow."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from samsvar.ports import Clock


class Leased(Protocol):
    """What one process at a time may send from."""

    async def hold(self, now: datetime) -> bool:
        """Become, or stay, the one who sends. False: somebody else is."""

    async def release(self) -> None:
        """Stop being that."""


class Turn:
    """This process's turn to send."""

    def __init__(self, outbox: Leased, clock: Clock, renew_every: float) -> None:
        """``renew_every``: seconds between two renewals of the lease."""
        self._outbox = outbox
        self._clock = clock
        self._renew_every = renew_every
        self._until = 0.0

    async def hold(self) -> bool:
        """Whether it is our turn; asked of the outbox now and then."""
        if self._clock.monotonic() < self._until:
            return True
        held = await self._outbox.hold(self._clock.now())
        self._until = self._clock.monotonic() + self._renew_every if held else 0.0
        return held

    async def end(self) -> None:
        """Let another have it, so that it need not wait for the lease's end."""
        if self._until:
            await self._outbox.release()


def pause_after(failures: int, first: float, longest: float) -> float:
    """Seconds until the next try: doubled after each failure in a row."""
    return min(longest, first * 2.0 ** min(failures - 1, 30))
