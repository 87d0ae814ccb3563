"""The composition root: knows every constructor, decides nothing. Long for that one reason."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from samsvar import __version__
from samsvar.access import Policy
from samsvar.administration import Premises
from samsvar.audit.reports import AccessSeen
from samsvar.bench.live import Conformance
from samsvar.bench.live_taps import NoticedEvents, NoticedTransport
from samsvar.chores import Chores, every
from samsvar.clock import SystemClock
from samsvar.console import console_door, console_world
from samsvar.contracts import data_dir
from samsvar.errors import CatalogueUnavailable
from samsvar.fact_ports import FactSources
from samsvar.guarding import open_guards
from samsvar.guards.breakers import held_back
from samsvar.guards.lag import LoopLag
from samsvar.inbound.admin.door import AdminDoor
from samsvar.inbound.console.door import ConsoleDoor
from samsvar.inbound.door import Door
from samsvar.inbound.health import Health
from samsvar.inbound.listeners import Listeners
from samsvar.inbound.reception import Reception
from samsvar.inbound.seats import Seats
from samsvar.inbound.siblings import Alone, Siblings
from samsvar.inbound.soap import SoapDoor
from samsvar.inbound.tls import CertificatesUnusable
from samsvar.inbound.users.door import UserDoor
from samsvar.inbound.wsdl import WsdlShelf
from samsvar.model.catalogue import ProducerKind
from samsvar.model.identifiers import folded
from samsvar.observe.log import RoutingLog
from samsvar.observe.tail import Tail
from samsvar.outbound.adapted import AdaptedTransport
from samsvar.outbound.adapter_http import ProducerHttp
from samsvar.outbound.dispatch import Dispatch
from samsvar.outbound.http_client import HttpClient, client_tls
from samsvar.outbound.soap import SoapTransport
from samsvar.packaged import Packaged, catalogue_of
from samsvar.pipeline.access_log_service import AccessLogService, ReportLimits
from samsvar.pipeline.report_queue import ReportQueue
from samsvar.ports import HouseRules, Transport, World
from samsvar.queues import Queues, durable_end
from samsvar.renewal import Renewal
from samsvar.security import open_security
from samsvar.settings import Settings, read_secret
from samsvar.soap.access_log_messages import GET_ACCESS_LOGS
from samsvar.soap.schema import Schema
from samsvar.soap.self_test import self_test
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_report import AccessReport
from samsvar.store.admin_trail import AdminTrail
from samsvar.store.audit_chore import HeadChore
from samsvar.store.audit_heads import HeadHabits, HeadWriter
from samsvar.store.capacities import StoredCapacities
from samsvar.store.conformance import SqlConformance
from samsvar.store.consistency import ConsistencyCounter
from samsvar.store.database import Database, DatabaseAway, database_of
from samsvar.store.digest import Digest
from samsvar.store.disk_room import DiskRoom
from samsvar.store.index import SqlIndex
from samsvar.store.keeper import CatalogueKeeper
from samsvar.store.population import StoredPopulation
from samsvar.store.relations import StoredRelations
from samsvar.store.routing_keeper import RoutingKeeper
from samsvar.store.secrets import open_vault
from samsvar.store.snapshot import CatalogueSnapshot
from samsvar.users import open_users
from samsvar.watching import Watching
from samsvar.watching.sources import routing_days

#: seconds that running questions get when the hub is told to stop
DRAIN_SECONDS = 30.0
#: pauses between tries to reach a database server that does not answer: they double, and no two
#: hubs keep step
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


def house_rules(settings: Settings) -> HouseRules:
    """The settings as the pipeline needs them."""
    hub = settings.hub
    return HouseRules(
        own_addresses=frozenset(map(folded, hub.addresses)),
        instance_id=hub.instance_id,
        original_consumer_senders=frozenset(map(folded, hub.original_consumer_senders)),
        index_addresses=(settings.index.address, *settings.index.other_addresses),
        index_reserved=frozenset(settings.index.reserved),
        security_addresses=tuple(map(folded, settings.security.addresses)),
        fair_seconds=settings.breaker.fair_seconds,
        most_recipients=hub.most_recipients,
        require_client_usage=hub.require_client_usage,
        listed_owners_only=hub.listed_owners_only,
        policy=Policy.of(settings.access.model_dump()),
    )


class Hub:
    """One hub process: start it, let it serve, stop it."""

    def __init__(
        self,
        settings: Settings,
        base: Path,
        *,
        sockets: Sequence[socket.socket] = (),
        siblings: Siblings | None = None,
        log: BinaryIO | None = None,
    ) -> None:
        """A hub that is not started.

        Args:
            settings: all that may be set.
            base: the folder that secrets' file references are relative to.
            sockets: of the listeners, where another process has bound them for several hubs.
            siblings: those hubs.
            log: where the routing log goes; standard output, where nothing is said.
        """
        self._settings = settings
        self._base = base
        self._sockets = sockets
        self._siblings = siblings or Alone()
        self._health = Health()
        self._starting = "it is starting"
        self._health.needs("start", lambda: self._starting)
        self.events = RoutingLog(log, enabled=settings.log.routing)
        self._clock = SystemClock()
        self._tail = Tail(self._clock.monotonic)
        self._lag = LoopLag(self._clock.monotonic, settings.limits.lag_seconds)
        self._chores = Chores(self._health, self.events)
        self._reception = Reception(self._health, self._siblings.counts)
        self._urls: tuple[str, ...] = ()
        self._closing = contextlib.AsyncExitStack()
        """What has been opened, to be closed in reverse: also if the start ends halfway."""

    async def start(self) -> tuple[str, ...]:
        """Check, open, bind; where the hub can be reached. A database server that does not answer
        is waited for, as long as it takes: meanwhile the listeners say what is missing.

        Raises:
            HubError, CannotListen, CertificatesUnusable, ContractsInvalid, AdaptersInvalid:
                each with sentences that say what to do.
        """
        try:
            return await self._start()
        except BaseException:
            await self._closing.aclose()
            raise

    async def _start(self) -> tuple[str, ...]:
        """In the order in which one needs the other."""
        settings, closing = self._settings, self._closing
        self_test()
        self.events.tail = self._tail
        packaged = await asyncio.to_thread(Packaged.load, settings.hub.data)
        self._listeners = Listeners(
            self._reception,
            settings.limits,
            self.events,
            self._clock,
            self._siblings,
            starting=lambda: bool(self._starting),
        )
        closing.push_async_callback(self._listeners.close, DRAIN_SECONDS)  # if the start ends here
        self._database = await self._opened_database()
        closing.callback(self._database.close)
        await self._open_store(packaged)
        heads = self._open_access_log()
        self._open_ways(packaged)
        world = self._world(packaged)
        self._routing_days = routing_days(settings)
        premises = None
        if any(listener.admin for listener in settings.listen):
            premises = packaged.premises(self._database, settings)
        console = self._console_door(premises) if premises is not None else None
        admin = self._admin_door(premises) if premises is not None else None
        door = self._door(world, console, admin)
        self._listeners.tell(self.watching.events)
        self.watching.see(
            self._listeners.connections,
            lambda: self.guards.seats.in_work,
            self.missing,
            lambda: held_back(self.guards.table.standings()),
        )
        closing.push_async_callback(self._chores.end)
        # Again, as who is being answered needs all that was opened since.
        closing.push_async_callback(self._listeners.close, DRAIN_SECONDS)
        closing.callback(self._tail.close)
        closing.push_async_callback(self.queues.stop_reading)
        await self.queues.start(world)
        if console is not None:
            closing.push_async_callback(console.close)  # first: nobody drains what stays open
        self._reception.let_in(door)
        self._starting = ""
        self._listen()
        self._begin_chores(world, heads, with_console=console is not None)
        self.events.emit("hub-started", "-", version=__version__)
        return self._urls

    async def _open_store(self, packaged: Packaged) -> None:
        """The registry, the index, and who watches them."""
        settings, database = self._settings, self._database
        self._vault = open_vault(database)
        self._catalogue = CatalogueKeeper(
            catalogue_of(database, packaged, settings),
            CatalogueSnapshot(settings.hub.data),
            partial(packaged.registry, settings=settings),
            self._clock,
            timedelta(hours=settings.hub.snapshot_hours),
        )
        self._room = DiskRoom(database.disk(), settings.index.full_percent)
        self._index = SqlIndex(database, self._vault, room=self._room.trouble)
        self._closing.callback(self._index.close)
        shelf = WsdlShelf(data_dir() / "wsdl", packaged.served.now.added_wsdls)
        self.renewal = Renewal(
            database, self._index, self._catalogue, packaged.served, shelf, self.events
        )
        await self.renewal.look_for_catalogue()
        self._durable = durable_end(settings, self._base, self.events)
        self.watching = Watching(
            settings,
            self._base,
            database,
            self._vault,
            self._catalogue,
            self.events,
            self._clock,
            process=str(self._siblings.place + 1),
            shared=bool(self._siblings.counts()),
            catalogue_notes=self._catalogue.notes,
            broker_letters=self._durable.dead_letters,
        )
        self._closing.push_async_callback(self.watching.close)

    def _open_access_log(self) -> HeadChore:
        """Who saw what, and the chore that signs its heads."""
        audit = self._settings.audit
        ships = bool(audit.store_log_through or audit.store_log)
        self._access_log = SqlAccessLog(self._database, self._vault, ships=ships)
        self._tell_health()
        habits = HeadHabits(audit.head_seconds, audit.head_rows, audit.heads_file)
        writer = HeadWriter(self._database, self._clock, habits, self._access_log.pause)
        heads = HeadChore(writer, self.watching.events, pause_after_failure=audit.head_seconds)
        self._closing.push_async_callback(heads.close)
        self._closing.push_async_callback(self._access_log.close)
        return heads

    def _open_ways(self, packaged: Packaged) -> None:
        """To producers, security services, brokers; with what guards them."""
        settings, closing = self._settings, self._closing
        self._conformance = Conformance(
            SqlConformance(self._database),
            packaged.schemas,
            self._clock,
            sample=settings.conformance.sample,
        )
        closing.push_async_callback(asyncio.to_thread, self._conformance.close)
        self._client = HttpClient(settings.producers, client_tls(settings.producers))
        closing.push_async_callback(self._client.close)
        self.security = open_security(
            settings, self._database, self._vault, self._client, self._catalogue
        )
        closing.callback(self.security.close)
        self.queues = Queues(
            settings,
            self._base,
            self._database,
            self._vault,
            self._client,
            self._durable,
            packaged.schemas,
            self._catalogue,
            self._access_log,
            self.events,
            self.watching.events,
            self._clock,
        )
        closing.push_async_callback(self.queues.close)
        self.guards = open_guards(
            settings, self._base, self._database, self._clock, self.events, self._lag
        )
        closing.push_async_callback(self.guards.close)

    def _world(self, packaged: Packaged) -> World:
        """All that a question may touch, each with who watches it."""
        watching = self.watching
        return World(
            clock=self._clock,
            catalogue=self._catalogue,
            contracts=packaged.contracts,
            request_checks=packaged.served.request_checks,
            index=watching.index(self._index),
            transport=self.guards.bulkheads(watching.transport(self._transport(packaged))),
            access_log=watching.log(self._access_log),
            events=NoticedEvents(watching.events, self._conformance),
            rules=house_rules(self._settings),
            facts=self._fact_sources(),
            breakers=self.guards.table,
            security=self.security.served,
            spans=watching.spans,
        )

    def _door(self, world: World, console: ConsoleDoor | None, admin: AdminDoor | None) -> Door:
        """What is behind every listener."""
        settings, seats = self._settings, self.guards.seats
        soap = SoapDoor(
            world,
            instance_name=settings.hub.instance_name,
            deadline=settings.hub.deadline_seconds,
            services={GET_ACCESS_LOGS: self._access_log_service().serve},
        )
        return Door(
            soap,
            self.renewal.shelf,
            settings.limits,
            missing=self._health.missing,
            dead=self._health.dead,
            processes=self._siblings.counts,
            notes=self.notes,
            is_revoked=self._is_revoked,
            seats=seats,
            users=self._user_door(world, seats),
            admin=admin,
            metrics=self.watching.exposition,
            spans=self.watching.spans,
            console=console,
        )

    def _begin_chores(self, world: World, heads: HeadChore, *, with_console: bool) -> None:
        settings = self._settings
        own = world.rules.own_addresses
        consistency = ConsistencyCounter(self._database, self._vault, own_addresses=own)
        for name, chore in (
            ("the log", every(settings.log.flush_seconds, self.events.flush)),
            ("the clock", every(1.0, self._listeners.tick)),
            ("the look around", self.renewal.run(settings.hub.refresh_seconds)),
            ("heads of the access log", heads.run()),
            *self.queues.chores(),
            *self.guards.chores(self._tail),
            ("consistency", consistency.run(world.contracts, self.watching.events)),
            *self.watching.chores(),
        ):
            self._chores.begin(name, chore)
        if with_console:
            kept = timedelta(days=settings.retention.digest_days)
            digest = Digest(self._database, kept).run(self.events, self._clock)
            self._chores.begin("the digest of the access log", digest)
        if self._routing_days is not None:
            keeper = RoutingKeeper(self.events, self._routing_days, self._clock)
            self._closing.callback(keeper.close)
            self._chores.begin("the routing log's days", keeper.run())

    def _listen(self) -> None:
        if not self._urls:
            self._urls = self._listeners.open(self._settings.listen, self._sockets)

    async def _opened_database(self) -> Database:
        pause = _SHORTEST_PAUSE
        while True:
            try:
                return await asyncio.to_thread(database_of, self._settings.hub)
            except DatabaseAway as error:
                self._waits(str(error))
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _waits(self, reason: str) -> None:
        """For what is not there yet: to be heard by who asks for readiness, and in the log."""
        self._listen()
        self._listeners.tick()
        if reason != self._starting:
            self._starting = reason
            self.events.emit("error", "-", detail=f"not ready, and tries again: {reason}")
            self.events.flush()

    @property
    def listens(self) -> bool:
        """Whether callers are heard; they may be told that the hub is not ready."""
        return bool(self._urls)

    def missing(self) -> list[str]:
        """What the hub cannot serve without; empty: it is ready."""
        return self._health.missing()

    def dead(self) -> list[str]:
        """What has ended and does not come back; empty: the process need not be started anew."""
        return self._health.dead()

    def retire(self) -> None:
        """Serve on, but say that it is not ready, and let connections go one by one."""
        self._health.retire()
        self._listeners.retire()

    def _tell_health(self) -> None:
        self._health.needs("catalogue", self._no_catalogue)
        self._health.needs("database", self._database.trouble)
        self._health.needs("schema", lambda: self._database.outgrown)
        self._health.needs("access log", self._access_log.trouble)
        self._health.needs("index", self._index.trouble)
        self._health.needs("durable queues", self._durable.trouble)
        self._health.lives_by("access log", self._access_log.ended)

    def _no_catalogue(self) -> str:
        try:
            self._catalogue.current()
        except CatalogueUnavailable:
            return "no registry has been loaded"
        return ""

    def notes(self) -> list[str]:
        """What is not as it should be, though the hub serves."""
        return [*self._own_notes(), *self.watching.notes()]

    def _own_notes(self) -> list[str]:
        """The same without what alerts say: for pages that show the alerts themselves."""
        full = self._room.trouble()
        return [
            *map(str, self._catalogue.notes()),
            *self._database.notes,
            *([f"index: {full}"] if full else []),
            *self.queues.notes(),
            *self.guards.notes(),
        ]

    def reload_certificates(self) -> None:
        """At SIGHUP: read certificates and revocation lists again; keep the old if they fail."""
        try:
            self._listeners.reload_certificates()
        except CertificatesUnusable as error:
            self.events.emit("error", "-", detail=f"certificates kept as they were: {error}")
        else:
            self.events.emit("certificates-reloaded", "-")

    async def stop(self) -> None:
        """Take no more callers, finish what is running, close everything."""
        await self._closing.aclose()
        self.events.emit("hub-stopped", "-")
        self.events.flush()

    def _fact_sources(self) -> FactSources:
        longest = timedelta(hours=self._settings.population.longest_hours)
        return FactSources(
            self.security.consents,
            self.security.blocks,
            StoredRelations(self._database, self._vault),
            StoredCapacities(self._database, self._vault),
            StoredPopulation(self._database, self._vault, longest),
            patience=self._settings.security.seconds,
        )

    def _access_log_service(self) -> AccessLogService:
        audit = self._settings.audit
        queue: ReportQueue[Sequence[AccessSeen]] = ReportQueue(
            self._vault.keyed_hash_of, lambda: self._clock.now().timestamp()
        )
        self._closing.push_async_callback(queue.close)
        wsdl = next((data_dir() / "wsdl").rglob("GetAccessLogsForPatientInteraction_2.0_*.wsdl"))
        return AccessLogService(
            AccessReport(self._database, self._vault, self._name_of),
            queue,
            Schema.of_wsdl(wsdl).check_request,
            ReportLimits(audit.report_seconds, audit.report_rows),
        )

    def _name_of(self, identifier: str) -> str | None:
        """What the registry calls a care giver."""
        try:
            giver = self._catalogue.current().care_giver(identifier)
        except CatalogueUnavailable:
            return None
        return giver.name if giver is not None else None

    def _admin_door(self, premises: Premises) -> AdminDoor:
        table = premises.table(
            self._vault,
            missing=self.missing,
            catalogue_version=self._catalogue_version,
            published=self.renewal.look_for_catalogue,
            notes=self.notes,
            workers=self.queues.transport.workers.all,
            breakers=self.guards.desk,
            events=self._tail,
        )
        return premises.door(table, self.events, AdminTrail(self._access_log, self._clock).note)

    def _user_door(self, world: World, seats: Seats) -> UserDoor | None:
        accesses = AccessReport(self._database, self._vault, self._name_of)
        users = open_users(self._settings, world, self._vault, seats, accesses)
        if users is None:
            return None
        self._closing.push_async_callback(users.verifier.close)
        return users.door

    def _console_door(self, premises: Premises) -> ConsoleDoor:
        world = console_world(
            premises,
            self._vault,
            self.events,
            self._routing_days,
            missing=self.missing,
            notes=self._own_notes,
            catalogue_version=self._catalogue_version,
            published=self.renewal.look_for_catalogue,
            breakers=self.guards.desk,
            broker_letters=self._durable.dead_letters,
        )
        trail = AdminTrail(self._access_log, self._clock)
        return console_door(premises, world, self.events, self._base, trail.note)

    def _catalogue_version(self) -> int | None:
        try:
            return self._catalogue.current().version
        except CatalogueUnavailable:
            return None

    def _transport(self, packaged: Packaged) -> Dispatch:
        settings = self._settings
        soap = SoapTransport(
            self._client,
            packaged.schemas,
            instance_id=settings.hub.instance_id,
            correlation_over_https=settings.producers.send_correlation_id,
            noticed=self._conformance.noticed,
            trace_headers=self.watching.spans.headers,
        )
        adapted = AdaptedTransport(
            packaged.adapters,
            lambda producer: ProducerHttp(self._client, producer.address),
            partial(read_secret, base=self._base),
        )
        kinds: dict[ProducerKind, Transport] = {
            ProducerKind.SOAP: soap,
            ProducerKind.ADAPTER: NoticedTransport(adapted, self._conformance),
            ProducerKind.WORKER: NoticedTransport(self.queues.transport, self._conformance),
        }
        return Dispatch(kinds, self.watching.events, self._clock)

    def _is_revoked(self, certificate: bytes) -> bool:
        revoked = self._listeners.is_revoked(certificate)
        if revoked:
            self.watching.events.emit("security", "-", detail="a revoked certificate was refused")
        return revoked
