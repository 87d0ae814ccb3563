"""Consents and blocks of one hub, put together as the settings say: kept here, or asked outside.

Knows the constructors. Decides nothing.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from samsvar.contracts import data_dir
from samsvar.errors import CatalogueUnavailable
from samsvar.fact_ports import BlockService, ConsentService
from samsvar.model.catalogue import CareGiverKind
from samsvar.model.consents import KindOf
from samsvar.model.identifiers import ContractUrn
from samsvar.outbound.http_client import HttpClient
from samsvar.outbound.security_services import OutsideBlocks, OutsideConsents, OutsideService
from samsvar.pipeline.security_service import BLOCK_CONTRACTS, CONSENT_CONTRACTS
from samsvar.ports import CatalogueSource, SecurityServices
from samsvar.settings import SecuritySettings, Settings
from samsvar.soap import blocking_messages as blocking
from samsvar.soap import consent_messages as consent
from samsvar.soap.schema import Schema
from samsvar.store.block_book import BlockBook
from samsvar.store.consent_book import ConsentBook
from samsvar.store.database import Database
from samsvar.store.secrets import PersonVault
from samsvar.store.security import StoredBlocks, StoredConsents

EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Security:
    """What decisions ask, what is served to others, and what is to be closed at the end."""

    consents: ConsentService
    blocks: BlockService
    served: SecurityServices
    closing: contextlib.ExitStack

    def close(self) -> None:
        """Finish what is being written."""
        self.closing.close()


def open_security(
    settings: Settings,
    database: Database,
    vault: PersonVault,
    client: HttpClient,
    catalogue: CatalogueSource,
) -> Security:
    """The services that the settings name."""
    told, closing = settings.security, contextlib.ExitStack()
    schemas = _schemas()
    consents: ConsentService
    blocks: BlockService
    kept_consents = kept_blocks = None
    if told.consents == EMBEDDED:
        kept_consents = StoredConsents(ConsentBook(database, vault, directory(catalogue)))
        closing.callback(kept_consents.close)
        consents = kept_consents
    else:
        service = _outside(told.consents, told, settings, schemas[consent.CHECK])
        consents = OutsideConsents(client, service)
    if told.blocks == EMBEDDED:
        kept_blocks = StoredBlocks(BlockBook(database, vault))
        closing.callback(kept_blocks.close)
        blocks = kept_blocks
    else:
        service = _outside(told.blocks, told, settings, schemas[blocking.CHECK])
        blocks = OutsideBlocks(client, service)
    checks = {urn: schema.check_request for urn, schema in schemas.items()}
    return Security(consents, blocks, SecurityServices(kept_consents, kept_blocks, checks), closing)


def directory(catalogue: CatalogueSource) -> KindOf:
    """What the registry in force says of a care giver; None also while there is no registry."""

    def kind_of(care_giver: str) -> CareGiverKind | None:
        try:
            found = catalogue.current().care_giver(care_giver)
        except CatalogueUnavailable:
            return None
        return None if found is None else found.kind

    return kind_of


def _outside(
    url: str, told: SecuritySettings, settings: Settings, schema: Schema
) -> OutsideService:
    return OutsideService(
        url=url,
        logical_address=told.logical_address,
        sender=settings.hub.addresses[0],
        patience=told.seconds,
        check=schema.check_response,
    )


def _schemas() -> dict[ContractUrn, Schema]:
    operations = {**consent.OPERATIONS, **blocking.OPERATIONS}
    wsdls = data_dir() / "wsdl"
    return {
        urn: Schema.of_wsdl(next(wsdls.rglob(f"{operations[urn]}Interaction_*.wsdl")))
        for urn in sorted(CONSENT_CONTRACTS | BLOCK_CONTRACTS)
    }
