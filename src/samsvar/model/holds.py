"""A breaker that somebody, or a security event, has put in a state: kept over restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samsvar.model.identifiers import ContractUrn

#: who has opened it, where no person has
BY_ITSELF = "security"


@dataclass(frozen=True, slots=True)
class BreakerHold:
    """One producer and contract is held open or closed."""

    producer: str
    contract: ContractUrn
    open: bool
    reason: str
    by: str
    at: datetime
    until: datetime | None = None
    """From then on it finds for itself again; None: when somebody says so."""
