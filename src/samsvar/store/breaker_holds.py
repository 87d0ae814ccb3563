"""Which breakers somebody, or a security event, holds open or closed.

Implements ``guards.ports.HoldBook``. One row for each producer and contract; an empty contract is
all of a producer's. Knows no breaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.holds import BreakerHold
from samsvar.model.identifiers import ContractUrn
from samsvar.store.database import Database
from samsvar.store.tables import BREAKER_HOLD


class StoredHolds:
    """The table of holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, hold: BreakerHold) -> None:
        """Keep it; of all the producer's contracts, in place of each of them.

        Raises:
            ResourcesMissing: the database could not be written.
        """
        table = BREAKER_HOLD
        replaced = table.c.producer == hold.producer
        if hold.contract:
            replaced &= table.c.contract == hold.contract
        row = {
            "producer": hold.producer,
            "contract": hold.contract,
            "opened": hold.open,
            "reason": hold.reason,
            "held_by": hold.by,
            "at": _text(hold.at),
            "until": _text(hold.until) if hold.until else None,
        }
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.delete(table).where(replaced))
                connection.execute(sa.insert(table).values(row))
        except sa.exc.SQLAlchemyError as error:
            reason = type(error).__name__
            raise ResourcesMissing(f"a hold could not be written ({reason})") from error

    def read(self, now: datetime) -> Sequence[BreakerHold]:
        """Those that count.

        Raises:
            ResourcesMissing: the database could not be read.
        """
        table = BREAKER_HOLD
        counts = table.c.until.is_(None) | (table.c.until > _text(now))
        rows = sa.select(table).where(counts).order_by(table.c.producer, table.c.contract)
        try:
            with self._database.read() as connection:
                return [_hold(row) for row in connection.execute(rows)]
        except sa.exc.SQLAlchemyError as error:
            reason = type(error).__name__
            raise ResourcesMissing(f"holds could not be read ({reason})") from error


def _text(moment: datetime) -> str:
    """In one zone and of one length, so that texts compare as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _hold(row: Iterable[Any]) -> BreakerHold:
    producer, contract, opened, reason, by, at, until = tuple(row)
    return BreakerHold(
        producer,
        ContractUrn(contract),
        bool(opened),
        reason,
        by,
        datetime.fromisoformat(at),
        datetime.fromisoformat(until) if until else None,
    )
