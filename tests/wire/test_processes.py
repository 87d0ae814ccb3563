"""Several hub processes on the same listeners: one dies, one stands still, all are told something,
or the one that started them dies. What was answered stands in the access log, once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from samsvar.simulation import Knobs
from samsvar.store.database import Lock
from tests import databases
from tests.command import Shell
from tests.hub import CONSUMER, HubProcess, Running, Site, post
from tests.wire.test_kill import Journal, a_site, ask, connects, logged, until
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

TWO = ("--workers", "2")


def told(name: str, figure: object) -> None:
    """For people: ``pytest -s`` or ``-rP`` shows it."""
    sys.stdout.write(f"{name}: {figure}\n")


def runs(process: int) -> bool:
    """Whether it is there."""
    return Path(f"/proc/{process}").exists()


def children(process: HubProcess) -> list[int]:
    """The processes that a supervisor has started and that still run."""
    told = Path(f"/proc/{process.process.pid}/task/{process.process.pid}/children").read_text()
    return [int(number) for number in told.split()]


def health(hub: Running, path: str = "/health/ready") -> dict[str, Any]:
    """What is said of it, whatever the status."""
    request = urllib.request.Request(f"{hub.plain}{path}")
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
        return told
    return {}


async def until_all_serve(process: HubProcess, hub: Running, number: int = 2) -> None:
    """As readiness counts them."""
    await asyncio.to_thread(process.until_ready, hub.plain)
    async with asyncio.timeout(60):
        while True:
            told = await asyncio.to_thread(health, hub)
            if told.get("processes") == {"ready": number, "of": number}:
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def nothing_written(site: Site) -> AsyncIterator[None]:
    """Whoever has a row to write waits until the block ends."""
    database = databases.open_database(site.folder / "data")
    connection = database.raw()
    try:
        await asyncio.to_thread(connection.begin, Lock.ACCESS_LOG)
        yield
    finally:
        connection.close()
        database.close()


async def test_a_killed_process_takes_only_its_own_callers_with_it(
    tmp_path: Path,
) -> None:
    """Under load, kill -9 of one of two: callers that open a connection for each question meet
    one reset at most each, nobody is refused, and within two seconds there are two again. For a
    second before it no row can be written: whoever was answered then would have none."""
    journal = Journal()
    async with a_site(tmp_path, Knobs(latency=0.005)) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            numbers = count()
            done = asyncio.Event()

            async def caller() -> None:
                while not done.is_set():
                    async with hub.client(sender=CONSUMER) as session:
                        await ask(hub, session, f"q-{next(numbers)}", journal)

            callers = [asyncio.create_task(caller()) for _ in range(8)]
            await until(lambda: len(journal.whole) > 40)
            async with nothing_written(site):
                await asyncio.sleep(1)
                os.kill(children(process)[0], signal.SIGKILL)
            begun = time.monotonic()
            before = len(journal.whole)
            await until(lambda: len(journal.whole) >= before + 10)
            to_ten_more = time.monotonic() - begun
            await until_all_serve(process, hub)
            to_two_again = time.monotonic() - begun
            done.set()
            await asyncio.gather(*callers)
            code = await asyncio.to_thread(process.stop)
        finally:
            process.kill()

        rows = logged(site)
    told("broken", len(journal.broken))
    told("seconds to ten more answers", round(to_ten_more, 2))
    told("seconds to two processes", round(to_two_again, 2))
    assert code == 0
    assert journal.other == []
    assert len(journal.broken) <= 8
    assert [each for each in journal.whole if rows[each] != 1] == []
    assert to_ten_more < 1
    assert "was ended by SIGKILL" in process.log.read_text()


async def test_told_to_stop_all_of_them_finish_what_they_have_begun(tmp_path: Path) -> None:
    knobs = Knobs(latency=0.6)
    journal = Journal()
    async with a_site(tmp_path, knobs) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            async with hub.client(sender=CONSUMER) as session:
                asked = [
                    asyncio.create_task(ask(hub, session, f"begun-{n}", journal)) for n in range(12)
                ]
                await until(lambda: knobs.calls == 12)
                process.process.terminate()
                await until(lambda: not connects(hub))
                await asyncio.gather(*asked)
            code = await asyncio.to_thread(process.process.wait, 60)
        finally:
            process.kill()
        assert (code, len(journal.whole), journal.other) == (0, 12, [])
        assert logged(site) == Counter(journal.whole)


async def test_when_the_one_that_started_them_dies_nobody_keeps_the_port(tmp_path: Path) -> None:
    """And a new one serves at once, while old questions are still being finished."""
    knobs = Knobs(latency=1.0)
    journal = Journal()
    async with a_site(tmp_path, knobs) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            orphans = children(process)
            async with hub.client(sender=CONSUMER) as session:
                asked = asyncio.create_task(ask(hub, session, "old", journal))
                await until(lambda: knobs.calls == 1)
                process.kill()
                await until(lambda: not connects(hub))
                process = HubProcess(site, *TWO)
                await asked
            await until_all_serve(process, hub)
            await until(lambda: not any(map(runs, orphans)))
            assert await asyncio.to_thread(process.stop) == 0
        finally:
            process.kill()
    assert journal.whole == ["old"]


async def test_certificates_are_read_again_in_all_of_them_however_often_it_is_said(
    tmp_path: Path,
) -> None:
    async with a_site(tmp_path, Knobs()) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            before = children(process)
            for _ in range(100):
                process.process.send_signal(signal.SIGHUP)
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.7)
            assert children(process) == before
            assert health(hub)["status"] == "up"
            assert await asyncio.to_thread(process.stop) == 0
        finally:
            process.kill()
        lines = [line for line in process.log.read_text().splitlines() if line.startswith("{")]
    told = [json.loads(line)["event.action"] for line in lines]
    assert 2 <= told.count("certificates-reloaded") <= 200
    assert told.count("hub-stopped") == 2


async def test_told_twice_to_stop_it_stops_at_once(tmp_path: Path) -> None:
    knobs = Knobs(latency=15.0)
    journal = Journal()
    async with a_site(tmp_path, knobs) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            started = children(process)
            async with hub.client(sender=CONSUMER) as session:
                asked = asyncio.create_task(ask(hub, session, "cut", journal))
                await until(lambda: knobs.calls == 1)
                process.process.terminate()
                await until(lambda: not connects(hub))
                process.process.terminate()
                code = await asyncio.to_thread(process.process.wait, 5)
                await asked
        finally:
            process.kill()
    assert (code, journal.broken) == (1, ["cut"])
    assert not any(map(runs, started))


async def test_told_to_stop_before_it_serves_it_stops(tmp_path: Path) -> None:
    """It waits for a database server, and hears all the same."""
    async with a_site(tmp_path, Knobs()) as (site, _):
        process = HubProcess(site, *TWO, SAMSVAR_HUB__DATABASE="postgresql://x@127.0.0.1:1/x")
        try:
            await until(lambda: bool(children(process)))
            await asyncio.sleep(0.3)
            process.process.terminate()
            code = await asyncio.to_thread(process.process.wait, 60)
        finally:
            process.kill()
    assert code == 0, process.log.read_text()


async def test_what_is_wrong_is_said_once_and_the_exit_code_says_what(tmp_path: Path) -> None:
    """First a port that somebody has, then a certificate that is none."""
    async with a_site(tmp_path, Knobs()) as (site, hub):
        host, port = hub.plain.removeprefix("http://").split(":")
        server = await asyncio.start_server(lambda *_: None, host, int(port))
        taken = HubProcess(site, *TWO)
        assert await asyncio.to_thread(taken.process.wait, 60) == 4
        server.close()
        assert taken.log.read_text() == f"cannot listen on {host}:{port}: Address already in use\n"

        taken.log.write_text("")
        for key in (site.folder / "certificates").glob("server*"):
            key.write_text("none")
        faulty = HubProcess(site, *TWO)
        assert await asyncio.to_thread(faulty.process.wait, 60) == 2
        told = faulty.log.read_text().splitlines()
    assert len([line for line in told if not line.startswith("{")]) == 1, told


async def test_a_hub_that_is_told_to_stop_serves_on_for_its_grace(tmp_path: Path) -> None:
    """Not ready at once, good answers still, each the last of its connection, also of what was
    under way; then the end."""
    knobs = Knobs(latency=0.4)
    journal = Journal()
    async with a_site(tmp_path, knobs) as (site, hub):
        process = HubProcess(site, SAMSVAR_HUB__GRACE_SECONDS="1.5")
        try:
            await asyncio.to_thread(process.until_ready, hub.plain)
            async with hub.client(sender=CONSUMER) as session:
                await ask(hub, session, "before", journal)
                under_way = asyncio.create_task(post(hub, envelope()))
                await until(lambda: knobs.calls == 2)
                process.process.terminate()
                begun = time.monotonic()
                async with asyncio.timeout(5):
                    while True:
                        async with session.get(f"{hub.plain}/health/ready") as answer:
                            told = await answer.json()
                            last = answer.headers.get("connection")
                        if answer.status == 503:
                            break
                async with session.get(f"{hub.plain}/health/live") as answer:
                    alive = answer.status
                await ask(hub, session, "after", journal)
                status, headers, _ = await under_way
            code = await asyncio.to_thread(process.process.wait, 60)
            lasted = time.monotonic() - begun
        finally:
            process.kill()
    assert told == {"status": "down", "missing": ["hub: it has been told to stop"]}
    assert (last, alive, code) == ("close", 200, 0)
    assert (status, headers.get("connection")) == (200, "close")
    assert journal.whole == ["before", "after"]
    assert 1.4 < lasted < 4


async def test_a_process_that_stands_still_is_replaced(tmp_path: Path) -> None:
    async with a_site(tmp_path, Knobs()) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            still = children(process)[0]
            os.kill(still, signal.SIGSTOP)
            begun = time.monotonic()
            async with asyncio.timeout(20):
                while runs(still):  # noqa: ASYNC110 - another process sets no event of ours
                    await asyncio.sleep(0.1)
            found_out = time.monotonic() - begun
            await until_all_serve(process, hub)
            assert await asyncio.to_thread(process.stop) == 0
        finally:
            process.kill()
    assert found_out < 15
    assert "does not turn any more" in process.log.read_text()


@pytest.mark.parametrize("more", [(), TWO], ids=["one", "two"])
async def test_a_service_manager_hears_that_it_serves_turns_and_stops(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    """By datagrams, from the first process alone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        heard: list[str] = []

        def hear(word: str) -> bool:
            with suppress(BlockingIOError):
                while True:
                    heard.append(manager.recv(4096).decode())
            return any(word in each for each in heard)

        async with a_site(tmp_path, Knobs()) as (site, hub):
            process = HubProcess(site, *more, NOTIFY_SOCKET=str(tmp_path / "notify"))
            try:
                await until(lambda: hear("READY=1"))
                assert connects(hub)
                heard.clear()
                await until(lambda: hear("WATCHDOG=1"))
                assert await asyncio.to_thread(process.stop) == 0
                assert hear("STOPPING=1")
            finally:
                process.kill()


async def test_what_nobody_has_handed_over_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async with a_site(tmp_path, Knobs()) as (site, _):
        ran = await asyncio.to_thread(
            Shell(tmp_path).run, "serve", "-s", site.settings_file, "--inherited", "0,900,901,902"
        )
    assert (ran.code, ran.err) == (2, "--inherited is for samsvar itself: use --workers\n")


async def test_callers_who_come_together_are_shared(tmp_path: Path) -> None:
    """Whoever wakes first does not take them all; who comes alone is taken by anybody."""
    async with a_site(tmp_path, Knobs()) as (site, hub):
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            started = children(process)
            before = [open_sockets(each) for each in started]
            host, port = hub.plain.removeprefix("http://").split(":")
            callers = [socket.socket() for _ in range(40)]
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex((host, int(port)))
            await until(lambda: sum(map(open_sockets, started)) >= sum(before) + 40)
            shares = [open_sockets(each) - had for each, had in zip(started, before, strict=True)]
            for caller in callers:
                caller.close()
            assert await asyncio.to_thread(process.stop) == 0
        finally:
            process.kill()
    told("shares", shares)
    assert min(shares) >= 10


def open_sockets(process: int) -> int:
    """Of a process."""
    names = [name for name in Path(f"/proc/{process}/fd").iterdir() if name.is_symlink()]
    return sum(os.readlink(name).startswith("socket:") for name in names)


async def test_whichever_process_is_scraped_shows_what_all_have_counted(tmp_path: Path) -> None:
    """Two processes, one page: their questions add up to those that were asked."""
    journal = Journal()
    async with a_site(tmp_path, Knobs()) as (site, hub):
        text = site.settings_file.read_text(encoding="utf-8")
        plain = 'kind = "plain"\n'
        site.settings_file.write_text(text.replace(plain, f"{plain}metrics = true\n"))
        process = HubProcess(site, *TWO)
        try:
            await until_all_serve(process, hub)
            for number in range(20):
                async with hub.client(sender=CONSUMER) as session:
                    await ask(hub, session, f"q-{number}", journal)
            async with asyncio.timeout(30):
                while True:
                    counted = await asyncio.to_thread(_questions, hub)
                    if len(counted) == 2 and sum(counted.values()) == 20:
                        break
                    await asyncio.sleep(0.5)
        finally:
            process.stop()
    assert set(counted) == {"1", "2"}


def _questions(hub: Running) -> dict[str, float]:
    """How many each process has answered, as a scraper sees it."""
    with urllib.request.urlopen(f"{hub.plain}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    found: dict[str, float] = {}
    for line in lines:
        if line.startswith("samsvar_questions_total{"):
            process = line.partition('process="')[2].partition('"')[0]
            found[process] = found.get(process, 0) + float(line.rpartition(" ")[2])
    return found
