"""What can be seen of a producer's door before any question: DNS, TCP, TLS, certificate.

Plain sockets, in a thread: aiohttp hides most of it. No question is sent here, and where a
certificate is looked at without being believed, the connection is closed at once.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509

from samsvar.bench.target import Target, TlsIdentity

PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Door:
    """What was found. A text says what went wrong; None means that it went well."""

    https: bool
    dns: str | None = None
    tcp: str | None = None
    chain: str | None = None
    host_name: str | None = None
    handshake: str | None = None
    """With our certificate, everything checked."""
    ends: datetime | None = None
    demands_certificate: bool | None = None
    """None: it could not be told."""
    takes_old: bool | None = None
    """TLS 1.0 or 1.1. None: this machine cannot offer them."""
    takes_1_3: bool | None = None
    cipher: str = ""
    """The one chosen under TLS 1.2, or the best there is."""

    @property
    def reachable(self) -> bool:
        """Whether questions can be put at all."""
        return self.dns is None and self.tcp is None and self.handshake is None


@dataclass(frozen=True, slots=True)
class DoorSeen:
    """The door, and when it was looked at."""

    door: Door
    now: datetime


@dataclass(frozen=True, slots=True)
class _Place:
    """A host by its name, and the addresses where it is."""

    host: str
    port: int
    addresses: tuple[str, ...]

    def connect(self) -> socket.socket:
        """A connection to the first address that takes it."""
        for address in self.addresses[:-1]:
            try:
                return socket.create_connection((address, self.port), PATIENCE)
            except OSError:
                continue
        return socket.create_connection((self.addresses[-1], self.port), PATIENCE)


def look_at(target: Target) -> Door:
    """Look at the door."""
    parts = urlsplit(target.url)
    https, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if https else 80)
    addresses = target.addresses
    if addresses is None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        return Door(https, dns="the host name is unknown")
    place = _Place(host, port, addresses)
    try:
        place.connect().close()
    except OSError as error:
        return Door(https, tcp=error.strerror or type(error).__name__)
    if not https:
        return Door(https)
    return _look_at_tls(target.tls, place)


def _look_at_tls(identity: TlsIdentity, place: _Place) -> Door:
    chain = name = None
    try:
        cipher = _shake(identity.context(), place)[0]
        handshake = None
    except (OSError, ValueError) as error:
        cipher, handshake = "", _why(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            # X509_V_ERR_HOSTNAME_MISMATCH and ..._IP_ADDRESS_MISMATCH
            named = error.verify_code in (62, 64)
            name, chain = (handshake, None) if named else (None, handshake)
    only_2 = identity.context(verify=False)
    only_2.maximum_version = ssl.TLSVersion.TLSv1_2
    only_3 = identity.context(verify=False)
    only_3.minimum_version = ssl.TLSVersion.TLSv1_3
    return Door(
        True,
        chain=chain,
        host_name=name,
        handshake=handshake,
        ends=_end_of_certificate(identity, place),
        demands_certificate=_demands(identity, place) if handshake is None else None,
        takes_old=_takes_old(identity, place),
        takes_1_3=_takes(only_3, place),
        cipher=_chosen(only_2, place) or cipher or _chosen(_wide(identity), place),
    )


def _wide(identity: TlsIdentity) -> ssl.SSLContext:
    """Every cipher that this machine has: to see which one a producer takes if no good one."""
    context = identity.context(verify=False)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _shake(context: ssl.SSLContext, place: _Place) -> tuple[str, bytes]:
    """Cipher and certificate of a handshake that went well."""
    with (
        place.connect() as plain,
        context.wrap_socket(plain, server_hostname=place.host) as secured,
    ):
        chosen = secured.cipher()
        return (chosen[0] if chosen else ""), secured.getpeercert(binary_form=True) or b""


def _why(error: Exception) -> str:
    """In fixed words; a certificate's own names are not repeated."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in (62, 64):
            return "the certificate is for another host name"
        if error.verify_code == 10:
            return "the certificate has ended"
        return "the certificate is not from a trusted issuer"
    if isinstance(error, ssl.SSLError):
        return "no handshake"
    return "the connection broke"


def _takes(context: ssl.SSLContext, place: _Place) -> bool:
    try:
        _shake(context, place)
    except (OSError, ValueError):
        return False
    return True


def _chosen(context: ssl.SSLContext, place: _Place) -> str:
    try:
        return _shake(context, place)[0]
    except (OSError, ValueError):
        return ""


def _end_of_certificate(identity: TlsIdentity, place: _Place) -> datetime | None:
    try:
        certificate = _shake(identity.context(verify=False), place)[1]
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc.astimezone(UTC)
    except (OSError, ValueError):
        return None


def _takes_old(identity: TlsIdentity, place: _Place) -> bool | None:
    """Whether TLS 1.0 or 1.1 is taken, as far as this machine can try."""
    context = identity.context(verify=False)
    try:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with _no_warnings():
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    except (ssl.SSLError, ValueError):
        return None
    return _takes(context, place)


def _no_warnings() -> warnings.catch_warnings[None]:
    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)


def _demands(identity: TlsIdentity, place: _Place) -> bool | None:
    """Whether a caller without a certificate is turned away before it has asked anything.

    Under TLS 1.3 the refusal comes after the handshake, so something must be read. The request
    is for nothing, without a body: what a browser that went astray would send.
    """
    context = identity.context(shows_certificate=False)
    asked = f"HEAD / HTTP/1.1\r\nHost: {place.host}\r\nConnection: close\r\n\r\n".encode()
    try:
        with (
            place.connect() as plain,
            context.wrap_socket(plain, server_hostname=place.host) as secured,
        ):
            secured.sendall(asked)
            first = secured.recv(64)
    except TimeoutError:
        return None
    except OSError:
        return True
    # No answer: it closed the connection. 403 or 401: it demands it a floor up (BP31 rule 28).
    return not first or first.startswith((b"HTTP/1.1 403", b"HTTP/1.1 401", b"HTTP/1.0 403"))
