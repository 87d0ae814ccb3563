"""``python -m bench.scaling``: one hub process against two, by ``samsvar serve --workers``.

The same questions, in turn (A B A B). Load and producers run beside the hub, so on a machine with
few cores they are what limits: how busy the machine was is printed with it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from bench.load import Load
from bench.messages import THROUGHPUT
from bench.processes import ChildFailed, Nursery, ended_when_told
from bench.site import Site, plain_question, updates

IN_FLIGHT = 32
PROCESSES = (1, 2)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: right answers a second, times in milliseconds, share of all cores in use."""

    rate: float
    p50: float
    p99: float
    busy: float


def main() -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="samsvar-scaling-") as folder:
            uvloop.run(_run(Path(folder), told.seconds, told.rounds))
    except ChildFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(folder: Path, seconds: float, rounds: int) -> None:
    console = Console()
    scene = THROUGHPUT[1]
    async with Nursery() as nursery:
        producers = await nursery.start("producers", ["-m", "bench.producer"])
        ports = orjson.loads(await producers.line())
        urls = [
            await _hub(nursery, Path(tempfile.mkdtemp(dir=folder)), ports, count)
            for count in PROCESSES
        ]
        found: dict[int, list[Round]] = {count: [] for count in PROCESSES}
        for number in range(1, rounds + 1):
            for count, url in zip(PROCESSES, urls, strict=True):
                with console.status(f"{count} processes, round {number}"):
                    async with Load(plain_question(url, scene), IN_FLIGHT) as load:
                        await load.run(0.5)
                        before = _ticks()
                        result = await load.run(seconds)
                        after = _ticks()
                if result.errors:
                    raise ChildFailed(f"a wrong answer: {result.first_error}")
                idle, every = (b - a for a, b in zip(before, after, strict=True))
                p50, p99 = (result.percentile(share) * 1000 for share in (0.50, 0.99))
                found[count].append(Round(result.rate, p50, p99, 1 - idle / every))
    console.print(_table(scene.title, found))
    one, two = (statistics.median(each.rate for each in found[count]) for count in PROCESSES)
    console.print(
        f"two against one: {two / one:.2f}; load average {os.getloadavg()[0]:.1f},"
        f" {os.cpu_count()} cores, load and producers beside the hub",
        highlight=False,
    )


async def _hub(nursery: Nursery, folder: Path, ports: dict[str, list[int]], processes: int) -> str:
    """A hub of so many processes, with an index that knows; where it listens."""
    site = Site.make(folder, ports)
    settings = ["--settings", str(site.settings)]
    samsvar = ["-m", "samsvar"]
    await nursery.run(
        "samsvar registry load", [*samsvar, "registry", "load", str(site.registry), *settings]
    )
    with site.routing_log.open("wb") as log:
        serve = [*samsvar, "serve", *settings, "--workers", str(processes)]
        hub = await nursery.start("samsvar serve", serve, output=log)
    url = (await hub.line("http:", errors=True)).split()[-1]
    for target in updates(url):
        async with Load(target, 1) as load:
            if (told := await load.run(0.0)).errors:
                raise ChildFailed(f"the index refused an Update: {told.first_error}")
    return url


def _ticks() -> tuple[int, int]:
    """Of all cores since the machine started: idle, and in all."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    numbers = [int(each) for each in fields[:8]]
    return numbers[3] + numbers[4], sum(numbers)


def _table(title: str, found: Mapping[int, Sequence[Round]]) -> Table:
    table = Table(title=f"{title}, {IN_FLIGHT} in flight", title_justify="left")
    for heading in ("Processes", "req/s", "best", "p50 ms", "p99 ms", "machine in use"):
        table.add_column(heading, justify="right")
    for count, rounds in found.items():
        rates = [each.rate for each in rounds]
        table.add_row(
            str(count),
            f"{statistics.median(rates):.0f}",
            f"{max(rates):.0f}",
            f"{statistics.median(each.p50 for each in rounds):.1f}",
            f"{statistics.median(each.p99 for each in rounds):.1f}",
            f"{statistics.median(each.busy for each in rounds):.0%}",
        )
    return table


if __name__ == "__main__":
    sys.exit(ended_when_told(main))
