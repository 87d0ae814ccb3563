"""A PostgreSQL of the test's own is killed, frozen, locked, filled up, set otherwise or cut off in
a COMMIT, under a hub: what was answered stands in the access log, once; what cannot be logged is
not told; and the hub comes right by itself."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from samsvar.simulation import Knobs
from tests import databases
from tests.command import Shell
from tests.hub import HubProcess, Running, Site, post
from tests.load import load
from tests.outside import fault_of
from tests.postgresql_server import PostgresServer, private_postgresql
from tests.wire.test_fail_closed import UNABLE
from tests.wire.test_kill import Journal, a_site, logged
from tests.wire.test_postgresql import Relay, settings
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

MOST_CONNECTIONS = 13
OF_HUBS = "FROM pg_stat_activity WHERE application_name = 'samsvar'"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """For this test alone."""
    with private_postgresql(tmp_path) as running:
        yield running


@asynccontextmanager
async def serving(folder: Path, relay: Relay | None = None) -> AsyncIterator[tuple[Site, Running]]:
    """A hub in a process of its own, which must be running at the end, and stop as it is told."""
    async with a_site(folder, Knobs(latency=0.005)) as (site, hub):
        told = {} if relay is None else {"SAMSVAR_HUB__DATABASE": relay.url(folder / "data")}
        process = HubProcess(site, **told)
        try:
            await asyncio.to_thread(process.until_ready, hub.plain, 60)
            yield site, hub
            assert await asyncio.to_thread(process.stop) == 0
        finally:
            process.kill()


def said(hub: Running) -> list[str]:
    """What /health/ready finds missing."""
    try:
        with urllib.request.urlopen(f"{hub.plain}/health/ready", timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        told = json.load(error)
    missing: list[str] = told["missing"]
    return missing


async def until_said(hub: Running, words: str) -> None:
    """Until what is missing has the words; empty: until nothing is."""
    async with asyncio.timeout(60):
        while True:
            missing = await asyncio.to_thread(said, hub)
            if any(words in one for one in missing) if words else not missing:
                return
            await asyncio.sleep(0.1)


async def asked(hub: Running, correlation_id: str) -> tuple[int, bytes]:
    """One question: status and body."""
    told = {"x-skltp-correlation-id": correlation_id}
    status, _, body = await post(hub, envelope(), headers=told)
    return status, body


async def test_what_was_answered_before_the_server_was_killed_is_in_the_access_log(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Three times kill -9 of all its processes under load: each answered question has one row,
    nothing was given out that has none, and the hub goes on by itself."""
    journal = Journal()
    async with serving(tmp_path) as (site, hub):
        for round_ in range(3):
            async with load(hub, journal, prefix=f"round-{round_}"):
                await asyncio.to_thread(server.kill)
                await until_said(hub, "database")
            journal.other.clear()
            await asyncio.to_thread(server.start)
            await until_said(hub, "")
        rows = logged(site)
    assert journal.broken == []
    assert [each for each in journal.whole if rows[each] != 1] == []
    assert [each for each, times in rows.items() if times > 1] == []


async def test_a_server_that_is_silent_or_gone_is_found_out_unasked(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Nobody asks a question until the hub says that it is not ready. Frozen, the server keeps
    every connection open and says nothing; killed, it refuses them."""
    async with serving(tmp_path) as (site, hub):
        await asyncio.to_thread(server.freeze)
        await until_said(hub, "has not answered")
        status, body = await asked(hub, "frozen")
        server.go_on()
        await until_said(hub, "")
        after_frost = await asked(hub, "after-frost")

        await asyncio.to_thread(server.kill)
        await until_said(hub, "database")
        gone, nothing = await asked(hub, "gone")
        await asyncio.to_thread(server.start)
        await until_said(hub, "")
        after_death = await asked(hub, "after-death")
        rows = logged(site)
    assert (status, gone) == (500, 500)
    assert b"carePlan" not in body + nothing
    assert fault_of(nothing).text == UNABLE
    assert (after_frost[0], after_death[0]) == (200, 200)
    assert rows == Counter(["after-frost", "after-death"])


async def test_a_locked_access_log_is_refused_in_time_and_forgotten_when_it_opens(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Somebody locks the table and goes for lunch: everybody is told so within seconds, no
    connection of the hub waits on, and the first question after that is answered."""
    async with serving(tmp_path) as (_, hub):
        schema = databases.url_text(tmp_path / "data").rpartition("%3D")[2]
        with server.connect() as holder, holder.transaction():
            holder.execute(f"LOCK TABLE {schema}.question IN ACCESS EXCLUSIVE MODE".encode())
            answers = await asyncio.gather(*(asked(hub, f"locked-{n}") for n in range(20)))
            await until_said(hub, "access log")
            await asyncio.sleep(8)
            waits = server.sql(
                f"SELECT coalesce(max(extract(epoch FROM now() - query_start)), 0) {OF_HUBS}"
                " AND wait_event_type = 'Lock'"
            )[0][0]
            held = server.sql(f"SELECT count(*) {OF_HUBS}")[0][0]
        await until_said(hub, "")
        after = await asked(hub, "after")
    assert {status for status, _ in answers} == {500}
    assert {fault_of(body).text for _, body in answers} == {UNABLE}
    assert waits < 7
    assert held <= MOST_CONNECTIONS
    assert after[0] == 200


async def test_a_server_without_a_free_connection_is_told_of_and_waited_for(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Somebody else takes all that max_connections allows: the hub says what is wrong and gives
    nothing out; it neither ends nor takes more than its own when there is room again."""
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start, max_connections=20)
    async with serving(tmp_path) as (_, hub):
        with ExitStack() as others:
            admin = others.enter_context(server.connect())
            while True:
                with suppress(psycopg.OperationalError):
                    while True:
                        others.enter_context(server.connect())
                told = admin.execute(
                    f"SELECT count(pg_terminate_backend(pid)) {OF_HUBS}".encode()
                ).fetchone()
                if told == (0,):
                    break
            await until_said(hub, "no connection left: raise max_connections")
            status, body = await asked(hub, "full")
        await until_said(hub, "")
        journal = Journal()
        async with load(hub, journal):
            held = [server.sql(f"SELECT count(*) {OF_HUBS}")[0][0] for _ in range(10)]
    assert (status, b"carePlan" in body) == (500, False)
    assert max(held) <= MOST_CONNECTIONS
    assert (journal.broken, journal.other) == ([], [])


@pytest.mark.parametrize("name", ["synchronous_commit", "fsync", "full_page_writes"])
def test_no_hub_starts_on_a_server_that_may_lose_what_it_has_confirmed(
    server: PostgresServer, tmp_path: Path, name: str
) -> None:
    """It says what to change, and starts when that has been done."""
    file = settings(tmp_path, databases.url_text(tmp_path / "data"))
    shell = Shell(tmp_path)
    server.change(name, "off")
    wanted = f"set {name} = on there ({name} is off)"
    checked = shell.inside("check", "-s", file)
    assert (checked.code, wanted in checked.out) == (2, True)
    served = shell.run("serve", "-s", file)
    assert (served.code, wanted in served.err) == (4, True)
    server.change(name, "on")
    sound = shell.inside("check", "-s", file)
    assert (sound.code, "ok    database" in sound.out) == (0, True)


def test_no_hub_starts_on_an_access_log_that_a_crash_would_empty(
    server: PostgresServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    databases.open_database(data).close()
    databases.tamper(data, "ALTER TABLE question SET UNLOGGED")
    served = Shell(tmp_path).run("serve", "-s", settings(tmp_path, databases.url_text(data)))
    assert served.code == 4
    assert "ALTER TABLE question SET LOGGED there" in served.err


async def test_a_promise_that_is_broken_while_the_hub_runs_is_told_until_it_is_kept(
    server: PostgresServer, tmp_path: Path
) -> None:
    async with serving(tmp_path) as (_, hub):
        await asyncio.to_thread(server.change, "fsync", "off")
        await until_said(hub, "set fsync = on there")
        await asyncio.to_thread(server.change, "fsync", "on")
        await until_said(hub, "")


def test_a_connection_keeps_the_way_to_commit_that_it_was_made_with(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Or a reload would make it lose rows that it has confirmed, before anybody looks again."""
    database = databases.open_database(tmp_path / "data")
    raw = database.raw()
    server.change("synchronous_commit", "off")
    kept = raw.all("SHOW synchronous_commit")
    raw.close()
    database.close()
    assert kept == [("on",)]


class CutInCommit(Relay):
    """Cuts a connection, once, when the access log's COMMIT comes by. Whether it ``arrives``
    there, and whether the server has done it by then, is the test's choice."""

    def __init__(self, *, arrives: bool, done: bool) -> None:
        super().__init__()
        self._arrives = arrives
        self._done = done
        self.armed = False
        self.cuts = 0

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._server)
        self._writers |= {writer, far_writer}
        muted = asyncio.Event()

        async def there() -> None:
            heard = b""
            while data := await reader.read(65536):
                heard = (heard + data)[-65536:]
                if self.armed and b"INSERT INTO question" in heard and b"COMMIT" in data:
                    self.armed = False
                    self.cuts += 1
                    muted.set()
                    if not self._done:
                        writer.transport.abort()
                    if not self._arrives:
                        break
                    if not self._done:
                        await asyncio.sleep(1.5)  # the hub is back before it arrives
                far_writer.write(data)
                await far_writer.drain()
            far_writer.close()

        async def back() -> None:
            while data := await far_reader.read(65536):
                if not muted.is_set():
                    writer.write(data)
                    await writer.drain()
                elif b"COMMIT\x00" in data:
                    break
            writer.transport.abort()
            far_writer.close()

        with suppress(OSError):
            await asyncio.gather(there(), back())


@pytest.mark.parametrize(
    ("arrives", "done"),
    [(False, False), (True, False), (True, True)],
    ids=["never-arrives", "is-on-its-way", "is-done"],
)
async def test_a_connection_that_breaks_in_a_commit_leaves_one_row(
    server: PostgresServer, tmp_path: Path, arrives: bool, done: bool
) -> None:
    """Nobody has heard how it ended: that is looked up, and the question is answered. The same id
    of a question as before says nothing: callers choose it."""
    relay = CutInCommit(arrives=arrives, done=done)
    await relay.open()
    async with serving(tmp_path, relay) as (site, hub):
        before = await asked(hub, "same-id")
        relay.armed = True
        doubted = await asked(hub, "same-id")
        after = await asked(hub, "after")
        rows = logged(site)
        verified = await asyncio.to_thread(
            Shell(tmp_path).inside, "audit", "verify", "-s", site.settings_file
        )
    await relay.cut()
    assert relay.cuts == 1
    assert [status for status, _ in (before, doubted, after)] == [200, 200, 200]
    assert rows == Counter({"same-id": 2, "after": 1})
    assert verified.code == 0, verified.out
