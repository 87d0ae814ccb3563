"""How a link looks for a broker that is not there, or will not have it, or stops reading."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from kombu import Connection

from samsvar.broker.address import BrokerUnusable, connection
from samsvar.broker.link import Delivery, Link, NotPublished
from samsvar.broker.topology import Plan
from samsvar.settings import BrokerSettings
from tests.brokers import Wire, rabbitmq
from tests.hub import free_port
from tests.worker_scene import until

pytestmark = pytest.mark.wire
TRIES = 8


class Pauses(threading.Event):
    """Takes none, and remembers how long each should have been."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seen.append(timeout or 0.0)
        return super().wait(0.005)


def a_link(opened: Callable[[], Connection]) -> tuple[Link, Pauses]:
    """One that takes nothing and tells nobody."""

    def took(_delivery: Delivery) -> None: ...
    def turned(_connected: bool, _reason: str) -> None: ...

    link = Link(lambda _blocked, _unblocked: opened(), Plan(()), took, turned)
    pauses = link._stopping = Pauses()
    return link, pauses


def at(port: int) -> Connection:
    """A connection to a broker there."""
    return connection(BrokerSettings(url=f"amqp://127.0.0.1:{port}/"), lambda name: name)


async def test_a_try_is_one_try() -> None:
    """The library's own way to connect waits two seconds inside each, and tries again."""
    knocks = tries = 0

    async def shut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal knocks
        knocks += 1
        writer.transport.abort()

    server = await asyncio.start_server(shut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def opened() -> Connection:
        nonlocal tries
        tries += 1
        return at(port)

    link, _ = a_link(opened)
    link.start()
    await until(lambda: tries >= TRIES)
    await link.stop()
    server.close()
    assert tries - 1 <= knocks <= tries


async def test_one_that_is_away_is_looked_for_every_second_or_so() -> None:
    """So that it is found soon after it is back."""
    port = free_port()
    link, pauses = a_link(lambda: at(port))
    link.start()
    await until(lambda: len(pauses.seen) >= TRIES)
    await link.stop()
    assert 0.5 <= max(pauses.seen) <= 1.5


async def test_one_that_will_not_have_us_is_asked_more_seldom() -> None:
    """It writes each try into its log."""

    def opened() -> Connection:
        raise BrokerUnusable("[broker] password: cannot be read")

    link, pauses = a_link(opened)
    link.start()
    await until(lambda: len(pauses.seen) >= TRIES)
    await link.stop()
    assert 2.5 <= max(pauses.seen) <= 7.5
    assert link.reason == "[broker] password: cannot be read"


async def test_a_broker_that_stops_reading_in_a_message_is_left_in_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says nothing of an alarm, and the connection stands: only the clock tells."""
    monkeypatch.setattr("samsvar.broker.link._WRITE", 1.0)
    with rabbitmq() as broker:
        wire = Wire(own_port=broker.own_port)
        await wire.mend()
        url = f"amqp://127.0.0.1:{wire.port}/{broker.vhost}"
        settings = BrokerSettings(url=url, heartbeat_seconds=60)
        turns: list[tuple[bool, str]] = []
        link = Link(
            lambda blocked, unblocked: connection(
                settings, lambda name: name, blocked=blocked, unblocked=unblocked
            ),
            Plan(()),
            lambda _: None,
            lambda connected, reason: turns.append((connected, reason)),
        )
        link.start()
        await until(lambda: link.connected)
        wire.taking.clear()
        body = bytes(8_000_000)  # more than the sockets' buffers hold
        async with asyncio.timeout(20):
            results = await asyncio.gather(
                *(
                    link.publish("", "nobody", body, content_type="x/y", milliseconds=None)
                    for _ in range(4)
                ),
                return_exceptions=True,
            )
        wire.taking.set()
        await until(lambda: link.connected)
        await link.stop()
        await wire.cut()
    assert [type(each) for each in results] == [NotPublished] * 4
    assert {str(each) for each in results} == {"the message broker was lost: it reads nothing more"}
    assert turns == [(True, ""), (False, "it reads nothing more"), (True, "")]
