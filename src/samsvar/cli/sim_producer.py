"""``samsvar sim producer``: a source that speaks the contracts itself, and tells the index."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from samsvar.cli.outcome import WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.simulation import Knobs, Tls
    from samsvar.simulation.producer import Holdings

PRODUCER = "producer"
_AGAIN_SECONDS = 1.0


async def serve_producer(
    hsa_id: str | None, index: str | None, knobs: Knobs, port: int, tls: Tls | None
) -> None:
    """Serve until interrupted. ``index``: the hub whose index it tells, as soon as it may."""
    from samsvar.simulation import demo_data, producer, running

    if index and tls is None:
        raise Stop(WRONG_INPUT, "--index needs --certificate, --key and --authority")
    held = demo_data.municipality(hsa_id) if hsa_id else demo_data.municipality()
    async with running(producer.application(held, knobs), port=port, tls=tls) as url:
        _say(f"{PRODUCER} answers at {url}\nknobs: {url}/_simulator/knobs")
        if index and tls:
            await _tell(index.rstrip("/"), tls, held)
        await asyncio.Event().wait()


async def _tell(hub: str, tls: Tls, held: Holdings) -> None:
    import requests
    import zeep.exceptions

    from samsvar.cli.demo_index import held_in, update
    from samsvar.simulation.authority import Identity

    identity = Identity(tls.certificate, tls.key)
    owner = held.hsa_id.partition("-")[0]
    said = ""
    while True:
        try:
            posts = await asyncio.to_thread(
                update, hub, identity, tls.authority, held.hsa_id, owner, held_in(held)
            )
        except zeep.exceptions.Fault as fault:
            told = f"the index says no yet: {fault.message}"
        except (requests.RequestException, zeep.exceptions.Error, OSError) as error:
            told = f"the index cannot be reached yet ({type(error).__name__})"
        else:
            _say(f"the index has {posts} posts of {held.hsa_id}")
            return
        if told != said:
            _say(told)
            said = told
        await asyncio.sleep(_AGAIN_SECONDS)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
