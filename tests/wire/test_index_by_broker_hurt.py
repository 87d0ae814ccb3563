"""News of one index to another while the broker, the teller and the told are killed: counted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from samsvar.simulation.people import PEOPLE
from tests.brokers import OwnRabbit
from tests.hub import HubProcess, Running
from tests.news_scene import HUB, News, eventually, kill, transaction, update

pytestmark = [pytest.mark.wire, pytest.mark.slow]
SOURCES = 8
PERSONS = [one.number for one in PEOPLE][:6]


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[OwnRabbit]:
    folder = tmp_path / "rabbit"
    folder.mkdir()
    one = OwnRabbit(folder)
    one.start()
    yield one
    one.kill()


def content(number: int) -> str:
    """A moment that grows."""
    return f"20260101{number // 3600:02}{number // 60 % 60:02}{number % 60:02}"


async def told_surely(hub: Running, number: int) -> None:
    """Every post changes once more. A teller who dies is asked again: the same words, which
    change nothing the second time."""
    for source in range(SOURCES):
        several = [
            transaction("Update", person, f"SE-{source}", content=content(number))
            for person in PERSONS
        ]
        while True:
            try:
                await update(hub, *several)
            except (aiohttp.ClientError, AssertionError, TimeoutError, OSError):
                await asyncio.sleep(0.2)
            else:
                break


def check(news: News, rounds: int) -> None:
    """Each change has had its effect, once, and each post's in their order."""
    effects = news.told_on()
    assert len(effects) == rounds * SOURCES * len(PERSONS)
    by_post: dict[str, list[str]] = {}
    for key, _source, said in effects:
        by_post.setdefault(key, []).append(said)
    assert len(by_post) == SOURCES * len(PERSONS)
    wanted = [content(number) for number in range(rounds)]
    assert all(said == wanted for said in by_post.values())


async def test_whatever_is_killed_each_change_has_its_effect_once_and_in_order(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """kill -9 of the teller, the told and the broker, twice each, changes all the while."""
    news = News(tmp_path, rabbit.broker)
    running: dict[str, HubProcess] = {
        which: await asyncio.to_thread(news.start, which) for which in ("told", "teller")
    }
    rounds, stopped = 0, asyncio.Event()

    async def traffic() -> None:
        nonlocal rounds
        while not stopped.is_set():
            await told_surely(news.at_teller(), rounds)
            rounds += 1

    try:
        going = asyncio.create_task(traffic())
        for _ in range(2):
            for which in ("teller", "told", "broker"):
                await asyncio.sleep(1.0)
                if which == "broker":
                    rabbit.kill()
                    await asyncio.to_thread(rabbit.start)
                else:
                    kill(running[which])
                    running[which] = await asyncio.to_thread(news.start, which)
        await asyncio.sleep(1.0)
        stopped.set()
        await going
        effects = rounds * SOURCES * len(PERSONS)
        await eventually(lambda: news.waiting() == 0, 60)
        await eventually(lambda: len(news.told_on()) >= effects, 60)
        await asyncio.sleep(1.0)
        assert rounds >= 5
        check(news, rounds)
        assert (news.depth(), news.dead()) == (0, 0)
    finally:
        stopped.set()
        for process in running.values():
            with contextlib.suppress(ProcessLookupError):
                kill(process)


def notes(news: News) -> list[str]:
    """What the teller's readiness says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{news.ports[1]}/health/ready") as answer:
        found: list[str] = json.load(answer).get("notes", [])
        return found


async def test_a_broker_that_is_down_or_takes_nothing_costs_time_and_nothing_else(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """Updates are accepted, readiness says so within 5 seconds, and then all is told."""
    news = News(tmp_path, rabbit.broker)
    running = [await asyncio.to_thread(news.start, which) for which in ("told", "teller")]
    try:
        await told_surely(news.at_teller(), 0)
        await eventually(lambda: len(news.told_on()) == SOURCES * len(PERSONS))
        rabbit.kill()
        begun = time.monotonic()
        await eventually(lambda: any("durable queues" in note for note in notes(news)), 5)
        assert time.monotonic() - begun < 5
        for number in range(1, 6):
            await told_surely(news.at_teller(), number)
        assert news.waiting() == 5 * SOURCES * len(PERSONS)
        await asyncio.to_thread(rabbit.start)
        await eventually(lambda: news.waiting() == 0, 60)
        await eventually(lambda: len(news.told_on()) == 6 * SOURCES * len(PERSONS))
        await asyncio.to_thread(rabbit.control, "set_vm_memory_high_watermark", "absolute", "1MB")
        await asyncio.sleep(1.5)
        await told_surely(news.at_teller(), 6)
        await eventually(lambda: any("memory or disk alarm" in note for note in notes(news)), 5)
        assert news.waiting() > 0
        await asyncio.to_thread(rabbit.control, "set_vm_memory_high_watermark", "0.4")
        await eventually(lambda: news.waiting() == 0, 60)
        await eventually(lambda: len(news.told_on()) == 7 * SOURCES * len(PERSONS))
        check(news, 7)
        assert HUB not in str(notes(news))
    finally:
        for process in running:
            kill(process)
