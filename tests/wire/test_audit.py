"""A hub that serves signs for its access log: whole when it stops, whole when it was killed, and
loud when it finds an older copy of itself."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from samsvar.simulation import Knobs
from samsvar.store.sqlite import FILE_NAME
from tests.audit_log import report_on
from tests.hub import CONSUMER, HubProcess, Running
from tests.wire.test_kill import Journal, a_site, ask, under_load

pytestmark = [pytest.mark.wire, pytest.mark.slow]


async def ask_once(hub: Running, correlation_id: str) -> None:
    journal = Journal()
    async with hub.client(sender=CONSUMER) as session:
        await ask(hub, session, correlation_id, journal)
    assert journal.whole == [correlation_id]


def events(folder: Path, action: str) -> list[str]:
    lines = (folder / "hub.log").read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line["message"] for line in told if line["event.action"] == action]


@pytest.mark.databases
async def test_the_log_of_a_killed_and_of_a_stopped_hub_is_whole(tmp_path: Path) -> None:
    heads = tmp_path / "heads.jsonl"
    audit = {"SAMSVAR_AUDIT__HEADS_FILE": str(heads), "SAMSVAR_AUDIT__HEAD_ROWS": "20"}
    data = tmp_path / "data"
    async with a_site(tmp_path, Knobs(latency=0.005)) as (site, hub):
        process = HubProcess(site, **audit)
        await asyncio.to_thread(process.until_ready, hub.plain)
        await under_load(hub, Journal(), "killed", 60, process.kill)
        killed = report_on(data)
        assert killed.faults == ()
        assert killed.rows >= 60

        process = HubProcess(site, **audit)
        await asyncio.to_thread(process.until_ready, hub.plain)
        await ask_once(hub, "afterwards")
        assert await asyncio.to_thread(process.stop) == 0

        stopped = report_on(data, heads)
        assert (stopped.faults, stopped.unsigned) == ((), 0)
        assert stopped.rows == killed.rows + 1
        assert events(tmp_path, "audit-head")[-1].startswith(f"head {stopped.heads}: ")
        assert events(tmp_path, "audit-alarm") == []


@pytest.mark.sqlite
async def test_a_hub_that_is_given_an_older_copy_says_so(tmp_path: Path) -> None:
    heads, data = tmp_path / "heads.jsonl", tmp_path / "data"
    audit = {"SAMSVAR_AUDIT__HEADS_FILE": str(heads)}
    async with a_site(tmp_path, Knobs()) as (site, hub):
        for correlation_id in ("first", "second"):
            process = HubProcess(site, **audit)
            await asyncio.to_thread(process.until_ready, hub.plain)
            await ask_once(hub, correlation_id)
            assert await asyncio.to_thread(process.stop) == 0
            if correlation_id == "first":
                shutil.copy(data / FILE_NAME, tmp_path / "older")
        shutil.copy(tmp_path / "older", data / FILE_NAME)
        before = heads.read_bytes()

        process = HubProcess(site, **audit)
        await asyncio.to_thread(process.until_ready, hub.plain)
        assert await asyncio.to_thread(process.stop) == 0

        assert any("older copy" in told for told in events(tmp_path, "audit-alarm"))
        assert heads.read_bytes() == before
        assert report_on(data).faults == ()
        assert report_on(data, heads).first_bad == (2, 2)
