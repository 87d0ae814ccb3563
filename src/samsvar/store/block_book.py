"""The book of blocks: registered, opened for a while, ended; never taken away.

Persons are kept as a keyed hash to find them by, and sealed. An errand that is sent twice is done
once and answered as done. Knows no message and no loop: its calls wait for the disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from samsvar.model.accessing import same
from samsvar.model.blocks import (
    BlockFilter,
    BlockPage,
    BlockRecord,
    BlockType,
    RevokeReason,
    TemporaryRevoke,
    refusal_of,
    revoke_refusal_of,
)
from samsvar.model.identifiers import HsaId, PersonId, folded
from samsvar.model.registration import Action, Refusal
from samsvar.store.actions import opened, sealed
from samsvar.store.database import Database
from samsvar.store.lease import stamp
from samsvar.store.secrets import PersonVault
from samsvar.store.security_rows import moment_or_none, reading, stamp_or_none, writing
from samsvar.store.tables import BLOCK, BLOCK_REVOKE

_WHAT = "blocks"
MOST_BLOCKS = 10_000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
#: what is stored now may have been given its moment a little while ago: ask from before that
_OVERLAP = timedelta(minutes=1)
_REVOKE = {column.name: column.label(f"revoke_{column.name}") for column in BLOCK_REVOKE.c}


class BlockBook:
    """Blocks and their temporary revokes, as they were registered."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault

    def register(
        self, record: BlockRecord, now: datetime, represented_by: PersonId | None = None
    ) -> Refusal | None:
        """Keep it; None: it is kept, now or since it was first sent. ``represented_by``: somebody
        who asks for it in the person's place, which no guardian may.

        Raises:
            FactsUnavailable: nothing was stored.
        """
        if represented_by is not None:
            return Refusal.BY_GUARDIAN
        with writing(self._database, _WHAT) as connection:
            row = _row(connection, record.block_id)
            if row is not None:
                kept = self._record(row, self._vault.open(row["subject_sealed"]), ())
                if not record.says_as(kept):
                    return Refusal.EXISTS
                return Refusal.CANCELLED if kept.ending is not None else None
            refusal = refusal_of(record)
            if refusal is None:
                connection.execute(sa.insert(BLOCK).values(self._columns(record, now)))
            return refusal

    def revoke(
        self, block_id: str, revoke: TemporaryRevoke, now: datetime, care_giver: str | None = None
    ) -> Refusal | None:
        """Open a block for a while. ``care_giver``: only if the block is this one's, for no other
        may open it.

        Raises:
            FactsUnavailable: nothing was stored.
        """
        with writing(self._database, _WHAT) as connection:
            refusal = _refused(_row(connection, block_id), care_giver)
            if refusal is not None:
                return refusal
            wanted = sa.select(BLOCK_REVOKE).where(BLOCK_REVOKE.c.revoke_id == revoke.revoke_id)
            kept = connection.execute(wanted).mappings().one_or_none()
            columns = self._revoke_columns(block_id, revoke, now)
            if kept is not None:
                told = ("block_id", "ends", "care_unit", "employee", "reason")
                again = all(kept[name] == columns[name] for name in told)
                return None if again else Refusal.EXISTS
            refusal = revoke_refusal_of(revoke, now)
            if refusal is None:
                connection.execute(sa.insert(BLOCK_REVOKE).values(columns))
            return refusal

    def end(
        self, block_id: str, action: Action, now: datetime, care_giver: str | None = None
    ) -> Refusal | None:
        """End a block, which cannot be undone. ``care_giver``: only if it is this one's.

        Raises:
            FactsUnavailable: nothing was stored.
        """
        with writing(self._database, _WHAT) as connection:
            row = _row(connection, block_id)
            refusal = _refused(row, care_giver)
            if refusal is Refusal.CANCELLED:
                return None  # done before
            if refusal is None:
                connection.execute(
                    sa.update(BLOCK)
                    .where(BLOCK.c.block_id == block_id, BLOCK.c.ended_at.is_(None))
                    .values(ended_at=stamp(now), ending=sealed(self._vault, action))
                )
            return refusal

    def of_person(self, subject: PersonId) -> tuple[BlockRecord, ...]:
        """All of a person, those that have ended too, the oldest first.

        Raises:
            FactsUnavailable: the book cannot be read.
        """
        found = _joined().where(BLOCK.c.subject_hash == self._vault.keyed_hash(subject))
        with reading(self._database, _WHAT) as connection:
            return self._records(connection.execute(found).mappings(), subject)

    def in_force(self, wanted: BlockFilter) -> BlockPage | Refusal:
        """Those that are in force, and when the book was last changed.

        Raises:
            FactsUnavailable: the book cannot be read.
        """
        found = _joined().where(BLOCK.c.ended_at.is_(None))
        if wanted.subject is not None:
            found = found.where(BLOCK.c.subject_hash == self._vault.keyed_hash(wanted.subject))
        if wanted.care_givers:
            names = sorted(set(map(folded, wanted.care_givers)))
            found = found.where(sa.func.lower(BLOCK.c.care_giver).in_(names))
        if wanted.since is not None:
            since = stamp(wanted.since)
            newly = sa.select(BLOCK_REVOKE.c.block_id).where(BLOCK_REVOKE.c.stored_at >= since)
            found = found.where(sa.or_(BLOCK.c.stored_at >= since, BLOCK.c.block_id.in_(newly)))
        with reading(self._database, _WHAT) as connection:
            rows = connection.execute(found.limit(2 * MOST_BLOCKS)).mappings().all()
            newest = [
                connection.scalar(sa.select(sa.func.max(column)))
                for column in (BLOCK.c.stored_at, BLOCK_REVOKE.c.stored_at)
            ]
            ended = connection.scalar(sa.select(sa.func.max(BLOCK.c.ended_at)))
            blocks = self._records(rows)
        if len(blocks) > MOST_BLOCKS or len(rows) == 2 * MOST_BLOCKS:
            return Refusal.TOO_MANY
        last = max((one for one in newest if one is not None), default=None)
        since_next = _NEVER if last is None else datetime.fromisoformat(last) - _OVERLAP
        return BlockPage(blocks, since_next, moment_or_none(ended) or _NEVER)

    def _records(
        self, rows: Iterable[sa.RowMapping], subject: PersonId | None = None
    ) -> tuple[BlockRecord, ...]:
        """Rows of one block follow each other, one for each temporary revoke."""
        blocks: dict[str, tuple[sa.RowMapping, list[TemporaryRevoke]]] = {}
        for row in rows:
            _, revokes = blocks.setdefault(row["block_id"], (row, []))
            if row["revoke_revoke_id"] is not None:
                revokes.append(self._revoke(row))
        return tuple(
            self._record(row, subject or self._vault.open(row["subject_sealed"]), revokes)
            for row, revokes in blocks.values()
        )

    def _record(
        self, row: sa.RowMapping, subject: PersonId, revokes: Iterable[TemporaryRevoke]
    ) -> BlockRecord:
        return BlockRecord(
            block_id=row["block_id"],
            kind=BlockType(row["kind"]),
            subject=subject,
            care_giver=HsaId(row["care_giver"]),
            care_unit=HsaId(row["care_unit"]) if row["care_unit"] else None,
            start=moment_or_none(row["starts"]),
            end=moment_or_none(row["ends"]),
            excluded=frozenset(row["excluded"].split()),
            registration=opened(self._vault, row["registration"]),
            ending=None if row["ending"] is None else opened(self._vault, row["ending"]),
            revokes=tuple(revokes),
            owner=row["owner"] or None,
        )

    def _revoke(self, row: sa.RowMapping) -> TemporaryRevoke:
        employee = row["revoke_employee"]
        return TemporaryRevoke(
            revoke_id=row["revoke_revoke_id"],
            end=datetime.fromisoformat(row["revoke_ends"]),
            care_unit=HsaId(row["revoke_care_unit"]),
            employee=HsaId(employee) if employee else None,
            reason=RevokeReason(row["revoke_reason"]),
            registration=opened(self._vault, row["revoke_registration"]),
            owner=row["revoke_owner"] or None,
        )

    def _columns(self, record: BlockRecord, now: datetime) -> dict[str, object]:
        return {
            "block_id": record.block_id,
            "kind": record.kind.value,
            "subject_hash": self._vault.keyed_hash(record.subject),
            "subject_sealed": self._vault.seal(record.subject),
            "care_giver": record.care_giver,
            "care_unit": record.care_unit,
            "starts": stamp_or_none(record.start),
            "ends": stamp_or_none(record.end),
            "excluded": " ".join(sorted(record.excluded)),
            "registration": sealed(self._vault, record.registration),
            "owner": record.owner or "",
            "stored_at": stamp(now),
        }

    def _revoke_columns(
        self, block_id: str, revoke: TemporaryRevoke, now: datetime
    ) -> dict[str, object]:
        return {
            "revoke_id": revoke.revoke_id,
            "block_id": block_id,
            "ends": stamp(revoke.end),
            "care_unit": revoke.care_unit,
            "employee": revoke.employee,
            "reason": revoke.reason.value,
            "registration": sealed(self._vault, revoke.registration),
            "owner": revoke.owner or "",
            "stored_at": stamp(now),
        }


def _joined() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(*BLOCK.c, *_REVOKE.values())
        .select_from(BLOCK.outerjoin(BLOCK_REVOKE, BLOCK_REVOKE.c.block_id == BLOCK.c.block_id))
        .order_by(BLOCK.c.stored_at, BLOCK.c.block_id, BLOCK_REVOKE.c.stored_at)
    )


def _row(connection: sa.Connection, block_id: str) -> sa.RowMapping | None:
    wanted = sa.select(BLOCK).where(BLOCK.c.block_id == block_id)
    return connection.execute(wanted).mappings().one_or_none()


def _refused(row: sa.RowMapping | None, care_giver: str | None) -> Refusal | None:
    if row is None:
        return Refusal.NOT_FOUND
    if care_giver is not None and not same(care_giver, row["care_giver"]):
        return Refusal.NOT_YOURS
    return Refusal.CANCELLED if row["ended_at"] is not None else None
