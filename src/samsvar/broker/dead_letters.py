"""The dead letters of a stream at the broker: looked at, sent again one by one, or forgotten.

For the command line. One that is sent again has left the dead letters when the broker has confirmed
it in the queue that it came from, and not before: whatever stops this in between, nothing is lost,
and who reads it passes over what comes twice. Shows no content: that is sealed, and nobody's here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kombu import Connection

from samsvar.broker.address import connect, connection
from samsvar.broker.durable import PARTS
from samsvar.broker.durable_message import DurableKind, header_of
from samsvar.broker.forms import NotTheForm
from samsvar.broker.link import told
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import NotSealed
from samsvar.errors import ResourcesMissing
from samsvar.settings import BrokerSettings

_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Depth:
    """One of a stream's queues."""

    queue: str
    ready: int
    readers: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, as far as anybody may know it."""

    id: str
    """Its random name; empty if it is no message of ours."""
    count: int
    """Of what it tells: changes, or records."""
    died: str
    """When, ISO 8601, UTC."""
    why: str
    """As the broker has it; what the hub found stands in its log under the id."""
    queue: str
    """Where it lay before."""


class DeadLetters:
    """Those of one kind of message for one address."""

    def __init__(self, reached: Connection, kind: DurableKind[Any], address: str) -> None:
        self._reached = reached
        self._kind = kind
        self._address = address
        self._queue = kind.stream.dead_queue(address)

    def depths(self) -> list[Depth]:
        """The address's queues and its dead letters, the last; only those that are there."""
        names = [self._kind.stream.queue(self._address, part) for part in range(PARTS)]
        depths = (self._depth(name) for name in (*names, self._queue))
        return [depth for depth in depths if depth is not None]

    def letters(self, most: int) -> list[Letter]:
        """The oldest of them; all of them stay."""
        channel = self._channel()
        if channel is None:
            return []
        found: list[Letter] = []
        with contextlib.closing(channel):  # which puts back what was only looked at
            while len(found) < most and (message := channel.basic_get(self._queue)) is not None:
                found.append(self._letter(message))
        return found

    def retry(self, most: int | None, sent: Callable[[Letter], None]) -> None:
        """Send the oldest of those that lie there now again, one after the other. ``sent``: is
        told each."""
        for channel, message in self._taken(most):
            _sent_again(channel, self._reached, self._kind.stream.exchange, message)
            channel.basic_ack(message.delivery_tag)
            sent(self._letter(message))

    def drop(self, most: int | None, dropped: Callable[[Letter], None]) -> None:
        """Forget the oldest of those that lie there now."""
        for channel, message in self._taken(most):
            channel.basic_ack(message.delivery_tag)
            dropped(self._letter(message))

    def _taken(self, most: int | None) -> Iterator[tuple[Any, Any]]:
        depth = self._depth(self._queue)
        channel = self._channel()
        if channel is None or depth is None:
            return
        with contextlib.closing(channel):
            # No more than were there: one that fails again must not go round and round.
            for _ in range(depth.ready if most is None else min(most, depth.ready)):
                message = channel.basic_get(self._queue)
                if message is None:
                    return
                yield channel, message

    def _letter(self, message: Any) -> Letter:
        headers = message.properties.get("application_headers") or {}
        deaths = headers.get("x-death") or [{}]
        last = deaths[0]
        name, count = "", 0
        try:
            header = header_of(self._kind, message.body, message.properties.get("content_type"))
            name, count = header.id, header.count
        except (Refused, NotSealed, NotTheForm):
            pass
        died = last.get("time")
        return Letter(
            name,
            count,
            died.replace(tzinfo=UTC).isoformat() if isinstance(died, datetime) else "",
            str(last.get("reason", "")),
            str(last.get("queue", "")),
        )

    def _channel(self) -> Any:
        """None: there are no dead letters, as there is no queue."""
        if self._depth(self._queue) is None:
            return None
        channel = self._reached.channel()
        channel.auto_decode = False
        channel.confirm_select()
        return channel

    def _depth(self, name: str) -> Depth | None:
        channel = self._reached.channel()
        try:
            found = channel.queue_declare(queue=name, passive=True)
        except self._reached.channel_errors:
            return None
        with contextlib.closing(channel):
            return Depth(name, found.message_count, found.consumer_count)


@contextlib.contextmanager
def dead_letters(
    settings: BrokerSettings,
    read_secret: Callable[[str], str],
    kind: DurableKind[Any],
    address: str,
) -> Iterator[DeadLetters]:
    """Reach the broker for as long as the block lasts.

    Raises:
        ResourcesMissing: it cannot be reached or used; also when that shows inside the block.
    """
    reached: Connection | None = None
    try:
        reached = connection(settings, read_secret)
        connect(reached)
        yield DeadLetters(reached, kind, address)
    except (ResourcesMissing, KeyboardInterrupt, GeneratorExit):
        raise
    except Exception as error:
        raise ResourcesMissing(f"{settings.url}: {told(error)}") from error
    finally:
        if reached is not None:
            with contextlib.suppress(Exception):
                reached.collect(socket_timeout=1.0)


def _sent_again(channel: Any, reached: Connection, exchange: str, message: Any) -> None:
    """Returns when the broker has it where it came from."""
    key = str(message.delivery_info["routing_key"])
    returned: list[bool] = []
    settled: list[bool] = []
    channel.events["basic_return"].clear()
    channel.events["basic_ack"].clear()
    channel.events["basic_nack"].clear()
    channel.events["basic_return"].add(lambda *_: returned.append(True))
    channel.events["basic_ack"].add(lambda *_: settled.append(True))
    channel.events["basic_nack"].add(lambda *_: settled.append(False))
    said = message.properties
    again = channel.prepare_message(
        message.body,
        content_type=said.get("content_type"),
        content_encoding=said.get("content_encoding"),
        properties={
            "delivery_mode": 2,
            **({"message_id": said["message_id"]} if "message_id" in said else {}),
        },
    )
    channel.basic_publish(again, exchange=exchange, routing_key=key, mandatory=True, timeout=_WAIT)
    while not settled:
        reached.drain_events(timeout=_WAIT)
    if returned or not settled[0]:
        raise ResourcesMissing(
            f"{exchange} does not take it back: its queue is full, or gone; the message stays"
        )
