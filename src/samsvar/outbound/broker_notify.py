"""News of the index to its subscribers by the message broker, and the choice of the way to each.

A subscriber whose producer is of kind ``worker`` is another hub: its one key is that of the hub,
and the news is sealed for it. Told means: the broker has it on disk, in that hub's queues.
Implements ``ports.Deliverer``; when and how often is not decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from samsvar.broker.durable import PARTS, news_key, part_of
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.keys import KeyPair, public_key
from samsvar.broker.link import NotPublished, Unroutable
from samsvar.broker.news import MOST_CHANGES, NEWS_TYPE, NewsContent, header_of, sealed_news
from samsvar.errors import ProducerUnreachable, WayBlocked
from samsvar.model.catalogue import ProducerKind, RoutingEntry
from samsvar.model.engagement import Notification
from samsvar.ports import Deliverer
from samsvar.soap.envelope import request_envelope
from samsvar.soap.index_messages import notification


class BrokerDeliverer:
    """Tells other hubs, by queues that keep it until they have taken it."""

    def __init__(self, end: DurableEnd, keys: KeyPair) -> None:
        self._end = end
        self._keys = keys

    async def deliver(
        self,
        entry: RoutingEntry,
        batch: Sequence[Notification],
        correlation_id: str,
        patience: float,
    ) -> str | None:
        """None: the broker has all of it. Never a text: nobody has looked at it yet.

        Raises:
            ProducerError: it may not have all of it. What it has is told again, and has no
                second effect.
        """
        keys = entry.producer.workers
        if len(keys) != 1:
            raise ProducerUnreachable(
                f"producer {entry.producer.id}: workers must name one key, that of the hub that"
                " is told"
            )
        receiver = public_key(keys[0])
        messages = []
        for part, some in _parts(batch):
            envelope = request_envelope(
                entry.profile,
                entry.logical_address,
                notification([each.transaction for each in some]),
            )
            content = NewsContent(
                correlation_id=correlation_id,
                history=some[0].history,
                numbers=[each.number for each in some],
                moments=[each.written for each in some],
                envelope=envelope.decode(),
            )
            body = sealed_news(self._keys, receiver, entry.logical_address, content)
            messages.append((news_key(entry.logical_address, part), body))
        try:
            async with asyncio.timeout(patience):
                told = await asyncio.gather(
                    *(self._publish(key, body) for key, body in messages), return_exceptions=True
                )
        except TimeoutError:
            raise WayBlocked("the message broker did not confirm it in time") from None
        for one in told:
            if isinstance(one, Unroutable):
                raise WayBlocked(
                    "no queue at the message broker takes news for it: has that hub been started"
                    " with [index] receive_from_broker?"
                )
            if isinstance(one, NotPublished):
                raise WayBlocked(str(one))
            if isinstance(one, BaseException):
                raise one
        return None

    async def _publish(self, key: str, body: bytes) -> None:
        name = header_of(body, NEWS_TYPE).id
        await self._end.publish(key, body, content_type=NEWS_TYPE, name=name)


class Deliverers:
    """The one or the other, as the registry says."""

    def __init__(self, soap: Deliverer, broker: Deliverer) -> None:
        self._soap = soap
        self._broker = broker

    async def deliver(
        self,
        entry: RoutingEntry,
        batch: Sequence[Notification],
        correlation_id: str,
        patience: float,
    ) -> str | None:
        """As the way that it goes by."""
        by_broker = entry.producer.kind is ProducerKind.WORKER
        way = self._broker if by_broker else self._soap
        return await way.deliver(entry, batch, correlation_id, patience)


def _parts(batch: Sequence[Notification]) -> Iterator[tuple[int, Sequence[Notification]]]:
    """Messages' worth of changes, and the queue of each; in order within a queue."""
    parts: list[list[Notification]] = [[] for _ in range(PARTS)]
    for each in batch:
        parts[part_of(each.transaction.engagement.resident)].append(each)
    for part, all_of_it in enumerate(parts):
        for first in range(0, len(all_of_it), MOST_CHANGES):
            yield part, all_of_it[first : first + MOST_CHANGES]


_: tuple[type[Deliverer], type[Deliverer]] = (BrokerDeliverer, Deliverers)  # interface guard
