"""Looking on while the routing log is written: by server-sent events, and by ``samsvar tail``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from samsvar.clock import SystemClock
from samsvar.observe.tail import PRIVATE, Tail, Wanted
from samsvar.onboarding.roles import Role
from tests.admin_api import PREFIX, token
from tests.bad_producer import echo, misbehaving
from tests.hub import HUB, Running, Site, Source, post, running_hub
from tests.world import envelope

pytestmark = pytest.mark.wire

SOURCE = "SE2129999989-GOOD"
PERSON = "191212121212"


@asynccontextmanager
async def serving(folder: Path, log: str = "") -> AsyncIterator[Running]:
    """A hub with one source."""
    async with misbehaving(echo(SOURCE)) as good:
        site = Site(folder)
        settings = site.write(plain_listen="admin = true", log=log)
        site.load_registry(site.registry([Source(SOURCE, good.url)]))
        await site.index(PERSON, [SOURCE])
        async with running_hub(site, settings) as hub:
            yield hub


@asynccontextmanager
async def looking(hub: Running, query: str = "") -> AsyncIterator[aiohttp.ClientResponse]:
    """An open stream; its first sign of life has come."""
    headers = {"Authorization": f"Bearer {token(hub.site, Role.OBSERVER)}"}
    async with (
        hub.client() as session,
        session.get(f"{hub.plain}{PREFIX}/events{query}", headers=headers) as answer,
    ):
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert await answer.content.readline() == b": nothing new\n"
        assert await answer.content.readline() == b"\n"
        yield answer


async def next_event(answer: aiohttp.ClientResponse, seconds: float = 5) -> tuple[str, Any]:
    """Name and data of the next one."""
    async with asyncio.timeout(seconds):
        name = ""
        while True:
            field, _, value = (await answer.content.readline()).rstrip().partition(b": ")
            if field == b"event":
                name = value.decode()
            elif field == b"data":
                return name, orjson.loads(value)


async def test_events_of_a_question_are_seen_while_it_is_served(tmp_path: Path) -> None:
    """All of them, in order, without the person and without where it came from."""
    async with serving(tmp_path) as hub, looking(hub) as answer:
        await post(hub, envelope(HUB, PERSON), headers={"x-skltp-correlation-id": "look-1"})
        lines = [await next_event(answer) for _ in range(5)]
        assert [line["event.action"] for _, line in lines] == [
            "req-in",
            "req-out",
            "resp-in",
            "decision",
            "resp-out",
        ]
        assert {line["trace.id"] for _, line in lines} == {"look-1"}
        for name, line in lines:
            assert name == "routing"
            assert not PRIVATE & line.keys()
            assert PERSON not in str(line)


async def test_only_what_is_wanted_is_seen(tmp_path: Path) -> None:
    """Filters hold together; and a hub that is stopped lets everybody go at once."""
    async with serving(tmp_path) as hub, looking(hub, "?event=decision&trace=look-2") as answer:
        for trace in ("look-1", "look-2"):
            await post(hub, envelope(HUB, PERSON), headers={"x-skltp-correlation-id": trace})
        _, line = await next_event(answer)
        assert (line["event.action"], line["trace.id"]) == ("decision", "look-2")
        assert hub.hub is not None
        begun = SystemClock().monotonic()
        stop = asyncio.create_task(hub.hub.stop())
        async with asyncio.timeout(5):
            assert (await answer.content.read()).strip() == b""
        await stop
        assert SystemClock().monotonic() - begun < 5


async def test_what_is_too_much_is_hidden_and_counted(tmp_path: Path) -> None:
    """Two a second; eight questions write forty lines."""
    async with serving(tmp_path) as hub, looking(hub, "?per_second=2") as answer:
        for _ in range(8):
            await post(hub, envelope(HUB, PERSON))
        shown, hidden = 0, 0
        while shown + hidden < 40:
            name, data = await next_event(answer)
            if name == "hidden":
                hidden += data["hidden"]
            else:
                shown += 1
        assert shown <= 6
        assert shown + hidden <= 42  # a head of the access log may be among them


async def test_nobody_is_kept_who_has_gone_and_so_many_may_look_on(tmp_path: Path) -> None:
    """The twenty-first is told to come back; when one goes there is a place."""
    async with serving(tmp_path) as hub:
        assert hub.hub is not None
        async with AsyncExitStack() as stack:
            for _ in range(20):
                await stack.enter_async_context(looking(hub))
            headers = {"Authorization": f"Bearer {token(hub.site, Role.OPERATOR)}"}
            async with (
                hub.client() as session,
                session.get(f"{hub.plain}{PREFIX}/events", headers=headers) as answer,
            ):
                assert answer.status == 503
                assert answer.headers["retry-after"] == "60"
        for _ in range(300):  # the next sign of life finds nobody there
            if hub.hub._tail.lookers == 0:
                break
            await asyncio.sleep(0.05)
        assert hub.hub._tail.lookers == 0


async def test_a_log_that_is_off_can_be_looked_at_all_the_same(tmp_path: Path) -> None:
    """Nothing is written, and nothing is kept."""
    async with serving(tmp_path, log="routing = false") as hub:
        async with looking(hub, "?event=decision") as answer:
            await post(hub, envelope(HUB, PERSON))
            _, line = await next_event(answer)
            assert line["labels.reason"] == "answered"
        assert hub.hub is not None
        hub.hub.events.flush()
        assert (hub.site.folder / "hub.log").read_bytes() == b""


async def test_somebody_who_does_not_read_costs_no_memory() -> None:
    """What waits is bounded; the rest is counted."""
    tail = Tail(SystemClock().monotonic)
    look = tail.look(Wanted(), 500)
    await anext(look)
    for number in range(5000):
        tail.take({"event.action": "decision", "labels.items": number, "source.ip": "x"})
    seen = [await anext(look)]
    assert seen[0].line == {"event.action": "decision", "labels.items": 0}
    while not seen[-1].hidden:
        seen.append(await anext(look))
    assert len(seen) < 1000
    assert len(seen) - 1 + seen[-1].hidden == 5000
    await look.aclose()
    assert not tail.wanted


async def test_the_command_looks_on_through_a_running_hub(tmp_path: Path) -> None:
    """A line for each event, until Ctrl-C; and it says what is wrong when it cannot."""
    async with serving(tmp_path) as hub:
        file = tmp_path / "observer.token"
        file.write_text(token(hub.site, Role.OBSERVER))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "samsvar", "tail", "--url", hub.plain),
            *("--token", f"file:{file}", "--event", "decision"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert hub.hub is not None
        for _ in range(200):
            if hub.hub._tail.lookers:
                break
            await asyncio.sleep(0.05)
        await post(hub, envelope(HUB, PERSON), headers={"x-skltp-correlation-id": "look-3"})
        async with asyncio.timeout(10):
            line = (await process.stdout.readline()).decode()
        assert "decision" in line
        assert SOURCE in line
        assert line.rstrip().endswith("[look-3]")
        process.send_signal(2)
        async with asyncio.timeout(10):
            _, errors = await process.communicate()
        assert process.returncode == 130, errors
        assert b"Traceback" not in errors
