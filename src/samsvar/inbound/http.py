"""The few things about HTTP that every door needs: headers read once, bodies with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    MutableMapping,
)
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Body = bytes | AsyncIterator[bytes]
"""All of an answer, or what it goes on with."""


class HttpRefused(Exception):
    """The HTTP message is not taken: a status and a short constant text, never an envelope."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class CallerGone(Exception):
    """The caller closed the connection before the whole request had come."""


class Headers:
    """Header lines of a request. Names are lower case; each is read as Latin-1, trimmed."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Iterable[tuple[bytes, bytes]]) -> None:
        self._lines = tuple(lines)

    def get(self, name: bytes) -> str | None:
        """The one value of the header, or None.

        Raises:
            HttpRefused: it stands there more than once, so that two readers could differ.
        """
        found = None
        for each, value in self._lines:
            if each == name:
                if found is not None:
                    raise HttpRefused(
                        400, "a header that may stand once stands twice", connection="close"
                    )
                found = value
        return None if found is None else found.decode("latin-1").strip()

    def starting(self, prefix: bytes) -> tuple[tuple[str, str], ...]:
        """All lines whose name begins so, as text."""
        return tuple(
            (name.decode("latin-1"), value.decode("latin-1").strip())
            for name, value in self._lines
            if name.startswith(prefix)
        )


async def read_body(headers: Headers, receive: Receive, most: int, seconds: float) -> bytes:
    """The whole body.

    Raises:
        HttpRefused: 413 before reading when its stated length is over ``most`` bytes, or at the
            first byte over it; 408 when it takes longer than ``seconds``.
        CallerGone: the connection closed in the middle.
    """
    stated = headers.get(b"content-length")
    if stated is not None and int(stated) > most:
        raise HttpRefused(413, "the message is too large", connection="close")
    chunks: list[bytes] = []
    size = 0
    more = True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise CallerGone
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise HttpRefused(413, "the message is too large", connection="close")
                chunks.append(chunk)
                more = message.get("more_body", False)
    except TimeoutError:
        raise HttpRefused(408, "the message came too slowly", connection="close") from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def stream(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], chunks: AsyncIterator[bytes]
) -> None:
    """An answer that goes on until its chunks end, or its caller hangs up."""
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    try:
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def respond(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> None:
    """One whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-length", str(len(body)).encode()), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})
