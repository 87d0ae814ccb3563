"""A producer that costs nearly nothing: the same answer every time, over kept-alive HTTP.

One process plays all producers of the benchmark, each at a port of its own, so that whoever asks
them keeps one pool of connections for each, as in life. The answer names the source that the
SOAP header asks for and the person that the body asks about; it is made once for each pair.

Prints its ports as one line of JSON (group: list), serves until its input ends or it is told to
stop. Knows GetCarePlans 2 as text, and as much HTTP as its own callers speak.
"""

from __future__ import annotations

import asyncio
import re
import sys
from functools import lru_cache

import orjson
import uvloop

from bench.messages import GROUPS, Group, answer

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_ADDRESSED = re.compile(rb"LogicalAddress[^>]*>([^<]+)<")
_PERSON = re.compile(rb"<[^>]*patientId>\s*<[^>]*id>([^<]+)<")


@lru_cache(maxsize=256)
def _response(address: bytes, number: bytes, records: int) -> bytes:
    body = answer(address.decode(), number.decode(), records)
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Producer(asyncio.Protocol):
    """One connection."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        pending = self._pending + data
        while (head_end := pending.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(pending, 0, head_end + 2)
            end = head_end + 4 + (int(length[1]) if length else 0)
            if len(pending) < end:
                break
            self._answer(pending[head_end + 4 : end])
            pending = pending[end:]
        self._pending = pending

    def _answer(self, question: bytes) -> None:
        assert self._transport is not None
        address, person = _ADDRESSED.search(question), _PERSON.search(question)
        if address is None or person is None:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        response = _response(address[1], person[1], self._group.records)
        if self._group.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self._group.delay, self._transport.write, response)
        else:
            self._transport.write(response)


async def main() -> None:
    """Listen, say where, serve until the input ends."""
    loop = asyncio.get_running_loop()
    ports: dict[str, list[int]] = {}
    for group in GROUPS:
        ports[group.name] = []
        for _ in group.addresses:
            server = await loop.create_server(
                lambda group=group: Producer(group),  # type: ignore[misc]
                "127.0.0.1",
                0,
                backlog=1024,
            )
            ports[group.name].append(server.sockets[0].getsockname()[1])
    sys.stdout.write(orjson.dumps(ports).decode() + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
