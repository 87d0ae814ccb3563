"""Where the facts of an access decision come from: narrow protocols, each with a deadline of its
caller's. One that cannot answer raises: whoever decides then knows that it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from samsvar.access.words import Block, Consent, Giver, Relation, Subject, Truth
from samsvar.model.accessing import Accessing, BlockQuestion
from samsvar.model.identifiers import PersonId

__all__ = [
    "Accessing",
    "BlockQuestion",
    "BlockService",
    "CapacityAnswer",
    "CapacityService",
    "ConsentAnswer",
    "ConsentService",
    "FactSources",
    "PopulationAnswer",
    "PopulationRegister",
    "RelationAnswer",
    "RelationService",
]


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """How consent stands for those who want to see, and the assertion that says so."""

    consent: Consent
    given_by: Giver = Giver.UNKNOWN
    assertion_id: str | None = None


@dataclass(frozen=True, slots=True)
class RelationAnswer:
    """The relation of the accessing care giver to the person."""

    relation: Relation
    only_other_services: Truth = Truth.UNKNOWN
    """The only services that it gives are outside the law (IFO)."""


@dataclass(frozen=True, slots=True)
class CapacityAnswer:
    """Whether the person can consent; UNKNOWN where nobody has assessed it."""

    subject: Subject = Subject.UNKNOWN
    attitude_clarified: Truth = Truth.UNKNOWN


@dataclass(frozen=True, slots=True)
class PopulationAnswer:
    """What the population register says, asked for this question."""

    protected_identity: Truth = Truth.UNKNOWN
    guardian: Truth = Truth.UNKNOWN
    """The one asked about is a guardian (vårdnadshavare) of the person."""


class ConsentService(Protocol):
    """Consents to access (sammanhållen vård- och omsorgsdokumentation)."""

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> ConsentAnswer:
        """How consent stands.

        Raises:
            FactsUnavailable: the service did not answer, or not so that it can be understood.
        """


class BlockService(Protocol):
    """Blocks (spärrar)."""

    async def check(
        self,
        subject: PersonId,
        accessing: Accessing,
        questions: Sequence[BlockQuestion],
        at: datetime,
    ) -> Sequence[Block]:
        """How each stands for those who want to see: as many as were asked, in their order.

        Raises:
            FactsUnavailable: the service did not answer, or not so that it can be understood.
        """


class RelationService(Protocol):
    """Relations between care givers and persons (patientrelation, and the same for omsorg)."""

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> RelationAnswer:
        """The relation that is in force.

        Raises:
            FactsUnavailable: it cannot be told.
        """


class CapacityService(Protocol):
    """Assessments of a person's capacity to consent, and of the attitude of one who cannot."""

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> CapacityAnswer:
        """What has been assessed, by those who want to see.

        Raises:
            FactsUnavailable: it cannot be told.
        """


class PopulationRegister(Protocol):
    """The population register (folkbokföring)."""

    async def check(
        self, subject: PersonId, guardian: PersonId | None, at: datetime
    ) -> PopulationAnswer:
        """What it says of the person, and of one who says to be its guardian.

        Raises:
            FactsUnavailable: it cannot be told.
        """


@dataclass(frozen=True, slots=True)
class FactSources:
    """All of them, and the seconds that each gets at most."""

    consents: ConsentService
    blocks: BlockService
    relations: RelationService
    capacities: CapacityService
    population: PopulationRegister
    patience: float = 2.0
