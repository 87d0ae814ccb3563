"""THE WALK. One question through the hub, in order, on one screen. Read this first.

Knows the order of the stages, and that every call ends in one durable row of the access log.
Knows no XML, no HTTP, no SQL, and not how any stage works.
"""

from __future__ import annotations

from dataclasses import replace

from samsvar.model.exchange import Answer, Call
from samsvar.pipeline.authorise import authorise
from samsvar.pipeline.decide import decided
from samsvar.pipeline.disclose import disclose
from samsvar.pipeline.fan_out import fan_out
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
        routing = await route(journey.sender, question, errand, catalogue, world)
        journey.decisions = routing.decisions
        outcomes = await fan_out(call, question, routing.recipients, world)
        outcomes, journey.security = disclose(question, outcomes)
        journey.decisions = (*routing.decisions, *decided(outcomes, routing))
        return merge(outcomes, errand)
