"""The engagement index as a service: Update stores what sources have, FindContent tells it, and
ProcessNotification takes over what other indexes have.

A walk of its own, shorter than a question's: identify, authorise, judge, do, log. Index posts are
personal data: whoever may call is named in the catalogue, and each call is a row of the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from samsvar.errors import MalformedRequest
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.engagement import Audience, EngagementTransaction, Origin
from samsvar.model.exchange import Call
from samsvar.model.identifiers import LogicalAddress, PersonId, folded
from samsvar.model.person_numbers import LOCAL_NUMBER, told_by_form
from samsvar.pipeline.entry import entered
from samsvar.pipeline.journey import Journey
from samsvar.pipeline.subscribers import history, subscribers
from samsvar.ports import World
from samsvar.soap import index_messages as messages

INDEX_CONTRACTS = frozenset({messages.UPDATE, messages.FIND_CONTENT, messages.PROCESS_NOTIFICATION})


async def serve_index(call: Call, world: World) -> bytes:
    """Serve one Update, ProcessNotification or FindContent; the response envelope.

    Raises:
        ConsumerError, HubFault: as ``run``; also EI000 to EI006 as the national index.
    """
    async with entered(call, world) as at:
        at.check_permission(world)
        if at.urn == messages.UPDATE:
            answer = await _update(at.call, at.address, at.catalogue, world)
        elif at.urn == messages.PROCESS_NOTIFICATION:
            answer = await _receive(at.call, at.catalogue, world)
        else:
            answer = await _find(at.call, at.journey, world)
    return messages.response_envelope(answer)


async def _update(call: Call, address: LogicalAddress, catalogue: Catalogue, world: World) -> bytes:
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
    own, now = rules.index_addresses[0], world.clock.now()
    told = Audience(subscribers(catalogue, rules, now), call.correlation_id, own)
    counts = await world.index.update(transactions, own, now, told)
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


async def _receive(call: Call, catalogue: Catalogue, world: World) -> bytes:
    """What another index tells. Posts that are ours come back to us: they are passed over (R4)."""
    rules = world.rules
    transactions = messages.read_notification(_body(call, messages.NOTIFICATION_ELEMENT))
    messages.check_notification(transactions, reserved=rules.index_reserved)
    names = {folded(name) for name in rules.index_addresses}
    places = [
        place
        for place, each in enumerate(transactions)
        if folded(each.engagement.owner) not in names
    ]
    kept = [transactions[place] for place in places]
    if not kept:
        return messages.notification_response()
    own, now = rules.index_addresses[0], world.clock.now()
    passed = history(call, own)
    # Told onwards whatever it changed here, so it must never come to one who has had it: three
    # indexes that subscribe to each other would otherwise tell each other for ever.
    informed = {*passed.split("#"), str(call.sender), call.original_consumer or ""}
    hearers = subscribers(catalogue, rules, now, informed=informed)
    told = Audience(hearers, call.correlation_id, passed)
    counts = await world.index.receive(kept, own, now, told, _origin(call, transactions, places))
    world.events.emit(
        "index-notification",
        call.correlation_id,
        sender=call.sender,
        detail=(
            f"{counts.stored} stored, {counts.updated} updated, {counts.deleted} deleted, "
            f"{counts.unchanged} unchanged, {counts.late} of them late, "
            f"{len(transactions) - len(kept)} our own"
        ),
        items=len(transactions),
    )
    if counts.replaced:
        world.events.emit(
            "index-owner-changed",
            call.correlation_id,
            sender=call.sender,
            detail="posts of ours gave way to the same posts of another owner (R5)",
            items=counts.replaced,
        )
    return messages.notification_response()


def _origin(
    call: Call, transactions: Sequence[EngagementTransaction], places: Sequence[int]
) -> Origin | None:
    """Of the changes at these places."""
    origin = call.origin
    if origin is None:
        return None
    if len(origin.numbers) != len(transactions):
        raise MalformedRequest("The message has another number of changes than it says.")
    return Origin(
        origin.teller,
        tuple(origin.numbers[place] for place in places),
        tuple(origin.written[place] for place in places),
    )


async def _find(call: Call, journey: Journey, world: World) -> bytes:
    wanted = messages.read_find_content(_body(call, messages.FIND_CONTENT_ELEMENT))
    journey.subject = told_by_form(wanted.resident) or PersonId(LOCAL_NUMBER, wanted.resident)
    return messages.find_content_response(await world.index.find(wanted))


def _body(call: Call, element: str) -> etree._Element:
    body: etree._Element = call.message.body
    if body.tag != element:
        raise MalformedRequest("The Body does not hold the request of its contract.")
    return body
