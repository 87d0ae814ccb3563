"""What the message broker must confirm, as errors of the way to whoever it is for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from samsvar.broker.link import NotPublished, Unroutable
from samsvar.errors import WayBlocked


@contextlib.asynccontextmanager
async def confirmed_within(seconds: float, nobody: str) -> AsyncIterator[None]:
    """Publish inside. ``nobody``: what to say where no queue takes it.

    Raises:
        WayBlocked: it may not be at the broker; nothing is known of whom it is for.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise WayBlocked("the message broker did not confirm it in time") from None
    except Unroutable:
        raise WayBlocked(nobody) from None
    except NotPublished as error:
        raise WayBlocked(str(error)) from None
