"""A personal number, wherever a caller or a source puts it, is in no log, database or refusal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.simulation.producer import Canned
from tests.hub import CONSUMER, PLANS_PATH, Site, Source, post, running_hub
from tests.index_messages import find_content, update
from tests.privacy import leaks
from tests.world import TOLVAN, envelope

pytestmark = [pytest.mark.wire]

NUMBER = TOLVAN.extension
HYPHEN = f"{NUMBER[:8]}-{NUMBER[8:]}"
SECOND, THIRD = demo_data.MUNICIPALITY, demo_data.CLINIC

_FAULT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    f"<faultcode>s:Server</faultcode><faultstring>{NUMBER} is unknown</faultstring>"
    f"<detail><who>{HYPHEN}</who></detail></s:Fault></s:Body></s:Envelope>"
).encode()

#: name -> path, sender, headers and body of a question that holds a number where none belongs
PLACES: dict[str, tuple[str, str, Mapping[str, str], bytes]] = {
    "path": (f"{PLANS_PATH}/{NUMBER}", CONSUMER, {}, envelope()),
    "query": (f"{PLANS_PATH}?id={HYPHEN}", CONSUMER, {}, envelope()),
    "percent-coded path": (f"{PLANS_PATH}/%31%39{NUMBER[2:]}", CONSUMER, {}, envelope()),
    "correlation id": (PLANS_PATH, CONSUMER, {"x-skltp-correlation-id": NUMBER}, envelope()),
    "part of a correlation id": (
        PLANS_PATH,
        CONSUMER,
        {"x-skltp-correlation-id": f"q_{HYPHEN}.1"},
        envelope(),
    ),
    "sender": (PLANS_PATH, NUMBER, {}, envelope()),
    "original consumer": (
        PLANS_PATH,
        CONSUMER,
        {"x-rivta-original-serviceconsumer-hsaid": NUMBER},
        envelope(),
    ),
    "routing history": (PLANS_PATH, CONSUMER, {"x-rivta-routing-history": HYPHEN}, envelope()),
    "SOAPAction": (PLANS_PATH, CONSUMER, {"SOAPAction": NUMBER}, envelope()),
    "User-Agent": (PLANS_PATH, CONSUMER, {"User-Agent": NUMBER, "Referer": HYPHEN}, envelope()),
    "media type": (PLANS_PATH, CONSUMER, {"Content-Type": f"text/xml; x={NUMBER}"}, envelope()),
    "logical address": (PLANS_PATH, CONSUMER, {}, envelope(address=NUMBER)),
    "hyphenated logical address": (PLANS_PATH, CONSUMER, {}, envelope(address=HYPHEN)),
    "source filter": (PLANS_PATH, CONSUMER, {}, envelope(source=NUMBER)),
    "a number with a hyphen": (PLANS_PATH, CONSUMER, {}, envelope(person=HYPHEN)),
    "wrong root": (PLANS_PATH, CONSUMER, {}, envelope(root="1.2.752.129.2.1.3.3")),
    "number as root": (PLANS_PATH, CONSUMER, {}, envelope(root=NUMBER)),
    "unknown element": (
        PLANS_PATH,
        CONSUMER,
        {},
        envelope().replace(b"<p:patientId>", f"<p:n{NUMBER}/><p:patientId>".encode()),
    ),
    "unknown contract": (
        PLANS_PATH,
        CONSUMER,
        {},
        envelope().replace(b"GetCarePlansResponder:2", f"GetCarePlansResponder:{NUMBER}".encode()),
    ),
    "not XML": (PLANS_PATH, CONSUMER, {}, f"<{NUMBER}".encode()),
    "index": (PLANS_PATH, CONSUMER, {}, update("post-1")),
    "index, read": (PLANS_PATH, CONSUMER, {}, find_content()),
    "a good question": (PLANS_PATH, CONSUMER, {}, envelope()),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_number_where_none_belongs_is_written_nowhere(tmp_path: Path, place: str) -> None:
    """Asked of a hub whose sources answer, fail with the number in their words, and answer with
    somebody else's records."""
    path, sender, headers, body = PLACES[place]
    site = Site(tmp_path)
    settings = site.write()
    async with AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(running(application))
            for application in (
                producer.application(demo_data.hospital()),
                producer.application(demo_data.municipality(), canned=Canned(_FAULT, 500)),
                producer.application(demo_data.clinic(), Knobs(wrong_patient=True)),
            )
        ]
        hospitals = (demo_data.HOSPITAL, SECOND, THIRD)
        sources = [Source(hsa, url) for hsa, url in zip(hospitals, urls, strict=True)]
        site.load_registry(site.registry(sources))
        await site.index(NUMBER, hospitals)
        async with running_hub(site, settings) as hub:
            await post(hub, body, path=path, sender=sender, headers=headers)
        found = leaks(tmp_path)

    assert found == []
    assert (tmp_path / "hub.log").stat().st_size > 0
