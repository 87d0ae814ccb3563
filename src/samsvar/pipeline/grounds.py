"""The grounds: what must be asked of others before an access rule can say anything.

Consent, relation, capacity and the population register are asked once for each question, all at
the same time and while the sources are asked; blocks when it is known whose records came. Each
has a deadline. One that does not answer leaves its facts unknown, and what needs them closed.
Knows the ports. Knows no rule, and no element but by its owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from samsvar.access import Facts
from samsvar.access.words import Block, Consent, Giver, Relation, Truth
from samsvar.errors import FactsUnavailable
from samsvar.fact_ports import (
    Accessing,
    BlockQuestion,
    CapacityAnswer,
    ConsentAnswer,
    PopulationAnswer,
    RelationAnswer,
)
from samsvar.model.exchange import Call
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.user import Statement
from samsvar.pipeline.actor import Actor
from samsvar.ports import World

_Answer = TypeVar("_Answer")
_Asked = TypeVar("_Asked")

#: nobody: what a citizen is, to a block that is against staff
_NOBODY = Accessing(HsaId(""))
#: states of a consent that stand for "not given"; a person who has said no has been asked
_NOT_ASKED = frozenset({Consent.NONE, Consent.EXPIRED, Consent.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Grounds:
    """The actor's facts with what was found, and which services did not answer."""

    facts: Facts
    consent_id: str | None = None
    silent: tuple[str, ...] = ()
    """What could not be had, for the log: ``consents: no answer within 2 s``."""


async def together(
    asking: Coroutine[Any, Any, _Asked], gathering: Coroutine[Any, Any, Grounds]
) -> tuple[_Asked, Grounds]:
    """Both at the same time: what is gathered costs no time that the sources do not take."""
    gathered = asyncio.ensure_future(gathering)
    try:
        outcomes = await asking
    except BaseException:
        gathered.cancel()
        raise
    return outcomes, await gathered


def within(call: Call, actor: Actor, world: World) -> Call:
    """The call as the sources get it: they must be done while there is time to ask of blocks."""
    if actor.gates_only:
        return call
    left = call.deadline - world.clock.monotonic()
    return replace(call, deadline=call.deadline - min(world.facts.patience, left / 4))


async def gather(call: Call, actor: Actor, subject: PersonId, world: World) -> Grounds:
    """Ask all that does not depend on the answers. Never raises for a service that fails."""
    if actor.gates_only or actor.user is None:
        return Grounds(actor.facts)
    sources, at = world.facts, call.received_at
    asked = _Round(_patience(call, world))
    register = asked.of(
        "population register",
        sources.population.check(subject, actor.guardian, at),
        PopulationAnswer(),
    )
    if actor.accessing is None:
        return Grounds(_registered(actor.facts, await register), silent=asked.silent())
    accessing = actor.accessing
    async with asyncio.TaskGroup() as group:
        registered = group.create_task(register)
        consented = group.create_task(
            asked.of("consents", sources.consents.check(subject, accessing, at), None)
        )
        related = group.create_task(
            asked.of(
                "relations",
                sources.relations.check(subject, accessing, at),
                RelationAnswer(Relation.UNKNOWN),
            )
        )
        assessed = group.create_task(
            asked.of(
                "capacities", sources.capacities.check(subject, accessing, at), CapacityAnswer()
            )
        )
    consent, relation, capacity = consented.result(), related.result(), assessed.result()
    facts = replace(
        _registered(actor.facts, registered.result()),
        relation=relation.relation,
        only_other_services=relation.only_other_services,
        subject=capacity.subject,
        attitude_clarified=capacity.attitude_clarified,
        consent=_standing(consent, actor.statement),
        consent_given_by=consent.given_by if consent else Giver.UNKNOWN,
        consents_answered=Truth.YES if consent else Truth.NO,
    )
    return Grounds(facts, consent.assertion_id if consent else None, asked.silent())


def _patience(call: Call, world: World) -> float:
    """What a service may take: never beyond the question's own deadline."""
    left = call.deadline - world.rules.margin - world.clock.monotonic()
    return max(0.0, min(world.facts.patience, left))


def _registered(facts: Facts, register: PopulationAnswer) -> Facts:
    return replace(
        facts,
        protected_identity=register.protected_identity,
        guardian_verified=register.guardian,
        consents_answered=Truth.YES,  # nobody's consent is asked for one's own side
    )


def _standing(found: ConsentAnswer | None, statement: Statement | None) -> Consent:
    """As the service says; or that the person cannot be asked, where staff state it."""
    if found is None:
        return Consent.UNKNOWN
    if statement and statement.consent_unobtainable and found.consent in _NOT_ASKED:
        return Consent.CANNOT_BE_OBTAINED
    return found.consent


async def blocks_on(
    questions: Sequence[BlockQuestion], call: Call, actor: Actor, subject: PersonId, world: World
) -> tuple[dict[BlockQuestion, Block], tuple[str, ...]]:
    """How each stands; none at all, with the reason, where the service did not answer."""
    if not questions:
        return {}, ()
    asked = _Round(_patience(call, world))
    accessing = actor.accessing or _NOBODY
    answer = world.facts.blocks.check(subject, accessing, questions, call.received_at)
    found = await asked.of("blocks", answer, None)
    if found is not None and len(found) != len(questions):
        asked.failed("blocks", "as many answers as questions are needed")
        found = None
    if found is None:
        return {}, asked.silent()
    return dict(zip(questions, found, strict=True)), asked.silent()


class _Round:
    """Questions to services, each with the same patience; which of them failed, and how."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._silent: list[str] = []

    async def of(self, name: str, question: Awaitable[_Answer], otherwise: _Answer) -> _Answer:
        try:
            async with asyncio.timeout(self._patience):
                return await question
        except TimeoutError:
            self.failed(name, f"no answer within {self._patience:g} s")
        except FactsUnavailable as error:
            self.failed(name, str(error))
        return otherwise

    def failed(self, name: str, why: str) -> None:
        self._silent.append(f"{name}: {why}")

    def silent(self) -> tuple[str, ...]:
        return tuple(sorted(self._silent))
