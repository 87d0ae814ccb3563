"""What comes by the message broker and must not be lost: one message of a queue at a time.

A message is settled when its effect is durable. What can never be taken goes to the dead letters
at once; while the hub itself cannot take anything, the message waits, and those behind it. Knows
the order of these things, and not what a message says.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping

from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.keys import PublicKey, public_key
from samsvar.broker.link import Delivery
from samsvar.ports import Events

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class QueueReader(ABC):
    """Reads the queues of one stream, as long as the hub runs."""

    def __init__(self, end: DurableEnd, events: Events, what: str) -> None:
        """``what``: what comes, in words for people."""
        self._end = end
        self._events = events
        self._what = what
        self._waiting: dict[str, asyncio.Queue[Delivery]] = {}
        self._work: dict[str, asyncio.Task[None]] = {}
        self._why = ""
        """Why nothing can be taken now."""

    def took(self, delivery: Delivery) -> None:
        """A message has come."""
        if delivery.queue not in self._waiting:
            waiting = self._waiting[delivery.queue] = asyncio.Queue()
            self._work[delivery.queue] = asyncio.create_task(self._all_of(waiting))
        self._waiting[delivery.queue].put_nowait(delivery)

    def notes(self) -> list[str]:
        """What does not work, for readiness."""
        return [f"{self._what} waits at the message broker: {self._why}"] if self._why else []

    async def close(self) -> None:
        """Finish nothing more: what was not settled comes again."""
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)

    @abstractmethod
    async def _is_done(self, delivery: Delivery) -> bool:
        """Settle it, or refuse it. False: nobody's fault but ours; try again."""

    @abstractmethod
    def _tell_refused(
        self, correlation_id: str, sender: str | None, detail: str, items: int | None
    ) -> None:
        """Write that a message is a dead letter."""

    @abstractmethod
    def _tell_waits(self, correlation_id: str, sender: str, detail: str) -> None:
        """Write that a message cannot be taken now."""

    def settle(self, delivery: Delivery) -> None:
        """It has had its effect."""
        self._why = ""
        self._end.settle(delivery)

    def refuse(
        self,
        delivery: Delivery,
        why: str,
        *,
        correlation_id: str = "-",
        sender: str | None = None,
        items: int | None = None,
    ) -> None:
        """It never will have one."""
        self._end.refuse(delivery)
        self._why = ""
        self._tell_refused(correlation_id, sender, why, items)

    def wait(self, why: str, *, correlation_id: str = "-", sender: str) -> None:
        """It cannot have one now; told of once."""
        if why != self._why:
            self._tell_waits(correlation_id, sender, why)
        self._why = why

    async def _all_of(self, waiting: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await waiting.get()
            try:
                await self._until_done(delivery)
            except Exception as error:  # noqa: BLE001 - whatever it was, it must not end this
                self._why = f"unforeseen {type(error).__name__}"
                self._events.emit(
                    "error", "-", detail=f"{self._what} waits", error_type=type(error).__name__
                )

    async def _until_done(self, delivery: Delivery) -> None:
        pause = _FIRST_PAUSE
        # An earlier connection's comes again, perhaps to another hub.
        while delivery.connection == self._end.number and not await self._is_done(delivery):
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def senders(named: tuple[str, ...]) -> Mapping[str, tuple[str, PublicKey]]:
    """HSA-id and key of each "HSA-id public-key", by the key's text."""
    told = (one.split(" ") for one in named)
    return {key: (name, public_key(key)) for name, key in told}
