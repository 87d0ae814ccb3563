"""Whether there is room for one more question: asked of every door before anything is read.

A question that would not be answered in time is refused at once, with the seconds to come back in;
what has been taken in gets a whole answer. Knows no envelope and no rule of who may ask.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from samsvar.errors import SenderUnknown
from samsvar.inbound.http import HttpRefused
from samsvar.model.exchange import Peer
from samsvar.model.identifiers import folded
from samsvar.pipeline.identify import named_in
from samsvar.ports import Events

_TELL_EVERY = 1.0


class SenderRates(Protocol):
    """How often each sender may ask."""

    @property
    def bounded(self) -> bool:
        """Whether there is a bound."""

    async def wait(self, who: str) -> float:
        """Seconds to come back in; 0: now, and that is counted."""


class Seats:
    """The questions in work, of all doors of the process."""

    def __init__(
        self,
        most: int,
        *,
        behind: Callable[[], bool] = bool,
        rates: SenderRates | None = None,
        events: Events | None = None,
        monotonic: Callable[[], float] = float,
    ) -> None:
        """``most`` in work at once; ``behind``: whether the loop is late with its work."""
        self._most = most
        self._behind = behind
        self._rates = rates
        self._events = events
        self._monotonic = monotonic
        self._taken = 0
        self._untold: dict[str, int] = {}
        self._told_at = -_TELL_EVERY

    @property
    def in_work(self) -> int:
        """How many are taken."""
        return self._taken

    def refuse_when_full(self) -> None:
        """Before a body is read, and once more when it has come: others may have been quicker.

        Raises:
            HttpRefused: 503 with Retry-After.
        """
        if self._taken >= self._most:
            self._note("full")
            raise HttpRefused(503, "too many questions at once; come back", retry_after="1")
        if self._behind():
            self._note("behind")
            raise HttpRefused(503, "the hub is behind with its work; come back", retry_after="2")

    async def refuse_when_often(self, peer: Peer, status: int = 503) -> None:
        """By who it seems to be: whether that is true is judged later.

        Raises:
            HttpRefused: ``status`` with Retry-After; 503 to consumers that know no other.
        """
        if self._rates is None or not self._rates.bounded:
            return
        if seconds := await self._rates.wait(_who(peer)):
            self._note("too often")
            wait = str(max(1, math.ceil(seconds)))
            raise HttpRefused(status, "you ask too often; come back", retry_after=wait)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place, until the block ends.

        Raises:
            HttpRefused: there is none.
        """
        self.refuse_when_full()
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    def _note(self, why: str) -> None:
        """Count a refusal; the log has one line a second of them."""
        self._untold[why] = self._untold.get(why, 0) + 1
        now = self._monotonic()
        if self._events is not None and now - self._told_at >= _TELL_EVERY:
            for reason, count in self._untold.items():
                self._events.emit("questions-refused", "-", reason=reason, items=count)
            self._untold.clear()
            self._told_at = now


def _who(peer: Peer) -> str:
    """The sender as ``identify`` would find it, or else the address."""
    if peer.trusted and peer.sender_header is not None:
        return folded(peer.sender_header[:64])
    if peer.certificate is not None:
        try:
            return folded(named_in(peer.certificate, require_client_usage=False))
        except SenderUnknown:
            pass  # its question will be refused; until then it is one of its address
    return f"address {peer.address}"
