"""What cannot be logged is not told, and an index that does not answer is no empty answer.

In a process of its own, where the disk can be made full for the hub alone: every write of its
fails from one moment to the next, and works again from another.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from samsvar.model.exchange import Verdict
from samsvar.simulation import demo_data, producer, running
from samsvar.store.database import Lock
from samsvar.store.sqlite import FILE_NAME
from samsvar.store.tables import ENGAGEMENT
from tests import databases
from tests.brokers import lacking
from tests.hub import (
    FIND_PATH,
    UPDATE_PATH,
    HubProcess,
    Running,
    Site,
    Source,
    free_port,
    post,
    running_hub,
    status_rows,
)
from tests.index_messages import find_content, update
from tests.outside import SeenFault, fault_of, rows_of
from tests.world import TOLVAN, envelope

pytestmark = [pytest.mark.wire]

UNABLE = (
    "VP012 [SAMSVAR] Internt fel i tjänsteplattformen. Nödvändiga resurser saknas för att VP"
    " skall fungera."
)
NO_INDEX = (
    "EI000: A technical error has occurred, error message: the engagement index cannot be read ("
)


@dataclass
class Served:
    """A hub with one hospital behind it, and how often the hospital was asked."""

    hub: Running
    database: Path

    async def ask(self, correlation_id: str) -> tuple[int, bytes]:
        """Status and body of one question about TOLVAN."""
        headers = {"x-skltp-correlation-id": correlation_id}
        status, _, body = await post(self.hub, envelope(), headers=headers)
        return status, body

    async def answers(self, correlation_id: str) -> bool:
        """Whether the hospital's plan comes, and the question is in the access log."""
        status, body = await self.ask(correlation_id)
        return (
            status == 200
            and status_rows(body) == [(demo_data.HOSPITAL, "DataFromSource", None)]
            and [row.verdict for row in rows_of(self.hub.site, correlation_id)]
            == [Verdict.ANSWERED]
        )

    async def fault(self, correlation_id: str) -> SeenFault:
        """The fault that comes instead; nothing of the record is beside it."""
        status, body = await self.ask(correlation_id)
        assert status == 500
        assert b"carePlan" not in body
        return fault_of(body)


@asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[tuple[Site, int]]:
    """A site whose index names one hospital, which runs."""
    site = Site(folder)
    plain = free_port()
    site.write(tls_port=free_port(), plain_port=plain)
    async with running(producer.application(demo_data.hospital())) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        await site.index(TOLVAN.extension, [demo_data.HOSPITAL])
        yield site, plain


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """A hub in this process."""
    async with prepared(folder) as (site, _), running_hub(site, site.write()) as hub:
        yield Served(hub, folder / "data" / FILE_NAME)


def ready(hub: Running) -> bool:
    """What /health/ready says."""
    try:
        with urllib.request.urlopen(f"{hub.plain}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


@pytest.mark.slow
@pytest.mark.sqlite
async def test_on_a_full_disk_nothing_is_told_and_all_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    """Questions and updates are refused while no row can be written; the next after that is
    answered, with nobody's help, and the log has no half rows."""
    async with prepared(tmp_path) as (site, plain):
        process = HubProcess(site)
        hub = Served(Running(None, "", f"http://127.0.0.1:{plain}", site), tmp_path)
        try:
            await asyncio.to_thread(process.until_ready, hub.hub.plain)
            assert await hub.answers("before")

            unlimited = resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (0, unlimited[1]))
            faults = await asyncio.gather(*(hub.fault(f"full-{number}") for number in range(3)))
            _, _, refused = await post(hub.hub, update("lost"), path=UPDATE_PATH)
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, unlimited)

            assert await hub.answers("after")
            _, _, taken = await post(hub.hub, update("kept"), path=UPDATE_PATH)
            _, _, posts = await post(hub.hub, find_content(), path=FIND_PATH)
        finally:
            code = process.stop()

    assert code == 0
    assert [fault.text for fault in faults] == [UNABLE] * 3
    assert fault_of(refused).text == UNABLE  # its row comes last, and is what cannot be written
    assert (b">OK<" in taken, b">kept<" in posts, b">lost<" in posts) == (True, True, False)
    assert [row.verdict for n in range(3) for row in rows_of(site, f"full-{n}")] == []
    assert databases.tamper(site.folder / "data", "PRAGMA integrity_check") == [("ok",)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB, where the data folder of a site in ``tmp_path`` lies."""
    data = tmp_path / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=0700", "tmpfs", str(data)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        lacking("no disk may be mounted here")
    yield data
    subprocess.run(["umount", "--lazy", str(data)], check=True)


def notes(hub: Running) -> list[str]:
    """What readiness says of a hub that is ready."""
    with urllib.request.urlopen(f"{hub.plain}/health/ready", timeout=5) as answer:
        told: list[str] = json.load(answer).get("notes", [])
        return told


@pytest.mark.slow
@pytest.mark.sqlite
async def test_on_a_disk_that_is_nearly_full_changes_are_refused_and_all_else_goes_on(
    tmp_path: Path, small_disk: Path
) -> None:
    """An Update is refused whole, in words that say why; questions and searches are answered, and
    readiness, doctor and log say it. With room again, Updates are taken."""
    async with served(tmp_path) as hub:
        _, _, taken = await post(hub.hub, update("first"), path=UPDATE_PATH)
        usage = shutil.disk_usage(small_disk)
        filler = small_disk / "filler"
        filler.write_bytes(bytes(int(usage.total * 0.92) - usage.used))
        await asyncio.sleep(1.1)  # the disk is asked once a second
        status, _, refused = await post(hub.hub, update("refused"), path=UPDATE_PATH)
        _, _, found = await post(hub.hub, find_content(), path=FIND_PATH)
        answers = await hub.answers("meanwhile")
        told = await asyncio.to_thread(notes, hub.hub)
        settings = ["--settings", str(hub.hub.site.settings_file)]
        doctor = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "samsvar", "doctor", *settings],
            capture_output=True,
            text=True,
            check=False,
        )
        filler.unlink()
        await asyncio.sleep(1.1)
        _, _, again = await post(hub.hub, update("again"), path=UPDATE_PATH)
        told_after = await asyncio.to_thread(notes, hub.hub)

    assert (b">OK<" in taken, b">OK<" in again) == (True, True)
    assert status == 500
    assert fault_of(refused).text.startswith(
        "EI000: A technical error has occurred, error message: the disk of the data folder is 9"
    )
    assert "no changes are taken in" in fault_of(refused).text
    assert (b">first<" in found, b">refused<" in found) == (True, False)
    assert answers
    assert [note for note in told if "no changes are taken in" in note]
    assert "no changes are taken in" in doctor.stdout + doctor.stderr
    assert not [note for note in told_after if "no changes are taken in" in note]


@pytest.mark.sqlite
async def test_a_database_put_in_the_place_of_another_is_not_written(tmp_path: Path) -> None:
    """The hub says that it is not ready and tells nothing; put back, the right one serves on."""
    async with served(tmp_path) as hub:
        assert await hub.answers("before")
        away = hub.database.with_name("away")
        hub.database.rename(away)
        hub.database.touch()
        fault = await hub.fault("replaced")
        told_ready = await asyncio.to_thread(ready, hub.hub)
        size = hub.database.stat().st_size
        away.rename(hub.database)

        assert await hub.answers("after")

    assert fault.text == UNABLE
    assert not told_ready
    assert size == 0
    assert rows_of(hub.hub.site, "replaced") == []


async def test_an_index_that_cannot_be_read_is_a_fault_and_never_an_empty_answer(
    tmp_path: Path,
) -> None:
    """Its table is gone and comes back: a fault in the meantime, in the access log as failed."""
    async with served(tmp_path) as hub:
        rename(tmp_path / "data", ENGAGEMENT.name, "elsewhere")
        fault = await hub.fault("no-index")
        rename(tmp_path / "data", "elsewhere", ENGAGEMENT.name)

        assert await hub.answers("after")

    assert (fault.code, fault.text.startswith(NO_INDEX)) == ("Server", True)
    assert [row.verdict for row in rows_of(hub.hub.site, "no-index")] == [Verdict.FAILED]


async def test_who_waits_for_a_writer_in_another_process_is_answered_after_it(
    tmp_path: Path,
) -> None:
    """A lock that is held for a moment delays the answer, and costs nothing else."""
    async with served(tmp_path) as hub:
        database = databases.open_database(tmp_path / "data")
        other = database.raw()
        other.begin(Lock.ACCESS_LOG)
        question = asyncio.create_task(hub.answers("waited"))
        done, _ = await asyncio.wait([question], timeout=0.3)
        other.commit()
        other.close()
        database.close()

        assert await question
        assert done == set()


def rename(data: Path, table: str, name: str) -> None:
    """Rename a table, as a hand at the wrong console would."""
    databases.tamper(data, f"ALTER TABLE {table} RENAME TO {name}")
