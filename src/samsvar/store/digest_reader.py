"""Reads the digest: lists by filters, neighbours, figures. Every answer comes within a moment.

Lists are found by ``store.digest_walk``. Plain functions: call them outside the event loop. Knows
no person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.questions import Figures, Line, Minute, Page, Search, SourceFigures
from samsvar.model.result import Result
from samsvar.store.database import Database
from samsvar.store.digest import read_to
from samsvar.store.digest_tables import (
    DAY_MS,
    DIGEST_MINUTE,
    DIGEST_QUESTION,
    HOUR_MS,
    MINUTE_MS,
    SOURCE_DAY_PACE,
    SOURCE_HOUR,
    SOURCE_LAST,
    SOURCE_PACE,
    WORD,
    millis_of,
)
from samsvar.store.digest_walk import (
    BUDGET,
    Seek,
    Words,
    bounds,
    line_of,
    maybe_moment,
    moment,
    walked,
)
from samsvar.store.tables import QUESTION

_Q = DIGEST_QUESTION.c
_MOST_HOURS = 48  # whose durations are read hour by hour


class DigestReader:
    """Reads. Every method raises ResourcesMissing if it cannot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, str] = {}

    def page(self, search: Search, most: int, seconds: float = BUDGET) -> Page:
        """A page, the latest first (with ``after``: those just after it, latest first too).
        ``seconds``: so long it may look."""
        with self._reading() as connection:
            words = Words(connection, self._known)
            conditions = words.conditions(search)
            if conditions is None:
                return Page(())
            low, high = bounds(connection, search)
            return walked(connection, words, search, conditions, low, high, most, seconds)

    def between(self, search: Search, most: int) -> tuple[list[Line], int]:
        """The latest of those after ``after`` and before ``before``, and how many there are."""
        low, high = search.after or 0, search.before or 0
        with self._reading() as connection:
            words = Words(connection, self._known)
            conditions = words.conditions(search)
            if conditions is None or high <= low + 1:
                return [], 0
            seek = Seek(search, conditions, forwards=False)
            rows = connection.execute(seek.between(low, high, most)).all()
            if len(rows) < most:
                return [line_of(row, words) for row in rows], len(rows)
            return [line_of(row, words) for row in rows], seek.count(connection, low, high)

    def named(self, kind: str) -> list[str]:
        """The senders, contracts, sources or producers that there have been."""
        with self._reading() as connection:
            found = sa.select(WORD.c.text).filter_by(kind=kind).order_by(WORD.c.text)
            return list(connection.scalars(found))

    def last(self) -> int:
        """The newest row's number; 0: there is none."""
        with self._reading() as connection:
            return int(connection.scalar(sa.select(sa.func.max(_Q.sequence))) or 0)

    def sequence_of(self, correlation_id: str) -> int | None:
        """The last row of the log under a correlation id."""
        with self._reading() as connection:
            # Of the sum, or PostgreSQL looks for the greatest number by going back through them.
            found = sa.select(sa.func.max(QUESTION.c.sequence + 0)).where(
                QUESTION.c.correlation_id == correlation_id
            )
            last: int | None = connection.scalar(found)
            return last

    def correlations(self, sequences: Sequence[int]) -> Mapping[int, str]:
        """The correlation id of each row."""
        if not sequences:
            return {}
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(QUESTION.c.sequence, QUESTION.c.correlation_id).where(
                    QUESTION.c.sequence.in_(sequences)
                )
            )
            return {row.sequence: row.correlation_id for row in rows}

    def figures(self, now: datetime, minutes: int) -> Figures:
        """Each of the last minutes, the oldest first; none left out."""
        this = int(now.timestamp() * 1000) // MINUTE_MS
        table = DIGEST_MINUTE.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(table.minute, table.result, table.pace, table.questions).where(
                    table.minute > this - minutes, table.minute <= this
                )
            ).all()
            last = connection.scalar(sa.select(sa.func.max(QUESTION.c.sequence))) or 0
            behind = last - read_to(connection)
        by_minute: dict[int, Counter[Result]] = {
            each: Counter() for each in range(this - minutes + 1, this + 1)
        }
        paces: Counter[int] = Counter()
        counts: Counter[Result] = Counter()
        for minute, result, pace, questions in rows:
            by_minute[minute][Result(result)] += questions
            counts[Result(result)] += questions
            paces[pace] += questions
        return Figures(
            tuple(
                Minute(moment(minute * MINUTE_MS), dict(found))
                for minute, found in sorted(by_minute.items())
            ),
            dict(counts),
            share(paces, 0.5),
            share(paces, 0.95),
            max(0, behind),
        )

    def sources(
        self, now: datetime, hours: int, of: Collection[str] | None = None
    ) -> list[SourceFigures]:
        """How each source has fared in the last hours; by when they were asked. ``of``: only
        these."""
        moment_ms = int((now - timedelta(hours=hours)).timestamp() * 1000)
        least, hour, last = moment_ms // HOUR_MS, SOURCE_HOUR.c, SOURCE_LAST.c
        counted = ("asked", "failed", "empty", "slowest", "waited")
        with self._reading() as connection:
            words = Words(connection, self._known)
            numbers = None if of is None else words.numbers("source", of)
            counts: dict[int, tuple[int, ...]] = {
                row[0]: tuple(map(int, row[1:]))
                for row in connection.execute(
                    sa.select(hour.source, *(sa.func.sum(hour[name]) for name in counted))
                    .where(hour.hour > least, *_among(hour.source, numbers))
                    .group_by(hour.source)
                )
            }
            paces = _paces(connection, moment_ms, hours, numbers)
            # The last success counts however long ago it was.
            rows = connection.execute(
                sa.select(*last).where(*_among(last.source, numbers)).order_by(last.source)
            ).all()
            found = []
            for row in rows:
                asked, failed, empty, slowest, waited = counts.get(row.source, (0,) * len(counted))
                taken = paces.get(row.source, Counter())
                found.append(
                    SourceFigures(
                        words.text(row.source) or "",
                        words.text(row.producer) or "",
                        asked,
                        failed,
                        empty,
                        slowest,
                        waited,
                        share(taken, 0.5),
                        share(taken, 0.95),
                        maybe_moment(row.last_well),
                        maybe_moment(row.last_badly),
                        words.text(row.last_reason),
                    )
                )
            return found

    def _reading(self) -> _Reading:
        return _Reading(self._database)


def _among(
    column: sa.ColumnElement[int], numbers: Sequence[int] | None
) -> list[sa.ColumnElement[bool]]:
    return [] if numbers is None else [column.in_(numbers)]


def _paces(
    connection: sa.Connection, moment_ms: int, hours: int, numbers: Sequence[int] | None
) -> Mapping[int, Counter[int]]:
    """How many answers of each source were of each class of duration. Of some days: from the day
    on in which they begin, which is a few rows for each instead of thousands."""
    by_day = hours > _MOST_HOURS
    table = SOURCE_DAY_PACE.c if by_day else SOURCE_PACE.c
    begin = table.day >= moment_ms // DAY_MS if by_day else table.hour > moment_ms // HOUR_MS
    found: dict[int, Counter[int]] = {}
    for source, pace, answers in connection.execute(
        sa.select(table.source, table.pace, sa.func.sum(table.answers))
        .where(begin, *_among(table.source, numbers))
        .group_by(table.source, table.pace)
    ):
        found.setdefault(source, Counter())[pace] = int(answers)
    return found


class _Reading:
    """A connection, with what goes wrong told in our words."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None

    def __enter__(self) -> sa.Connection:
        try:
            self._connection = self._database.read()
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error
        return self._connection

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._connection is not None:
            self._connection.close()
        if isinstance(error, sa.exc.SQLAlchemyError):
            raise _failed(error) from error


def share(paces: Mapping[int, int], part: float) -> int | None:
    """The duration, in milliseconds, that this part of all stays under; None: there are none."""
    wanted = sum(paces.values()) * part
    if not wanted:
        return None
    seen = 0
    for pace in sorted(paces):
        seen += paces[pace]
        if seen >= wanted:
            return millis_of(pace)
    return None


def _failed(error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the digest of the access log cannot be read ({type(error).__name__})")
