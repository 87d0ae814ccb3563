"""The outbox to the log service: which rows of the access log it has not taken yet.

A row stands here from the transaction that appended it, and nothing of it is stored twice: what is
sent is made of the log's own row. Knows no message and no network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from samsvar.audit.log_entries import CannotBeTold, entries_of
from samsvar.errors import ResourcesMissing
from samsvar.model.log_entry import LogEntry
from samsvar.pipeline.log_ports import LogOutbox
from samsvar.store.access_row import record_of
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.shipping import SqlShipping
from samsvar.store.shipping_desk import ShippingDesk
from samsvar.store.tables import AUDIT_TREE, LOG_OUTBOX, QUESTION


class SqlLogOutbox(SqlShipping):
    """Rows of our own log."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        super().__init__(database, LOG_OUTBOX, "log-outbox")
        self._vault = vault

    def _told(
        self, connection: sa.Connection, numbers: Sequence[int]
    ) -> Iterator[tuple[int, tuple[LogEntry, ...], str]]:
        log = str(connection.scalar(sa.select(AUDIT_TREE.c.log)))
        chosen = QUESTION.c.sequence.in_(numbers)
        rows = connection.execute(
            sa.select(QUESTION).where(chosen).order_by(QUESTION.c.sequence)
        ).mappings()
        for row in rows:
            sequence = int(row["sequence"])
            try:
                record = record_of({str(name): row[name] for name in row}, self._vault)
                yield sequence, entries_of(sequence, record, log), ""
            except (CannotBeTold, ResourcesMissing) as error:
                yield sequence, (), str(error)
            except (ValueError, KeyError):
                yield sequence, (), "the row cannot be read"


class LogOutboxDesk(ShippingDesk):
    """The outbox as people see it."""

    def __init__(self, database: Database) -> None:
        joined = LOG_OUTBOX.join(QUESTION, LOG_OUTBOX.c.sequence == QUESTION.c.sequence)
        super().__init__(database, LOG_OUTBOX, QUESTION.c.at, joined)


_: type[LogOutbox] = SqlLogOutbox  # interface guard
