"""``samsvar sim``: run the simulator of a source system, or of an identity provider, by itself."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop
from samsvar.cli.sim_producer import PRODUCER, serve_producer
from samsvar.cli.sim_users import IDENTITY_PROVIDER, TOKEN, print_token, serve_identities
from samsvar.manifest import load_adapters


def simulator(system: str) -> Any:
    """The simulator module of an adapter.

    Raises:
        Stop: there is no such adapter; the text names those that are.
    """
    known = sorted(load_adapters())
    if system not in known:
        there = ", ".join([*known, PRODUCER, IDENTITY_PROVIDER])
        raise Stop(WRONG_INPUT, f"no simulator called {system!r}; there are: {there}")
    return import_module(f"samsvar_adapters.{system}.simulator")


def sim(
    system: Annotated[
        str,
        typer.Argument(
            help="which source system, for example prator; producer, which needs no adapter; "
            "or identity-provider; or token"
        ),
    ],
    port: Annotated[int, typer.Option(help="port on 127.0.0.1; 0 lets the machine choose")] = 0,
    latency: Annotated[float, typer.Option(help="seconds before each answer")] = 0.0,
    outage: Annotated[bool, typer.Option(help="answer 503 to everything")] = False,
    garbage: Annotated[bool, typer.Option(help="answer with bytes that are no message")] = False,
    drip: Annotated[float, typer.Option(help="seconds between the bytes of an answer")] = 0.0,
    fault: Annotated[bool, typer.Option(help="fail in the system's own way")] = False,
    wrong_patient: Annotated[bool, typer.Option(help="answer with somebody else's")] = False,
    certificate: Annotated[Path | None, typer.Option(help="PEM, for mutual TLS")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM, its key")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="PEM, who issues client certificates")
    ] = None,
    hsa_id: Annotated[str | None, typer.Option(help="producer: its logical address")] = None,
    index: Annotated[
        str | None, typer.Option(help="producer: URL of a hub, whose index it tells")
    ] = None,
    alias: Annotated[
        str | None, typer.Option("--as", help="token: who logs in, for example vera")
    ] = None,
) -> None:
    """Run the simulator of a source system until interrupted.

    Turn its knobs while it runs: POST a JSON object to /_simulator/knobs.

    identity-provider: fictive staff and citizens, and their tokens. token: print one of them.
    """
    if system == TOKEN:
        print_token(alias, port)
        return
    if alias is not None:
        raise Stop(WRONG_INPUT, "--as goes with `samsvar sim token` only")
    from samsvar.simulation import Knobs, Tls

    knobs = Knobs(latency, outage, False, garbage, drip, fault, wrong_patient)
    tls = None
    if certificate or key or authority:
        if not (certificate and key and authority):
            raise Stop(WRONG_INPUT, "--certificate, --key and --authority go together")
        for file in (certificate, key, authority):
            if not file.is_file():
                raise Stop(WRONG_INPUT, f"{file}: there is no such file")
        tls = Tls(certificate, key, authority)
    if system != PRODUCER and (hsa_id or index):
        raise Stop(WRONG_INPUT, f"--hsa-id and --index go with `samsvar sim {PRODUCER}` only")
    if system == PRODUCER:
        serving = serve_producer(hsa_id, index, knobs, port, tls)
    elif system == IDENTITY_PROVIDER:
        if tls or drip or fault or wrong_patient:
            raise Stop(
                WRONG_INPUT,
                "identity-provider has --port, --latency, --outage and --garbage only",
            )
        serving = serve_identities(port, latency, outage=outage, garbage=garbage)
    else:
        serving = _serve_source(system, simulator(system).application(knobs), port, tls)
    try:
        asyncio.run(serving)
    except OSError as error:
        raise Stop(UNREACHED, f"cannot listen on port {port}: {error.strerror}") from error


async def _serve_source(system: str, application: Any, port: int, tls: Any) -> None:
    from samsvar.simulation import running

    async with running(application, port=port, tls=tls) as url:
        sys.stdout.write(f"{system} answers at {url}\nknobs: {url}/_simulator/knobs\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
