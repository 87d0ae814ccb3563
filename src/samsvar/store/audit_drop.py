"""Lets old rows of the access log go, in order: up to a signed head, told by a row, for ever.

The rows that would go are proven once more first: what is not as it was written is evidence, and
stays. The cut is stored before the first row is deleted, and the database itself refuses to delete
any row that no cut has let go, or to cut behind a row younger than the law's five years. A drop
that was broken off goes on when it is done again. Knows the tables.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

import sqlalchemy as sa

from samsvar.audit.cuts import DROP, LAW_YEARS, Cut, told, years_before
from samsvar.audit.merkle import CompactRange
from samsvar.audit.verifying import look_through
from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import QuestionRecord, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId
from samsvar.model.local_time import STOCKHOLM, local_day
from samsvar.ports import Clock
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.audit_view import viewed
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import AUDIT_CUT, DISCLOSURE_OWNER, LOG_OUTBOX, QUESTION

_AT_ONCE = 2000  # rows of one transaction: those who append wait for it


class DropRefused(Exception):
    """Nothing is let go. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Droppable:
    """What would go: rows up to the tree's size, from the first that is there."""

    first: int
    tree: CompactRange
    before: date

    @property
    def rows(self) -> int:
        """How many."""
        return self.tree.size - self.first + 1


class DropDesk:
    """Lets rows go for one who may. Its methods wait for the disk."""

    def __init__(
        self, database: Database, vault: PersonVault, clock: Clock, who: str, keep_years: int
    ) -> None:
        """``who``: the user of the machine; ``keep_years``: how long rows are kept at least."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._who = who
        self._years = max(keep_years, LAW_YEARS)

    def look(self, before: date) -> Droppable:
        """What may go of the rows before a Swedish day, up to a signed head.

        Raises:
            DropRefused: the day is too near, nothing is that old, or what is is not whole.
            ResourcesMissing: the log cannot be read.
        """
        now = self._clock.now()
        earliest = local_day(years_before(now, self._years))
        if before > earliest:
            raise DropRefused(
                f"rows are kept for {self._years} years (audit.keep_years): give a day not after"
                f" {earliest.isoformat()}"
            )
        moment = datetime(before.year, before.month, before.day, tzinfo=STOCKHOLM)
        bound = self._older_than(moment)
        with viewed(self._database) as view:
            cut = view.cut()
            begun = cut.tree if cut else CompactRange()
            limit = years_before(now, LAW_YEARS)
            tree = next(
                (
                    tree
                    for told_head, tree in view.heads_down_from(bound)
                    if tree.size > begun.size
                    and tree.root.hex() == told_head.head.root
                    and datetime.fromisoformat(told_head.head.at) < limit
                ),
                None,
            )
            if tree is None:
                raise DropRefused(
                    "no signed head is of rows that are all older than that: nothing can go"
                )
            faults = look_through(view.rows(begun.size + 1), begun, tree)
        if faults:
            raise DropRefused(
                f"{faults[0].text}: what is not as it was written is evidence, and stays; run"
                " samsvar audit verify"
            )
        return Droppable(begun.size + 1, tree, before)

    def drop(self, what: Droppable) -> int:
        """Let it go; the number of the row that tells of it.

        Raises:
            DropRefused: another was quicker, or the database will not.
            ResourcesMissing: it cannot be written. Done again, it goes on where it was.
        """
        teller = self._tell(what)
        values = {"size": what.tree.size, "peaks": what.tree.stored, "told_in": teller}
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.insert(AUDIT_CUT).values(values))
        except sa.exc.IntegrityError as error:
            raise DropRefused(
                "the database refuses: rows are not five years old, or another was quicker"
            ) from error
        self.sweep()
        return teller

    def sweep(self) -> int:
        """Delete what has been let go and is still there; how many rows. For one broken off, too.

        Raises:
            ResourcesMissing: it cannot be done.
        """
        with viewed(self._database) as view:
            cut = view.cut()
        return self._deleted(cut) if cut else 0

    def _deleted(self, cut: Cut) -> int:
        count = 0
        try:
            while True:
                with self._database.write() as connection, connection.begin():
                    first = connection.scalar(sa.select(sa.func.min(QUESTION.c.sequence)))
                    if first is None or first > cut.tree.size:
                        return count
                    last = min(cut.tree.size, first + _AT_ONCE - 1)
                    for table in (LOG_OUTBOX, DISCLOSURE_OWNER):
                        connection.execute(sa.delete(table).where(table.c.sequence <= last))
                    rows = sa.delete(QUESTION).where(QUESTION.c.sequence <= last)
                    count += connection.execute(rows).rowcount
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"rows of the access log cannot be let go ({type(error).__name__})"
            ) from error

    def _older_than(self, moment: datetime) -> int:
        """Up to which row all are older: not merely most, for rows are written as they end."""
        stamp = moment.astimezone(UTC).isoformat(timespec="microseconds")
        young = sa.select(sa.func.min(QUESTION.c.sequence)).where(QUESTION.c.at >= stamp)
        every = sa.select(sa.func.max(QUESTION.c.sequence))
        try:
            with self._database.read() as connection:
                first = connection.scalar(young)
                return int(first) - 1 if first is not None else int(connection.scalar(every) or 0)
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the access log cannot be read ({type(error).__name__})"
            ) from error

    def _tell(self, what: Droppable) -> int:
        correlation = CorrelationId(str(uuid4()))
        record = QuestionRecord(
            correlation_id=correlation,
            at=self._clock.now(),
            sender=HsaId(f"audit:{self._who}"),
            original_consumer=None,
            contract=ContractUrn(DROP),
            logical_address=None,
            subject=None,
            verdict=Verdict.ANSWERED,
            fault=None,
            fault_detail=told(what.tree, what.before),
            catalogue_version=None,
            elapsed=0.0,
            decisions=(),
            peer="local",
            door="admin",
        )
        asyncio.run(self._append(record))
        own = sa.select(QUESTION.c.sequence).where(QUESTION.c.correlation_id == correlation)
        with self._database.read() as connection:
            return int(connection.execute(own).scalar_one())

    async def _append(self, record: QuestionRecord) -> None:
        log = SqlAccessLog(self._database, self._vault)
        try:
            await log.append(record)
        finally:
            await log.close()
