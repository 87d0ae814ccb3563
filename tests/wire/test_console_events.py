"""One question's page when it was another process that served it, or one that has gone since."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from samsvar.onboarding.roles import Role
from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.simulation.server import Tls
from tests.console import Page, logged_in, until_seen
from tests.hub import HubProcess, Running, Site, Source, free_port, post
from tests.wire.test_processes import TWO, until_all_serve
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

PERSON = "191212121212"
SOURCE = demo_data.MUNICIPALITY
IDS = [f"shared-{number}" for number in range(8)]
ALL = ("req-in", "req-out", "resp-in", "decision", "resp-out")


def _actions(page: Page) -> list[str]:
    text = page.words
    return [name for name in ALL if f'"event.action":"{name}"' in text]


async def test_any_process_shows_what_another_has_done_and_so_does_the_next_hub(
    tmp_path: Path,
) -> None:
    """Two processes; each question's page is asked for on connections of its own, before and
    after a kill -9: timeline, explanation, all events, each once."""
    site = Site(tmp_path)
    port = free_port()
    site.write(plain_port=port, plain_listen="admin = true")
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    async with running(producer.application(demo_data.municipality(), Knobs()), tls=tls) as url:
        site.load_registry(site.registry([Source(SOURCE, f"{url}/")]))
        await site.index(PERSON, [SOURCE])
        hub = Running(None, "", f"http://127.0.0.1:{port}", site)
        first = HubProcess(site, *TWO)
        try:
            await until_all_serve(first, hub)
            await asyncio.gather(*(_ask(hub, name) for name in IDS))
            before = await _pages(hub)
        finally:
            first.kill()
        second = HubProcess(site)
        try:
            await asyncio.to_thread(second.until_ready, hub.plain)
            after = await _pages(hub)
            code = await asyncio.to_thread(second.stop)
        finally:
            second.kill()
    assert code == 0
    for pages in (before, after):
        for name in IDS:
            events, timeline, explained = pages[name]
            assert _actions(events) == list(ALL)
            assert [events.words.count(f'"event.action":"{each}"') for each in ALL[:3]] == [1, 1, 1]
            assert f"✓ {SOURCE} {SOURCE}" in timeline.words
            assert "producent p0, vägval" in explained.words
            assert PERSON not in events.text + timeline.text + explained.text


async def _ask(hub: Running, name: str) -> None:
    """On a connection of its own: any of the processes."""
    status, _, _ = await post(
        hub, envelope(person=PERSON), headers={"x-skltp-correlation-id": name}
    )
    assert status == 200


async def _pages(hub: Running) -> dict[str, tuple[Page, Page, Page]]:
    """Of each question: events, timeline, explanation."""
    found: dict[str, tuple[Page, Page, Page]] = {}
    for name in IDS:
        async with logged_in(hub, Role.OPERATOR) as window:
            events = await until_seen(window, f"/questions/{name}?tab=events", "resp-out", 30)
            timeline = await window.get(f"/questions/{name}")
            explained = await window.get(f"/questions/{name}?tab=explain")
            found[name] = events, timeline, explained
    return found
