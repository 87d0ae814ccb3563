"""``python -m bench.kills``: engines, workers and hubs are killed under load; nothing is lost.

Starts a production set-up of its own (``bench.kills.production``), keeps asking and telling it,
kills one part ten times, and compares what clients were told with what the databases hold. Exit
code 1: a law was broken, or something did not start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from rich.console import Console

from bench.kills.engines import EngineFailed
from bench.kills.killing import killed, victims
from bench.kills.laws import kept
from bench.kills.ledger import Ledger
from bench.kills.production import production
from bench.kills.report import Run, show
from bench.kills.traffic import Traffic
from bench.processes import ChildFailed, ended_when_told

ENGINES = ("rabbitmq", "postgresql", "redis", "worker", "hub")


def main() -> int:
    """Read the arguments, kill, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument(
        "--engine", action="append", choices=ENGINES, help="only this; may be given several times"
    )
    parser.add_argument("--times", type=int, default=10, help="kills of each")
    parser.add_argument(
        "--folder", type=Path, help="a new folder, in which data and logs are left lying"
    )
    told = parser.parse_args()
    console = Console()
    try:
        with _folder(told.folder) as folder:
            runs = asyncio.run(_run(console, folder, told.engine or ENGINES, told.times))
    except (ChildFailed, EngineFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    show(console, runs)
    broken = [law for run in runs for law in run.broken()]
    for law in broken:
        console.print(f"BROKEN: {law}", highlight=False)
    return 1 if broken else 0


@contextlib.contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="samsvar-kills-") as made:
            yield Path(made)
    else:
        wanted.mkdir()
        yield wanted.absolute()


async def _run(console: Console, folder: Path, engines: Sequence[str], times: int) -> Sequence[Run]:
    runs = []
    async with AsyncExitStack() as stack:
        with console.status("starting everything"):
            made = await production(folder, stack)
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        traffic = Traffic(made.doors, session)
        with console.status("filling the index"):
            await traffic.prepare()
        all_victims = victims(made)
        for engine in engines:
            ledger, kills = Ledger(len(made.hubs)), []
            async with traffic.steady(ledger):
                for number in range(times):
                    with console.status(f"{engine}: kill {number + 1} of {times}"):
                        kills.append(
                            await killed(all_victims[engine], number, made, ledger, session)
                        )
            load = os.getloadavg()[0]
            with console.status(f"{engine}: comparing"):
                runs.append(Run(engine, kills, ledger, await kept(made, ledger), load))
    return runs


if __name__ == "__main__":
    sys.exit(ended_when_told(main))
