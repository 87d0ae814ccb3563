"""Registries published while questions come: none fails, and each is decided by one version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from samsvar.model.exchange import QuestionRecord, Reason, Verdict
from samsvar.packaged import Packaged, catalogue_of
from samsvar.settings import Settings, load
from samsvar.simulation import demo_data, producer, running
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.secrets import open_vault
from samsvar.store.tables import CATALOGUE_VERSION
from tests.databases import open_database
from tests.hub import (
    CONSUMER,
    HUB,
    PLANS_PATH,
    HubProcess,
    Running,
    Site,
    Source,
    free_port,
    post,
    running_hub,
    status_rows,
)
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]
TOLVAN = "191212121212"
A_SECOND = 100
PUBLISHED = 20
SECONDS = 8.0


def expected(version: int) -> dict[str, Reason]:
    """Odd versions open the hospital and close the municipality; even ones the other way."""
    open_one, closed = (
        (demo_data.HOSPITAL, demo_data.MUNICIPALITY)
        if version % 2
        else (demo_data.MUNICIPALITY, demo_data.HOSPITAL)
    )
    return {open_one: Reason.ANSWERED, closed: Reason.NOT_PERMITTED}


def rows(settings: Settings) -> list[QuestionRecord]:
    """All of the access log."""
    database = open_database(settings.hub.data, read_only=True)
    try:
        reader = AccessLogReader(database, open_vault(database))
        return [found.record for found in reader.latest(1000)]
    finally:
        database.close()


def publisher(site: Site, texts: tuple[str, str]) -> Callable[[int], int]:
    """Publishes the one or the other text, as another process would."""
    settings = load(site.settings_file, {})
    packaged = Packaged.load()

    def publish(number: int) -> int:
        database = open_database(settings.hub.data)
        try:
            registry = packaged.registry(texts[number % 2], settings)
            catalogue = catalogue_of(database, packaged, settings)
            return catalogue.publish(registry, "test", f"number {number}", force=True)
        finally:
            database.close()

    return publish


async def load_of(hub: Running, until: float) -> list[int]:
    """A_SECOND questions begin each second, whatever becomes of those before; their statuses."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "x-vp-sender-id": CONSUMER}
    question = envelope(HUB, TOLVAN)

    async def ask(session: aiohttp.ClientSession) -> int:
        async with session.post(f"{hub.plain}{PLANS_PATH}", data=question, headers=headers) as got:
            await got.read()
            return got.status

    begun = time.monotonic()
    asked: list[asyncio.Task[int]] = []
    async with hub.client() as session:
        while (now := time.monotonic()) < until:
            due = int((now - begun) * A_SECOND) - len(asked)
            asked += [asyncio.create_task(ask(session)) for _ in range(due)]
            await asyncio.sleep(0.01)
        return list(await asyncio.gather(*asked))


@pytest.mark.timeout(180)
async def test_no_question_fails_and_each_is_decided_by_one_version(tmp_path: Path) -> None:
    """A hundred questions a second, twenty publications."""
    site = Site(tmp_path)
    settings = site.write(hub="refresh_seconds = 0.1")
    async with (
        running(producer.application(demo_data.hospital())) as first,
        running(producer.application(demo_data.municipality())) as second,
    ):
        texts = tuple(
            site.registry(
                [
                    Source(demo_data.HOSPITAL, f"{first}/x", permitted=hospital),
                    Source(demo_data.MUNICIPALITY, f"{second}/x", permitted=not hospital),
                ]
            )
            for hospital in (False, True)
        )
        publish = publisher(site, (texts[0], texts[1]))
        await asyncio.to_thread(publish, 1)
        await site.index(TOLVAN, [demo_data.HOSPITAL, demo_data.MUNICIPALITY])
        async with running_hub(site, settings) as hub:
            assert hub.hub is not None
            questions = asyncio.create_task(load_of(hub, time.monotonic() + SECONDS))
            for number in range(2, PUBLISHED + 2):
                await asyncio.sleep(SECONDS / (PUBLISHED + 2))
                assert await asyncio.to_thread(publish, number) == number
            published = time.monotonic()
            while hub.hub._catalogue.current().version != PUBLISHED + 1:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            swapped = time.monotonic() - published
            statuses = await questions

    assert swapped < 5
    assert len(statuses) > A_SECOND * SECONDS * 0.8, "the machine was too busy to ask enough"
    assert set(statuses) == {200}
    logged = await asyncio.to_thread(rows, settings)
    assert len(logged) == len(statuses)
    wrong = [
        row
        for row in logged
        if row.verdict is not Verdict.ANSWERED
        or {one.logical_address: one.reason for one in row.decisions}
        != expected(row.catalogue_version or 0)
    ]
    assert wrong == []
    assert len({row.catalogue_version for row in logged}) > PUBLISHED / 2


async def test_a_hub_whose_catalogue_is_damaged_starts_with_the_copy_and_says_so(
    tmp_path: Path,
) -> None:
    """Answers, is ready with a note, and has told the routing log."""
    site = Site(tmp_path)
    settings = site.write()
    async with running(producer.application(demo_data.hospital())) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, f"{url}/x")]))
        await site.index(TOLVAN, [demo_data.HOSPITAL])
        async with running_hub(site, settings):
            pass
        database = open_database(settings.hub.data)
        with database.write() as connection, connection.begin():
            connection.execute(sa.update(CATALOGUE_VERSION).values(registry="damaged"))
        database.close()
        async with running_hub(site, settings) as hub:
            status, _, body = await post(hub, envelope(HUB, TOLVAN))
            async with hub.client() as session, session.get(f"{hub.plain}/health/ready") as got:
                ready, state = got.status, await got.json()

    assert (status, ready) == (200, 200)
    assert body.count(b"<carePlan") == 1
    assert state["status"] == "up"
    assert state["notes"][0].startswith("catalogue: version 1 from the signed copy of ")


@pytest.mark.databases
async def test_every_process_has_a_new_version_within_five_seconds(tmp_path: Path) -> None:
    """Two hubs of one data folder, with the settings as they come; neither is restarted."""
    site = Site(tmp_path)
    async with running(producer.application(demo_data.hospital())) as url:
        sources = [Source(demo_data.HOSPITAL, f"{url}/x")]
        hubs: list[Running] = []
        processes: list[HubProcess] = []
        try:
            for _ in range(2):
                port = free_port()
                site.write(plain_port=port)
                if not hubs:
                    site.load_registry(site.registry(sources))
                    await site.index(TOLVAN, [demo_data.HOSPITAL])
                processes.append(HubProcess(site))
                hubs.append(Running(None, "", f"http://127.0.0.1:{port}", site))
                await asyncio.to_thread(processes[-1].until_ready, hubs[-1].plain)
            assert [await _asked(hub) for hub in hubs] == [1, 1]
            closed = site.registry([Source(demo_data.HOSPITAL, f"{url}/x", permitted=False)])
            site.load_registry(closed)
            published = time.monotonic()
            while [await _asked(hub) for hub in hubs] != [0, 0]:
                assert time.monotonic() - published < 5
                await asyncio.sleep(0.1)
        finally:
            codes = [process.stop() for process in processes]

    assert codes == [0, 0]


async def _asked(hub: Running) -> int:
    """How many sources a question reaches."""
    status, _, body = await post(hub, envelope(HUB, TOLVAN))
    assert status == 200
    return len(status_rows(body))
