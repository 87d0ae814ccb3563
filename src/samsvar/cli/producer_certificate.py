"""``samsvar producers request`` and ``certificate``: a key, a request for a certificate, and it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from samsvar.cli.counter import Counter, at_a_counter
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def an_id(name: str) -> str:
    """What can be an id, and so stands in a path as it is and leads to no other row."""
    if not name or quote(name, safe="") != name:
        raise Stop(REFUSED, "that is no producer's id: samsvar producers list")
    return name


IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="as producers list shows it", callback=an_id)
]


@at_a_counter
def request(
    at: Counter,
    name: IdArgument,
    host: Annotated[str, typer.Option(help="the host name of the system's URL")],
    private_key: Annotated[
        Path, typer.Option(help="a new key is written here; it never leaves this machine")
    ] = Path("system.key"),
    out: Annotated[Path, typer.Option(help="the request is written here")] = Path("system.csr"),
) -> None:
    """Make a key and a certificate request (CSR) with the HSA-id of the form, for an authority."""
    form = at.ask("GET", f"/producers/{name}")["form"]
    if form is None:
        raise Stop(REFUSED, f"{name} has no form: it is kept in the registry file")
    for file in (private_key, out):
        if file.exists():
            raise Stop(REFUSED, f"{file} is there already, and is not overwritten")
    made, pem = _key_and_request(host, form["hsa_id"])
    try:
        with os.fdopen(os.open(private_key, _NEW, 0o600), "wb") as opened:
            opened.write(made)
        out.write_bytes(pem)
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{error.filename}: cannot be written: {error.strerror}") from error
    _say(f"{private_key}: the key; keep it where the system runs")
    _say(f"{out}: the request; have it signed for clientAuth and serverAuth by your authority")
    _say(f"then: samsvar producers certificate {name} CERTIFICATE")


def _key_and_request(host: str, hsa_id: str) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    try:
        asked = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(
                x509.Name(
                    [
                        x509.NameAttribute(NameOID.COMMON_NAME, host),
                        x509.NameAttribute(NameOID.SERIAL_NUMBER, hsa_id),
                    ]
                )
            )
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(key, hashes.SHA256())
        )
    except ValueError as error:
        raise Stop(WRONG_INPUT, "--host: a host name, at most 64 signs of ASCII") from error
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, asked.public_bytes(serialization.Encoding.PEM)


@at_a_counter
def certificate(
    at: Counter,
    name: IdArgument,
    file: Annotated[Path, typer.Argument(help="PEM: the certificate, then its chain")],
) -> None:
    """Hand in the system's certificate. A file with a request (CSR) is judged instead."""
    try:
        pem = file.read_bytes()
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{file}: cannot be read: {error.strerror}") from error
    if b"CERTIFICATE REQUEST-----" in pem:
        judged = at.ask("POST", f"/producers/{name}/certificate-request", pem=pem)
        for line in judged["faults"] or ["an authority can sign it"]:
            _say(line)
        if not judged["acceptable"]:
            raise Stop(WRONG_INPUT, "\n".join(["it must have:", *judged["wanted"]]))
        return
    facts = at.ask("PUT", f"/producers/{name}/certificate", pem=pem)["certificate"]
    _say(f"taken: {', '.join(facts['usages'])}, until {facts['valid_to'][:10]}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
