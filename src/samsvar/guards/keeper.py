"""Keeps breakers in step: with the database, where holds are, and with other processes.

One chore does all of it, one thing after the other, so that no answer overtakes a question.
"""

from __future__ import annotations

import asyncio
import contextlib

from samsvar.errors import ResourcesMissing
from samsvar.guards.breakers import BreakerTable, key_of, key_text
from samsvar.guards.ports import HoldBook, SharedBreakers
from samsvar.model.breaker import State
from samsvar.ports import Clock, Events


class BreakerKeeper:
    """Run it as a chore."""

    def __init__(
        self,
        table: BreakerTable,
        book: HoldBook,
        shared: SharedBreakers | None,
        clock: Clock,
        events: Events,
        *,
        seconds: float,
        shared_seconds: float = 0.5,
    ) -> None:
        self._table = table
        self._book = book
        self._shared = shared
        self._clock = clock
        self._events = events
        self._seconds = seconds
        self._pause = seconds if shared is None else min(seconds, shared_seconds)
        self._nudged = asyncio.Event()
        self._shared_away = False
        self._silent = False
        self._book_due = 0.0
        table.nudge = self._nudged.set

    def hurry(self) -> None:
        """Somebody has changed a hold just now."""
        self._book_due = 0.0
        self._nudged.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._nudged.wait()
            self._nudged.clear()
            await self.look()

    async def look(self) -> None:
        """Once."""
        now = self._clock.monotonic()
        if self._table.to_keep or now >= self._book_due:
            self._book_due = now + self._seconds
            await self._holds()
        if self._shared is not None:
            await self._share(self._shared)

    async def _holds(self) -> None:
        table = self._table
        try:
            for hold in list(table.to_keep):
                await asyncio.to_thread(self._book.put, hold)
                table.to_keep.remove(hold)
            table.hold(await asyncio.to_thread(self._book.read, self._clock.now()))
        except ResourcesMissing as error:
            if not self._silent:  # it is tried again; once is enough to be told
                self._events.emit("error", "-", detail=f"breakers stay as they are held: {error}")
            self._silent = True
        else:
            self._silent = False

    async def _share(self, shared: SharedBreakers) -> None:
        table = self._table
        if self._shared_away:
            table.tell_all()
        for key, state in list(table.to_tell.items()):
            text = key_text(key)
            if state is State.OPEN:
                done = await shared.opened(text, table.seconds_left(key))
            elif state is State.CLOSED:
                done = await shared.closed(text)
            else:
                done = await shared.unprobed(text)
            if not done:
                self._shared_away = True
                return
            if table.to_tell.get(key) is state:
                del table.to_tell[key]
        told = await shared.all()
        self._shared_away = told is None
        if told is not None:
            table.told({key_of(text): seconds for text, seconds in told.items()})
