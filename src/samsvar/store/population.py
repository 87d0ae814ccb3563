"""The population register (folkbokföring), as far as access decisions ask it: who is guardian of
whom, and whose identity is protected.

It is loaded whole. An edition is written beside the one in force, in short transactions, and takes
its place in one: nobody waits, and nobody sees half of it. Persons are keyed hashes only: the
store can answer about somebody who is named, and tells nobody's name. Knows no file. Longer than
most, as who loads and who answers must agree on what an edition is.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice

import sqlalchemy as sa

from samsvar.access.words import Truth
from samsvar.errors import FactsUnavailable, ResourcesMissing
from samsvar.fact_ports import PopulationAnswer, PopulationRegister
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.store.database import Database
from samsvar.store.grounds import failed, looked, stored
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import METADATA

POPULATION_REGISTER = sa.Table(
    "population_register",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("edition", sa.Text, nullable=False),
    sa.Column("as_of", sa.Text, nullable=False),
    sa.Column("everybody", sa.Boolean, nullable=False),
    sa.Column("guardianships", sa.Integer, nullable=False),
    sa.Column("protected", sa.Integer, nullable=False),
    sa.Column("listed", sa.Integer, nullable=False),
    sa.Column("loaded", sa.Text, nullable=False),
    sa.Column("loaded_by", sa.Text, nullable=False),
)
"""One row, of id 1: the edition in force."""

POPULATION_ROW = sa.Table(
    "population_row",
    METADATA,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("guardian", sa.Text),
    sa.Column("valid_to", sa.Text),
)
_R = POPULATION_REGISTER.c
_P = POPULATION_ROW.c
_NAME = "the population register"
_LEAST_KEPT_PERCENT = 80
_BATCH = 2000  # under a tenth of a second of the write lock: the access log waits for it


class PopulationShrinks(ValueError):
    """The new register lacks more than a fifth of what is now in force."""


class RowKind(StrEnum):
    """What a row says of its person."""

    GUARDIAN = "guardian"
    PROTECTED = "protected"
    LISTED = "listed"
    """It is known to the register: its identity is protected only if a row says so."""


@dataclass(frozen=True, slots=True)
class PopulationRow:
    """One row, as it is loaded."""

    kind: RowKind
    person: PersonId
    guardian: PersonId | None = None
    valid_to: date | None = None
    """Last day."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What is in force, in figures."""

    as_of: datetime
    everybody: bool
    """Who is not in it has no protected identity; otherwise nothing is known of them."""
    guardianships: int
    protected: int
    listed: int
    loaded: datetime
    loaded_by: str


class StoredPopulation:
    """Loads whole editions, and answers by the one in force.

    ``longest``: one that is older answers nothing.
    """

    def __init__(self, database: Database, vault: PersonVault, longest: timedelta) -> None:
        self._database = database
        self._vault = vault
        self._longest = longest

    async def check(
        self, subject: PersonId, guardian: PersonId | None, at: datetime
    ) -> PopulationAnswer:
        """What the register says. All is unknown where none has been loaded.

        Raises:
            FactsUnavailable: it is too old, or cannot be read.
        """
        rows = await looked(_NAME, lambda: self._rows(self._vault.keyed_hash(subject)))
        if not rows:
            return PopulationAnswer()
        if at.astimezone(UTC) - datetime.fromisoformat(rows[0].as_of) > self._longest:
            raise FactsUnavailable("the population register is too old: load a newer one")
        day = at.astimezone(STOCKHOLM).date().isoformat()
        said = [row for row in rows if row.kind is not None]
        held = [row for row in said if row.valid_to is None or day <= row.valid_to]
        protected = Truth.UNKNOWN
        if any(row.kind == RowKind.PROTECTED for row in held):
            protected = Truth.YES
        elif said or rows[0].everybody:
            protected = Truth.NO
        if guardian is None:
            return PopulationAnswer(protected)
        theirs = self._vault.keyed_hash(guardian)
        found = any(row.kind == RowKind.GUARDIAN and row.guardian == theirs for row in held)
        return PopulationAnswer(protected, Truth.YES if found else Truth.NO)

    def load(
        self,
        rows: Iterable[PopulationRow],
        by: str,
        now: datetime,
        *,
        as_of: datetime,
        everybody: bool,
        force: bool = False,
    ) -> Edition:
        """Put all rows in force, in place of those that are. What ``rows`` raises goes on; then
        nothing has changed.

        Args:
            as_of: when it was taken out of the national register.
            everybody: who is not in it has no protected identity.
            force: also if it lacks much of what is in force.

        Raises:
            PopulationShrinks: more than a fifth of the guardianships or protected identities
                would go: half a file must not lay open whoever stands in the other half.
            ResourcesMissing: it could not be stored; nothing has changed.
        """
        edition = secrets.token_hex(8)
        counts = dict.fromkeys(RowKind, 0)
        try:
            try:
                for batch in _batches(rows):
                    self._insert(edition, sum(counts.values()), batch)
                    for row in batch:
                        counts[row.kind] += 1
                told = Edition(
                    as_of.astimezone(UTC),
                    everybody,
                    counts[RowKind.GUARDIAN],
                    counts[RowKind.PROTECTED],
                    counts[RowKind.LISTED],
                    now.astimezone(UTC),
                    by,
                )
                if not force:
                    _check_shrinking(self.edition(), told)
                self._put_in_force(edition, told)
            except BaseException:
                self._clear(edition)
                raise
            for other in self._others():
                self._clear(other)
        except sa.exc.SQLAlchemyError as error:
            raise failed(_NAME, error) from error
        return told

    def edition(self) -> Edition | None:
        """What is in force; None: none has been loaded.

        Raises:
            ResourcesMissing: it cannot be read.
        """
        try:
            with self._database.read() as connection:
                row = connection.execute(sa.select(POPULATION_REGISTER)).one_or_none()
        except sa.exc.SQLAlchemyError as error:
            raise failed(_NAME, error) from error
        if row is None:
            return None
        as_of, loaded = map(datetime.fromisoformat, (row.as_of, row.loaded))
        figures = (row.guardianships, row.protected, row.listed)
        return Edition(as_of, row.everybody, *figures, loaded, row.loaded_by)

    def too_old(self, edition: Edition, now: datetime) -> bool:
        """Whether an edition answers nothing any more."""
        return now - edition.as_of > self._longest

    def _rows(self, person: str) -> list[sa.Row[tuple[object, ...]]]:
        """The edition, beside each row of the person; a row without kind where there is none."""
        joined = POPULATION_REGISTER.outerjoin(
            POPULATION_ROW, sa.and_(_P.edition == _R.edition, _P.person == person)
        )
        statement = sa.select(_R.as_of, _R.everybody, _P.kind, _P.guardian, _P.valid_to)
        with self._database.read() as connection:
            return list(connection.execute(statement.select_from(joined)))

    def _insert(self, edition: str, begin: int, batch: list[PopulationRow]) -> None:
        values = [
            {
                "edition": edition,
                "number": number,
                "person": self._vault.keyed_hash(row.person),
                "kind": row.kind.value,
                "guardian": self._vault.keyed_hash(row.guardian) if row.guardian else None,
                "valid_to": row.valid_to.isoformat() if row.valid_to else None,
            }
            for number, row in enumerate(batch, begin)
        ]
        with self._database.write() as connection, connection.begin():
            connection.execute(sa.insert(POPULATION_ROW), values)

    def _put_in_force(self, edition: str, told: Edition) -> None:
        expected = told.guardianships + told.protected + told.listed
        with self._database.write() as connection, connection.begin():
            written = connection.scalar(
                sa.select(sa.func.count()).select_from(POPULATION_ROW).where(_P.edition == edition)
            )
            if written != expected:
                raise ResourcesMissing(
                    "another population register was loaded meanwhile: load this one again"
                )
            connection.execute(sa.delete(POPULATION_REGISTER))
            connection.execute(
                sa.insert(POPULATION_REGISTER).values(
                    id=1,
                    edition=edition,
                    as_of=stored(told.as_of),
                    everybody=told.everybody,
                    guardianships=told.guardianships,
                    protected=told.protected,
                    listed=told.listed,
                    loaded=stored(told.loaded),
                    loaded_by=told.loaded_by,
                )
            )

    def _others(self) -> list[str]:
        """Editions that are not in force: the one before, and what others broke off."""
        statement = sa.select(_P.edition).where(_P.edition.not_in(sa.select(_R.edition)))
        with self._database.read() as connection:
            return list(connection.scalars(statement.distinct()))

    def _clear(self, edition: str) -> None:
        """Delete an edition, a batch at a time."""
        with self._database.read() as connection:
            last = connection.scalar(sa.select(sa.func.max(_P.number)).where(_P.edition == edition))
        for begin in range(0, 0 if last is None else last + 1, _BATCH):
            some = sa.and_(_P.number >= begin, _P.number < begin + _BATCH)
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.delete(POPULATION_ROW).where(_P.edition == edition, some))


def _check_shrinking(before: Edition | None, after: Edition) -> None:
    if before is None:
        return
    for what, old, new in (
        ("guardianships", before.guardianships, after.guardianships),
        ("protected identities", before.protected, after.protected),
    ):
        if new * 100 < old * _LEAST_KEPT_PERCENT:
            raise PopulationShrinks(
                f"it has {new} {what}, where {old} are in force: more than"
                f" {100 - _LEAST_KEPT_PERCENT} % would go. Load it with --force if that is meant"
            )


def _batches(rows: Iterable[PopulationRow]) -> Iterator[list[PopulationRow]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


_: type[PopulationRegister] = StoredPopulation  # interface guard
