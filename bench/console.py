"""How long the console's pages take with a million questions in the log; whether the tail keeps up.

``.venv/bin/python -m bench.console`` makes the log in a folder that is thrown away; with
``--folder`` it is kept, and used again. ``--database`` has PostgreSQL instead of SQLite. Prints,
judges nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.console_log import make
from bench.console_pages import Timed, WrongPage, measured
from bench.console_tail import (
    ROLE,
    AskedBadly,
    Followed,
    Load,
    appended,
    asked,
    followed,
    tell_index,
)
from bench.messages import SMALL
from bench.processes import ChildFailed, Nursery, ended_when_told
from samsvar.settings import load
from samsvar.store.database import open_database


def main() -> int:
    """Read the arguments, run, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--questions", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep what is made here, and use it again")
    parser.add_argument("--database", help="URL of a PostgreSQL database, for this bench alone")
    parser.add_argument("--rate", type=int, default=200, help="questions a second under the tail")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each run of the tail")
    parser.add_argument(
        "--by",
        choices=("asking", "appending"),
        default="asking",
        help="ask the hub itself, or append rows as another hub on its database does",
    )
    parser.add_argument("--only", choices=("pages", "tail"))
    told = parser.parse_args()
    try:
        if told.folder is not None:
            asyncio.run(_run(told, told.folder))
        else:
            with tempfile.TemporaryDirectory(prefix="samsvar-bench-") as folder:
                asyncio.run(_run(told, Path(folder)))
    except (ChildFailed, WrongPage, AskedBadly) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(told: argparse.Namespace, folder: Path) -> None:
    console = Console()
    async with Nursery() as nursery:
        producers = await nursery.start("producers", ["-m", "bench.producer"])
        ports = orjson.loads(await producers.line())[SMALL.name]
        hub = await asyncio.to_thread(make, folder, told.questions, ports, told.database)
        with (folder / "routing.log").open("wb") as log:
            served = await nursery.start(
                "samsvar serve",
                ["-m", "samsvar", "serve", "--settings", str(hub.settings_file)],
                output=log,
            )
        where = (await served.line("http:", errors=True)).split()[-1]
        kind = "PostgreSQL" if told.database else "SQLite"
        begun = served.memory()[0]
        console.print(f"{hub.questions} questions in {kind}; load average {os.getloadavg()[0]:.1f}")
        if told.only != "tail":
            _show_pages(
                console,
                await measured(where, hub.tokens, hub.questions, served.cpu_seconds),
            )
        if told.only != "pages":
            settings = load(hub.settings_file, {})
            database = open_database(settings.hub.data, settings.hub.database)
            await tell_index(where)
            await asyncio.sleep(3.0)  # those rows have been told before anybody follows
            by: Load = partial(asked, where) if told.by == "asking" else partial(appended, database)
            for followers in (1, 3):
                run = await followed(
                    where,
                    hub.tokens[ROLE],
                    followers,
                    told.rate,
                    told.seconds,
                    by,
                    lambda: served.memory()[0],
                )
                _show_tail(console, run)
            database.close()
        console.print(
            f"hub: {begun:.0f} MB at the start, {served.memory()[0]:.0f} MB at the end,"
            f" {served.memory()[1]:.0f} MB at most; load average {os.getloadavg()[0]:.1f}"
        )


def _show_pages(console: Console, pages: list[Timed]) -> None:
    table = Table("Page", "p50 ms", "max ms", "first ms", "CPU ms")
    for one in pages:
        figures = one.median, one.most, one.first, one.processor
        table.add_row(one.name, *(f"{figure:.0f}" for figure in figures))
    console.print(table)


def _show_tail(console: Console, one: Followed) -> None:
    console.print(
        f"{one.followers} following: {one.asked} questions, {one.asked / one.seconds:.0f} a second;"
        f" each was shown {one.shown} and told of {one.hidden} hidden, {one.missing} were missing;"
        f" {one.behind:.1f} s behind at the end, shown after {one.late:.1f} s (p95);"
        f" hub {one.resident[0]:.0f} MB before, {one.resident[1]:.0f} MB after;"
        f" load average {os.getloadavg()[0]:.1f}",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(ended_when_told(main))
