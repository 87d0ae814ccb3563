"""Who gets in by certificate, for how long, and what a change of files does while we serve.

Cases are numbered TL-01 to TL-30. Which of them are not here, and why: ``ELSEWHERE``.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from cryptography import x509

from samsvar.clock import SystemClock
from samsvar.inbound import listeners
from samsvar.inbound.tls import CertificatesUnusable, MutualTls
from samsvar.simulation.authority import Identity, TestAuthority
from tests.bad_producer import echo, misbehaving
from tests.hub import (
    CONSUMER,
    HUB,
    STRANGER,
    HubProcess,
    Running,
    Site,
    Source,
    free_port,
    post,
    running_hub,
)
from tests.raw_http import calling, question
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

_TEXT = Path(__file__).read_text(encoding="utf-8")
SOURCE = "SE2129999989-ECHO"
TOLVAN = "191212121212"
GOOD = envelope(HUB, TOLVAN)
NOW = SystemClock().now()
DAY = timedelta(days=1)
WITH_LIST = 'revoked = "certificates/revoked.pem"'

ELSEWHERE: Mapping[str, str] = {
    "TL-12": "test_identify, as TL-13, TL-14 and TL-15: the identity is read from the DER",
    "TL-13": "test_identify",
    "TL-14": "test_identify",
    "TL-15": "test_identify",
    "TL-17": "OpenSSL's security level of the machine; no setting of ours",
    "TL-18": "OpenSSL's own path checks; no setting of ours",
    "TL-20": "a flood needs the bench's own process to tell the hub's load from the caller's",
    "TL-24": "samsvar check says when a certificate ends",
    "TL-25": "test_producer_tls, as TL-26",
    "TL-26": "test_producer_tls",
    "TL-27": "test_first_question and test_peer: a header does not count on a TLS listener",
    "TL-28": "the machine's clock; every question's time stands in the access log",
    "TL-30": "early data needs session tickets, and there are none: TL-08",
}


def _nothing(_site: Site) -> None:
    """No certificate."""


def _of_another_authority(site: Site) -> Identity:
    other = TestAuthority(site.folder / "other", NOW)  # the same names, another key
    return other.client("consumer", [CONSUMER])


#: who is refused before a byte is read -> the reason that the log has
REFUSED: Mapping[str, tuple[Callable[[Site], Identity | None], str]] = {
    "TL-01": (_nothing, "PEER_DID_NOT_RETURN_A_CERTIFICATE"),
    "TL-02": (_of_another_authority, "unable to get local issuer certificate"),
    "TL-03": (
        lambda site: site.authority.client("expired", [CONSUMER], valid=(NOW - 9 * DAY, NOW - DAY)),
        "certificate has expired",
    ),
    "TL-03-early": (
        lambda site: site.authority.client("early", [CONSUMER], valid=(NOW + DAY, NOW + 9 * DAY)),
        "certificate is not yet valid",
    ),
    "TL-04": (lambda site: site.server, "unsuitable certificate purpose"),
}


@asynccontextmanager
async def _serving(folder: Path, *, hub: str = "", limits: str = "") -> AsyncIterator[Running]:
    """A hub of its own, for tests that change its files."""
    site = Site(folder)
    site.authority.revoke()
    settings = site.write(listen=WITH_LIST, hub=hub, limits=limits)
    async with misbehaving(echo(SOURCE)) as producer:
        site.load_registry(site.registry([Source(SOURCE, producer.url)]))
        await site.index(TOLVAN, [SOURCE])
        async with running_hub(site, settings) as running:
            yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One hub for those who do not change its files."""
    folder = tmp_path_factory.mktemp("tls")
    async with _serving(folder, limits="header_seconds = 0.3") as running:
        yield running


def _context(site: Site, identity: Identity | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(site.authority.certificate))
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    return context


async def _status(running: Running, context: ssl.SSLContext) -> int | None:
    """The status of a good question on a new connection; None if it got no answer."""
    try:
        async with calling(running.tls, context) as caller:
            await caller.send(question(GOOD))
            answer = await caller.answer()
    except (ssl.SSLError, ConnectionError):
        return None
    return answer.status if answer else None


async def _other_than(usual: int, running: Running, context: ssl.SSLContext) -> int | None:
    """Ask until the answer is another."""
    while (status := await _status(running, context)) == usual:
        pass
    return status


def _log(running: Running) -> str:
    assert running.hub is not None
    running.hub.events.flush()
    return (running.site.folder / "hub.log").read_text()


@pytest.mark.parametrize("case", REFUSED)
async def test_who_has_no_certificate_of_ours_is_refused_and_written_down(
    hub: Running, case: str
) -> None:
    """TL-29: nobody of these reaches HTTP, and the log says why."""
    identity, reason = REFUSED[case]
    before = _log(hub).count(reason)

    assert await _status(hub, _context(hub.site, identity(hub.site))) is None
    assert _log(hub).count(reason) == before + 1
    assert '"event.action":"refused-handshake"' in _log(hub)
    assert await _status(hub, _context(hub.site, hub.site.consumer)) == 200


async def test_a_certificate_for_any_use_is_refused_unless_the_operator_wants_it(
    hub: Running, tmp_path: Path
) -> None:
    """TL-05: no extended key usage is VP002; hub.require_client_usage = false takes it."""
    unlimited = hub.site.authority.client("unlimited", [CONSUMER], usage=None)
    status, _, body = await post(hub, GOOD, identity=unlimited)
    assert (status, b"VP002" in body) == (500, True)

    async with _serving(tmp_path, hub="require_client_usage = false") as lenient:
        unlimited = lenient.site.authority.client("unlimited", [CONSUMER], usage=None)
        assert (await post(lenient, GOOD, identity=unlimited))[0] == 200


async def test_a_good_certificate_of_nobody_we_know_is_not_permitted(hub: Running) -> None:
    """TL-19: VP007, not VP004: it learns nothing of which addresses there are."""
    stranger = hub.site.authority.client("stranger", [STRANGER])
    status, _, body = await post(hub, GOOD, identity=stranger)

    assert (status, b"VP007" in body, b"VP004" in body) == (500, True, False)


async def test_a_revoked_certificate_is_refused_for_each_request(tmp_path: Path) -> None:
    """TL-06, TL-07, TL-09: on a new connection and on one held since before, without a restart."""
    async with _serving(tmp_path) as running:
        assert running.hub is not None
        site = running.site
        context = _context(site, site.consumer)
        other = site.authority.client("other", [CONSUMER])
        async with calling(running.tls, context) as held:
            await held.send(question(GOOD))
            before = await held.answer()
            site.authority.revoke(site.consumer)
            running.hub.reload_certificates()
            await held.send(question(GOOD))
            after = await held.answer()
            closed = await held.closed()
        new = await _status(running, context)
        spared = await _status(running, _context(site, other))
        site.authority.revoke()
        running.hub.reload_certificates()
        forgiven = await _status(running, context)
        log = _log(running)

    assert before is not None
    assert after is not None
    assert (before.status, after.status, closed) == (200, 403, True)
    assert (new, spared, forgiven) == (403, 200, 200)
    assert b"<" not in after.body
    assert log.count("a revoked certificate was refused") == 2
    assert log.count('"event.action":"certificates-reloaded"') == 2


def _stale(site: Site) -> None:
    site.authority.revoke(until=NOW - DAY)


def _somebody_elses(site: Site) -> None:
    theirs = TestAuthority(site.folder / "other", NOW).revoke()
    (site.folder / "certificates/revoked.pem").write_bytes(theirs.read_bytes())


def _cut(site: Site) -> None:
    path = site.folder / "certificates/revoked.pem"
    path.write_bytes(path.read_bytes()[:-60])


def _gone(site: Site) -> None:
    (site.folder / "certificates/revoked.pem").unlink()


@pytest.mark.parametrize("spoil", [_stale, _somebody_elses, _cut, _gone])
async def test_a_list_that_cannot_be_used_lets_nobody_in_again(
    tmp_path: Path, spoil: Callable[[Site], None]
) -> None:
    """TL-10, TL-11: the old one stays in force, the log says so; nobody starts with a bad one."""
    site = Site(tmp_path)
    async with _serving(tmp_path) as running:
        assert running.hub is not None
        site = running.site
        site.authority.revoke(site.consumer)
        running.hub.reload_certificates()
        spoil(site)
        running.hub.reload_certificates()
        assert await _status(running, _context(site, site.consumer)) == 403
        assert "certificates kept as they were" in _log(running)

    with pytest.raises(CertificatesUnusable, match=r"revoked\.pem"):
        MutualTls(site.write(listen=WITH_LIST).listen[0], NOW)


async def test_every_list_of_the_file_counts(tmp_path: Path) -> None:
    """A file with lists of two authorities: the second is not forgotten."""
    async with _serving(tmp_path) as running:
        assert running.hub is not None
        site = running.site
        path = site.authority.revoke()
        first = path.read_bytes()
        path.write_bytes(first + site.authority.revoke(site.consumer).read_bytes())
        running.hub.reload_certificates()

        assert await _status(running, _context(site, site.consumer)) == 403


async def test_a_new_certificate_is_shown_to_new_connections_and_held_ones_go_on(
    tmp_path: Path,
) -> None:
    """TL-22: no restart, no dropped request."""
    async with _serving(tmp_path) as running:
        assert running.hub is not None
        site = running.site
        context = _context(site, site.consumer)
        async with calling(running.tls, context) as held:
            await held.send(question(GOOD))
            before = await held.answer()
            first = await asyncio.to_thread(_shown, running, context)
            site.authority.server("server")  # the same files, another certificate
            running.hub.reload_certificates()
            second = await asyncio.to_thread(_shown, running, context)
            await held.send(question(GOOD))
            after = await held.answer()

    assert before is not None
    assert after is not None
    assert (before.status, after.status) == (200, 200)
    assert first != second
    assert second == _serial(site.server.certificate)


def _mismatched(site: Site) -> None:
    other = site.authority.server("another")
    site.server.key.write_bytes(other.key.read_bytes())


def _cut_key(site: Site) -> None:
    site.server.key.write_bytes(site.server.key.read_bytes()[:-40])


def _no_certificate(site: Site) -> None:
    site.server.certificate.unlink()


def _no_authority(site: Site) -> None:
    site.authority.certificate.write_text("nothing")


@pytest.mark.parametrize("spoil", [_mismatched, _cut_key, _no_certificate, _no_authority])
async def test_a_pair_that_does_not_fit_changes_nothing_but_the_log(
    tmp_path: Path, spoil: Callable[[Site], None]
) -> None:
    """TL-23: the old pair serves on."""
    async with _serving(tmp_path) as running:
        assert running.hub is not None
        site = running.site
        context = _context(site, site.consumer)
        before = await asyncio.to_thread(_shown, running, context)
        spoil(site)
        running.hub.reload_certificates()

        assert await asyncio.to_thread(_shown, running, context) == before
        assert await _status(running, context) == 200
        assert "certificates kept as they were" in _log(running)


async def test_older_tls_is_refused(hub: Running) -> None:
    """TL-16: 1.3 and nothing below."""
    context = _context(hub.site, hub.site.consumer)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert await _status(hub, context) is None


async def test_no_session_can_be_resumed(hub: Running) -> None:
    """TL-08: a resumed session would not meet a newer revocation list."""
    context = _context(hub.site, hub.site.consumer)

    assert await asyncio.to_thread(_resumed, hub, context) == (False, False)


async def test_silence_in_place_of_a_handshake_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TL-21: asyncio alone would wait for a minute."""
    monkeypatch.setattr(listeners, "HANDSHAKE_SECONDS", 0.2)
    async with _serving(tmp_path) as running:
        begun = time.monotonic()
        async with calling(running.tls.replace("https", "http")) as silent:
            assert await silent.closed()
        assert time.monotonic() - begun < 10, "and not for a minute"


async def test_silence_after_the_handshake_is_closed(hub: Running) -> None:
    """The header's deadline holds under TLS, and does not wait for a goodbye."""
    begun = time.monotonic()
    async with calling(hub.tls, _context(hub.site, hub.site.consumer)) as silent:
        assert await silent.closed()

    assert time.monotonic() - begun < 10


@pytest.mark.slow
async def test_sighup_reads_the_files_again(tmp_path: Path) -> None:
    """What an operator does: replace the list, send the signal."""
    site = Site(tmp_path)
    site.authority.revoke()
    tls, plain = free_port(), free_port()
    site.write(tls_port=tls, plain_port=plain, listen=WITH_LIST)
    site.load_registry(site.registry([]))
    process = HubProcess(site)
    try:
        await asyncio.to_thread(process.until_ready, f"http://127.0.0.1:{plain}")
        running = Running(None, f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{plain}", site)
        context = _context(site, site.consumer)
        before = await _status(running, context)
        nobody = await _status(running, _context(site, None))
        site.authority.revoke(site.consumer)
        process.process.send_signal(signal.SIGHUP)
        after = await asyncio.wait_for(_other_than(200, running, context), 3)
    finally:
        stopped = process.stop()

    assert (nobody, before, after, stopped) == (None, 200, 403, 0)
    assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in process.log.read_text()


async def test_every_case_is_here_or_has_its_reason() -> None:
    """TL-01 to TL-30, none forgotten."""
    named = {f"TL-{number:02}" for number in range(1, 31)}

    assert {case for case in named if case not in _TEXT} == set()


def _connected(running: Running) -> socket.socket:
    parts = urlsplit(running.tls)
    assert parts.hostname is not None
    assert parts.port is not None
    return socket.create_connection((parts.hostname, parts.port), timeout=2)


def _shown(running: Running, context: ssl.SSLContext) -> int:
    """The serial number of the certificate that a new connection is shown."""
    with _connected(running) as plain, context.wrap_socket(plain, server_hostname="localhost") as s:
        shown = s.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown).serial_number


def _serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def _resumed(running: Running, context: ssl.SSLContext) -> tuple[bool, bool]:
    """Whether a ticket came with an answer, and whether a second connection could use it."""
    session: ssl.SSLSession | None = None
    reused = False
    for _ in range(2):
        with (
            _connected(running) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as s,
        ):
            s.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert s.recv(100).startswith(b"HTTP/1.1 200 ")
            reused, session = bool(s.session_reused), s.session
    return bool(session and session.has_ticket), reused
