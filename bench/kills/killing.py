"""One engine killed again and again under load: when it was said, and when all was well again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from bench.kills.ledger import Ledger
from bench.kills.production import Production

RESTART_SECONDS = 2.0
"""How long the supervisor waits before it starts what has died."""
PATIENCE = 90.0
_BETWEEN = 1.0
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill. All in seconds from it."""

    back: float
    """The engine served again."""
    well: float | None
    """The last hub had given its tenth good answer in a row; None: not in time."""
    said: float | None
    """Both hubs' readiness said so; None: it was back before, or there was nothing to say."""


@dataclass(frozen=True, slots=True)
class Victim:
    """What is killed."""

    kill: Callable[[int], Awaitable[None]]
    """Told which time it is."""
    start: Callable[[int], Awaitable[None]]
    says: str | None
    """What readiness must say meanwhile; None: nothing."""
    hub: bool = False
    """It is one of the hubs that are asked."""


def victims(production: Production) -> dict[str, Victim]:
    """By the names of ``--engine``."""
    in_thread = asyncio.to_thread
    hubs, workers = production.hubs, production.workers
    postgresql, rabbitmq, redis = production.postgresql, production.rabbitmq, production.redis
    return {
        "rabbitmq": Victim(
            lambda _: in_thread(rabbitmq.kill),
            lambda _: in_thread(rabbitmq.start),
            "message broker",
        ),
        "postgresql": Victim(
            lambda _: in_thread(postgresql.kill), lambda _: in_thread(postgresql.start), "database"
        ),
        "redis": Victim(lambda _: in_thread(redis.kill), lambda _: in_thread(redis.start), "redis"),
        "worker": Victim(
            lambda n: workers[n % len(workers)].kill(),
            lambda n: workers[n % len(workers)].start(),
            None,
        ),
        "hub": Victim(
            lambda n: hubs[n % len(hubs)].kill(),
            lambda n: hubs[n % len(hubs)].start(),
            None,
            hub=True,
        ),
    }


async def killed(
    victim: Victim,
    number: int,
    production: Production,
    ledger: Ledger,
    session: aiohttp.ClientSession,
) -> Kill:
    """Once; returns when all is well, or patience has ended."""
    await asyncio.sleep(_BETWEEN)
    if victim.hub:
        ledger.down.add(number % len(production.hubs))
    begun = time.monotonic()
    watch = ledger.watch(begun)
    await victim.kill(number)
    saying = asyncio.create_task(_said(victim.says, production, session))
    await asyncio.sleep(RESTART_SECONDS)
    await victim.start(number)
    back = time.monotonic()
    saying.cancel()
    ledger.down.clear()
    said = (await asyncio.gather(saying, return_exceptions=True))[0]
    well = await watch.recovered(PATIENCE)
    return Kill(
        back - begun,
        well - begun if well is not None else None,
        said - begun if isinstance(said, float) else None,
    )


async def _said(
    words: str | None, production: Production, session: aiohttp.ClientSession
) -> float | None:
    """The moment when the readiness of every hub has said so."""
    if words is None:
        return None
    for door in production.doors:
        while words not in await _readiness(door, session):  # noqa: ASYNC110 - another process
            await asyncio.sleep(_LOOK)
    return time.monotonic()


async def _readiness(door: str, session: aiohttp.ClientSession) -> str:
    timeout = aiohttp.ClientTimeout(5)
    try:
        async with session.get(f"{door}/health/ready", timeout=timeout) as answer:
            return await answer.text()
    except (aiohttp.ClientError, TimeoutError):
        return ""
