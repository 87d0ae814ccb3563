"""Two hubs, one of which tells the other of its index by the message broker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from samsvar.broker.durable import INDEX_NEWS, PARTS
from samsvar.queues import hub_keys
from samsvar.simulation import person
from tests import databases
from tests.brokers import HOST, Broker
from tests.hub import HUB, HubProcess, Running, Site
from tests.ports import free_port
from tests.wire.test_index_subscribers import CONTRACT, may, subscribes, transaction, update

TOLD = "SE2129999997-EI"
"""The index that is told."""


class News:
    """Both sites, written; start and kill what you like."""

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        *,
        permitted: bool = True,
        told_broker: Broker | None = None,
    ) -> None:
        self.broker = broker
        self.teller, self.told = Site(folder / "teller"), Site(folder / "told")
        self.ports = (free_port(), free_port(), free_port(), free_port())
        settings = self.teller.write(
            tls_port=self.ports[0], plain_port=self.ports[1], broker=broker.section()
        )
        settings.hub.data.mkdir(exist_ok=True)
        self.key = hub_keys(settings).public.text
        write = {
            "tls_port": self.ports[2],
            "plain_port": self.ports[3],
            "broker": (told_broker or broker).section(),
        }
        settings = self.told.write(**write)  # type: ignore[arg-type] # ports and sections
        settings.hub.data.mkdir(exist_ok=True)
        self.told_key = hub_keys(settings).public.text
        told = f'address = "{TOLD}"\nreceive_from_broker = ["{HUB} {self.key}"]\n'
        self.told_settings = self.told.write(**write, index=told)  # type: ignore[arg-type]
        self.teller_settings = self.teller.write(
            tls_port=self.ports[0], plain_port=self.ports[1], broker=broker.section()
        )
        self.teller.load_registry(self.teller.registry([], CONTRACT + self.by_broker()))
        self.told.load_registry(
            self.told.registry([], CONTRACT + self.allowed() if permitted else CONTRACT)
        )

    def by_broker(self) -> str:
        """The registry's lines of the index that is told."""
        return (
            f'[[producer]]\nid = "told"\ntitle = "told"\nkind = "worker"\n'
            f'workers = ["{self.told_key}"]\nowner = "SE1"\n[[route]]\n'
            f'contract = "ProcessNotification 1"\nlogical_address = "{TOLD}"\nproducer = "told"\n'
        )

    def allowed(self) -> str:
        """That the teller may tell."""
        return (
            f'[[consumer]]\nid = "{HUB}"\nchannel = "system"\nsocial_care = false\n'
            f"{may(HUB, 'ProcessNotification', TOLD)}"
            f"{subscribes('SE2129999997-DEAF', 'http://127.0.0.1:9')}"
        )

    def start(self, which: str) -> HubProcess:
        """``samsvar serve`` for one of them, in a process of its own."""
        site, port = (
            (self.teller, self.ports[1]) if which == "teller" else (self.told, self.ports[3])
        )
        process = HubProcess(site)
        process.until_ready(f"http://{HOST}:{port}")
        return process

    def at_teller(self) -> Running:
        """To post to the teller's process."""
        return Running(None, "", f"http://{HOST}:{self.ports[1]}", self.teller)

    def told_on(self) -> list[tuple[str, str, str]]:
        """What the told index has to tell on to one who is never reached: each effect once, in
        their order. Which post it is, which source, and its content."""
        rows = _rows(self.told, "SELECT key, post FROM outbox ORDER BY number")
        found = []
        for key, post in rows:
            said = json.loads(str(post))
            assert isinstance(key, bytes)
            found.append((key.hex(), said["source_system"], said["most_recent_content"]))
        return found

    def posts(self) -> dict[str, str]:
        """Source system and most recent content of each post that the told index has."""
        rows = _rows(
            self.told,
            "SELECT source_system, most_recent_content FROM engagement"
            " JOIN engagement_place ON place = id",
        )
        return {row[0]: str(row[1]) for row in rows}

    def waiting(self) -> int:
        """Changes in the teller's outbox."""
        return int(_rows(self.teller, "SELECT count(*) FROM outbox WHERE NOT dead")[0][0])

    def reason(self) -> str:
        """Why the teller's last message did not go."""
        rows = _rows(self.teller, "SELECT reason FROM outbox_subscriber")
        return str(rows[0][0]) if rows else ""

    def depth(self) -> int:
        """Messages ready in the index's queues."""
        with self.broker.channel() as channel:
            return sum(
                channel.queue_declare(INDEX_NEWS.queue(TOLD, part), passive=True).message_count
                for part in range(PARTS)
            )

    def dead(self) -> int:
        """Dead letters at the broker."""
        with self.broker.channel() as channel:
            found: int = channel.queue_declare(
                INDEX_NEWS.dead_queue(TOLD), passive=True
            ).message_count
            return found


def _rows(site: Site, statement: str) -> list[tuple[Any, ...]]:
    return databases.tamper(site.folder / "data", statement)


def kill(process: HubProcess) -> None:
    """kill -9."""
    os.kill(process.process.pid, signal.SIGKILL)
    process.process.wait()


async def eventually(fulfilled: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for it."""
    give_up = time.monotonic() + seconds
    while not await asyncio.to_thread(fulfilled):
        assert time.monotonic() < give_up, "it did not come to pass"
        await asyncio.sleep(0.1)


__all__ = ["HUB", "TOLD", "News", "eventually", "kill", "person", "transaction", "update"]
