"""What a system under agreement gets of a record: the gates, weighed as the hub weighs them."""

from __future__ import annotations

from samsvar.access import CAUTIOUS, Facts
from samsvar.access.words import Action, ActorKind, AuthLevel, Truth
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.catalogue import OrganisationKind, Producer, ProducerKind
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Item
from samsvar.model.sharing import sendable
from samsvar.pipeline.actor import Actor
from samsvar.pipeline.owners import Owners
from samsvar.pipeline.records import taken_apart
from samsvar.pipeline.weigh import Scales, weigh

NO_CATALOGUE = Catalogue(1, (), (), frozenset(), {})
REGION = Producer(
    "p", "P", ProducerKind.ADAPTER, "http://127.0.0.1/", "SE1", organisation=OrganisationKind.REGION
)
SYSTEM = Actor(
    Facts(
        actor_kind=ActorKind.SYSTEM,
        actor_provider="SE2129999963-NPO1",
        auth_level=AuthLevel.STRONG,
        session_valid=Truth.YES,
        actor_connected=Truth.YES,
        action=Action.READ,
        reserve_number=Truth.NO,
    ),
    gates_only=True,
    social_care=True,
)


def to_a_system(record: CarePlan | CareContact) -> CarePlan | CareContact | None:
    """What is left of it, whatever contract it goes out in; None: nothing."""
    item = Item(b"", record.subject, record.source_system, record=record)
    scales = Scales(SYSTEM, SYSTEM.facts, {}, CAUTIOUS, NO_CATALOGUE)
    left = weigh(taken_apart(item, Owners(NO_CATALOGUE, REGION)), scales).item
    return left.record if left is not None else None


def shareable_part(plan: CarePlan) -> CarePlan | None:
    """What is left of a plan, with the attachments that the contract has room for."""
    left = to_a_system(plan)
    assert left is None or isinstance(left, CarePlan)
    return sendable(left) if left is not None else None
