"""``samsvar demo-sign``: the demo's authority signs a certificate request, as a real one would."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop


def demo_sign(
    request: Annotated[Path, typer.Argument(help="certificate request (CSR), PEM")],
    folder: Annotated[Path, typer.Option(help="the demo's files")] = Path(".demo"),
    out: Annotated[
        Path | None, typer.Option(help="where the certificate goes; left out: beside the request")
    ] = None,
) -> None:
    """Sign a certificate request with the demo's authority. Worth nothing outside the demo."""
    from cryptography import x509

    from samsvar.clock import SystemClock
    from samsvar.simulation.authority import TestAuthority

    try:
        authority = TestAuthority.reopened(folder / "certificates", SystemClock().now())
    except (OSError, ValueError) as error:
        raise Stop(
            REFUSED, f"{folder} has no demo's authority: start samsvar demo, or give --folder"
        ) from error
    try:
        asked = x509.load_pem_x509_csr(request.read_bytes())
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{request}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Stop(
            WRONG_INPUT, f"{request}: is no certificate request in PEM (PKCS #10)"
        ) from error
    if not asked.is_signature_valid:
        raise Stop(REFUSED, f"{request}: is not signed by its own key")
    file = out or request.with_suffix(".pem")
    try:
        file.write_bytes(authority.sign(asked))
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{file}: cannot be written: {error.strerror}") from error
    sys.stdout.write(
        f"{file}: for clientAuth and serverAuth, on this machine; signed by "
        f"{authority.certificate}\n"
    )
