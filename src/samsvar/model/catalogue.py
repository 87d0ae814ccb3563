"""The service address catalogue (TAK) in memory: who may call whom, and where they are.

Frozen: a new catalogue replaces the old one whole. Knows no files, no SQL, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from samsvar.model.care import LegalBasis
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress


class RivtaProfile(StrEnum):
    """RIV-TA profile: how the logical address stands in the SOAP header."""

    BP20 = "RIVTABP20"
    BP21 = "RIVTABP21"


class ProducerKind(StrEnum):
    """How a producer is reached."""

    SOAP = "soap"
    ADAPTER = "adapter"
    WORKER = "worker"
    """By a worker beside it, which fetches its questions from the message broker."""


class SchemaPolicy(StrEnum):
    """What happens to an answer that breaks its schema."""

    DROP = "drop"
    WARN = "warn"
    OFF = "off"


class OrganisationKind(StrEnum):
    """What kind of organisation answers for a producer."""

    REGION = "region"
    NAMND = "namnd"
    PRIVATE = "private"


class CareGiverKind(StrEnum):
    """A giver of health care (vårdgivare) or of social care (omsorgsgivare)."""

    VG = "VG"
    OG = "OG"


class Channel(StrEnum):
    """What kind of consumer a system is, and so who enforces the access rules."""

    SYSTEM = "system"
    """Under agreement: it applies the rules for its staff itself; the hub keeps the gates."""
    CITIZEN = "citizen"
    """For citizens: the hub applies the rules of the person's own side."""


@dataclass(frozen=True, slots=True)
class CareGiver:
    """Whose information it can be: one line of the directory that says what the law needs."""

    id: HsaId
    name: str
    kind: CareGiverKind
    connected: bool = True
    """Takes part in the shared documentation (voluntary, 2022:913 2:4)."""
    municipality: str | None = None
    """Code of the municipality (KV Kommun) whose board (nämnd) it is."""
    legal_basis: LegalBasis | None = None
    """What its records are written under where they do not say so themselves."""
    marked: bool = False
    """Its records of that basis are marked for sharing where they do not say so themselves."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """What is agreed with a consumer system. One that is not listed is SYSTEM, and no more."""

    id: HsaId
    channel: Channel = Channel.SYSTEM
    social_care: bool = False
    """It has declared that it keeps the rules for social care's information."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to reach about a producer: a function rather than a person."""

    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Disabled:
    """A producer is out of service: it is not asked, and those who wanted it read the notice."""

    notice: str
    until: datetime | None = None
    """From then on it is asked again; None: until somebody enables it."""


@dataclass(frozen=True, slots=True)
class Producer:
    """A producer system (tjänsteproducent): speaks the contract, or stands behind an adapter."""

    id: str
    title: str
    kind: ProducerKind
    address: str
    """Base or service URL; ``worker:`` and its id where a worker knows the URL."""
    owner: str
    """Who is responsible for the information (care giver's HSA-id or registry id)."""
    adapter: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Adapter's own settings, as its manifest declares them; secrets are file references."""
    schema_policy: SchemaPolicy = SchemaPolicy.DROP
    timeout: float | None = None
    """Seconds it may use at most; None: what is left of the question's budget."""
    organisation: OrganisationKind | None = None
    contact: Contact | None = None
    data_controller: str | None = None
    """Who is the data controller (personuppgiftsansvarig): ``SE`` and number, or an HSA-id."""
    disabled: Disabled | None = None
    workers: tuple[str, ...] = ()
    """Public keys of the workers that may answer for it."""

    def out_of_service(self, at: datetime) -> Disabled | None:
        """Why it is not to be asked at that moment; None: it is."""
        disabled = self.disabled
        if disabled is None or (disabled.until is not None and disabled.until <= at):
            return None
        return disabled


@dataclass(frozen=True, slots=True)
class RegisteredAddress:
    """A logical address (logisk adress) with what people call it."""

    logical_address: LogicalAddress
    description: str


@dataclass(frozen=True, slots=True)
class RoutingEntry:
    """Vägval: in this period, this contract at this address is answered by this producer."""

    contract: ContractUrn
    logical_address: LogicalAddress
    producer: Producer
    profile: RivtaProfile
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class PermissionFilter:
    """Which engagements the consumer wants from an address. No categorization means all of the
    domain's. Told by GetLogicalAddresseesByServiceContract; it opens and closes no call."""

    service_domain: str
    categorizations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallPermission:
    """Anropsbehörighet: in this period, this consumer may call this contract at this address."""

    consumer: HsaId
    contract: ContractUrn
    logical_address: LogicalAddress
    valid_from: datetime
    valid_to: datetime
    filters: tuple[PermissionFilter, ...] = ()
    """None: everything."""
