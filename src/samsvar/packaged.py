"""What the program can speak: contracts, their schemas, adapters; and a registry read by it.

Knows constructors, as ``app`` does, and decides nothing. Commands begin here: they serve nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from samsvar.administration import Premises
from samsvar.clock import SystemClock
from samsvar.contracts.served import ServedContracts
from samsvar.manifest import LoadedAdapter, load_adapters
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import ContractUrn
from samsvar.pipeline.index_service import INDEX_CONTRACTS
from samsvar.pipeline.registry_service import REGISTRY_CONTRACTS
from samsvar.pipeline.security_service import SECURITY_CONTRACTS
from samsvar.registry import Registry
from samsvar.registry.file import parse_registry
from samsvar.settings import Settings
from samsvar.soap.access_log_messages import GET_ACCESS_LOGS
from samsvar.soap.schema import Schema
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.database import Database

_OWN_SERVICES = frozenset(
    {*INDEX_CONTRACTS, *REGISTRY_CONTRACTS, *SECURITY_CONTRACTS, GET_ACCESS_LOGS}
)


@dataclass(frozen=True, slots=True)
class Packaged:
    """The contracts packaged and added; the mappings follow ``served`` when more are added."""

    contracts: Mapping[ContractUrn, ServiceContract]
    schemas: Mapping[ContractUrn, Schema]
    adapters: Mapping[str, LoadedAdapter]
    served: ServedContracts

    @classmethod
    def load(cls, data: Path | None = None) -> Packaged:
        """Read and check it all; with the contracts that were added in a data folder.

        Raises:
            ContractsInvalid, AdaptersInvalid: with every fault.
        """
        served = ServedContracts.load(data)
        return cls(served.contracts, served.schemas, load_adapters(), served)

    def registry(self, text: str, settings: Settings) -> Registry:
        """Read a registry file as this program can serve it.

        Raises:
            RegistryInvalid: with every fault.
        """
        return parse_registry(
            text,
            known_contracts={*self.contracts, *_OWN_SERVICES},
            known_adapters={
                name: loaded.manifest.options for name, loaded in self.adapters.items()
            },
            allow_plain_http=settings.producers.plain_http,
        )

    def premises(self, database: Database, settings: Settings) -> Premises:
        """What the desk stands on, for a database that is open."""
        return Premises(
            settings,
            database,
            catalogue_of(database, self, settings),
            partial(self.registry, settings=settings),
            self.contracts,
            self.adapters,
            SystemClock(),
        )


def catalogue_of(database: Database, packaged: Packaged, settings: Settings) -> SqlCatalogue:
    """The catalogue in a database."""
    return SqlCatalogue(database, partial(packaged.registry, settings=settings), SystemClock())
