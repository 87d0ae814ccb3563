"""Drops from the digest what is too old, and what is no longer in the access log.

A row of a list leads to its row of the log; where that has been let go, it leads nowhere. Some
thousand rows at a time, so that nobody waits for long. Knows the digest's tables.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from samsvar.store.digest_tables import (
    DAY_MS,
    DIGEST_MINUTE,
    DIGEST_QUESTION,
    DIGEST_SOURCE,
    HOUR_MS,
    MINUTE_MS,
    SOURCE_DAY_PACE,
    SOURCE_HOUR,
    SOURCE_PACE,
    WORD,
)
from samsvar.store.tables import QUESTION

AT_ONCE = 5000
_Q, _S = DIGEST_QUESTION.c, DIGEST_SOURCE.c


def tidied(connection: sa.Connection, before: datetime) -> int:
    """Drop the next of what is older than a moment; how many questions went. Inside a
    transaction that writes."""
    moment = int(before.timestamp() * 1000)
    oldest = connection.scalar(sa.select(sa.func.min(_Q.sequence)))
    if oldest is None:
        return 0
    last = min(_last_to_go(connection, moment), int(oldest) + AT_ONCE - 1)
    if last < oldest:
        return 0
    gone = connection.execute(sa.delete(DIGEST_QUESTION).where(_Q.sequence <= last)).rowcount
    sources = sa.select(WORD.c.id).where(WORD.c.kind == "source")
    for source in connection.scalars(sources).all():  # each a piece of the table's own order
        connection.execute(sa.delete(DIGEST_SOURCE).where(_S.source == source, _S.sequence <= last))
    for table, length in (
        (DIGEST_MINUTE.c.minute, MINUTE_MS),
        (SOURCE_HOUR.c.hour, HOUR_MS),
        (SOURCE_PACE.c.hour, HOUR_MS),
        (SOURCE_DAY_PACE.c.day, DAY_MS),
    ):
        connection.execute(sa.delete(table.table).where(table < moment // length))
    return gone


def _last_to_go(connection: sa.Connection, moment: int) -> int:
    """The number of the last row that is too old, or that the log has let go."""
    old = connection.scalar(
        sa.select(_Q.sequence).where(_Q.at < moment).order_by(_Q.at.desc()).limit(1)
    )
    first = connection.scalar(sa.select(sa.func.min(QUESTION.c.sequence)))
    return max(int(old or 0), int(first) - 1 if first is not None else 0)
