"""The access report: a person asks who has read, and the rules say whether it may be told.

A walk of its own, for no source is asked: identify, may the system call at all, the rule, the log.
The asking is itself a row of the access log. Knows the port; knows no row and no door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from samsvar.access import DEFAULT, Verdict, decide
from samsvar.access.words import Action
from samsvar.errors import AccessRefused, MalformedRequest
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Activity, Call, Question
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.person_numbers import PersonNumberInvalid, check
from samsvar.pipeline.actor import actor_of
from samsvar.pipeline.authorise import addressed, errand_of, speaks_for
from samsvar.pipeline.identify import identify
from samsvar.pipeline.journey import logged
from samsvar.ports import World

REPORT = ContractUrn("urn:samsvar:accesses:GetAccessReport:1")


class Access(Protocol):
    """One access, as the log tells it."""

    @property
    def sequence(self) -> int:
        """Its row."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def reader(self) -> str:
        """In what capacity, in Swedish."""

    @property
    def care_giver(self) -> str | None:
        """HSA-id of those who read."""

    @property
    def care_giver_name(self) -> str | None:
        """What it is called."""

    @property
    def care_unit(self) -> str | None:
        """HSA-id."""

    @property
    def care_unit_name(self) -> str | None:
        """What it is called."""

    @property
    def purpose(self) -> str:
        """In Swedish."""

    @property
    def resource(self) -> str:
        """What was read, in Swedish."""

    @property
    def activity(self) -> Activity:
        """What was done."""

    @property
    def existence(self) -> bool:
        """Only that there is something was shown."""

    @property
    def emergency(self) -> bool:
        """Consent could not be asked for."""


class Accesses(Protocol):
    """Where accesses are found. Waits for a disk: call it in a thread."""

    def for_person(
        self, person: PersonId, since: datetime, until: datetime, most: int
    ) -> Sequence[Access]:
        """The latest first.

        Raises:
            ResourcesMissing: the log cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` until, but not at, ``until``."""

    since: datetime
    until: datetime


async def who_has_read(
    call: Call,
    person: PersonId,
    period: Period,
    most: int,
    contract: ServiceContract,
    accesses: Accesses,
    world: World,
) -> tuple[Access, ...]:
    """The accesses. ``contract``: the one that the calling system must be permitted, since the
    registry has none for this.

    Raises:
        AccessRefused: the rules do not let it be told.
        ConsumerError, HubFault: as in every walk.
    """
    async with logged(call, world) as journey:
        journey.sender = identify(call, world.rules)
        call = replace(call, sender=journey.sender.hsa_id)
        catalogue = world.catalogue.current()
        journey.catalogue_version = catalogue.version
        speaks_for(journey.sender, call, world.rules)
        _, address = addressed(call)
        errand = errand_of(
            journey.sender.hsa_id,
            contract.urn,
            address,
            contract,
            catalogue,
            world.clock.now(),
            own=True,
        )
        _can_exist(person)
        question = Question(contract, person, None, b"", b"")
        journey.subject = person
        journey.actor = actor = actor_of(journey.sender, call, question, errand, catalogue)
        facts = replace(actor.facts, action=Action.ACCESS_REPORT)
        decision = decide(facts, world.rules.policy)
        if decision.verdict is not Verdict.ALLOW:
            rule = decision.rule_id or DEFAULT
            raise AccessRefused(rule, "who has read is told to the person alone")
        found = await asyncio.to_thread(
            accesses.for_person, person, period.since, period.until, most
        )
        return tuple(found)


def _can_exist(person: PersonId) -> None:
    try:
        check(person)
    except PersonNumberInvalid as error:
        raise MalformedRequest(f"person: {error}.") from error
