"""A user's question becomes a Call, and the walk is run: the same that SOAP's questions end in.

The hub writes itself the message that a consumer of the contract would have sent, so that
producers get a proper question. Knows contracts and calls; knows no FHIR, no page and no rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from samsvar.contracts.served import settled
from samsvar.errors import HubError
from samsvar.fhir.datatypes import ResourceIds
from samsvar.inbound.call_headers import (
    forwarded_by,
    history_of,
    original_consumer_of,
    seconds_asked,
)
from samsvar.inbound.http import Headers
from samsvar.inbound.http_protocol import Arrival
from samsvar.inbound.users.handles import HandleRefused, Handles, Opened
from samsvar.inbound.users.refusal import gone
from samsvar.model.catalogue import CareGiver, Producer, RivtaProfile
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Answer, Call, Chosen, Peer
from samsvar.model.identifiers import (
    ContractUrn,
    CorrelationId,
    LogicalAddress,
    PersonId,
    folded,
)
from samsvar.model.user import Statement, User
from samsvar.pipeline import run
from samsvar.pipeline.access_report import REPORT, Access, Accesses, Period, who_has_read
from samsvar.ports import World
from samsvar.soap.codecs import get_care_contacts_3, get_care_plans_2
from samsvar.soap.envelope import request_envelope
from samsvar.soap.request import read_message

PLANS, CONTACTS = get_care_plans_2.CONTRACT, get_care_contacts_3.CONTRACT
_ASK: dict[ContractUrn, Callable[[PersonId, str | None], bytes]] = {
    PLANS: get_care_plans_2.ask,
    CONTACTS: get_care_contacts_3.ask,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a user who has been recognised."""

    door: str
    arrival: Arrival
    headers: Headers = field(repr=False)
    peer: Peer
    correlation_id: CorrelationId
    user: User
    statement: Statement
    base: str
    """URL of the hub, as the caller reaches it."""


class Desk:
    """Puts the questions of users. One for the whole process."""

    def __init__(
        self,
        world: World,
        handles: Handles,
        accesses: Accesses,
        *,
        address: str,
        deadline: float,
        handle_minutes: float,
    ) -> None:
        """``address``: a logical address of the hub's own. ``deadline``: seconds for a question."""
        self._world = world
        self._handles = handles
        self._log = accesses
        self._address = LogicalAddress(address)
        self._deadline = deadline
        self._handle_seconds = handle_minutes * 60

    async def plans(
        self,
        visit: Visit,
        person: PersonId,
        *,
        source: str | None = None,
        chosen: Chosen | None = None,
    ) -> Answer:
        """The plans about a person, cut to what may be shown.

        Raises:
            HubError: why there is no answer.
        """
        return await self._asked(PLANS, visit, person, source, chosen)

    async def contacts(
        self,
        visit: Visit,
        person: PersonId,
        *,
        source: str | None = None,
        chosen: Chosen | None = None,
    ) -> Answer:
        """The care contacts, the same way."""
        return await self._asked(CONTACTS, visit, person, source, chosen)

    async def accesses(
        self, visit: Visit, person: PersonId, period: Period, most: int
    ) -> tuple[Access, ...]:
        """Who has read about a person, the latest first.

        Raises:
            HubError: why it is not told.
        """
        call = replace(self._call(REPORT, visit), message=None)
        return await who_has_read(
            call, person, period, most, self._world.contracts[PLANS], self._log, self._world
        )

    def now(self) -> datetime:
        """Wall time."""
        return self._world.clock.now()

    def ids(self, visit: Visit, person: PersonId, until: int | None = None) -> ResourceIds:
        """What makes the ids of a person's resources for this user. ``until``: of an id that was
        given before, so that it comes out the same."""
        now = self._world.clock.now().timestamp()
        ends = until if until is not None else int(now + self._handle_seconds)
        return self._handles.ids(visit.user, person, ends)

    def opened(self, visit: Visit, handle: str) -> Opened:
        """What an id stands for.

        Raises:
            Refusal: 404, nothing that this user could read now.
        """
        try:
            return self._handles.opened(handle, visit.user, self._world.clock.now().timestamp())
        except HandleRefused:
            raise gone() from None

    def source_of(self, opened: Opened, *contracts: ContractUrn) -> str | None:
        """The source that an id came from; None where the catalogue has no address for it, and
        everybody must be asked."""
        now = self._world.clock.now()
        catalogue = self._catalogue()
        for contract in contracts:
            for address in catalogue.addresses(contract, now):
                if self._handles.is_from(opened, address):
                    return address
        return None

    def care_giver(self, hsa_id: str | None) -> CareGiver | None:
        """Of the directory."""
        return self._catalogue().care_giver(hsa_id) if hsa_id else None

    def producer(self, address: str) -> Producer | None:
        """Who answers at an address."""
        now = self._world.clock.now()
        for contract in (PLANS, CONTACTS):
            for entry in self._catalogue().routes(contract, LogicalAddress(address), now).entries:
                if folded(entry.logical_address) == folded(address):
                    return entry.producer
        return None

    def _catalogue(self) -> Catalogue:
        return self._world.catalogue.current()

    async def _asked(
        self,
        contract: ContractUrn,
        visit: Visit,
        person: PersonId,
        source: str | None,
        chosen: Chosen | None,
    ) -> Answer:
        body = _ASK[contract](person, source)
        message = read_message(request_envelope(RivtaProfile.BP21, self._address, body), "utf-8")
        call = replace(self._call(contract, visit), message=message, chosen=chosen)
        world = settled(self._world)
        world.events.emit(
            "req-in",
            call.correlation_id,
            sender=call.peer.sender_header if call.peer.trusted else None,
            receiver=call.logical_address,
            original_consumer=call.original_consumer,
            contract=call.contract,
            source=call.peer.address,
            detail=f"by the door {call.door}",
        )
        try:
            return await run(call, world)
        except HubError as error:
            world.events.emit(
                "error", call.correlation_id, fault=error.code, fault_detail=str(error)
            )
            raise

    def _call(self, contract: ContractUrn, visit: Visit) -> Call:
        known = self._world.contracts.get(contract)
        budget = min(self._deadline, (known.deadline if known else None) or self._deadline)
        arrival = visit.arrival
        return Call(
            correlation_id=visit.correlation_id,
            peer=visit.peer,
            contract=contract,
            logical_address=self._address,
            profile=RivtaProfile.BP21,
            original_consumer=original_consumer_of(visit.headers),
            routing_history=history_of(visit.headers),
            forwarded=forwarded_by(visit.headers),
            message=None,
            received=arrival.at,
            deadline=arrival.at + seconds_asked(visit.headers, budget),
            received_at=self._world.clock.now(),
            door=visit.door,
            user=visit.user,
            statement=visit.statement,
            chosen=None,
        )


def may_name_sources(visit: Visit, person: PersonId, *answers: Answer) -> bool:
    """Whether the user may hear which sources did not answer. To somebody who is shown nothing,
    the name of a source would tell that it knows the person."""
    return visit.user.person == person or any(answer.records for answer in answers)


async def both(one: Awaitable[Answer], other: Awaitable[Answer]) -> tuple[Answer, Answer]:
    """Both walks at once; if one breaks, the other is still let end, for it is logged."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    for each in (first, second):
        if isinstance(each, BaseException):
            raise each
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    return first, second
