"""Workers without RabbitMQ: over the process's own memory, and over a small Redis."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from samsvar.app import Hub
from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import Reason
from samsvar.queues import hub_keys
from samsvar.simulation import Knobs, running
from samsvar.worker.config import load
from samsvar.worker.running import run
from samsvar_adapters.prator import simulator as prator
from tests.brokers import PRATOR, Worker, lacking, prator_source
from tests.command import Shell
from tests.hub import Site, Source, free_port, running_hub
from tests.privacy import found
from tests.worker_scene import TOLVAN, Scene, plans_in, until, until_true

pytestmark = pytest.mark.wire
ANSWERED = [(PRATOR, "DataFromSource", None)]
FAILED = [(PRATOR, "NoDataSynchFailed", "43000")]


async def test_within_one_process_the_broker_is_its_memory(tmp_path: Path) -> None:
    """Hub and worker beside each other, no broker to run: the embedded column."""
    site = Site(tmp_path)
    section = 'url = "memory://"'
    settings = site.write(broker=section)
    settings.hub.data.mkdir()
    knobs, said, told = Knobs(), list[str](), asyncio.Event()
    async with running(prator.application(knobs)) as url:
        worker = Worker(
            tmp_path,
            "embedded",
            hub_keys(settings).public.text,
            (PRATOR,),
            section,
            prator_source(tmp_path, url),
        )
        worker.write()
        keys = (worker.keys.public.text,)
        site.load_registry(site.registry([Source(PRATOR, "", workers=keys)]))
        await site.index(TOLVAN, [PRATOR])
        async with running_hub(site, settings) as hub:
            one = Scene(hub, knobs, [worker], url)
            before, _ = await one.ask()
            nobody = one.decision()
            config = load(worker.config)
            working = asyncio.create_task(
                run(config, tmp_path, told, said.append, adapter="prator", riv=None)
            )
            await until_true(lambda: one.notes_are([]))
            rows, body = await one.ask()
            by = one.decision().detail
            many = await asyncio.gather(*(one.ask() for _ in range(20)))
            told.set()
            await working
            await until_true(lambda: one.notes_hold("no worker is listening"))
            after, _ = await one.ask()
    assert before == after == FAILED
    assert (nobody.reason, nobody.detail) == (Reason.UNREACHABLE, "no worker is listening for it")
    assert rows == ANSWERED
    assert len(plans_in(body)) == 1
    assert by.startswith("worker embedded ")
    assert [each for each, _ in many] == [ANSWERED] * 20
    assert said[-1] == "stopped: 21 answered, 0 failed, 0 refused"


@dataclass(slots=True)
class Redis:
    """One of our own."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def section(self) -> str:
        """The lines of a [broker] section."""
        return f'url = "redis://127.0.0.1:{self.port}/0"'


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Callable[..., Redis]]:
    """Starts one with these options."""
    program = shutil.which("redis-server")
    if program is None:
        lacking("no redis-server on this machine")
    assert program is not None
    started: list[Redis] = []

    def start(*options: str) -> Redis:
        folder = tmp_path / f"redis-{len(started)}"
        folder.mkdir()
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        started.append(Redis(port, folder, process))
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            ping = subprocess.run(
                ["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False
            )
            if ping.stdout == b"PONG\n":
                break
            time.sleep(0.05)
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "set appendonly yes"),
        (
            ("--appendonly", "yes", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"),
            "set maxmemory-policy noeviction",
        ),
    ],
    ids=["forgets", "evicts"],
)
async def test_a_redis_that_loses_messages_is_refused_at_start(
    tmp_path: Path, redis: Callable[..., Redis], options: tuple[str, ...], why: str
) -> None:
    """By the hub, and by ``samsvar check``: each says what to change."""
    one = redis(*options)
    site = Site(tmp_path)
    settings = site.write(broker=one.section)
    with pytest.raises(ResourcesMissing, match=why):
        await Hub(settings, tmp_path).start()
    checked = await asyncio.to_thread(Shell(tmp_path).run, "check", "-s", site.settings_file)
    assert "FAULT message broker" in checked.out
    assert why in checked.out


@pytest.mark.slow
async def test_a_small_redis_carries_questions_and_keeps_none_that_can_be_read(
    tmp_path: Path, redis: Callable[..., Redis]
) -> None:
    """What its log on disk has of them is sealed; after the questions no list is left."""
    one = redis("--appendonly", "yes")
    site = Site(tmp_path)
    settings = site.write(broker=one.section)
    settings.hub.data.mkdir()
    async with running(prator.application(Knobs())) as url:
        worker = Worker(
            tmp_path,
            "small",
            hub_keys(settings).public.text,
            (PRATOR,),
            one.section,
            prator_source(tmp_path, url),
        )
        keys = (worker.keys.public.text,)
        site.load_registry(site.registry([Source(PRATOR, "", workers=keys)]))
        await site.index(TOLVAN, [PRATOR])
        async with running_hub(site, settings) as hub:
            scene = Scene(hub, Knobs(), [worker], url)
            try:
                await asyncio.to_thread(worker.start)
                await until_true(lambda: scene.notes_are([]))
                answers = [await scene.ask() for _ in range(5)]
                await asyncio.to_thread(worker.stop)
            finally:
                worker.end()
            gone, _ = await scene.ask()
        await until(lambda: not _lists(one.port))
    written = b"".join(path.read_bytes() for path in one.folder.rglob("*") if path.is_file())
    assert [rows for rows, _ in answers] == [ANSWERED] * 5
    assert gone == FAILED
    assert b"vnd.samsvar.question" in written, "the questions did pass its log"
    assert found(written) == []
    assert b"carePlan" not in written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redelivery", "gone_after"),
    [(2, 1000.0), (600, 8.0)],
    ids=["by Redis", "by the hub"],
)
async def test_questions_that_a_killed_worker_had_go_to_another_over_redis_too(
    tmp_path: Path,
    redis: Callable[..., Redis],
    monkeypatch: pytest.MonkeyPatch,
    redelivery: int,
    gone_after: float,
) -> None:
    """A hundred in hand at kill -9, and one answer for each: Redis hands them on after the seconds
    that are set, or the hub asks anew when it has missed the worker."""
    monkeypatch.setattr("samsvar.broker.worker_table.GONE_AFTER", gone_after)
    one = redis("--appendonly", "yes")
    site, count = Site(tmp_path), 100
    section = f"{one.section}\nredelivery_seconds = {redelivery}"
    settings = site.write(broker=section)
    settings.hub.data.mkdir()
    knobs = Knobs()
    async with running(prator.application(knobs)) as url:
        source, hub_key = prator_source(tmp_path, url), hub_keys(settings).public.text
        workers = [
            Worker(tmp_path, name, hub_key, (PRATOR,), section, source, more="at_once = 100")
            for name in ("first", "second")
        ]
        keys = tuple(worker.keys.public.text for worker in workers)
        site.load_registry(site.registry([Source(PRATOR, "", workers=keys)]))
        await site.index(TOLVAN, [PRATOR])
        async with running_hub(site, settings) as hub:
            scene = Scene(hub, knobs, workers, url)
            try:
                await asyncio.to_thread(workers[0].start)
                await until_true(lambda: scene.notes_are([]))
                knobs.latency = 60.0
                asking = [asyncio.create_task(scene.ask()) for _ in range(count)]
                await until(lambda: knobs.calls == count, 40)
                knobs.latency = 0.0
                await asyncio.to_thread(workers[1].start)
                workers[0].kill()
                answers = await asyncio.gather(*asking)
                await asyncio.to_thread(workers[1].stop)  # it answers first, and says so afterwards
                said = workers[1].log.read_text()
            finally:
                for worker in workers:
                    worker.end()
    assert [rows for rows, _ in answers] == [ANSWERED] * count
    assert {len(plans_in(body)) for _, body in answers} == {1}
    assert said.count(": answered, 1 records") == count


def _lists(port: int) -> list[str]:
    """Keys that are left, but for those of exchanges, which hold no message."""
    told = subprocess.run(
        ["redis-cli", "-p", str(port), "keys", "*"], capture_output=True, text=True, check=True
    )
    return [key for key in told.stdout.split() if "_kombu.binding" not in key]
