"""Two hubs, one of which gives its access log to the other by the message broker to deliver."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from samsvar.broker.durable import LOG_RECORDS, PARTS
from samsvar.broker.keys import KeyPair
from samsvar.model.identifiers import CorrelationId, HsaId
from samsvar.queues import hub_keys
from samsvar.settings import Settings
from samsvar.simulation.server import running
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import Database
from samsvar.store.log_inbox import LogInboxDesk
from samsvar.store.log_outbox import LogOutboxDesk
from samsvar.store.secrets import open_vault
from tests.brokers import HOST, Broker
from tests.databases import open_database
from tests.hub import HUB, HubProcess, Site, free_port
from tests.log_service import CORE, LogKeeper
from tests.unit.test_store_access_log import NURSE, disclosed

SENDER = "SE5565594230-SENDER"
GIVER = str(NURSE.care_giver)
EACH = 2
"""Records of one question: one read, one emergency."""


@dataclass
class LogScene:
    """Both sites, written; start and kill what you like."""

    sender: Site
    deliverer: Site
    sender_settings: Settings
    deliverer_settings: Settings
    sender_keys: KeyPair
    deliverer_keys: KeyPair
    broker: Broker
    keeper: LogKeeper
    ports: tuple[int, int]
    database: Database
    delivering: Database
    log: SqlAccessLog
    asked: list[str] = field(default_factory=list)
    """Correlation ids of the questions, in their order."""

    async def ask(self, count: int = 1, giver: str = GIVER) -> None:
        """Questions of staff come into the sender's log, one after the other."""
        user = replace(NURSE, care_giver=HsaId(giver))
        for _ in range(count):
            name = f"question-{len(self.asked)}"
            await self.log.append(
                replace(disclosed(), user=user, correlation_id=CorrelationId(name))
            )
            self.asked.append(name)

    def start(self, which: str) -> HubProcess:
        """``samsvar serve`` for one of them, in a process of its own."""
        site, port = (
            (self.sender, self.ports[0]) if which == "sender" else (self.deliverer, self.ports[1])
        )
        process = HubProcess(site)
        process.until_ready(f"http://{HOST}:{port}", 60)
        return process

    def kept(self) -> list[str]:
        """Correlation ids of the records that the log service has, in the order it took them."""
        arguments = (
            element.findtext(f"{CORE}activity/{CORE}activityArgs") or ""
            for element in self.keeper.taken
        )
        return [text.split("correlationId=")[1].split(";")[0] for text in arguments]

    def expected(self) -> list[str]:
        """What they should be."""
        return [name for name in self.asked for _ in range(EACH)]

    def waiting(self) -> int:
        """Rows that the sender still has."""
        return sum(one[1] for one in LogOutboxDesk(self.database).counts())

    def held(self) -> tuple[int, int]:
        """Records that the deliverer still has: waiting, dead."""
        counts = LogInboxDesk(self.delivering).counts()
        return sum(one[1] for one in counts), sum(one[2] for one in counts)

    def depth(self) -> int:
        """Messages ready in the deliverer's queues."""
        with self.broker.channel() as channel:
            return sum(
                channel.queue_declare(LOG_RECORDS.queue(HUB, part), passive=True).message_count
                for part in range(PARTS)
            )

    def dead(self) -> int:
        """Dead letters at the broker."""
        with self.broker.channel() as channel:
            found: int = channel.queue_declare(
                LOG_RECORDS.dead_queue(HUB), passive=True
            ).message_count
            return found


@contextlib.asynccontextmanager
async def log_scene(
    folder: Path, broker: Broker, keeper: LogKeeper | None = None, *, attempts: int = 300
) -> AsyncIterator[LogScene]:
    """Both hubs' folders, and a log service that runs until the block ends."""
    keeper = keeper or LogKeeper()
    sender, deliverer = Site(folder / "sender"), Site(folder / "deliverer")
    ports = (free_port(), free_port())
    keys = []
    for site, port in zip((sender, deliverer), ports, strict=True):
        settings = site.write(plain_port=port, broker=broker.section())
        settings.hub.data.mkdir()
        keys.append(hub_keys(settings))
    async with running(keeper.application()) as url:
        through = f'[audit]\nstore_log_through = "{HUB} {keys[1].public.text}"\n'
        told_by = (
            f'[audit]\nstore_log = "{url}/"\nstore_log_attempts = {attempts}\n'
            f'store_log_for = ["{SENDER} {keys[0].public.text}"]\n'
        )
        written = [
            site.write(plain_port=port, broker=broker.section(), users=lines)
            for site, port, lines in zip(
                (sender, deliverer), ports, (through, told_by), strict=True
            )
        ]
        for site in (sender, deliverer):
            await asyncio.to_thread(site.load_registry, site.registry([]))
        database = open_database(written[0].hub.data)
        delivering = open_database(written[1].hub.data)
        log = SqlAccessLog(database, open_vault(database), ships=True)
        try:
            yield LogScene(
                sender,
                deliverer,
                written[0],
                written[1],
                keys[0],
                keys[1],
                broker,
                keeper,
                ports,
                database,
                delivering,
                log,
            )
        finally:
            await log.close()
            database.close()
            delivering.close()
    assert keeper.faults == []
