"""Mutual TLS: our certificate, whose certificates we take, and which of them are revoked.

TLS 1.3 only and no session tickets: a resumed session would not meet a newer revocation list.
Revocation is judged for each request as well, so that a held connection ends with it.
"""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509

from samsvar.settings import ListenSettings


class CertificatesUnusable(Exception):
    """A certificate file cannot be used; the text says which, and why."""


class MutualTls:
    """The TLS side of one listener. ``reload`` reads the same files again, on the live context."""

    def __init__(self, settings: ListenSettings) -> None:
        self._settings = settings
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.num_tickets = 0
        self.context.verify_mode = ssl.CERT_REQUIRED
        self._revoked: frozenset[tuple[bytes, int]] = frozenset()
        self.reload()

    def reload(self) -> None:
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
        revoked = _revoked_in(listener.revoked) if listener.revoked else frozenset()
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
    except ssl.SSLError as error:
        raise CertificatesUnusable(
            f"{certificate} and {key}: not a PEM certificate with its unencrypted key"
        ) from error


def _load_authority(context: ssl.SSLContext, authority: Path) -> None:
    try:
        context.load_verify_locations(authority)
    except FileNotFoundError as error:
        raise CertificatesUnusable(f"{authority}: no such file") from error
    except ssl.SSLError as error:
        raise CertificatesUnusable(f"{authority}: no certificate in PEM") from error


def _revoked_in(path: Path) -> frozenset[tuple[bytes, int]]:
    try:
        listed = x509.load_pem_x509_crl(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificatesUnusable(f"{path}: no certificate revocation list in PEM") from error
    issuer = listed.issuer.public_bytes()
    return frozenset((issuer, entry.serial_number) for entry in listed)
