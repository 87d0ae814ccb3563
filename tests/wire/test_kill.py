"""The hub's process is killed or told to stop while it works: what was answered stands in the
access log, what was accepted stands in the index, and what was begun is finished."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.store.sqlite import FILE_NAME
from tests import databases
from tests.hub import (
    CONSUMER,
    FIND_PATH,
    PLANS_PATH,
    UPDATE_PATH,
    HubProcess,
    Running,
    Site,
    Source,
    free_port,
)
from tests.index_messages import find_content, update
from tests.world import TOLVAN, envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

CALLERS = 12


@dataclass
class Journal:
    """What callers know for certain: ids of questions whose whole answer has come."""

    whole: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Asked, and no whole answer came."""
    other: list[int] = field(default_factory=list)
    """Statuses that are neither an answer nor a broken connection."""


@asynccontextmanager
async def a_site(folder: Path, knobs: Knobs) -> AsyncIterator[tuple[Site, Running]]:
    """Settings, registry and index for one hospital; the hub is not started."""
    site = Site(folder)
    plain = free_port()
    site.write(tls_port=free_port(), plain_port=plain)
    async with running(producer.application(demo_data.hospital(), knobs)) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        await site.index(TOLVAN.extension, [demo_data.HOSPITAL])
        yield site, Running(None, "", f"http://127.0.0.1:{plain}", site)


async def ask(
    hub: Running, session: aiohttp.ClientSession, correlation_id: str, journal: Journal
) -> None:
    """One question; the journal has the id only after the last byte of the answer."""
    headers = {"Content-Type": "text/xml", "x-skltp-correlation-id": correlation_id}
    try:
        async with session.post(
            f"{hub.plain}{PLANS_PATH}", data=envelope(), headers=headers
        ) as answer:
            body = await answer.read()
    except aiohttp.ClientError:
        journal.broken.append(correlation_id)
        return
    if answer.status == 200 and body.endswith(b"Envelope>") and b"<carePlan" in body:
        journal.whole.append(correlation_id)
    else:
        journal.other.append(answer.status)


async def under_load(
    hub: Running, journal: Journal, prefix: str, until: int, deed: Callable[[], object]
) -> None:
    """Callers who ask again and again; after ``until`` answers the deed is done, and each caller
    goes on until its connection breaks."""
    numbers = count()
    enough = asyncio.Event()

    async def caller(session: aiohttp.ClientSession) -> None:
        while not journal.broken or not enough.is_set():
            await ask(hub, session, f"{prefix}-{next(numbers)}", journal)
            if len(journal.whole) >= until:
                enough.set()

    async with hub.client(sender=CONSUMER) as session:
        callers = [asyncio.create_task(caller(session)) for _ in range(CALLERS)]
        await asyncio.wait_for(enough.wait(), 60)
        deed()
        await asyncio.wait_for(asyncio.gather(*callers), 60)


def logged(site: Site) -> Counter[str]:
    """How many rows say that a question was answered, by its id; the database is sound."""
    data = site.folder / "data"
    if databases.chosen() == databases.SQLITE:
        assert databases.tamper(data, "PRAGMA integrity_check") == [("ok",)]
    rows = databases.tamper(data, "SELECT correlation_id FROM question WHERE verdict = 'answered'")
    return Counter(str(row[0]) for row in rows)


@pytest.mark.databases
async def test_whatever_was_answered_before_a_kill_is_in_the_access_log(tmp_path: Path) -> None:
    """Three times kill -9 under load, once more in silence: each answered question has one row."""
    answered: list[str] = []
    async with a_site(tmp_path, Knobs(latency=0.005)) as (site, hub):
        for round_ in range(3):
            journal = Journal()
            process = HubProcess(site)
            try:
                await asyncio.to_thread(process.until_ready, hub.plain)
                await under_load(hub, journal, f"round-{round_}", 60, process.kill)
            finally:
                process.kill()
            answered += journal.whole
            assert journal.broken, "the kill came when nothing was under way"
            assert journal.other == []

        last = HubProcess(site)
        try:
            await asyncio.to_thread(last.until_ready, hub.plain)
            rows = logged(site)
        finally:
            last.kill()

    assert [each for each in answered if rows[each] != 1] == []
    assert [each for each, times in rows.items() if times > 1] == []
    assert logged(site) == rows


@pytest.mark.databases
async def test_an_update_that_was_accepted_before_a_kill_is_found_after_it(tmp_path: Path) -> None:
    """Accepted means stored: FindContent tells each post once, in a new process."""
    accepted: list[str] = []
    async with a_site(tmp_path, Knobs()) as (site, hub):
        process = HubProcess(site)
        try:
            await asyncio.to_thread(process.until_ready, hub.plain)
            numbers = count()

            async def source(session: aiohttp.ClientSession) -> None:
                while True:
                    post = f"post-{next(numbers)}"
                    with suppress(aiohttp.ClientError):
                        answer = await said(session, hub.plain + UPDATE_PATH, update(post))
                        assert b"OK" in answer
                        accepted.append(post)
                    if len(accepted) >= 40:
                        process.kill()
                        return

            async with hub.client(sender=CONSUMER) as session:
                await asyncio.wait_for(asyncio.gather(*(source(session) for _ in range(6))), 60)
        finally:
            process.kill()

        again = HubProcess(site)
        try:
            await asyncio.to_thread(again.until_ready, hub.plain)
            async with hub.client(sender=CONSUMER) as session:
                found = await said(session, hub.plain + FIND_PATH, find_content())
        finally:
            assert again.stop() == 0

    assert [post for post in accepted if found.count(f">{post}<".encode()) != 1] == []


async def test_told_to_stop_the_hub_finishes_what_it_has_begun(tmp_path: Path) -> None:
    """SIGTERM with questions under way: all of them are answered whole, nobody new gets in, and
    the exit code is 0."""
    knobs = Knobs(latency=0.6)
    journal = Journal()
    async with a_site(tmp_path, knobs) as (site, hub):
        process = HubProcess(site)
        try:
            await asyncio.to_thread(process.until_ready, hub.plain)
            async with hub.client(sender=CONSUMER) as session:
                begun = [
                    asyncio.create_task(ask(hub, session, f"begun-{n}", journal))
                    for n in range(CALLERS)
                ]
                await until(lambda: knobs.calls == CALLERS)
                process.process.terminate()
                await until(lambda: not connects(hub))
                assert journal.whole == []
                await asyncio.gather(*begun)
            code = await asyncio.to_thread(process.process.wait, 60)
        finally:
            process.kill()

    assert code == 0
    assert sorted(journal.whole) == sorted(f"begun-{n}" for n in range(CALLERS))
    assert logged(site) == Counter(journal.whole)
    assert not (site.folder / "data" / f"{FILE_NAME}-wal").exists()


async def test_told_to_stop_under_load_the_hub_drops_no_answer_that_it_logged(
    tmp_path: Path,
) -> None:
    """SIGTERM while callers ask again and again: a question is either answered whole and logged,
    or has not been taken at all."""
    journal = Journal()
    async with a_site(tmp_path, Knobs(latency=0.01)) as (site, hub):
        process = HubProcess(site)
        try:
            await asyncio.to_thread(process.until_ready, hub.plain)
            await under_load(hub, journal, "load", 60, process.process.terminate)
            code = await asyncio.to_thread(process.process.wait, 60)
        finally:
            process.kill()

    assert (code, journal.other) == (0, [])
    assert logged(site) == Counter(journal.whole)


def connects(hub: Running) -> bool:
    """Whether somebody new gets in."""
    host, port = hub.plain.removeprefix("http://").split(":")
    with socket.socket() as trial:
        return trial.connect_ex((host, int(port))) == 0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(0.01)


async def said(session: aiohttp.ClientSession, url: str, body: bytes) -> bytes:
    """What the index answers, with status 200."""
    async with session.post(url, data=body, headers={"Content-Type": "text/xml"}) as answer:
        told = await answer.read()
        assert answer.status == 200, told
        return told
