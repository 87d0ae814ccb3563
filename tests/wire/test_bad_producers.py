"""Producers that misbehave: each costs its own answer, in time, and nobody else's.

Cases are numbered PF-01 to PF-40. Which of them are not here, and why: ``ELSEWHERE``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from samsvar.simulation import PEOPLE
from tests.bad_producer import Asked, Behaviour, echo, http, misbehaving, plans, saying
from tests.hub import HUB, Running, Site, Source, ask_on, free_port, post, running_hub, status_rows
from tests.raw_http import chunked
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

_TEXT = Path(__file__).read_text(encoding="utf-8")
BAD, GOOD = "SE2129999989-BAD", "SE2129999989-GOOD"
NUMBERS = [each.number for each in PEOPLE if each.root.endswith(".3.1")]
TOLVAN, OTHER = NUMBERS[0], NUMBERS[5]
MINE = plans(TOLVAN, BAD)
MOST = 256 * 1024
PATIENCE = 0.4
FAULT = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
    b"<faultcode>e:Server</faultcode><faultstring>Stopped.</faultstring>"
    b"<detail>canary-7f3a</detail></e:Fault></e:Body></e:Envelope>"
)
XML = "Content-Type: text/xml; charset=utf-8"

ELSEWHERE: Mapping[str, str] = {
    "PF-02": "test_producer_tls, as PF-33",
    "PF-11": "test_kept_connections, as PF-12, PF-17, PF-36",
    "PF-16": "after its FIN a producer can send no data; an answer cut by it is PF-13",
    "PF-26": "one candidate for each address of the index: test_pipeline",
    "PF-28": "by the producer's schema policy: test_answer",
    "PF-30": "the registry's operator says which hosts; its host name unknown: test_http_client",
    "PF-31": "aiohttp's happy eyeballs; loopback has no dead IPv6",
    "PF-32": "refused when the registry is read: test_registry_file",
    "PF-34": "circuit breakers: test_breakers, test_breaker",
    "PF-35": "circuit breakers: test_breakers; nothing is retried",
    "PF-38": "a broken index is a fault: test_pipeline, test_store_index",
    "PF-29": "cut at the cap as PF-08; a large honest answer: test_slices",
    "PF-40": "our own bug in one adapter: test_adapted",
}


async def _silent(asked: Asked, _writer: asyncio.StreamWriter) -> bool:
    """Read on until the hub hangs up."""
    await asked.reader.read()
    return False


def _raw(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


#: what the bad producer writes before it closes -> the code in its status row
WRITTEN: Mapping[str, tuple[Sequence[bytes], str]] = {
    "PF-09": ([http(MINE, length=len(MINE) + 10)], "43000"),
    "PF-10": ([http(MINE, length=len(MINE) - 10)], "43000"),
    "PF-13": ([_raw("HTTP/1.1 200 OK", XML) + MINE[:-40]], "43000"),
    "PF-14": ([_raw("HTTP/1.1 200 OK", XML, "Transfer-Encoding: chunked") + chunked(MINE)[:-5]],
              "43000"),
    "PF-18": ([http(MINE, "Location: http://127.0.0.1:9/", status=f"{status} Elsewhere")
               for status in (301, 302, 303, 307, 308)], "43000"),
    "PF-19": ([_raw("HTTP/1.1 200 OK", "Content-Type: text/html", "Content-Length: 15")
               + b"<html>in</html>",
               _raw("HTTP/1.1 200 OK", "Content-Type: application/json", "Content-Length: 2")
               + b"{}",
               _raw("HTTP/1.1 204 No Content"),
               http(b"")], "43000"),
    "PF-20": ([http(FAULT, status="500 No"), http(FAULT)], "500"),
    "PF-20-lie": ([http(MINE, status="500 No"), http(MINE, status="404 No")], "43000"),
    "PF-21": ([http(gzip.compress(MINE), "Content-Encoding: gzip"),
               http(gzip.compress(gzip.compress(bytes(10_000_000))),
                    "Content-Encoding: gzip, gzip")], "43000"),
    "PF-22": ([_raw("HTTP/1.1 200 OK", *["X-A: a"] * 100_000),
               _raw("HTTP/1.1 200 OK", "X-A: " + "a" * 5_000_000)], "43000"),
    "PF-23": ([_raw("HTTP/1.1 200 OK", XML, f"Content-Length: {len(MINE)}",
                    "Transfer-Encoding: chunked") + chunked(MINE)], "43000"),
    "PF-24": ([http(plans(OTHER, BAD))], "43000"),
    "PF-25": ([http(plans(TOLVAN, GOOD))], "43000"),
    "not-http": ([b"SSH-2.0-OpenSSH_9\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b""], "43000"),
}  # fmt: skip


@dataclass(slots=True)
class Stage:
    """A hub with one good source and one whose behaviour each test chooses."""

    running: Running
    behave: Behaviour

    async def ask(self) -> tuple[list[tuple[str, str, str | None]], bytes, float]:
        """Status rows, answer and seconds of a question about TOLVAN."""
        begun = time.monotonic()
        status, _, body = await post(self.running, envelope(HUB, TOLVAN))
        assert status == 200
        return status_rows(body), body, time.monotonic() - begun


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One hub for all: it must bear them one after another."""
    site = Site(tmp_path_factory.mktemp("producers"))
    settings = site.write(producers=f"answer_bytes = {MOST}")
    chosen: list[Stage] = []

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> object:
        return await chosen[0].behave(asked, writer)

    async with misbehaving(behave) as bad, misbehaving(echo(GOOD)) as good:
        sources = [Source(BAD, bad.url, extra=f"timeout = {PATIENCE}"), Source(GOOD, good.url)]
        site.load_registry(site.registry(sources))
        await site.index(TOLVAN, [BAD, GOOD])
        async with running_hub(site, settings) as running:
            ask_on(running)
            chosen.append(Stage(running, echo(BAD)))
            yield chosen[0]


async def _only_the_good(stage: Stage, code: str) -> None:
    rows, body, seconds = await stage.ask()
    assert rows == [(BAD, "NoDataSynchFailed", code), (GOOD, "DataFromSource", None)]
    assert body.count(b"<carePlan ") + body.count(b"<carePlan>") == 1
    assert OTHER.encode() not in body
    assert b"canary-7f3a" not in body
    assert seconds < PATIENCE + 0.5


@pytest.mark.parametrize("case", WRITTEN)
async def test_an_answer_that_is_none_costs_its_producer_only(stage: Stage, case: str) -> None:
    """A status row for the bad one; the good one's plan is delivered, and nothing else."""
    written, code = WRITTEN[case]
    for raw in written:
        stage.behave = saying(raw)
        await _only_the_good(stage, code)


async def test_an_answer_without_length_is_whole_at_the_end_of_the_connection(
    stage: Stage,
) -> None:
    """PF-13's honest sister: HTTP allows it."""
    stage.behave = saying(_raw("HTTP/1.1 200 OK", XML) + MINE)
    rows, _, _ = await stage.ask()

    assert rows == [(BAD, "DataFromSource", None), (GOOD, "DataFromSource", None)]


async def test_silence_and_drip_end_at_the_limit(stage: Stage) -> None:
    """PF-03, PF-05: nothing, a byte of header, a byte of body now and then."""

    def dripping(raw: bytes, before: bytes = b"") -> Behaviour:
        async def behave(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
            writer.write(before)
            for at in range(len(raw)):
                writer.write(raw[at : at + 1])
                await writer.drain()
                await asyncio.sleep(0.05)
            return False

        return behave

    whole = http(MINE)
    body_at = whole.index(b"\r\n\r\n") + 4
    for behave in (_silent, dripping(whole), dripping(whole[body_at:], whole[:body_at])):
        stage.behave = behave
        await _only_the_good(stage, "504")


async def test_a_hundred_continues_buy_no_time(stage: Stage) -> None:
    """PF-22: 1xx answers are not answers; they end with the limit."""

    async def behave(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        while not writer.transport.is_closing():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)
            await writer.drain()
            await asyncio.sleep(0.01)
        return False

    stage.behave = behave
    rows, _, seconds = await stage.ask()

    assert [row[:2] for row in rows] == [(BAD, "NoDataSynchFailed"), (GOOD, "DataFromSource")]
    assert seconds < PATIENCE + 0.5


async def test_a_huge_answer_is_cut_at_the_cap(stage: Stage) -> None:
    """PF-08: by its stated length before the body; without one at the first byte over."""
    written = 0

    async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        nonlocal written
        writer.write(_raw("HTTP/1.1 200 OK", XML, "Transfer-Encoding: chunked"))
        while not writer.transport.is_closing():
            writer.write(b"10000\r\n%s\r\n" % bytes(65536))
            written += 65536
            await writer.drain()
            await asyncio.sleep(0)
        return False

    stage.behave = saying(http(b"x" * 1000, length=200_000_000))
    await _only_the_good(stage, "43000")
    stage.behave = endless
    await _only_the_good(stage, "43000")

    assert MOST < written < 16 * 1024 * 1024  # what the sockets' buffers held


async def test_a_reset_costs_one_more_try_before_the_answer_and_none_in_it(stage: Stage) -> None:
    """PF-15: never asked again once its answer has begun."""
    asked: list[int] = []

    def resetting(before: bytes) -> Behaviour:
        async def behave(each: Asked, writer: asyncio.StreamWriter) -> bool:
            asked.append(each.connection)
            writer.write(before)
            await writer.drain()
            await asyncio.sleep(0.02)
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False

        return behave

    tries = []
    for before in (b"", http(MINE)[:-40]):
        asked.clear()
        stage.behave = resetting(before)
        await _only_the_good(stage, "43000")
        tries.append(len(asked))

    assert tries == [2, 1]


async def test_status_of_another_hub_is_not_handed_on(stage: Stage) -> None:
    """PF-37: a ProcessingStatus in a producer's header is its own."""
    forged = MINE.replace(
        b"<e:Body>",
        b'<e:Header><s:ProcessingStatus xmlns:s="urn:riv:interoperability:headers:1">'
        b"<s:ProcessingStatusList><s:logicalAddress>FORGED</s:logicalAddress>"
        b"</s:ProcessingStatusList></s:ProcessingStatus></e:Header><e:Body>",
        1,
    )
    stage.behave = saying(http(forged))
    rows, body, _ = await stage.ask()

    assert rows == [(BAD, "DataFromSource", None), (GOOD, "DataFromSource", None)]
    assert b"FORGED" not in body


async def test_a_refused_connection_is_known_at_once(tmp_path: Path) -> None:
    """PF-01, PF-39: when every producer fails, each has its row, and nothing is called empty."""
    site = Site(tmp_path)
    settings = site.write()
    addresses = ["SE2129999989-A", "SE2129999989-B"]
    dead = [Source(each, f"http://127.0.0.1:{free_port()}/") for each in addresses]
    site.load_registry(site.registry(dead))
    await site.index(TOLVAN, addresses)
    async with running_hub(site, settings) as running:
        begun = time.monotonic()
        status, _, body = await post(running, envelope(HUB, TOLVAN))

    assert status == 200
    assert status_rows(body) == [(each, "NoDataSynchFailed", "43000") for each in addresses]
    assert time.monotonic() - begun < 5, "the deadline is 28 s"


async def test_slow_ones_among_twenty_hold_up_neither_the_others_nor_the_deadline(
    tmp_path: Path,
) -> None:
    """PF-04, PF-06, PF-07, PF-27: the deadline is kept, and the same documentId may come twice."""
    site = Site(tmp_path)
    settings = site.write(hub="deadline_seconds = 3")

    def silent(_source: str) -> Behaviour:
        return _silent

    def just_in_time(source: str) -> Behaviour:
        async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(1.0)
            writer.write(http(plans(asked.person, source)))

        return behave

    names = [f"SE2129999989-S{number:02}" for number in range(20)]
    behaviours = [silent, just_in_time, echo, echo, echo]
    async with contextlib.AsyncExitStack() as running_all:
        urls = [
            (await running_all.enter_async_context(misbehaving(behave(name)))).url
            for name, behave in zip(names, itertools.cycle(behaviours), strict=False)
        ]
        site.load_registry(site.registry(map(Source, names, urls)))
        await site.index(TOLVAN, names)
        async with running_hub(site, settings) as running:
            begun = time.monotonic()
            answers = await asyncio.gather(
                *(post(running, envelope(HUB, TOLVAN)) for _ in range(10))
            )
            seconds = time.monotonic() - begun

    expected = [
        (name, "NoDataSynchFailed", "504") if slow == 0 else (name, "DataFromSource", None)
        for name, slow in zip(names, itertools.cycle(range(5)), strict=False)
    ]
    assert [status_rows(body) for _, _, body in answers] == [expected] * 10
    assert [body.count(b"<c:documentId>d<") for _, _, body in answers] == [16] * 10
    assert seconds < 6, "not one after another"


async def test_every_case_is_here_or_has_its_reason() -> None:
    """PF-01 to PF-40, none forgotten; those about kept connections and TLS are beside."""
    named = {f"PF-{number:02}" for number in range(1, 41)}

    assert {case for case in named if case not in _TEXT} == set()
