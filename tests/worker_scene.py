"""A hub, a Prator that it cannot reach, and workers beside that: for tests of the broker."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from samsvar.clock import SystemClock
from samsvar.model.exchange import Decision
from samsvar.queues import hub_keys
from samsvar.simulation import Knobs, running
from samsvar.soap.parsing import ANSWER_LIMITS, parse
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.secrets import open_vault
from samsvar_adapters.prator import simulator as prator
from tests.brokers import PRATOR, Broker, Worker, prator_source
from tests.databases import open_database
from tests.hub import HUB, Running, Site, Source, post, running_hub, status_rows
from tests.world import envelope

TOLVAN = "191212121212"


@dataclass(slots=True)
class Scene:
    """A hub, a Prator that it cannot reach, and workers beside that."""

    hub: Running
    knobs: Knobs
    workers: list[Worker]
    url: str
    """The source's own address."""

    async def ask(self, person: str = TOLVAN) -> tuple[list[tuple[str, str, str | None]], bytes]:
        """Status rows and body of one question to everybody."""
        status, _headers, body = await post(self.hub, envelope(HUB, person))
        assert status == 200, body
        return status_rows(body), body

    def decision(self) -> Decision:
        """What the access log has of the last question's one candidate."""
        database = open_database(self.hub.site.folder / "data", read_only=True)
        try:
            reader = AccessLogReader(database, open_vault(database))
            record = reader.latest(1)[0].record
        finally:
            database.close()
        (decision,) = record.decisions
        return decision

    def log(self) -> str:
        """The routing log so far."""
        assert self.hub.hub is not None
        self.hub.hub.events.flush()
        return (self.hub.site.folder / "hub.log").read_text()

    def hold_clocks(self, seconds: float) -> None:
        """Let the hub's clock go wrong by so much."""
        assert self.hub.hub is not None
        self.hub.hub.queues.transport._clock = WrongClock(seconds)

    async def notes(self) -> list[str]:
        """What readiness says."""
        async with (
            self.hub.client() as session,
            session.get(f"{self.hub.plain}/health/ready") as answer,
        ):
            told = await answer.json()
            assert answer.status == 200
            notes: list[str] = told.get("notes", [])
            return notes

    async def notes_hold(self, words: str) -> bool:
        """Whether one of them says that."""
        return any(words in note for note in await self.notes())

    async def notes_are(self, told: list[str]) -> bool:
        """Whether they are those."""
        return await self.notes() == told


class WrongClock(SystemClock):
    """One that is ahead, or behind."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)


@contextlib.asynccontextmanager
async def scene(
    folder: Path,
    broker: Broker,
    count: int = 1,
    *,
    more: str = "",
    worker: str = "",
    started: int | None = None,
    keys: tuple[str, ...] = (),
    hub_broker: Broker | None = None,
    worker_broker: Broker | None = None,
    lines: str = "",
    others: tuple[Source, ...] = (),
    arguments: tuple[str, ...] = ("--adapter", "prator"),
    hub: str = "",
) -> AsyncIterator[Scene]:
    """Serve until the block ends. ``hub``: more lines of the hub's [hub] section."""
    site = Site(folder)
    settings = site.write(
        broker=(hub_broker or broker).section(lines), plain_listen="admin = true", hub=hub
    )
    settings.hub.data.mkdir()
    knobs = Knobs()
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(prator.application(knobs)))
        workers = [
            Worker(
                folder,
                f"umea-{number}",
                hub_keys(settings).public.text,
                (PRATOR,),
                (worker_broker or broker).section(lines),
                prator_source(folder, url),
                more=worker,
                arguments=arguments,
            )
            for number in range(count)
        ]
        keys = keys or tuple(worker.keys.public.text for worker in workers)
        source = Source(PRATOR, "", workers=keys, extra=more)
        site.load_registry(site.registry([source, *others]))
        await site.index(TOLVAN, [PRATOR, *(other.hsa_id for other in others)])
        running_one = await stack.enter_async_context(running_hub(site, settings))
        for one in workers:
            stack.callback(one.end)
        for one in workers[:started]:
            await asyncio.to_thread(one.start)
        yield Scene(running_one, knobs, workers, f"{url}/")


def plans_in(body: bytes) -> list[bytes]:
    """The plans of an answer."""
    root = parse(body, charset=None, limits=ANSWER_LIMITS).root
    return [etree.tostring(plan) for plan in root.iter("{*}carePlan")]


async def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for it."""
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


async def until_true(done: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for it."""
    async with asyncio.timeout(seconds):
        while not await done():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)


def listening(pid: int) -> list[str]:
    """The local addresses of sockets on which the process listens."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    own = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in own:
                found.append(columns[1])
    return found
