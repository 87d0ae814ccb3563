"""``samsvar sim identity-provider`` and ``samsvar sim token``: fictive logins, for trying things.

Tokens made here count only at a hub whose settings trust a provider on loopback.
"""

from __future__ import annotations

import sys

from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop

IDENTITY_PROVIDER = "identity-provider"
TOKEN = "token"  # noqa: S105 - a word of the command line
_SECONDS = 5


async def serve_identities(port: int, latency: float, *, outage: bool, garbage: bool) -> None:
    """Answer until interrupted, and say how to trust it."""
    import asyncio

    from samsvar.clock import SystemClock
    from samsvar.model.user import UserKind
    from samsvar.simulation.identity_provider import AUDIENCE, identity_provider
    from samsvar.simulation.knobs import Knobs
    from samsvar.simulation.users import PERSONAS

    knobs = Knobs(latency, outage, garbage=garbage)
    async with identity_provider(SystemClock().now, knobs=knobs, port=port) as provider:
        for kind in UserKind:
            sys.stdout.write(
                f'[[users.issuer]]\nissuer = "{provider.issuer(kind)}"\nkind = "{kind}"\n'
                f'audience = ["{AUDIENCE}"]\n\n'
            )
        here = provider.base.rpartition(":")[2]
        sys.stdout.write(
            "The lines above make a hub trust these fictive people; never a hub with real data.\n"
            + "".join(f"  {each.alias:8}{each.about}\n" for each in PERSONAS.values())
            + f"a token: samsvar sim token --as vera --port {here}\n"
            f"knobs: {provider.base}/_simulator/knobs\n"
        )
        sys.stdout.flush()
        await asyncio.Event().wait()


def print_token(alias: str | None, port: int) -> None:
    """Ask the simulator that runs on this port for a token, and print it.

    Raises:
        Stop: no such persona, or nothing answers there as it should.
    """
    import requests

    from samsvar.simulation.identity_provider import TOKEN_PATH
    from samsvar.simulation.users import PERSONAS

    if alias not in PERSONAS:
        raise Stop(WRONG_INPUT, f"--as must be one of: {', '.join(PERSONAS)}")
    if port == 0:
        raise Stop(WRONG_INPUT, "--port: where `samsvar sim identity-provider` answers")
    url = f"http://127.0.0.1:{port}{TOKEN_PATH}"
    try:
        answer = requests.post(url, json={"as": alias}, timeout=_SECONDS, allow_redirects=False)
        token = answer.json()["access_token"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise Stop(
            UNREACHED,
            f"no identity provider answers on port {port}: run"
            f" `samsvar sim identity-provider --port {port}`",
        ) from error
    sys.stdout.write(f"{token}\n")
