"""News of the index to its subscribers by the message broker, and the choice of the way to each.

A subscriber whose producer is of kind ``worker`` is another hub: its one key is that of the hub,
and the news is sealed for it. Told means: the broker has it on disk, in that hub's queues.
Implements ``ports.Deliverer``; when and how often is not decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from samsvar.broker.durable import INDEX_NEWS, PARTS, part_of
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.durable_message import sealed_message
from samsvar.broker.keys import KeyPair, public_key
from samsvar.broker.news import NEWS, NewsContent
from samsvar.errors import ProducerUnreachable
from samsvar.model.catalogue import ProducerKind, RoutingEntry
from samsvar.model.engagement import Notification
from samsvar.outbound.confirmed import confirmed_within
from samsvar.ports import Deliverer
from samsvar.soap.envelope import request_envelope
from samsvar.soap.index_messages import notification

_NOBODY = (
    "no queue at the message broker takes news for it: has that hub been started"
    " with [index] receive_from_broker?"
)


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
            name, body = sealed_message(
                NEWS, self._keys, receiver, entry.logical_address, content, len(some)
            )
            messages.append((INDEX_NEWS.key(entry.logical_address, part), name, body))
        async with confirmed_within(patience, _NOBODY):
            told = await asyncio.gather(
                *(
                    self._end.publish(
                        INDEX_NEWS, key, body, content_type=NEWS.content_type, name=name
                    )
                    for key, name, body in messages
                ),
                return_exceptions=True,
            )
            for one in told:
                if isinstance(one, BaseException):
                    raise one
        return None


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
        for first in range(0, len(all_of_it), NEWS.most):
            yield part, all_of_it[first : first + NEWS.most]


_: tuple[type[Deliverer], type[Deliverer]] = (BrokerDeliverer, Deliverers)  # interface guard
