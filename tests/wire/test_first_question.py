"""One question over the wire, from a consumer's socket to a producer's and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.simulation import Knobs, demo_data, producer, running
from tests.hub import CONSUMER, HUB, Running, Site, Source, post, running_hub, status_rows
from tests.world import envelope

pytestmark = pytest.mark.wire
TOLVAN = "191212121212"


@pytest.mark.databases
async def test_a_question_collects_the_plans_of_two_sources(tmp_path: Path) -> None:
    """Two producers that speak the contract, one of them down: one honest answer."""
    site = Site(tmp_path)
    settings = site.write()
    broken = Knobs(outage=True)
    async with (
        running(producer.application(demo_data.hospital())) as first,
        running(producer.application(demo_data.municipality(), broken)) as second,
    ):
        sources = [Source(demo_data.HOSPITAL, first + "/x"), Source(demo_data.MUNICIPALITY, second)]
        site.load_registry(site.registry(sources))
        await site.index(TOLVAN, [source.hsa_id for source in sources])
        async with running_hub(site, settings) as hub:
            status, headers, body = await post(hub, envelope(HUB, TOLVAN))

    assert status == 200
    assert status_rows(body) == [
        (demo_data.MUNICIPALITY, "NoDataSynchFailed", "43000"),
        (demo_data.HOSPITAL, "DataFromSource", None),
    ]
    assert body.count(b"<carePlan") == 1
    assert b"urn:example:extension" in body
    assert "x-skltp-correlation-id" in headers


async def test_over_mutual_tls_the_certificate_says_who_asks(tmp_path: Path) -> None:
    """The sender comes from the certificate, whatever the header says."""
    site = Site(tmp_path)
    settings = site.write()
    async with running(producer.application(demo_data.hospital())) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        await site.index(TOLVAN, [demo_data.HOSPITAL])
        async with running_hub(site, settings) as hub, hub.client(site.consumer) as session:
            status, body = await _ask(hub, session, "SE-FORGED")

    assert CONSUMER != "SE-FORGED"
    assert status == 200
    assert status_rows(body) == [(demo_data.HOSPITAL, "DataFromSource", None)]


async def _ask(hub: Running, session: object, forged: str) -> tuple[int, bytes]:
    import aiohttp

    assert isinstance(session, aiohttp.ClientSession)
    headers = {"Content-Type": "text/xml", "x-vp-sender-id": forged}
    async with session.post(
        f"{hub.tls}/vp/x", data=envelope(HUB, TOLVAN), headers=headers
    ) as answer:
        return answer.status, await answer.read()
