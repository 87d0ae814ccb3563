"""The engagement index: which source systems hold something about a person.

A search is one prepared statement on a connection of its own, on the event loop: it takes some
70 microseconds (measured: five posts found among 50 000), and a trip to a thread and back would
cost as much again. With WAL it never waits for a writer; should the file be locked after all, it
gives up after 50 milliseconds. An update is one durable transaction in one thread, so two never
run at the same time.

Residents are kept as keyed hashes only: the index cannot say whom it knows. Knows no messages.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from samsvar.errors import EngagementIndexUnavailable
from samsvar.model.engagement import (
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    UpdateCounts,
)
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import local_time
from samsvar.ports import EngagementIndex
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import ENGAGEMENT

_READ_BUSY_MILLISECONDS = 50  # the whole hub stands still as long as a search waits
_RESIDENT_ROOT = "engagement-index"  # the index has no root of a number; the hash wants one

_KEY = tuple(column.name for column in ENGAGEMENT.primary_key)
_FOUND = (*_KEY[2:], "most_recent_content", "creation_time", "update_time")
# The order of the primary key: stable, and costs no sorting.
_FIND = str(
    sa.select(*(ENGAGEMENT.c[name] for name in _FOUND))
    .where(
        ENGAGEMENT.c.resident_hash == sa.bindparam("resident_hash"),
        ENGAGEMENT.c.service_domain == sa.bindparam("service_domain"),
    )
    .order_by(*(ENGAGEMENT.c[name] for name in _KEY))
    .compile(dialect=sqlite.dialect(paramstyle="qmark"))
)
_THIS = sa.and_(*(ENGAGEMENT.c[name] == sa.bindparam(f"key_{name}") for name in _KEY))
_CHANGE = (
    sa.update(ENGAGEMENT)
    .where(_THIS)
    .values(most_recent_content=sa.bindparam("new_content"), update_time=sa.bindparam("new_time"))
)
_DELETE = sa.delete(ENGAGEMENT).where(_THIS)

_FILTERS = (
    "categorization",
    "logical_address",
    "business_object",
    "interest",
    "source_system",
    "data_controller",
    "owner",
)

_Key = tuple[str, ...]


class SqliteIndex:
    """Finds and updates engagements."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault
        self._reader: sqlite3.Connection | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="index")

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        """All posts that match, ordered by their key.

        Raises:
            EngagementIndexUnavailable: never an empty answer instead.
        """
        self._check_place()
        try:
            if self._reader is None:
                self._reader = self._database.raw(_READ_BUSY_MILLISECONDS)
            found = self._reader.execute(
                _FIND, (self._hash(wanted.resident), wanted.service_domain)
            ).fetchall()
        except (sqlite3.Error, OSError) as error:
            self._forget_reader()
            raise EngagementIndexUnavailable(
                f"the engagement index cannot be read ({type(error).__name__})"
            ) from error
        posts = [
            Engagement(
                resident=wanted.resident,
                service_domain=wanted.service_domain,
                **dict(zip(_FOUND, row, strict=True)),
            )
            for row in found
        ]
        return [post for post in posts if _matches(post, wanted)]

    async def update(
        self, transactions: Sequence[EngagementTransaction], owner: str, now: datetime
    ) -> UpdateCounts:
        """Store, change and delete posts; returns when that is durable.

        A post that is sent again as it stands is not touched; one that is deleted but is not
        there counts as unchanged. Cancelled: the transaction is carried through all the same.

        Raises:
            EngagementIndexUnavailable: nothing was stored.
        """
        work = asyncio.get_running_loop().run_in_executor(
            self._writer, self._update, tuple(transactions), owner, now
        )
        return await work

    def close(self) -> None:
        """Finish what is being written; give the connections back."""
        self._writer.shutdown(wait=True)
        self._forget_reader()

    def _update(
        self, transactions: Sequence[EngagementTransaction], owner: str, now: datetime
    ) -> UpdateCounts:
        moment = local_time(now).strftime("%Y%m%d%H%M%S")
        # The same key twice in one update: the last word counts.
        last = {self._key(t.engagement, owner): t for t in transactions}
        self._check_place()
        try:
            with self._database.write() as connection, connection.begin():
                there = _there(connection, sorted({key[0] for key in last}))
                stored, changed, deleted = _sorted_out(last, there)
                if stored:
                    connection.execute(
                        sa.insert(ENGAGEMENT),
                        [
                            {
                                **dict(zip(_KEY, key, strict=True)),
                                "most_recent_content": content,
                                "creation_time": moment,
                                "update_time": None,
                            }
                            for key, content in stored.items()
                        ],
                    )
                if changed:
                    connection.execute(
                        _CHANGE,
                        [
                            {**_named(key), "new_content": content, "new_time": moment}
                            for key, content in changed.items()
                        ],
                    )
                if deleted:
                    connection.execute(_DELETE, [_named(key) for key in deleted])
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise EngagementIndexUnavailable(
                f"the engagement index cannot be written ({type(error).__name__})"
            ) from error
        done = len(stored) + len(changed) + len(deleted)
        return UpdateCounts(len(stored), len(changed), len(deleted), len(transactions) - done)

    def _key(self, post: Engagement, owner: str) -> _Key:
        values = {
            "resident_hash": self._hash(post.resident),
            "service_domain": post.service_domain,
            "categorization": post.categorization,
            "logical_address": post.logical_address,
            "business_object": post.business_object,
            "source_system": post.source_system,
            "data_controller": post.data_controller,
            "owner": owner,
            "interest": post.interest,
        }
        return tuple(values[name] for name in _KEY)

    def _hash(self, resident: str) -> str:
        return self._vault.keyed_hash(PersonId(_RESIDENT_ROOT, resident))

    def _check_place(self) -> None:
        if not self._database.is_in_place():
            self._forget_reader()
            raise EngagementIndexUnavailable(
                "the engagement index's file was moved or replaced: restore it and restart"
            )

    def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def _there(connection: sa.Connection, residents: Sequence[str]) -> dict[_Key, str | None]:
    """The posts that the residents have, with their newest content."""
    columns = [ENGAGEMENT.c[name] for name in (*_KEY, "most_recent_content")]
    rows = connection.execute(sa.select(*columns).where(ENGAGEMENT.c.resident_hash.in_(residents)))
    return {tuple(row[:-1]): row[-1] for row in rows}


def _sorted_out(
    last: Mapping[_Key, EngagementTransaction], there: Mapping[_Key, str | None]
) -> tuple[dict[_Key, str | None], dict[_Key, str | None], list[_Key]]:
    """What is new, what has changed, what goes; the rest stays as it is."""
    stored: dict[_Key, str | None] = {}
    changed: dict[_Key, str | None] = {}
    deleted: list[_Key] = []
    for key, transaction in last.items():
        content = transaction.engagement.most_recent_content
        if transaction.delete:
            if key in there:
                deleted.append(key)
        elif key not in there:
            stored[key] = content
        elif there[key] != content:
            changed[key] = content
    return stored, changed, deleted


def _named(key: _Key) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in zip(_KEY, key, strict=True)}


def _matches(post: Engagement, wanted: EngagementFilter) -> bool:
    """Every given field equal, to the letter; content at or after the time asked."""
    for name in _FILTERS:
        asked = getattr(wanted, name)
        if asked is not None and asked != getattr(post, name):
            return False
    since = wanted.most_recent_content
    return since is None or (
        post.most_recent_content is not None and post.most_recent_content >= since
    )


_: type[EngagementIndex] = SqliteIndex  # interface guard
