"""The outbox: changes of the index that its subscribers have not heard of yet.

A change is one row for each subscriber, written in the transaction that makes the change. It is
taken away when the subscriber has taken it. What could not be delivered stays as a dead letter:
it is looked at, sent again or dropped by people, or goes by itself when the subscriber has taken
a later change of the same post, for then it knows more than the dead letter says.

One process at a time delivers: it holds a lease in the database, and renews it. Residents are
sealed. Knows no message and no network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar

import orjson
import sqlalchemy as sa

from samsvar.errors import EngagementIndexUnavailable
from samsvar.model.engagement import Audience, EngagementTransaction, Notification
from samsvar.model.identifiers import LogicalAddress, PersonId
from samsvar.ports import Outbox
from samsvar.store.database import Database
from samsvar.store.lease import Lease, stamp
from samsvar.store.outbox_batch import next_batch
from samsvar.store.posts import RESIDENT_ROOT, post_key
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import OUTBOX, OUTBOX_SUBSCRIBER
from samsvar.store.upsert import insert

_LONGEST_REASON = 200

_Found = TypeVar("_Found")
_PUT = sa.insert(OUTBOX)


News = tuple[Sequence[EngagementTransaction], Audience, datetime]
"""What one message has changed, who hears of it, and when that was."""


def put(connection: sa.Connection, vault: PersonVault, news: Sequence[News]) -> None:
    """Write the news for everybody who wants it, inside the caller's transaction."""
    rows = [row for each in news for row in _rows(vault, *each)]
    if rows:
        connection.execute(_PUT, rows)


def _rows(
    vault: PersonVault, news: Sequence[EngagementTransaction], audience: Audience, now: datetime
) -> Iterator[dict[str, object]]:
    if not audience.subscribers:
        return
    written = stamp(now)
    for change in news:
        subscribers = audience.for_post(change.engagement)
        if not subscribers:
            continue
        said = asdict(change.engagement)
        resident = said.pop("resident")
        common = {
            "dead": False,
            "key": post_key(vault, change.engagement),
            "resident_sealed": vault.seal(PersonId(RESIDENT_ROOT, resident)),
            "post": orjson.dumps({"delete": change.delete, **said}).decode(),
            "correlation_id": audience.correlation_id,
            "history": audience.history,
            "written": written,
            "refusals": 0,
            "not_before": "",
            "reason": "",
        }
        for subscriber in subscribers:
            yield {"subscriber": subscriber, **common}


class SqlOutbox:
    """Implements ``ports.Outbox``. Its statements run in one thread of their own."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._lease = Lease("outbox")

    async def hold(self, now: datetime) -> bool:
        """Take the lease, or renew it. False: another process delivers."""
        return await self._do(lambda connection: self._lease.hold(connection, now))

    async def release(self) -> None:
        """Let the lease go, so that another process need not wait for its end."""
        await self._do(self._lease.release)

    async def due(self, now: datetime) -> Sequence[tuple[LogicalAddress, int]]:
        """Subscribers for whom something waits and whose time has come, with the number of
        failures in a row."""
        return await self._look(lambda connection: _due(connection, now))

    async def batch(
        self, subscriber: LogicalAddress, most: int, now: datetime
    ) -> Sequence[Notification]:
        """The next changes that can go in one message."""
        return await self._look(
            lambda connection: next_batch(connection, self._vault, subscriber, most, now)
        )

    async def delivered(
        self, subscriber: LogicalAddress, batch: Sequence[Notification], most: int = 1
    ) -> int:
        """The subscriber has these changes: they are no longer kept, nor is anything older of
        the same posts. How many still wait for it, counted no further than ``most``."""
        return await self._do(
            lambda connection: self._delivered(connection, subscriber, batch, most)
        )

    async def put_off(
        self, subscriber: LogicalAddress, failures: int, until: datetime, reason: str
    ) -> None:
        """Nothing more for this subscriber until then."""
        row = {"failures": failures, "retry_at": stamp(until), "reason": reason[:_LONGEST_REASON]}

        def work(connection: sa.Connection) -> None:
            put_in = insert(connection, OUTBOX_SUBSCRIBER).values(subscriber=subscriber, **row)
            connection.execute(
                put_in.on_conflict_do_update(index_elements=["subscriber"], set_=row)
            )

        await self._do(work)

    async def refused(self, number: int, until: datetime) -> None:
        """Count one more refusal of this very change, and let it rest until then."""
        statement = (
            sa.update(OUTBOX)
            .where(OUTBOX.c.number == number)
            .values(refusals=OUTBOX.c.refusals + 1, not_before=stamp(until))
        )
        await self._do(lambda connection: connection.execute(statement))

    async def bury(self, subscriber: LogicalAddress, number: int | None, reason: str) -> int:
        """Make one change a dead letter, or (None) all that waits; how many."""
        chosen = sa.and_(OUTBOX.c.subscriber == subscriber, OUTBOX.c.dead == sa.false())
        if number is not None:
            chosen = sa.and_(chosen, OUTBOX.c.number == number)
        statement = (
            sa.update(OUTBOX).where(chosen).values(dead=True, reason=reason[:_LONGEST_REASON])
        )

        def work(connection: sa.Connection) -> int:
            count = connection.execute(statement).rowcount
            _clear(connection, subscriber)
            return count

        return await self._do(work)

    def close(self) -> None:
        """Finish what runs."""
        self._thread.shutdown(wait=True)

    async def _do(self, work: Callable[[sa.Connection], _Found]) -> _Found:
        return await self._in_one_transaction(self._database.write, work)

    async def _look(self, work: Callable[[sa.Connection], _Found]) -> _Found:
        """Without the write lock: whoever stores need not wait while a batch is unsealed."""
        return await self._in_one_transaction(self._database.read, work)

    async def _in_one_transaction(
        self, opened: Callable[[], sa.Connection], work: Callable[[sa.Connection], _Found]
    ) -> _Found:
        def run() -> _Found:
            if not self._database.is_in_place():
                raise EngagementIndexUnavailable("the outbox's file was moved or replaced")
            try:
                with opened() as connection, connection.begin():
                    return work(connection)
            except (sa.exc.SQLAlchemyError, OSError) as error:
                raise EngagementIndexUnavailable(
                    f"the outbox cannot be used ({type(error).__name__})"
                ) from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _delivered(
        self,
        connection: sa.Connection,
        subscriber: LogicalAddress,
        batch: Sequence[Notification],
        most: int,
    ) -> int:
        connection.execute(
            sa.delete(OUTBOX).where(
                OUTBOX.c.subscriber == subscriber,
                OUTBOX.c.key == sa.bindparam("this_key"),
                OUTBOX.c.number <= sa.bindparam("this_number"),
            ),
            [
                {
                    "this_key": post_key(self._vault, each.transaction.engagement),
                    "this_number": each.number,
                }
                for each in batch
            ],
        )
        _clear(connection, subscriber)
        waiting = (
            sa.select(OUTBOX.c.number)
            .where(OUTBOX.c.subscriber == subscriber, OUTBOX.c.dead == sa.false())
            .limit(most)
            .subquery()
        )
        return int(connection.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0)


def _due(connection: sa.Connection, now: datetime) -> list[tuple[LogicalAddress, int]]:
    rows = connection.execute(sa.text(_DUE), {"now": stamp(now)})
    return [(LogicalAddress(row[0]), row[1]) for row in rows]


# One step in the index for each subscriber, however much waits for each.
_DUE = """
WITH RECURSIVE waiting (subscriber) AS (
    SELECT min(subscriber) FROM outbox
    UNION ALL
    SELECT (SELECT min(outbox.subscriber) FROM outbox
            WHERE outbox.subscriber > waiting.subscriber)
    FROM waiting WHERE waiting.subscriber IS NOT NULL
)
SELECT waiting.subscriber, coalesce(outbox_subscriber.failures, 0)
FROM waiting LEFT JOIN outbox_subscriber USING (subscriber)
WHERE waiting.subscriber IS NOT NULL
  AND (retry_at IS NULL OR retry_at <= :now)
  AND EXISTS (SELECT 1 FROM outbox
              WHERE outbox.subscriber = waiting.subscriber AND outbox.dead = false
                AND outbox.not_before <= :now)
"""


def _clear(connection: sa.Connection, subscriber: str) -> None:
    """No failure counts against it any more."""
    connection.execute(
        sa.delete(OUTBOX_SUBSCRIBER).where(OUTBOX_SUBSCRIBER.c.subscriber == subscriber)
    )


_: type[Outbox] = SqlOutbox  # interface guard
