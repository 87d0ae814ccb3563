"""Keeps what the routing log tells of questions, a second behind it, and drops what is too old.

Off the way of any answer. What cannot be kept is told once, and lost: a log is not the access log.
"""

from __future__ import annotations

import asyncio

from samsvar.errors import ResourcesMissing
from samsvar.observe.log import NO_QUESTION, RoutingLog
from samsvar.ports import Clock
from samsvar.store.routing_days import RoutingDays

EVERY_SECONDS = 1.0
_TIDY_EVERY = 60


class RoutingKeeper:
    """Goes on for as long as the hub runs."""

    def __init__(self, log: RoutingLog, days: RoutingDays, clock: Clock) -> None:
        self._log = log
        self._days = days
        self._clock = clock
        self._told = ""
        log.hand_on()

    async def run(self) -> None:
        """Until cancelled."""
        turns = 0
        while True:
            await asyncio.to_thread(self.step, tidy=turns % _TIDY_EVERY == 0)
            turns += 1
            await asyncio.sleep(EVERY_SECONDS)

    def step(self, *, tidy: bool) -> None:
        """Keep what has been written since the last time."""
        now = self._clock.now()
        lines, lost = self._log.taken()
        trouble = ""
        try:
            if tidy and (early := self._days.tidy(now)):
                trouble = f"no room: {early[-1].isoformat()} and older went before their time"
            lost += self._days.keep(lines, now)
            if lost:
                trouble = "there is no room for lines of the routing log"
        except ResourcesMissing as error:
            trouble = str(error)
        if trouble and trouble != self._told:
            self._log.emit("routing-log-short", NO_QUESTION, detail=trouble)
        if trouble or tidy:
            self._told = trouble

    def close(self) -> None:
        """Keep the last lines, and let go."""
        self.step(tidy=False)
        self._days.close()
