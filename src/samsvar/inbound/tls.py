"""Mutual TLS: our certificate, whose certificates we take, and which of them are revoked.

TLS 1.3 only and no session tickets: a resumed session would not meet a newer revocation list.
Revocation is judged for each request as well, so that a held connection ends with it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from samsvar.certificate_files import authority_fault, open_to_all, pair_fault
from samsvar.settings import ListenSettings


class CertificatesUnusable(Exception):
    """A certificate file cannot be used; the text says which, and why."""


_CRL = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


def _unheard(_reason: str) -> None:
    """For who only checks the files."""


class MutualTls:
    """The TLS side of one listener. ``reload`` reads the same files again, on the live context."""

    def __init__(
        self, settings: ListenSettings, now: datetime, refused: Callable[[str], None] = _unheard
    ) -> None:
        """``refused`` hears OpenSSL's reason for each handshake that fails."""
        self._settings = settings
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.num_tickets = 0
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.sslobject_class = _telling(refused)
        self._revoked: frozenset[tuple[bytes, int]] = frozenset()
        self.reload(now)

    def reload(self, now: datetime) -> None:
        """Read certificate, key, authority and revocation list.

        Raises:
            CertificatesUnusable: nothing of what was read before has been let go.
        """
        listener = self._settings
        assert listener.certificate is not None
        assert listener.key is not None
        assert listener.client_authority is not None
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _load_pair(trial, listener.certificate, listener.key)
        _load_authority(trial, listener.client_authority)
        revoked = (
            _revoked_in(listener.revoked, listener.client_authority, now)
            if listener.revoked
            else frozenset()
        )
        _load_pair(self.context, listener.certificate, listener.key)
        _load_authority(self.context, listener.client_authority)
        self._revoked = revoked

    def is_revoked(self, certificate: bytes) -> bool:
        """Whether the list in force names the certificate (DER)."""
        if not self._revoked:
            return False
        parsed = x509.load_der_x509_certificate(certificate)
        return (parsed.issuer.public_bytes(), parsed.serial_number) in self._revoked


def expires(certificate: Path) -> datetime:
    """When the first certificate of a PEM file ends.

    Raises:
        CertificatesUnusable: there is none.
    """
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise CertificatesUnusable(f"{certificate}: no certificate in PEM") from error


def _load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for path in (certificate, key):
        if not path.is_file():
            raise CertificatesUnusable(f"{path}: no such file")
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:  # ssl.SSLError is one
        raise CertificatesUnusable(
            f"{certificate} and {key}: not a PEM certificate with its unencrypted key: "
            f"{pair_fault(certificate, key)}"
        ) from error
    if (exposed := open_to_all(key)) is not None:
        raise CertificatesUnusable(exposed)


def _load_authority(context: ssl.SSLContext, authority: Path) -> None:
    try:
        context.load_verify_locations(authority)
    except FileNotFoundError as error:
        raise CertificatesUnusable(f"{authority}: no such file") from error
    except OSError as error:
        raise CertificatesUnusable(f"{authority}: no certificate in PEM") from error
    if (fault := authority_fault(authority)) is not None:
        raise CertificatesUnusable(fault)


def _revoked_in(path: Path, authority: Path, now: datetime) -> frozenset[tuple[bytes, int]]:
    """What all lists in the file name. A list that is stale or somebody else's would let the
    revoked in: it is refused."""
    try:
        blocks = _CRL.findall(path.read_bytes())
        lists = [x509.load_pem_x509_crl(block) for block in blocks]
        issuers = x509.load_pem_x509_certificates(authority.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificatesUnusable(f"{path}: no certificate revocation list in PEM") from error
    if not lists:
        raise CertificatesUnusable(f"{path}: no certificate revocation list in PEM")
    for listed in lists:
        if not any(_signed(listed, issuer) for issuer in issuers):
            raise CertificatesUnusable(f"{path}: not signed by any authority in {authority}")
        ends = listed.next_update_utc
        if ends is not None and ends < now.astimezone(UTC):
            raise CertificatesUnusable(f"{path}: past its next update; fetch a newer list")
    return frozenset(
        (listed.issuer.public_bytes(), entry.serial_number) for listed in lists for entry in listed
    )


def _signed(listed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if listed.issuer != issuer.subject:
        return False
    try:
        return listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError):
        return False


def _telling(refused: Callable[[str], None]) -> type[ssl.SSLObject]:
    """The server's side of a handshake; asyncio says nothing of those that fail."""

    class Telling(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                refused(getattr(error, "verify_message", "") or error.reason or "no reason given")
                raise

    return Telling
