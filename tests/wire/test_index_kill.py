"""Kill the hub in the middle of Updates: what was accepted is in effect, here and elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import aiohttp
import pytest

from samsvar.simulation import running
from tests.hub import HUB, HubProcess, Running, Site, free_port
from tests.subscriber import Subscriber
from tests.wire.test_index_subscribers import (
    CONTRACT,
    REGION,
    found,
    subscribes,
    transaction,
    until,
    update,
)

pytestmark = [pytest.mark.wire, pytest.mark.slow]
PEOPLE = ("191212121212", "193201027723", "193801029202", "194401077674", "195101151818")
WRITERS = 4
KILLS = 3


async def test_every_accepted_update_is_in_effect_exactly_once_here_and_at_a_subscriber(
    tmp_path: Path,
) -> None:
    """Four sources write and delete without pause while the hub is killed three times."""
    site = Site(tmp_path)
    port = free_port()
    site.write(plain_port=port)
    region = Subscriber(silent=2)
    journal = [_Writer(f"SE2129999997-W{number}") for number in range(WRITERS)]
    async with running(region.application()) as url:
        site.load_registry(site.registry([], CONTRACT + subscribes(REGION, url)))
        hub = Running(None, "", f"http://127.0.0.1:{port}", site)
        process = HubProcess(site)
        try:
            await asyncio.to_thread(process.until_ready, hub.plain)
            writing = [asyncio.create_task(writer.write(hub)) for writer in journal]
            for number in range(KILLS):
                told = len(region.told)
                if number != 1:  # the second kill finds the lease of the first still held
                    await until(lambda told=told: len(region.told) > told, seconds=30)  # type: ignore[misc]
                await asyncio.sleep(0.3 + 0.17 * number)
                process.kill()
                process = HubProcess(site)
                await asyncio.to_thread(process.until_ready, hub.plain)
            await asyncio.sleep(0.5)
            for writer in journal:
                writer.stopping = True
            await asyncio.gather(*writing)
            here = {person: await found(hub, person) for person in PEOPLE}
            expected = {(p, w.source) for w in journal for p in w.held}
            await until(lambda: _known(region) == expected, seconds=40)
            await asyncio.sleep(1.0)
        finally:
            process.stop()

    assert sum(writer.accepted for writer in journal) > 50
    assert sum(writer.unknown for writer in journal) >= 1, "a kill met an Update"
    assert {(p, source) for p, posts in here.items() for source, _, _ in posts} == expected
    assert all(owner == HUB for posts in here.values() for _, owner, _ in posts)
    assert len([post for posts in here.values() for post in posts]) == len(expected)
    assert _known(region) == expected
    assert region.faults == []
    for writer in journal:
        for person in PEOPLE:
            flags = [
                delete
                for delete, post in region.told
                if ("registeredResidentIdentification", person) in post
                and ("sourceSystem", writer.source) in post
            ]
            # Told in order: stored and deleted in turn, once the repeated messages are taken away.
            turns = [flag for n, flag in enumerate(flags) if n == 0 or flag != flags[n - 1]]
            assert turns[:1] in ([], [False])
            assert len(turns) <= writer.turns[person] + 1


def _known(region: Subscriber) -> set[tuple[str, str]]:
    posts = [dict(post) for post in region.posts]
    return {(post["registeredResidentIdentification"], post["sourceSystem"]) for post in posts}


class _Writer:
    """One source: stores and deletes a post about each person in turn, and repeats what it got no
    answer to, as a source must."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.held: set[str] = set()
        self.turns = dict.fromkeys(PEOPLE, 0)
        self.accepted = 0
        self.unknown = 0
        self.stopping = False

    async def write(self, hub: Running) -> None:
        number = 0
        while not self.stopping:
            person = PEOPLE[number % len(PEOPLE)]
            await self._until_accepted(hub, person)
            number += 1

    async def _until_accepted(self, hub: Running, person: str) -> None:
        delete = person in self.held
        message = transaction("Update", person, self.source, delete=delete)
        while True:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await update(hub, message)
                break
            self.unknown += 1
            await asyncio.sleep(0.05)
        self.accepted += 1
        self.turns[person] += 1
        self.held.symmetric_difference_update({person})
