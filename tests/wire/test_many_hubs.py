"""Two hubs on one PostgreSQL behind haproxy, as in ``deploy/``: both answer, they are exchanged one
after the other under load, one is killed under load."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from samsvar.simulation import Knobs
from tests import databases
from tests.balancer import Balancer
from tests.command import Shell
from tests.hub import HubProcess, Running, Site
from tests.load import CALLERS, load
from tests.outside import rows_of
from tests.wire.test_kill import Journal, a_site, ask, logged, until
from tests.wire.test_processes import told

pytestmark = [pytest.mark.wire, pytest.mark.slow]


@pytest.fixture(autouse=True)
def on_a_server(database_kind: str) -> None:
    databases.choose(databases.POSTGRESQL)


class Hub:
    """One of the hubs: a settings file, a socket, and the process of the moment."""

    def __init__(self, site: Site, number: int, data: str) -> None:
        self.socket = site.folder / f"hub-{number}.sock"
        self.name = f"hub-{number}"
        self._site = Site.__new__(Site)
        self._site.folder = site.folder
        self._site.settings_file = site.folder / f"{self.name}.toml"
        text = site.settings_file.read_text()
        listeners = f'[[listen]]\nkind = "unix"\npath = "{self.socket}"\ntrusted = true\n'
        listeners += 'certificate_header = "X-Client-Certificate"\n\n[producers]'
        text = re.sub(r"\[\[listen\]\].*?\[producers\]", listeners, text, flags=re.DOTALL)
        text = text.replace('data = "data"', f'data = "{data}"\ngrace_seconds = 3')
        self._site.settings_file.write_text(
            text.replace('instance_id = "TEST"', f'instance_id = "TEST-{number}"')
        )
        self.process = self._started()

    def _started(self) -> HubProcess:
        return HubProcess(self._site)

    def exchange(self) -> int:
        """Let the old one go as it goes, then start the new one: the exit code of the old."""
        code = self.process.stop()
        self.process = self._started()
        return code

    def again(self) -> None:
        """After a kill."""
        self.process = self._started()


@dataclass(frozen=True)
class Town:
    """All of it."""

    site: Site
    hubs: list[Hub]
    balancer: Balancer
    door: Running


@asynccontextmanager
async def a_town(folder: Path) -> AsyncIterator[Town]:
    """A hospital, two hubs that share a database and keys, the balancer."""
    async with a_site(folder, Knobs(latency=0.005)) as (site, running):
        second = folder / "data-2"
        second.mkdir(mode=0o700)
        for key in (folder / "data").glob("*.key"):
            shutil.copy2(key, second / key.name)
        hubs = [Hub(site, 1, "data"), Hub(site, 2, "data-2")]
        balancer = None
        try:
            balancer = Balancer(site, [hub.socket for hub in hubs])
            await asyncio.to_thread(balancer.until_up, "hub-1", "hub-2")
            door = replace(running, tls=balancer.url, plain=balancer.url)
            yield Town(site, hubs, balancer, door)
        finally:
            for hub in hubs:
                hub.process.kill()
            if balancer is not None:
                balancer.close()


async def quickly(deed: Callable[[], object]) -> None:
    """In a thread: it waits for other processes."""
    waiting: Awaitable[object] = asyncio.to_thread(deed)
    await waiting


async def test_both_answer_and_the_certificate_says_who_asked(tmp_path: Path) -> None:
    """A question through each; and one that says it is somebody else."""
    async with a_town(tmp_path) as town:
        answers = {}
        for hub, other in ((0, 1), (1, 0)):
            town.hubs[other].process.kill()
            await quickly(partial(town.balancer.until_up, town.hubs[hub].name))
            journal = Journal()
            async with town.door.client(town.site.consumer) as session:
                session.headers["x-vp-sender-id"] = "SE5565594230-SOMEBODY"
                await ask(town.door, session, f"through-{hub}", journal)
                async with session.get(f"{town.balancer.url}/health/ready") as answer:
                    assert answer.status == 404
            answers[hub] = journal.whole
            town.hubs[other].again()
            await quickly(lambda: town.balancer.until_up("hub-1", "hub-2"))
        senders = [row.sender for hub in (0, 1) for row in rows_of(town.site, f"through-{hub}")]
    assert answers == {0: ["through-0"], 1: ["through-1"]}
    assert senders == ["SE2129999963-NPO1"] * 2


async def test_hubs_are_exchanged_under_load_and_nobody_notices(
    tmp_path: Path,
) -> None:
    """One after the other, also while the schema is the next release's: 0 failed questions, and
    each answer stands in the access log once."""
    journal = Journal()
    codes = []
    async with a_town(tmp_path) as town:
        async with load(town.door, journal, certified=True):
            for hub in town.hubs:
                codes.append(await asyncio.to_thread(hub.exchange))
                await quickly(lambda: town.balancer.until_up("hub-1", "hub-2"))
            databases.tamper(tmp_path / "data", "UPDATE alembic_version SET version_num = '9999'")
            databases.tamper(
                tmp_path / "data",
                "UPDATE schema_compatibility SET compatible_from ="
                " (SELECT max(compatible_from) FROM schema_compatibility)",
            )
            codes.append(await asyncio.to_thread(town.hubs[0].exchange))
            await quickly(lambda: town.balancer.until_up("hub-1", "hub-2"))
        rows = logged(town.site)
        settings = town.site.folder / "hub-1.toml"
        verified = await asyncio.to_thread(
            Shell(tmp_path).inside, "audit", "verify", "-s", settings
        )
    assert verified.code == 0, verified.out  # one log, though several wrote it
    told("answered", len(journal.whole))
    told("failed", len(journal.broken) + len(journal.other))
    assert (journal.broken, journal.other, codes) == ([], [], [0, 0, 0])
    assert [each for each in journal.whole if rows[each] != 1] == []


async def test_a_hub_that_is_killed_costs_what_was_in_its_hands(
    tmp_path: Path,
) -> None:
    """Under load, kill -9: at most one question of each caller fails, and ten good answers come
    within a second, from the other."""
    journal = Journal()
    async with a_town(tmp_path) as town:
        async with load(town.door, journal, certified=True):
            town.hubs[0].process.kill()
            begun = time.monotonic()
            before = len(journal.whole)
            await until(lambda: len(journal.whole) >= before + 10)
            to_ten_more = time.monotonic() - begun
            await quickly(lambda: town.balancer.until_up("hub-2"))
            town.hubs[0].again()
            await quickly(lambda: town.balancer.until_up("hub-1", "hub-2"))
        rows = logged(town.site)
    failed = len(journal.broken) + len(journal.other)
    told("answered", len(journal.whole))
    told("failed", failed)
    told("seconds to ten more answers", round(to_ten_more, 3))
    assert failed <= CALLERS
    assert to_ten_more < 2
    assert [each for each in journal.whole if rows[each] != 1] == []
