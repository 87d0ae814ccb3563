"""Redis or RabbitMQ is taken from a running production set-up, by a kill and by a proper stop.

What depends on it is worse off, readiness and the console's overview say so, and nothing else is:
sources that do not need it go on answering whole. When it is there again, so is everything, by
itself. (What is said is said within five seconds; the tests wait longer, since they do not have
the machine to themselves. ``bench.kills`` prints the seconds.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from samsvar.onboarding.roles import Role
from samsvar.simulation import PEOPLE, demo_data, producer, running
from tests import databases
from tests.brokers import PRATOR, OwnRabbit
from tests.console import Browser, logged_in
from tests.hub import HUB, Source, post, status_rows
from tests.redis_server import PASSWORD, RedisServer, redis_server
from tests.worker_scene import Scene, scene, until, until_true
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.timeout(300)]

PERSONS = [one.number for one in PEOPLE[:4]]
DIRECT, THROUGH = demo_data.HOSPITAL, PRATOR
WHOLE = {DIRECT: "DataFromSource", THROUGH: "DataFromSource"}
LESS = {DIRECT: "DataFromSource", THROUGH: "NoDataSynchFailed"}
ENOUGH, SECONDS = 16, 60.0


@pytest.fixture(autouse=True)
def on_a_server(database_kind: str) -> None:
    databases.choose(databases.POSTGRESQL)


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[OwnRabbit]:
    """One that runs."""
    folder = tmp_path / "rabbit"
    folder.mkdir()
    one = OwnRabbit(folder)
    one.start()
    yield one
    one.kill()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """One that runs."""
    with redis_server(tmp_path) as server:
        yield server


@dataclass
class Seen:
    """What consumers got, in order: the status of each source."""

    answers: list[dict[str, str]] = field(default_factory=list)

    async def more(self, count: int = ENOUGH) -> list[dict[str, str]]:
        """The next so many."""
        begun = len(self.answers)
        await until(lambda: len(self.answers) >= begun + count, SECONDS)
        return self.answers[begun:]


@asynccontextmanager
async def production(
    folder: Path, rabbit: OwnRabbit, redis: RedisServer
) -> AsyncIterator[tuple[Scene, Seen, Browser]]:
    """A hub on PostgreSQL, RabbitMQ and Redis; a source that it asks itself, one behind two
    workers; consumers who ask all the while about several persons, and an open console."""
    (folder / "redis.password").write_text(PASSWORD)
    shares = f'redis = "{redis.url}"\nredis_password = "file:redis.password"\n'
    hospital = producer.application(demo_data.hospital())
    async with running(hospital) as url:
        others = (Source(DIRECT, url),)
        async with (
            scene(folder, rabbit.broker, 2, others=others, hub=shares) as one,
            logged_in(one.hub, Role.OBSERVER) as console,
        ):
            for person in PERSONS:
                await one.hub.site.index(person, [DIRECT, THROUGH])
            await until_true(lambda: one.notes_are([]), SECONDS)
            seen, stopped = Seen(), asyncio.Event()
            consumer = asyncio.create_task(_asking(one, seen, stopped))
            try:
                yield one, seen, console
            finally:
                stopped.set()
                await consumer


async def _asking(one: Scene, seen: Seen, stopped: asyncio.Event) -> None:
    while not stopped.is_set():
        for person in PERSONS:
            status, _, body = await post(one.hub, envelope(HUB, person))
            assert status == 200, body
            seen.answers.append({address: code for address, code, _ in status_rows(body)})
            await asyncio.sleep(0.05)


async def says(one: Scene, console: Browser, words: str) -> None:
    """Readiness and the overview do, and readiness says nothing else; the hub is ready."""
    await until_true(lambda: one.notes_hold(words), SECONDS)
    assert all(note.startswith(words) for note in await one.notes())
    page = await console.get()
    assert words in page.words


async def says_nothing(one: Scene, console: Browser, words: str) -> None:
    """Neither does any more."""
    await until_true(lambda: one.notes_are([]), SECONDS)
    page = await console.get()
    assert page.status == 200
    assert words not in page.words


@pytest.mark.parametrize("how", ["kill", "shut_down"])
async def test_without_rabbitmq_only_what_is_behind_workers_is_missing(
    tmp_path: Path, rabbit: OwnRabbit, redis: RedisServer, how: str
) -> None:
    """Every answer holds the other source. No breaker opens for a source that is not ill: the
    first question after readiness is content again is answered whole."""
    async with production(tmp_path, rabbit, redis) as (one, seen, console):
        assert await seen.more() == [WHOLE] * ENOUGH
        await says_nothing(one, console, "message broker: ")
        away = len(seen.answers)
        await asyncio.to_thread(getattr(rabbit, how))
        await says(one, console, "message broker: ")
        await seen.more(2)  # those that were asked before it was known
        await asyncio.sleep(2.5)  # long enough for a breaker to open
        assert await seen.more() == [LESS] * ENOUGH
        await asyncio.to_thread(rabbit.start)
        await says_nothing(one, console, "message broker: ")
        await seen.more(1)
        assert await seen.more() == [WHOLE] * ENOUGH
        assert all(answer in (WHOLE, LESS) for answer in seen.answers[away:])
        logged = one.log()
    assert '"breaker-opened"' not in logged


@pytest.mark.parametrize("how", ["kill", "shut_down"])
async def test_without_redis_no_answer_is_missing_anything(
    tmp_path: Path, rabbit: OwnRabbit, redis: RedisServer, how: str
) -> None:
    """Each process goes by its own breakers, rates and events; every answer is whole throughout."""
    async with production(tmp_path, rabbit, redis) as (one, seen, console):
        await says_nothing(one, console, "redis: ")
        getattr(redis, how)()
        await says(one, console, "redis: away")
        await seen.more()
        redis.start()
        await says_nothing(one, console, "redis: ")
        await seen.more()
        logged = one.log()
    assert all(answer == WHOLE for answer in seen.answers)
    assert logged.count('"shared-state-lost"') == logged.count('"shared-state-back"') == 1
