"""The access log's answer to "who has read?": for the person, for an owner of data, for control.

Finds rows, and leaves to ``audit.reports`` what they mean. Is itself no row of the log: whoever
asks comes through a door or a command that makes one. Plain functions that wait for the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from samsvar.audit.reports import AccessSeen, Names, Refusals, refusals_in, seen_in
from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import HsaId, PersonId, folded
from samsvar.model.user import UserKind
from samsvar.store.access_row import record_of
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import DISCLOSURE_OWNER, QUESTION

_AT_ONCE = 500


def no_names(_identifier: str) -> str | None:
    """No directory: everything is told by its id."""
    return None


class AccessReport:
    """Reports from the access log. Its methods raise ResourcesMissing if it cannot be read."""

    def __init__(self, database: Database, vault: PersonVault, names: Names = no_names) -> None:
        self._database = database
        self._vault = vault
        self._names = names

    def for_person(
        self, person: PersonId, since: datetime, until: datetime, most: int
    ) -> Sequence[AccessSeen]:
        """Who has read about a person, the latest first; not ``until`` itself, and no more than
        ``most``."""
        about = QUESTION.c.subject_hash == self._vault.keyed_hash(person)
        found = (
            seen
            for sequence, record in self._rows(about, since, until)
            for seen in seen_in(sequence, record, self._names)
        )
        return list(islice(found, most))

    def by_staff(
        self,
        person: PersonId,
        since: datetime,
        until: datetime,
        most: int,
        care_giver: HsaId | None = None,
    ) -> Sequence[AccessSeen]:
        """What staff, of one care giver or of all, has seen about a person, the latest first."""
        table = QUESTION.c
        chosen = sa.and_(
            table.subject_hash == self._vault.keyed_hash(person),
            table.user_kind == UserKind.STAFF.value,
        )
        if care_giver is not None:
            chosen = sa.and_(chosen, sa.func.lower(table.care_giver) == folded(care_giver))
        found = (
            seen
            for sequence, record in self._rows(chosen, since, until)
            for seen in seen_in(sequence, record, self._names)
        )
        return list(islice(found, most))

    def for_owner(
        self, owner: str, since: datetime, until: datetime, most: int
    ) -> Sequence[AccessSeen]:
        """Who has read the records of an owner, the latest first."""
        rows = sa.select(DISCLOSURE_OWNER.c.sequence).filter_by(owner=folded(owner))
        found = (
            seen
            for sequence, record in self._rows(QUESTION.c.sequence.in_(rows), since, until)
            for seen in seen_in(sequence, record, self._names, owner)
        )
        return list(islice(found, most))

    def refusals(self, since: datetime, until: datetime) -> Sequence[Refusals]:
        """What was refused or masked, counted by care giver and rule."""
        rows = self._rows(QUESTION.c.disclosures.is_not(None), since, until)
        return refusals_in(record for _, record in rows)

    def _rows(
        self, chosen: sa.ColumnElement[bool], since: datetime, until: datetime
    ) -> Iterator[tuple[int, QuestionRecord]]:
        """Rows of a time, the latest first, some hundred at a time."""
        table = QUESTION.c
        within = sa.and_(chosen, table.at >= _stamp(since), table.at < _stamp(until))
        before: int | None = None
        while True:
            page = within if before is None else sa.and_(within, table.sequence < before)
            rows = self._read(
                sa.select(QUESTION).where(page).order_by(table.sequence.desc()).limit(_AT_ONCE)
            )
            for row in rows:
                yield row["sequence"], record_of(row, self._vault)
            if len(rows) < _AT_ONCE:
                return
            before = rows[-1]["sequence"]

    def _read(self, statement: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
        try:
            with self._database.read() as connection:
                found = connection.execute(statement).mappings().all()
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the access log cannot be read ({type(error).__name__})"
            ) from error
        return [{str(name): value for name, value in row.items()} for row in found]


def _stamp(moment: datetime) -> str:
    """As the rows have it, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
