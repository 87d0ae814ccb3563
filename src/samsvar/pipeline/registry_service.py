"""The registry as a service: whom may I call, by which contracts, and are you there?

A walk of its own, as short as the index's: identify, authorise, do, log. It is answered from the
catalogue in force, and a permission counts only while it is valid. (The national catalogue does
not look at the dates.)
"""

from __future__ import annotations

from samsvar import __version__
from samsvar.errors import MalformedRequest, NoRoute
from samsvar.model.exchange import Call
from samsvar.model.identifiers import folded
from samsvar.pipeline.authorise import (
    no_route_text,
)
from samsvar.pipeline.entry import entered
from samsvar.ports import World
from samsvar.soap import registry_messages as messages

REGISTRY_CONTRACTS = frozenset({messages.ADDRESSEES, messages.SUPPORTED, messages.PING})
_APPLICATION = "Applikation"  # what the national catalogue calls its own name


async def serve_registry(call: Call, world: World) -> bytes:
    """Serve one question about the registry; the response envelope.

    Raises:
        ConsumerError, HubFault: as ``run``; also RegistryRequestRefused.
    """
    async with entered(call, world) as at:
        urn, catalogue = at.urn, at.catalogue
        if folded(at.address) not in world.rules.own_addresses:
            raise NoRoute(no_route_text(urn, at.address))  # another platform's is not ours
        at.check_permission(world)
        now = world.clock.now()
        body = call.message.body
        if not messages.is_request_of(body, urn):
            raise MalformedRequest("The Body does not hold the request of its contract.")
        if urn == messages.ADDRESSEES:
            asked = messages.read_addressees(body)
            found = catalogue.permissions_of(asked.consumer, asked.contract, now)
            return messages.addressees_response(found)
        if urn == messages.SUPPORTED:
            wanted = messages.read_supported(body)
            rows = catalogue.permissions_at(wanted.address, now, wanted.consumer)
            return messages.supported_response(sorted({row.contract for row in rows}))
        messages.check_ping(body)
        told = {_APPLICATION: "samsvar", "catalogueVersion": str(catalogue.version)}
        return messages.ping_response(__version__, now, told)
