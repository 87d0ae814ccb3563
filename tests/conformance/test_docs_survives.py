"""The page of what a hub survives names tests that there are."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.pages import ROOT, Row, page, section, tables

SECTIONS = ("Message broker", "Database", "Processes")
COLUMNS = ["What breaks", "What the hub does", "What protects", "Test"]
TEST = re.compile(r"`?(tests/[\w/]+\.py)::(test_\w+)`?")


def rows() -> list[Row]:
    """All rows of the page."""
    return list(tables(page("survives.md")))


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_has_rows_and_each_of_them_all_columns(name: str) -> None:
    found = list(tables(section(page("survives.md"), f"## {name}")))
    assert found
    for row in found:
        assert list(row) == COLUMNS
        assert all(row.values()), row


def test_each_test_that_the_page_names_is_there() -> None:
    named = [(row["What breaks"], row["Test"].split(", ")) for row in rows()]
    for what, each in named:
        for one in each:
            found = TEST.fullmatch(one)
            assert found, f"{what}: {one!r} is not `tests/FILE.py::test_NAME`"
            file, test = found.groups()
            assert (ROOT / file).is_file(), f"{what}: there is no {file}"
            assert test in names_in(file), f"{what}: {file} has no {test}"


def test_nothing_stands_twice() -> None:
    broken = [row["What breaks"] for row in rows()]
    assert len(set(broken)) == len(broken)
