"""What lies at the broker until it has had its effect: exchanges and queues of each stream.

Messages of a stream for one hub go by one of a fixed number of quorum queues, chosen by what must
stay in order: one reader at a time has each. A queue that is full refuses what comes. What its
reader refuses, or dies of again and again, goes to a dead-letter queue, and is on it before it has
left. Knows names and no connection.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from samsvar.broker.topology import REFUSING, Permissions, Plan, QueuePlan
from samsvar.model.identifiers import folded

PARTS = 8
"""Queues of one address. Never changed: two numbers in use at once would break the order."""
_TRIAL = "trial"
"""Where a part would stand; a random word follows."""
_UNUSED = 60_000
MOST_TRIES = 20
"""Times that a message is handed out; what kills its readers ends then."""
_PREFETCH = 4
_MOST_MESSAGES = 100_000
_MOST_BYTES = 1_000_000_000
_QUORUM = {"x-queue-type": "quorum", **REFUSING}
_LIMITS = {"x-max-length": _MOST_MESSAGES, "x-max-length-bytes": _MOST_BYTES}


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of what must not be lost."""

    exchange: str
    """The routing key is the reader's address, in lower case, and the part."""
    dead: str
    """Exchange of what was given up, with the key that it had."""
    title: str
    """What people call it."""

    def key(self, address: str, part: int | str) -> str:
        """The routing key of a message for that address."""
        return f"{folded(address)}.{part}"

    def queue(self, address: str, part: int | str) -> str:
        """One of the queues of an address."""
        return f"{self.exchange}.{self.key(address, part)}"

    def dead_queue(self, address: str) -> str:
        """What that address could not take."""
        return f"{self.dead}.{folded(address)}"

    def owns(self, queue: str) -> bool:
        """Is that one of its queues, dead letters aside?"""
        return queue.startswith(f"{self.exchange}.")


INDEX_NEWS = Stream("samsvar.index", "samsvar.dead", "news of the index")
LOG_RECORDS = Stream("samsvar.log", "samsvar.dead-log", "records of the access log")


def part_of(ordered: str) -> int:
    """Which of the queues all goes by that must stay in order: news of one person, say."""
    return hashlib.sha256(ordered.encode()).digest()[0] % PARTS


def durable_plan(sent: Iterable[Stream], received: Mapping[Stream, str]) -> Plan:
    """Of a hub that sends these streams, and receives others at an address each. Where nobody has
    ever listened, the broker sends back what is sent."""
    queues = [queue for stream, address in received.items() for queue in _queues(stream, address)]
    exchanges = {
        name: "topic"
        for stream in dict.fromkeys((*sent, *received))
        for name in (stream.exchange, stream.dead)
    }
    return Plan(
        tuple(queues),
        exchanges=True,
        prefetch=_PREFETCH if queues else 0,
        more_exchanges=exchanges,
        trials=tuple(_trial(stream, address) for stream, address in received.items()),
    )


def _queues(stream: Stream, address: str) -> Iterator[QueuePlan]:
    yield QueuePlan(
        stream.dead_queue(address),
        stream.dead,
        f"{folded(address)}.*",
        # Looking into it counts as a try, wherever there is a limit at all.
        {**_QUORUM, **_LIMITS, "x-delivery-limit": 1_000_000},
        durable=True,
        exclusive=False,
        lasting=True,
        unread=True,
    )
    arguments = {
        **_QUORUM,
        **_LIMITS,
        "x-single-active-consumer": True,
        "x-delivery-limit": MOST_TRIES,
        "x-dead-letter-exchange": stream.dead,
        "x-dead-letter-strategy": "at-least-once",
    }
    for part in range(PARTS):
        yield QueuePlan(
            stream.queue(address, part),
            stream.exchange,
            stream.key(address, part),
            arguments,
            durable=True,
            exclusive=False,
            acknowledged=True,
            lasting=True,
        )


def _trial(stream: Stream, address: str) -> QueuePlan:
    return QueuePlan(
        stream.queue(address, _TRIAL),
        stream.exchange,
        stream.key(address, _TRIAL),
        {**_QUORUM, "x-max-length": 1, "x-expires": _UNUSED},
        durable=True,
        exclusive=False,
        lasting=True,
        unread=True,
    )


def sender_permissions(stream: Stream) -> Permissions:
    """What the user of a hub that sends needs besides."""
    return Permissions(f"^({_either(stream)})$", f"^{re.escape(stream.exchange)}$", "^$")


def receiver_permissions(stream: Stream, address: str) -> Permissions:
    """What the user of a hub that receives needs besides."""
    queues = rf"^({_either(stream)})\.{re.escape(folded(address))}(\.[0-9]|\.{_TRIAL}\.[0-9a-f]+)?$"
    both = f"^({_either(stream)})$|{queues}"
    return Permissions(both, both, both)


def _either(stream: Stream) -> str:
    return f"{re.escape(stream.exchange)}|{re.escape(stream.dead)}"
