"""What the log shipper needs of the world: an outbox, and a service that keeps records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from samsvar.model.log_entry import LogEntry, LogRefusal, Shipment


class LogOutbox(Protocol):
    """Rows of the access log on their way to a log service: kept until it has taken each.

    Every method raises ResourcesMissing if it could not be done.
    """

    async def hold(self, now: datetime) -> bool:
        """Become, or stay, the one who sends. False: somebody else is."""

    async def release(self) -> None:
        """Stop being that."""

    async def due(self, now: datetime) -> Sequence[str]:
        """The care givers for whose logs something waits now."""

    async def batch(self, receiver: str, most: int, now: datetime) -> Sequence[Shipment]:
        """The next rows of a care giver's log, together at most so many records; one at least."""

    async def sent(self, batch: Sequence[Shipment], *, uncertain: bool) -> None:
        """They are about to be sent, and nobody knows what becomes of them; or (not
        ``uncertain``) they were not taken: all but those of an earlier call are as before."""

    async def delivered(self, batch: Sequence[Shipment]) -> None:
        """The service has them."""

    async def refused(self, sequence: int, until: datetime, reason: str) -> None:
        """The service has refused this very row once more: not again before then."""

    async def bury(self, sequence: int, reason: str) -> None:
        """Give up this row: a dead letter."""

    async def bury_all(self, receiver: str, reason: str) -> int:
        """Give up all that waits for a care giver's log; how many."""


class LogInbox(Protocol):
    """Records of other hubs, kept until the log service has taken each."""

    async def take(self, receiver: str, entries: Sequence[LogEntry], now: datetime) -> int:
        """Keep records of one hub for a care giver's log, in their order, each once whatever comes;
        how many were new.

        Raises:
            ResourcesMissing: none of them was taken.
        """


class LogService(Protocol):
    """Keeps records of the access log for care givers (StoreLog)."""

    async def store(
        self, receiver: str, entries: Sequence[LogEntry], patience: float
    ) -> LogRefusal | None:
        """None: it has taken them all. A refusal: it has looked at them, and taken none.

        Raises:
            WayBlocked: the way to it cannot be used, whoever it leads to.
            ProducerError: whether it took them cannot be known.
        """
