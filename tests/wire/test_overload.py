"""A full house, an eager sender, a hub that is late: 503 before anything is read, and a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from samsvar.onboarding.roles import Role
from tests.admin_api import PREFIX, token
from tests.bad_producer import echo, misbehaving
from tests.hub import CONSUMER, STRANGER, Running, Site, Source, post, running_hub
from tests.world import envelope

pytestmark = pytest.mark.wire

SOURCE = "SE2129999989-GOOD"


def refused_events(hub: Running) -> list[str]:
    """Why questions were refused, in order."""
    assert hub.hub is not None
    hub.hub.events.flush()
    lines = map(orjson.loads, (hub.site.folder / "hub.log").read_bytes().splitlines())
    return [one["labels.reason"] for one in lines if one["event.action"] == "questions-refused"]


async def test_an_eager_sender_is_told_when_to_come_back_and_others_are_not_touched(
    tmp_path: Path,
) -> None:
    """By its certificate or header, never by somebody else's; the interface for people stays."""
    async with misbehaving(echo(SOURCE)) as good:
        site = Site(tmp_path)
        settings = site.write(
            limits="sender_per_second = 0.5\nsender_burst = 3", plain_listen="admin = true"
        )
        site.load_registry(site.registry([Source(SOURCE, good.url)]))
        async with running_hub(site, settings) as hub:
            told = [await post(hub, envelope(SOURCE)) for _ in range(4)]
            assert [status for status, _, _ in told] == [200, 200, 200, 503]
            _, headers, body = told[3]
            assert 1 <= int(headers["retry-after"]) <= 2
            assert body == b"you ask too often; come back"
            status, _, _ = await post(hub, envelope(SOURCE), sender=STRANGER)
            assert status == 500  # not permitted, and not refused
            status, _, _ = await post(hub, envelope(SOURCE), identity=site.consumer)
            assert status == 503  # the same sender, proved another way
            user = {"Authorization": f"Bearer {token(site, Role.OBSERVER)}"}
            async with (
                hub.client() as session,
                session.get(f"{hub.plain}{PREFIX}/me", headers=user) as answer,
            ):
                assert answer.status == 200
            assert refused_events(hub) == ["too often"]
            await asyncio.sleep(2.1)
            status, _, _ = await post(hub, envelope(SOURCE))
            assert status == 200


async def test_a_hub_that_is_behind_refuses_before_it_reads(tmp_path: Path) -> None:
    """The head alone is enough to be refused; health is answered all the same."""
    site = Site(tmp_path)
    settings = site.write(limits="lag_seconds = 1", plain_listen="admin = true")
    site.load_registry(site.registry([]))
    async with running_hub(site, settings) as hub:
        assert hub.hub is not None
        lag = hub.hub.guards.lag
        reader, writer = await asyncio.open_connection("127.0.0.1", int(hub.plain.split(":")[2]))
        for _ in range(2):
            lag.ticked(5.0)
        head = f"POST /vp/x HTTP/1.1\r\nHost: h\r\nx-vp-sender-id: {CONSUMER}\r\n"
        writer.write(f"{head}Content-Length: 100000\r\n\r\n".encode())
        async with asyncio.timeout(2):
            got = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert got.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 2" in got.lower()
        for _ in range(2):
            lag.ticked(5.0)
        async with hub.client() as session, session.get(f"{hub.plain}/health/live") as answer:
            assert answer.status == 200
        lag.ticked(0.0)
        status, _, _ = await post(hub, envelope(SOURCE))
        assert status == 500
        assert refused_events(hub) == ["behind"]
