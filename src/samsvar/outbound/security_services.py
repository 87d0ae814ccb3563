"""Consents and blocks that an outside security service (säkerhetstjänst) keeps, asked over SOAP.

By the hardened client, with our certificate. Whatever is not a whole and clear answer is
``FactsUnavailable``, naming the service: never a value. Implements the ports of whoever decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lxml import etree

from samsvar.access.words import Block, Consent
from samsvar.errors import FactsUnavailable, ProducerError
from samsvar.fact_ports import (
    Accessing,
    BlockQuestion,
    BlockService,
    ConsentAnswer,
    ConsentService,
)
from samsvar.model.accessing import same
from samsvar.model.catalogue import RivtaProfile
from samsvar.model.consents import AssertionType
from samsvar.model.identifiers import ContractUrn, HsaId, PersonId
from samsvar.outbound.http_client import HttpClient
from samsvar.soap import blocking_messages as blocking
from samsvar.soap import consent_messages as consent
from samsvar.soap.envelope import request_envelope
from samsvar.soap.security_questions import (
    Check,
    check_blocks,
    check_consent,
    read_answer,
    read_blocks,
    read_consent,
)

MOST_ROWS = 100
"""Rows of one CheckBlocks; more are asked in several, at once."""

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class OutsideService:
    """Where it is, and as whom it is asked."""

    url: str
    logical_address: str
    sender: str
    """Our HSA-id, on a plain connection only: TLS has our certificate."""
    patience: float
    check: Check
    """Holds its answers to their schema."""


class _Caller:
    """One contract of one service."""

    def __init__(
        self, client: HttpClient, service: OutsideService, name: str, urn: ContractUrn, call: str
    ) -> None:
        self._client = client
        self._service = service
        self._name = name
        self._expected = f"{{{urn}}}{call}Response"
        self._headers = {
            "Content-Type": "text/xml; charset=UTF-8",
            "SOAPAction": f'"{urn}:{call}"',
        }
        if service.url.startswith("http:"):
            self._headers["x-vp-sender-id"] = service.sender

    async def ask(self, body: bytes, read: Callable[[etree._Element], _Read]) -> _Read:
        """The answer, read.

        Raises:
            FactsUnavailable: there is none that can be understood.
        """
        service = self._service
        envelope = request_envelope(RivtaProfile.BP21, service.logical_address, body)
        try:
            exchange = await self._client.exchange(
                "POST", service.url, self._headers, envelope, service.patience
            )
            return read(
                read_answer(
                    exchange.status,
                    exchange.headers.get("content-type"),
                    exchange.body,
                    self._expected,
                    service.check,
                )
            )
        except ProducerError as error:
            raise FactsUnavailable(f"{self._name}: {error}") from error

    def actor(self, accessing: Accessing) -> tuple[HsaId, HsaId, HsaId]:
        """Care giver, unit and employee, all of which the contract asks for.

        Raises:
            FactsUnavailable: one is not known.
        """
        if accessing.care_unit is None or accessing.employee is None:
            raise FactsUnavailable(f"{self._name} cannot be asked: unit or employee is not known")
        return accessing.care_giver, accessing.care_unit, accessing.employee


class OutsideConsents:
    """The consents of an outside service."""

    def __init__(self, client: HttpClient, service: OutsideService) -> None:
        operation = consent.OPERATIONS[consent.CHECK]
        self._caller = _Caller(client, service, "the consent service", consent.CHECK, operation)

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> ConsentAnswer:
        """How consent stands now. Who gave it the contract does not say; nor is every consent
        told apart from a statement of emergency: then it is UNKNOWN.

        Raises:
            FactsUnavailable: see the module.
        """
        body = check_consent(subject, *self._caller.actor(accessing))
        has, kind = await self._caller.ask(body, read_consent)
        if not has:
            return ConsentAnswer(Consent.NONE)
        stands = {
            AssertionType.CONSENT: Consent.VALID,
            AssertionType.EMERGENCY: Consent.CANNOT_BE_OBTAINED,
            None: Consent.UNKNOWN,
        }
        return ConsentAnswer(stands[kind])


class OutsideBlocks:
    """The blocks of an outside service."""

    def __init__(self, client: HttpClient, service: OutsideService) -> None:
        operation = blocking.OPERATIONS[blocking.CHECK]
        self._caller = _Caller(client, service, "the block service", blocking.CHECK, operation)

    async def check(
        self,
        subject: PersonId,
        accessing: Accessing,
        questions: Sequence[BlockQuestion],
        at: datetime,
    ) -> Sequence[Block]:
        """How each stands now, in the order asked; each is asked once. UNKNOWN, which opens
        nothing: the owner's unit is not known, or the service could not check that row.

        Raises:
            FactsUnavailable: see the module.
        """
        if not questions:
            return ()
        actor = self._caller.actor(accessing)
        distinct = list(dict.fromkeys(one for one in questions if one.owner_unit is not None))
        parts = [distinct[n : n + MOST_ROWS] for n in range(0, len(distinct), MOST_ROWS)]
        answers = await asyncio.gather(*(self._ask(subject, actor, part) for part in parts))
        blocked = dict(zip(distinct, (one for part in answers for one in part), strict=True))
        return tuple(_stands(blocked.get(one), one, accessing) for one in questions)

    async def _ask(
        self, subject: PersonId, actor: tuple[HsaId, HsaId, HsaId], part: list[BlockQuestion]
    ) -> list[bool | None]:
        body = check_blocks(subject, actor, part)
        return await self._caller.ask(body, lambda element: read_blocks(element, len(part)))


def _stands(blocked: bool | None, question: BlockQuestion, accessing: Accessing) -> Block:
    if blocked is None:
        return Block.UNKNOWN
    if not blocked:
        return Block.NONE
    return Block.INNER if same(question.owner, accessing.care_giver) else Block.OUTER


_consents: type[ConsentService] = OutsideConsents  # interface guards
_blocks: type[BlockService] = OutsideBlocks
