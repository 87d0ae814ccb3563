"""Records of other hubs' access logs, from the message broker to the log service.

A record is taken once, however often and in whatever message it comes: by its id, in the
transaction that stores it. It stays, sealed, until the log service has it; its id is remembered
for as long as the inbox remembers anything. Knows no message and no network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from samsvar.broker.forms import NotTheForm
from samsvar.broker.log_records import RecordForm, entry_of, form_of
from samsvar.errors import ResourcesMissing
from samsvar.model.log_entry import LogEntry
from samsvar.pipeline.log_ports import LogInbox, LogOutbox
from samsvar.store.database import Database
from samsvar.store.inbox import Mark, fresh_marks
from samsvar.store.lease import stamp
from samsvar.store.secrets import PersonVault
from samsvar.store.shipping import SqlShipping
from samsvar.store.shipping_desk import ShippingDesk
from samsvar.store.tables import LOG_INBOX


class SqlLogInbox(SqlShipping):
    """Records that other hubs have given us to deliver."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        super().__init__(database, LOG_INBOX, "log-inbox")
        self._vault = vault

    async def take(self, receiver: str, entries: Sequence[LogEntry], now: datetime) -> int:
        """Keep these records for a care giver's log, in their order; how many were new. All are
        of one hub: ``system`` says which.

        Raises:
            ResourcesMissing: none of them was taken.
        """
        return await self._do(lambda connection: self._take(connection, receiver, entries, now))

    def _take(
        self,
        connection: sa.Connection,
        receiver: str,
        entries: Sequence[LogEntry],
        now: datetime,
    ) -> int:
        sender = entries[0].system
        marks = [Mark(sender, b"log:" + UUID(entry.log_id).bytes) for entry in entries]
        fresh = [entries[place] for place in fresh_marks(connection, marks, now)]
        if fresh:
            rows = [self._row(sender, receiver, entry) for entry in fresh]
            connection.execute(sa.insert(LOG_INBOX), rows)
        return len(fresh)

    def _row(self, sender: str, receiver: str, entry: LogEntry) -> dict[str, object]:
        return {
            "sender": sender,
            "receiver": receiver,
            "entry_sealed": self._vault.seal_text(form_of(entry).model_dump_json()),
            "at": stamp(entry.at),
            "dead": False,
            "uncertain": False,
            "refusals": 0,
            "not_before": "",
            "reason": "",
        }

    def _told(
        self, connection: sa.Connection, numbers: Sequence[int]
    ) -> Iterator[tuple[int, tuple[LogEntry, ...], str]]:
        inbox = LOG_INBOX.c
        rows = connection.execute(
            sa.select(inbox.sequence, inbox.sender, inbox.entry_sealed)
            .where(inbox.sequence.in_(numbers))
            .order_by(inbox.sequence)
        )
        for sequence, sender, sealed in rows:
            try:
                form = RecordForm.read(self._vault.open_text(sealed).encode())
                yield sequence, (entry_of(form, sender),), ""
            except (ResourcesMissing, NotTheForm):
                yield sequence, (), "the record cannot be read"


class LogInboxDesk(ShippingDesk):
    """The same as people see it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, LOG_INBOX, LOG_INBOX.c.at)


_: tuple[type[LogOutbox], type[LogInbox]] = (SqlLogInbox, SqlLogInbox)  # interface guard
