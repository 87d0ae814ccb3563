"""Rows of the access log as lines for others: JSON, or CSV that no spreadsheet takes for formulas.

Bytes are written as hex. Of a JSON line the leaf can be made again, and held against a proof.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import orjson

from samsvar.audit.row_form import NAMES

COLUMNS = (*NAMES, "leaf")
#: a cell that begins so is run by spreadsheets; also behind blanks, which some of them strip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def json_line(row: Mapping[str, Any]) -> str:
    """One row, with its line's end."""
    return orjson.dumps(_plain(row), option=orjson.OPT_APPEND_NEWLINE).decode()


def csv_heading() -> str:
    """The line of the columns' names."""
    return _line(list(COLUMNS))


def csv_line(row: Mapping[str, Any]) -> str:
    """One row, with its line's end. What could be a formula gets an apostrophe before it."""
    return _line([_cell(value) for value in _plain(row).values()])


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.hex() if isinstance(value := row[name], bytes) else value for name in COLUMNS
    }


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)  # numbers: a minus is a minus
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def _line(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
