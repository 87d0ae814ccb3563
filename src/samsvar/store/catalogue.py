"""The catalogue in force: whole versions of the registry, the newest in memory.

Publishing stores one row, or nothing. Processes notice a new version by asking for the highest
number. A version that cannot be read leaves the one before it in force. Knows nothing of what
a registry says: a parser is handed in.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC

import sqlalchemy as sa

from samsvar.errors import CatalogueUnavailable, ResourcesMissing
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.words import InWords, Words
from samsvar.ports import CatalogueSource, Clock
from samsvar.registry import Registry
from samsvar.registry.file import write_registry
from samsvar.store.database import Database
from samsvar.store.drafts import CATALOGUE_DRAFT
from samsvar.store.tables import CATALOGUE_VERSION

_LEAST_KEPT_PERCENT = 80  # OM-10: more than a fifth gone at once is a mistake until said otherwise

_COUNTED = (
    Words("vägval", "routes"),
    Words("behörigheter", "permissions"),
    Words("vårdgivare", "care givers"),
)
_NEWEST = sa.select(sa.func.max(CATALOGUE_VERSION.c.version))


class CatalogueMoved(InWords):
    """Somebody has published since the draft was begun."""


class CatalogueShrinks(InWords):
    """The new registry lacks over a fifth of the routes, permissions or care givers in force."""


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One row of the catalogue's history."""

    version: int
    published: str
    """ISO 8601, UTC."""
    who: str
    comment: str
    routes: int
    permissions: int


class SqlCatalogue:
    """Publishes registries, and holds the newest as a catalogue."""

    def __init__(self, database: Database, parse: Callable[[str], Registry], clock: Clock) -> None:
        self._database = database
        self._parse = parse
        self._clock = clock
        self._current: Catalogue | None = None

    def current(self) -> Catalogue:
        """The catalogue in force: a look at a variable.

        Raises:
            CatalogueUnavailable: none has been loaded.
        """
        if self._current is None:
            raise CatalogueUnavailable("no catalogue has been loaded: publish a registry")
        return self._current

    def refresh(self) -> bool:
        """Load the newest version, if it is another than the one in force. True: it was.

        Raises:
            CatalogueUnavailable: the database did not answer; what was in force stays so.
            RegistryInvalid: this program cannot use the newest version; the same.
        """
        try:
            with self._database.read() as connection:
                newest = connection.scalar(_NEWEST)
                if newest is None or (self._current and self._current.version == newest):
                    return False
                text = connection.scalar(
                    sa.select(CATALOGUE_VERSION.c.registry).filter_by(version=newest)
                )
        except sa.exc.SQLAlchemyError as error:
            raise CatalogueUnavailable(
                f"the catalogue cannot be read ({type(error).__name__})"
            ) from error
        with _uncollected():
            self._current = self._parse(str(text)).catalogue(newest)
        return True

    def publish(
        self,
        registry: Registry,
        who: str,
        comment: str,
        *,
        force: bool = False,
        may_shrink: bool = False,
        base: int | None = None,
        draft: str | None = None,
    ) -> int:
        """Store the registry as the next version and put it in force; its number.

        Args:
            force: publish whatever the base is and however much goes.
            may_shrink: publish however much goes.
            base: the version that it was made from, where that must still be the newest.
            draft: the draft that it was; it goes in the same moment.

        The registry that is in force already keeps its number: publishing at every start is
        no history.

        Raises:
            CatalogueMoved: ``base`` is not the newest version.
            CatalogueShrinks: it lacks too much of what is in force, and may not.
            RegistryInvalid: it would not be readable again.
            ResourcesMissing: it could not be stored; nothing has changed.
        """
        text = write_registry(registry)
        self._parse(text)  # what is stored must be readable at every start after this
        try:
            with self._database.write() as connection, connection.begin():
                newest = connection.execute(
                    sa.select(CATALOGUE_VERSION)
                    .order_by(CATALOGUE_VERSION.c.version.desc())
                    .limit(1)
                ).one_or_none()
                number = 0 if newest is None else int(newest.version)
                if base is not None and base != number and not force:
                    raise CatalogueMoved(
                        Words(
                            f"det började från version {base}, och version {number} gäller",
                            f"it was begun from version {base}, and version {number} is in force",
                        )
                    )
                if draft is not None:
                    connection.execute(
                        sa.delete(CATALOGUE_DRAFT).where(CATALOGUE_DRAFT.c.name == draft)
                    )
                if newest is not None and newest.registry == text:
                    version = number
                else:
                    if newest is not None and not force and not may_shrink:
                        # No column counts care givers; the text is our own writer's.
                        givers = newest.registry.count("\n[[care_giver]]\n")
                        _check_shrinking((newest.routes, newest.permissions, givers), registry)
                    version = number + 1
                    connection.execute(
                        sa.insert(CATALOGUE_VERSION).values(
                            version=version,
                            published=self._clock.now().astimezone(UTC).isoformat(),
                            who=who,
                            comment=comment,
                            routes=len(registry.routes),
                            permissions=len(registry.permissions),
                            registry=text,
                        )
                    )
        except sa.exc.SQLAlchemyError as error:
            raise ResourcesMissing(
                f"the registry could not be stored ({type(error).__name__})"
            ) from error
        self._current = registry.catalogue(version)
        return version

    def registry(self, version: int | None = None) -> str | None:
        """The text of a version, or of the newest; None where there is no such version."""
        chosen = _NEWEST.scalar_subquery() if version is None else version
        with self._database.read() as connection:
            return connection.scalar(
                sa.select(CATALOGUE_VERSION.c.registry).where(CATALOGUE_VERSION.c.version == chosen)
            )

    def newest(self) -> int:
        """The number of the newest version; 0 where there is none."""
        with self._database.read() as connection:
            return int(connection.scalar(_NEWEST) or 0)

    def history(self, limit: int = 20) -> list[PublishedVersion]:
        """Who published what, the newest first."""
        columns = CATALOGUE_VERSION.c
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(
                    columns.version,
                    columns.published,
                    columns.who,
                    columns.comment,
                    columns.routes,
                    columns.permissions,
                )
                .order_by(columns.version.desc())
                .limit(limit)
            )
            return [PublishedVersion(*row) for row in rows]


@contextmanager
def _uncollected() -> Iterator[None]:
    """What is made in the block lives long and has no circles. A collector that walks a million
    such objects stops every question meanwhile (measured: 0.2 s), so it is told to leave them."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if running:
            gc.enable()


def counted(registry: Registry) -> tuple[int, int, int]:
    """Routes, permissions and care givers: of these no more than a fifth goes unasked."""
    return len(registry.routes), len(registry.permissions), len(registry.care_givers)


def shrinking(
    before: tuple[int, int, int], after: tuple[int, int, int]
) -> list[tuple[Words, int, int]]:
    """Of what too much would go: its name, how many there are, how many there would be."""
    return [
        (what, was, would_be)
        for what, was, would_be in zip(_COUNTED, before, after, strict=True)
        if would_be * 100 < was * _LEAST_KEPT_PERCENT
    ]


def _check_shrinking(before: tuple[int, int, int], registry: Registry) -> None:
    for what, was, would_be in shrinking(before, counted(registry)):
        raise CatalogueShrinks(
            Words(
                f"registret har {would_be} {what.swedish}, där {was} gäller: mer än"
                f" {100 - _LEAST_KEPT_PERCENT} % skulle försvinna. Publicera med tvång om det"
                " är meningen",
                f"the registry has {would_be} {what}, where {was} are in force: more than"
                f" {100 - _LEAST_KEPT_PERCENT} % would go. Publish with force if that is meant",
            )
        )


_: type[CatalogueSource] = SqlCatalogue  # interface guard
