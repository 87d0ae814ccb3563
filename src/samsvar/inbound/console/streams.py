"""Pages that stay open: server-sent events, so many at once, each for a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from samsvar.inbound.console.drawing import Pages
from samsvar.inbound.console.visit import Live, Shown

MOST_STREAMS = 40
STREAM_SECONDS = 3600.0


class Streams:
    """All that are open."""

    def __init__(self, pages: Pages, monotonic: Callable[[], float]) -> None:
        self._pages = pages
        self._monotonic = monotonic
        self._open = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End them all: the hub stops."""
        self._closing.set()

    def begin(self, live: Live, swedish: bool) -> AsyncIterator[bytes]:
        """The bytes of one.

        Raises:
            Shown: too many are open.
        """
        if self._open >= MOST_STREAMS:
            raise Shown(503, "För många tittar just nu.", "Too many look just now.")
        return self._stream(live, swedish)

    async def _stream(self, live: Live, swedish: bool) -> AsyncIterator[bytes]:
        self._open += 1
        closed = asyncio.create_task(self._closing.wait())
        events = live.events
        begun = self._monotonic()
        try:
            yield b"retry: 3000\n\n"
            while not closed.done() and self._monotonic() - begun < STREAM_SECONDS:
                following = asyncio.ensure_future(anext(events, None))
                await asyncio.wait({following, closed}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)
                    return
                event = following.result()
                if event is None:
                    return
                name, template, model = event
                text = self._pages.filled(template, model, swedish=swedish)
                data = "".join(f"data: {line}\n" for line in text.splitlines())
                yield f"event: {name}\n{data}\n".encode()
        finally:
            self._open -= 1
            closed.cancel()
