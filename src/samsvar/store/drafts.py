"""Drafts of the registry: what an operator is about to publish, several at a time, each named.

A draft is a whole registry that could be published as it stands, and remembers the version that
it began from: whoever publishes sees whether somebody else was there in between. Knows nothing
of what a registry says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.words import InWords, Words
from samsvar.ports import Clock
from samsvar.registry import Registry
from samsvar.registry.file import write_registry
from samsvar.store.database import Database
from samsvar.store.tables import METADATA

CATALOGUE_DRAFT = sa.Table(
    "catalogue_draft",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("base_version", sa.Integer, nullable=False),
    sa.Column("changed", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("routes", sa.Integer, nullable=False),
    sa.Column("permissions", sa.Integer, nullable=False),
    sa.Column("registry", sa.Text, nullable=False),
)

#: not all digits: those are versions
_NAME = re.compile(r"(?!\d+$)[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
NAME_FORM = "1 to 40 of a-z 0-9 _ -, and not digits alone"


class DraftRefused(InWords):
    """The draft cannot be made, or is not there. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft."""

    name: str
    base_version: int
    """The version in force when it was made; 0: there was none."""
    changed: str
    """ISO 8601, UTC."""
    who: str
    routes: int
    permissions: int
    registry: str = field(repr=False)
    """A registry file."""


class Drafts:
    """The drafts in a database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Draft]:
        """Every draft, by name."""
        return self._read(sa.select(CATALOGUE_DRAFT).order_by(CATALOGUE_DRAFT.c.name))

    def get(self, name: str) -> Draft:
        """One draft.

        Raises:
            DraftRefused: there is none of that name.
        """
        found = self._read(sa.select(CATALOGUE_DRAFT).filter_by(name=name))
        if not found:
            raise DraftRefused(
                Words(
                    "det finns inget utkast med det namnet",
                    "there is no draft of that name: samsvar registry draft list",
                )
            )
        return found[0]

    def new(self, name: str, base_version: int, registry: Registry, who: str) -> Draft:
        """Begin a draft.

        Raises:
            DraftRefused: the name is taken, or cannot be one.
        """
        if not _NAME.fullmatch(name):
            raise DraftRefused(
                Words(
                    "ett utkasts namn ska vara 1 till 40 av a-z 0-9 _ -, och inte bara siffror",
                    f"a draft's name must be {NAME_FORM}",
                )
            )
        draft = self._draft(name, base_version, registry, who)
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.insert(CATALOGUE_DRAFT).values(**_columns(draft)))
        except sa.exc.IntegrityError as error:
            raise DraftRefused(
                Words(
                    "det finns redan ett utkast med det namnet: ändra eller kasta det",
                    "there is a draft of that name already: edit or drop it",
                )
            ) from error
        except sa.exc.SQLAlchemyError as error:
            raise _not_stored(error) from error
        return draft

    def edit(
        self, name: str, registry: Registry, who: str, *, base_version: int | None = None
    ) -> Draft:
        """Put another content in a draft; its base stays, unless another is given.

        Raises:
            DraftRefused: there is none of that name.
        """
        try:
            with self._database.write() as connection, connection.begin():
                base = connection.scalar(
                    sa.select(CATALOGUE_DRAFT.c.base_version).filter_by(name=name)
                )
                if base is None:
                    raise DraftRefused(
                        Words(
                            "det finns inget utkast med det namnet: börja med ett nytt",
                            "there is no draft of that name: begin it with draft new",
                        )
                    )
                chosen = int(base) if base_version is None else base_version
                draft = self._draft(name, chosen, registry, who)
                connection.execute(
                    sa.update(CATALOGUE_DRAFT)
                    .where(CATALOGUE_DRAFT.c.name == name)
                    .values(**_columns(draft))
                )
        except sa.exc.SQLAlchemyError as error:
            raise _not_stored(error) from error
        return draft

    def drop(self, name: str) -> None:
        """Throw a draft away.

        Raises:
            DraftRefused: there is none of that name.
        """
        try:
            with self._database.write() as connection, connection.begin():
                gone = connection.execute(
                    sa.delete(CATALOGUE_DRAFT).where(CATALOGUE_DRAFT.c.name == name)
                )
        except sa.exc.SQLAlchemyError as error:
            raise _not_stored(error) from error
        if not gone.rowcount:
            raise DraftRefused(
                Words(
                    "det finns inget utkast med det namnet",
                    "there is no draft of that name: samsvar registry draft list",
                )
            )

    def _draft(self, name: str, base_version: int, registry: Registry, who: str) -> Draft:
        return Draft(
            name,
            base_version,
            self._clock.now().astimezone(UTC).isoformat(),
            who,
            len(registry.routes),
            len(registry.permissions),
            write_registry(registry),
        )

    def _read(self, statement: sa.Select[tuple[object, ...]]) -> list[Draft]:
        try:
            with self._database.read() as connection:
                return [Draft(**row) for row in connection.execute(statement).mappings()]
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(f"the drafts cannot be read ({type(error).__name__})") from error


def _columns(draft: Draft) -> dict[str, object]:
    return {column.name: getattr(draft, column.name) for column in CATALOGUE_DRAFT.columns}


def _not_stored(error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the draft could not be stored ({type(error).__name__})")
