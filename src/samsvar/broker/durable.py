"""What lies at the broker until it has had its effect: exchanges and queues of index news.

News for one index goes by one of a fixed number of quorum queues, chosen by whom it is about: one
reader at a time has each, so that what is told of a person comes in order. A queue that is full
refuses what comes. What its reader refuses, or dies of again and again, goes to a dead-letter
queue, and is on it before it has left. Knows names and no connection.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from samsvar.broker.topology import REFUSING, Permissions, Plan, QueuePlan
from samsvar.model.identifiers import folded

NEWS = "samsvar.index"
"""Exchange of news; the routing key is the index's address, in lower case, and the part."""
DEAD = "samsvar.dead"
"""Exchange of what was given up, with the key that it had."""
DURABLE_EXCHANGES: Mapping[str, str] = {NEWS: "topic", DEAD: "topic"}
PARTS = 8
"""Queues of one index. Never changed: two numbers in use at once would break the order."""
MOST_TRIES = 20
"""Times that a message is handed out; what kills its readers ends then."""
_PREFETCH = 4
_MOST_MESSAGES = 100_000
_MOST_BYTES = 1_000_000_000
_QUORUM = {"x-queue-type": "quorum", **REFUSING}
_LIMITS = {"x-max-length": _MOST_MESSAGES, "x-max-length-bytes": _MOST_BYTES}


def part_of(resident: str) -> int:
    """Which of the queues news of this person goes by."""
    return hashlib.sha256(resident.encode()).digest()[0] % PARTS


def news_key(address: str, part: int) -> str:
    """The routing key of news for an index."""
    return f"{folded(address)}.{part}"


def news_queue(address: str, part: int) -> str:
    """One of the queues of an index."""
    return f"{NEWS}.{news_key(address, part)}"


def dead_queue(address: str) -> str:
    """What an index could not take."""
    return f"{DEAD}.{folded(address)}"


def sending_plan() -> Plan:
    """Of a hub that tells others: where nobody has ever listened, the broker sends it back."""
    return Plan((), exchanges=True, more_exchanges=DURABLE_EXCHANGES)


def receiving_plan(address: str) -> Plan:
    """Of a hub that is told, at that address of its index."""
    dead = QueuePlan(
        dead_queue(address),
        DEAD,
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
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-strategy": "at-least-once",
    }
    parts = (
        QueuePlan(
            news_queue(address, part),
            NEWS,
            news_key(address, part),
            arguments,
            durable=True,
            exclusive=False,
            acknowledged=True,
            lasting=True,
        )
        for part in range(PARTS)
    )
    return Plan(
        (dead, *parts), exchanges=True, prefetch=_PREFETCH, more_exchanges=DURABLE_EXCHANGES
    )


def sender_permissions() -> Permissions:
    """What the user of a hub that tells other indexes needs besides."""
    exchanges = r"^samsvar\.(index|dead)$"
    return Permissions(exchanges, r"^samsvar\.index$", "^$")


def receiver_permissions(address: str) -> Permissions:
    """What the user of a hub that is told needs besides."""
    queues = rf"^samsvar\.(index|dead)\.{re.escape(folded(address))}(\.[0-9])?$"
    both = rf"^samsvar\.(index|dead)$|{queues}"
    return Permissions(both, both, both)
