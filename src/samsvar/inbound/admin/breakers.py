"""Circuit breakers, as the administrative interface shows and sets them.

Knows the desk that keeps them, as a port. Knows no breaker's rule. Long, as port, bodies and rows
of one thing are read together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, Field, field_validator

from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.router import Asked, Route
from samsvar.model.breaker import State
from samsvar.model.holds import BreakerHold
from samsvar.model.identifiers import ContractUrn
from samsvar.observe.masking import masked
from samsvar.onboarding.desk import ProducerDesk
from samsvar.onboarding.roles import Right


class Standing(Protocol):
    """How one breaker stands."""

    @property
    def producer(self) -> str:
        """Its producer's id."""

    @property
    def contract(self) -> ContractUrn:
        """Its contract; empty: all of the producer's."""

    @property
    def state(self) -> State:
        """Whether questions go through."""

    @property
    def until(self) -> datetime | None:
        """Open: when a question goes through again, as far as that is known."""

    @property
    def calls(self) -> int:
        """How many calls it looks at."""

    @property
    def ill(self) -> int:
        """How many of them went ill."""

    @property
    def hold(self) -> BreakerHold | None:
        """What holds it."""


class BreakerDesk(Protocol):
    """Shows and sets breakers. Raises ResourcesMissing if it cannot."""

    def standings(self) -> Sequence[Standing]:
        """All that have been asked here, or are held."""

    def put(
        self,
        producer: str,
        contract: ContractUrn,
        *,
        opened: bool,
        reason: str,
        until: datetime | None,
        by: str,
    ) -> BreakerHold:
        """Hold it open or closed.

        Raises:
            Refused: not as things stand.
        """


class HoldBody(BaseModel, extra="forbid"):
    """How a breaker is to stand."""

    reason: str = Field(min_length=1, max_length=200, description="why; consumers do not read it")
    contract: str | None = Field(
        default=None,
        max_length=200,
        description='"GetCarePlans 2", or its urn; left out: all of the producer',
    )
    until: AwareDatetime | None = Field(
        default=None,
        description="from then on it finds for itself; left out: open until it is closed, closed"
        " for a minute",
    )

    @field_validator("reason")
    @classmethod
    def _without_numbers(cls, reason: str) -> str:
        if not reason.isprintable() or not reason.strip():
            raise ValueError("one line of text")
        if masked(reason) != reason:
            raise ValueError("holds what could be a personal number: leave it out")
        return reason


class BreakerHoldBody(BaseModel):
    """What somebody has said."""

    open: bool
    reason: str
    by: str = Field(description="who; security: a foreign patient's records came")
    at: datetime
    until: datetime | None


class BreakerBody(BaseModel):
    """One breaker."""

    producer: str
    contract: str = Field(description="its urn; empty: all of the producer's")
    state: State
    until: datetime | None = Field(
        description="open: when a question goes through again, as far as that is known"
    )
    calls: int = Field(description="the latest calls that it looks at")
    ill: int = Field(description="those of them that went ill")
    hold: BreakerHoldBody | None


class BreakersBody(BaseModel):
    """Those of one producer, or of all that the user may see."""

    breakers: list[BreakerBody]


class BreakerRows:
    """Rows of the table about breakers."""

    def __init__(
        self,
        breakers: BreakerDesk,
        producers: ProducerDesk,
        contracts: Callable[[], Mapping[ContractUrn, str]],
    ) -> None:
        self._breakers = breakers
        self._producers = producers
        self._contracts = contracts

    def rows(self) -> tuple[Route, ...]:
        """The rows."""
        one = "/producers/{id}/breaker"
        return (
            Route(
                "GET",
                "/breakers",
                "listBreakers",
                "All circuit breakers that have been asked for here, or are held",
                Right.SEE_STATUS,
                self._all,
                BreakersBody,
            ),
            Route(
                "GET",
                one,
                "getBreaker",
                "The circuit breakers of one producer",
                Right.SEE_STATUS,
                self._one,
                BreakersBody,
            ),
            Route(
                "POST",
                f"{one}/open",
                "openBreaker",
                "It is not asked: at once here, and elsewhere within seconds",
                Right.HOLD_BREAKERS,
                self._open,
                BreakersBody,
                request=HoldBody,
                refusals=(404, 409),
            ),
            Route(
                "POST",
                f"{one}/close",
                "closeBreaker",
                "It is asked again, and cannot open by itself for a while",
                Right.HOLD_BREAKERS,
                self._close,
                BreakersBody,
                request=HoldBody,
                refusals=(404, 409),
            ),
        )

    async def _all(self, asked: Asked) -> BreakersBody:
        seen = {one.id for one in await asyncio.to_thread(self._producers.all, asked.user)}
        return await self._of(seen)

    async def _one(self, asked: Asked) -> BreakersBody:
        standing = await asyncio.to_thread(self._producers.one, asked.user, asked.path["id"])
        return await self._of({standing.id})

    async def _open(self, asked: Asked) -> BreakersBody:
        return await self._put(asked, opened=True)

    async def _close(self, asked: Asked) -> BreakersBody:
        return await self._put(asked, opened=False)

    async def _put(self, asked: Asked, *, opened: bool) -> BreakersBody:
        sent: HoldBody = asked.body
        standing = await asyncio.to_thread(self._producers.one, asked.user, asked.path["id"])
        contract = self._contract(sent.contract)
        await asyncio.to_thread(
            lambda: self._breakers.put(
                standing.id,
                contract,
                opened=opened,
                reason=sent.reason,
                until=sent.until,
                by=asked.user.id if asked.user.id != "command" else asked.user.name,
            )
        )
        return await self._of({standing.id})

    async def _of(self, producers: set[str]) -> BreakersBody:
        standings = await asyncio.to_thread(self._breakers.standings)
        return BreakersBody(breakers=[_body(one) for one in standings if one.producer in producers])

    def _contract(self, told: str | None) -> ContractUrn:
        if told is None:
            return ContractUrn("")
        for urn, title in self._contracts().items():
            if told in (urn, title, f"{title} {urn.rpartition(':')[2]}"):
                return urn
        raise Problem(
            422, "the body cannot be taken", ["contract: this hub knows no such contract"]
        )


def _body(one: Standing) -> BreakerBody:
    hold = one.hold
    return BreakerBody(
        producer=one.producer,
        contract=one.contract,
        state=one.state,
        until=one.until,
        calls=one.calls,
        ill=one.ill,
        hold=None
        if hold is None
        else BreakerHoldBody(
            open=hold.open, reason=hold.reason, by=hold.by, at=hold.at, until=hold.until
        ),
    )
