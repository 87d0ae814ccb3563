"""The inbox: which changes another index has told already, so that each has its effect once.

Of each post and teller the last change that was taken stands here, written in the transaction
that takes it. A change that comes again, or after a later one of the same post, is passed over:
that is so when both its number in the teller's outbox and the moment at which it was written
there are no later. Either alone may go back: numbers when the teller's database has been restored,
moments when its clock is set. Rows are kept for a month; what comes later than that is told apart
by the posts' own times. Knows no message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from samsvar.model.engagement import EngagementTransaction, Origin
from samsvar.store.lease import stamp
from samsvar.store.posts import post_key
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import INBOX
from samsvar.store.upsert import insert

KEPT = timedelta(days=30)


def fresh(
    connection: sa.Connection,
    vault: PersonVault,
    told: Sequence[EngagementTransaction],
    origin: Origin,
    now: datetime,
) -> tuple[EngagementTransaction, ...]:
    """Those that have not been taken; inside the caller's transaction, they now have been."""
    keys = [post_key(vault, each.engagement) for each in told]
    rows = connection.execute(
        sa.select(INBOX.c.key, INBOX.c.number, INBOX.c.written).where(
            INBOX.c.teller == origin.teller, INBOX.c.key.in_(keys)
        )
    )
    known: dict[bytes, tuple[int, str]] = {row[0]: (row[1], row[2]) for row in rows}
    taken: dict[bytes, tuple[int, str]] = {}
    kept = []
    for each, key, number, written in zip(told, keys, origin.numbers, origin.written, strict=True):
        before = known.get(key)
        if before is not None and number <= before[0] and written <= before[1]:
            continue
        known[key] = taken[key] = (number, written)
        kept.append(each)
    if taken:
        _remember(connection, origin.teller, taken, now)
    return tuple(kept)


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
