"""What the commands of ``samsvar registry`` share: the store opened, and registries by name."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from samsvar.cli.outcome import REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.cli.trail import trail
from samsvar.errors import ResourcesMissing
from samsvar.registry import Registry, RegistryInvalid
from samsvar.settings import Settings

if TYPE_CHECKING:
    from samsvar.packaged import Packaged
    from samsvar.store.catalogue import SqlCatalogue
    from samsvar.store.database import Database
    from samsvar.store.drafts import Drafts


@dataclass(frozen=True, slots=True)
class Store:
    """The opened data folder of a hub."""

    settings: Settings
    packaged: Packaged
    database: Database
    catalogue: SqlCatalogue
    drafts: Drafts

    @property
    def who(self) -> str:
        """Who publishes, for the history."""
        return getpass.getuser()

    def parsed(self, text: str, what: str) -> Registry:
        """A registry file, read.

        Raises:
            Stop: with every fault.
        """
        try:
            return self.packaged.registry(text, self.settings)
        except RegistryInvalid as error:
            faults = "\n".join(f"  {fault}" for fault in error.faults)
            raise Stop(WRONG_INPUT, f"{what} is refused; nothing has changed:\n{faults}") from error

    def version(self, number: int) -> Registry:
        """A published version.

        Raises:
            Stop: there is none of that number.
        """
        text = self.catalogue.registry(number)
        if text is None:
            raise Stop(REFUSED, f"there is no version {number}: samsvar registry history")
        return self.parsed(text, f"version {number}")

    def newest(self) -> tuple[int, Registry]:
        """The version in force.

        Raises:
            Stop: none has been published.
        """
        number = self.catalogue.newest()
        if not number:
            raise Stop(REFUSED, "no registry has been loaded: samsvar registry load FILE")
        return number, self.version(number)

    def named(self, name: str) -> tuple[str, Registry]:
        """What a person calls a registry: a version's number, or a draft's name."""
        if name.isdecimal():
            return f"version {name}", self.version(int(name))
        return f"draft {name}", self.parsed(self.drafts.get(name).registry, f"draft {name}")


@contextmanager
def opened(settings: Settings, *, read_only: bool = False) -> Iterator[Store]:
    """The store of a hub's data folder, until the block ends. ``read_only``: nothing is made.

    Raises:
        Stop: the folder cannot be used, or a draft is refused.
    """
    from samsvar.clock import SystemClock
    from samsvar.packaged import Packaged, catalogue_of
    from samsvar.store.database import database_of
    from samsvar.store.drafts import DraftRefused, Drafts

    try:
        packaged = Packaged.load(settings.hub.data)
        database = database_of(settings.hub, read_only=read_only)
        try:
            if not read_only:
                trail(database)
            catalogue = catalogue_of(database, packaged, settings)
            yield Store(settings, packaged, database, catalogue, Drafts(database, SystemClock()))
        finally:
            database.close()
    except DraftRefused as error:
        raise Stop(REFUSED, str(error)) from error
    except ResourcesMissing as error:
        raise Stop(UNREACHED, f"{settings.hub.data}: {error}") from error
