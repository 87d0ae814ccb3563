"""The inbox: what another hub has told by the message broker, so that each has its effect once.

Of each post and teller the last change that was taken stands here, written in the transaction
that takes it. A change that comes again, or after a later one of the same post, is passed over:
that is so when both its number in the teller's outbox and the moment at which it was written
there are no later. Either alone may go back: numbers when the teller's database has been restored,
moments when its clock is set. What is told only once, as a record of an access log, has no number.
Rows are kept for a month; what comes later than that is told apart by the posts' own times, and by
the log service. Knows no message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from samsvar.model.engagement import EngagementTransaction, Origin
from samsvar.store.lease import stamp
from samsvar.store.posts import post_key
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import INBOX
from samsvar.store.upsert import insert

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is told of, and where in the teller's order."""

    key: bytes
    number: int = 0
    written: str = ""


def fresh(
    connection: sa.Connection,
    vault: PersonVault,
    told: Sequence[EngagementTransaction],
    origin: Origin,
    now: datetime,
) -> tuple[EngagementTransaction, ...]:
    """Those that have not been taken; inside the caller's transaction, they now have been."""
    marks = [
        Mark(post_key(vault, each.engagement), number, written)
        for each, number, written in zip(told, origin.numbers, origin.written, strict=True)
    ]
    return tuple(told[place] for place in fresh_marks(connection, origin.teller, marks, now))


def fresh_marks(
    connection: sa.Connection, teller: str, marks: Sequence[Mark], now: datetime
) -> list[int]:
    """The places of those that have not been taken, as ``fresh``."""
    rows = connection.execute(
        sa.select(INBOX.c.key, INBOX.c.number, INBOX.c.written).where(
            INBOX.c.teller == teller, INBOX.c.key.in_([mark.key for mark in marks])
        )
    )
    known: dict[bytes, tuple[int, str]] = {row[0]: (row[1], row[2]) for row in rows}
    taken: dict[bytes, tuple[int, str]] = {}
    kept = []
    for place, mark in enumerate(marks):
        before = known.get(mark.key)
        if before is not None and mark.number <= before[0] and mark.written <= before[1]:
            continue
        known[mark.key] = taken[mark.key] = (mark.number, mark.written)
        kept.append(place)
    if taken:
        _remember(connection, teller, taken, now)
    return kept


def _remember(
    connection: sa.Connection, teller: str, taken: dict[bytes, tuple[int, str]], now: datetime
) -> None:
    put = insert(connection, INBOX)
    named = ("number", "written", "at")
    put = put.on_conflict_do_update(
        index_elements=["teller", "key"], set_={name: put.excluded[name] for name in named}
    )
    at = stamp(now)
    connection.execute(
        put,
        [
            {"teller": teller, "key": key, "number": number, "written": written, "at": at}
            for key, (number, written) in taken.items()
        ],
    )
    connection.execute(sa.delete(INBOX).where(INBOX.c.at < stamp(now - KEPT)))
