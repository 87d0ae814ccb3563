"""How a list is found in the digest: conditions by words, bounds by time, strides back in the log.

A list goes back some ten thousand rows at a time, until the page is full or the time is up; then
it says how far back it has looked, and the next page goes on there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from samsvar.model.questions import Line, Page, Search
from samsvar.model.result import Result
from samsvar.store.digest_tables import DIGEST_QUESTION, DIGEST_SOURCE, WORD

_Q, _S = DIGEST_QUESTION.c, DIGEST_SOURCE.c
_STRIDE = 20_000
_MOST_KNOWN = 10_000  # words; more than the sources and senders of a country
BUDGET = 0.1
"""Seconds that one page may look."""
#: a row stands in the log at the end of its question, and ``at`` is its beginning
_LONGEST_MS = 60_000


class Words:
    """Texts by their numbers and back."""

    def __init__(self, connection: sa.Connection, known: dict[int, str]) -> None:
        """``known``: what has been read before. A number never stands for another text."""
        self._connection = connection
        self._known = known

    def text(self, number: int | None) -> str | None:
        """What a number stands for."""
        if number is None:
            return None
        text = self._known.get(number)
        if text is None:
            text = self._connection.scalar(sa.select(WORD.c.text).filter_by(id=number))
            if text is not None and len(self._known) < _MOST_KNOWN:
                self._known[number] = text
        return text

    def numbers(self, kind: str, texts: Iterable[str]) -> list[int]:
        """The numbers of those that have been met, however their letters are written."""
        wanted = [text.lower() for text in texts]
        found = sa.select(WORD.c.id).where(
            WORD.c.kind == kind, sa.func.lower(WORD.c.text).in_(wanted)
        )
        return list(self._connection.scalars(found))

    def conditions(self, search: Search) -> list[sa.ColumnElement[bool]] | None:
        """What a row must be; None: nothing can be that."""
        found: list[sa.ColumnElement[bool]] = []
        for kind, column, text in (
            ("sender", _Q.sender, search.sender),
            ("contract", _Q.contract, search.contract),
        ):
            if text is not None:
                numbers = self.numbers(kind, [text])
                if not numbers:
                    return None
                found.append(column.in_(numbers))
        if search.sources is not None:
            numbers = self.numbers("source", search.sources)
            if not numbers:
                return None
            found.append(_S.source.in_(numbers))
        if search.result is not None:
            found.append(_Q.result == int(search.result))
        if search.over_ms:
            found.append(_Q.millis >= search.over_ms)
        if search.since is not None:
            found.append(_Q.at >= millis_since_1970(search.since))
        if search.until is not None:
            found.append(_Q.at < millis_since_1970(search.until))
        return found


def bounds(connection: sa.Connection, search: Search) -> tuple[int, int]:
    """Only rows between these numbers can be wanted: over ``low``, under ``high``."""
    low = search.after or 0
    newest = connection.scalar(sa.select(sa.func.max(_Q.sequence))) or 0
    high = search.before if search.before is not None else int(newest) + 1
    at = sa.select(_Q.sequence)
    if search.since is not None:
        early = at.where(_Q.at < millis_since_1970(search.since) - _LONGEST_MS).order_by(
            _Q.at.desc()
        )
        low = max(low, connection.scalar(early.limit(1)) or 0)
    if search.until is not None:
        late = at.where(_Q.at > millis_since_1970(search.until) + _LONGEST_MS).order_by(_Q.at)
        high = min(high, connection.scalar(late.limit(1)) or high)
    return low, high


def walked(
    connection: sa.Connection,
    words: Words,
    search: Search,
    conditions: Sequence[sa.ColumnElement[bool]],
    low: int,
    high: int,
    most: int,
    seconds: float,
) -> Page:
    """One page of what lies between two rows; the first stride is always done."""
    began = time.perf_counter()
    rows: list[Any] = []
    forwards = search.after is not None and search.before is None
    seek = Seek(search, conditions, forwards)
    while low + 1 < high:
        begin = low if forwards else max(low, high - 1 - _STRIDE)
        end = min(high, low + 1 + _STRIDE) if forwards else high
        rows += connection.execute(seek.between(begin, end, most + 1 - len(rows))).all()
        if forwards:
            low = end - 1
        else:
            high = begin + 1
        if len(rows) > most or time.perf_counter() - began > seconds:
            break
    more = len(rows) > most
    lines = tuple(line_of(row, words) for row in rows[:most])
    if forwards:
        beyond = low if low + 1 < high else None
        return Page(tuple(reversed(lines)), lines[-1].sequence if more else beyond)
    if more:
        return Page(lines, lines[-1].sequence)
    if low + 1 < high:
        reached = connection.scalar(sa.select(_Q.at).where(_Q.sequence >= high - 1).limit(1))
        return Page(lines, high, maybe_moment(reached))
    return Page(lines)


class Seek:
    """The statement for one stride. An index that is narrow enough is walked in one."""

    def __init__(
        self, search: Search, conditions: Sequence[sa.ColumnElement[bool]], forwards: bool
    ) -> None:
        if search.sources is not None:
            table = DIGEST_SOURCE.join(DIGEST_QUESTION, _Q.sequence == _S.sequence)
            chosen = sa.select(*DIGEST_QUESTION.c, _S.reason).select_from(table)
            self._key = _S.sequence
        else:
            chosen = sa.select(*DIGEST_QUESTION.c, sa.null().label("reason"))
            self._key = _Q.sequence
        self._chosen = chosen.where(*conditions)
        self._order = self._key.asc() if forwards else self._key.desc()

    def between(self, low: int, high: int, most: int) -> sa.Select[Any]:
        """Rows over ``low`` and under ``high``."""
        inside = self._chosen.where(self._key > low, self._key < high)
        return inside.order_by(self._order).limit(most)

    def count(self, connection: sa.Connection, low: int, high: int) -> int:
        """How many there are, of few."""
        inside = self._chosen.where(self._key > low, self._key < high).limit(_STRIDE)
        return int(
            connection.scalar(sa.select(sa.func.count()).select_from(inside.subquery())) or 0
        )


def line_of(row: Any, words: Words) -> Line:
    """A row as lists show it."""
    return Line(
        row.sequence,
        moment(row.at),
        Result(row.result),
        words.text(row.sender),
        words.text(row.contract),
        row.millis,
        row.asked,
        row.lost,
        row.items,
        words.text(row.reason),
    )


def millis_since_1970(moment: datetime) -> int:
    """As the digest has moments."""
    return int(moment.timestamp() * 1000)


def moment(millis: int) -> datetime:
    """The same back."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def maybe_moment(millis: int | None) -> datetime | None:
    """The same where there may be none."""
    return None if millis is None else moment(millis)
