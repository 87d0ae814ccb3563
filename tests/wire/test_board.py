"""Each panel of the board for Grafana, asked of a real Prometheus that scrapes a real hub.

Without Prometheus here the test is skipped, or fails where CI=true: ``make checkers`` brings it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from samsvar.simulation import Knobs, demo_data, producer, running
from tests.checkers import program
from tests.hub import HUB, Site, Source, free_port, post, running_hub
from tests.pages import ROOT
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

BOARD = ROOT / "deploy" / "grafana" / "samsvar.json"
TOLVAN, WITH_NOTHING = "191212121212", "193201027723"
#: what Grafana puts in before it asks
FILLED = {"$__rate_interval": "1m", "$instance": ".*"}


def queries() -> dict[str, str]:
    """Panel and number of its query -> the query, as Grafana sends it."""
    found = {}
    for panel in json.loads(BOARD.read_text(encoding="utf-8"))["panels"]:
        for number, target in enumerate(panel["targets"], start=1):
            expression = target["expr"]
            for name, value in FILLED.items():
                expression = expression.replace(name, value)
            assert "$" not in expression, expression
            found[f"{panel['title']} {number}"] = expression
    return found


@asynccontextmanager
async def prometheus(folder: Path, scraped: str) -> AsyncIterator[str]:
    """One that scrapes the hub each second; where it answers."""
    binary, where = program("prometheus"), f"127.0.0.1:{free_port()}"
    file = folder / "prometheus.yml"
    file.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: samsvar\n"
        f"    static_configs: [{{targets: ['{scraped}']}}]\n"
    )
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            binary,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={where}",
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://{where}"
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def _asked(session: aiohttp.ClientSession, at: str, expression: str) -> list[Any]:
    """The series that it answers with; a query that it does not understand fails the test."""
    form = {"query": expression}
    try:
        async with session.post(f"{at}/api/v1/query", data=form) as answer:
            told = await answer.json()
    except aiohttp.ClientConnectionError:
        return []  # it is starting
    if told.get("errorType") == "unavailable":
        return []
    assert told["status"] == "success", (expression, told)
    series: list[Any] = told["data"]["result"]
    return series


async def test_each_panel_of_the_board_shows_something_of_a_hub_that_works(tmp_path: Path) -> None:
    """Answers, failures, refusals and a handshake that fails: no panel stays empty."""
    site, knobs = Site(tmp_path), Knobs()
    settings = site.write(plain_listen="metrics = true", alerts="every_seconds = 0.2")
    empty = queries()
    async with running(producer.application(demo_data.hospital(), knobs)) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        for person in (TOLVAN, WITH_NOTHING):
            await site.index(person, [demo_data.HOSPITAL])
        async with running_hub(site, settings) as hub:
            scraped = urlsplit(hub.plain).netloc
            async with (
                prometheus(tmp_path, scraped) as at,
                aiohttp.ClientSession(trust_env=False) as session,
            ):
                for _ in range(90):
                    await _happenings(hub, knobs)
                    await asyncio.sleep(1)
                    empty = {
                        panel: expression
                        for panel, expression in empty.items()
                        if not await _asked(session, at, expression)
                    }
                    if not empty:
                        break
    assert empty == {}


async def _happenings(hub: Any, knobs: Knobs) -> None:
    await post(hub, envelope(HUB, TOLVAN))
    await post(hub, envelope(HUB, WITH_NOTHING))
    await post(hub, envelope(HUB, TOLVAN), sender="SE-STRANGER-1")
    knobs.outage = True
    await post(hub, envelope(HUB, TOLVAN))
    knobs.outage = False


def test_each_query_names_one_instance_or_all() -> None:
    """As the board's own variable has it; else one hub's board would show the others'."""
    for panel, expression in queries().items():
        names = re.findall(r"\b(?:samsvar|process)_[a-z_]+", expression)
        assert names, panel
        assert expression.count('instance=~".*"') == len(names), panel
