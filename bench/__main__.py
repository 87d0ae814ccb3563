"""``python -m bench [--quick]``: the whole benchmark, in one run that ends by itself.

Producers, the bare conventional hub and the real hub are processes of their own. They are asked
in turn (A B C, A B C), so that a machine that grows slower does so for all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import uvloop
from rich.console import Console

from bench import metrics, report
from bench.load import Load, Target
from bench.messages import LATE, LATENCY, SCENES, THROUGHPUT, Scene, question
from bench.processes import Child, ChildFailed, Nursery
from bench.site import Site, plain_question, tls_question, updates

IN_FLIGHT = 16


@dataclass(frozen=True, slots=True)
class Pace:
    """How long everything takes."""

    rounds: int
    warm: float
    seconds: float
    delay_seconds: float


WHOLE = Pace(rounds=3, warm=0.4, seconds=2.5, delay_seconds=6.0)
QUICK = Pace(rounds=2, warm=0.2, seconds=0.7, delay_seconds=1.5)


@dataclass(frozen=True, slots=True)
class Program:
    """One thing under test: its process, and how it is asked about a scene."""

    name: str
    child: Child
    target: Callable[[Scene], Target]


class WrongAnswers(Exception):
    """A program answered wrongly: then its speed says nothing."""


def main() -> int:
    """Read the arguments, run, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, and rougher")
    parser.add_argument(
        "--folder", type=Path, help="where the hub keeps its data (its disk counts)"
    )
    told = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="samsvar-bench-", dir=told.folder) as folder:
            uvloop.run(_run(Path(folder), QUICK if told.quick else WHOLE))
    except (ChildFailed, WrongAnswers) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


async def _run(folder: Path, pace: Pace) -> None:
    task = asyncio.current_task()
    assert task is not None
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, task.cancel)
    begun = time.monotonic()
    console = Console()
    async with Nursery() as nursery:
        producers = await nursery.start("producers", ["-m", "bench.producer"])
        ports = orjson.loads(await producers.line())
        bare = await _bare(nursery, ports)
        site = Site.make(folder, ports)
        hub, plain, tls = await _hub(nursery, site)
        pinned = _pin((bare.child, hub))
        programs = (
            bare,
            Program(report.PLAIN, hub, lambda scene: plain_question(plain, scene)),
            Program(report.TLS, hub, lambda scene: tls_question(tls, scene, site.tls)),
        )
        await _tell_index(plain)
        idle = [(p.name, p.child, p.child.memory()[0]) for p in programs[:2]]
        scenes = [await _throughput(console, scene, programs, pace) for scene in THROUGHPUT]
        delays = await _delays(console, ports, programs, pace)
        memories = [report.Memory(name, low, child.memory()[1]) for name, child, low in idle]
    tables = (
        report.throughput_table(scenes, IN_FLIGHT),
        report.delay_table(LATENCY.title, delays),
        report.memory_table(memories),
    )
    machine = report.machine(_sync_milliseconds(folder), pinned)
    report.show(console, tables, machine, time.monotonic() - begun)
    console.print(metrics.told(), highlight=False)


async def _bare(nursery: Nursery, ports: dict[str, list[int]]) -> Program:
    paths = {scene: f"/{number}" for number, scene in enumerate(SCENES)}
    plan = {
        paths[scene]: [
            (f"http://127.0.0.1:{port}/", address)
            for port, address in zip(ports[scene.group.name], scene.addresses, strict=False)
        ]
        for scene in SCENES
    }
    child = await nursery.start(
        "the bare conventional hub", ["-m", "bench.conventional", orjson.dumps(plan).decode()]
    )
    url = f"http://127.0.0.1:{await child.line()}"

    def target(scene: Scene) -> Target:
        asked = plain_question(url, scene)
        return Target(url + paths[scene], asked.body, asked.records, headers=asked.headers)

    return Program(report.BARE, child, target)


async def _hub(nursery: Nursery, site: Site) -> tuple[Child, str, str]:
    """The hub as an operator starts it; where it listens, plain and with TLS."""
    settings = ["--settings", str(site.settings)]
    samsvar = ["-m", "samsvar"]
    await nursery.run(
        "samsvar registry load", [*samsvar, "registry", "load", str(site.registry), *settings]
    )
    with site.routing_log.open("wb") as log:
        hub = await nursery.start("samsvar serve", [*samsvar, "serve", *settings], output=log)
    plain = (await hub.line("http:", errors=True)).split()[-1]
    tls = (await hub.line("https:", errors=True)).split()[-1]
    return hub, plain, tls


def _pin(under_test: Sequence[Child]) -> bool:
    """One core for what is under test, the others for the rest. False where there is but one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return False
    for child in under_test:
        child.pin({cores[-1]})
    return True


async def _tell_index(url: str) -> None:
    """Every producer sends its Updates, as in life."""
    for target in updates(url):
        async with Load(target, 1) as load:
            result = await load.run(0.0)
        if result.errors:
            raise WrongAnswers(f"the index refused an Update: {result.first_error}")


async def _throughput(
    console: Console, scene: Scene, programs: Sequence[Program], pace: Pace
) -> report.Throughput:
    rounds: dict[str, list[report.Round]] = {program.name: [] for program in programs}
    for number in range(1, pace.rounds + 1):
        for program in programs:
            with console.status(f"{scene.title}: {program.name}, round {number}"):
                rounds[program.name].append(await _round(program, scene, pace))
    return report.Throughput(scene.title, rounds)


async def _round(program: Program, scene: Scene, pace: Pace) -> report.Round:
    async with Load(program.target(scene), IN_FLIGHT) as load:
        await load.run(pace.warm)
        before = program.child.cpu_seconds()
        result = await load.run(pace.seconds)
        cpu = program.child.cpu_seconds() - before
    _judge(program.name, scene, result.errors, result.answered, result.first_error)
    return report.Round(
        result.rate,
        cpu / result.answered * 1e6,
        result.percentile(0.50),
        result.percentile(0.99),
    )


async def _delays(
    console: Console, ports: dict[str, list[int]], programs: Sequence[Program], pace: Pace
) -> list[report.Delay]:
    scene = LATENCY
    direct = Target(
        f"http://127.0.0.1:{ports[LATE.name][0]}/",
        question(LATE.addresses[0], scene.person),
        LATE.records,
    )
    asked = [(report.DIRECT, direct), *((p.name, p.target(scene)) for p in programs)]
    times: dict[str, list[float]] = {name: [] for name, _ in asked}
    turns = 2
    for _ in range(turns):
        for name, target in asked:
            with console.status(f"{scene.title}: {name}"):
                async with Load(target, 1) as load:
                    await load.run(pace.warm)
                    result = await load.run(pace.delay_seconds / turns)
            _judge(name, scene, result.errors, result.answered, result.first_error)
            times[name] += result.times
    return [
        report.Delay(name, statistics.median(seen), sorted(seen)[int(0.99 * len(seen))], len(seen))
        for name, seen in times.items()
    ]


def _judge(name: str, scene: Scene, errors: int, answered: int, first: str) -> None:
    if errors or not answered:
        raise WrongAnswers(
            f"{name}, {scene.title}: {errors} wrong answers beside {answered} right; {first}"
        )


def _sync_milliseconds(folder: Path) -> float:
    """What one synced write costs where the hub keeps its access log."""
    spent = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(20):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - begun)
    return statistics.median(spent) * 1000


if __name__ == "__main__":
    sys.exit(main())
