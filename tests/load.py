"""Callers who ask again and again, until a block ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from tests.hub import CONSUMER, Running
from tests.wire.test_kill import Journal, ask

CALLERS = 8


@asynccontextmanager
async def load(
    hub: Running, journal: Journal, *, prefix: str = "q", certified: bool = False
) -> AsyncIterator[None]:
    """Callers with kept connections, and some answers before the block begins. ``certified``: they
    show a certificate, and nobody else says who they are."""
    numbers = count()
    done = asyncio.Event()

    async def caller() -> None:
        who = hub.client(hub.site.consumer) if certified else hub.client(sender=CONSUMER)
        async with who as session:
            while not done.is_set():
                await ask(hub, session, f"{prefix}-{next(numbers)}", journal)

    callers = [asyncio.create_task(caller()) for _ in range(CALLERS)]
    before = len(journal.whole)
    try:
        async with asyncio.timeout(60):
            while len(journal.whole) <= before + 50 and not journal.other:  # noqa: ASYNC110 - several tasks
                await asyncio.sleep(0.01)
        yield
    finally:
        done.set()
        await asyncio.gather(*callers)
