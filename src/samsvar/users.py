"""The door for users of one hub, put together as the settings say; none where no listener has it.

Knows the constructors. Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.inbound.seats import Seats
from samsvar.inbound.tokens import TokenVerifier
from samsvar.inbound.users.asking import Desk
from samsvar.inbound.users.door import UserDoor
from samsvar.inbound.users.handles import Handles
from samsvar.inbound.users.routes import pages, table
from samsvar.outbound.oidc import key_sources
from samsvar.pipeline.access_report import Accesses
from samsvar.ports import World
from samsvar.settings import Settings
from samsvar.store.secrets import PersonVault


@dataclass(frozen=True, slots=True)
class Users:
    """The door, and what is to be closed at the end."""

    door: UserDoor
    verifier: TokenVerifier


def open_users(
    settings: Settings,
    world: World,
    vault: PersonVault,
    seats: Seats,
    accesses: Accesses,
) -> Users | None:
    """Call it in the running loop: keys of issuers are fetched in it.

    Raises:
        ResourcesMissing: the certificates of an issuer's authority cannot be read.
    """
    if not any(listener.users for listener in settings.listen):
        return None
    told, clock, events = settings.users, world.clock, world.events
    verifier = TokenVerifier(told, clock, key_sources(told, clock, events))
    desk = Desk(
        world,
        Handles(vault.key_for("handles")),
        accesses,
        address=settings.hub.addresses[0],
        deadline=settings.hub.deadline_seconds,
        handle_minutes=told.handle_minutes,
    )
    routes = table(desk)
    door = UserDoor(
        routes,
        pages(routes),
        verifier,
        events,
        clock,
        seats,
        step_seconds=told.step_seconds,
        body_seconds=settings.limits.body_seconds,
        base_url=told.base_url,
    )
    return Users(door, verifier)
