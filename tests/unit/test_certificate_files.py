"""Mistakes with certificate files: each is refused in one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from samsvar.clock import SystemClock
from samsvar.errors import ResourcesMissing
from samsvar.inbound.tls import CertificatesUnusable, MutualTls
from samsvar.outbound.http_client import client_tls
from samsvar.settings import ListenSettings, ProducerSettings
from samsvar.simulation.authority import TestAuthority


@dataclass
class Files:
    """The three files of a side that speaks TLS."""

    certificate: Path
    key: Path
    authority: Path


def _encrypted(files: Files) -> None:
    key = load_pem_private_key(files.key.read_bytes(), None)
    sealed = BestAvailableEncryption(b"x")
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))


def _pkcs12(files: Files) -> None:
    key = load_pem_private_key(files.key.read_bytes(), None)
    own = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    packed = pkcs12.serialize_key_and_certificates(
        b"x",
        key,  # type: ignore[arg-type] # an elliptic one
        own,
        None,
        BestAvailableEncryption(b"x"),
    )
    files.certificate.write_bytes(packed)


def _key_for_certificate(files: Files) -> None:
    files.certificate.write_bytes(files.key.read_bytes())


def _certificate_for_key(files: Files) -> None:
    files.key.write_bytes(files.certificate.read_bytes())


def _key_of_another(files: Files) -> None:
    other = TestAuthority(files.key.parent / "other", SystemClock().now()).server("other")
    files.key.write_bytes(other.key.read_bytes())


def _readable_by_all(files: Files) -> None:
    files.key.chmod(0o644)


def _leaf_for_authority(files: Files) -> None:
    files.authority.write_bytes(files.certificate.read_bytes())


def _leaf_beside_authority(files: Files) -> None:
    both = files.authority.read_bytes() + files.certificate.read_bytes()
    files.authority.write_bytes(both)


def _no_authority(files: Files) -> None:
    files.authority.write_bytes(b"")


MISTAKES: list[tuple[Callable[[Files], None], str]] = [
    (_encrypted, "system.key is encrypted, and the hub has nobody to ask for a password"),
    (_pkcs12, "system.pem is not in PEM; a PKCS #12 file is made into one with openssl pkcs12"),
    (_key_for_certificate, "system.pem holds no certificate"),
    (_certificate_for_key, "system.key holds no private key"),
    (_key_of_another, "the key is not that of the certificate"),
    (_readable_by_all, "others on this machine can read or change this key: chmod 600 system.key"),
    (_leaf_for_authority, "its certificate is of no authority"),
    (_leaf_beside_authority, "certificate 2 in it is of no authority"),
    (_no_authority, "PEM"),
]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Sound ones."""
    authority = TestAuthority(tmp_path, SystemClock().now())
    made = authority.server("system")
    return Files(made.certificate, made.key, authority.certificate)


def listener(files: Files) -> None:
    told = ListenSettings(
        kind="tls",
        certificate=files.certificate,
        key=files.key,
        client_authority=files.authority,
    )
    MutualTls(told, SystemClock().now())


def towards_producers(files: Files) -> None:
    client_tls(
        ProducerSettings(certificate=files.certificate, key=files.key, authority=files.authority)
    )


@pytest.mark.parametrize("side", [listener, towards_producers])
def test_sound_files_are_taken(side: Callable[[Files], None], files: Files) -> None:
    side(files)


@pytest.mark.parametrize("side", [listener, towards_producers])
@pytest.mark.parametrize(("mistake", "said"), MISTAKES)
def test_a_mistake_is_told_in_one_sentence(
    mistake: Callable[[Files], None], said: str, side: Callable[[Files], None], files: Files
) -> None:
    mistake(files)

    with pytest.raises((CertificatesUnusable, ResourcesMissing)) as caught:
        side(files)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
