"""HTTP at the door: uvicorn's httptools protocol with deadlines, caps and the certificate.

No Python server hands the client certificate to the application, and uvicorn waits for ever for
a header or a body; both are mended here, and nowhere else. What the application gets is
``scope["samsvar"]``: an :class:`Arrival`.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

#: header lines, and bytes of the request line and all of them together (precedents: nginx 32 KiB)
MOST_HEADERS = 100
MOST_HEADER_BYTES = 32 * 1024
LONGEST_TARGET = 8 * 1024
#: bytes around a body that are not body: chunk sizes, extensions, trailers
MOST_FRAMING_BYTES = 256 * 1024
#: bytes that may wait unread in an answer, and seconds that a caller may take to read it
WRITE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a request before any of it has been judged."""

    listener: ListenerFacts
    certificate: bytes | None = field(repr=False)
    """DER of the caller's certificate on a TLS listener."""
    at: float
    """Monotonic seconds at the first byte of the request."""


@dataclass(frozen=True, slots=True)
class ListenerFacts:
    """What the settings say of the listener that a request came in by."""

    secure: bool
    trusted: bool
    certificate_header: bytes | None
    header_seconds: float
    most_connections: int
    admin: bool = False
    """Whether the administrative interface is served here."""
    users: bool = False
    """Whether users with tokens are served here."""
    metrics: bool = False
    """Whether metrics are served here."""


class _Refused(ValueError):
    """Raised inside the parser's callbacks; the status has been sent already."""


class HardenedProtocol(HttpToolsProtocol):
    """One connection. Closed when the header is late, too big, or too many are open."""

    facts: ListenerFacts

    def __init__(self, config: Config, server_state: ServerState, facts: ListenerFacts) -> None:
        super().__init__(config, server_state, {})
        self.facts = facts
        self._certificate: bytes | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._begun_at = 0.0
        self._header_bytes = 0
        self._raw_bytes = 0
        self._in_header = False
        self._work: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.facts.most_connections:
            transport.abort()
            return
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if secured is not None:
            self._certificate = secured.getpeercert(binary_form=True)
        self._begun_at = self.loop.time()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)
        if self._work is not None:
            self._work.cancel()  # nobody is left to answer: producers are not asked any more

    def eof_received(self) -> bool:  # type: ignore[override]
        """A caller that has sent a whole request and closed its own half still gets its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        if self.facts.secure or cycle is None or cycle.response_complete or cycle.more_body:
            return False
        cycle.keep_alive = False
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._work = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(self._work)
        self._work.add_done_callback(self.tasks.discard)

    def _arm(self) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(self.facts.header_seconds, self._too_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        if self._work is not None and not self._work.done():
            self._arm()  # the next request may be slow while this one is being answered
            return
        self.transport.abort()  # not close: under TLS that waits for the caller once more

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if self._deadline is None and (cycle is None or cycle.response_complete):
            self._arm()  # blank lines before a request start no message, and keep nothing open
        self._raw_bytes += len(data)
        super().data_received(data)
        # httptools gathers a line until it is whole: what it holds is bounded here.
        if self._raw_bytes > (MOST_HEADER_BYTES if self._in_header else MOST_FRAMING_BYTES):
            self._say(431, b"Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun_at = self.loop.time()
        self._header_bytes = self._raw_bytes = 0
        self._in_header = True
        self._arm()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["samsvar"] = Arrival(self.facts, self._certificate, self._begun_at)

    def on_url(self, url: bytes) -> None:
        if len(self.url) + len(url) > LONGEST_TARGET:
            self._refuse(414, b"URI Too Long")
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if len(self.headers) >= MOST_HEADERS:
            self._refuse(431, b"Request Header Fields Too Large")
        if self._in_header:  # a trailer is no header: it was not there when we judged them
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._disarm()
        self._in_header = False
        if not self._readable_by_all():
            self._refuse(400, b"Bad Request")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._raw_bytes -= len(body)
        super().on_body(body)

    def _readable_by_all(self) -> bool:
        """Whether a front would read this header as we do: what httptools is lenient about."""
        version = self.parser.get_http_version()
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        hosts = [value for name, value in self.headers if name == b"host"]
        return (
            version in ("1.0", "1.1")
            and (not codings or (version == "1.1" and codings[0].lower() == b"chunked"))
            # RFC 9112, 3.2.2: the host of a target in absolute form
            and (self.url.startswith(b"/") or self.url.split(b"/")[2:3] == hosts)
        )

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MOST_HEADER_BYTES:
            self._refuse(431, b"Request Header Fields Too Large")

    def _refuse(self, status: int, phrase: bytes) -> None:
        self._say(status, phrase)
        raise _Refused

    def _say(self, status: int, phrase: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, phrase)
        )
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Constant and short; nothing after a status that has been sent already."""
        if not self.transport.is_closing():
            super().send_400_response("Bad Request")

    def pause_writing(self) -> None:
        """A caller that does not read its answer is not waited for."""
        super().pause_writing()
        self._disarm()
        self._deadline = self.loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        self._disarm()
        super().resume_writing()
