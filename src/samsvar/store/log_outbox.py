"""The outbox to the log service: which rows of the access log it has not taken yet.

A row stands here from the transaction that appended it, and nothing of it is stored twice: what is
sent is made of the log's own row. Knows no message and no network.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from samsvar.audit.log_entries import CannotBeTold, entries_of
from samsvar.errors import ResourcesMissing
from samsvar.model.log_entry import Shipment
from samsvar.pipeline.log_ports import LogOutbox
from samsvar.store.access_row import record_of
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.shipping import ShippingDesk, SqlShipping
from samsvar.store.tables import AUDIT_TREE, LOG_OUTBOX, QUESTION


class SqlLogOutbox(SqlShipping):
    """Rows of our own log."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        super().__init__(database, LOG_OUTBOX, "log-outbox")
        self._vault = vault

    def _shipments(
        self, connection: sa.Connection, due: sa.ColumnElement[bool], most: int
    ) -> Iterable[Shipment]:
        table = LOG_OUTBOX.c
        log = str(connection.scalar(sa.select(AUDIT_TREE.c.log)))
        rows = connection.execute(
            sa.select(QUESTION, table.refusals, table.uncertain)
            .join(LOG_OUTBOX, table.sequence == QUESTION.c.sequence)
            .where(due)
            .order_by(table.sequence)
            .limit(most)
        ).mappings()
        for row in rows:
            yield self._shipment({str(name): row[name] for name in row}, log)

    def _shipment(self, row: dict[str, object], log: str) -> Shipment:
        sequence, refusals = row["sequence"], row["refusals"]
        assert isinstance(sequence, int)
        assert isinstance(refusals, int)
        try:
            entries, cannot = entries_of(sequence, record_of(row, self._vault), log), ""
        except (CannotBeTold, ResourcesMissing, ValueError, KeyError) as error:
            known = isinstance(error, CannotBeTold | ResourcesMissing)
            entries, cannot = (), str(error) if known else "the row cannot be read"
        return Shipment(sequence, entries, cannot, refusals, bool(row["uncertain"]))


class LogOutboxDesk(ShippingDesk):
    """The outbox as people see it."""

    def __init__(self, database: Database) -> None:
        joined = LOG_OUTBOX.join(QUESTION, LOG_OUTBOX.c.sequence == QUESTION.c.sequence)
        super().__init__(database, LOG_OUTBOX, QUESTION.c.at, joined)


_: type[LogOutbox] = SqlLogOutbox  # interface guard
