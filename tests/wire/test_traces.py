"""Traces to a collector on loopback: one a question, no person in it, no harm if it is away."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from samsvar.simulation import demo_data, producer, running
from samsvar.simulation.producer import Canned
from tests.hub import HUB, Site, Source, free_port, post, running_hub
from tests.world import envelope

pytestmark = pytest.mark.wire
TOLVAN = "191212121212"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOLD = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "npo=1"}


@dataclass
class Collector:
    """Takes OTLP over HTTP."""

    bodies: list[bytes] = field(default_factory=list)

    def application(self) -> web.Application:
        """A web application."""

        async def take(request: web.Request) -> web.Response:
            self.bodies.append(await request.read())
            return web.Response(
                body=ExportTraceServiceResponse().SerializeToString(),
                content_type="application/x-protobuf",
            )

        built = web.Application()
        built.router.add_post("/v1/traces", take)
        return built

    def spans(self) -> list[Any]:
        """All that have come."""
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


async def test_a_question_is_one_trace_and_part_of_its_callers(tmp_path: Path) -> None:
    """Spans of all its parts, the correlation id kept, and the header to producers as set."""
    collector, canned = Collector(), Canned()
    site = Site(tmp_path)
    async with (
        running(collector.application()) as where,
        running(producer.application(demo_data.hospital(), canned=canned)) as first,
    ):
        settings = site.write(
            traces=f'endpoint = "{where}/v1/traces"\nsample = 0.0\nto_producers = true'
        )
        sources = [Source(demo_data.HOSPITAL, first), Source("SE-GONE", "http://127.0.0.1:9")]
        site.load_registry(site.registry(sources))
        await site.index(TOLVAN, [source.hsa_id for source in sources])
        async with running_hub(site, settings) as hub:
            _, headers, _ = await post(hub, envelope(HUB, TOLVAN), headers=TOLD)
            # sampled by its caller; this one by nobody, and 0 of such are traced
            await post(hub, envelope(HUB, TOLVAN))
    spans = collector.spans()
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    names = sorted(span.name for span in spans)
    assert names == ["audit", "call", "call", "disclose", "index", "merge", "question"]
    by_name = {span.name: span for span in spans}
    question = by_name["question"]
    assert question.parent_span_id.hex() == PARENT
    assert {s.parent_span_id for s in spans if s is not question} == {question.span_id}
    told = {one.key: one.value for one in question.attributes}
    correlation = headers["x-skltp-correlation-id"]
    assert told["samsvar.correlation_id"].string_value == correlation
    assert told["samsvar.verdict"].string_value == "answered"
    failed = [s for s in spans if s.name == "call" and s.status.code == 2]
    assert [{a.key: a.value.string_value for a in s.attributes} for s in failed] == [
        {"samsvar.producer": "p1", "error.type": "unreachable"}
    ]
    asked = canned.asked[0][0]["traceparent"].split("-")
    assert asked[1] == TRACE
    assert asked[2] in {s.span_id.hex() for s in spans if s.name == "call"}
    whole = b"".join(collector.bodies)
    for number in (TOLVAN, TOLVAN[2:], "121212-1212", "121212+1212"):
        assert number.encode() not in whole


async def test_producers_see_no_trace_unless_that_is_set(tmp_path: Path) -> None:
    collector, canned = Collector(), Canned()
    site = Site(tmp_path)
    async with (
        running(collector.application()) as where,
        running(producer.application(demo_data.hospital(), canned=canned)) as first,
    ):
        settings = site.write(traces=f'endpoint = "{where}/v1/traces"\nsample = 1.0')
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, first)]))
        await site.index(TOLVAN, [demo_data.HOSPITAL])
        async with running_hub(site, settings) as hub:
            await post(hub, envelope(HUB, TOLVAN), headers={"traceparent": f"00-x{TOLVAN}-y"})
    assert canned.asked
    assert not [name for asked, _ in canned.asked for name in asked if name.startswith("trace")]
    assert len(collector.spans()) == 6
    assert TOLVAN.encode() not in b"".join(collector.bodies)


async def test_a_collector_that_is_away_costs_spans_and_nothing_else(tmp_path: Path) -> None:
    """Questions are answered as quickly, and the hub stops as soon."""
    site = Site(tmp_path)
    settings = site.write(
        plain_listen="metrics = true",
        traces=f'endpoint = "http://127.0.0.1:{free_port()}/v1/traces"\nsample = 1.0',
    )
    async with running(producer.application(demo_data.hospital())) as first:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, first)]))
        await site.index(TOLVAN, [demo_data.HOSPITAL])
        async with running_hub(site, settings) as hub:
            for _ in range(20):
                begun = time.monotonic()
                status, _, _ = await post(hub, envelope(HUB, TOLVAN))
                assert status == 200
                assert time.monotonic() - begun < 2
            lost = await _lost(hub)
            assert lost > 0
            begun = time.monotonic()
    assert time.monotonic() - begun < 8


async def _lost(hub: Any) -> float:
    """How many spans could not be handed over, once that is known."""
    for _ in range(60):
        async with hub.client() as session, session.get(f"{hub.plain}/metrics") as answer:
            for line in (await answer.text()).splitlines():
                if line.startswith("samsvar_trace_spans_total") and 'result="lost"' in line:
                    return float(line.rpartition(" ")[2])
        await asyncio.sleep(0.25)
    return 0.0
