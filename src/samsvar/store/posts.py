"""How posts of the engagement index lie in the tables, and what one message changes there.

A post is the resident's keyed hash (16 bytes of it: two of ten million people share one with a
chance of one in 10^24), the number of a *place* (what many posts have in common), and the rest.
Times are numbers. Knows the tables and the rules of Update and ProcessNotification; who hears of
the changes is ``store.outbox``, and transactions are opened by ``store.index``.
Long, for both messages' rules stand here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from samsvar.model.engagement import Engagement, EngagementTransaction, UpdateCounts
from samsvar.model.identifiers import PersonId
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import ENGAGEMENT, ENGAGEMENT_GONE, ENGAGEMENT_PLACE
from samsvar.store.upsert import insert

RESIDENT_ROOT = "engagement-index"  # the index has no root of a number; the hash wants one
PLACE = (
    "service_domain",
    "categorization",
    "logical_address",
    "source_system",
    "data_controller",
    "owner",
)
KEPT_GONE = timedelta(days=7)
#: News is late when it is this much older than what is stored. Not less: times of the index are
#: local and go back an hour in October, and clocks of two indexes differ.
LATE = timedelta(hours=2)

_MOST_PLACES = 100_000
_HASH_BYTES = 16

Place = tuple[str, ...]
Key = tuple[bytes, int, str, str]
Times = tuple[int | None, int, int | None]
"""Most recent content, creation, update."""


def resident_hash(vault: PersonVault, resident: str) -> bytes:
    """What stands for the resident in the tables."""
    return bytes.fromhex(vault.keyed_hash(PersonId(RESIDENT_ROOT, resident)))[:_HASH_BYTES]


def post_key(vault: PersonVault, post: Engagement) -> bytes:
    """What the post is, owner included, without saying whose."""
    parts = [resident_hash(vault, post.resident).hex(), *post.key[1:]]
    return hashlib.sha256(orjson.dumps(parts)).digest()[:16]


def place_of(post: Engagement) -> Place:
    """What the post has in common with many others."""
    return tuple(getattr(post, name) for name in PLACE)


def as_number(moment: str | None) -> int | None:
    """``YYYYMMDDhhmmss`` as it is stored."""
    return None if moment is None else int(moment)


def as_text(number: int | None) -> str | None:
    """The other way."""
    return None if number is None else f"{number:014}"


class Places:
    """The numbers of places: asked for once, then known. Places are never removed."""

    def __init__(self) -> None:
        self._known: dict[Place, int] = {}

    def numbers(self, connection: sa.Connection, wanted: Iterable[Place]) -> dict[Place, int]:
        """The number of each place; one that is new gets one. If the transaction is undone, so
        is that: begin again with new ``Places``."""
        if len(self._known) > _MOST_PLACES:
            self._known.clear()
        found: dict[Place, int] = {}
        for place in wanted:
            if place not in found:
                known = self._known.get(place)
                found[place] = _number(connection, place) if known is None else known
        self._known.update(found)
        return found

    def known(self, place: Place) -> int | None:
        """Its number, if that has been asked for before."""
        return self._known.get(place)


@dataclass(slots=True)
class Changes:
    """What a message does to the tables, and what there is to tell of it."""

    stored: dict[Key, Times] = field(default_factory=dict)
    changed: dict[Key, Times] = field(default_factory=dict)
    deleted: list[Key] = field(default_factory=list)
    gone: dict[Key, int] = field(default_factory=dict)
    news: list[EngagementTransaction] = field(default_factory=list)
    late: int = 0
    replaced: int = 0

    def counts(self, sent: int) -> UpdateCounts:
        """Of ``sent`` transactions. A post that gave way was not one of them."""
        deleted = len(self.deleted) - self.replaced
        done = len(self.stored) + len(self.changed) + deleted
        return UpdateCounts(
            len(self.stored), len(self.changed), deleted, sent - done, self.late, self.replaced
        )


def together(several: Iterable[Changes]) -> Changes:
    """Changes of different people, to be carried out at once."""
    all_of_them = Changes()
    for each in several:
        all_of_them.stored |= each.stored
        all_of_them.changed |= each.changed
        all_of_them.deleted += each.deleted
        all_of_them.gone |= each.gone
    return all_of_them


def of_update(
    last: Mapping[Key, EngagementTransaction], there: Mapping[Key, Times], moment: int
) -> Changes:
    """What is new, what has changed, what goes; the rest is not touched, and nobody is told."""
    changes = Changes()
    for key, transaction in last.items():
        before = there.get(key)
        content = as_number(transaction.engagement.most_recent_content)
        if transaction.delete:
            if before is not None:
                changes.deleted.append(key)
                told = (content or before[0], before[1], moment)
                changes.news.append(_with_times(transaction, told))
        elif before is None:
            changes.stored[key] = (content, moment, None)
            changes.news.append(_with_times(transaction, changes.stored[key]))
        elif before[0] != content:
            changes.changed[key] = (content, before[1], moment)
            changes.news.append(_with_times(transaction, changes.changed[key]))
    return changes


def of_notification(
    last: Mapping[Key, EngagementTransaction],
    ours: Mapping[Key, tuple[Key, Engagement]],
    there: Mapping[Key, Times],
    gone: Mapping[Key, int],
    moment: int,
) -> Changes:
    """What another index tells is taken over with its times, and told onwards whatever it did.

    ``ours``: for a post of another owner, the key and the words of the same post as our own.
    """
    changes = Changes()
    for key, transaction in last.items():
        post, before = transaction.engagement, there.get(key)
        told_at = as_number(post.update_time) or as_number(post.creation_time)
        known_at = (before[2] or before[1]) if before else gone.get(key)
        if told_at is not None and known_at is not None and _is_late(told_at, known_at):
            changes.late += 1
            continue
        if transaction.delete:
            if before is not None:
                changes.deleted.append(key)
            if told_at is not None:  # without a time there is nothing to hold later news against
                changes.gone[key] = told_at
        else:
            creation = as_number(post.creation_time) or (before[1] if before else moment)
            now = (as_number(post.most_recent_content), creation, as_number(post.update_time))
            if before is None:
                changes.stored[key] = now
            elif before != now:
                changes.changed[key] = now
        changes.news.append(transaction)
        if not transaction.delete:  # after it: a source must not be missing in between
            _give_way(changes, ours.get(key), there, moment)
    return changes


def posts_there(connection: sa.Connection, residents: Sequence[bytes]) -> dict[Key, Times]:
    """All posts of these residents."""
    rows = connection.execute(_THERE, {"residents": residents})
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5], row[6]) for row in rows}


def posts_gone(connection: sa.Connection, residents: Sequence[bytes]) -> dict[Key, int]:
    """When posts of these residents were deleted, as far as that is remembered."""
    rows = connection.execute(_GONE, {"residents": residents})
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def write(connection: sa.Connection, changes: Changes, moment: int) -> None:
    """Carry it out, inside the caller's transaction."""
    if changes.stored:
        rows = [_row(key, times) for key, times in changes.stored.items()]
        connection.execute(sa.insert(ENGAGEMENT), rows)
    if changes.changed:
        rows = [
            _named(key) | {"new_content": content, "new_creation": creation, "new_update": update}
            for key, (content, creation, update) in changes.changed.items()
        ]
        connection.execute(_CHANGE, rows)
    if changes.deleted:
        connection.execute(_DELETE, [_named(key) for key in changes.deleted])
    kept = [_named(key) for key in changes.stored if key not in changes.gone]
    if kept:
        connection.execute(_FORGET_GONE, kept)
    if changes.gone:
        _remember_gone(connection, changes.gone)
        oldest = int((_moment(moment) - KEPT_GONE).strftime("%Y%m%d%H%M%S"))
        connection.execute(sa.delete(ENGAGEMENT_GONE).where(ENGAGEMENT_GONE.c.at < oldest))


def _give_way(
    changes: Changes,
    own: tuple[Key, Engagement] | None,
    there: Mapping[Key, Times],
    moment: int,
) -> None:
    """R5: the same post with ourselves as owner goes, and whoever heard of it hears that too."""
    if own is None or own[0] not in there:
        return
    content, creation, _ = there[own[0]]
    changes.deleted.append(own[0])
    changes.replaced += 1
    changes.news.append(
        _with_times(
            EngagementTransaction(delete=True, engagement=own[1]), (content, creation, moment)
        )
    )


def _with_times(transaction: EngagementTransaction, times: Times) -> EngagementTransaction:
    content, creation, update = map(as_text, times)
    post = replace(
        transaction.engagement,
        most_recent_content=content,
        creation_time=creation,
        update_time=update,
    )
    return replace(transaction, engagement=post)


def _is_late(told: int, known: int) -> bool:
    return told < known and _moment(known) - _moment(told) > LATE


def _moment(number: int) -> datetime:
    return datetime.strptime(f"{number:014}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - local, no zone


def _number(connection: sa.Connection, place: Place) -> int:
    names = dict(zip(PLACE, place, strict=True))
    connection.execute(insert(connection, ENGAGEMENT_PLACE).values(names).on_conflict_do_nothing())
    found = sa.select(ENGAGEMENT_PLACE.c.id).filter_by(**names)
    return int(connection.execute(found).scalar_one())


_ASKED: sa.BindParameter[bytes] = sa.bindparam("residents", expanding=True)
_THERE = sa.select(ENGAGEMENT).where(ENGAGEMENT.c.resident.in_(_ASKED))
_GONE = sa.select(ENGAGEMENT_GONE).where(ENGAGEMENT_GONE.c.resident.in_(_ASKED))
_KEY = ("resident", "place", "business_object", "interest")
_THIS = sa.and_(*(ENGAGEMENT.c[name] == sa.bindparam(f"key_{name}") for name in _KEY))
_CHANGE = (
    sa.update(ENGAGEMENT)
    .where(_THIS)
    .values(
        most_recent_content=sa.bindparam("new_content"),
        creation_time=sa.bindparam("new_creation"),
        update_time=sa.bindparam("new_update"),
    )
)
_DELETE = sa.delete(ENGAGEMENT).where(_THIS)
_FORGET_GONE = sa.delete(ENGAGEMENT_GONE).where(
    *(ENGAGEMENT_GONE.c[name] == sa.bindparam(f"key_{name}") for name in _KEY)
)


def _remember_gone(connection: sa.Connection, gone: Mapping[Key, int]) -> None:
    put = insert(connection, ENGAGEMENT_GONE)
    put = put.on_conflict_do_update(index_elements=list(_KEY), set_={"at": put.excluded.at})
    connection.execute(put, [_gone_row(key, at) for key, at in gone.items()])


def _named(key: Key) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in zip(_KEY, key, strict=True)}


def _row(key: Key, times: Times) -> dict[str, Any]:
    names = ("most_recent_content", "creation_time", "update_time")
    return dict(zip(_KEY, key, strict=True)) | dict(zip(names, times, strict=True))


def _gone_row(key: Key, at: int) -> dict[str, Any]:
    return {**dict(zip(_KEY, key, strict=True)), "at": at}
