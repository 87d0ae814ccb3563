"""Consents and blocks as services: who has consent, what is blocked, and what is to be kept.

A walk of its own, as the index's: identify, authorise, judge, do, log. The first address of the
settings means the whole service; each further one is a care giver's, and reaches its own consents
and blocks alone. What is kept elsewhere is not served here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lxml import etree

from samsvar.errors import NoRoute
from samsvar.model.accessing import same
from samsvar.model.blocks import BlockPage, is_blocked
from samsvar.model.consents import valid_of
from samsvar.model.exchange import Call
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded
from samsvar.model.registration import Refusal
from samsvar.pipeline.authorise import (
    no_route_text,
)
from samsvar.pipeline.entry import entered
from samsvar.pipeline.journey import Journey
from samsvar.ports import BlockRegister, ConsentRegister, World
from samsvar.soap import blocking_messages as blocking
from samsvar.soap import consent_messages as consent
from samsvar.soap.request import follow_schema
from samsvar.soap.security_values import Refused

CONSENT_CONTRACTS = frozenset(consent.OPERATIONS)
BLOCK_CONTRACTS = frozenset(blocking.OPERATIONS)
SECURITY_CONTRACTS = CONSENT_CONTRACTS | BLOCK_CONTRACTS

_OPERATIONS = {**consent.OPERATIONS, **blocking.OPERATIONS}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NO_BLOCKS = BlockPage((), _LONG_AGO, _LONG_AGO)


async def serve_security(call: Call, world: World) -> bytes:
    """Serve one call of a consent or block contract; the response envelope.

    Raises:
        ConsumerError, HubFault: as ``run``; FactsUnavailable: the book cannot be read or written.
    """
    async with entered(call, world) as at:
        urn, own, services = at.urn, world.rules.security_addresses, world.security
        book = services.consents if urn in CONSENT_CONTRACTS else services.blocks
        if book is None or folded(at.address) not in own:
            raise NoRoute(no_route_text(urn, at.address))
        at.check_permission(world)
        body = call.message.body
        follow_schema(body, f"{{{urn}}}{_OPERATIONS[urn]}", services.checks[urn])
        errand = _Errand(at.call, at.journey, world, body, _only(at.address, own))
        if urn in CONSENT_CONTRACTS:
            return await _of_consents(urn, errand)
        return await _of_blocks(urn, errand)


class _Errand:
    """One call that may be made, and what it is made of."""

    def __init__(
        self,
        call: Call,
        journey: Journey,
        world: World,
        body: etree._Element,
        only: HsaId | None,
    ) -> None:
        self.call = call
        self.journey = journey
        self.world = world
        self.body = body
        self.only = only
        """The one care giver whose consents and blocks can be reached; None: all."""
        self.now = world.clock.now()

    @property
    def sender(self) -> str:
        """The system that asks."""
        return str(self.call.sender)

    def within(self, care_giver: str) -> None:
        """Return if it is the addressed care giver's.

        Raises:
            Refused: NOT_YOURS.
        """
        if self.only is not None and not same(self.only, care_giver):
            raise Refused(Refusal.NOT_YOURS)

    def consent_changed(self, what: str, refusal: Refusal | None) -> None:
        """Tell the routing log what was done, or why not."""
        self.world.events.emit(
            "consent-changed",
            self.call.correlation_id,
            sender=self.sender,
            detail=_told(what, refusal),
        )

    def block_changed(self, what: str, refusal: Refusal | None) -> None:
        """The same of a block."""
        self.world.events.emit(
            "block-changed",
            self.call.correlation_id,
            sender=self.sender,
            detail=_told(what, refusal),
        )


def _told(what: str, refusal: Refusal | None) -> str:
    return what if refusal is None else f"not {what}: {refusal.name}"


def _only(address: LogicalAddress, own: tuple[str, ...]) -> HsaId | None:
    return None if folded(address) == own[0] else HsaId(address)


async def _of_consents(urn: ContractUrn, errand: _Errand) -> bytes:
    book = errand.world.security.consents
    assert book is not None  # looked at before
    try:
        if urn == consent.CHECK:
            return await _check_consent(book, errand)
        if urn == consent.REGISTER:
            return await _register_consent(book, errand)
        if urn in (consent.CANCEL, consent.DELETE):
            return await _end_consent(book, urn, errand)
        return await _list_consents(book, urn, errand)
    except Refused as refused:
        return consent.refused_response(urn, refused.refusal)


async def _check_consent(book: ConsentRegister, errand: _Errand) -> bytes:
    accessing, subject = consent.read_check(errand.body)
    errand.journey.subject = subject
    errand.within(accessing.care_giver)
    records = await book.of_person(subject, accessing.care_giver)
    return consent.check_response(valid_of(records, accessing, errand.now))


async def _register_consent(book: ConsentRegister, errand: _Errand) -> bytes:
    record, from_now = consent.read_registration(errand.body, errand.sender)
    errand.journey.subject = record.subject
    errand.within(record.care_giver)
    refusal = await book.register(record, errand.now, from_now=from_now)
    errand.consent_changed("registered", refusal)
    return consent.done_response(consent.REGISTER, refusal)


async def _end_consent(book: ConsentRegister, urn: ContractUrn, errand: _Errand) -> bytes:
    assertion_id, action = consent.read_ending(errand.body, urn)
    errand.journey.subject = await book.subject_of(assertion_id)
    if urn == consent.CANCEL:
        refusal = await book.cancel(assertion_id, action, errand.now, errand.only)
    else:
        refusal = await book.nullify(assertion_id, action, errand.now, errand.only)
    errand.consent_changed("ended" if urn == consent.CANCEL else "nullified", refusal)
    return consent.done_response(urn, refusal)


async def _list_consents(book: ConsentRegister, urn: ContractUrn, errand: _Errand) -> bytes:
    wanted = consent.read_list(errand.body, urn)
    errand.journey.subject = wanted.subject
    errand.within(wanted.care_giver)
    records = await book.of_person(wanted.subject, wanted.care_giver)
    shown = [one for one in records if wanted.with_history or not one.is_over(errand.now)]
    return consent.list_response(urn, shown)


async def _of_blocks(urn: ContractUrn, errand: _Errand) -> bytes:
    book = errand.world.security.blocks
    assert book is not None  # looked at before
    try:
        if urn == blocking.CHECK:
            return await _check_blocks(book, errand)
        if urn == blocking.GET:
            return await _get_blocks(book, errand)
        return await _register_block(book, errand)
    except Refused as refused:
        return blocking.refused_response(urn, refused.refusal, _NO_BLOCKS)


async def _check_blocks(book: BlockRegister, errand: _Errand) -> bytes:
    """Rows of other care givers are checked too: blocks of all stand in this book."""
    asked = blocking.read_check(errand.body)
    errand.journey.subject = asked.subject
    records = await book.of_person(asked.subject)

    def status(row: blocking.Row) -> blocking.RowStatus:
        if row.question is None:
            return blocking.RowStatus.FAULT
        closed = is_blocked(records, asked.accessing, row.question, errand.now)
        return blocking.RowStatus.BLOCKED if closed else blocking.RowStatus.OK

    return blocking.check_response([(row.number, status(row)) for row in asked.rows])


async def _get_blocks(book: BlockRegister, errand: _Errand) -> bytes:
    wanted = blocking.read_get(errand.body)
    errand.journey.subject = wanted.subject
    for care_giver in wanted.care_givers:
        errand.within(care_giver)
    if errand.only is not None:
        wanted = replace(wanted, care_givers=(errand.only,))
    page = await book.in_force(wanted)
    if isinstance(page, Refusal):
        raise Refused(page)
    return blocking.get_response(page)


async def _register_block(book: BlockRegister, errand: _Errand) -> bytes:
    record = blocking.read_registration(errand.body, errand.sender)
    errand.journey.subject = record.subject
    errand.within(record.care_giver)
    refusal = await book.register(record, errand.now, None)
    errand.block_changed("registered", refusal)
    return blocking.done_response(refusal)
