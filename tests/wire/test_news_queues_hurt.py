"""The hub's end of the durable queues, at a RabbitMQ of its own that is killed, filled and closed.

Without hubs: what is published here is no news, and nobody opens it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from samsvar.broker.durable import INDEX_NEWS, PARTS, durable_plan
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.link import Delivery, NotPublished, Unroutable
from samsvar.broker.news import NEWS
from samsvar.errors import ResourcesMissing
from samsvar.settings import BrokerSettings, read_secret
from tests.brokers import PASSWORD, OwnRabbit, Wire
from tests.news_scene import eventually
from tests.world import MemoryEvents

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.timeout(400)]
READER, NOBODY = "SE2129999997-READER", "SE2129999997-NOBODY"
TELLERS = 200
WRITTEN_DOWN = 2.0
"""Seconds: RabbitMQ writes down where a new queue lies half a second after it was made."""


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRabbit]:
    one = OwnRabbit(tmp_path_factory.mktemp("rabbit"))
    one.start()
    yield one
    one.kill()


@contextlib.asynccontextmanager
async def end(
    rabbit: OwnRabbit, address: str | None = None, port: int | None = None
) -> AsyncIterator[DurableEnd]:
    """A hub's; of one that is told at that address, or of one that only tells."""
    os.environ["BROKER_PASSWORD"] = PASSWORD
    settings = BrokerSettings(
        url=replace(rabbit.broker, port=port or rabbit.port).url,
        user="guest",
        password="env:BROKER_PASSWORD",
        connect_seconds=20,
    )
    received = {} if address is None else {INDEX_NEWS: address}
    one = DurableEnd(
        settings,
        partial(read_secret, base=Path()),
        MemoryEvents(),
        sent=[INDEX_NEWS],
        received=received,
    )
    try:
        yield one
    finally:
        await one.close()


async def made(rabbit: OwnRabbit, address: str) -> list[Delivery]:
    """Its queues, empty, and nobody who reads them; what has come meanwhile."""
    came: list[Delivery] = []
    async with end(rabbit, address) as reader:
        await reader.start({INDEX_NEWS: came.append})
        await eventually(lambda: reader.notes() == [], 90)
        assert reader.trouble() == ""
    with rabbit.broker.channel() as channel:
        for part in range(PARTS):
            channel.queue_purge(INDEX_NEWS.queue(address, part))
    return came


async def told(sender: DurableEnd, name: str, address: str, size: int = 0) -> None:
    """One message, to the first queue."""
    body = name.encode() + bytes(size)
    await sender.publish(
        INDEX_NEWS, INDEX_NEWS.key(address, 0), body, content_type=NEWS.content_type, name=name
    )


async def names(rabbit: OwnRabbit, address: str) -> list[str]:
    """Of what lies in the first queue, which is empty after this. It keeps its order: whatever has
    not come before a message that is sent now is not there, however slow a queue is to come back.
    """
    last = secrets.token_hex(4)
    found: list[str] = []
    async with end(rabbit, address) as reader:

        def took(delivery: Delivery) -> None:
            assert isinstance(delivery.body, bytes)
            found.append(delivery.body.rstrip(bytes(1)).decode())
            reader.settle(delivery)

        await reader.start({INDEX_NEWS: took})
        await eventually_told(reader, last, address)
        await eventually(lambda: last in found, 120)
        with contextlib.suppress(Unroutable):  # the broker has had what was settled before this
            await told(reader, "settled", NOBODY)
    return found[: found.index(last)]


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[OwnRabbit]:
    """One of the test's own, to be killed."""
    one = OwnRabbit(tmp_path)
    one.start()
    yield one
    one.kill()


async def test_what_was_confirmed_is_still_there_after_the_broker_was_killed(
    mortal: OwnRabbit,
) -> None:
    """kill -9, twice, two hundred messages on their way all the while."""
    await made(mortal, READER)
    await asyncio.sleep(WRITTEN_DOWN)
    confirmed: list[str] = []
    refused = 0
    publishing = True

    async def teller(which: int) -> None:
        nonlocal refused
        number = 0
        while publishing:
            name, number = f"{which}-{number}", number + 1
            try:
                await told(sender, name, READER, 2000)
            except NotPublished:
                refused += 1
                await asyncio.sleep(0.1)
            else:
                confirmed.append(name)

    async with end(mortal) as sender:
        tellers = [asyncio.create_task(teller(which)) for which in range(TELLERS)]
        for _ in range(2):
            before = len(confirmed)
            await eventually(lambda before=before: len(confirmed) > before + 500, 120)  # type: ignore[misc]
            mortal.kill()
            await asyncio.to_thread(mortal.start)
        before = len(confirmed)
        await eventually(lambda: len(confirmed) > before + 500, 120)
        publishing = False
        await asyncio.gather(*tellers)
    found = await names(mortal, READER)
    assert refused > 0, "a kill met messages on their way"
    assert set(confirmed) - set(found) == set()


async def held_while_it_is_tried(wire: Wire) -> None:
    """The queue to be filled is being made, and the hub does not hear of it."""
    async with asyncio.timeout(60):
        while b".trial." not in wire.seen:  # noqa: ASYNC110 - bytes wake nobody
            await asyncio.sleep(0.001)
    wire.open.clear()


async def test_a_broker_that_is_killed_while_it_is_tried_is_reached_again(
    mortal: OwnRabbit,
) -> None:
    """A queue that it has just made never answers again; those that are older do."""
    with mortal.broker.channel() as channel:
        for name, kind in durable_plan([INDEX_NEWS], {}).more_exchanges.items():
            channel.exchange_declare(name, kind, durable=True, auto_delete=False)
        for queue in durable_plan([], {INDEX_NEWS: READER}).queues:
            channel.queue_declare(
                queue.name, durable=True, auto_delete=False, arguments=dict(queue.arguments)
            )
    await asyncio.sleep(WRITTEN_DOWN)
    wire = Wire(own_port=mortal.port)
    await wire.mend()
    async with end(mortal, READER, port=wire.port) as reader:
        starting = asyncio.create_task(reader.start({INDEX_NEWS: lambda delivery: None}))
        await held_while_it_is_tried(wire)
        await asyncio.sleep(0.2)
        mortal.kill()
        await wire.cut()
        wire.open.set()
        await asyncio.to_thread(mortal.start)
        await wire.mend()
        await starting
        await eventually(lambda: reader.notes() == [], 90)
        await eventually_told(reader, "again")
    await wire.cut()


async def test_a_broker_that_stays_silent_when_it_is_asked_is_left_and_asked_again(
    rabbit: OwnRabbit,
) -> None:
    wire = Wire(own_port=rabbit.port)
    await wire.mend()
    async with end(rabbit, READER, port=wire.port) as reader:
        starting = asyncio.create_task(reader.start({INDEX_NEWS: lambda delivery: None}))
        await held_while_it_is_tried(wire)
        await eventually(lambda: any("did not answer" in note for note in reader.notes()), 60)
        assert reader.trouble() == "", "nobody has to change anything"
        wire.open.set()
        await starting
        await eventually(lambda: reader.notes() == [], 90)
    await wire.cut()


async def test_a_broker_that_takes_nothing_is_given_up_in_seconds_and_can_be_left(
    rabbit: OwnRabbit,
) -> None:
    """Its memory alarm: it reads no more from those who publish, and answers nothing."""
    await made(rabbit, READER)
    async with end(rabbit, READER) as reader, end(rabbit) as small, end(rabbit) as large:
        await reader.start({INDEX_NEWS: lambda delivery: None})
        await told(small, "before", READER)
        await told(large, "before", READER)
        await asyncio.to_thread(rabbit.control, "set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            await asyncio.sleep(5.0)  # the broker looks at its memory now and then
            for sender, size in ((small, 0), (large, 4_000_000)):  # over what sockets hold
                async with asyncio.timeout(40):
                    outcomes = await asyncio.gather(
                        *(told(sender, f"in-{number}", READER, size) for number in range(200)),
                        return_exceptions=True,
                    )
                assert {type(one) for one in outcomes} == {NotPublished}
                assert sender.notes() != []
            assert reader.trouble() == "", "nobody has to change anything"
            async with asyncio.timeout(20):
                for one in (small, large, reader):
                    await one.close()
        finally:
            await asyncio.to_thread(rabbit.control, "set_vm_memory_high_watermark", "0.4")
    async with end(rabbit) as sender:
        await eventually_told(sender, "after")
    assert (await names(rabbit, READER))[-1] == "after"


async def eventually_told(sender: DurableEnd, name: str, address: str = READER) -> None:
    """As the outbox does it."""
    give_up = time.monotonic() + 60
    while True:
        try:
            await told(sender, name, address)
        except NotPublished:
            assert time.monotonic() < give_up
            await asyncio.sleep(0.5)
        else:
            return


async def test_what_no_queue_takes_is_no_success_and_costs_nothing_else(rabbit: OwnRabbit) -> None:
    await made(rabbit, READER)
    async with end(rabbit) as sender:
        outcomes = await asyncio.gather(
            *(
                told(sender, f"m-{number}", NOBODY if number % 2 else READER)
                for number in range(40)
            ),
            return_exceptions=True,
        )
    assert [type(one) for one in outcomes] == [type(None), Unroutable] * 20
    found = await names(rabbit, READER)
    assert sorted(found) == sorted(f"m-{number}" for number in range(0, 40, 2))


@contextlib.asynccontextmanager
async def policy(rabbit: OwnRabbit, definition: str) -> AsyncIterator[None]:
    """For all queues of news."""
    told_it = (
        "set_policy",
        "ours",
        rf"^{INDEX_NEWS.exchange}\.",
        definition,
        "--apply-to",
        "queues",
    )
    await asyncio.to_thread(rabbit.control, *told_it)
    try:
        yield
    finally:
        await asyncio.to_thread(rabbit.control, "clear_policy", "ours")


async def test_a_full_queue_refuses_what_comes_and_keeps_what_it_has(rabbit: OwnRabbit) -> None:
    await made(rabbit, READER)
    accepted, refusals = [], []
    async with end(rabbit) as sender:
        async with policy(rabbit, '{"max-length": 3}'):
            for number in range(20):
                try:
                    await told(sender, f"f-{number}", READER)
                except NotPublished as error:
                    refusals.append(str(error))
                else:
                    accepted.append(f"f-{number}")
        assert accepted
        assert set(refusals) == {"its queue at the message broker is full"}
        assert await names(rabbit, READER) == accepted
        await eventually_told(sender, "again")
    assert await names(rabbit, READER) == ["again"]


async def test_a_policy_that_drops_what_is_old_is_found_before_anything_is_taken(
    rabbit: OwnRabbit,
) -> None:
    """Of quorum queues, a policy's overflow wins over the queue's own."""
    await made(rabbit, READER)
    async with policy(rabbit, '{"overflow": "drop-head"}'), end(rabbit, READER) as reader:
        with pytest.raises(ResourcesMissing, match=r"no policy may set overflow to drop-head"):
            await reader.start({INDEX_NEWS: lambda delivery: None})
        assert "drop-head" in reader.trouble()
    async with end(rabbit, READER) as reader:
        await reader.start({INDEX_NEWS: lambda delivery: None})
        assert reader.trouble() == ""


async def test_a_queue_that_is_made_otherwise_meanwhile_is_told_of_and_not_hammered_at(
    rabbit: OwnRabbit,
) -> None:
    """Deleted while it is read, and made again so that it would lose messages; then mended."""
    await made(rabbit, READER)
    name = INDEX_NEWS.queue(READER, 3)
    async with end(rabbit, READER) as reader:
        await reader.start({INDEX_NEWS: lambda delivery: None})
        with rabbit.broker.channel() as channel:
            channel.queue_delete(name)
            channel.queue_declare(
                name, durable=True, auto_delete=False, arguments={"x-queue-type": "classic"}
            )
        await eventually(lambda: f"queue {name} is there" in reader.trouble(), 60)
        assert "delete it" in reader.trouble()
        assert any(name in note for note in reader.notes())
        await asyncio.sleep(5.0)  # the pauses between two tries have grown by then
        before = reader.number
        await asyncio.sleep(10.0)
        assert reader.number - before <= 6, "no more than one try in two seconds"
        with rabbit.broker.channel() as channel:
            channel.queue_delete(name)
        await eventually(lambda: reader.trouble() == "" and reader.notes() == [], 60)
