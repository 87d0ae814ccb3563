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
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from bench.kills.engines import EngineFailed, PostgreSql, RabbitMq
from bench.load import Load, Result, Target
from bench.messages import HUB, OWNER, UPDATE_ACTION, UPDATE_PATH, Post, update_of
from bench.processes import Child, ChildFailed, Nursery, ended_when_told
from samsvar.broker.keys import KeyPair

TOLD = "SE2129999997-EI"
HUBS = ("teller", "told")
SOURCE = f"{OWNER}-SOURCE"
PEOPLE = 5000
SIZES = (1, 10)
GENERATIONS = 4
"""Times that each post of the outage changes."""
_DELIVER_SECONDS = 300.0
_DONE = re.compile(r"(\d+) stored, (\d+) updated")
_URN = "urn:riv:itintegration:engagementindex:{}Responder:1"


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


class Scene:
    """The two hubs, and what they have on disk."""

    def __init__(
        self, folder: Path, server: PostgreSql | None, teller: Child, told: Child, door: str
    ) -> None:
        self._folder = folder
        self._server = server
        self.teller, self.told = teller, told
        self.target = Target(
            door + UPDATE_PATH,
            b"",
            0,
            headers=(("SOAPAction", f'"{UPDATE_ACTION}"'), ("x-vp-sender-id", SOURCE)),
        )

    def waiting(self) -> int:
        """Changes in the outbox of the hub that tells."""
        return self._one("teller", "SELECT count(*) FROM outbox")

    def posts(self, since: str = "") -> int:
        """Posts of the index that is told, with at least that content."""
        return self._one(
            "told",
            f"SELECT count(*) FROM engagement WHERE most_recent_content >= {int(since or 0)}",
        )

    def effects(self) -> int:
        """Changes that the told index has made, as its log has it."""
        total = 0
        with (self._folder / "told" / "routing.log").open(encoding="utf-8") as log:
            for line in log:
                if '"index-notification"' in line:
                    found = _DONE.search(line)
                    total += sum(map(int, found.groups())) if found else 0
        return total

    def _one(self, which: str, statement: str) -> int:
        if self._server is not None:
            with psycopg.connect(self._server.url(which)) as server:
                row = server.execute(statement.encode()).fetchone()
                return int(row[0]) if row is not None else 0
        path = self._folder / which / "data" / "samsvar.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            return int(connection.execute(statement).fetchone()[0])


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
            scene = await _scene(folder, rabbit, server, nursery)
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


async def _scene(
    folder: Path, rabbit: RabbitMq, server: PostgreSql | None, nursery: Nursery
) -> Scene:
    keys = {which: KeyPair.new() for which in HUBS}
    _write(folder, rabbit, server, keys)
    samsvar = ["-m", "samsvar"]
    children: dict[str, Child] = {}
    doors: dict[str, str] = {}
    for which in ("told", "teller"):  # the one that makes the queues first
        site = folder / which
        settings = ["--settings", str(site / "settings.toml")]
        await nursery.run(
            f"registry of {which}",
            [*samsvar, "registry", "load", str(site / "registry.toml"), *settings],
        )
        with (site / "routing.log").open("wb") as log:
            child = await nursery.start(which, [*samsvar, "serve", *settings], output=log)
        doors[which] = (await child.line("http:", errors=True)).split()[-1]
        children[which] = child
    return Scene(folder, server, children["teller"], children["told"], doors["teller"])


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


def _write(
    folder: Path, rabbit: RabbitMq, server: PostgreSql | None, keys: dict[str, KeyPair]
) -> None:
    broker = (
        f'[broker]\nurl = "{rabbit.url}"\nuser = "{RabbitMq.USER}"\n'
        'password = "env:BROKER_PASSWORD"\nhub_key = "broker.key"\n'
    )
    teller_key, told_key = keys["teller"].public.text, keys["told"].public.text
    index = {
        "teller": f'address = "{HUB}"\n',
        "told": f'address = "{TOLD}"\nreceive_from_broker = ["{HUB} {teller_key}"]\n',
    }
    registry = {
        "teller": f'[[producer]]\nid = "told"\ntitle = "told"\nkind = "worker"\n'
        f'workers = ["{told_key}"]\nowner = "SE1"\n'
        f'[[route]]\ncontract = "ProcessNotification 1"\nlogical_address = "{TOLD}"\n'
        'producer = "told"\n' + _may(SOURCE, "Update 1", HUB),
        "told": _may(HUB, "ProcessNotification 1", TOLD),
    }
    contracts = "\n".join(
        f'[[contract]]\nurn = "{_URN.format(name)}"\ntitle = "{name} 1"\n'
        for name in ("Update", "ProcessNotification")
    )
    for which, pair in keys.items():
        site = folder / which
        site.mkdir()
        (site / "broker.key").touch(0o600)
        (site / "broker.key").write_text(pair.secret() + "\n")
        database = f'database = "{server.url(which)}"\n' if server is not None else ""
        (site / "settings.toml").write_text(
            f'[hub]\naddresses = ["{HUB}"]\ndata = "data"\n{database}'
            f'[[listen]]\nkind = "plain"\ntrusted = true\n{broker}[index]\n{index[which]}'
        )
        (site / "registry.toml").write_text(contracts + registry[which])


def _may(consumer: str, contract: str, address: str) -> str:
    return (
        f'[[consumer]]\nid = "{consumer}"\nchannel = "system"\nsocial_care = false\n'
        f'[[permission]]\nconsumer = "{consumer}"\ncontract = "{contract}"\n'
        f'logical_address = "{address}"\n'
    )


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
