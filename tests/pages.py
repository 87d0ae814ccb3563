"""The pages under ``docs/`` as data: sections, tables, code blocks; and the program as text.

Knows Markdown as these pages write it. Knows no page by name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "samsvar"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(ROOT / "deploy").glob("*.md"),
        *(ROOT / "contracts").glob("*/README.md"),
        *(ROOT / "adapters").glob("*/README.md"),
        ROOT / "wsdl" / "README.md",
    ]
)

Row = dict[str, str]


def page(name: str) -> str:
    """The text of a page below ``docs``."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, as far as the next one of the same level."""
    level = heading.split(" ")[0]
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, f"no heading {heading!r}"
    return re.split(rf"^{level} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def tables(text: str) -> Iterator[Row]:
    """Every row of every table, by its column's heading. Backticks around a cell are taken off."""
    for block in re.findall(r"(?:^\|.*\n)+", f"{text}\n", re.MULTILINE):
        lines = [
            [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            for line in block.splitlines()
        ]
        headings = lines[0]
        for cells in lines[2:]:
            assert len(cells) == len(headings), f"a row has another number of cells: {cells[0]}"
            yield dict(zip(headings, (cell.strip().strip("`") for cell in cells), strict=True))


def named(text: str, column: str) -> list[str]:
    """One column of all tables in a text."""
    return [row[column] for row in tables(text) if column in row]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a page that are marked with a language."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def same(on_page: list[str], in_program: set[str]) -> None:
    """The page names each once, and nothing else."""
    assert sorted(on_page) == sorted(in_program)


@cache
def source_trees() -> tuple[ast.Module, ...]:
    """Every module of the program."""
    return tuple(
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
        if "_data" not in path.parts
    )


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of a function or method with this name."""
    for tree in source_trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name in (
                getattr(node.func, "id", None),
                getattr(node.func, "attr", None),
            ):
                yield node
