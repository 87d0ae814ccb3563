"""Exchanges and queues: what they are called, how they are made, and who may touch which.

A question's queue belongs to a logical address and goes when its last worker goes, so that a
question that nobody would take comes back at once. It is declared durable, as RabbitMQ from 4.3
on makes no other queue that several may read; what lies in it is transient, and expires.
What is full refuses what comes, and never drops what is there. Knows names and no connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from samsvar.model.identifiers import folded

QUESTIONS = "samsvar.questions"
"""Exchange of questions; the routing key is the logical address, in lower case."""
ANSWERS = "samsvar.answers"
WORKERS = "samsvar.workers"
"""Exchange of the workers' word that they are there; every hub hears it."""
PROBE = "samsvar.probe"
"""Exchange at which a hub tries what the broker does."""

#: exchange -> kind. Topic, though keys are matched whole: RabbitMQ can then allow each worker's
#: user its own addresses only (set_topic_permissions).
EXCHANGES: Mapping[str, str] = {QUESTIONS: "topic", ANSWERS: "direct", WORKERS: "fanout"}

MOST_QUESTIONS = 1000
"""In one queue; over it the broker refuses, and the source is unreachable."""
_MOST_ANSWERS = 4000
_UNUSED = 60_000
_LONGEST_WAIT = 30_000
REFUSING = {"x-overflow": "reject-publish"}
CLASSIC = {"x-queue-type": "classic"}


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """A queue, what it is bound to, and how it is read."""

    name: str
    exchange: str
    key: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    durable: bool = False
    exclusive: bool = True
    acknowledged: bool = False
    """Redelivered to another reader where the first one dies."""
    lasting: bool = False
    """Stays when nobody reads it."""
    unread: bool = False
    """Declared, and looked into by people only."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one end of the line declares and reads."""

    queues: tuple[QueuePlan, ...]
    exchanges: bool = False
    """Declare those too: the hub does; a worker may not."""
    more_exchanges: Mapping[str, str] = field(default_factory=dict)
    """Exchange -> kind, beside those that all share."""
    trials: tuple[QueuePlan, ...] = ()
    """Beginnings of queues to be filled, to see what the broker does with what does not fit."""
    prefetch: int = 0
    """Unacknowledged messages at once; 0: nothing here is acknowledged."""


def question_queue(address: str) -> str:
    """The queue of a logical address."""
    return f"{QUESTIONS}.{folded(address)}"


def hub_plan(name: str) -> Plan:
    """A hub process of that random name: its answers, and the workers' announcements."""
    limits = {**CLASSIC, "x-message-ttl": _LONGEST_WAIT}
    return Plan(
        (
            QueuePlan(
                f"{ANSWERS}.{name}",
                ANSWERS,
                name,
                {**limits, **REFUSING, "x-max-length": _MOST_ANSWERS},
            ),
            QueuePlan(
                f"{WORKERS}.{name}",
                WORKERS,
                "",
                {**limits, **REFUSING, "x-max-length": _MOST_ANSWERS},
            ),
        ),
        exchanges=True,
    )


def worker_plan(addresses: Iterable[str], at_once: int) -> Plan:
    """A worker for these logical addresses."""
    arguments = {
        **CLASSIC,
        **REFUSING,
        "x-expires": _UNUSED,
        "x-message-ttl": _LONGEST_WAIT,
        "x-max-length": MOST_QUESTIONS,
    }
    queues = tuple(
        QueuePlan(
            question_queue(address),
            QUESTIONS,
            folded(address),
            arguments,
            durable=True,
            exclusive=False,
            acknowledged=True,
        )
        for address in addresses
    )
    return Plan(queues, prefetch=at_once)


@dataclass(frozen=True, slots=True)
class Permissions:
    """Regular expressions, as ``rabbitmqctl set_permissions`` takes them."""

    configure: str
    write: str
    read: str


def hub_permissions() -> Permissions:
    """The least that the hub's user needs."""
    own = r"^samsvar\.(answers|workers|probe)\."
    return Permissions(
        rf"^samsvar\.(questions|answers|workers|probe)$|{own}",
        rf"^samsvar\.(questions|probe)$|{own}",
        rf"^samsvar\.(answers|workers|probe)$|{own}",
    )


def worker_permissions(addresses: Iterable[str]) -> Permissions:
    """The least that the user of a worker of these addresses needs."""
    queues = "|".join(re.escape(question_queue(address)) for address in addresses)
    own = f"^({queues})$"
    return Permissions(own, rf"{own}|^samsvar\.(answers|workers)$", rf"{own}|^samsvar\.questions$")


def topic_pattern(addresses: Iterable[str]) -> str:
    """The routing keys of questions that a worker of these addresses may bind to."""
    keys = "|".join(re.escape(folded(address)) for address in addresses)
    return f"^({keys})$"
