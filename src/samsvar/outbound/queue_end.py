"""The hub's end of the message broker: its connection, its transport, and how both are.

A hub without a broker has one too: it says so to whoever asks for a worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from samsvar.broker.address import RABBITMQ, connection, kind_of
from samsvar.broker.keys import KeyPair
from samsvar.broker.link import Link
from samsvar.broker.proof import prove
from samsvar.broker.topology import hub_plan
from samsvar.errors import CatalogueUnavailable, ResourcesMissing
from samsvar.model.catalogue import ProducerKind
from samsvar.model.catalogue_lookup import ANY, Catalogue
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.outbound.queue import QueueTransport
from samsvar.outbound.worker_question import HubName
from samsvar.ports import CatalogueSource, Clock, Events
from samsvar.settings import BrokerSettings
from samsvar.soap.answer import ResponseCheck
from samsvar.soap.index_messages import PROCESS_NOTIFICATION

_MOST_NOTES = 20
_LOOK_EVERY = 0.5
_OVER_JSON = 2  # an attachment grows by a third as base64; the rest is for names and quotes


class QueueEnd:
    """Start it with the hub; close it when the hub stops. ``transport`` can be used before that."""

    def __init__(
        self,
        settings: BrokerSettings,
        keys: KeyPair,
        checks: Mapping[ContractUrn, ResponseCheck],
        catalogue: CatalogueSource,
        events: Events,
        clock: Clock,
        read_secret: Callable[[str], str],
        *,
        instance_id: str,
        most_answer: int,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._events = events
        self._read_secret = read_secret
        self._name = HubName(instance_id, keys)
        self._link: Link | None = None
        self._heard = asyncio.Event()
        self._wanted: tuple[int, tuple[tuple[str, str, tuple[str, ...]], ...]] | None = None
        self.transport = QueueTransport(
            self._name,
            checks,
            catalogue,
            events,
            clock,
            most_answer=_OVER_JSON * most_answer,
            tolerance=settings.clock_seconds,
            by_table=kind_of(settings) != RABBITMQ,
        )

    async def start(self) -> None:
        """Begin to connect. One that cannot be reached stops nothing; one that is unsafe does.

        Raises:
            ResourcesMissing: it would lose messages; the text says what to change.
        """
        if self._settings.url is None:
            return
        self._link = Link(
            lambda blocked, unblocked: connection(
                self._settings, self._read_secret, blocked=blocked, unblocked=unblocked
            ),
            hub_plan(self._name.process),
            self.transport.took,
            self._turned,
            proof=lambda reached, channel: prove(self._settings, reached, channel),
        )
        self.transport.use(self._link)
        self._link.start()
        try:
            async with asyncio.timeout(self._settings.connect_seconds + 1):
                await self._heard.wait()
        except TimeoutError:
            return
        if self._link.unsafe:
            raise ResourcesMissing(f"[broker] {self._link.reason}")

    async def close(self) -> None:
        """Let go of the broker."""
        if self._link is not None:
            await self._link.stop()

    async def watch(self) -> None:
        """See which workers have gone, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await self.transport.look_for_the_gone()

    def notes(self) -> list[str]:
        """What of it does not work, for readiness. The rest of the hub does."""
        try:
            wanted = self._worker_routes(self._catalogue.current())
        except CatalogueUnavailable:
            wanted = ()
        if self._link is None:
            return ["workers: no message broker is set up: [broker] url"] if wanted else []
        if not self._link.connected:
            return [f"message broker: {self._link.reason}"]
        return [*self._silent(wanted), *self.transport.workers.notes()][:_MOST_NOTES]

    def _silent(self, wanted: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Iterator[str]:
        for producer, address, keys in wanted:
            if not self.transport.workers.listen(address, keys):
                yield f"producer {producer}: no worker is listening for {address}"

    def _worker_routes(self, catalogue: Catalogue) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Producer, address and keys of each that a worker answers for."""
        if self._wanted is None or self._wanted[0] != catalogue.version:
            found = dict.fromkeys(
                (entry.producer.id, entry.logical_address, entry.producer.workers)
                for entry in catalogue.entries
                if entry.producer.kind is ProducerKind.WORKER
                and entry.logical_address != ANY
                and folded(entry.contract) != folded(PROCESS_NOTIFICATION)  # another hub's queues
            )
            self._wanted = (catalogue.version, tuple(found))
        return self._wanted[1]

    def _turned(self, connected: bool, reason: str) -> None:
        self._heard.set()
        if connected:
            self._events.emit("broker-connected", "-", url=self._settings.url)
        else:
            self.transport.lost()
            self._events.emit("broker-lost", "-", url=self._settings.url, detail=reason)
