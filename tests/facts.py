"""Sources of facts in memory: they say what a test says, answer late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from samsvar.access.words import Block, Consent, Giver, Relation, Subject, Truth
from samsvar.errors import FactsUnavailable
from samsvar.fact_ports import (
    Accessing,
    BlockQuestion,
    CapacityAnswer,
    ConsentAnswer,
    FactSources,
    PopulationAnswer,
    RelationAnswer,
)
from samsvar.model.identifiers import PersonId


@dataclass
class Trouble:
    """How a source fails: seconds of silence, or an error."""

    seconds: float = 0.0
    error: Exception | None = None

    async def happen(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error


DOWN = Trouble(error=FactsUnavailable("it does not answer"))


CONSENTED = ConsentAnswer(Consent.VALID, Giver.PERSON, "assertion-1")
PATIENT = RelationAnswer(Relation.CURRENT_PATIENT, Truth.NO)
ADULT = CapacityAnswer(Subject.ADULT)
UNPROTECTED = PopulationAnswer(Truth.NO, Truth.UNKNOWN)


@dataclass
class MemoryFacts:
    """All five sources in one: an adult who has consented, a current patient, nothing blocked."""

    consent: ConsentAnswer = CONSENTED
    relation: RelationAnswer = PATIENT
    capacity: CapacityAnswer = ADULT
    population: PopulationAnswer = UNPROTECTED
    block: Callable[[BlockQuestion], Block] = lambda _question: Block.NONE
    trouble: dict[str, Trouble] = field(default_factory=dict)
    asked: list[tuple[str, object]] = field(default_factory=list)

    def sources(self, patience: float = 0.3) -> FactSources:
        """As the pipeline gets them."""
        return FactSources(
            _Consents(self),
            _Blocks(self),
            _Relations(self),
            _Capacities(self),
            _Population(self),
            patience,
        )

    async def told(self, name: str, what: object) -> None:
        self.asked.append((name, what))
        await self.trouble.get(name, Trouble()).happen()


@dataclass
class _Consents:
    facts: MemoryFacts

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> ConsentAnswer:
        await self.facts.told("consents", accessing)
        return self.facts.consent


@dataclass
class _Blocks:
    facts: MemoryFacts

    async def check(
        self,
        subject: PersonId,
        accessing: Accessing,
        questions: Sequence[BlockQuestion],
        at: datetime,
    ) -> Sequence[Block]:
        await self.facts.told("blocks", tuple(questions))
        return [self.facts.block(question) for question in questions]


@dataclass
class _Relations:
    facts: MemoryFacts

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> RelationAnswer:
        await self.facts.told("relations", accessing)
        return self.facts.relation


@dataclass
class _Capacities:
    facts: MemoryFacts

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> CapacityAnswer:
        await self.facts.told("capacities", accessing)
        return self.facts.capacity


@dataclass
class _Population:
    facts: MemoryFacts

    async def check(
        self, subject: PersonId, guardian: PersonId | None, at: datetime
    ) -> PopulationAnswer:
        await self.facts.told("population", guardian)
        return self.facts.population
