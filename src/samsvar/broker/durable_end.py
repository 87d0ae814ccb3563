"""A hub's connection for what must not be lost: streams of messages, out and in.

A connection of its own, so that nothing that is wrong with durable queues holds up a question.
It is opened when it is first needed, and stays. Knows no message.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from amqp.exceptions import AMQPError, PreconditionFailed
from kombu import Connection

from samsvar.broker.address import RABBITMQ, connect, connection, kind_of
from samsvar.broker.durable import Stream, durable_plan
from samsvar.broker.link import Delivery, Link, NotPublished
from samsvar.broker.proof import BrokerUnsafe, prove, prove_refusing
from samsvar.broker.topology import Plan
from samsvar.errors import ResourcesMissing
from samsvar.ports import Events
from samsvar.settings import BrokerSettings

_COUNT_EVERY = 3.0
_PATIENCE = 5.0
NOT_RABBITMQ = "what must not be lost goes by RabbitMQ only: [broker] url"


class DurableEnd:
    """Start it if the hub receives something this way; it starts by itself to send."""

    def __init__(
        self,
        settings: BrokerSettings,
        read_secret: Callable[[str], str],
        events: Events,
        *,
        sent: Collection[Stream],
        received: Mapping[Stream, str],
    ) -> None:
        """``received``: what we are sent by the broker, each at an address of ours."""
        self._settings = settings
        self._read_secret = read_secret
        self._events = events
        self._received = received
        self._plan = durable_plan(sent, received)
        self._took: Mapping[Stream, Callable[[Delivery], None]] = {}
        self._link: Link | None = None
        self._heard = asyncio.Event()
        self._dead: dict[Stream, int] = {}

    @property
    def number(self) -> int:
        """Which connection it is by now; what an earlier one brought comes again."""
        return self._link.number if self._link is not None else 0

    async def start(self, took: Mapping[Stream, Callable[[Delivery], None]]) -> None:
        """Begin to take what comes, by stream. A broker that cannot be reached stops nothing.

        Raises:
            ResourcesMissing: it would lose messages; the text says what to change.
        """
        self._took = took
        link = self._linked()
        try:
            async with asyncio.timeout(self._settings.connect_seconds + 1):
                await self._heard.wait()
        except TimeoutError:
            return
        if link.unsafe:
            raise ResourcesMissing(f"[broker] {link.reason}")

    async def close(self) -> None:
        """Let go of the broker: what was not settled goes to another hub."""
        if self._link is not None:
            await self._link.stop()

    async def publish(
        self, stream: Stream, key: str, body: bytes, *, content_type: str, name: str
    ) -> None:
        """Returns when the broker has it on disk, in a queue.

        Raises:
            Unroutable: nobody has ever listened there.
            NotPublished: it refused it, is full, is not there, or went away.
        """
        if kind_of(self._settings) != RABBITMQ or self._settings.url is None:
            raise NotPublished(NOT_RABBITMQ)
        link = self._linked()
        if not self._heard.is_set():
            await self._heard.wait()
        await link.publish(
            stream.exchange,
            key,
            body,
            content_type=content_type,
            milliseconds=None,
            properties={"message_id": name},
        )

    def settle(self, delivery: Delivery) -> None:
        """It has had its effect."""
        if self._link is not None:
            self._link.settle(delivery)

    def refuse(self, delivery: Delivery) -> None:
        """It never will: a dead letter."""
        if self._link is not None:
            self._link.refuse(delivery)

    async def watch(self) -> None:
        """Count the dead letters now and then, until cancelled."""
        while True:
            await asyncio.sleep(_COUNT_EVERY)
            link = self._link
            if link is None:
                continue
            for stream, address in self._received.items():
                with contextlib.suppress(NotPublished, TimeoutError):
                    async with asyncio.timeout(_PATIENCE):
                        self._dead[stream] = await link.length(stream.dead_queue(address))

    def dead_letters(self) -> Mapping[str, int]:
        """How many lie at the broker for us, by exchange."""
        return {stream.exchange: self._dead.get(stream, 0) for stream in self._received}

    def trouble(self) -> str:
        """Why nothing can reach us until somebody has changed something at the broker; empty: it
        can, or will by itself."""
        link = self._link
        return link.reason if self._received and link is not None and link.unsafe else ""

    def notes(self) -> list[str]:
        """What does not work, for readiness."""
        if self._link is None:
            return []
        found = []
        if not self._link.connected:
            found.append(f"durable queues of the message broker: {self._link.reason}")
        found += [
            f"{stream.title}: {dead} dead letters at the message broker: samsvar queue list"
            for stream, dead in self._dead.items()
            if dead
        ]
        return found

    def _linked(self) -> Link:
        if self._link is None:
            self._link = Link(
                lambda blocked, unblocked: connection(
                    self._settings, self._read_secret, blocked=blocked, unblocked=unblocked
                ),
                self._plan,
                self._hand_on,
                self._turned,
                proof=self._prove,
            )
            self._link.start()
        return self._link

    def _hand_on(self, delivery: Delivery) -> None:
        for stream, took in self._took.items():
            if stream.owns(delivery.queue):
                took(delivery)

    def _prove(self, reached: Connection, channel: Any) -> None:
        prove(self._settings, reached, channel)
        declare(reached, self._plan)

    def _turned(self, connected: bool, reason: str) -> None:
        self._heard.set()
        if connected:
            self._events.emit(
                "broker-connected", "-", url=self._settings.url, detail="durable queues"
            )
        else:
            self._events.emit(
                "broker-lost", "-", url=self._settings.url, detail=f"durable queues: {reason}"
            )


def declare(reached: Connection, plan: Plan) -> None:
    """Make the queues, or see that they are as they must be, and that no policy changes that.

    Raises:
        BrokerUnsafe: one is there and is otherwise; the text says what to do.
        BrokerSilent: it does not say.
    """
    for one in plan.queues:
        trial = reached.channel()
        try:
            trial.queue_declare(
                queue=one.name,
                durable=one.durable,
                exclusive=one.exclusive,
                auto_delete=not one.lasting,
                arguments=dict(one.arguments),
            )
        except PreconditionFailed as error:
            said = " ".join(str(error.reply_text).split())[:200]
            raise BrokerUnsafe(
                f"queue {one.name} is there, but not as a queue that loses nothing must be"
                f" ({said}): empty it, delete it and start again"
            ) from error
        finally:
            with contextlib.suppress(AMQPError, OSError):  # a refusal has closed it
                trial.close()
    for one in plan.trials:
        prove_refusing(reached, one, plan.more_exchanges[one.exchange])


def declare_once(settings: BrokerSettings, read_secret: Callable[[str], str], plan: Plan) -> None:
    """For ``samsvar check``: the same, by a connection of its own.

    Raises:
        BrokerUnsafe, BrokerSilent: as ``declare``.
        Exception: it cannot be reached or used; ``broker.link.told`` says why.
    """
    reached = connection(settings, read_secret)
    try:
        connect(reached)
        declare(reached, plan)
    finally:
        with contextlib.suppress(Exception):
            reached.collect(socket_timeout=1.0)
