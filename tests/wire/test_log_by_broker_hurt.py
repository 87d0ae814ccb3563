"""The access log by another hub while the broker and both hubs are killed: counted."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import OwnRabbit
from tests.hub import HubProcess
from tests.log_scene import EACH, LogScene, log_scene
from tests.log_service import LogKeeper
from tests.news_scene import eventually, kill

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(300)]


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[OwnRabbit]:
    folder = tmp_path / "rabbit"
    folder.mkdir()
    one = OwnRabbit(folder)
    one.start()
    yield one
    one.kill()


@contextlib.contextmanager
def ended(running: dict[str, HubProcess]) -> Iterator[None]:
    """Whatever comes, no hub is left."""
    try:
        yield
    finally:
        for process in running.values():
            with contextlib.suppress(ProcessLookupError):
                kill(process)


async def started(scene: LogScene) -> dict[str, HubProcess]:
    """Both hubs."""
    return {which: await asyncio.to_thread(scene.start, which) for which in ("deliverer", "sender")}


async def test_a_killed_broker_and_sender_lose_no_record_and_tell_none_twice(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """kill -9 of each, twice, questions all the while. The log service takes what it has once more,
    so that only the hub that delivers keeps a record from being told twice; and in their order."""
    async with log_scene(tmp_path, rabbit.broker, LogKeeper(careless=True)) as scene:
        running = await started(scene)
        stopped = asyncio.Event()

        async def traffic() -> None:
            while not stopped.is_set():
                await scene.ask()
                await asyncio.sleep(0.02)

        with ended(running):
            going = asyncio.create_task(traffic())
            for _ in range(2):
                for which in ("broker", "sender"):
                    await asyncio.sleep(1.0)
                    if which == "broker":
                        rabbit.kill()
                        await asyncio.to_thread(rabbit.start)
                    else:
                        kill(running[which])
                        running[which] = await asyncio.to_thread(scene.start, which)
            stopped.set()
            await going
            assert len(scene.asked) > 50
            await eventually(lambda: scene.waiting() == 0, 90)
            await eventually(lambda: len(scene.kept()) >= len(scene.expected()), 90)
            await asyncio.sleep(1.0)
            assert scene.kept() == scene.expected()
            assert (scene.depth(), scene.dead()) == (0, 0)


async def test_a_killed_deliverer_leaves_what_it_had_in_hand_to_the_next(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """Its database is locked, so that it has messages of every queue and settles none; then it is
    killed again in the middle of delivering. The log service knows its ids, as the contract has
    it: what it was told in the dark it is not told again."""
    async with log_scene(tmp_path, rabbit.broker) as scene:
        running = await started(scene)
        with ended(running):
            lock = sqlite3.connect(
                scene.deliverer_settings.hub.data / "samsvar.sqlite", isolation_level=None
            )
            lock.execute("BEGIN IMMEDIATE")
            for number in range(100):
                await scene.ask(giver=f"SE2321000131-E{number:04}")
            await eventually(lambda: scene.waiting() == 0, 60)
            await eventually(lambda: scene.depth() <= 100 - 8)  # the rest is in its hands
            assert scene.kept() == []
            kill(running["deliverer"])
            lock.execute("ROLLBACK")
            lock.close()
            await eventually(lambda: scene.depth() == 100)  # it comes back at once
            running["deliverer"] = await asyncio.to_thread(scene.start, "deliverer")
            await eventually(lambda: len(scene.kept()) >= 10 * EACH, 60)
            kill(running["deliverer"])
            running["deliverer"] = await asyncio.to_thread(scene.start, "deliverer")
            await eventually(lambda: len(scene.kept()) >= len(scene.expected()), 90)
            await eventually(lambda: scene.held() == (0, 0), 60)
            assert sorted(scene.kept()) == sorted(scene.expected())
            assert (scene.depth(), scene.dead()) == (0, 0)


async def test_what_the_broker_has_not_confirmed_is_not_forgotten(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """It stands still with a message on the way to it, and is killed: the row is still there."""
    async with log_scene(tmp_path, rabbit.broker) as scene:
        running = await started(scene)
        with ended(running):
            await scene.ask()
            await eventually(lambda: scene.kept() == scene.expected(), 60)
            rabbit.stand_still()
            await scene.ask()
            await asyncio.sleep(3.0)  # long enough to be looked for and sent
            assert scene.waiting() == 1
            rabbit.kill()
            await asyncio.to_thread(rabbit.start)
            await eventually(lambda: scene.kept() == scene.expected(), 90)
