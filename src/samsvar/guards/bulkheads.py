"""Bulkheads: so many calls to one producer at once, so many to all of them together.

A transport around the transport. Whoever finds no place waits a little, inside the question's
time, and then gets an honest status: a producer that hangs fills its own places and nobody's else.
Knows no protocol and no breaker.
"""

from __future__ import annotations

import asyncio

from samsvar.errors import ProducerBusy
from samsvar.model.exchange import Call, Question, Recipient, Reply
from samsvar.ports import Clock, Transport

#: as many may wait for a place as have one, times this; the rest need not wait to be told
_WAITING_FOR_EACH = 2


class _Places:
    """Places, and those who wait for one in the order in which they came."""

    __slots__ = ("free", "most", "waiting")

    def __init__(self, most: int) -> None:
        self.most = self.free = most
        self.waiting: list[asyncio.Future[None]] = []

    def take_free(self) -> bool:
        """A place, if there is one just now."""
        if self.free <= 0 or self.waiting:
            return False
        self.free -= 1
        return True

    async def take(self, patience: float) -> bool:
        """A place, within so many seconds; nobody is overtaken."""
        if patience <= 0 or len(self.waiting) >= self.most * _WAITING_FOR_EACH:
            return False
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(place)
        try:
            async with asyncio.timeout(patience):
                await place
        except TimeoutError:
            if place.done() and not place.cancelled():
                return True  # it was given at the last moment
            self.waiting.remove(place)
            return False
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.give_back()
            else:
                self.waiting.remove(place)
            raise
        return True

    def give_back(self) -> None:
        """To whoever has waited for longest."""
        while self.waiting:
            place = self.waiting.pop(0)
            if not place.done():
                place.set_result(None)
                return
        self.free += 1


class Bulkheads:
    """A transport in which no producer takes the places of others."""

    def __init__(
        self, transport: Transport, clock: Clock, *, each: int, together: int, wait: float
    ) -> None:
        """``wait``: seconds that a question may wait for a place."""
        self._transport = transport
        self._clock = clock
        self._each = each
        self._wait = wait
        self._together = _Places(together)
        self._of: dict[str, _Places] = {}

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """Carry the question, once there is a place for it.

        Raises:
            ProducerBusy: there was none in time; it was not asked.
            ProducerError: whatever went wrong at that producer.
        """
        assert recipient.entry is not None
        producer = recipient.entry.producer.id
        places = self._of.get(producer)
        if places is None:
            places = self._of[producer] = _Places(self._each)
        begun: float | None = None
        try:
            if not places.take_free():
                begun = self._clock.monotonic()
                if not await places.take(min(self._wait, patience)):
                    raise ProducerBusy(f"not asked: busy, it has {self._each} questions unanswered")
            try:
                if not self._together.take_free():
                    begun = self._clock.monotonic() if begun is None else begun
                    spent = self._clock.monotonic() - begun
                    if not await self._together.take(min(self._wait, patience) - spent):
                        raise ProducerBusy("not asked: the hub is busy with other sources")
                try:
                    if begun is not None:
                        patience -= self._clock.monotonic() - begun
                    return await self._transport.ask(call, question, recipient, patience)
                finally:
                    self._together.give_back()
            finally:
                places.give_back()
        finally:
            if places.free == self._each and self._of.get(producer) is places:
                del self._of[producer]

    @property
    def taken(self) -> tuple[int, dict[str, int]]:
        """How many places are taken: together, and of each producer that has any."""
        together = self._together.most - self._together.free
        return together, {name: places.most - places.free for name, places in self._of.items()}


_: type[Transport] = Bulkheads  # interface guard
