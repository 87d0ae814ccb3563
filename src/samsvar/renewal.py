"""What changes under a running hub, looked at and taken into use whole: the registry, contracts
that are added, and how the database stands. Knows who reads them, and no rule of theirs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from samsvar.contracts import ContractsInvalid
from samsvar.contracts.served import ServedContracts
from samsvar.errors import CatalogueUnavailable
from samsvar.inbound.wsdl import WsdlShelf
from samsvar.ports import Events
from samsvar.registry import RegistryInvalid
from samsvar.soap.interaction import InteractionUnreadable
from samsvar.store.database import Database
from samsvar.store.index import SqlIndex
from samsvar.store.keeper import CatalogueKeeper
from samsvar.store.versions import look as look_at_version


@dataclass(frozen=True, slots=True)
class Renewal:
    """Of one process."""

    database: Database
    index: SqlIndex
    catalogue: CatalogueKeeper
    contracts: ServedContracts
    shelf: WsdlShelf
    events: Events

    async def run(self, seconds: float) -> None:
        """Look again and again, until cancelled. Contracts before the catalogue: it may name one
        that has just been added."""
        while True:
            await asyncio.sleep(seconds)
            await self.index.look()
            await asyncio.to_thread(look_at_version, self.database)
            await asyncio.to_thread(self.database.look)
            await self.look_for_contracts()
            await self.look_for_catalogue()

    async def look_for_catalogue(self) -> None:
        """Read beside the loop: a large registry takes seconds. It is swapped in at once."""
        had_copy = self.catalogue.serves_copy
        try:
            changed = await asyncio.to_thread(self.catalogue.refresh)
        except (CatalogueUnavailable, RegistryInvalid) as error:
            self.events.emit("error", "-", detail=f"the catalogue in force is kept: {error}")
            if self.catalogue.serves_copy and not had_copy:
                notes = "; ".join(map(str, self.catalogue.notes()))
                self.events.emit("catalogue-from-snapshot", "-", detail=notes)
            return
        if changed:
            version = self.catalogue.current().version
            self.events.emit("catalogue-changed", "-", version=str(version))

    async def look_for_contracts(self) -> None:
        """Take what was added or changed in the data folder into use whole, or keep what is."""
        try:
            fresh = await asyncio.to_thread(self.contracts.look)
            if fresh is None:
                return
            volumes = await asyncio.to_thread(self.shelf.read, fresh.added_wsdls)
        except (ContractsInvalid, InteractionUnreadable, OSError) as error:
            self.events.emit("error", "-", detail=f"the contracts in force are kept: {error}")
            return
        self.contracts.use(fresh)
        self.shelf.show(volumes)
        names = ", ".join(fresh.contracts[urn].title for urn in fresh.added)
        self.events.emit("contracts-changed", "-", detail=f"added now: {names or 'none'}")
