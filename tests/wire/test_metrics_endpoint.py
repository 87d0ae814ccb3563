"""``/metrics`` of a running hub: where it is served, and that everything promised is there."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from samsvar.simulation import demo_data, producer, running
from samsvar.watch.metric_table import METRICS
from tests.hub import CONSUMER, HUB, Site, Source, post, running_hub
from tests.world import envelope

pytestmark = pytest.mark.wire
TOLVAN = "191212121212"
#: these have no sample where nothing of the kind has been
ONLY_WHEN = {
    "samsvar_faults_total",
    "samsvar_trace_spans_total",
    "samsvar_index_updates_total",
    "samsvar_broker_dead_letters",
}


async def test_what_a_hub_promises_to_count_is_there(tmp_path: Path) -> None:
    """After one question, on the listener that has it; no stranger has a name in it."""
    site = Site(tmp_path)
    settings = site.write(plain_listen="metrics = true\nadmin = true", alerts="every_seconds = 0.2")
    async with running(producer.application(demo_data.hospital())) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        await site.index(TOLVAN, [demo_data.HOSPITAL])
        async with running_hub(site, settings) as hub:
            await post(hub, envelope(HUB, TOLVAN))
            await post(hub, envelope(HUB, TOLVAN), sender="SE-STRANGER-1")
            text = ""
            for _ in range(50):
                async with hub.client() as session:
                    async with session.get(f"{hub.plain}/metrics") as answer:
                        assert answer.status == 200
                        assert answer.content_type == "text/plain"
                        text = await answer.text()
                    async with session.post(f"{hub.plain}/metrics") as answer:
                        assert answer.status == 405
                if "samsvar_certificate_left_seconds{" in text and "catalogue_age" in text:
                    break
                await asyncio.sleep(0.1)  # the watcher has not looked yet
            async with (
                hub.client(site.consumer) as session,
                session.get(f"{hub.tls}/metrics") as answer,
            ):
                assert answer.status == 404
    named = set(re.findall(r"^([a-z_]+)\{", text, re.MULTILINE))
    short = {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in named}
    assert {metric.name for metric in METRICS} - ONLY_WHEN <= short | named
    assert "process_resident_memory_bytes" in named
    assert "STRANGER" not in text
    assert f'consumer="{CONSUMER}"' in text
    assert 'consumer="other"' in text
    assert 'samsvar_certificate_left_seconds{holder="listener-1",process="1"}' in text
    assert 'samsvar_open_connections{listener="2",process="1"} ' in text
    assert 'samsvar_ready{process="1"} 1.0' in text
    assert 'samsvar_breaker_open{process="1",producer="p0"} 0.0' in text
    assert TOLVAN[2:] not in text
    if shutil.which("promtool"):
        assert _judged(text) == (0, "")


def _judged(text: str) -> tuple[int, str]:
    """What Prometheus' own tool says."""
    ran = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text.encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    return ran.returncode, ran.stderr.decode()
