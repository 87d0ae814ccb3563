"""The access log as it is read: by correlation id, by person, or the latest.

For ``explain`` and auditors, often in another process than the hub's, on a read-only database.
Knows the rows that ``store.access_log`` writes. Plain functions that take milliseconds: call
them outside the event loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import PersonId
from samsvar.store.access_row import record_of
from samsvar.store.admin_trail import DOOR
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import QUESTION

_MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """One row: its number in the log, the record as it was appended, and items in all."""

    sequence: int
    record: QuestionRecord
    items: int


class AccessLogReader:
    """Reads the access log."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault

    def questions(self, correlation_id: str) -> list[LoggedQuestion]:
        """All that was asked under a correlation id, in the order of the log."""
        found = sa.select(QUESTION).where(QUESTION.c.correlation_id == correlation_id)
        return self._read(found.order_by(QUESTION.c.sequence).limit(_MOST_ROWS))

    def about(self, person: PersonId, limit: int = 100) -> list[LoggedQuestion]:
        """Who has asked about a person, the latest first."""
        found = sa.select(QUESTION).where(QUESTION.c.subject_hash == self._vault.keyed_hash(person))
        return self._latest(found, limit)

    def latest(self, limit: int, *, administration: bool = False) -> list[LoggedQuestion]:
        """The last questions, the latest first; ``administration``: and rows of changes."""
        found = sa.select(QUESTION)
        if not administration:
            found = found.where(sa.func.coalesce(QUESTION.c.door, "") != DOOR)
        return self._latest(found, limit)

    def _latest(self, found: sa.Select[Any], limit: int) -> list[LoggedQuestion]:
        most = max(1, min(limit, _MOST_ROWS))
        return self._read(found.order_by(QUESTION.c.sequence.desc()).limit(most))

    def _read(self, statement: sa.Select[Any]) -> list[LoggedQuestion]:
        try:
            with self._database.read() as connection:
                rows = [dict(row) for row in connection.execute(statement).mappings()]
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the access log cannot be read ({type(error).__name__})"
            ) from error
        return [self._question(row) for row in rows]

    def _question(self, row: Mapping[str, Any]) -> LoggedQuestion:
        return LoggedQuestion(row["sequence"], record_of(row, self._vault), row["items"])
