"""Connections to producers that are kept: what comes over one belongs to the question asked on it.

PF-11, PF-12, PF-17, PF-36, and the law behind them: nobody ever gets another person's record.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from samsvar.errors import ProducerAnswerInvalid, ProducerTimedOut, ProducerUnreachable
from samsvar.outbound.http_client import HttpClient
from samsvar.settings import ProducerSettings
from samsvar.simulation import PEOPLE
from tests.bad_producer import Asked, BadProducer, http, misbehaving, plans
from tests.hub import HUB, Site, Source, ask_on, post, running_hub, status_rows
from tests.world import envelope

pytestmark = pytest.mark.wire

SOURCE = "SE2129999989-ECHO"
NUMBERS = [each.number for each in PEOPLE if each.root.endswith(".3.1")]
FOREIGN = http(b"foreign")


@pytest_asyncio.fixture
async def client() -> AsyncIterator[HttpClient]:
    """The hub's own client."""
    made = HttpClient(ProducerSettings(), None)
    yield made
    await made.close()


async def _say(client: HttpClient, producer: BadProducer, body: bytes, patience: float = 2) -> str:
    exchange = await client.exchange("POST", producer.url, {}, body, patience)
    return exchange.body.decode()


async def _said_or_refused(client: HttpClient, producer: BadProducer, body: bytes) -> str:
    try:
        return await _say(client, producer, body)
    except (ProducerAnswerInvalid, ProducerUnreachable):
        return "refused"


@pytest.mark.parametrize("late", [False, True], ids=["at-once", "while-idle"])
@pytest.mark.parametrize(
    "unasked",
    [FOREIGN, FOREIGN[:20], b"HTTP/1.1 100 Continue\r\n\r\n", b"\x00" * 8],
    ids=["whole", "half", "continue", "bytes"],
)
async def test_what_nobody_asked_for_is_never_an_answer(
    client: HttpClient, unasked: bytes, late: bool
) -> None:
    """PF-11: neither with the answer before nor while the connection waits for the next call."""
    said = asyncio.Event()

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        first = len(producer.asked) == 1
        if first and late:
            writer.write(http(asked.body))
            await writer.drain()
            await asyncio.sleep(0.03)
            writer.write(unasked)
        else:
            writer.write(http(asked.body) + (unasked if first else b""))
        await writer.drain()
        said.set()

    async with misbehaving(behave) as producer:
        first = await _said_or_refused(client, producer, b"first")
        await said.wait()
        await asyncio.sleep(0.03)  # for the bytes to reach the idle connection
        second = await _said_or_refused(client, producer, b"second")

    assert first in ("first", "refused")
    assert second in ("second", "refused")
    if unasked == FOREIGN:
        assert (first, second, producer.connections) == ("first", "second", 2)


async def test_an_honest_producer_keeps_its_connection(client: HttpClient) -> None:
    """The guard costs nobody a handshake who does not deserve it."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(asked.body))

    async with misbehaving(behave) as producer:
        answers = [await _say(client, producer, b"%d" % turn) for turn in range(20)]

    assert answers == [str(turn) for turn in range(20)]
    assert producer.connections == 1


@pytest.mark.parametrize("by", ["deadline", "cancel"])
async def test_a_connection_is_not_used_again_after_a_question_was_given_up(
    client: HttpClient, by: str
) -> None:
    """PF-12: the late answer comes to a connection that nobody listens to."""
    asked_once = asyncio.Event()

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(producer.asked) == 1:
            asked_once.set()
            await asyncio.sleep(0.15)
        writer.write(http(asked.body))

    async with misbehaving(behave) as producer:
        if by == "deadline":
            with pytest.raises(ProducerTimedOut):
                await _say(client, producer, b"first", 0.1)
        else:
            asking = asyncio.create_task(_say(client, producer, b"first"))
            await asked_once.wait()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        second = await _say(client, producer, b"second")

    assert second == "second"
    assert producer.connections == 2


async def test_a_connection_closed_while_idle_is_no_failure(client: HttpClient) -> None:
    """PF-17: also when the close meets the question on its way."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        if asked.connection == 2 and asked.number == 2:
            return False  # reads the question, and closes as if it had never seen it
        writer.write(http(asked.body))
        return asked.connection != 1

    async with misbehaving(behave) as producer:
        answers = [await _say(client, producer, b"%d" % turn) for turn in range(3)]

    assert answers == ["0", "1", "2"]
    assert [(each.connection, each.number) for each in producer.asked] == [
        (1, 1),
        (2, 1),
        (2, 2),
        (3, 1),
    ]


async def test_a_producer_that_always_hangs_up_is_asked_twice_and_no_more(
    client: HttpClient,
) -> None:
    """One more try, not a storm."""

    async def behave(_asked: Asked, _writer: asyncio.StreamWriter) -> bool:
        return False

    async with misbehaving(behave) as producer:
        with pytest.raises(ProducerUnreachable):
            await _say(client, producer, b"first")

    assert len(producer.asked) == 2


async def test_a_cookie_is_never_sent_back(client: HttpClient) -> None:
    """PF-36: neither to the producer that set it nor to another on the same host."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(asked.body, "Set-Cookie: person=1; Path=/", "Set-Cookie: a=b"))

    async with misbehaving(behave) as first, misbehaving(behave) as second:
        for producer in (first, first, second):
            await _say(client, producer, b"x")

    asked = [*first.asked, *second.asked]
    assert len(asked) == 3
    assert [each for each in asked if "cookie" in each.headers] == []


@pytest.mark.slow
async def test_of_two_hundred_questions_none_gets_another_persons_record(tmp_path: Path) -> None:
    """A producer that echoes the person, and now and then does the worst it can."""
    luck = random.Random(2)  # the same faults each time
    sequence = [luck.random() for _ in range(400)]

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        chance = sequence[len(producer.asked) % len(sequence)]
        mine = http(plans(asked.person, SOURCE))
        foreign = http(plans(_another(asked.person), SOURCE))
        await asyncio.sleep(chance / 100)
        if chance < 0.05:
            writer.write(foreign)
        elif chance < 0.10:
            writer.write(mine + foreign)
        elif chance < 0.15:
            writer.write(mine)
            await writer.drain()
            await asyncio.sleep(0.005)
            writer.write(foreign)
        elif chance < 0.20:
            writer.write(mine[: len(mine) // 2])
            return False
        elif chance < 0.25:
            await asyncio.sleep(0.3)
            writer.write(mine)
        elif chance < 0.30:
            return False
        else:
            writer.write(mine)
        return True

    async with misbehaving(behave) as producer:
        site = Site(tmp_path)
        settings = site.write(producers="connections_each = 8")
        site.load_registry(site.registry([Source(SOURCE, producer.url, extra="timeout = 0.25")]))
        for number in NUMBERS:
            await site.index(number, [SOURCE])
        asked = [NUMBERS[turn % len(NUMBERS)] for turn in range(200)]
        turn = asyncio.Semaphore(20)
        async with running_hub(site, settings) as hub:
            ask_on(hub)

            async def ask(person: str) -> tuple[str, bytes]:
                async with turn:
                    status, _, body = await post(hub, envelope(HUB, person))
                assert status == 200
                (row,) = status_rows(body)
                return row[1], body

            answers = await asyncio.gather(*map(ask, asked))

    mixed = [
        (person, other)
        for person, (_, body) in zip(asked, answers, strict=True)
        for other in NUMBERS
        if other != person and other.encode() in body
    ]
    delivered = [status for status, _ in answers if status == "DataFromSource"]
    assert mixed == []
    assert 50 < len(delivered) < 200  # how many are late depends on the machine
    log = (tmp_path / "hub.log").read_text()
    assert log.count('"event.action":"security"') > 0


def _another(person: str) -> str:
    return NUMBERS[(NUMBERS.index(person) + 1) % len(NUMBERS)]
