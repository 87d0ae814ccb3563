"""Reads the digest: lists by filters, neighbours, figures. Every answer comes within a moment.

Lists are found by ``store.digest_walk``. Plain functions: call them outside the event loop. Knows
no person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.questions import Figures, Line, Minute, Page, Search, SourceFigures
from samsvar.model.result import Result
from samsvar.store.database import Database
from samsvar.store.digest import read_to
from samsvar.store.digest_tables import (
    DIGEST_MINUTE,
    DIGEST_QUESTION,
    HOUR_MS,
    MINUTE_MS,
    SOURCE_HOUR,
    SOURCE_PACE,
    WORD,
    millis_of,
)
from samsvar.store.digest_walk import Seek, Words, bounds, line_of, maybe_moment, moment, walked
from samsvar.store.tables import QUESTION

_Q = DIGEST_QUESTION.c


class DigestReader:
    """Reads. Every method raises ResourcesMissing if it cannot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, search: Search, most: int) -> Page:
        """A page, the latest first (with ``after``: those just after it, latest first too)."""
        with self._reading() as connection:
            words = Words(connection)
            conditions = words.conditions(search)
            if conditions is None:
                return Page(())
            low, high = bounds(connection, search)
            return walked(connection, words, search, conditions, low, high, most)

    def between(self, search: Search, most: int) -> tuple[list[Line], int]:
        """The latest of those after ``after`` and before ``before``, and how many there are."""
        low, high = search.after or 0, search.before or 0
        with self._reading() as connection:
            words = Words(connection)
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
            found = sa.select(sa.func.max(QUESTION.c.sequence)).where(
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

    def sources(self, now: datetime, hours: int) -> list[SourceFigures]:
        """How each source has fared in the last hours; by when they were asked."""
        least = int((now - timedelta(hours=hours)).timestamp() * 1000) // HOUR_MS
        hour, pace = SOURCE_HOUR.c, SOURCE_PACE.c
        total = sa.func.sum
        with self._reading() as connection:
            words = Words(connection)
            # The last success counts however long ago it was.
            rows = connection.execute(
                sa.select(
                    hour.source,
                    sa.func.max(hour.producer).label("producer"),
                    *(
                        total(sa.case((hour.hour > least, hour[name]), else_=0)).label(name)
                        for name in ("asked", "failed", "empty", "slowest", "waited")
                    ),
                    sa.func.max(hour.last_well).label("last_well"),
                    sa.func.max(hour.last_badly).label("last_badly"),
                ).group_by(hour.source)
            ).all()
            reasons = {
                (row.source, row.last_badly): row.last_reason
                for row in connection.execute(
                    sa.select(hour.source, hour.last_badly, hour.last_reason).where(
                        hour.last_badly.is_not(None)
                    )
                )
            }
            paces: dict[int, Counter[int]] = {}
            for row in connection.execute(
                sa.select(pace.source, pace.pace, total(pace.answers))
                .where(pace.hour > least)
                .group_by(pace.source, pace.pace)
            ):
                paces.setdefault(row[0], Counter())[row[1]] = int(row[2])
            return [
                SourceFigures(
                    words.text(row.source) or "",
                    words.text(row.producer) or "",
                    int(row.asked),
                    int(row.failed),
                    int(row.empty),
                    int(row.slowest),
                    int(row.waited),
                    share(paces.get(row.source, Counter()), 0.5),
                    share(paces.get(row.source, Counter()), 0.95),
                    maybe_moment(row.last_well),
                    maybe_moment(row.last_badly),
                    words.text(reasons.get((row.source, row.last_badly))),
                )
                for row in rows
            ]

    def _reading(self) -> _Reading:
        return _Reading(self._database)


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
