"""A hub whose database is on a server: the server goes away and comes back, or must not be used.

Between hub and server stands a relay that can be cut, since other tests use the same server.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from samsvar.simulation import Knobs, demo_data
from tests import databases
from tests.command import Shell
from tests.hub import FIND_PATH, UPDATE_PATH, HubProcess, Running, Site, post
from tests.index_messages import find_content, update
from tests.outside import fault_of, rows_of
from tests.wire.test_fail_closed import UNABLE
from tests.wire.test_kill import a_site, connects
from tests.world import envelope

pytestmark = [pytest.mark.wire]


@pytest.fixture(autouse=True)
def on_a_server(database_kind: str) -> None:
    databases.choose(databases.POSTGRESQL)


class Relay:
    """Bytes to the server and back, as long as it is open."""

    def __init__(self) -> None:
        told = urlsplit(databases.SERVER)
        self._server = (told.hostname or "127.0.0.1", told.port or 5432)
        self._listening: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        """Let through, at the same port as before."""
        self._listening = await asyncio.start_server(self._met, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Every connection breaks, and no new one is taken."""
        assert self._listening is not None
        self._listening.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self._writers.clear()
        await asyncio.sleep(0)

    def url(self, folder: Path) -> str:
        """The URL for a data folder, through here."""
        told = urlsplit(databases.url_text(folder))
        user = f"{told.username}@" if told.username else ""
        return told._replace(netloc=f"{user}127.0.0.1:{self.port}").geturl()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._server)
        self._writers |= {writer, far_writer}
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def relayed(folder: Path) -> AsyncIterator[tuple[Site, Running, Relay]]:
    """A site whose hub, when it is started, reaches the server through the relay."""
    relay = Relay()
    await relay.open()
    async with a_site(folder, Knobs()) as (site, hub):
        yield site, hub, relay
    await relay.cut()


def ready(hub: Running) -> bool:
    """What /health/ready says."""
    try:
        with urllib.request.urlopen(f"{hub.plain}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


async def until_ready(hub: Running, wanted: bool) -> float:
    """Seconds until it is so."""
    begun = time.monotonic()
    async with asyncio.timeout(60):
        while await asyncio.to_thread(ready, hub) is not wanted:  # noqa: ASYNC110 - its own process
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


@pytest.mark.slow
async def test_while_the_server_is_away_nothing_is_given_out_and_then_all_goes_on(
    tmp_path: Path,
) -> None:
    """Within five seconds the hub says that it is not ready; with nobody's help it is again.
    Neither where the index must be searched, nor where the source alone is asked, which answers."""
    direct = envelope(demo_data.HOSPITAL)
    async with relayed(tmp_path) as (site, hub, relay):
        process = HubProcess(site, SAMSVAR_HUB__DATABASE=relay.url(tmp_path / "data"))
        try:
            await asyncio.to_thread(process.until_ready, hub.plain)
            before = await post(hub, envelope(), headers={"x-skltp-correlation-id": "before"})

            await relay.cut()
            away = await post(hub, envelope(), headers={"x-skltp-correlation-id": "away"})
            again = await post(hub, direct, headers={"x-skltp-correlation-id": "again"})
            seconds = await until_ready(hub, wanted=False)

            await relay.open()
            await until_ready(hub, wanted=True)
            after = await post(hub, direct, headers={"x-skltp-correlation-id": "after"})
            _, _, taken = await post(hub, update("kept"), path=UPDATE_PATH)
            _, _, posts = await post(hub, find_content(), path=FIND_PATH)
        finally:
            code = await asyncio.to_thread(process.stop)

    assert [status for status, _, _ in (before, away, again, after)] == [200, 500, 500, 200]
    assert b"carePlan" not in away[2] + again[2]
    assert fault_of(again[2]).text == UNABLE
    assert seconds < 5
    assert (b">OK<" in taken, b">kept<" in posts) == (True, True)
    assert code == 0
    assert [len(rows_of(site, name)) for name in ("before", "away", "again", "after")] == [
        *(1, 0, 0, 1)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["one", "two"])
async def test_a_hub_starts_without_its_server_and_says_what_it_waits_for(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    """It lives, is not ready, takes no question, tells people once, and does not end; when the
    server is there it serves, with nobody's help."""
    async with relayed(tmp_path) as (site, hub, relay):
        await relay.cut()
        process = HubProcess(site, *more, SAMSVAR_HUB__DATABASE=relay.url(tmp_path / "data"))
        try:
            async with asyncio.timeout(60):
                while not connects(hub) or not (missing := await said(hub, "ready"))[1]:  # noqa: ASYNC110 - its own process
                    await asyncio.sleep(0.1)
            alive, _ = await said(hub, "live")
            early, headers, nothing = await post(hub, envelope())
            await asyncio.sleep(6)  # some tries
            assert process.process.poll() is None
            lines = process.log.read_text().count("not ready, and tries again")

            await relay.open()
            await asyncio.to_thread(process.until_ready, hub.plain, 60)
            answered, _, _ = await post(hub, envelope())
        finally:
            code = await asyncio.to_thread(process.stop)
    assert missing[0] == 503
    assert missing[1][0].startswith("start: the database ")
    assert "cannot be opened (OperationalError)" in missing[1][0]
    assert (alive, early, answered, code) == (200, 503, 200, 0)
    assert (headers["retry-after"], nothing) == ("5", b"the hub is starting; come back")
    assert 1 <= lines <= 2  # each process once, if it has come so far


async def said(hub: Running, path: str) -> tuple[int, list[str]]:
    """Status, and what is missing."""
    async with hub.client() as session, session.get(f"{hub.plain}/health/{path}") as answer:
        told: dict[str, Any] = await answer.json()
        return answer.status, told["missing"]


def settings(folder: Path, url: str) -> Path:
    """A file with a reference to the URL."""
    (folder / "url").write_text(url + "\n")
    told = folder / "samsvar.toml"
    told.write_text('[hub]\ndata = "data"\ndatabase = "file:url"\n')
    return told


def test_check_says_what_to_change_on_the_server(tmp_path: Path) -> None:
    url = databases.url_text(tmp_path / "data")
    sound = Shell(tmp_path).inside("check", "-s", settings(tmp_path, url))
    off = settings(tmp_path, url + "%20-csynchronous_commit%3Doff")
    refused = Shell(tmp_path).inside("check", "-s", off)
    served = Shell(tmp_path).run("serve", "-s", off)

    assert (sound.code, "ok    database" in sound.out) == (0, True)
    assert refused.code == 2
    assert "FAULT database" in refused.out
    assert "set synchronous_commit = on there (synchronous_commit is off)" in refused.out
    assert (served.code, "set synchronous_commit = on there" in served.err) == (4, True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("postgresql://eva-karin:s3cret@127.0.0.1:1/name", 4),
        ("mysql://eva-karin:s3cret@127.0.0.1:1/name", 2),
    ],
)
def test_no_command_shows_the_password(tmp_path: Path, given: str, code: int) -> None:
    """Neither from a file, nor where it stands in the settings, right or wrong."""
    by_file = settings(tmp_path, given)
    in_clear = tmp_path / "clear.toml"
    in_clear.write_text(f'[hub]\ndata = "data"\ndatabase = "{given}"\n')
    for file in (by_file, in_clear):
        for command in (["audit", "verify"], ["registry", "show"], ["index", "outbox", "list"]):
            ran = Shell(tmp_path).inside(*command, "-s", file)
            assert ran.code == code, ran.err
            assert "s3cret" not in ran.out + ran.err
            assert "Traceback" not in ran.err
