"""One connection to the broker, in a thread of its own, for an asyncio program.

kombu speaks to brokers and waits for them; the thread does the waiting. It publishes what it is
given, hands on what comes, and connects again when the connection breaks: after a while that
grows, little where nobody answers and more where we are refused, and never at the same moment as
its neighbours. What is published is told as done when the broker has confirmed it, and as undone
when the broker sent it back, refused it or went away. Bodies are taken as they came: kombu's
decoding, and its unpacking of compressed ones, is passed by. Knows one plan of exchanges and
queues, and not what a message says. Longer than most, as one thread's whole life stands here.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from amqp.exceptions import AMQPError, ChannelError, NotFound
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.transport.virtual import Channel as VirtualChannel
from kombu.transport.virtual import Message as VirtualMessage

from samsvar.broker.address import BrokerUnusable, connect
from samsvar.broker.proof import BrokerSilent, BrokerUnsafe
from samsvar.broker.topology import EXCHANGES, Plan, QueuePlan

MOST_WAITING = 2000
"""Messages that wait for the broker's word, or to be sent; over it nothing more is taken."""
_WRITE = 5.0  # seconds for the broker to take the bytes of one message
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LONGEST_ABSENCE = 1.0  # to knock where nobody opens costs nobody anything
_SET_UP = 10.0
"""Seconds for all that is asked before the first message: a quorum queue that has just come back
may leave a question unanswered for a minute, and answer at once when it is put again."""
_TICK = 1.0
_POLL = 0.01
_SHORT = 160
_OTHERWISE = {"basic_publish: timed out": "it reads nothing more"}
"""What the library says -> what people understand."""


class NotPublished(Exception):
    """The message is not on its way. The text says why."""


class QueueFull(NotPublished):
    """Those who listen do not keep up."""


class Unroutable(NotPublished):
    """No queue takes it: nobody listens."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that has come, as it came."""

    queue: str
    body: object = field(repr=False)
    content_type: str | None
    redelivered: bool
    tag: object
    connection: int
    """Which of the link's connections brought it."""


@dataclass(slots=True)
class _Outgoing:
    exchange: str
    key: str
    body: bytes
    properties: dict[str, Any]
    content_type: str
    told: asyncio.Future[None]
    returned: bool = False


class Link:
    """Start it, publish, settle, stop it. All but ``_run`` and what it calls is the loop's."""

    def __init__(
        self,
        opened: Callable[[Callable[[str], None], Callable[[], None]], Connection],
        plan: Plan,
        took: Callable[[Delivery], None],
        turned: Callable[[bool, str], None],
        proof: Callable[[Connection, Any], None] | None = None,
    ) -> None:
        """``opened``: makes a connection, told what to call when it is blocked and unblocked.
        ``took`` and ``turned`` (connected or not, and why) are called in the loop. ``proof``
        tries a new connection, and raises BrokerUnsafe if it must not be used."""
        self._opened = opened
        self._plan = plan
        self._took = took
        self._turned = turned
        self._proof = proof
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Outgoing | Callable[[Any], None]] = queue.SimpleQueue()
        self._wake_here, self._wake_there = socket.socketpair()
        self._wake_here.setblocking(False)
        self._wake_there.setblocking(False)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)
        self._waiting = 0
        self._published: dict[int, _Outgoing] = {}
        self._last_tag = 0
        self._takes_nothing = ""
        """Why the broker reads nothing now; what was put in before the loop heard of it."""
        self._tags: list[str] = []
        self._beside: Any = None
        self.connected = False
        self.reason = "it has not been reached yet"
        self.unsafe = False
        """It was reached, and must not be used: ``reason`` says what to change."""
        self.number = 0

    def start(self) -> None:
        """Begin to connect; ``turned`` tells when it has."""
        self._thread.start()

    async def stop(self) -> None:
        """Let go of the broker."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, 10.0)
        self._wake_here.close()
        self._wake_there.close()

    async def publish(
        self,
        exchange: str,
        key: str,
        body: bytes,
        *,
        content_type: str,
        milliseconds: int | None,
        properties: dict[str, str] | None = None,
    ) -> None:
        """Send a transient message that is gone after so many milliseconds; or (None) one that
        stays until somebody has dealt with it, and is on disk when this returns.

        Raises:
            Unroutable: nobody listens.
            QueueFull: those who listen do not keep up.
            NotPublished: the broker takes nothing, is not there, or went away.
        """
        if not self.connected:
            raise NotPublished(f"the message broker cannot be used: {self.reason}")
        if self._waiting >= MOST_WAITING:
            raise NotPublished("the message broker is too slow: too much waits to be sent")
        one = _Outgoing(
            exchange,
            key,
            body,
            {**(properties or {}), **_kept_for(milliseconds)},
            content_type,
            self._loop.create_future(),
        )
        self._waiting += 1
        try:
            self._do(one)
            await one.told
        finally:
            self._waiting -= 1

    def settle(self, delivery: Delivery) -> None:
        """Tell the broker that a message has been dealt with."""

        def acknowledge(channel: Any) -> None:
            if delivery.connection == self.number:
                channel.basic_ack(delivery.tag)

        self._do(acknowledge)

    def refuse(self, delivery: Delivery) -> None:
        """Give a message to the dead letters of its queue."""

        def reject(channel: Any) -> None:
            if delivery.connection == self.number:
                channel.basic_reject(delivery.tag, False)

        self._do(reject)

    async def length(self, queue_name: str) -> int:
        """How many messages lie ready in a queue that is there.

        Raises:
            NotPublished: the broker cannot be asked.
        """
        if not self.connected:
            raise NotPublished(f"the message broker cannot be used: {self.reason}")
        told_of: asyncio.Future[int] = self._loop.create_future()

        def count(channel: Any) -> None:
            found = channel.queue_declare(queue=queue_name, passive=True)
            self._call(_tell, told_of, found.message_count)

        self._do(count)
        return await told_of

    async def readers(self, queue_name: str) -> int:
        """How many read a queue; 0 also where it is not there.

        Raises:
            NotPublished: the broker cannot be asked, or does not say.
        """
        if not self.connected:
            raise NotPublished(f"the message broker cannot be used: {self.reason}")
        told_of: asyncio.Future[int] = self._loop.create_future()

        def count(channel: Any) -> None:
            # On a channel of its own, as a queue that is not there ends the channel.
            if self._beside is None or not self._beside.is_open:
                self._beside = channel.connection.channel()
            try:
                found = self._beside.queue_declare(queue=queue_name, passive=True)
            except NotFound:
                self._call(_tell, told_of, 0)
            except ChannelError as error:
                self._call(_undone, told_of, NotPublished(told(error)))
            else:
                self._call(_tell, told_of, found.consumer_count)

        self._do(count)
        return await told_of

    def pause(self) -> None:
        """Take no more messages; those that have come can still be answered and settled."""

        def cancel(channel: Any) -> None:
            for tag in self._tags:
                channel.basic_cancel(tag)
            self._tags.clear()

        self._do(cancel)

    def _do(self, job: _Outgoing | Callable[[Any], None]) -> None:
        self._jobs.put(job)
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake already
            self._wake_here.send(b"\x00")

    # The thread's own

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            begun = time.monotonic()
            reason, unsafe, longest = "the connection was closed", False, _LONGEST_PAUSE
            connection: Connection | None = None
            try:
                connection = self._opened(self._blocked, self._unblocked)
                self._serve(connection)
            except Exception as error:  # noqa: BLE001 - whatever it was: say so, and try again
                reason, unsafe = told(error), isinstance(error, BrokerUnsafe)
                if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
                    longest = _LONGEST_ABSENCE
            finally:
                self._lost(reason, unsafe=unsafe)
                if connection is not None:
                    # ``close`` waits for a broker that may never answer; this does not.
                    with contextlib.suppress(Exception):
                        connection.collect(socket_timeout=1.0)
            if time.monotonic() - begun > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            pause = min(pause, longest)
            self._stopping.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause *= 2

    def _serve(self, connection: Connection) -> None:
        connect(connection)
        with _answered(connection):
            channel = self._set_up(connection)
        self._set(connected=True, reason="")
        virtual = isinstance(channel, VirtualChannel)
        wait = self._wait_by_turns if virtual else self._wait
        try:
            while not self._stopping.is_set():
                wait(connection)
                self._work(channel)
        finally:
            if virtual:  # which forgets no queue by itself
                for plan in self._plan.queues:
                    if plan.exclusive:
                        channel.queue_delete(plan.name)

    def _set_up(self, connection: Connection) -> Any:
        """The channel, once all stands that the plan has."""
        channel = connection.channel()
        virtual = isinstance(channel, VirtualChannel)
        if virtual:
            channel.Message = _AsItCame
        else:
            channel.auto_decode = False
            channel.events["basic_return"].add(self._came_back)
            channel.events["basic_ack"].add(self._confirmed)
            channel.events["basic_nack"].add(self._refused)
            channel.confirm_select()
        self.number += 1
        self._last_tag = 0
        self._beside = None
        self._takes_nothing = ""
        if self._plan.exchanges or virtual:
            for name, kind in {**EXCHANGES, **self._plan.more_exchanges}.items():
                channel.exchange_declare(name, kind, durable=True, auto_delete=False)
        if self._proof is not None:
            self._proof(connection, channel)
        self._declare(channel)
        return channel

    def _declare(self, channel: Any) -> None:
        if self._plan.prefetch:
            channel.basic_qos(0, self._plan.prefetch, False)
        self._tags.clear()
        for plan in self._plan.queues:
            channel.queue_declare(
                queue=plan.name,
                durable=plan.durable,
                exclusive=plan.exclusive,
                auto_delete=not plan.lasting,
                arguments=dict(plan.arguments),
            )
            channel.queue_bind(plan.name, plan.exchange, plan.key)
        for number, plan in enumerate(self._plan.queues):
            if plan.unread:
                continue
            self._consume(channel, plan, f"samsvar-{number}")

    def _consume(self, channel: Any, plan: QueuePlan, tag: str) -> None:
        number = self.number

        def came(message: Any) -> None:
            info = message.delivery_info or {}
            delivery = Delivery(
                plan.name,
                message.body,
                message.properties.get("content_type") or getattr(message, "content_type", None),
                bool(info.get("redelivered")),
                message.delivery_tag,
                number,
            )
            self._call(self._took, delivery)

        channel.basic_consume(
            plan.name, no_ack=not plan.acknowledged, callback=came, consumer_tag=tag
        )
        self._tags.append(tag)

    def _wait(self, connection: Connection) -> None:
        """Until something comes, something is to be done, or the heart must beat."""
        source = connection.connection.sock
        ready, _, _ = select.select([source, self._wake_there], [], [], _TICK)
        connection.heartbeat_check()
        if self._wake_there in ready:
            self._slept()
        if source in ready:
            with contextlib.suppress(TimeoutError, socket.timeout):
                while not self._stopping.is_set():
                    connection.drain_events(timeout=0)

    def _wait_by_turns(self, connection: Connection) -> None:
        """For brokers that cannot be waited for together with anything else."""
        self._slept()
        with contextlib.suppress(TimeoutError, socket.timeout):
            connection.drain_events(timeout=_POLL)

    def _slept(self) -> None:
        with contextlib.suppress(OSError):
            while self._wake_there.recv(4096):
                pass

    def _work(self, channel: Any) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if isinstance(job, _Outgoing):
                self._send(channel, job)
            else:
                job(channel)

    def _send(self, channel: Any, one: _Outgoing) -> None:
        if one.told.cancelled():
            return  # whoever wanted it has given up
        if self._takes_nothing:
            self._call(_undone, one.told, NotPublished(self._takes_nothing))
            return
        message = channel.prepare_message(
            one.body,
            content_type=one.content_type,
            content_encoding="binary",
            properties=one.properties,
        )
        if isinstance(channel, VirtualChannel):
            channel.basic_publish(message, one.exchange, one.key)
            self._call(_done, one.told)
            return
        self._last_tag += 1
        self._published[self._last_tag] = one
        channel.basic_publish(
            message, exchange=one.exchange, routing_key=one.key, mandatory=True, timeout=_WRITE
        )

    def _came_back(self, _error: object, _exchange: str, _key: str, message: Any) -> None:
        """The broker sends back what nobody takes, and confirms it after that."""
        name = message.properties.get("message_id")
        for one in self._published.values():
            if one.properties.get("message_id") == name:
                one.returned = True

    def _confirmed(self, tag: int, multiple: bool) -> None:
        for one in self._settled(tag, multiple=multiple):
            if one.returned:
                self._call(_undone, one.told, Unroutable("nobody listens for it"))
            else:
                self._call(_done, one.told)

    def _refused(self, tag: int, multiple: bool) -> None:
        for one in self._settled(tag, multiple=multiple):
            self._call(_undone, one.told, QueueFull("its queue at the message broker is full"))

    def _settled(self, tag: int, *, multiple: bool) -> list[_Outgoing]:
        tags = [one for one in self._published if one <= tag] if multiple else [tag]
        return [self._published.pop(one) for one in tags if one in self._published]

    def _blocked(self, _reason: str) -> None:
        reason = "it takes nothing: a memory or disk alarm"
        self._takes_nothing = f"the message broker: {reason}"
        self._set(connected=False, reason=reason)
        for one in self._settled(self._last_tag, multiple=True):
            self._call(_undone, one.told, NotPublished(self._takes_nothing))

    def _unblocked(self) -> None:
        self._takes_nothing = ""
        self._set(connected=True, reason="")

    def _lost(self, reason: str, *, unsafe: bool) -> None:
        """All that was on its way is told so."""
        self._set(connected=False, reason=reason, unsafe=unsafe)
        waiting, self._published = list(self._published.values()), {}
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if isinstance(job, _Outgoing):
                    waiting.append(job)
        for one in waiting:
            self._call(_undone, one.told, NotPublished(f"the message broker was lost: {reason}"))

    def _set(self, *, connected: bool, reason: str, unsafe: bool = False) -> None:
        def turn() -> None:
            changed = (self.connected, self.reason) != (connected, reason)
            self.connected, self.reason, self.unsafe = connected, reason, unsafe
            if changed and not self._stopping.is_set():
                self._turned(connected, reason)

        self._call(turn)

    def _call(self, what: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(what, *arguments)


@contextlib.contextmanager
def _answered(connection: Connection) -> Iterator[None]:
    """Break the connection if the block takes too long: the library waits for ever.

    Raises:
        BrokerSilent: it did.
    """
    late = threading.Event()
    sock: Any = getattr(connection.connection, "sock", None)  # of a broker that is reached by one

    def give_up() -> None:
        late.set()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_SET_UP, give_up) if sock is not None else None
    try:
        if timer is not None:
            timer.start()
        yield
    except Exception as error:
        if late.is_set():
            raise BrokerSilent(f"the broker did not answer within {_SET_UP:g} s") from error
        raise
    finally:
        if timer is not None:
            timer.cancel()


class _AsItCame(VirtualMessage):  # type: ignore[misc] # kombu is seen without types
    """A message whose body is never unpacked."""

    def __init__(self, payload: Any, channel: Any = None, **more: Any) -> None:
        super().__init__({**payload, "headers": {}}, channel, **more)


def told(error: BaseException) -> str:
    """What went wrong, for people, on one line. The broker's own words hold no secret."""
    if isinstance(error, BrokerUnusable | BrokerUnsafe | BrokerSilent):
        return str(error)
    if isinstance(error, AMQPError) and getattr(error, "reply_text", None):
        words = _OTHERWISE.get(str(error.reply_text), str(error.reply_text))
    elif isinstance(error, TimeoutError):
        words = "no answer in time"
    elif isinstance(error, OSError | KombuError):
        words = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    else:
        words = ""
    line = " ".join(words.split())[:_SHORT]
    return line if line.isprintable() and line else type(error).__name__


def _kept_for(milliseconds: int | None) -> dict[str, Any]:
    if milliseconds is None:
        return {"delivery_mode": 2}
    return {"delivery_mode": 1, "expiration": str(milliseconds)}


def _tell(told_of: asyncio.Future[int], number: int) -> None:
    if not told_of.done():
        told_of.set_result(number)


def _done(told_of: asyncio.Future[None]) -> None:
    if not told_of.done():
        told_of.set_result(None)


def _undone(told_of: asyncio.Future[Any], error: NotPublished) -> None:
    if not told_of.done():
        told_of.set_exception(error)
