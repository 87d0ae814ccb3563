"""A load generator that costs little: raw connections, N questions in flight, every answer read.

It asks the same again and again, or what it is given to ask. Every answer is judged: status 200 and
the expected number of records, or it is an error. Knows as much HTTP as the hubs under test speak
(Content-Length, kept-alive).
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from urllib.parse import urlsplit

from bench.messages import RECORD_MARK

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_OK = b"HTTP/1.1 200 "
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, what, and what a right answer holds."""

    url: str
    body: bytes = field(repr=False)
    records: int
    headers: tuple[tuple[str, str], ...] = ()
    tls: ssl.SSLContext | None = None

    @property
    def request(self) -> bytes:
        """The whole HTTP request."""
        return self.request_of(self.body)

    def request_of(self, body: bytes) -> bytes:
        """The same with another body."""
        parts = urlsplit(self.url)
        lines = [f"POST {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += ["Content-Type: text/xml; charset=utf-8", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join((*lines, "", "")).encode() + body


@dataclass(frozen=True, slots=True)
class Result:
    """What one round saw. Times are in seconds, sorted."""

    answered: int
    errors: int
    seconds: float
    times: Sequence[float] = field(repr=False)
    first_error: str = ""

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return self.answered / self.seconds

    def percentile(self, part: float) -> float:
        """The time within which this part of the answers came."""
        if not self.times:
            return float("nan")
        return self.times[min(len(self.times) - 1, int(part * len(self.times)))]


class _Connection(asyncio.Protocol):
    """Asks again as soon as it has been answered, until it is told to rest or all is asked."""

    def __init__(self, requests: Iterator[bytes], records: int) -> None:
        self._requests = requests
        self._marks = 2 * records
        self._transport: asyncio.Transport | None = None
        self._answer = bytearray()
        self._need = 0
        self._asked = 0.0
        self._resting: asyncio.Future[None] | None = None
        self.ended: asyncio.Future[None] | None = None
        """Of a round: nothing is left to ask, or nobody to ask it."""
        self.times: list[float] = []
        self.errors = 0
        self.first_error = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def start(self) -> None:
        """Begin a round: forget the last one, and ask."""
        self.times, self.errors, self.first_error = [], 0, ""
        self._resting = None
        self.ended = asyncio.get_running_loop().create_future()
        self._ask()

    def rest(self) -> asyncio.Future[None]:
        """Ask no more; done when the last answer has come."""
        self._resting = asyncio.get_running_loop().create_future()
        if not self._asked or self._transport is None or self._transport.is_closing():
            self._resting.set_result(None)
        return self._resting

    def close(self) -> None:
        """Let go."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        answer += data
        if not self._need:
            head_end = answer.find(b"\r\n\r\n")
            if head_end < 0:
                return
            length = _LENGTH.search(answer, 0, head_end + 2)
            self._need = head_end + 4 + (int(length[1]) if length else 0)
        if len(answer) >= self._need:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that is lost in the middle of an answer is an error, not silence."""
        if self._asked:
            self._wrong("the connection was closed")
            self._asked = 0.0
        self._end()
        if self._resting is not None and not self._resting.done():
            self._resting.set_result(None)

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self._end()
            return
        self._asked = time.perf_counter()
        self._transport.write(request)

    def _end(self) -> None:
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(None)

    def _answered(self) -> None:
        elapsed = time.perf_counter() - self._asked
        self._asked = 0.0
        answer = self._answer
        if not answer.startswith(_OK):
            self._wrong(answer[:600].decode(errors="replace"))
        elif answer.count(RECORD_MARK) != self._marks:
            marks = answer.count(RECORD_MARK)
            self._wrong(f"{marks // 2} records where {self._marks // 2} were expected")
        else:
            self.times.append(elapsed)
        answer.clear()
        self._need = 0
        if self._resting is None:
            self._ask()
        elif not self._resting.done():
            self._resting.set_result(None)

    def _wrong(self, what: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or what


class Load:
    """Connections to one target, opened once. Use as a context: they are closed at the end."""

    def __init__(
        self, target: Target, in_flight: int, bodies: Iterator[bytes] | None = None
    ) -> None:
        """``bodies``: what is asked, one after the other; left out: the target's, for ever."""
        self._target = target
        self._in_flight = in_flight
        self._requests = map(target.request_of, bodies) if bodies else repeat(target.request)
        self._connections: list[_Connection] = []

    async def __aenter__(self) -> Load:
        loop = asyncio.get_running_loop()
        parts = urlsplit(self._target.url)
        for _ in range(self._in_flight):
            _, connection = await loop.create_connection(
                lambda: _Connection(self._requests, self._target.records),
                parts.hostname or "127.0.0.1",
                parts.port or 0,
                ssl=self._target.tls,
            )
            self._connections.append(connection)
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.close()

    async def run(self, seconds: float) -> Result:
        """Ask for so long, or until all is asked, and wait for the last answers.

        Raises:
            TimeoutError: answers stopped coming.
        """
        connections = self._connections
        begun = time.perf_counter()
        for each in connections:
            each.start()
        rounds = [each.ended for each in connections if each.ended is not None]
        await asyncio.wait(rounds, timeout=seconds)
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(each.rest() for each in connections))
        spent = time.perf_counter() - begun
        times = sorted(moment for each in connections for moment in each.times)
        wrong = next((each.first_error for each in connections if each.first_error), "")
        return Result(len(times), sum(c.errors for c in connections), spent, times, wrong)
