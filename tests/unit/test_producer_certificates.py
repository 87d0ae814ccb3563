"""A producer's certificate and its request: what is taken, and each thing that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from samsvar.clock import SystemClock
from samsvar.onboarding.certificates import check_certificate, request_faults, wanted_in_request
from samsvar.onboarding.refusals import NotValid
from samsvar.simulation.authority import DAY, TestAuthority
from tests.onboarding import FORM, KOMMUN, SYSTEM, opened

NOW = SystemClock().now()


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    """Whom the hub trusts."""
    return TestAuthority(tmp_path / "trusted", NOW)


def trusted(authority: TestAuthority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(authority.certificate.read_bytes())


def faults(pem: bytes, authority: TestAuthority) -> tuple[str, ...]:
    """What is wrong with it; empty: it was taken."""
    own = trusted(authority)
    try:
        check_certificate(pem, SYSTEM, NOW, client_authorities=own, server_authorities=own)
    except NotValid as error:
        return tuple(map(str, error.faults)) or (str(error),)
    return ()


def test_a_good_certificate_is_taken_and_told_of(authority: TestAuthority) -> None:
    """Whose, for what, until when; the HSA-id in whatever case."""
    identity = authority.client("own", [SYSTEM.lower()])
    own = trusted(authority)

    facts = check_certificate(
        identity.certificate.read_bytes(),
        SYSTEM,
        NOW,
        client_authorities=own,
        server_authorities=(),
    )

    assert facts.usages == ("clientAuth",)
    assert facts.hsa_id == SYSTEM
    assert facts.issuer == "CN=Samsvar test authority"
    assert facts.valid_to - facts.valid_from == timedelta(days=366)
    parsed = x509.load_pem_x509_certificate(identity.certificate.read_bytes())
    assert facts.fingerprint == parsed.fingerprint(hashes.SHA256()).hex()


BAD: list[tuple[Callable[[TestAuthority], object], str]] = [
    (lambda a: a.client("x", []), "its subject has 0 serialNumber"),
    (lambda a: a.client("x", [SYSTEM, "SE2"]), "its subject has 2 serialNumber"),
    (lambda a: a.client("x", ["SE2-B"]), "its serialNumber is not the HSA-id of the form"),
    (lambda a: a.client("x", [SYSTEM], usage=None), "its extended key usage has neither"),
    (
        lambda a: a.client("x", [SYSTEM], usage=ExtendedKeyUsageOID.CODE_SIGNING),
        "its extended key usage has neither",
    ),
    (lambda a: a.client("x", [SYSTEM], valid=(NOW - 9 * DAY, NOW - DAY)), "it ended "),
    (lambda a: a.client("x", [SYSTEM], valid=(NOW + DAY, NOW + 9 * DAY)), "it is valid from "),
]


@pytest.mark.parametrize(("make", "fault"), BAD)
def test_what_is_wrong_with_a_certificate_is_told(
    authority: TestAuthority, make: Callable[[TestAuthority], object], fault: str
) -> None:
    """One thing wrong, one fault."""
    identity = make(authority)

    (told,) = faults(identity.certificate.read_bytes(), authority)  # type: ignore[attr-defined]
    assert told.startswith(fault)


def test_a_certificate_of_another_authority_is_refused(
    authority: TestAuthority, tmp_path: Path
) -> None:
    """Also when that one has the same name; and when it sends its authority along."""
    other = TestAuthority(tmp_path / "other", NOW)
    pem = other.client("own", [SYSTEM]).certificate.read_bytes()

    for sent in (pem, pem + other.certificate.read_bytes()):
        (told,) = faults(sent, authority)
        assert told.startswith("for clientAuth: it does not lead to an authority")


def test_a_leaf_cannot_issue_another(authority: TestAuthority) -> None:
    """Signed by a certificate of the authority that is no authority itself."""
    leaf = authority.client("leaf", [SYSTEM])
    key = serialization.load_pem_private_key(leaf.key.read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(leaf.certificate.read_bytes())
    pem = _issued(issuer.subject, key).public_bytes(serialization.Encoding.PEM)

    (told,) = faults(pem + leaf.certificate.read_bytes(), authority)
    assert told.startswith("for clientAuth: it does not lead to an authority")


def _authority(
    name: str,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    longest: int | None,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=longest), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@pytest.mark.parametrize(("longest", "with_it"), [(None, 0), (1, 0), (0, 1)])
def test_an_authority_between_must_be_sent_along(longest: int | None, with_it: int) -> None:
    """Then the chain leads to one that is trusted, if that one lets others issue."""
    top, middle = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _authority("Root", "Root", top, top, longest)
    between = _authority("Between", "Root", top, middle, None)
    pem = _issued(_named("Between"), middle).public_bytes(serialization.Encoding.PEM)
    chain = between.public_bytes(serialization.Encoding.PEM)

    def wrong(sent: bytes) -> int:
        try:
            check_certificate(sent, SYSTEM, NOW, client_authorities=[root], server_authorities=[])
        except NotValid as error:
            return len(error.faults)
        return 0

    assert (wrong(pem + chain), wrong(pem)) == (with_it, 1)


def test_weak_keys_are_refused(authority: TestAuthority) -> None:
    """1024 bits of RSA are not enough, in certificates and in requests."""
    key = rsa.generate_private_key(65537, 1024)
    pem = _request(key, SYSTEM, "host.example")

    assert request_faults(pem, SYSTEM) == (
        "its key is too weak: EC P-256 or larger, or RSA of at least 2048 bits",
    )
    assert faults(authority.client("x", [SYSTEM]).certificate.read_bytes(), authority) == ()


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\xff" * 100,
    ],
)
def test_what_is_no_pem_is_refused(authority: TestAuthority, pem: bytes) -> None:
    """As a certificate and as a request."""
    assert faults(pem, authority) == ("this is no certificate in PEM",)
    with pytest.raises(NotValid, match="no certificate request"):
        request_faults(pem, SYSTEM)


def test_a_private_key_is_refused_whatever_is_beside_it(authority: TestAuthority) -> None:
    """It is known to others from now on."""
    identity = authority.client("own", [SYSTEM])
    both = identity.certificate.read_bytes() + identity.key.read_bytes()

    (told,) = faults(both, authority)
    assert told.startswith("this holds a private key, which nobody else may have")
    with pytest.raises(NotValid, match="private key"):
        request_faults(identity.key.read_bytes(), SYSTEM)


def test_a_request_is_judged_and_what_is_wanted_is_told() -> None:
    """A good one has no faults; a bad one has each."""
    key = ec.generate_private_key(ec.SECP256R1())

    assert request_faults(_request(key, SYSTEM, "host.example"), SYSTEM) == ()
    assert request_faults(_request(key, "SE2-B", None), SYSTEM) == (
        "its serialNumber is not the HSA-id of the form",
        "the subject has no common name (CN): the host name of the system",
    )
    assert f"serialNumber={SYSTEM}" in wanted_in_request(SYSTEM)[0]


def test_a_certificate_of_the_form_is_kept_until_its_hsa_id_changes(
    authority: TestAuthority, tmp_path: Path
) -> None:
    """It was for that HSA-id."""
    pem = authority.client("own", [SYSTEM]).certificate.read_bytes()
    with opened(tmp_path / "data", authority) as office:
        name = office.desk.register(KOMMUN, FORM).id
        office.desk.take_certificate(KOMMUN, name, pem)
        kept = office.desk.one(KOMMUN, name).application
        office.desk.change(KOMMUN, name, lambda form: replace(form, hsa_id="SE2-B"))
        gone = office.desk.one(KOMMUN, name).application

    assert kept is not None
    assert kept.certificate is not None
    assert kept.certificate_pem.encode() == pem
    assert kept.certificate.usages == ("clientAuth",)
    assert gone is not None
    assert (gone.certificate, gone.certificate_pem) == (None, "")


def _issued(issuer: x509.Name, key: object) -> x509.Certificate:
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "own"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, SYSTEM),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )


def _request(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, hsa_id: str, host: str | None
) -> bytes:
    names = [x509.NameAttribute(NameOID.SERIAL_NUMBER, hsa_id)]
    if host is not None:
        names.append(x509.NameAttribute(NameOID.COMMON_NAME, host))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
