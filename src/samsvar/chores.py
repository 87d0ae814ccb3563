"""What goes on beside the questions, until the hub stops. Knows no chore."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from samsvar.inbound.health import Health
from samsvar.observe.log import RoutingLog


class Chores:
    """Those of one process. One that ends before it is told to makes the process unhealthy."""

    def __init__(self, health: Health, events: RoutingLog) -> None:
        self._health = health
        self._events = events
        self._running: list[asyncio.Task[None]] = []

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Let it run. ``name``: what it is called when it has ended."""
        chore = asyncio.create_task(work)
        self._running.append(chore)
        self._health.lives_by(name, lambda: "its chore has ended" if chore.done() else "")
        chore.add_done_callback(partial(self._ended, name))

    async def end(self) -> None:
        """Stop them all, and wait until they have."""
        for chore in self._running:
            chore.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, name: str, chore: asyncio.Task[None]) -> None:
        if not chore.cancelled():
            # The type only: the message may repeat anything.
            why = type(chore.exception()).__name__
            self._events.emit("error", "-", detail=f"{name}: the chore has ended ({why})")
            self._events.flush()


async def every(seconds: float, chore: Callable[[], None]) -> None:
    """Do it again and again, until cancelled."""
    while True:
        await asyncio.sleep(seconds)
        chore()
