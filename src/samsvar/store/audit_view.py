"""The access log as those who prove it read it: rows with their leaves, tree, heads and keys.

One moment of the database for as long as the view is open; nothing waits for it. Knows the tables
and how they are read when the file may be damaged. Judges nothing: ``audit.verifying`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from samsvar.audit.cuts import Cut
from samsvar.audit.heads import KeyHandOver, SignedHead, StatementRefused, read_line
from samsvar.audit.merkle import CompactRange
from samsvar.audit.row_form import NAMES
from samsvar.audit.verifying import RowsDamaged
from samsvar.errors import ResourcesMissing
from samsvar.store.audit_tree import TreeBroken, stored_tree
from samsvar.store.database import Database, Raw

_COLUMNS = ", ".join(NAMES)
_ROWS = f"SELECT {_COLUMNS}, leaf FROM question WHERE sequence >= ? ORDER BY sequence"  # noqa: S608 - the columns' names
_ROW = f"SELECT {_COLUMNS}, leaf FROM question WHERE sequence = ?"  # noqa: S608 - the same
_HEADS = "SELECT line FROM audit_head WHERE number >= ? ORDER BY number"
_LAST = "SELECT line, size, peaks FROM audit_head ORDER BY number DESC LIMIT 1"
_COVERING = "SELECT line FROM audit_head WHERE size >= ? ORDER BY number LIMIT 1"
_KEYS = "SELECT line FROM audit_key ORDER BY number"
_LEAVES = "SELECT leaf FROM question WHERE sequence > ? AND sequence <= ? ORDER BY sequence"
_CUT = "SELECT size, peaks, told_in FROM audit_cut ORDER BY size DESC LIMIT 1"
_HEAD_AT = "SELECT line, peaks FROM audit_head WHERE size <= ? ORDER BY size DESC, number DESC"

Row = tuple[tuple[Any, ...], bytes]


class LogView:
    """The log at one moment. Its methods raise ResourcesMissing if it cannot be read at all."""

    def __init__(self, connection: Raw) -> None:
        self._connection = connection

    @property
    def log(self) -> str:
        """The log's id."""
        found = self._all("SELECT log FROM audit_tree WHERE id = 1")
        return str(found[0][0]) if found else ""

    def tree(self) -> CompactRange:
        """The growing edge, as the last append left it."""
        try:
            return stored_tree(self._connection)
        except TreeBroken as error:
            raise ResourcesMissing(str(error)) from error
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the access log cannot be read ({type(error).__name__})"
            ) from error

    def rows(self, first: int = -(2**63)) -> Iterator[Row]:
        """Values in the order of ``NAMES`` and leaf of each row from a number on.

        Raises:
            RowsDamaged: the next one cannot be read.
        """
        try:
            for row in self._connection.each(_ROWS, (first,)):
                yield row[:-1], row[-1]
        except sa.exc.SQLAlchemyError as error:
            raise RowsDamaged from error

    def row(self, sequence: int) -> Row | None:
        """One row."""
        found = self._all(_ROW, sequence)
        return (found[0][:-1], found[0][-1]) if found else None

    def leaves(self, size: int, after: int = 0) -> list[bytes]:
        """The leaves of the rows up to a number; ``after``: not those up to this one."""
        return [row[0] for row in self._all(_LEAVES, after, size)]

    def cut(self) -> Cut | None:
        """Where the log begins, if rows of it were let go."""
        found = self._all(_CUT)
        if not found:
            return None
        size, peaks, told_in = found[0]
        try:
            return Cut(CompactRange.read(size, peaks), told_in)
        except (TypeError, ValueError) as error:
            raise ResourcesMissing("where the access log begins is damaged") from error

    def heads_down_from(self, size: int) -> Iterator[tuple[SignedHead, CompactRange]]:
        """Heads of so many rows or fewer, the largest first, each with its tree."""
        for line, peaks in self._all(_HEAD_AT, size):
            told = _read(line)
            if isinstance(told, SignedHead):
                try:
                    yield told, CompactRange.read(told.head.size, peaks)
                except (TypeError, ValueError) as error:
                    raise ResourcesMissing("a signed head is damaged") from error

    def heads(self, first: int = 1) -> Iterator[SignedHead]:
        """Signed heads from a number on."""
        for (line,) in self._all(_HEADS, first):
            told = _read(line)
            if isinstance(told, SignedHead):
                yield told

    def last_head(self) -> tuple[SignedHead, CompactRange] | None:
        """The newest head, and the tree that it was signed for."""
        found = self._all(_LAST)
        if not found:
            return None
        line, size, peaks = found[0]
        told = _read(line)
        try:
            tree = CompactRange.read(size, peaks)
        except (TypeError, ValueError) as error:
            raise ResourcesMissing("the last signed head is damaged") from error
        if not isinstance(told, SignedHead):
            raise ResourcesMissing("the last signed head is damaged")
        return told, tree

    def head_over(self, sequence: int) -> SignedHead | None:
        """The first head that was signed when the row stood in the log."""
        found = self._all(_COVERING, sequence)
        told = _read(found[0][0]) if found else None
        return told if isinstance(told, SignedHead) else None

    def keys(self) -> list[KeyHandOver]:
        """The keys, in the order in which they were taken into use."""
        told = (_read(line) for (line,) in self._all(_KEYS))
        return [key for key in told if isinstance(key, KeyHandOver)]

    def _all(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        try:
            return self._connection.all(statement, values)
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the access log cannot be read ({type(error).__name__})"
            ) from error


@contextmanager
def viewed(database: Database) -> Iterator[LogView]:
    """A view, until the block ends.

    Raises:
        ResourcesMissing: the database cannot be read.
    """
    try:
        with database.read() as connection, connection.begin():
            yield LogView(database.raw_of(connection))
    except sa.exc.SQLAlchemyError as error:
        raise ResourcesMissing(f"the access log cannot be read ({type(error).__name__})") from error


def _read(line: bytes) -> SignedHead | KeyHandOver | None:
    """None: it is neither. It is then missing in its chain, which is what is told."""
    try:
        return read_line(line)
    except StatementRefused:
        return None
