"""What is wrong with files of certificates and keys, in a sentence: before OpenSSL says "error".

Knows PEM files and what people put in their place. Decides nothing of what they are for.
"""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography import x509

_KEY, _CERTIFICATE = b"PRIVATE KEY-----", b"-----BEGIN CERTIFICATE-----"


def pair_fault(certificate: Path, key: Path) -> str:
    """Why a certificate and its key cannot be loaded: the likeliest cause."""
    for path in (certificate, key):
        data = _content(path)
        if b"-----BEGIN " not in data:
            return (
                f"{path.name} is not in PEM; a PKCS #12 file is made into one with "
                f"openssl pkcs12 -in {path.name} -noenc -out system.pem"
            )
    if _CERTIFICATE not in _content(certificate):
        return f"{certificate.name} holds no certificate"
    if _KEY not in _content(key):
        return f"{key.name} holds no private key"
    if b"ENCRYPTED" in _content(key):
        return (
            f"{key.name} is encrypted, and the hub has nobody to ask for a password: "
            f"openssl pkey -in {key.name} -out plain.key"
        )
    return "the key is not that of the certificate"


def open_to_all(key: Path) -> str | None:
    """A sentence if others on the machine can read a key, or change it."""
    try:
        mode = key.stat().st_mode
    except OSError:
        return None
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        return f"{key}: others on this machine can read or change this key: chmod 600 {key.name}"
    return None


def authority_fault(authority: Path) -> str | None:
    """A sentence if a file of authorities holds a certificate that is none."""
    try:
        found = x509.load_pem_x509_certificates(authority.read_bytes())
    except (OSError, ValueError):
        return None  # whoever loads it says so
    for number, certificate in enumerate(found, start=1):
        if not _may_issue(certificate):
            which = f"certificate {number} in it" if len(found) > 1 else "its certificate"
            return (
                f"{authority}: {which} is of no authority (basicConstraints says CA:FALSE, or "
                "somebody else issued it): name the file of who issues the certificates"
            )
    return None


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.issuer == certificate.subject  # a root from before extensions
    except ValueError:
        return False


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
