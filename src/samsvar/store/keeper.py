"""Which catalogue is in force: the database's newest, or the last good copy of it.

The copy serves only a hub that has never read the database since it started; what was read stays
in force while the database is away. ``refresh`` may take seconds for a large registry: call it
outside the event loop. What it makes is taken into use in one assignment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from samsvar.errors import CatalogueUnavailable, ResourcesMissing
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.words import Words
from samsvar.ports import CatalogueSource, Clock
from samsvar.registry import Registry, RegistryInvalid
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.snapshot import (
    CatalogueSnapshot,
    Copy,
    SnapshotMissing,
    SnapshotRefused,
    check_age,
)


class CatalogueKeeper:
    """Implements ``ports.CatalogueSource``."""

    def __init__(
        self,
        catalogue: SqlCatalogue,
        snapshot: CatalogueSnapshot,
        parse: Callable[[str], Registry],
        clock: Clock,
        longest: timedelta,
    ) -> None:
        self._catalogue = catalogue
        self._snapshot = snapshot
        self._parse = parse
        self._clock = clock
        self._longest = longest
        self._from_copy: tuple[Copy, Catalogue] | None = None
        self._unsigned: Words | None = None

    def current(self) -> Catalogue:
        """The catalogue in force: a look at a variable.

        Raises:
            CatalogueUnavailable: there is none.
        """
        in_use = self._from_copy
        return in_use[1] if in_use is not None else self._catalogue.current()

    def notes(self) -> list[Words]:
        """What an operator must know although the hub serves."""
        in_use = self._from_copy
        found = [self._unsigned] if self._unsigned is not None else []
        if in_use is not None:
            copy = in_use[0]
            seen = copy.seen.isoformat(timespec="seconds")
            found.append(
                Words(
                    f"katalogen: version {copy.version} ur den undertecknade kopian från {seen}:"
                    " databasens kan inte läsas",
                    f"catalogue: version {copy.version} from the signed copy of {seen}:"
                    " the database's cannot be read",
                )
            )
        return found

    @property
    def serves_copy(self) -> bool:
        """Whether the signed copy is in force."""
        return self._from_copy is not None

    def refresh(self) -> bool:
        """Look for a newer catalogue, and sign what is in force. True: another one is in force.

        Raises:
            CatalogueUnavailable, RegistryInvalid: the database's cannot be used; what was in
                force stays so, or the copy is.
        """
        try:
            changed = self._catalogue.refresh()
        except (CatalogueUnavailable, RegistryInvalid):
            self._fall_back()
            raise
        if not self._has_read():
            self._fall_back()
            if self._from_copy is not None:
                raise CatalogueUnavailable("the database holds no catalogue, but a copy was kept")
            return False
        self._from_copy = None
        self._sign(self._catalogue.current().version)
        return changed

    def _fall_back(self) -> None:
        """The copy, where nothing has been read yet; or not any more, once it is too old."""
        if self._has_read():
            return
        now = self._clock.now()
        try:
            if self._from_copy is not None:
                check_age(self._from_copy[0].seen, now, self._longest)
                return
            copy = self._snapshot.read(now, self._longest)
            self._from_copy = (copy, self._parse(copy.text).catalogue(copy.version))
        except SnapshotMissing:
            return
        except SnapshotRefused as error:
            self._from_copy = None
            self._unsigned = Words(
                "katalogen: den undertecknade kopian kan inte användas", f"catalogue: {error}"
            )
        except RegistryInvalid:
            self._unsigned = Words(
                "katalogen: det här programmet kan inte använda den undertecknade kopian",
                "catalogue: this program cannot use the signed copy",
            )

    def _has_read(self) -> bool:
        try:
            self._catalogue.current()
        except CatalogueUnavailable:
            return False
        return True

    def _sign(self, version: int) -> None:
        """A copy that cannot be written is told of, and stops nothing."""
        try:
            fresh = self._snapshot.kept != version
            text = self._catalogue.registry(version) if fresh else None
            self._snapshot.keep(version, text, self._clock.now())
        except ResourcesMissing as error:
            self._unsigned = Words("katalogen kan inte undertecknas", str(error))
        except sa.exc.SQLAlchemyError as error:
            self._unsigned = Words(
                f"katalogen kan inte undertecknas ({type(error).__name__})",
                f"the catalogue cannot be signed ({type(error).__name__})",
            )
        else:
            self._unsigned = None


_: type[CatalogueSource] = CatalogueKeeper  # interface guard
