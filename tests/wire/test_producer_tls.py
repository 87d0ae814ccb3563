"""TLS towards producers: who is not the one we mean is sent nothing at all.

PF-02, PF-33; TL-25, TL-26.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import ProducerTimedOut, ProducerUnreachable
from samsvar.outbound.http_client import HttpClient, client_tls
from samsvar.settings import ProducerSettings
from samsvar.simulation.authority import Identity, TestAuthority
from tests.bad_producer import http as answer
from tests.bad_producer import misbehaving, saying

pytestmark = pytest.mark.wire

NOW = SystemClock().now()
DAY = timedelta(days=1)
OK = saying(answer(b"yes"))


def _server(identity: Identity, asks_for: TestAuthority | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    if asks_for is not None:
        context.load_verify_locations(asks_for.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _settings(authority: TestAuthority, identity: Identity | None = None) -> ProducerSettings:
    return ProducerSettings(
        authority=authority.certificate,
        certificate=identity.certificate if identity else None,
        key=identity.key if identity else None,
    )


@contextlib.asynccontextmanager
async def _client(settings: ProducerSettings) -> AsyncIterator[HttpClient]:
    client = HttpClient(settings, client_tls(settings))
    try:
        yield client
    finally:
        await client.close()


def _of_another_authority(authority: TestAuthority, folder: Path) -> Identity:
    return TestAuthority(folder / "other", NOW).server("server")


def _for_another_host(authority: TestAuthority, _folder: Path) -> Identity:
    return authority.server("server", host="elsewhere.example")


def _expired(authority: TestAuthority, _folder: Path) -> Identity:
    return authority.server("server", valid=(NOW - 9 * DAY, NOW - DAY))


def _for_clients(authority: TestAuthority, _folder: Path) -> Identity:
    return authority.client("server", ["SE2129999989-X"])


@pytest.mark.parametrize("made", [_of_another_authority, _for_another_host, _expired, _for_clients])
async def test_a_producer_that_is_not_who_we_mean_is_sent_nothing(
    tmp_path: Path, made: Callable[[TestAuthority, Path], Identity]
) -> None:
    """TL-25: no byte of the question leaves, and it is not tried without checks."""
    authority = TestAuthority(tmp_path / "ours", NOW)
    tls = _server(made(authority, tmp_path))
    async with misbehaving(OK, tls) as producer, _client(_settings(authority)) as client:
        with pytest.raises(ProducerUnreachable, match=r"^TLS: its certificate$"):
            await client.exchange("POST", producer.url, {}, b"secret", 2)

    assert (producer.raw_bytes, producer.asked) == (0, [])


async def test_the_hub_shows_its_own_certificate(tmp_path: Path) -> None:
    """And the right producer gets the question."""
    authority = TestAuthority(tmp_path, NOW)
    tls = _server(authority.server("server"), authority)
    hub = authority.client("hub", ["SE5565594230-SAMSVAR"])
    async with misbehaving(OK, tls) as producer, _client(_settings(authority, hub)) as client:
        exchange = await client.exchange("POST", producer.url, {}, b"question", 2)

    assert exchange.body == b"yes"


async def test_a_producer_that_wants_a_certificate_we_lack_is_unreachable(tmp_path: Path) -> None:
    """TL-26: no hang, and nothing of the question is read there."""
    authority = TestAuthority(tmp_path, NOW)
    tls = _server(authority.server("server"), authority)
    async with misbehaving(OK, tls) as producer, _client(_settings(authority)) as client:
        with pytest.raises(ProducerUnreachable):
            await client.exchange("POST", producer.url, {}, b"question", 2)

    assert (producer.raw_bytes, producer.asked) == (0, [])


async def test_old_tls_is_not_spoken(tmp_path: Path) -> None:
    """1.2 is the oldest towards producers."""
    authority = TestAuthority(tmp_path, NOW)

    context = client_tls(_settings(authority))

    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@contextlib.contextmanager
def _full() -> Iterator[int]:
    """A port whose queue is full: what connects to it hears nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(listening.getsockname())
            yield listening.getsockname()[1]
        finally:
            for each in waiting:
                each.close()


async def test_who_does_not_take_the_connection_is_not_waited_for() -> None:
    """PF-02: producers.connect_seconds, not the whole patience."""
    settings = ProducerSettings(connect_seconds=0.2)
    with _full() as port:
        async with _client(settings) as client:
            begun = time.monotonic()
            with pytest.raises(ProducerTimedOut, match="timeout"):
                await client.exchange("POST", f"http://127.0.0.1:{port}/", {}, b"question", 5)

    assert time.monotonic() - begun < 3


async def test_a_handshake_that_is_never_answered_ends_with_the_patience(tmp_path: Path) -> None:
    """https in the registry, and at the other end something that waits for plain text."""
    authority = TestAuthority(tmp_path, NOW)

    async with misbehaving(OK) as silent, _client(_settings(authority)) as client:
        url = silent.url.replace("http:", "https:")
        begun = time.monotonic()
        with pytest.raises(ProducerTimedOut):
            await client.exchange("POST", url, {}, b"question", 0.3)

    assert time.monotonic() - begun < 3
    assert silent.asked == []
