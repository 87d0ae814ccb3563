"""What the door saw is evidence: a header counts on a trusted listener only."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from samsvar.clock import SystemClock
from samsvar.inbound.http import Headers, HttpRefused
from samsvar.inbound.http_protocol import Arrival, ListenerFacts
from samsvar.inbound.peer import peer_of
from samsvar.model.exchange import Peer
from samsvar.simulation.authority import TestAuthority

HEADER = b"x-client-cert"
TRUSTED = ListenerFacts(
    secure=False, trusted=True, certificate_header=HEADER, header_seconds=1, most_connections=1
)
UNTRUSTED = replace(TRUSTED, trusted=False)
TLS = replace(UNTRUSTED, secure=True, certificate_header=None)


def _peer(
    facts: ListenerFacts, *lines: tuple[bytes, bytes], certificate: bytes | None = None
) -> Peer:
    return peer_of(Arrival(facts, certificate, 0.0), Headers(lines), ("192.0.2.7", 40000))


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A client certificate as a front would write it."""
    folder: Path = tmp_path_factory.mktemp("peer")
    authority = TestAuthority(folder, SystemClock().now())
    return authority.client("front", ["SE1-A"]).certificate.read_text()


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def test_a_tls_listener_believes_the_handshake_and_hands_on_the_header_as_evidence() -> None:
    """TL-27: the forged certificate is not looked at; the forged sender is seen, and ignored."""
    peer = _peer(TLS, (HEADER, b"AAAA"), (b"x-vp-sender-id", b"SE-FORGED"), certificate=b"der")

    assert (peer.secure, peer.trusted, peer.certificate) == (True, False, b"der")
    assert (peer.sender_header, peer.address) == ("SE-FORGED", "192.0.2.7")


def test_a_header_on_a_listener_that_is_not_trusted_is_no_certificate(pem: str) -> None:
    """HT-38, HT-39: whatever its name."""
    header = base64.b64encode(_der(pem))

    assert _peer(UNTRUSTED, (HEADER, header)).certificate is None


def test_a_trusted_front_may_write_the_certificate_in_any_of_the_usual_forms(pem: str) -> None:
    """Percent-encoded PEM, PEM with blanks or tabs for newlines, bare base64, a chain."""
    bare = base64.b64encode(_der(pem)).decode()
    forms = [
        quote(pem),
        quote(pem, safe=""),
        pem.strip().replace("\n", " "),
        pem.strip().replace("\n", "\t"),
        bare,
        f"{bare},{bare}",
    ]

    found = [_peer(TRUSTED, (HEADER, form.encode())).certificate for form in forms]
    assert found == [_der(pem)] * len(forms)


@pytest.mark.parametrize(
    "header", [b"", b"-", b"%zz", b"AAA", b"A" * 20_000, b"-----BEGIN CERTIFICATE-----", b"\xe5"]
)
def test_a_header_that_is_no_certificate_identifies_nobody(header: bytes) -> None:
    """None, and no error: identify says who is missing."""
    assert _peer(TRUSTED, (HEADER, header)).certificate is None


def test_on_a_listener_with_a_front_the_connections_own_certificate_is_the_fronts() -> None:
    """It says nothing of the caller."""
    assert _peer(TRUSTED, certificate=b"of the front").certificate is None


@pytest.mark.parametrize("name", [HEADER, b"x-vp-sender-id", b"x-vp-instance-id"])
def test_a_header_that_identifies_may_stand_once(name: bytes) -> None:
    """HT-39: one of two would be the front's, the other the caller's."""
    with pytest.raises(HttpRefused):
        _peer(TRUSTED, (name, b"A"), (name, b"B"))


def test_a_caller_on_a_unix_socket_has_no_address() -> None:
    """It is local."""
    peer = peer_of(Arrival(TRUSTED, None, 0.0), Headers([]), None)

    assert peer.address == "local"


def test_a_certificate_is_not_printed() -> None:
    """Neither as it arrives nor as evidence."""
    arrival = Arrival(TLS, b"canary", 0.0)

    assert "canary" not in repr(arrival)
    assert "canary" not in repr(peer_of(arrival, Headers([]), None))
