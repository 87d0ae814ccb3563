"""The access log searched and handed over, row by row; each time a row of the log itself.

Knows the rows, and how a person is found without the number being stored. A search that could not
be written into the log gives nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from samsvar.audit.row_form import NAMES
from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import QuestionRecord, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, PersonId
from samsvar.ports import Clock
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_report import AccessReport
from samsvar.store.access_row import user_id_hash
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import QUESTION

SEARCH = ContractUrn("urn:samsvar:audit:search:1")
EXPORT = ContractUrn("urn:samsvar:audit:export:1")
REPORT = ContractUrn("urn:samsvar:audit:report:1")
_AT_ONCE = 1000
_SHOWN = (*(QUESTION.c[name] for name in NAMES), QUESTION.c.leaf)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows. What is None narrows nothing; ``until`` itself is not wanted any more."""

    person: PersonId | None = None
    sender: str | None = None
    user: HsaId | None = None
    """Staff, by HSA-id."""
    care_giver: str | None = None
    """Whose staff asked."""
    owner: str | None = None
    """Whose records were read: for reports."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def told(self) -> str:
        """For the log's own row. The person is its subject, and stands in no text."""
        parts = (
            ("person", "given" if self.person else None),
            ("sender", self.sender),
            ("user", "given" if self.user else None),
            ("care giver", self.care_giver),
            ("owner", self.owner),
            ("from", _stamp(self.since)),
            ("to", _stamp(self.until)),
        )
        return ", ".join(f"{name} {value}" for name, value in parts if value) or "all rows"


class AuditDesk:
    """Answers those who audit. Its methods wait for the disk."""

    def __init__(self, database: Database, vault: PersonVault, clock: Clock, who: str) -> None:
        """``who``: the user of the machine who asks."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._who = who

    @property
    def report(self) -> AccessReport:
        """Who has read; to be asked for after a note."""
        return AccessReport(self._database, self._vault)

    def search(self, wanted: Wanted, most: int) -> list[Mapping[str, Any]]:
        """The last rows that match, the latest first. The search's own row is not among them.

        Raises:
            ResourcesMissing: the log cannot be read, or the search not be logged.
        """
        last = self.note(SEARCH, wanted)
        number, found = QUESTION.c.sequence, self._matching(wanted, last)
        if _has_index(wanted):  # numbers alone are sorted: the rows are wide
            latest = found.with_only_columns(number).order_by((number + 0).desc()).limit(most)
            found = sa.select(*_SHOWN).where(number.in_(latest))
        return list(self._read(found.order_by(number.desc()).limit(most)))

    def export(self, wanted: Wanted) -> Iterator[Mapping[str, Any]]:
        """All rows that match, in the order of the log; the export's own row is not among them.

        Raises:
            ResourcesMissing: the log cannot be read, or the export not be logged.
        """
        last = self.note(EXPORT, wanted)
        done = 0
        while True:
            after = self._matching(wanted, last).where(QUESTION.c.sequence > done)
            batch = list(self._read(after.order_by(QUESTION.c.sequence).limit(_AT_ONCE)))
            yield from batch
            if len(batch) < _AT_ONCE:
                return
            done = batch[-1]["sequence"]

    def note(self, contract: ContractUrn, wanted: Wanted) -> int:
        """Make the row that says what is looked for; the number of the last one before it.

        Raises:
            ResourcesMissing: it cannot be written: then nothing may be shown.
        """
        correlation = CorrelationId(str(uuid4()))
        record = QuestionRecord(
            correlation_id=correlation,
            at=self._clock.now(),
            sender=HsaId(f"audit:{self._who}"),
            original_consumer=None,
            contract=contract,
            logical_address=None,
            subject=wanted.person,
            verdict=Verdict.ANSWERED,
            fault=None,
            fault_detail=wanted.told,
            catalogue_version=None,
            elapsed=0.0,
            decisions=(),
            peer="local",
        )
        asyncio.run(self._append(record))
        own = sa.select(QUESTION.c.sequence).where(QUESTION.c.correlation_id == correlation)
        return int(next(self._read(own))["sequence"]) - 1

    async def _append(self, record: QuestionRecord) -> None:
        log = SqlAccessLog(self._database, self._vault)
        try:
            await log.append(record)
        finally:
            await log.close()

    def _matching(self, wanted: Wanted, last: int) -> sa.Select[Any]:
        # Bounded by a sum where there is a better index, or PostgreSQL goes through all numbers.
        number = QUESTION.c.sequence + 0 if _has_index(wanted) else QUESTION.c.sequence
        found = sa.select(*_SHOWN).where(number <= last)
        if wanted.person is not None:
            found = found.where(QUESTION.c.subject_hash == self._vault.keyed_hash(wanted.person))
        if wanted.sender is not None:
            found = found.where(QUESTION.c.sender == wanted.sender)
        if wanted.user is not None:
            found = found.where(QUESTION.c.user_id_hash == user_id_hash(self._vault, wanted.user))
        if wanted.care_giver is not None:
            found = found.where(QUESTION.c.care_giver == wanted.care_giver)
        if wanted.since is not None:
            found = found.where(QUESTION.c.at >= _stamp(wanted.since))
        if wanted.until is not None:
            found = found.where(QUESTION.c.at < _stamp(wanted.until))
        return found

    def _read(self, statement: sa.Select[Any]) -> Iterator[Mapping[str, Any]]:
        try:
            with self._database.read() as connection:
                rows = [
                    {str(name): value for name, value in row.items()}
                    for row in connection.execute(statement).mappings()
                ]
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the access log cannot be read ({type(error).__name__})"
            ) from error
        yield from rows


def _has_index(wanted: Wanted) -> bool:
    """Whether an index leads to few rows."""
    return bool(wanted.person or wanted.user or wanted.care_giver)


def _stamp(moment: datetime | None) -> str | None:
    """As the rows have it, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None
