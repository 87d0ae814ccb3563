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

from collections.abc import Collection, Mapping, Sequence
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

Told = tuple[Sequence[EngagementTransaction], Origin | None]
"""A message, and what its teller's outbox knows of it; None: it is of no other index's outbox."""

_Named = tuple[str, bytes]
"""A teller and what it tells of."""
_Last = tuple[int, str]
"""The number and the moment of the last that was taken of it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who tells, of what, and where in the teller's order."""

    teller: str
    key: bytes
    number: int = 0
    written: str = ""


def fresh(
    connection: sa.Connection, vault: PersonVault, messages: Sequence[Told], now: datetime
) -> Sequence[Sequence[EngagementTransaction]]:
    """Of each message what has not been taken; inside the caller's transaction, it now has been."""
    found: list[list[EngagementTransaction]] = []
    marked: list[tuple[list[EngagementTransaction], EngagementTransaction]] = []
    marks: list[Mark] = []
    for told, origin in messages:
        kept: list[EngagementTransaction] = []
        found.append(kept)
        if origin is None:
            kept += told
            continue
        for each, number, written in zip(told, origin.numbers, origin.written, strict=True):
            marked.append((kept, each))
            marks.append(Mark(origin.teller, post_key(vault, each.engagement), number, written))
    for place in fresh_marks(connection, marks, now):
        kept, each = marked[place]
        kept.append(each)
    return found


def fresh_marks(connection: sa.Connection, marks: Sequence[Mark], now: datetime) -> list[int]:
    """The places of those that have not been taken, as ``fresh``."""
    known = _known(connection, marks)
    taken: dict[_Named, _Last] = {}
    kept = []
    for place, mark in enumerate(marks):
        named = (mark.teller, mark.key)
        before = known.get(named)
        if before is not None and mark.number <= before[0] and mark.written <= before[1]:
            continue
        known[named] = taken[named] = (mark.number, mark.written)
        kept.append(place)
    if taken:
        _remember(connection, taken, now)
    return kept


def _known(connection: sa.Connection, marks: Collection[Mark]) -> dict[_Named, _Last]:
    if not marks:
        return {}
    asked = {
        "tellers": sorted({mark.teller for mark in marks}),
        "keys": [mark.key for mark in marks],
    }
    return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(_KNOWN, asked)}


def _remember(connection: sa.Connection, taken: Mapping[_Named, _Last], now: datetime) -> None:
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
            for (teller, key), (number, written) in taken.items()
        ],
    )
    connection.execute(_FORGET, {"oldest": stamp(now - KEPT)})


_KNOWN = sa.select(INBOX.c.teller, INBOX.c.key, INBOX.c.number, INBOX.c.written).where(
    INBOX.c.teller.in_(sa.bindparam("tellers", expanding=True)),
    INBOX.c.key.in_(sa.bindparam("keys", expanding=True)),
)
_FORGET = sa.delete(INBOX).where(INBOX.c.at < sa.bindparam("oldest"))
