"""What /health says of a hub in which something is missing, or has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from samsvar.renewal import Renewal
from samsvar.settings import load
from samsvar.simulation import Knobs
from tests import databases
from tests.hub import HubProcess, Running, Site, free_port, post, running_hub
from tests.wire.test_kill import a_site, connects
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Running]:
    """A hub that looks around often."""
    async with a_site(folder, Knobs()) as (site, _):
        settings = load(site.settings_file, {"SAMSVAR_HUB__REFRESH_SECONDS": "0.2"})
        async with running_hub(site, settings) as hub:
            yield hub


async def said(hub: Running, path: str) -> tuple[int, list[str]]:
    """Status, and what is missing."""
    async with hub.client() as session, session.get(f"{hub.plain}/health/{path}") as answer:
        told: dict[str, Any] = await answer.json()
        return answer.status, told["missing"]


async def until_said(hub: Running, path: str, wanted: list[str]) -> None:
    """Within five seconds."""
    async with asyncio.timeout(5):
        while (await said(hub, path))[1] != wanted:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.05)
    assert (await said(hub, path))[0] == (503 if wanted else 200)


async def test_a_hub_starts_without_broker_and_registry(tmp_path: Path) -> None:
    """It lives, says what is missing, and serves when that is there."""
    site = Site(tmp_path)
    nobody = free_port()
    broker = f'url = "amqp://127.0.0.1:{nobody}/x"\nuser = "x"\npassword = "env:NO_BROKER"\n'
    site.write(plain_port=(port := free_port()), broker=broker)
    hub = Running(None, "", f"http://127.0.0.1:{port}", site)
    process = HubProcess(site, NO_BROKER="fictive", SAMSVAR_HUB__REFRESH_SECONDS="0.5")
    try:
        async with asyncio.timeout(60):
            while not connects(hub):
                assert process.process.poll() is None, process.log.read_text()
                await asyncio.sleep(0.1)
        missing = await said(hub, "ready")
        alive, _ = await said(hub, "live")
        site.load_registry(site.registry([]))
        await asyncio.to_thread(process.until_ready, hub.plain, 60)
    finally:
        code = await asyncio.to_thread(process.stop)
    assert missing == (503, ["catalogue: no registry has been loaded"])
    assert (alive, code) == (200, 0)


@pytest.mark.databases
async def test_an_index_that_cannot_be_searched_is_named_before_anybody_asks(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as hub:
        assert await said(hub, "ready") == (200, [])
        databases.tamper(tmp_path / "data", "ALTER TABLE engagement RENAME TO away")
        async with asyncio.timeout(5):
            while (found := await said(hub, "ready"))[0] == 200:  # noqa: ASYNC110 - nobody sets an event
                await asyncio.sleep(0.05)
        databases.tamper(tmp_path / "data", "ALTER TABLE away RENAME TO engagement")
        await until_said(hub, "ready", [])
        assert (await said(hub, "live"))[0] == 200
    assert found[1][0].startswith("index: it cannot be searched")


@pytest.mark.databases
async def test_an_access_log_that_cannot_be_written_is_named_until_it_can(tmp_path: Path) -> None:
    """It finds out by itself: nobody is sent to a hub that is not ready."""
    async with serving(tmp_path) as hub:
        databases.tamper(tmp_path / "data", "ALTER TABLE audit_tree RENAME TO away")
        status, _, _ = await post(hub, envelope())
        _, missing = await said(hub, "ready")
        databases.tamper(tmp_path / "data", "ALTER TABLE away RENAME TO audit_tree")
        await until_said(hub, "ready", [])
        again, _, _ = await post(hub, envelope())
    assert (status, again) == (500, 200)
    assert any(one.startswith("access log: the access log cannot be written") for one in missing)


async def test_a_hub_whose_access_log_has_no_writer_any_more_does_not_live(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub:
        assert await said(hub, "live") == (200, [])
        assert hub.hub is not None
        await hub.hub._access_log.close()
        assert await said(hub, "live") == (503, ["access log: its writer has ended"])


async def test_a_hub_in_which_a_chore_has_ended_does_not_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catalogue that is never looked for again would be served for ever."""
    async with serving(tmp_path) as hub:

        async def broken(_: Renewal) -> None:
            raise RuntimeError("personal matters")

        monkeypatch.setattr(Renewal, "look_for_catalogue", broken)
        await until_said(hub, "live", ["the look around: its chore has ended"])
        log = (tmp_path / "hub.log").read_text()
    assert "the look around: the chore has ended (RuntimeError)" in log
    assert "personal matters" not in log
