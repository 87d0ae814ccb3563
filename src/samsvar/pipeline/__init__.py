"""THE WALK. One question through the hub, in order, on one screen. Read this first.

Knows the order of the stages, and that every call ends in one durable row of the access log.
Knows no XML, no HTTP, no SQL, and not how any stage works.
"""

from __future__ import annotations

from dataclasses import replace

from samsvar.model.exchange import Answer, Call
from samsvar.pipeline.actor import actor_of, refuse_whole
from samsvar.pipeline.authorise import authorise
from samsvar.pipeline.decide import decided, first_byte
from samsvar.pipeline.disclose import disclose
from samsvar.pipeline.fan_out import fan_out
from samsvar.pipeline.grounds import gather, together, within
from samsvar.pipeline.health import shut_off_foreign
from samsvar.pipeline.identify import identify
from samsvar.pipeline.journey import logged
from samsvar.pipeline.merge import merge
from samsvar.pipeline.route import route
from samsvar.pipeline.understand import understand
from samsvar.ports import World


async def run(call: Call, world: World) -> Answer:
    """Serve one question. Nothing is answered before its row in the access log is durable.

    Raises:
        ConsumerError: the caller must change something; becomes a fault.
        HubFault: we must; becomes a fault.
    """
    async with logged(call, world) as journey:
        journey.sender = identify(call, world.rules)
        call = replace(call, sender=journey.sender.hsa_id)
        catalogue = world.catalogue.current()
        journey.catalogue_version = catalogue.version
        errand = authorise(journey.sender, call, catalogue, world)
        question = understand(call, errand, world)
        journey.subject = question.subject
        journey.actor = actor_of(journey.sender, call, question, errand, catalogue)
        refuse_whole(journey.actor, world.rules.policy)
        routing = await route(journey.sender, question, errand, catalogue, world, call.received)
        journey.decisions = routing.decisions
        outcomes, grounds = await together(
            fan_out(within(call, journey.actor, world), question, routing.recipients, world),
            gather(call, journey.actor, question.subject, world),
        )
        journey.consent_id = grounds.consent_id
        with world.spans.span("disclose"):
            shown = await disclose(
                call, question, outcomes, journey.actor, grounds, catalogue, world
            )
        shut_off_foreign(call, question, shown.outcomes, world)
        journey.security, journey.disclosures = shown.security, shown.disclosures
        journey.decisions = (
            *routing.decisions,
            *decided(shown.outcomes, routing, first_byte(call, world)),
        )
        with world.spans.span("merge"):
            return merge(shown, errand)
