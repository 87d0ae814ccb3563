"""The way in that the hub's own services share: who calls, by which catalogue, what and where.

Knows the order of these checks, and that every call ends in one durable row of the access log.
Knows no service. A question to sources has a way of its own (``pipeline.run``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Call, Sender
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.pipeline.authorise import addressed, may_call, must_be_read, speaks_for
from samsvar.pipeline.identify import identify
from samsvar.pipeline.journey import Journey, logged
from samsvar.ports import World


@dataclass(frozen=True, slots=True)
class Entered:
    """A call whose sender is known, and which names a contract and an address."""

    call: Call
    journey: Journey
    sender: Sender
    catalogue: Catalogue
    urn: ContractUrn
    address: LogicalAddress

    def check_permission(self, world: World) -> None:
        """May the sender call this contract at this address?

        Raises:
            NotPermitted: VP007.
        """
        now = world.clock.now()
        may_call(self.sender.hsa_id, self.urn, self.address, self.catalogue, now)


@asynccontextmanager
async def entered(call: Call, world: World) -> AsyncIterator[Entered]:
    """What the block does ends in one durable row before the block is left.

    Raises:
        ConsumerError, HubFault: as ``identify`` and ``authorise``; AuditUnavailable in place of
            the block's own end, if the row could not be made durable.
    """
    async with logged(call, world) as journey:
        journey.sender = sender = identify(call, world.rules)
        call = replace(call, sender=sender.hsa_id)
        catalogue = world.catalogue.current()
        journey.catalogue_version = catalogue.version
        must_be_read(call)
        speaks_for(sender, call, world.rules)
        urn, address = addressed(call)
        yield Entered(call, journey, sender, catalogue, urn, address)
