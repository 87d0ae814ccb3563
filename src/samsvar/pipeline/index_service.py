"""The engagement index as a service: Update stores what sources have, FindContent tells it.

A walk of its own, shorter than a question's: identify, authorise, judge, do, log. Index posts are
personal data: whoever may call is named in the catalogue, and each call is a row of the log.
"""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from samsvar.errors import MalformedRequest
from samsvar.model.exchange import Call
from samsvar.model.identifiers import LogicalAddress, PersonId
from samsvar.model.person_numbers import LOCAL_NUMBER, told_by_form
from samsvar.pipeline.authorise import addressed, may_call, must_be_read, speaks_for
from samsvar.pipeline.identify import identify
from samsvar.pipeline.journey import Journey, logged
from samsvar.ports import World
from samsvar.soap import index_messages as messages

INDEX_CONTRACTS = frozenset({messages.UPDATE, messages.FIND_CONTENT})


async def serve_index(call: Call, world: World) -> bytes:
    """Serve one Update or FindContent; the response envelope.

    Raises:
        ConsumerError, HubFault: as ``run``; also EI000 to EI006 as the national index.
    """
    async with logged(call, world) as journey:
        journey.sender = identify(call, world.rules)
        call = replace(call, sender=journey.sender.hsa_id)
        catalogue = world.catalogue.current()
        journey.catalogue_version = catalogue.version
        must_be_read(call)
        speaks_for(journey.sender, call, world.rules)
        urn, address = addressed(call)
        may_call(journey.sender.hsa_id, urn, address, catalogue, world.clock.now())
        if urn == messages.UPDATE:
            answer = await _update(call, address, world)
        else:
            answer = await _find(call, journey, world)
    return messages.response_envelope(answer)


async def _update(call: Call, address: LogicalAddress, world: World) -> bytes:
    """Accepted means stored: a FindContent that comes after sees it (TKB, pR4)."""
    rules = world.rules
    body = _body(call, messages.UPDATE_ELEMENT)
    transactions = messages.read_update(body)
    messages.check_update(
        transactions,
        address,
        own_addresses=rules.index_addresses,
        reserved=rules.index_reserved,
    )
    counts = await world.index.update(transactions, rules.index_addresses[0], world.clock.now())
    world.events.emit(
        "index-update",
        call.correlation_id,
        sender=call.sender,
        detail=(
            f"{counts.stored} stored, {counts.updated} updated, {counts.deleted} deleted, "
            f"{counts.unchanged} unchanged"
        ),
        items=len(transactions),
    )
    return messages.update_response()


async def _find(call: Call, journey: Journey, world: World) -> bytes:
    wanted = messages.read_find_content(_body(call, messages.FIND_CONTENT_ELEMENT))
    journey.subject = told_by_form(wanted.resident) or PersonId(LOCAL_NUMBER, wanted.resident)
    return messages.find_content_response(await world.index.find(wanted))


def _body(call: Call, element: str) -> etree._Element:
    body: etree._Element = call.message.body
    if body.tag != element:
        raise MalformedRequest("The Body does not hold the request of its contract.")
    return body
