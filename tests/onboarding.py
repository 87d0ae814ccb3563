"""A desk on a real database, and forms to hand in there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from cryptography import x509

from samsvar.clock import SystemClock
from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import Contact, OrganisationKind, ProducerKind
from samsvar.model.identifiers import ContractUrn
from samsvar.onboarding.application import Form
from samsvar.onboarding.desk import ProducerDesk
from samsvar.onboarding.ports import House
from samsvar.onboarding.roles import Role, User
from samsvar.packaged import Packaged, catalogue_of
from samsvar.registry import Registry
from samsvar.settings import Settings
from samsvar.simulation.authority import TestAuthority
from samsvar.store.applications import SqlApplications
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.drafts import Drafts
from samsvar.store.registry_office import SqlRegistryOffice
from samsvar.store.users import SqlUsers
from tests.databases import open_database

LOGISTICS = "urn:riv:clinicalprocess:logistics:logistics"
PLANS = ContractUrn(f"{LOGISTICS}:GetCarePlansResponder:2")
CONTACTS = ContractUrn(f"{LOGISTICS}:GetCareContactsResponder:3")
HUB = "5565594230"
CONSUMER = "SE2129999963-NPO1"
SYSTEM = "SE2129999989-LIFECARE1"

FORM = Form(
    name="Omsorgen, Exempelkommun",
    hsa_id=SYSTEM,
    owner="SE2129999989-0001",
    organisation=OrganisationKind.NAMND,
    contact=Contact("Systemförvaltning omsorg", "drift@exempelkommun.example"),
    data_controller="SE2129999989",
    url="https://lifecare.example/plans",
    kind=ProducerKind.SOAP,
    contracts=(PLANS,),
    legal_basis=LegalBasis.SOL_ELDERLY,
)

REGISTRAR = User("u1", "Rut Register", Role.REGISTRAR)
OPERATOR = User("u2", "Ove Operatör", Role.OPERATOR)
OBSERVER = User("u3", "Olle Observatör", Role.OBSERVER)
AUDITOR = User("u4", "Rea Revisor", Role.AUDITOR)
OFFICER = User("u5", "Säde Säkerhet", Role.SECURITY_OFFICER)
KOMMUN = User("u6", "Exempelkommun", Role.PRODUCER)
OTHER = User("u7", "Grannkommun", Role.PRODUCER)

packaged = cache(Packaged.load)


class TurnedClock(SystemClock):
    """The time of day, and as much later as a test says."""

    def __init__(self) -> None:
        self.later = timedelta()

    def now(self) -> datetime:
        return super().now() + self.later


@dataclass(frozen=True, slots=True)
class Office:
    """The desk and what is behind it."""

    desk: ProducerDesk
    catalogue: SqlCatalogue
    drafts: Drafts
    users: SqlUsers
    clock: TurnedClock

    def registry(self) -> Registry:
        """The registry in force."""
        return packaged().registry(self.catalogue.registry() or "", Settings())

    def published(self, form: Form = FORM) -> str:
        """The id of a producer that has come all the way."""
        name = self.desk.register(KOMMUN, form).id
        self.desk.ask_publication(KOMMUN, name)
        self.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)
        return name


@contextmanager
def opened(folder: Path, authority: TestAuthority | None = None) -> Iterator[Office]:
    """A desk, until the block ends."""
    clock = TurnedClock()
    authorities = (
        tuple(x509.load_pem_x509_certificates(authority.certificate.read_bytes()))
        if authority
        else ()
    )
    house = House(
        contracts={urn: contract.title for urn, contract in packaged().contracts.items()},
        adapters={name: loaded.manifest for name, loaded in packaged().adapters.items()},
        own_addresses=(HUB,),
        index_address=HUB,
        plain_http=False,
        client_authorities=authorities,
        server_authorities=authorities,
    )
    database = open_database(folder)
    try:
        catalogue = catalogue_of(database, packaged(), Settings())
        drafts = Drafts(database, clock)
        office = SqlRegistryOffice(
            catalogue, drafts, partial(packaged().registry, settings=Settings())
        )
        desk = ProducerDesk(SqlApplications(database), office, lambda: house, clock)
        yield Office(desk, catalogue, drafts, SqlUsers(database, clock), clock)
    finally:
        database.close()


__all__ = ["FORM", "Form", "replace"]
