"""The table that a run ends with, and the sentences that say how to read it.

Knows what was measured, and nothing of how.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from samsvar import __version__

BARE = "bare conventional"
PLAIN = "Samsvar, plain"
TLS = "Samsvar, mutual TLS"
DIRECT = "the producer itself"


@dataclass(frozen=True, slots=True)
class Round:
    """One measured stretch of one program under load."""

    rate: float
    """Right answers a second."""
    cpu: float
    """Microseconds of CPU for each question, all threads."""
    p50: float
    p99: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """All rounds of one scene, by program."""

    title: str
    rounds: dict[str, list[Round]]


@dataclass(frozen=True, slots=True)
class Delay:
    """One question at a time: how long a program took, in seconds."""

    name: str
    p50: float
    p99: float
    asked: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a program, in MB."""

    name: str
    idle: float
    most: float


def machine(sync_milliseconds: float, pinned: bool) -> str:
    """What ran where, in a few lines."""
    packages = ("uvicorn", "uvloop", "httptools", "aiohttp", "lxml")
    # Our own from the code itself: a clone is run without being installed as a package.
    versions = ", ".join(
        (f"samsvar {__version__}", *(f"{name} {version(name)}" for name in packages))
    )
    cores = len(os.sched_getaffinity(0))
    where = (
        "the program under test has one core, load and producers share the rest"
        if pinned
        else "one core only: load, producers and the program under test share it"
    )
    return (
        f"\n{platform.system()} {platform.machine()}, {cores} cores: {where}.\n"
        f"Python {platform.python_version()}, {versions}.\n"
        f"A synced write of 4 kB takes {sync_milliseconds:.2f} ms on this disk."
    )


def throughput_table(scenes: Sequence[Throughput], in_flight: int) -> Table:
    """Requests a second and CPU for each question, and both against the bare hub."""
    table = _table(f"{in_flight} questions in flight", "question to")
    for heading in ("req/s", "best", "CPU µs", "p50 ms", "p99 ms", "ratio", "CPU ratio"):
        table.add_column(heading, justify="right", min_width=5)
    for scene in scenes:
        bare = scene.rounds[BARE]
        table.add_row(f"[bold]{scene.title}")
        for position, (name, rounds) in enumerate(scene.rounds.items(), start=1):
            rate, cpu = _median(rounds, "rate"), _median(rounds, "cpu")
            table.add_row(
                f"  {name}",
                f"{rate:,.0f}",
                f"{max(each.rate for each in rounds):,.0f}",
                f"{cpu:,.0f}",
                f"{_median(rounds, 'p50') * 1000:.1f}",
                f"{_median(rounds, 'p99') * 1000:.0f}",
                f"{rate / _median(bare, 'rate'):.2f}",
                f"{_median(bare, 'cpu') / cpu:.2f}" if cpu else "-",
                end_section=position == len(scene.rounds),
            )
    return table


def delay_table(title: str, delays: Sequence[Delay]) -> Table:
    """What each program adds to the time of the producer that it waits for."""
    table = _table(f"1 question in flight: {title}", "asked")
    for heading in ("questions", "p50 ms", "p99 ms", "added p50", "added p99"):
        table.add_column(heading, justify="right")
    direct = delays[0]
    for each in delays:
        table.add_row(
            each.name,
            str(each.asked),
            f"{each.p50 * 1000:.2f}",
            f"{each.p99 * 1000:.2f}",
            "-" if each is direct else f"{(each.p50 - direct.p50) * 1000:.2f}",
            "-" if each is direct else f"{(each.p99 - direct.p99) * 1000:.2f}",
        )
    return table


def memory_table(memories: Sequence[Memory]) -> Table:
    """Resident memory before any question, and at most during the run."""
    table = _table("Resident memory", "program")
    table.add_column("idle MB", justify="right")
    table.add_column("most MB", justify="right")
    for each in memories:
        table.add_row(each.name, f"{each.idle:.0f}", f"{each.most:.0f}")
    return table


def show(console: Console, tables: Sequence[Table], told: str, seconds: float) -> None:
    """Print it all."""
    console.print(told, highlight=False)
    for table in tables:
        console.print()
        console.print(table)
    console.print(
        "\nRatios: Samsvar against the bare conventional hub of the same run. 1.00 is as fast, and"
        " more is faster. Samsvar does everything: identity, index, permissions, schemas, patient"
        " check, synced access log, routing log. The bare hub does none of it."
        f"\nMeasured in {seconds:.0f} s. How to read it: docs/benchmark.md",
        highlight=False,
    )


def _table(title: str, first: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column(first, no_wrap=True)
    return table


def _median(rounds: Sequence[Round], what: str) -> float:
    return float(median(getattr(each, what) for each in rounds))
