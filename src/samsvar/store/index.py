"""The engagement index: which source systems hold something about a person.

A search is one prepared statement that never waits for a writer; the database knows whether it
may run on the event loop (SQLite: some 70 microseconds, five posts found among 50 000). Updates
are written by one thread, those that wait in one durable transaction; what others must hear of
them goes into the outbox in the same transaction.

Residents are kept as keyed hashes only: the index cannot say whom it knows. Knows no messages.
Longer than most, as what is searched and what is stored must have the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from samsvar.store.group_commit import GroupCommit
from samsvar.store.outbox import put
from samsvar.store.posts import Key
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


@dataclass(frozen=True, slots=True)
class _Message:
    """What one caller wants written."""

    transactions: tuple[EngagementTransaction, ...] = field(repr=False)
    now: datetime
    audience: Audience
    own: str | None = None
    """Our own name, where another index tells us; None: a source does."""
    origin: Origin | None = None


class SqlIndex:
    """Finds and updates engagements."""

    def __init__(
        self,
        database: Database,
        vault: PersonVault,
        *,
        room: Callable[[], str] = lambda: "",
    ) -> None:
        """``room``: why no changes can be taken in now; empty: they can."""
        self._database = database
        self._room = room
        self._vault = vault
        self._places = posts.Places()
        self._trouble = ""
        self._lookup = database.lookup()
        self._writer = GroupCommit(self._write_all, "index")

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
            EngagementIndexUnavailable: nothing was stored; also where there is no room for it.
        """
        owned = tuple(
            replace(each, engagement=replace(each.engagement, owner=owner)) for each in transactions
        )

        return await self._write(_Message(owned, now, audience))

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
        return await self._write(_Message(tuple(transactions), now, audience, own, origin))

    def close(self) -> None:
        """Finish what is being written; give the connections back."""
        self._writer.close()
        self._lookup.close()

    async def _write(self, message: _Message) -> UpdateCounts:
        if why := self._room():
            raise EngagementIndexUnavailable(why)
        return await self._writer.do(message, len(message.transactions))

    def _write_all(self, messages: Sequence[_Message]) -> Sequence[UpdateCounts]:
        self._check_place()

        def work(connection: sa.Connection) -> Sequence[UpdateCounts]:
            return [
                counts for some in _apart(messages) for counts in self._write_some(connection, some)
            ]

        try:
            return in_one_transaction(self._database, work, again=self._forget_places)
        except Exception as error:
            self._forget_places()
            if not isinstance(error, sa.exc.SQLAlchemyError | OSError):
                raise
            raise EngagementIndexUnavailable(
                f"the engagement index cannot be written ({type(error).__name__})"
            ) from error

    def _write_some(
        self, connection: sa.Connection, messages: Sequence[_Message]
    ) -> Iterator[UpdateCounts]:
        """Of messages about different people, so that none sees what another does."""
        # The same key twice in one message: the last word counts.
        last = [self._keyed(connection, each) for each in self._untaken(connection, messages)]
        residents = sorted({key[0] for each in last for key in each})
        there = posts.posts_there(connection, residents)
        told = any(message.own is not None for message in messages)
        gone = posts.posts_gone(connection, residents) if told else {}
        changes = [
            posts.of_update(each, there, _number(message.now))
            if message.own is None
            else posts.of_notification(
                each,
                self._as_ours(connection, each, message.own),
                there,
                gone,
                _number(message.now),
            )
            for message, each in zip(messages, last, strict=True)
        ]
        posts.write(connection, posts.together(changes), _number(messages[-1].now))
        put(
            connection,
            self._vault,
            [
                (each.news, message.audience, message.now)
                for message, each in zip(messages, changes, strict=True)
            ],
        )
        for message, each in zip(messages, changes, strict=True):
            yield each.counts(len(message.transactions))

    def _untaken(
        self, connection: sa.Connection, messages: Sequence[_Message]
    ) -> Sequence[Sequence[EngagementTransaction]]:
        """Of each message what has not been taken before."""
        return inbox.fresh(
            connection,
            self._vault,
            [(message.transactions, message.origin) for message in messages],
            messages[-1].now,
        )

    def _as_ours(
        self, connection: sa.Connection, last: Mapping[Key, EngagementTransaction], own: str
    ) -> Mapping[Key, tuple[Key, Engagement]]:
        """Each post that is told as it would be if we owned it (R5)."""
        ours = {
            key: replace(each.engagement, owner=own)
            for key, each in last.items()
            if not each.delete
        }
        numbers = self._places.numbers(connection, map(posts.place_of, ours.values()))
        return {
            key: ((key[0], numbers[posts.place_of(post)], *key[2:]), post)
            for key, post in ours.items()
        }

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


def _apart(messages: Sequence[_Message]) -> Iterator[Sequence[_Message]]:
    """The same in their order, cut wherever one is about somebody whom one before it is about."""
    run: list[_Message] = []
    known: set[str] = set()
    for message in messages:
        residents = {each.engagement.resident for each in message.transactions}
        if not known.isdisjoint(residents):
            yield run
            run, known = [], set()
        run.append(message)
        known |= residents
    yield run


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
