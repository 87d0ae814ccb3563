"""Rows for people: a table where there is room, else lines with whole identifiers."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from samsvar.cli.listing import local, print_rows

URN = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
HEADINGS = ("Name", "Operation", "Namespace")


def printed(width: int, *rows: tuple[str, ...], title: str | None = None) -> list[str]:
    out = StringIO()
    print_rows(HEADINGS, rows, title=title, console=Console(file=out, width=width))
    return out.getvalue().splitlines()


def test_where_the_terminal_has_room_rows_are_a_table() -> None:
    """Each row on one line."""
    lines = printed(200, ("plans", "GetCarePlans", URN))

    assert len(lines) == 5
    assert all(word in lines[3] for word in ("plans", "GetCarePlans", URN))


def test_where_it_has_not_each_row_is_a_block_and_no_identifier_is_broken() -> None:
    """Also one that is wider than the terminal; what is empty is left out."""
    lines = printed(40, ("plans", "", URN), ("contacts", "one\ntwo", "urn:x"), title="All")

    assert lines == [
        "All",
        "plans",
        f"  Namespace  {URN}",
        "contacts",
        "  Operation  one",
        "             two",
        "  Namespace  urn:x",
    ]


@pytest.mark.parametrize("width", [20, 200])
def test_brackets_in_a_cell_are_text_and_not_markup(width: int) -> None:
    """Else a name in brackets would be gone."""
    assert any("[bold]x[/]" in line for line in printed(width, ("[bold]x[/]", "b", "c")))


def test_moments_are_told_in_swedish_time() -> None:
    """As in explain; winter time here, and nothing stays nothing."""
    assert local("2026-11-22T00:17:58.123456+00:00") == "2026-11-22 01:17:58"
    assert local("") == ""
