"""``python -m bench.updates``: Updates of the index, and the news of them at another hub.

Two hubs as operators run them, and a RabbitMQ of their own between them; each with SQLite, or both
with a PostgreSQL of their own (``--postgresql``). First Updates as fast as
they are taken, of one change each and of ten: how many a second are accepted, how many reach the
other index, and how long a sender waits. Then an outage: RabbitMQ is killed, Updates go on, it is
started again; counted is what was lost, and how long it took until all was told.

Exit code 1: something did not start, was not accepted, or was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.kills.engines import EngineFailed, PostgreSql, RabbitMq
from bench.load import Load, Result
from bench.messages import Post, update_of
from bench.processes import ChildFailed, Nursery, ended_when_told
from bench.updates_scene import HUBS, SOURCE, Scene, opened

PEOPLE = 5000
SIZES = (1, 10)
GENERATIONS = 4
"""Times that each post of the outage changes."""
_DELIVER_SECONDS = 300.0


class Lost(Exception):
    """Something was not accepted, or not told. The text says how many."""


@dataclass(frozen=True, slots=True)
class Round:
    """Updates of one size."""

    changes: int
    accepted: Result
    delivered_seconds: float
    """From the first Update to the last effect at the other index."""
    cpu: tuple[float, float]
    """Seconds of processor time for each Update: of the hub that tells, and of the one told."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What became of the Updates that came while the broker was down."""

    seconds: float
    accepted: Result
    lost: int
    repeated: int
    emptied: float
    """Seconds from the broker's return until nothing waited in the outbox."""
    told: float
    """The same until the other index had it all."""


def main() -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.updates", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each round")
    parser.add_argument("--in-flight", type=int, default=16, help="Updates at once")
    parser.add_argument("--outage", type=float, default=120.0, help="seconds; 0: none")
    parser.add_argument("--updates", type=int, default=10_000, help="that come in the outage")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--folder", type=Path, help="where the data lies meanwhile (disk counts)")
    told = parser.parse_args()
    os.environ["BROKER_PASSWORD"] = RabbitMq.PASSWORD
    try:
        with tempfile.TemporaryDirectory(prefix="samsvar-updates-", dir=told.folder) as folder:
            asyncio.run(_run(Path(folder), told))
    except (ChildFailed, EngineFailed, Lost) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(folder: Path, told: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        rabbit = await asyncio.to_thread(RabbitMq, folder)
        stack.callback(rabbit.end)
        server = None
        if told.postgresql:
            server = await asyncio.to_thread(PostgreSql, folder, HUBS)
            stack.callback(server.kill)
        async with Nursery() as nursery:
            scene = await opened(folder, rabbit, server, nursery)
            await _round(scene, 1, 1.0, told.in_flight, first=0)  # to warm up
            first = count(10_000_000, 10_000_000)
            rounds = [
                await _round(scene, size, told.seconds, told.in_flight, first=next(first))
                for size in SIZES
            ]
            _show(rounds, told.in_flight)
            if told.outage:
                outage = await _outage(scene, rabbit, told)
                _show_outage(outage)
                if outage.lost or outage.accepted.errors:
                    raise Lost(
                        f"{outage.lost} changes lost, {outage.accepted.errors} Updates not accepted"
                    )


async def _round(scene: Scene, size: int, seconds: float, in_flight: int, *, first: int) -> Round:
    before = await asyncio.to_thread(scene.posts)
    cpu = _cpu(scene)
    begun = time.perf_counter()
    async with Load(scene.target, in_flight, _new_posts(size, first)) as load:
        accepted = await load.run(seconds)
    if accepted.errors:
        raise Lost(f"{accepted.errors} Updates not accepted: {accepted.first_error}")
    wanted = before + accepted.answered * size
    await _until(lambda: scene.posts() >= wanted, f"{wanted} posts at the index that is told")
    lasted = time.perf_counter() - begun
    spent = tuple(
        (now - then) / max(accepted.answered, 1) for now, then in zip(_cpu(scene), cpu, strict=True)
    )
    return Round(size, accepted, lasted, (spent[0], spent[1]))


async def _outage(scene: Scene, rabbit: RabbitMq, told: argparse.Namespace) -> Outage:
    await _until(lambda: scene.waiting() == 0, "an empty outbox")
    await asyncio.sleep(2.0)  # the log of the hub that is told is flushed now and then
    before = scene.effects()
    await asyncio.to_thread(rabbit.kill)
    begun = time.perf_counter()
    posts = -(-told.updates // GENERATIONS)
    async with Load(scene.target, told.in_flight, _changes(posts)) as load:
        accepted = await load.run(_DELIVER_SECONDS)
    changes = posts * GENERATIONS
    await asyncio.sleep(max(0.0, told.outage - (time.perf_counter() - begun)))
    lasted = time.perf_counter() - begun
    await asyncio.to_thread(rabbit.start)
    back = time.perf_counter()
    emptying = asyncio.create_task(_until(lambda: scene.waiting() == 0, "an empty outbox"))
    await _until(
        lambda: scene.posts(_content(GENERATIONS)) >= posts, "all news at the index that is told"
    )
    all_told = time.perf_counter() - back
    emptied = await emptying - back
    with contextlib.suppress(Lost):
        await _until(lambda: scene.effects() - before >= changes, "all effects", 20.0)
    found = scene.effects() - before
    return Outage(
        lasted, accepted, max(0, changes - found), max(0, found - changes), emptied, all_told
    )


def _new_posts(size: int, first: int) -> Iterator[bytes]:
    """Updates of posts that nobody has yet."""
    for number in count(first, size):
        yield update_of(
            Post(_person(each % PEOPLE), SOURCE, f"O{each}")
            for each in range(number, number + size)
        )


def _changes(posts: int) -> Iterator[bytes]:
    """Updates of one change: all posts, again and again."""
    for generation in range(1, GENERATIONS + 1):
        for number in range(posts):
            yield update_of(
                [Post(_person(number % PEOPLE), SOURCE, f"X{number}", _content(generation))]
            )


def _content(generation: int) -> str:
    """Later than that of any other round."""
    return f"202601011200{generation:02}"


def _person(number: int) -> str:
    """Nobody's number: the month is 99."""
    return f"190099{number:06}"


def _cpu(scene: Scene) -> tuple[float, float]:
    return scene.teller.cpu_seconds(), scene.told.cpu_seconds()


async def _until(
    fulfilled: Callable[[], bool], what: str, seconds: float = _DELIVER_SECONDS
) -> float:
    """When it was so, as ``perf_counter``."""
    give_up = time.perf_counter() + seconds
    while not await asyncio.to_thread(fulfilled):
        if time.perf_counter() > give_up:
            raise Lost(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.1)
    return time.perf_counter()


def _show(rounds: list[Round], in_flight: int) -> None:
    table = Table(
        title=f"Updates, {in_flight} in flight, and their news at another hub by RabbitMQ"
    )
    for column in (
        *("Changes each", "accepted/s", "delivered/s", "changes delivered/s"),
        *("p50 ms", "p99 ms", "CPU ms: teller", "told"),
    ):
        table.add_column(column, justify="right")
    for one in rounds:
        delivered = one.accepted.answered / one.delivered_seconds
        table.add_row(
            str(one.changes),
            f"{one.accepted.rate:.0f}",
            f"{delivered:.0f}",
            f"{delivered * one.changes:.0f}",
            f"{one.accepted.percentile(0.5) * 1000:.1f}",
            f"{one.accepted.percentile(0.99) * 1000:.1f}",
            *(f"{seconds * 1000:.2f}" for seconds in one.cpu),
        )
    Console().print(table)
    sys.stdout.write(
        f"load average of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n"
    )


def _show_outage(outage: Outage) -> None:
    table = Table(title=f"RabbitMQ down for {outage.seconds:.0f} s, Updates all the while")
    table.add_column("What")
    table.add_column("Figure", justify="right")
    for what, figure in (
        ("Updates accepted", f"{outage.accepted.answered:,}"),
        ("not accepted", f"{outage.accepted.errors:,}"),
        (
            "accepted/s, p99",
            f"{outage.accepted.rate:.0f}, {outage.accepted.percentile(0.99) * 1000:.1f} ms",
        ),
        ("changes lost", f"{outage.lost:,}"),
        ("changes that had their effect twice", f"{outage.repeated:,}"),
        ("outbox empty after the broker's return", f"{outage.emptied:.1f} s"),
        ("all told after the broker's return", f"{outage.told:.1f} s"),
    ):
        table.add_row(what, figure)
    Console().print(table)
    sys.stdout.write(
        f"load average of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n"
    )


if __name__ == "__main__":
    sys.exit(ended_when_told(main))
