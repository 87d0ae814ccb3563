"""The console put together: its pages, with the rooms of the hub that they show.

Knows constructors, as ``app`` does, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from samsvar.administration import Premises
from samsvar.console.conformance import StoredConformance
from samsvar.console.house import HubHouse
from samsvar.console.outside import BookedAlerts, HeldBreakers
from samsvar.errors import ResourcesMissing
from samsvar.inbound.admin.breakers import BreakerDesk
from samsvar.inbound.admin.door import Trail
from samsvar.inbound.console.door import ConsoleDoor
from samsvar.inbound.console.login import Login
from samsvar.inbound.console.ports import (
    ConsoleWorld,
)
from samsvar.inbound.console.provider import ProviderLogin
from samsvar.inbound.console.table import table
from samsvar.model.identifiers import LogicalAddress, folded
from samsvar.observe.log import RoutingLog
from samsvar.outbound.oidc_login import LoginProvider
from samsvar.registry import Registry
from samsvar.settings import ConsoleSettings, read_secret
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.alert_book import SqlAlertBook
from samsvar.store.audit_room import StoredAccessLogRoom
from samsvar.store.console_sessions import ConsoleSessions
from samsvar.store.digest_reader import DigestReader
from samsvar.store.drafts import Drafts
from samsvar.store.log_inbox import LogInboxDesk
from samsvar.store.log_outbox import LogOutboxDesk
from samsvar.store.outbox_desk import OutboxDesk
from samsvar.store.registry_office import SqlRegistryOffice
from samsvar.store.registry_room import StoredRegistryRoom
from samsvar.store.routing_days import RoutingDays
from samsvar.store.secrets import PersonVault


def console_world(
    premises: Premises,
    vault: PersonVault,
    events: RoutingLog,
    kept: RoutingDays | None,
    *,
    missing: Callable[[], list[str]],
    notes: Callable[[], list[str]],
    catalogue_version: Callable[[], int | None],
    published: Callable[[], Awaitable[None]],
    breakers: BreakerDesk,
    broker_letters: Callable[[], Mapping[str, int]],
) -> ConsoleWorld:
    """What the pages may touch. ``kept``: the routing log's days; None: none are kept."""
    drafts = Drafts(premises.database, premises.clock)
    office = SqlRegistryOffice(premises.catalogue, drafts, premises.parse)
    log = AccessLogReader(premises.database, vault)

    def in_force() -> Registry:
        return office.newest()[1]

    return ConsoleWorld(
        questions=DigestReader(premises.database),
        log=log,
        desk=premises.desk(),
        registry=StoredRegistryRoom(
            premises.catalogue,
            drafts,
            premises.parse,
            log,
            premises.contracts,
            [folded(LogicalAddress(each)) for each in premises.settings.hub.addresses],
            premises.clock,
        ),
        outbox=OutboxDesk(premises.database),
        own_log=LogOutboxDesk(premises.database),
        others_log=LogInboxDesk(premises.database),
        broker_letters=broker_letters,
        access_log=StoredAccessLogRoom(
            premises.database, vault, premises.clock, premises.settings.audit.heads_file
        ),
        conformance=StoredConformance(premises),
        house=HubHouse(
            premises,
            in_force,
            events,
            kept,
            missing=missing,
            notes=notes,
            catalogue_version=catalogue_version,
        ),
        alerts=BookedAlerts(SqlAlertBook(premises.database)),
        breakers=HeldBreakers(breakers),
        published=published,
        names=lambda: (in_force(), names_in(in_force())),
    )


def console_door(
    premises: Premises, world: ConsoleWorld, events: RoutingLog, base: Path, trail: Trail
) -> ConsoleDoor:
    """The console at its door. ``base``: the folder that references to secrets are relative to.

    Raises:
        ResourcesMissing: the provider's authority or the console's secret cannot be read.
    """
    settings, clock = premises.settings.console, premises.clock
    sessions = ConsoleSessions(
        premises.database, clock, settings.session_hours, settings.idle_minutes
    )
    users = premises.users()
    flow = None
    if settings.issuer is not None:
        provider = LoginProvider(settings, _secret(settings, base), clock, events)
        flow = ProviderLogin(provider, settings, clock)
    login = Login(users, sessions, flow, hours=settings.session_hours)
    return ConsoleDoor(
        table(world),
        users,
        sessions,
        login,
        events,
        clock,
        body_seconds=premises.settings.limits.body_seconds,
        trail=trail,
    )


def _secret(settings: ConsoleSettings, base: Path) -> str | None:
    if settings.client_secret is None:
        return None
    try:
        return read_secret(settings.client_secret, base)
    except LookupError as error:
        raise ResourcesMissing(f"console.client_secret: {error}") from error


def names_in(registry: Registry) -> Mapping[str, str]:
    """What people call each logical address."""
    names = {folded(route.logical_address): route.producer.title for route in registry.routes}
    names |= {folded(each.logical_address): each.description for each in registry.addresses}
    names |= {folded(LogicalAddress(each.id)): each.name for each in registry.care_givers}
    return {address: name for address, name in names.items() if name}


__all__ = ["console_door", "console_world", "names_in"]
