"""The service address catalogue (TAK) in memory: who may call whom, and where they are.

Frozen: a new catalogue replaces the old one whole. Knows no files, no SQL, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress


class RivtaProfile(StrEnum):
    """RIV-TA profile: how the logical address stands in the SOAP header."""

    BP20 = "RIVTABP20"
    BP21 = "RIVTABP21"


class ProducerKind(StrEnum):
    """How a producer is reached."""

    SOAP = "soap"
    ADAPTER = "adapter"


class SchemaPolicy(StrEnum):
    """What happens to an answer that breaks its schema."""

    DROP = "drop"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Producer:
    """A producer system (tjänsteproducent): speaks the contract, or stands behind an adapter."""

    id: str
    title: str
    kind: ProducerKind
    address: str
    """Base or service URL."""
    owner: str
    """Who is responsible for the information (care giver's HSA-id or registry id)."""
    adapter: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Adapter's own settings, as its manifest declares them; secrets are file references."""
    schema_policy: SchemaPolicy = SchemaPolicy.DROP
    timeout: float | None = None
    """Seconds it may use at most; None: what is left of the question's budget."""


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
class CallPermission:
    """Anropsbehörighet: in this period, this consumer may call this contract at this address."""

    consumer: HsaId
    contract: ContractUrn
    logical_address: LogicalAddress
    valid_from: datetime
    valid_to: datetime
