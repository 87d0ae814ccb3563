"""The engagement index: which source systems hold something about a person.

A search is one prepared statement that never waits for a writer; the database knows whether it
may run on the event loop (SQLite: some 70 microseconds, five posts found among 50 000). An update
is one durable transaction in one thread, so two never run at the same time; what others must hear
of it goes into the outbox in the same transaction.

Residents are kept as keyed hashes only: the index cannot say whom it knows. Knows no messages.
Longer than most, as what is searched and what is stored must have the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from samsvar.errors import EngagementIndexUnavailable
from samsvar.model.engagement import (
    NOBODY,
    Audience,
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    Origin,
    UpdateCounts,
)
from samsvar.model.local_time import local_time
from samsvar.ports import EngagementIndex
from samsvar.store import inbox, posts
from samsvar.store.database import Database
from samsvar.store.outbox import put
from samsvar.store.posts import Changes, Key
from samsvar.store.retrying import in_one_transaction
from samsvar.store.secrets import PersonVault

_FOUND = (
    "categorization",
    "logical_address",
    "business_object",
    "source_system",
    "data_controller",
    "owner",
    "interest",
)
# CROSS JOIN is for SQLite: first the posts of the person, then the few places that they name;
# never the other way round. The order is that of the key's texts: stable, whatever numbers the
# places got.
_FIND = f"""
SELECT {", ".join(_FOUND)}, most_recent_content, creation_time, update_time
FROM engagement CROSS JOIN engagement_place
WHERE engagement_place.id = engagement.place AND resident = ? AND service_domain = ?
ORDER BY {", ".join(_FOUND)}
"""  # noqa: S608 - the names above

_NOBODY = b""  # no keyed hash is that short
_Apply = Callable[[sa.Connection], tuple[Changes, int]]


class SqlIndex:
    """Finds and updates engagements."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault
        self._places = posts.Places()
        self._trouble = ""
        self._lookup = database.lookup()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="index")

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        """All posts that match, ordered by their key.

        Raises:
            EngagementIndexUnavailable: never an empty answer instead.
        """
        self._check_place()
        resident = posts.resident_hash(self._vault, wanted.resident)
        try:
            found = await self._lookup.all(_FIND, (resident, wanted.service_domain))
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._trouble = f"it cannot be searched ({type(error).__name__})"
            raise EngagementIndexUnavailable(
                f"the engagement index cannot be read ({type(error).__name__})"
            ) from error
        self._trouble = ""
        read = (
            Engagement(
                resident=wanted.resident,
                service_domain=wanted.service_domain,
                **dict(zip(_FOUND, row, strict=False)),
                most_recent_content=posts.as_text(row[-3]),
                creation_time=posts.as_text(row[-2]),
                update_time=posts.as_text(row[-1]),
            )
            for row in found
        )
        return [post for post in read if _matches(post, wanted)]

    async def look(self) -> None:
        """Search for nobody, to find out whether it can be done: see ``trouble``."""
        try:
            await self._lookup.all(_FIND, (_NOBODY, ""))
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._trouble = f"it cannot be searched ({type(error).__name__})"
        else:
            self._trouble = ""

    def trouble(self) -> str:
        """Why it cannot be searched, as the last search has shown; empty: it can."""
        return self._trouble

    async def update(
        self,
        transactions: Sequence[EngagementTransaction],
        owner: str,
        now: datetime,
        audience: Audience = NOBODY,
    ) -> UpdateCounts:
        """Store, change and delete posts; returns when that, and the news of it, is durable.

        A post that is sent again as it stands is not touched; one that is deleted but is not
        there counts as unchanged. Cancelled: the transaction is carried through all the same.

        Raises:
            EngagementIndexUnavailable: nothing was stored.
        """
        owned = tuple(
            replace(each, engagement=replace(each.engagement, owner=owner)) for each in transactions
        )

        def apply(connection: sa.Connection) -> tuple[Changes, int]:
            # The same key twice in one update: the last word counts.
            moment = _number(now)
            last = self._keyed(connection, owned)
            there = posts.posts_there(connection, _residents(last))
            return posts.of_update(last, there, moment), moment

        return await self._write(apply, len(transactions), now, audience)

    async def receive(
        self,
        transactions: Sequence[EngagementTransaction],
        own: str,
        now: datetime,
        audience: Audience = NOBODY,
        origin: Origin | None = None,
    ) -> UpdateCounts:
        """Take over what another index tells, with its owners and times (ProcessNotification).

        A post that we own ourselves gives way to the same post of another owner (R5). News that
        is hours older than what is stored changes nothing; nor does what by its ``origin`` has
        been taken before, or is older than what has been.

        Raises:
            EngagementIndexUnavailable: nothing was stored.
        """
        told = tuple(transactions)

        def apply(connection: sa.Connection) -> tuple[Changes, int]:
            moment = _number(now)
            fresh = told
            if origin is not None:
                fresh = inbox.fresh(connection, self._vault, told, origin, now)
            last = self._keyed(connection, fresh)
            residents = _residents(last)
            ours = {
                key: replace(each.engagement, owner=own)
                for key, each in last.items()
                if not each.delete
            }
            numbers = self._places.numbers(connection, map(posts.place_of, ours.values()))
            changes = posts.of_notification(
                last,
                {
                    key: ((key[0], numbers[posts.place_of(post)], *key[2:]), post)
                    for key, post in ours.items()
                },
                posts.posts_there(connection, residents),
                posts.posts_gone(connection, residents),
                moment,
            )
            return changes, moment

        return await self._write(apply, len(transactions), now, audience)

    def close(self) -> None:
        """Finish what is being written; give the connections back."""
        self._writer.shutdown(wait=True)
        self._lookup.close()

    async def _write(
        self, apply: _Apply, sent: int, now: datetime, audience: Audience
    ) -> UpdateCounts:
        work = asyncio.get_running_loop().run_in_executor(
            self._writer, self._in_one_transaction, apply, sent, now, audience
        )
        return await work

    def _in_one_transaction(
        self, apply: _Apply, sent: int, now: datetime, audience: Audience
    ) -> UpdateCounts:
        self._check_place()

        def work(connection: sa.Connection) -> Changes:
            changes, moment = apply(connection)
            posts.write(connection, changes, moment)
            put(connection, self._vault, changes.news, audience, now)
            return changes

        try:
            changes = in_one_transaction(self._database, work, again=self._forget_places)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._forget_places()
            raise EngagementIndexUnavailable(
                f"the engagement index cannot be written ({type(error).__name__})"
            ) from error
        return changes.counts(sent)

    def _forget_places(self) -> None:
        """Those of a transaction that was undone have no number."""
        self._places = posts.Places()

    def _keyed(
        self, connection: sa.Connection, transactions: Sequence[EngagementTransaction]
    ) -> dict[Key, EngagementTransaction]:
        places = [posts.place_of(each.engagement) for each in transactions]
        numbers = self._places.numbers(connection, places)
        return {
            (
                posts.resident_hash(self._vault, each.engagement.resident),
                numbers[place],
                each.engagement.business_object,
                each.engagement.interest,
            ): each
            for each, place in zip(transactions, places, strict=True)
        }

    def _check_place(self) -> None:
        if not self._database.is_in_place():
            raise EngagementIndexUnavailable(
                "the engagement index's file was moved or replaced: restore it and restart"
            )


def _number(now: datetime) -> int:
    return int(local_time(now).strftime("%Y%m%d%H%M%S"))


def _residents(last: Iterable[Key]) -> list[bytes]:
    return sorted({key[0] for key in last})


_FILTERS = (
    "categorization",
    "logical_address",
    "business_object",
    "interest",
    "source_system",
    "data_controller",
    "owner",
)


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


_: type[EngagementIndex] = SqlIndex  # interface guard
