"""Which changes in the outbox go in the next message to a subscriber."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import orjson
import sqlalchemy as sa

from samsvar.model.engagement import Engagement, EngagementTransaction, Notification
from samsvar.model.identifiers import LogicalAddress
from samsvar.store.lease import stamp
from samsvar.store.queue_walk import waiting
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import OUTBOX

_RESTING = (
    sa.select(OUTBOX.c.key, sa.func.min(OUTBOX.c.number))
    .where(
        OUTBOX.c.subscriber == sa.bindparam("whose"),
        OUTBOX.c.dead == sa.false(),
        OUTBOX.c.refusals > sa.literal_column("0"),  # as it stands in the index outbox_refused
        OUTBOX.c.not_before > sa.bindparam("moment"),
    )
    .group_by(OUTBOX.c.key)
)


def next_batch(
    connection: sa.Connection,
    vault: PersonVault,
    subscriber: LogicalAddress,
    most: int,
    now: datetime,
) -> list[Notification]:
    """In order, each post once, all with the same history. One that has been refused goes alone;
    while it rests, so do later changes of the same post, and no others."""
    batch: list[Notification] = []
    # Without the owner: some indexes refuse a message that has the same post of two owners.
    posts: set[tuple[str, ...]] = set()
    keys: set[bytes] = set()
    for row in islice(_due(connection, subscriber, most, now), most):
        if batch and (row["history"] != batch[0].history or row["refusals"]):
            break
        if row["key"] in keys:
            continue  # it waits for the next message, and all of it after this
        keys.add(row["key"])
        notification = _opened(row, vault)
        post = notification.transaction.engagement
        name = (*post.key[:7], post.interest)
        if name not in posts:
            batch.append(notification)
        posts.add(name)
        if row["refusals"]:
            break
    return batch


def _due(
    connection: sa.Connection, subscriber: LogicalAddress, most: int, now: datetime
) -> Iterator[sa.RowMapping]:
    """The rows whose time has come, and that follow none of the same post that rests."""
    about = {"whose": subscriber, "moment": stamp(now)}
    resting = {row[0]: int(row[1]) for row in connection.execute(_RESTING, about)}
    table = OUTBOX.c
    for row in waiting(
        connection, table.subscriber, table.number, subscriber, sa.select(OUTBOX), most
    ):
        if row["number"] < resting.get(row["key"], row["number"] + 1):
            yield row


def _opened(row: sa.RowMapping, vault: PersonVault) -> Notification:
    said = orjson.loads(row["post"])
    delete = said.pop("delete")
    resident = vault.open(row["resident_sealed"]).extension
    return Notification(
        number=row["number"],
        transaction=EngagementTransaction(delete, Engagement(resident=resident, **said)),
        correlation_id=row["correlation_id"],
        history=row["history"],
        refusals=row["refusals"],
        written=row["written"],
    )
