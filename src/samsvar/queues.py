"""What goes by a message broker, or waits in the database until it has been told, put together:
questions to workers, news of the index, records of access logs.

Knows constructors, as ``app`` does, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from samsvar.broker.durable import INDEX_NEWS, LOG_RECORDS, Stream
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.keys import KeyPair
from samsvar.broker.streams import received_streams, sent_streams
from samsvar.errors import ResourcesMissing
from samsvar.inbound.broker_news import BrokerNews
from samsvar.inbound.broker_queue import QueueReader
from samsvar.log_shipping import LogShipping
from samsvar.model.identifiers import ContractUrn
from samsvar.observe.log import RoutingLog
from samsvar.outbound.broker_notify import BrokerDeliverer, Deliverers
from samsvar.outbound.http_client import HttpClient
from samsvar.outbound.notify import SoapDeliverer
from samsvar.outbound.queue_end import QueueEnd
from samsvar.pipeline.notifier import Habits, Notifier
from samsvar.ports import AccessLog, CatalogueSource, Clock, Events, World
from samsvar.settings import Settings, read_secret
from samsvar.soap.schema import Schema
from samsvar.store.database import Database
from samsvar.store.key_file import make_key_file, read_key_file
from samsvar.store.outbox import SqlOutbox
from samsvar.store.secrets import PersonVault

HUB_KEY_FILE = "broker.key"


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


def durable_end(settings: Settings, base: Path, events: Events) -> DurableEnd:
    """The connection for what must not be lost. It is opened when it is first needed."""
    return DurableEnd(
        settings.broker,
        partial(read_secret, base=base),
        events,
        sent=sent_streams(settings),
        received=received_streams(settings),
    )


class Queues:
    """All of one hub process. Start it with the hub; let go of it in two steps, see ``close``."""

    def __init__(
        self,
        settings: Settings,
        base: Path,
        database: Database,
        vault: PersonVault,
        client: HttpClient,
        durable: DurableEnd,
        schemas: Mapping[ContractUrn, Schema],
        catalogue: CatalogueSource,
        access_log: AccessLog,
        events: RoutingLog,
        counted: Events,
        clock: Clock,
    ) -> None:
        """``counted``: the events, for what metrics count as well.

        Raises:
            ResourcesMissing: the hub's key file cannot be used.
        """
        self._settings = settings
        self._durable = durable
        self._keys = hub_keys(settings)
        self.readers: dict[Stream, QueueReader] = {}
        self._closing = AsyncExitStack()
        self._outbox = SqlOutbox(database, vault)
        self._closing.callback(self._outbox.close)
        self._questions = QueueEnd(
            settings.broker,
            self._keys,
            schemas,
            catalogue,
            events,
            clock,
            partial(read_secret, base=base),
            instance_id=settings.hub.instance_id,
            most_answer=settings.producers.answer_bytes,
        )
        self._closing.push_async_callback(self._questions.close)
        self._closing.push_async_callback(durable.close)
        self.transport = self._questions.transport
        self._logs = LogShipping(
            settings, database, vault, client, durable, self._keys, events, clock
        )
        self._closing.callback(self._logs.close)
        soap = SoapDeliverer(
            client,
            index_address=settings.index.address,
            instance_id=settings.hub.instance_id,
            correlation_over_https=settings.producers.send_correlation_id,
        )
        self._notifier = Notifier(
            self._outbox,
            Deliverers(soap, BrokerDeliverer(durable, self._keys)),
            catalogue,
            access_log,
            counted,
            clock,
            own=settings.index.address,
            habits=Habits(attempts=settings.index.notify_attempts),
        )

    async def start(self, world: World) -> None:
        """Begin to connect, and to take what is sent to us. A broker that cannot be reached stops
        nothing; one that is unsafe does.

        Raises:
            ResourcesMissing: it would lose messages; the text says what to change.
        """
        await self._questions.start()
        self.readers = self._what_we_read(world)
        if self.readers:
            await self._durable.start(
                {stream: reader.took for stream, reader in self.readers.items()}
            )

    def chores(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside the hub, each with its name."""
        return [
            ("the broker", self._questions.watch()),
            ("notifications", self._notifier.run()),
            ("dead letters", self._durable.watch()),
            *((name, shipper.run()) for name, shipper in self._logs.shippers.items()),
        ]

    def notes(self) -> list[str]:
        """What does not work, for readiness. The rest of the hub does."""
        return [
            *self._questions.notes(),
            *self._durable.notes(),
            *(note for reader in self.readers.values() for note in reader.notes()),
            *self._notifier.notes(),
            *self._logs.notes(),
        ]

    async def stop_reading(self) -> None:
        """Take no more of what is sent to us: first of all, while what it needs is open."""
        for reader in reversed(self.readers.values()):
            await reader.close()

    async def close(self) -> None:
        """Let go of the broker, and finish what is being written: when nobody asks any more."""
        await self._closing.aclose()

    def _what_we_read(self, world: World) -> dict[Stream, QueueReader]:
        found: dict[Stream, QueueReader] = {}
        if tellers := self._settings.index.receive_from_broker:
            address = self._settings.index.address
            found[INDEX_NEWS] = BrokerNews(
                world, self._durable, self._keys, address=address, tellers=tellers
            )
        if (reader := self._logs.reader(world.events)) is not None:
            found[LOG_RECORDS] = reader
        return found
