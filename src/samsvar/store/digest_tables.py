"""The digest's tables as the code uses them: the access log's rows, narrow enough to be searched.

A row of the log is kilobytes, and may not be changed; a row here is some thirty bytes, so that a
million of them can be gone through in a fraction of a second. Knows no person.
"""

from __future__ import annotations

import math

import sqlalchemy as sa

from samsvar.store.tables import METADATA

WORD = sa.Table(
    "digest_word",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
"""Senders, contracts, sources, producers and reasons, each once."""

DIGEST_QUESTION = sa.Table(
    "digest_question",
    METADATA,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("result", sa.SmallInteger, nullable=False),
    sa.Column("sender", sa.Integer),
    sa.Column("contract", sa.Integer),
    sa.Column("millis", sa.Integer, nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("lost", sa.Integer, nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
)

DIGEST_SOURCE = sa.Table(
    "digest_source",
    METADATA,
    sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reason", sa.Integer, nullable=False),
    sa.Column("millis", sa.Integer),
    sa.Column("items", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

DIGEST_MINUTE = sa.Table(
    "digest_minute",
    METADATA,
    sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("result", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("pace", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("questions", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

SOURCE_HOUR = sa.Table(
    "digest_source_hour",
    METADATA,
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("producer", sa.Integer, nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("empty", sa.Integer, nullable=False),
    sa.Column("slowest", sa.Integer, nullable=False),
    sa.Column("waited", sa.BigInteger, nullable=False),
    # of older programs: these three stand in SOURCE_LAST
    sa.Column("last_well", sa.BigInteger),
    sa.Column("last_badly", sa.BigInteger),
    sa.Column("last_reason", sa.Integer),
    sqlite_with_rowid=False,
)

SOURCE_LAST = sa.Table(
    "digest_source_last",
    METADATA,
    sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("producer", sa.Integer, nullable=False),
    sa.Column("last_well", sa.BigInteger),
    sa.Column("last_badly", sa.BigInteger),
    sa.Column("last_reason", sa.Integer),
)

SOURCE_PACE = sa.Table(
    "digest_source_pace",
    METADATA,
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("pace", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("answers", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

SOURCE_DAY_PACE = sa.Table(
    "digest_source_day_pace",
    METADATA,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("pace", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("answers", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
_STEPS = 4  # classes of duration for each doubling: a median is told within a tenth


def pace_of(millis: int) -> int:
    """The class of a duration."""
    return int(_STEPS * math.log2(millis + 1))


def millis_of(pace: int) -> int:
    """The middle of a class."""
    return max(1, round(2 ** ((pace + 0.5) / _STEPS) - 1))
