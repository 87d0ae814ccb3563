"""Rows for people: a table where the terminal has room for it, else lines.

An identifier is what people copy into the next command, so it is never broken in two. Knows no
command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from samsvar.model.local_time import STOCKHOLM


def print_rows(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    console: Console | None = None,
) -> None:
    """Print rows below their headings, or, where they are too wide, each row as a block of lines.

    A cell may be several lines. In a block the first cell stands alone, and empty cells are left
    out.
    """
    console = console or Console()
    kept = [tuple(row) for row in rows]
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for row in kept:
        table.add_row(*map(Text, row))
    if console.measure(table, options=console.options.update(width=10_000)).maximum <= (
        console.width
    ):
        console.print(table)
        return
    if title is not None:
        console.print(title, style="italic", highlight=False, markup=False)
    for row in kept:
        for line in _block(headings, row):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def print_json(told: object) -> None:
    """Print what a program shall read."""
    sys.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")


def local(moment: str) -> str:
    """A stored moment (ISO 8601) as people read it: Swedish time, to the second. None stays so."""
    if not moment:
        return ""
    return f"{datetime.fromisoformat(moment).astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}"


def _block(headings: Sequence[str], row: Sequence[str]) -> Iterable[str]:
    widest = max(map(len, headings))
    yield row[0]
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        for number, line in enumerate(cell.splitlines()):
            yield f"  {heading if not number else '':<{widest}}  {line}"
