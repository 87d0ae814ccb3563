"""A producer's certificate, or its request for one: what must be in it, and what is wrong with it.

The certificate must be issued, step by step, by an authority that the settings name; its
serialNumber must be the system's HSA-id; it must be for what it will be used for. Knows no files
and signs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from samsvar.model.identifiers import folded
from samsvar.model.words import Words
from samsvar.onboarding.application import CertificateFacts
from samsvar.onboarding.refusals import NotValid

CLIENT, SERVER = "clientAuth", "serverAuth"
_USAGES = {ExtendedKeyUsageOID.CLIENT_AUTH: CLIENT, ExtendedKeyUsageOID.SERVER_AUTH: SERVER}
_LONGEST_CHAIN = 5
_LEAST_RSA_BITS = 2048  # what authorities of health care in Sweden have asked for since 2012
_LEAST_CURVE_BITS = 256
_WEAK = (hashes.MD5, hashes.SHA1)


def check_certificate(
    pem: bytes,
    hsa_id: str,
    now: datetime,
    *,
    client_authorities: Sequence[x509.Certificate],
    server_authorities: Sequence[x509.Certificate],
) -> CertificateFacts:
    """What the certificate says; the first of the file is the system's own.

    Raises:
        NotValid: with everything that is wrong with it.
    """
    own, *others = _certificates(pem)
    moment = now.astimezone(UTC)
    faults = [*_key_faults(own.public_key()), *_serial_faults(own.subject, hsa_id)]
    if isinstance(own.signature_hash_algorithm, _WEAK):
        faults.append("it is signed with SHA-1 or MD5: order one with SHA-256")
    if own.not_valid_before_utc > moment:
        faults.append(f"it is valid from {own.not_valid_before_utc:%Y-%m-%d} on, not yet")
    if own.not_valid_after_utc <= moment:
        faults.append(f"it ended {own.not_valid_after_utc:%Y-%m-%d}")
    usages = _usages(own)
    if not usages:
        faults.append(
            "its extended key usage has neither clientAuth (to tell the index) nor serverAuth"
            " (to be asked)"
        )
    for usage, authorities in ((CLIENT, client_authorities), (SERVER, server_authorities)):
        if usage in usages and not _leads_to(own, others, authorities, moment):
            faults.append(
                f"for {usage}: it does not lead to an authority that this hub trusts; send the"
                " certificates between them in the same file"
            )
    if faults:
        raise NotValid(
            Words("certifikatet kan inte användas", "the certificate cannot be used"), faults
        )
    return CertificateFacts(
        subject=own.subject.rfc4514_string(),
        issuer=own.issuer.rfc4514_string(),
        hsa_id=hsa_id,
        valid_from=own.not_valid_before_utc,
        valid_to=own.not_valid_after_utc,
        usages=usages,
        fingerprint=own.fingerprint(hashes.SHA256()).hex(),
    )


def request_faults(pem: bytes, hsa_id: str) -> tuple[str, ...]:
    """What is wrong with a request for a certificate (CSR); empty: an authority can sign it.

    Raises:
        NotValid: it cannot be read at all, or holds a private key.
    """
    _no_key_in(pem)
    try:
        request = x509.load_pem_x509_csr(pem)
    except ValueError as error:
        raise NotValid(
            Words(
                "det här är ingen certifikatbegäran i PEM (PKCS #10)",
                "this is no certificate request in PEM (PKCS #10)",
            )
        ) from error
    faults = [*_key_faults(request.public_key()), *_serial_faults(request.subject, hsa_id)]
    try:
        sound = request.is_signature_valid
    except UnsupportedAlgorithm:
        sound = False
    if not sound:
        faults.append("it is not signed by its own key")
    if not request.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        faults.append("the subject has no common name (CN): the host name of the system")
    return tuple(faults)


def wanted_in_request(hsa_id: str) -> tuple[str, ...]:
    """What a request must have, and how it can be made."""
    return (
        f"subject: serialNumber={hsa_id}, once; CN, the host name of the system",
        "key: EC P-256 or larger, or RSA of at least 2048 bits; it never leaves your machine",
        "extended key usage: clientAuth (to tell the index) and serverAuth (to be asked)",
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout system.key"
        f' -out system.csr -subj "/CN=HOST/serialNumber={hsa_id}"',
    )


def _certificates(pem: bytes) -> list[x509.Certificate]:
    _no_key_in(pem)
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise NotValid(
            Words("det här är inget certifikat i PEM", "this is no certificate in PEM")
        ) from error
    if len(found) > _LONGEST_CHAIN:
        raise NotValid(
            Words(
                f"det är fler än {_LONGEST_CHAIN} certifikat: skicka en kedja",
                f"these are more than {_LONGEST_CHAIN} certificates: send one chain",
            )
        )
    return found


def _no_key_in(pem: bytes) -> None:
    if b"PRIVATE KEY-----" in pem:
        raise NotValid(
            Words(
                "här finns en privat nyckel, som ingen annan får ha: ta den ur bruk, gör en ny"
                " och skicka certifikatet ensamt",
                "this holds a private key, which nobody else may have: take it out of use, make"
                " a new"
                " one, and send the certificate alone",
            )
        )


def _key_faults(key: object) -> tuple[str, ...]:
    match key:
        case rsa.RSAPublicKey() if key.key_size >= _LEAST_RSA_BITS:
            return ()
        case ec.EllipticCurvePublicKey() if key.key_size >= _LEAST_CURVE_BITS:
            return ()
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return ()
        case _:
            return ("its key is too weak: EC P-256 or larger, or RSA of at least 2048 bits",)


def _serial_faults(subject: x509.Name, hsa_id: str) -> tuple[str, ...]:
    serials = subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if len(serials) != 1:
        return (f"its subject has {len(serials)} serialNumber; it must have one, the HSA-id",)
    if folded(str(serials[0].value)) != folded(hsa_id):
        return ("its serialNumber is not the HSA-id of the form",)
    return ()


def _usages(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(name for usage, name in _USAGES.items() if usage in extension.value)


def _leads_to(
    own: x509.Certificate,
    others: Sequence[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    now: datetime,
) -> bool:
    """Whether each step from the certificate to an authority is signed, in time, and allowed."""
    child = own
    for between in range(_LONGEST_CHAIN):
        if any(_issued(child, authority, between, now) for authority in authorities):
            return True
        parents = (each for each in others if each != child)
        parent = next((each for each in parents if _issued(child, each, between, now)), None)
        if parent is None:
            return False
        child = parent
    return False


def _issued(child: x509.Certificate, parent: x509.Certificate, between: int, now: datetime) -> bool:
    """Whether the parent signed it, and may have; ``between``: authorities below the parent."""
    if not parent.not_valid_before_utc <= now < parent.not_valid_after_utc:
        return False
    try:
        child.verify_directly_issued_by(parent)
        limits = parent.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = _key_usage(parent)
    except (x509.ExtensionNotFound, InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    long_enough = limits.path_length is None or between <= limits.path_length
    return limits.ca and long_enough and (usage is None or usage.key_cert_sign)


def _key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
