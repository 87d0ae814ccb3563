"""HTTP written by hand over a socket, for requests that no client library would send."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.hub import CONSUMER, PLANS_PATH

CLOSED: None = None
"""Instead of a status: the connection was closed without a word."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer as it came; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def head(
    *lines: str | bytes,
    method: str = "POST",
    target: str = PLANS_PATH,
    version: str = "HTTP/1.1",
    host: str | None = "localhost",
) -> bytes:
    """A request line and header lines; asked as CONSUMER, in XML, unless the lines say more."""
    usual = [f"{method} {target} {version}", "Content-Type: text/xml; charset=utf-8"]
    usual += [f"x-vp-sender-id: {CONSUMER}"] + ([f"Host: {host}"] if host is not None else [])
    written = [line.encode() if isinstance(line, str) else line for line in (*usual, *lines)]
    return b"\r\n".join([*written, b"", b""])


def question(body: bytes, *lines: str, target: str = PLANS_PATH) -> bytes:
    """A whole, honest request."""
    return head(f"Content-Length: {len(body)}", *lines, target=target) + body


def chunked(body: bytes, size: int = 100) -> bytes:
    """The body in chunks, with the last one and no trailers."""
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


class RawCaller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes, pause: float = 0.0) -> None:
        """Write all parts; it is no fault of ours if the other side has had enough."""
        with contextlib.suppress(ConnectionError):
            for part in parts:
                self.writer.write(part)
                await self.writer.drain()
                if pause:
                    await asyncio.sleep(pause)

    async def answer(self, seconds: float = 2.0) -> RawAnswer | None:
        """The next whole answer; None if the connection was closed without one."""
        try:
            async with asyncio.timeout(seconds):
                lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
                headers = dict(_header(line) for line in lines[1:] if line)
                body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return RawAnswer(int(lines[0].split(" ")[1]), headers, body)

    async def closed(self, seconds: float = 2.0) -> bool:
        """Whether the other side closes within these seconds, without more words."""
        try:
            async with asyncio.timeout(seconds):
                return await self.reader.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


@contextlib.asynccontextmanager
async def calling(url: str, context: ssl.SSLContext | None = None) -> AsyncIterator[RawCaller]:
    """A connection to the URL's host and port, closed at the end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    try:
        yield RawCaller(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def statuses(url: str, raw: bytes, seconds: float = 2.0) -> Sequence[int | None]:
    """The statuses of all answers to these bytes until the connection closes; ``[CLOSED]`` if
    none came. The connection must close by itself."""
    async with calling(url) as caller:
        sending = asyncio.create_task(caller.send(raw))
        found: list[int | None] = []
        while (answer := await caller.answer(seconds)) is not None:
            found.append(answer.status)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return found or [CLOSED]


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()
