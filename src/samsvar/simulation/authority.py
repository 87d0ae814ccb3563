"""A certificate authority for tests and the demo: its certificates are worth nothing elsewhere.

Elliptic keys, so that making a dozen of them takes no time; the sender's HSA-id stands in the
subject's serialNumber, as in SITHS function certificates.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
Period = tuple[datetime, datetime]
"""From and until when a certificate is valid."""


@dataclass(frozen=True, slots=True)
class Identity:
    """PEM files of a certificate and its key."""

    certificate: Path
    key: Path


class TestAuthority:
    """Issues certificates into one folder, valid from a day before ``now`` for ``days`` days."""

    __test__ = False  # the name tells people, not pytest

    def __init__(self, folder: Path, now: datetime, days: int = 365) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._now = now.astimezone(UTC)
        self._days = days
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Samsvar test authority")])
        self._certificate = self._signed(
            self._name,
            self._key.public_key(),
            [
                (x509.BasicConstraints(ca=True, path_length=0), True),
                (_key_usage(signing=True), True),
            ],
        )
        self.certificate = folder / "authority.pem"
        self.certificate.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def keep_key(self) -> None:
        """Store the authority's key beside its certificate, for ``reopened``."""
        path = self.certificate.with_suffix(".key")
        path.touch(mode=0o600)
        path.write_bytes(_key_pem(self._key))

    @classmethod
    def reopened(cls, folder: Path, now: datetime, days: int = 365) -> TestAuthority:
        """The authority of a folder where its key was kept.

        Raises:
            OSError: there is none.
            ValueError: its key is none.
        """
        one = cls.__new__(cls)
        one._folder, one._now, one._days = folder, now.astimezone(UTC), days
        one.certificate = folder / "authority.pem"
        key = serialization.load_pem_private_key(
            one.certificate.with_suffix(".key").read_bytes(), password=None
        )
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is of another kind")  # noqa: TRY004 - of a file
        one._key = key
        one._certificate = x509.load_pem_x509_certificate(one.certificate.read_bytes())
        one._name = one._certificate.subject
        return one

    def sign(self, request: x509.CertificateSigningRequest) -> bytes:
        """A certificate for both usages, in PEM: the subject of the request, for its hosts and for
        this machine."""
        here: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        try:
            asked = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            here += [name for name in asked.value if name not in here]
        except x509.ExtensionNotFound:
            pass
        both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        key = request.public_key()
        certificate = self._signed(
            request.subject,
            key,  # type: ignore[arg-type] # whatever kind of key the request is made with
            [
                (x509.BasicConstraints(ca=False, path_length=None), True),
                (x509.SubjectAlternativeName(here), False),
                (x509.ExtendedKeyUsage(both), False),
            ],
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    def server(
        self, name: str, *, host: str | None = None, valid: Period | None = None
    ) -> Identity:
        """A certificate for a server on this machine, or for ``host`` instead."""
        here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        hosts = x509.SubjectAlternativeName([_host(host)] if host else here)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._issue(
            name, subject, [(hosts, False), _usage(ExtendedKeyUsageOID.SERVER_AUTH)], valid
        )

    def client(
        self,
        name: str,
        hsa_ids: Sequence[str],
        *,
        organisation: str | None = None,
        usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH,
        valid: Period | None = None,
    ) -> Identity:
        """A certificate for a client. Several or no HSA-ids, another organisation, usage or time
        make certificates that must be refused."""
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organisation is not None:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
        attributes += [x509.NameAttribute(NameOID.SERIAL_NUMBER, hsa_id) for hsa_id in hsa_ids]
        return self._issue(name, x509.Name(attributes), [_usage(usage)] if usage else [], valid)

    def revoke(self, *identities: Identity, until: datetime | None = None) -> Path:
        """A revocation list that names these, as a PEM file; it holds ``until`` then."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(self._now - 2 * DAY)
            .next_update(until.astimezone(UTC) if until else self._now + self._days * DAY)
        )
        for identity in identities:
            certificate = x509.load_pem_x509_certificate(identity.certificate.read_bytes())
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(certificate.serial_number)
                .revocation_date(self._now)
                .build()
            )
        path = self._folder / "revoked.pem"
        revoked = builder.sign(self._key, hashes.SHA256())
        path.write_bytes(revoked.public_bytes(serialization.Encoding.PEM))
        return path

    def _issue(
        self,
        name: str,
        subject: x509.Name,
        extensions: list[tuple[x509.ExtensionType, bool]],
        valid: Period | None,
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(
            subject,
            key.public_key(),
            [
                (x509.BasicConstraints(ca=False, path_length=None), True),
                (_key_usage(signing=False), True),
                *extensions,
            ],
            valid,
        )
        identity = Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        identity.key.touch(mode=0o600)
        identity.key.write_bytes(_key_pem(key))
        return identity

    def _signed(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
        valid: Period | None = None,
    ) -> x509.Certificate:
        begins, ends = valid or (self._now - DAY, self._now + self._days * DAY)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins.astimezone(UTC))
            .not_valid_after(ends.astimezone(UTC))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _usage(usage: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage([usage]), False


def _key_usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not signing,
        key_cert_sign=signing,
        crl_sign=signing,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
