"""The book of consents: registered, ended early, nullified; never taken away.

Persons are kept as a keyed hash to find them by, and sealed. An errand that is sent twice is done
once and answered as done. Knows no message and no loop: its calls wait for the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from samsvar.model.accessing import same
from samsvar.model.consents import (
    AssertionType,
    ConsentRecord,
    KindOf,
    Scope,
    refusal_of,
)
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.registration import Action, Refusal
from samsvar.store.actions import opened, sealed
from samsvar.store.database import Database
from samsvar.store.lease import stamp
from samsvar.store.secrets import PersonVault
from samsvar.store.security_rows import moment_or_none, reading, stamp_or_none, writing
from samsvar.store.tables import CONSENT

_WHAT = "consents"


class ConsentBook:
    """Consents and statements of emergency, as they were registered."""

    def __init__(self, database: Database, vault: PersonVault, kind_of: KindOf) -> None:
        self._database = database
        self._vault = vault
        self._kind_of = kind_of

    def register(
        self, record: ConsentRecord, now: datetime, *, from_now: bool = False
    ) -> Refusal | None:
        """Keep it; None: it is kept, now or since it was first sent. ``from_now``: its start was
        not said.

        Raises:
            FactsUnavailable: nothing was stored.
        """
        record = replace(record, start=now) if from_now else record
        with writing(self._database, _WHAT) as connection:
            row = _row(connection, record.assertion_id)
            if row is not None:
                return self._again(row, record, from_now=from_now)
            refusal = refusal_of(record, self._kind_of, now)
            if refusal is None:
                connection.execute(sa.insert(CONSENT).values(self._columns(record, now)))
            return refusal

    def cancel(
        self, assertion_id: str, action: Action, now: datetime, care_giver: str | None = None
    ) -> Refusal | None:
        """End it early (återkalla). ``care_giver``: only if it is this one's.

        Raises:
            FactsUnavailable: nothing was stored.
        """

        def refused(row: sa.RowMapping) -> Refusal | None:
            return Refusal.NULLIFIED if row["deleted_at"] is not None else None

        return self._end(
            assertion_id, ("cancelled_at", "cancellation"), action, now, care_giver, refused
        )

    def nullify(
        self, assertion_id: str, action: Action, now: datetime, care_giver: str | None = None
    ) -> Refusal | None:
        """Nullify it (makulera), as registered in error; also one that has ended.

        Raises:
            FactsUnavailable: nothing was stored.
        """
        return self._end(
            assertion_id, ("deleted_at", "deletion"), action, now, care_giver, lambda _row: None
        )

    def subject_of(self, assertion_id: str) -> PersonId | None:
        """Whose it is; None: there is none with that id.

        Raises:
            FactsUnavailable: the book cannot be read.
        """
        with reading(self._database, _WHAT) as connection:
            row = _row(connection, assertion_id)
            return None if row is None else self._vault.open(row["subject_sealed"])

    def of_person(
        self, subject: PersonId, care_giver: str | None = None
    ) -> tuple[ConsentRecord, ...]:
        """All of a person, or with one care giver; those that have ended too, the oldest first.

        Raises:
            FactsUnavailable: the book cannot be read.
        """
        found = (
            sa.select(CONSENT)
            .where(CONSENT.c.subject_hash == self._vault.keyed_hash(subject))
            .order_by(CONSENT.c.stored_at, CONSENT.c.assertion_id)
        )
        with reading(self._database, _WHAT) as connection:
            rows = connection.execute(found).mappings().all()
            return tuple(
                self._record(row, subject)
                for row in rows
                if care_giver is None or same(care_giver, row["care_giver"])
            )

    def _again(
        self, row: sa.RowMapping, record: ConsentRecord, *, from_now: bool
    ) -> Refusal | None:
        if row["deleted_at"] is not None:
            return Refusal.NULLIFIED
        kept = self._record(row, self._vault.open(row["subject_sealed"]))
        start = datetime.fromisoformat(row["stored_at"]) if from_now else record.start
        if not record.says_as(kept) or start != kept.start:
            return Refusal.EXISTS
        return Refusal.CANCELLED if row["cancelled_at"] is not None else None

    def _end(
        self,
        assertion_id: str,
        columns: tuple[str, str],
        action: Action,
        now: datetime,
        care_giver: str | None,
        refused: Callable[[sa.RowMapping], Refusal | None],
    ) -> Refusal | None:
        at, kept = columns
        with writing(self._database, _WHAT) as connection:
            row = _row(connection, assertion_id)
            if row is None:
                return Refusal.NOT_FOUND
            if care_giver is not None and not same(care_giver, row["care_giver"]):
                return Refusal.NOT_YOURS
            refusal = refused(row)
            if refusal is None and row[at] is None:
                connection.execute(
                    sa.update(CONSENT)
                    .where(CONSENT.c.assertion_id == assertion_id, CONSENT.c[at].is_(None))
                    .values({at: stamp(now), kept: sealed(self._vault, action)})
                )
            return refusal

    def _columns(self, record: ConsentRecord, now: datetime) -> dict[str, object]:
        by = record.represented_by
        return {
            "assertion_id": record.assertion_id,
            "kind": record.kind.value,
            "scope": record.scope.value,
            "subject_hash": self._vault.keyed_hash(record.subject),
            "subject_sealed": self._vault.seal(record.subject),
            "care_giver": record.care_giver,
            "care_unit": record.care_unit,
            "employee": record.employee,
            "starts": stamp(record.start),
            "ends": stamp_or_none(record.end),
            "represented_sealed": None if by is None else self._vault.seal(by),
            "registration": sealed(self._vault, record.registration),
            "owner": record.owner or "",
            "stored_at": stamp(now),
        }

    def _record(self, row: sa.RowMapping, subject: PersonId) -> ConsentRecord:
        by = row["represented_sealed"]
        return ConsentRecord(
            assertion_id=row["assertion_id"],
            kind=AssertionType(row["kind"]),
            scope=Scope(row["scope"]),
            subject=subject,
            care_giver=HsaId(row["care_giver"]),
            care_unit=HsaId(row["care_unit"]),
            employee=HsaId(row["employee"]) if row["employee"] else None,
            start=datetime.fromisoformat(row["starts"]),
            end=moment_or_none(row["ends"]),
            represented_by=None if by is None else self._vault.open(by),
            registration=opened(self._vault, row["registration"]),
            cancellation=self._action(row["cancellation"]),
            deletion=self._action(row["deletion"]),
            owner=row["owner"] or None,
        )

    def _action(self, kept: bytes | None) -> Action | None:
        return None if kept is None else opened(self._vault, kept)


def _row(connection: sa.Connection, assertion_id: str) -> sa.RowMapping | None:
    wanted = sa.select(CONSENT).where(CONSENT.c.assertion_id == assertion_id)
    return connection.execute(wanted).mappings().one_or_none()
