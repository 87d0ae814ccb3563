"""The composition root: knows every constructor, decides nothing. Long for that one reason."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from samsvar import __version__
from samsvar.access import Policy
from samsvar.administration import Premises
from samsvar.audit.reports import AccessSeen
from samsvar.bench.live import Conformance
from samsvar.bench.live_taps import NoticedEvents, NoticedTransport
from samsvar.broker.durable import INDEX_NEWS, LOG_RECORDS, Stream
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.keys import KeyPair
from samsvar.broker.streams import received_streams, sent_streams
from samsvar.clock import SystemClock
from samsvar.console import console_door, console_world
from samsvar.contracts import ContractsInvalid, data_dir
from samsvar.contracts.served import ServedContracts
from samsvar.errors import CatalogueUnavailable, ResourcesMissing
from samsvar.fact_ports import FactSources
from samsvar.guarding import open_guards
from samsvar.guards.breakers import held_back
from samsvar.guards.lag import LoopLag
from samsvar.inbound.admin.door import AdminDoor
from samsvar.inbound.broker_news import BrokerNews
from samsvar.inbound.broker_queue import QueueReader
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
from samsvar.log_shipping import LogShipping
from samsvar.manifest import LoadedAdapter, load_adapters
from samsvar.model.catalogue import ProducerKind
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.observe.log import RoutingLog
from samsvar.observe.tail import Tail
from samsvar.outbound.adapted import AdaptedTransport
from samsvar.outbound.adapter_http import ProducerHttp
from samsvar.outbound.broker_notify import BrokerDeliverer, Deliverers
from samsvar.outbound.dispatch import Dispatch
from samsvar.outbound.http_client import HttpClient, client_tls
from samsvar.outbound.notify import SoapDeliverer
from samsvar.outbound.queue_end import QueueEnd
from samsvar.outbound.soap import SoapTransport
from samsvar.pipeline.access_log_service import AccessLogService, ReportLimits
from samsvar.pipeline.index_service import INDEX_CONTRACTS
from samsvar.pipeline.notifier import Habits, Notifier
from samsvar.pipeline.registry_service import REGISTRY_CONTRACTS
from samsvar.pipeline.report_queue import ReportQueue
from samsvar.pipeline.security_service import SECURITY_CONTRACTS
from samsvar.ports import HouseRules, Transport, World
from samsvar.registry import Registry, RegistryInvalid
from samsvar.registry.file import parse_registry
from samsvar.security import open_security
from samsvar.settings import Settings, read_secret
from samsvar.soap.access_log_messages import GET_ACCESS_LOGS
from samsvar.soap.interaction import InteractionUnreadable
from samsvar.soap.schema import Schema
from samsvar.soap.self_test import self_test
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_report import AccessReport
from samsvar.store.admin_trail import AdminTrail
from samsvar.store.audit_chore import HeadChore
from samsvar.store.audit_heads import HeadHabits, HeadWriter
from samsvar.store.capacities import StoredCapacities
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.conformance import SqlConformance
from samsvar.store.consistency import ConsistencyCounter
from samsvar.store.database import Database, DatabaseAway, database_of
from samsvar.store.digest import Digest
from samsvar.store.disk_room import DiskRoom
from samsvar.store.index import SqlIndex
from samsvar.store.keeper import CatalogueKeeper
from samsvar.store.key_file import make_key_file, read_key_file
from samsvar.store.outbox import SqlOutbox
from samsvar.store.population import StoredPopulation
from samsvar.store.relations import StoredRelations
from samsvar.store.routing_keeper import RoutingKeeper
from samsvar.store.secrets import PersonVault, open_vault
from samsvar.store.snapshot import CatalogueSnapshot
from samsvar.store.versions import look as look_at_version
from samsvar.users import open_users
from samsvar.watching import Watching
from samsvar.watching.sources import routing_days

HUB_KEY_FILE = "broker.key"

#: seconds that running questions get when the hub is told to stop
DRAIN_SECONDS = 30.0
#: pauses between tries to reach a database server that does not answer: they double, and no two
#: hubs keep step
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_OWN_SERVICES = frozenset(
    {*INDEX_CONTRACTS, *REGISTRY_CONTRACTS, *SECURITY_CONTRACTS, GET_ACCESS_LOGS}
)


@dataclass(frozen=True, slots=True)
class Packaged:
    """What the program can speak: contracts, their schemas, adapters. The contracts packaged and
    added; the mappings follow ``served`` when more are added."""

    contracts: Mapping[ContractUrn, ServiceContract]
    schemas: Mapping[ContractUrn, Schema]
    adapters: Mapping[str, LoadedAdapter]
    served: ServedContracts

    @classmethod
    def load(cls, data: Path | None = None) -> Packaged:
        """Read and check it all; with the contracts that were added in a data folder.

        Raises:
            ContractsInvalid, AdaptersInvalid: with every fault.
        """
        served = ServedContracts.load(data)
        return cls(served.contracts, served.schemas, load_adapters(), served)

    def registry(self, text: str, settings: Settings) -> Registry:
        """Read a registry file as this program can serve it.

        Raises:
            RegistryInvalid: with every fault.
        """
        return parse_registry(
            text,
            known_contracts={*self.contracts, *_OWN_SERVICES},
            known_adapters={
                name: loaded.manifest.options for name, loaded in self.adapters.items()
            },
            allow_plain_http=settings.producers.plain_http,
        )

    def premises(self, database: Database, settings: Settings) -> Premises:
        """What the desk stands on, for a database that is open."""
        return Premises(
            settings,
            database,
            catalogue_of(database, self, settings),
            partial(self.registry, settings=settings),
            self.contracts,
            self.adapters,
            SystemClock(),
        )


def catalogue_of(database: Database, packaged: Packaged, settings: Settings) -> SqlCatalogue:
    """The catalogue in a database."""
    return SqlCatalogue(database, partial(packaged.registry, settings=settings), SystemClock())


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


def hub_keys(settings: Settings) -> KeyPair:
    """The hub's own key towards workers; made where there is none yet.

    Raises:
        ResourcesMissing: its file cannot be used.
    """
    path = settings.broker.hub_key or settings.hub.data / HUB_KEY_FILE
    try:
        make_key_file(path, KeyPair.new().secret())
        return KeyPair.of(read_key_file(path))
    except OSError as error:
        raise ResourcesMissing(f"{path}: cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise ResourcesMissing(f"{path}: is no key file of a hub") from error


class Hub:
    """One hub process: start it, let it serve, stop it."""

    def __init__(
        self,
        settings: Settings,
        base: Path,
        *,
        sockets: Sequence[socket.socket] = (),
        siblings: Siblings | None = None,
    ) -> None:
        """A hub that is not started.

        Args:
            settings: all that may be set.
            base: the folder that secrets' file references are relative to.
            sockets: of the listeners, where another process has bound them for several hubs.
            siblings: those hubs.
        """
        self._settings = settings
        self._base = base
        self._sockets = sockets
        self._siblings = siblings or Alone()
        self._health = Health()
        self._starting = "it is starting"
        self._health.needs("start", lambda: self._starting)
        self.events = RoutingLog(enabled=settings.log.routing)
        self._clock = SystemClock()
        self._tail = Tail(self._clock.monotonic)
        self._lag = LoopLag(self._clock.monotonic, settings.limits.lag_seconds)
        self._chores: list[asyncio.Task[None]] = []
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
        settings = self._settings
        closing = self._closing
        self_test()
        self.events.tail = self._tail
        packaged = await asyncio.to_thread(Packaged.load, settings.hub.data)
        self._served = packaged.served
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
        vault = open_vault(self._database)
        self._catalogue = CatalogueKeeper(
            catalogue_of(self._database, packaged, settings),
            CatalogueSnapshot(settings.hub.data),
            partial(packaged.registry, settings=settings),
            self._clock,
            timedelta(hours=settings.hub.snapshot_hours),
        )
        await self._look_for_catalogue()
        self._durable = DurableEnd(
            settings.broker,
            partial(read_secret, base=self._base),
            self.events,
            sent=sent_streams(settings),
            received=received_streams(settings),
        )
        self.watching = Watching(
            settings,
            self._base,
            self._database,
            vault,
            self._catalogue,
            self.events,
            self._clock,
            process=str(self._siblings.place + 1),
            shared=bool(self._siblings.counts()),
            catalogue_notes=self._catalogue.notes,
            broker_letters=self._durable.dead_letters,
        )
        closing.push_async_callback(self.watching.close)
        events = self.watching.events
        self._room = DiskRoom(self._database.disk(), settings.index.full_percent)
        self._index = SqlIndex(self._database, vault, room=self._room.trouble)
        closing.callback(self._index.close)
        self._outbox = SqlOutbox(self._database, vault)
        closing.callback(self._outbox.close)
        self._conformance = Conformance(
            SqlConformance(self._database),
            packaged.schemas,
            self._clock,
            sample=settings.conformance.sample,
        )
        closing.push_async_callback(asyncio.to_thread, self._conformance.close)
        self._access_log = SqlAccessLog(
            self._database,
            vault,
            ships=bool(settings.audit.store_log_through or settings.audit.store_log),
        )
        self._tell_health()
        heads = self._head_chore(self._access_log)
        closing.push_async_callback(heads.close)
        closing.push_async_callback(self._access_log.close)
        self._client = HttpClient(settings.producers, client_tls(settings.producers))
        closing.push_async_callback(self._client.close)
        self.security = open_security(
            settings, self._database, vault, self._client, self._catalogue
        )
        closing.callback(self.security.close)
        keys = hub_keys(settings)
        self._queue = self._queue_end(packaged, keys)
        closing.push_async_callback(self._queue.close)
        closing.push_async_callback(self._durable.close)
        self._log_shipping = LogShipping(
            settings,
            self._database,
            vault,
            self._client,
            self._durable,
            keys,
            self.events,
            self._clock,
        )
        closing.callback(self._log_shipping.close)
        guards = open_guards(
            settings, self._base, self._database, self._clock, self.events, self._lag
        )
        closing.push_async_callback(guards.close)
        self.guards = guards
        world = World(
            clock=self._clock,
            catalogue=self._catalogue,
            contracts=packaged.contracts,
            request_checks=packaged.served.request_checks,
            index=self.watching.index(self._index),
            transport=guards.bulkheads(self.watching.transport(self._transport(packaged))),
            access_log=self.watching.log(self._access_log),
            events=NoticedEvents(events, self._conformance),
            rules=house_rules(settings),
            facts=self._fact_sources(vault),
            breakers=guards.table,
            security=self.security.served,
            spans=self.watching.spans,
        )
        self._shelf = WsdlShelf(data_dir() / "wsdl", packaged.served.now.added_wsdls)
        soap = SoapDoor(
            world,
            instance_name=settings.hub.instance_name,
            deadline=settings.hub.deadline_seconds,
            services={GET_ACCESS_LOGS: self._access_log_service(vault).serve},
        )
        self._routing_days = routing_days(settings)
        console = self._console_door(packaged, vault)
        door = Door(
            soap,
            self._shelf,
            settings.limits,
            missing=self._health.missing,
            dead=self._health.dead,
            processes=self._siblings.counts,
            notes=self.notes,
            is_revoked=self._is_revoked,
            seats=guards.seats,
            users=self._user_door(world, vault, guards.seats),
            admin=self._admin_door(packaged, vault),
            metrics=self.watching.exposition,
            spans=self.watching.spans,
            console=console,
        )
        self._listeners.tell(events)
        self.watching.see(
            self._listeners.connections,
            lambda: guards.seats.in_work,
            self.missing,
            lambda: held_back(guards.table.standings()),
        )
        closing.push_async_callback(self._end_chores)
        # Again, as who is being answered needs all that was opened since.
        closing.push_async_callback(self._listeners.close, DRAIN_SECONDS)
        closing.callback(self._tail.close)
        await self._queue.start()
        self._readers = self._queue_readers(world, keys)
        for reader in self._readers.values():
            closing.push_async_callback(reader.close)
        self._tells = self._notifier(keys)
        if self._readers:
            await self._durable.start(
                {stream: reader.took for stream, reader in self._readers.items()}
            )
        if console is not None:
            closing.push_async_callback(console.close)  # first: nobody drains what stays open
        self._reception.let_in(door)
        self._starting = ""
        self._listen()
        own = world.rules.own_addresses
        consistency = ConsistencyCounter(self._database, vault, own_addresses=own)
        for name, chore in (
            ("the log", self._every(settings.log.flush_seconds, self.events.flush)),
            ("the clock", self._every(1.0, self._listeners.tick)),
            ("the broker", self._queue.watch()),
            ("the look around", self._look_around(settings.hub.refresh_seconds)),
            ("notifications", self._tells.run()),
            ("dead letters", self._durable.watch()),
            ("heads of the access log", heads.run()),
            *guards.chores(self._tail),
            ("consistency", consistency.run(world.contracts, events)),
            *self.watching.chores(),
        ):
            self._go_on(name, chore)
        for name, shipper in self._log_shipping.shippers.items():
            self._go_on(name, shipper.run())
        if console is not None:
            kept = timedelta(days=settings.retention.digest_days)
            digest = Digest(self._database, kept).run(self.events, self._clock)
            self._go_on("the digest of the access log", digest)
        if self._routing_days is not None:
            keeper = RoutingKeeper(self.events, self._routing_days, self._clock)
            closing.callback(keeper.close)
            self._go_on("the routing log's days", keeper.run())
        self.events.emit("hub-started", "-", version=__version__)
        return self._urls

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

    def _go_on(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Beside the questions, until the hub stops. One that ends before that says so."""
        chore = asyncio.create_task(work)
        self._chores.append(chore)
        self._health.lives_by(name, lambda: "its chore has ended" if chore.done() else "")
        chore.add_done_callback(partial(self._ended, name))

    def _ended(self, name: str, chore: asyncio.Task[None]) -> None:
        if not chore.cancelled():
            # The type only: the message may repeat anything.
            why = type(chore.exception()).__name__
            self.events.emit("error", "-", detail=f"{name}: the chore has ended ({why})")
            self.events.flush()

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
            *self._queue.notes(),
            *self._durable.notes(),
            *(note for reader in self._readers.values() for note in reader.notes()),
            *self._tells.notes(),
            *self._log_shipping.notes(),
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

    async def _end_chores(self) -> None:
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)

    def _fact_sources(self, vault: PersonVault) -> FactSources:
        longest = timedelta(hours=self._settings.population.longest_hours)
        return FactSources(
            self.security.consents,
            self.security.blocks,
            StoredRelations(self._database, vault),
            StoredCapacities(self._database, vault),
            StoredPopulation(self._database, vault, longest),
            patience=self._settings.security.seconds,
        )

    def _head_chore(self, log: SqlAccessLog) -> HeadChore:
        audit = self._settings.audit
        habits = HeadHabits(audit.head_seconds, audit.head_rows, audit.heads_file)
        writer = HeadWriter(self._database, self._clock, habits, log.pause)
        return HeadChore(writer, self.watching.events, pause_after_failure=audit.head_seconds)

    def _access_log_service(self, vault: PersonVault) -> AccessLogService:
        audit = self._settings.audit
        queue: ReportQueue[Sequence[AccessSeen]] = ReportQueue(
            vault.keyed_hash_of, lambda: self._clock.now().timestamp()
        )
        self._closing.push_async_callback(queue.close)
        wsdl = next((data_dir() / "wsdl").rglob("GetAccessLogsForPatientInteraction_2.0_*.wsdl"))
        return AccessLogService(
            AccessReport(self._database, vault, self._name_of),
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

    def _queue_readers(self, world: World, keys: KeyPair) -> dict[Stream, QueueReader]:
        """Of what we are sent by the broker."""
        found: dict[Stream, QueueReader] = {}
        if tellers := self._settings.index.receive_from_broker:
            address = self._settings.index.address
            found[INDEX_NEWS] = BrokerNews(
                world, self._durable, keys, address=address, tellers=tellers
            )
        if (reader := self._log_shipping.reader(world.events)) is not None:
            found[LOG_RECORDS] = reader
        return found

    def _notifier(self, keys: KeyPair) -> Notifier:
        settings = self._settings
        soap = SoapDeliverer(
            self._client,
            index_address=settings.index.address,
            instance_id=settings.hub.instance_id,
            correlation_over_https=settings.producers.send_correlation_id,
        )
        deliverer = Deliverers(soap, BrokerDeliverer(self._durable, keys))
        return Notifier(
            self._outbox,
            deliverer,
            self._catalogue,
            self._access_log,
            self.watching.events,
            self._clock,
            own=settings.index.address,
            habits=Habits(attempts=settings.index.notify_attempts),
        )

    def _queue_end(self, packaged: Packaged, keys: KeyPair) -> QueueEnd:
        settings = self._settings
        return QueueEnd(
            settings.broker,
            keys,
            packaged.schemas,
            self._catalogue,
            self.events,
            self._clock,
            partial(read_secret, base=self._base),
            instance_id=settings.hub.instance_id,
            most_answer=settings.producers.answer_bytes,
        )

    def _admin_door(self, packaged: Packaged, vault: PersonVault) -> AdminDoor | None:
        if not any(listener.admin for listener in self._settings.listen):
            return None
        premises = packaged.premises(self._database, self._settings)
        table = premises.table(
            vault,
            missing=self.missing,
            catalogue_version=self._catalogue_version,
            published=self._look_for_catalogue,
            notes=self.notes,
            workers=self._queue.transport.workers.all,
            breakers=self.guards.desk,
            events=self._tail,
        )
        return premises.door(table, self.events, AdminTrail(self._access_log, self._clock).note)

    def _user_door(self, world: World, vault: PersonVault, seats: Seats) -> UserDoor | None:
        accesses = AccessReport(self._database, vault, self._name_of)
        users = open_users(self._settings, world, vault, seats, accesses)
        if users is None:
            return None
        self._closing.push_async_callback(users.verifier.close)
        return users.door

    def _console_door(self, packaged: Packaged, vault: PersonVault) -> ConsoleDoor | None:
        if not any(listener.admin for listener in self._settings.listen):
            return None
        premises = packaged.premises(self._database, self._settings)
        world = console_world(
            premises,
            vault,
            self.events,
            self._routing_days,
            missing=self.missing,
            notes=self._own_notes,
            catalogue_version=self._catalogue_version,
            published=self._look_for_catalogue,
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
            ProducerKind.WORKER: NoticedTransport(self._queue.transport, self._conformance),
        }
        return Dispatch(kinds, self.watching.events, self._clock)

    def _is_revoked(self, certificate: bytes) -> bool:
        revoked = self._listeners.is_revoked(certificate)
        if revoked:
            self.watching.events.emit("security", "-", detail="a revoked certificate was refused")
        return revoked

    async def _look_for_catalogue(self) -> None:
        """Read beside the loop: a large registry takes seconds. It is swapped in at once."""
        had_copy = self._catalogue.serves_copy
        try:
            changed = await asyncio.to_thread(self._catalogue.refresh)
        except (CatalogueUnavailable, RegistryInvalid) as error:
            self.events.emit("error", "-", detail=f"the catalogue in force is kept: {error}")
            if self._catalogue.serves_copy and not had_copy:
                self.events.emit(
                    "catalogue-from-snapshot",
                    "-",
                    detail="; ".join(map(str, self._catalogue.notes())),
                )
            return
        if changed:
            version = self._catalogue.current().version
            self.events.emit("catalogue-changed", "-", version=str(version))

    async def _look_around(self, seconds: float) -> None:
        """Contracts first: a catalogue may name one that has just been added."""
        while True:
            await asyncio.sleep(seconds)
            await self._index.look()
            await asyncio.to_thread(look_at_version, self._database)
            await asyncio.to_thread(self._database.look)
            await self._look_for_contracts()
            await self._look_for_catalogue()

    async def _look_for_contracts(self) -> None:
        """Take what was added or changed in the data folder into use whole, or keep what is."""
        try:
            fresh = await asyncio.to_thread(self._served.look)
            if fresh is None:
                return
            volumes = await asyncio.to_thread(self._shelf.read, fresh.added_wsdls)
        except (ContractsInvalid, InteractionUnreadable, OSError) as error:
            self.events.emit("error", "-", detail=f"the contracts in force are kept: {error}")
            return
        self._served.use(fresh)
        self._shelf.show(volumes)
        names = ", ".join(fresh.contracts[urn].title for urn in fresh.added)
        self.events.emit("contracts-changed", "-", detail=f"added now: {names or 'none'}")

    @staticmethod
    async def _every(seconds: float, chore: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            chore()
