"""What the walk asks before it asks a producer: whether that makes sense just now."""

from __future__ import annotations

from typing import Protocol

from samsvar.model.breaker import Fared
from samsvar.model.catalogue import Producer
from samsvar.model.identifiers import ContractUrn, PersonId


class Leave(Protocol):
    """Leave to ask one producer once. It must be given back."""

    def fared(self, how: Fared, subject: PersonId, come_back: float = 0.0) -> None:
        """How the call went; ``subject``: about whom, so that persons can be told apart;
        ``come_back``: seconds for which the producer wants to be left alone."""


class Breakers(Protocol):
    """Which producers are not asked for a while, as asking them gives nothing."""

    async def admit(self, producer: Producer, contract: ContractUrn, correlation_id: str) -> Leave:
        """Leave to ask.

        Raises:
            BreakerOpen: it is not to be asked now; the text is for the consumer.
        """

    def foreign(self, producer: Producer, contract: ContractUrn, correlation_id: str) -> None:
        """It gave somebody else's records: it is not asked again until somebody says so."""


class NoBreakers:
    """Everybody may always be asked."""

    async def admit(self, producer: Producer, contract: ContractUrn, correlation_id: str) -> Leave:
        """Leave to ask."""
        return self

    def fared(self, how: Fared, subject: PersonId, come_back: float = 0.0) -> None:
        """It does not matter."""

    def foreign(self, producer: Producer, contract: ContractUrn, correlation_id: str) -> None:
        """It does not matter."""
