"""HTTP that nobody honest sends: each message is refused or served, and the next caller is served.

Cases are numbered HT-01 to HT-44. Which of them are not here, and why: ``ELSEWHERE``.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from samsvar.inbound import http_protocol
from samsvar.simulation import PEOPLE
from tests.bad_producer import Asked, BadProducer, echo, http, misbehaving, plans
from tests.hub import HUB, PLANS_PATH, Running, Site, Source, post, running_hub
from tests.raw_http import CLOSED, RawCaller, calling, chunked, head, question, statuses
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

_TEXT = Path(__file__).read_text(encoding="utf-8")
SOURCE = "SE2129999989-ECHO"
NUMBERS = [each.number for each in PEOPLE if each.root.endswith(".3.1")]
TOLVAN = NUMBERS[0]
GOOD = envelope(HUB, TOLVAN)
CLOSE = "Connection: close"
LENGTH = f"Content-Length: {len(GOOD)}"
CHUNKED = "Transfer-Encoding: chunked"
MOST = 16 * 1024
LIMITS = f"header_seconds = 0.3\nbody_seconds = 0.4\nidle_seconds = 1\nrequest_bytes = {MOST}\n"

ELSEWHERE: Mapping[str, str] = {
    "HT-17": "no host names are configured: a Host is held to its form (HT-16) and no more",
    "HT-38": "the identity header counts on trusted listeners only: test_peer",
    "HT-39": "the certificate header counts on trusted listeners only: test_peer",
    "HT-41": "HTTP/2 is not spoken; its preface is HT-18",
    "HT-42": "bounded for each listener, not for each certificate: limits.connections, below",
    "HT-43": "TLS records are OpenSSL's; the header's deadline is HT-31",
}

#: messages that must get exactly one answer, with one of these statuses, and a closed connection
REFUSED: Mapping[str, tuple[Sequence[bytes], set[int | None]]] = {
    "HT-01": (
        [head("Content-Length: 5", CHUNKED) + b"0\r\n\r\n" + question(GOOD)],
        {400},
    ),
    "HT-02": (
        [
            head("Content-Length: 3", CHUNKED) + chunked(GOOD),
            head(CHUNKED, "Content-Length: 3") + chunked(GOOD),
        ],
        {400},
    ),
    "HT-03": ([head("Content-Length: 5", LENGTH) + GOOD], {400}),
    "HT-04": ([head(LENGTH, LENGTH) + GOOD, head(f"{LENGTH}, {len(GOOD)}") + GOOD], {400}),
    "HT-05": (
        [
            head(f"Content-Length: {odd}") + b"hello"
            for odd in ("+5", "-1", "0x5", "5_0", "5 5", "")
        ],
        {400},
    ),
    "HT-06": (
        [head(f"Content-Length: {odd}") + b"hello" for odd in (2**64 + 5, 2**63 - 1)],
        {400, 413},
    ),
    "HT-07": (
        [
            head(f"Transfer-Encoding: {odd}") + chunked(GOOD)
            for odd in ("xchunked", "chunked, identity", "identity", "gzip, chunked")
        ]
        + [
            head(CHUNKED, CHUNKED) + chunked(GOOD),
            head(CHUNKED, "Transfer-Encoding: identity") + chunked(GOOD),
        ],
        {400},
    ),
    "HT-08": (
        [
            head("Transfer-Encoding : chunked") + chunked(GOOD),
            head("Transfer-Encoding: \x0bchunked") + chunked(GOOD),
        ],
        {400},
    ),
    "HT-09": ([head("X-A: b", "\tmore", LENGTH) + GOOD], {400}),
    "HT-10": (
        [
            head(LENGTH).replace(b"\r\n", b"\n") + GOOD,
            head(b"X-A: b\rc", LENGTH) + GOOD,
            head(b"X-A: b\x00c", LENGTH) + GOOD,
        ],
        {400},
    ),
    "HT-11": (
        [
            head(CHUNKED) + size + b"hello\r\n0\r\n\r\n"
            for size in (b"0x5\r\n", b"-5\r\n", b"1" * 17 + b"\r\n", b"5\n")
        ],
        {400},
    ),
    "HT-12-endless-extension": ([head(CHUNKED) + b"5;" + b"a" * 1_000_000], {431}),
    "HT-12-endless-trailer": (
        [head(CHUNKED) + chunked(b"x")[:-2] + b"X-A: " + b"a" * 1_000_000],
        {431},
    ),
    "HT-13": ([head(CHUNKED) + b"5\r\nhelloXX0\r\n\r\n"], {400}),
    "HT-15": ([head(CHUNKED, version="HTTP/1.0") + chunked(GOOD)], {400}),
    "HT-16": (
        [
            head(LENGTH, host=None) + GOOD,
            head(LENGTH, "Host: another") + GOOD,
            head(LENGTH, host="two words") + GOOD,
        ],
        {400},
    ),
    "HT-18": (
        [
            b"GET /\r\n\r\n",
            head(version="HTTP/9.9"),
            head(version="HTTP/2.0"),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        ],
        {400},
    ),
    "HT-19": ([question(GOOD, target=f"http://evil.example{PLANS_PATH}")], {400}),
    "HT-20-no-method-of-ours": (
        [
            head(method="post"),
            head(method="FOO"),
            head(method="CONNECT", target="evil.example:443"),
            head(method="OPTIONS", target="*"),
        ],
        {400},
    ),
    "HT-22": (
        [question(GOOD, target="/vp/" + "a" * 16384), question(GOOD, target="/" + "a" * 131072)],
        {414},
    ),
    "HT-23": ([head("X-A: " + "a" * 60_000)], {431}),
    # what is unread when a socket closes resets it, and may take the answer along
    "HT-23-endless": ([head("X-A: " + "a" * 2_000_000)], {431, CLOSED}),
    "HT-24": ([head(*["X-A: a"] * 500), head(*["X-A: a"] * 1000)], {431}),
    "HT-24-many": ([head(*["X-A: a"] * 5000)], {431, CLOSED}),
    "HT-26": ([head(f"Content-Length: {MOST + 1}")], {413}),
    "HT-27": ([head(CHUNKED) + b"1000\r\n%s\r\n" % bytes(4096) * 4 + b"1\r\nx\r\n"], {413}),
    "HT-28": ([head(f"Content-Length: {MOST + 1}", "Expect: 100-continue")], {413}),
    "HT-32-stalled": ([head(LENGTH) + GOOD[:50]], {408}),
    "HT-40-upgrade": ([question(GOOD, "Connection: Upgrade", "Upgrade: h2c")], {400}),
    "HT-44": ([question(GOOD, "SOAPAction: " + "a" * 65536)], {431}),
}

#: messages that get one answer with this status; the connection may go on
ANSWERED: Mapping[str, tuple[Sequence[bytes], int]] = {
    "HT-12": ([head(CHUNKED, CLOSE) + chunked(GOOD + b" " * 8000, 1)], 200),
    "HT-19-own-host": ([question(GOOD, CLOSE, target=f"http://localhost{PLANS_PATH}")], 200),
    "HT-20": (
        [head(CLOSE, method=each) for each in ("TRACE", "PUT", "DELETE", "OPTIONS", "PATCH")],
        405,
    ),
    "HT-21": ([head(CLOSE, method="GET")], 405),
    "HT-21-wsdl": ([head(CLOSE, method="GET", target=f"{PLANS_PATH}?wsdl")], 200),
    "HT-25": (
        [
            question(GOOD, CLOSE, target=path)
            for path in (
                "/a/..%2f..%2fadmin",
                "/vp/..%2f..%2fadmin",
                "/vp/../health/ready",
                "/health/../vp",
                "/vp//x",
                "//",
                "/vp/%00",
                "/vp/%ff%fe",
                "/vpn",
                "/admin",
            )
        ],
        404,
    ),
    "HT-25-bytes": ([question(GOOD, target="/vp/@").replace(b"@", b"\xff\xfe")], 400),
    "HT-29": ([question(GOOD, CLOSE, "Expect: 200-maybe")], 417),
    "HT-40": (
        [question(gzip.compress(GOOD), CLOSE, "Content-Encoding: gzip"),
         question(GOOD, CLOSE, "Content-Encoding: deflate")],
        415,
    ),
    "HT-44-unquoted": (
        [question(GOOD, CLOSE, "SOAPAction: urn:x"), question(GOOD, CLOSE)],
        200,
    ),
}  # fmt: skip


async def _site(folder: Path, producer: BadProducer) -> Site:
    site = Site(folder)
    site.write(limits=LIMITS)
    site.load_registry(site.registry([Source(SOURCE, producer.url)]))
    for number in NUMBERS:
        await site.index(number, [SOURCE])
    return site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One hub for all: it must bear them one after another."""
    async with misbehaving(echo(SOURCE)) as producer:
        site = await _site(tmp_path_factory.mktemp("hostile"), producer)
        async with running_hub(site, site.write(limits=LIMITS)) as running:
            yield running


async def _serves_the_next(hub: Running) -> None:
    status, _, body = await post(hub, GOOD)
    assert (status, body.count(TOLVAN.encode())) == (200, 1)


@pytest.mark.parametrize("case", REFUSED)
async def test_a_message_that_two_readers_could_read_differently_is_refused(
    hub: Running, case: str
) -> None:
    """One refusal, a closed connection, and no answer to what was hidden behind."""
    messages, allowed = REFUSED[case]
    for message in messages:
        (status,) = await statuses(hub.plain, message)
        assert status in allowed
    await _serves_the_next(hub)


@pytest.mark.parametrize("case", ANSWERED)
async def test_an_odd_message_gets_the_answer_that_http_has_for_it(hub: Running, case: str) -> None:
    """One answer, with the status that says what was wrong."""
    messages, expected = ANSWERED[case]
    for message in messages:
        assert await statuses(hub.plain, message) == [expected]
    await _serves_the_next(hub)


async def test_what_is_allowed_is_said_in_the_refusal(hub: Running) -> None:
    """405 names the methods, 415 the coding, 408 and 413 close."""
    told = {
        "allow": head(method="PUT"),
        "accept-encoding": question(GOOD, "Content-Encoding: gzip"),
        "connection": head(f"Content-Length: {MOST + 1}"),
    }
    said = {}
    for name, message in told.items():
        async with calling(hub.plain) as caller:
            await caller.send(message)
            answer = await caller.answer()
            assert answer is not None
            assert len(answer.body) < 256
            said[name] = answer.headers.get(name)

    assert said == {
        "allow": "POST, GET, HEAD",
        "accept-encoding": "identity",
        "connection": "close",
    }


async def test_a_trailer_is_no_header(hub: Running) -> None:
    """HT-14: what stands behind the body changes neither the sender nor the host."""
    trailers = b"Host: evil.example\r\nx-vp-sender-id: SE-FORGED\r\n\r\n"
    message = head(CHUNKED, CLOSE) + chunked(GOOD)[:-2] + trailers

    assert await statuses(hub.plain, message) == [200]
    assert b"SE-FORGED" not in (hub.site.folder / "hub.log").read_bytes()


async def test_a_large_body_is_refused_before_it_is_asked_for(hub: Running) -> None:
    """HT-28: no 100 Continue for what will not be read; one for what will."""
    async with calling(hub.plain) as caller:
        await caller.send(head(LENGTH, "Expect: 100-continue"))
        go_on = await caller.answer()
        await caller.send(GOOD)
        answer = await caller.answer()

    assert go_on is not None
    assert answer is not None
    assert (go_on.status, answer.status) == (100, 200)


async def test_a_silent_connection_is_closed_and_costs_nobody_anything(hub: Running) -> None:
    """HT-30: thirty of them, while others are served."""
    async with asyncio.TaskGroup() as group:
        silent = [group.create_task(_closed_after(hub, b"")) for _ in range(30)]
        await _serves_the_next(hub)

    assert max(task.result() for task in silent) < 1.0


async def test_a_dripped_header_is_cut(hub: Running) -> None:
    """HT-31: each byte does not buy more time."""
    async with calling(hub.plain) as caller:
        begun = time.monotonic()
        dripping = asyncio.create_task(caller.send(*_bytes(head(LENGTH)), pause=0.02))
        closed = await caller.closed()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)

    assert closed
    assert time.monotonic() - begun < 3
    await _serves_the_next(hub)


async def test_a_dripped_body_is_cut_with_408(hub: Running) -> None:
    """HT-32: the deadline is for the whole of it."""
    async with calling(hub.plain) as caller:
        begun = time.monotonic()
        dripping = asyncio.create_task(caller.send(head(LENGTH), *_bytes(GOOD), pause=0.02))
        answer = await caller.answer()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)

    assert answer is not None
    assert answer.status == 408
    assert time.monotonic() - begun < 3
    await _serves_the_next(hub)


async def test_a_kept_connection_that_falls_silent_is_closed(hub: Running) -> None:
    """Its idle time is limits.idle_seconds."""
    async with calling(hub.plain) as caller:
        await caller.send(question(GOOD))
        answer = await caller.answer()
        assert answer is not None
        assert answer.status == 200
        assert await caller.closed(2.0)


async def test_who_has_closed_its_own_half_still_gets_the_answer(hub: Running) -> None:
    """HT-34: FIN after a whole request is not a hang-up."""
    async with calling(hub.plain) as caller:
        await caller.send(question(GOOD))
        caller.writer.write_eof()
        answer = await caller.answer()

        assert answer is not None
        assert answer.status == 200
        assert await caller.closed()


async def test_half_a_request_and_a_closed_half_get_nothing(hub: Running) -> None:
    """The rest can never come: it is not waited for."""
    async with calling(hub.plain) as caller:
        await caller.send(question(GOOD)[:-10])
        caller.writer.write_eof()
        assert await caller.closed(0.3)


async def test_pipelined_questions_are_answered_in_order(hub: Running) -> None:
    """HT-36: three, then three hundred, each about the next person."""
    for count in (3, 300):
        asked = [NUMBERS[number % len(NUMBERS)] for number in range(count)]
        async with calling(hub.plain) as caller:
            sending = asyncio.create_task(
                caller.send(b"".join(question(envelope(HUB, number)) for number in asked))
            )
            assert [await _person(caller) for _ in asked] == asked
            await sending


async def test_each_answer_on_a_kept_connection_is_about_the_person_asked_for(
    hub: Running,
) -> None:
    """HT-37: three hundred questions, another person each time."""
    async with calling(hub.plain) as caller:
        for turn in range(300):
            number = NUMBERS[turn % len(NUMBERS)]
            await caller.send(question(envelope(HUB, number)))
            assert await _person(caller) == number


async def test_a_personal_number_in_the_address_is_refused_and_not_written_down(
    hub: Running,
) -> None:
    """Also hyphenated, percent-encoded, in the query and in a path that leads nowhere."""
    number = TOLVAN
    encoded = "".join(f"%{ord(digit):02x}" for digit in number)
    targets = [
        f"/vp/{number}",
        f"/vp/{number[:8]}-{number[8:]}",
        f"/vp/{encoded}",
        f"/vp/x?person={number}",
        f"/vp/x?person={encoded}",
        f"/elsewhere/{number}",
    ]

    for target in targets:
        assert await statuses(hub.plain, question(GOOD, CLOSE, target=target)) == [400]
    assert hub.hub is not None
    hub.hub.events.flush()
    log = (hub.site.folder / "hub.log").read_text()
    assert [form for form in (number, number[2:], encoded) if form in log] == []


async def test_a_body_over_the_limit_does_not_stay_in_memory(hub: Running) -> None:
    """HT-27: endless chunks are cut at the first byte over the limit."""
    chunk = b"%x\r\n%s\r\n" % (4096, bytes(4096))
    async with calling(hub.plain) as caller:
        sending = asyncio.create_task(caller.send(head(CHUNKED), *[chunk] * 10_000))
        answer = await caller.answer()
        await sending

    assert answer is None or answer.status == 413
    await _serves_the_next(hub)


async def test_who_hangs_up_is_not_worked_for(tmp_path: Path) -> None:
    """HT-35: the question to the producer is dropped, and the log does not say delivered."""
    reached, dropped = asyncio.Event(), asyncio.Event()

    async def behave(asked: Asked, _writer: asyncio.StreamWriter) -> bool:
        reached.set()
        await asked.reader.read()
        dropped.set()
        return False

    async with misbehaving(behave) as producer:
        site = await _site(tmp_path, producer)
        async with running_hub(site, site.write()) as hub:
            async with calling(hub.plain) as caller:
                await caller.send(question(GOOD))
                await asyncio.wait_for(reached.wait(), 2)
                _reset(caller)
            begun = time.monotonic()
            await asyncio.wait_for(dropped.wait(), 2)

    assert time.monotonic() - begun < 3
    log = (tmp_path / "hub.log").read_text()
    assert '"labels.reason":"cancelled"' in log
    assert '"event.action":"resp-out"' not in log


async def test_too_many_questions_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    """503 with Retry-After and no envelope; slow senders take nobody's place."""
    let_go, reached = asyncio.Event(), asyncio.Event()

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await let_go.wait()
        writer.write(http(plans(asked.person, SOURCE)))

    async with misbehaving(behave) as producer:
        site = await _site(tmp_path, producer)
        settings = site.write(limits="questions = 1")
        async with running_hub(site, settings) as hub, calling(hub.plain) as slow:
            await slow.send(head(LENGTH))
            first = asyncio.create_task(post(hub, GOOD))
            await asyncio.wait_for(reached.wait(), 2)
            refused = await post(hub, GOOD)
            let_go.set()
            served = await first
            await slow.send(GOOD)
            late = await slow.answer()

    assert (refused[0], refused[1]["retry-after"]) == (503, "1")
    assert b"<" not in refused[2]
    assert served[0] == 200
    assert late is not None
    assert late.status == 200


async def test_a_connection_over_the_limit_is_closed_and_the_others_served(tmp_path: Path) -> None:
    """limits.connections counts open ones; a place that is left is free again."""
    async with misbehaving(echo(SOURCE)) as producer:
        site = await _site(tmp_path, producer)
        settings = site.write(limits="connections = 2")
        async with running_hub(site, settings) as hub:
            async with calling(hub.plain) as first, calling(hub.plain) as second:
                await first.send(question(GOOD))
                answered = await first.answer()
                async with calling(hub.plain) as third:
                    assert await third.closed()
                await second.send(question(GOOD))
                again = await second.answer()
            assert answered is not None
            assert again is not None
            assert (answered.status, again.status) == (200, 200)
            await _serves_the_next(hub)


async def test_an_answer_that_nobody_reads_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HT-33: the connection is cut, and what it held is free."""
    monkeypatch.setattr(http_protocol, "WRITE_SECONDS", 0.2)
    answer = http(plans(TOLVAN, SOURCE, "x" * 6_000_000))

    async def behave(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with misbehaving(behave) as producer:
        site = await _site(tmp_path, producer)
        async with running_hub(site, site.write()) as hub:
            port = int(hub.plain.rsplit(":", 1)[1])
            with socket.socket() as deaf:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(deaf, ("127.0.0.1", port))
                await loop.sock_sendall(deaf, question(GOOD))
                assert await _ends(deaf, len(answer))
            status, _, _ = await post(hub, b"", path="/vp/x")

    assert status == 500


async def _ends(deaf: socket.socket, size: int) -> bool:
    """Whether the answer ends before its end, once nothing has been read for a while."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.6)
    got = 0
    try:
        while piece := await asyncio.wait_for(loop.sock_recv(deaf, 1_000_000), 1):
            got += len(piece)
    except ConnectionError:
        return True
    return got < size


async def _closed_after(hub: Running, sent: bytes) -> float:
    begun = time.monotonic()
    async with calling(hub.plain) as caller:
        await caller.send(sent)
        assert await caller.closed()
    return time.monotonic() - begun


async def _person(caller: RawCaller) -> str:
    """Whom the next answer is about: exactly one person."""
    answer = await caller.answer(10)
    assert answer is not None
    assert answer.status == 200
    (found,) = {number for number in NUMBERS if number.encode() in answer.body}
    return found


def _bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def _reset(caller: RawCaller) -> None:
    """Close with RST."""
    sock = caller.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.writer.transport.abort()


async def test_every_case_is_here_or_has_its_reason() -> None:
    """HT-01 to HT-44, none forgotten."""
    named = {f"HT-{number:02}" for number in range(1, 45)}

    assert {case for case in named if case not in _TEXT} == set()
    assert ELSEWHERE.keys() & {case[:5] for case in (*REFUSED, *ANSWERED)} == set()
