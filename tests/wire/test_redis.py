"""What processes share through Redis, and that nothing waits for it or needs it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from samsvar.observe.log import RoutingLog
from samsvar.shared.link import RedisLink, opened
from tests.bad_producer import BadProducer, echo, misbehaving
from tests.command import Shell
from tests.hub import HUB, Running, Site, Source, post, running_hub, status_rows
from tests.redis_server import PASSWORD, RedisServer, redis_server
from tests.wire.test_breakers import GOOD, ILL, NUMBERS, QUICK, Patient
from tests.wire.test_events import looking, next_event
from tests.world import envelope

pytestmark = pytest.mark.wire


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own."""
    with redis_server(tmp_path) as server:
        yield server


@dataclass
class Pair:
    """Two hubs on one data folder and one Redis."""

    redis: RedisServer
    hubs: tuple[Running, Running]
    ill: Patient
    producer: BadProducer

    async def ask(self, number: int, person: int = 0) -> tuple[float, dict[str, str]]:
        """Ask one of the two: how long it took, and the status code of each source."""
        begun = time.monotonic()
        _, _, body = await post(self.hubs[number], envelope(HUB, NUMBERS[person % 8]))
        rows = {address: code for address, code, _ in status_rows(body)}
        return time.monotonic() - begun, rows

    async def until_open(self, number: int) -> None:
        """Ask one of them until it asks the ill source no more."""
        for person in range(20):
            before = len(self.producer.asked)
            await self.ask(number, person)
            await asyncio.sleep(0.03)
            if len(self.producer.asked) == before:
                return
        raise AssertionError("it never opened")

    def state(self, number: int) -> str:
        """Of the ill source's breaker, as one of them has it."""
        hub = self.hubs[number].hub
        assert hub is not None
        states = {one.producer: one.state.value for one in hub.guards.table.standings()}
        return states.get("p0", "closed")

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Of both."""
        for each in self.hubs:
            assert each.hub is not None
            each.hub.events.flush()
        lines = (self.hubs[0].site.folder / "hub.log").read_bytes().splitlines()
        return [one for one in map(orjson.loads, lines) if one["event.action"] in names]


async def eventually(what: Any, seconds: float = 5.0) -> float:
    """Until it is so; how long that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if what():
            return time.monotonic() - begun
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be")


@asynccontextmanager
async def pair(folder: Path, redis: RedisServer, more: str = "") -> AsyncIterator[Pair]:
    """Both serve."""
    ill = Patient(ILL)
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(misbehaving(ill))
        good = await stack.enter_async_context(misbehaving(echo(GOOD)))
        site = Site(folder)
        (folder / "redis.password").write_text(PASSWORD)
        settings = site.write(
            plain_listen="admin = true",
            hub=f'redis = "{redis.url}"\nredis_password = "file:redis.password"',
            security=QUICK,
            limits=more,
        )
        site.load_registry(
            site.registry(
                [Source(ILL, producer.url, extra="timeout = 0.3"), Source(GOOD, good.url)]
            )
        )
        for person in NUMBERS[:8]:
            await site.index(person, [ILL, GOOD])
        first = await stack.enter_async_context(running_hub(site, settings))
        second = await stack.enter_async_context(running_hub(site, settings))
        yield Pair(redis, (first, second), ill, producer)


async def health(hub: Running) -> dict[str, Any]:
    """What it says of itself."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.plain}/health/ready") as answer,
    ):
        told: dict[str, Any] = await answer.json()
        return told | {"http": answer.status}


async def test_what_one_process_has_found_ill_the_other_does_not_ask(
    tmp_path: Path, redis: RedisServer
) -> None:
    """Open in both within a second; one of them tries; closed in both."""
    async with pair(tmp_path, redis) as made:
        made.ill.does = "break"
        await made.until_open(0)
        took = await eventually(lambda: made.state(1) == "open", 2)
        assert took < 1.5
        made.ill.does = "answer"
        await asyncio.sleep(0.8)
        before = len(made.producer.asked)
        _, rows = await made.ask(1)
        assert rows[ILL] == "DataFromSource"
        assert len(made.producer.asked) == before + 1
        await eventually(lambda: made.state(0) == "closed", 2)
        _, rows = await made.ask(0)
        assert rows[ILL] == "DataFromSource"


async def test_of_all_processes_one_question_tries_it(tmp_path: Path, redis: RedisServer) -> None:
    """Forty questions to both at the moment when it may be tried, and it hangs."""
    async with pair(tmp_path, redis) as made:
        made.ill.does = "break"
        await made.until_open(0)
        await eventually(lambda: made.state(1) == "open", 2)
        made.ill.does = "hang"
        await asyncio.sleep(0.8)
        before = len(made.producer.asked)
        await asyncio.gather(*(made.ask(number % 2, number) for number in range(40)))
        assert made.ill.most_hanging == 1
        tries = len(made.producer.asked) - before
        assert 1 <= tries < 5  # one, unless the machine is so slow that it was due again
        assert len(made.events("breaker-half-open")) == tries


async def test_somebody_elses_records_shut_it_off_in_all_processes(
    tmp_path: Path, redis: RedisServer
) -> None:
    """Kept in the database, which both look at."""
    async with pair(tmp_path, redis) as made:
        made.ill.does = "foreign"
        await made.ask(0)
        await eventually(lambda: made.state(1) == "open", 4)
        before = len(made.producer.asked)
        await made.ask(1)
        assert len(made.producer.asked) == before


async def test_a_sender_has_one_rate_for_all_processes(tmp_path: Path, redis: RedisServer) -> None:
    """Four in hand, by either door; alone again when Redis is away."""
    async with pair(tmp_path, redis, "sender_per_second = 0.2\nsender_burst = 4") as made:
        told = [(await post(made.hubs[n % 2], envelope(HUB, NUMBERS[0])))[0] for n in range(6)]
        assert told == [200, 200, 200, 200, 503, 503]
        redis.kill()
        told = [(await post(made.hubs[0], envelope(HUB, NUMBERS[0])))[0] for _ in range(6)]
        assert told == [200, 200, 200, 200, 503, 503]


async def test_events_of_all_processes_are_seen_in_any(tmp_path: Path, redis: RedisServer) -> None:
    """Through the interface of the other hub, and by the command."""
    async with pair(tmp_path, redis) as made:
        async with looking(made.hubs[1], "?event=decision") as answer:
            first = made.hubs[0].hub
            assert first is not None
            await eventually(lambda: first._tail.publishing, 4)
            for number in (0, 1):
                trace = {"x-skltp-correlation-id": f"both-{number}"}
                await post(made.hubs[number], envelope(HUB, NUMBERS[0]), headers=trace)
            seen = [(await next_event(answer))[1]["trace.id"] for _ in range(4)]
            assert sorted(seen) == ["both-0", "both-0", "both-1", "both-1"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "samsvar", "tail", "--json", "--event", "resp-out"),
            *("--settings", str(tmp_path / "settings.toml")),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None

        async def asking() -> None:
            while True:
                await post(made.hubs[0], envelope(HUB, NUMBERS[0]))
                await asyncio.sleep(0.3)

        busy = asyncio.create_task(asking())
        async with asyncio.timeout(15):
            line = orjson.loads(await process.stdout.readline())
        busy.cancel()
        assert line["event.action"] == "resp-out"
        process.send_signal(2)
        async with asyncio.timeout(10):
            await process.communicate()
        assert process.returncode == 130


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_redis_away_is_said_within_five_seconds_and_costs_nothing(
    tmp_path: Path, redis: RedisServer, how: str
) -> None:
    """Killed, or standing still: answers come as they did; each goes by its own; it heals."""
    async with pair(tmp_path, redis, "sender_per_second = 1000") as made:  # so that it is asked
        await made.ask(0)
        getattr(redis, how)()
        begun = time.monotonic()
        took = [(await made.ask(number % 2, number))[0] for number in range(20)]
        # One in each process may find out; a loaded machine may be slow once more.
        assert sorted(took)[-4] < 0.5, "nobody waits for it again"
        await eventually(lambda: len(made.events("shared-state-lost")) == 2, 5)
        assert time.monotonic() - begun < 5
        told = await health(made.hubs[0])
        assert (told["http"], told["status"]) == (200, "up")
        assert told["notes"][0].startswith("redis: away (")
        made.ill.does = "break"
        await made.until_open(0)
        assert made.state(1) == "closed"
        before = len(made.producer.asked)
        _, rows = await made.ask(0)
        assert (rows[ILL], rows[GOOD]) == ("NoDataSynchFailed", "DataFromSource")
        assert len(made.producer.asked) == before
        if how == "kill":
            redis.start()
        else:
            redis.go_on()
        await eventually(lambda: len(made.events("shared-state-back")) == 2, 5)
        await eventually(lambda: made.state(1) == "open", 3)
        assert "notes" not in await health(made.hubs[0])
        made.ill.does = "answer"
        await asyncio.sleep(0.8)
        for _ in range(20):
            _, rows = await made.ask(1)
            if rows[ILL] == "DataFromSource":
                break
            await asyncio.sleep(0.1)
        assert rows[ILL] == "DataFromSource"
        await eventually(lambda: made.state(0) == "closed", 3)


async def test_a_redis_that_comes_back_empty_closes_nothing(
    tmp_path: Path, redis: RedisServer
) -> None:
    """Whoever knows of an open breaker tells it once more."""
    async with pair(tmp_path, redis) as made:
        made.ill.does = "break"
        await made.until_open(0)
        await eventually(lambda: made.state(1) == "open", 2)
        redis.kill()
        await eventually(lambda: len(made.events("shared-state-lost")) == 2, 5)
        redis.start()
        await eventually(lambda: len(made.events("shared-state-back")) == 2, 5)
        await asyncio.sleep(1.2)
        assert (made.state(0), made.state(1)) == ("open", "open")
        assert made.events("breaker-closed") == []


async def test_a_hub_starts_without_redis_and_finds_it_later(
    tmp_path: Path, redis: RedisServer
) -> None:
    """It serves at once."""
    redis.kill()
    async with pair(tmp_path, redis) as made:
        _, rows = await made.ask(0)
        assert rows[GOOD] == "DataFromSource"
        await eventually(lambda: len(made.events("shared-state-lost")) == 2, 5)
        redis.start()
        await eventually(lambda: len(made.events("shared-state-back")) == 2, 5)


async def test_told_to_stop_the_way_to_redis_ends_whatever_it_was_doing(redis: RedisServer) -> None:
    """Cancelled at each step of its first look: connecting, writing, reading, sleeping."""
    ended: list[bool] = []
    for steps in range(60):
        client = opened(redis.url, None, PASSWORD, None)
        chore = asyncio.create_task(RedisLink(client, RoutingLog(enabled=False)).run())
        for _ in range(steps):
            await asyncio.sleep(0)
        chore.cancel()
        await asyncio.wait([chore], timeout=5)
        ended.append(chore.done())
        chore.cancel()
        await client.aclose()
        await client.connection_pool.disconnect()
    assert ended == [True] * 60


async def test_a_wrong_password_is_away_and_is_not_told(tmp_path: Path, redis: RedisServer) -> None:
    """The note says what kind of error it is; the word itself stands nowhere."""
    async with pair(tmp_path, redis):
        pass
    site_file = tmp_path / "redis.password"
    shell = Shell(tmp_path)
    settings = tmp_path / "settings.toml"
    checked = await asyncio.to_thread(shell.run, "check", "--settings", settings)
    assert "ok    Redis" in checked.out
    site_file.write_text("another-word")
    checked = await asyncio.to_thread(shell.run, "check", "--settings", settings)
    assert checked.code == 2
    assert f"{redis.url}: it refuses hub.redis_user and hub.redis_password" in checked.out
    told = await asyncio.to_thread(shell.run, "tail", "--settings", settings)
    assert told.code == 4
    assert "AuthenticationError" in told.err or "ResponseError" in told.err
    assert "another-word" not in told.err
    site_file.unlink()
    told = await asyncio.to_thread(shell.run, "tail", "--settings", settings)
    assert (told.code, told.err) == (2, "hub.redis_password: file:redis.password: cannot be read\n")


async def test_over_tls_only_the_right_redis_is_spoken_to(tmp_path: Path) -> None:
    """Its certificate is judged by the authority of the settings; without that it is away."""
    site = Site(tmp_path)
    told = 'redis_password = "file:redis.password"\n'
    (tmp_path / "redis.password").write_text(PASSWORD)
    with redis_server(tmp_path, site.server) as redis:
        for authority, state in (
            ('redis_authority = "certificates/authority.pem"', []),
            ("", ["redis: away (ConnectionError); this process goes by its own breakers,"]),
        ):
            settings = site.write(hub=f'redis = "{redis.url}"\n{told}{authority}')
            async with running_hub(site, settings) as hub:
                await asyncio.sleep(2.5)
                notes = (await health(hub)).get("notes", [])
                assert [note[: len(want)] for note, want in zip(notes, state, strict=True)] == state
