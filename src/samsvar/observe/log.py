"""The routing log: structured JSON lines with the national platform's field names.

Events and fields are listed in ``docs/log-events.md``; a test holds the two together. Lines are
gathered and written in batches: a log is not the access log, and must not hold up an answer.
"""

from __future__ import annotations

import select
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog

from samsvar.observe.masking import masked
from samsvar.observe.tail import Tail

#: event -> ECS event.type
ACTIONS: Mapping[str, str] = {
    "req-in": "start",
    "resp-out": "end",
    "req-out": "start",
    "resp-in": "end",
    "decision": "info",
    "error": "error",
    "security": "denied",
    "index-update": "change",
    "index-notification": "change",
    "index-owner-changed": "change",
    "index-notified": "end",
    "index-notify-failed": "error",
    "index-dead-letters": "error",
    "index-news-refused": "error",
    "index-news-waits": "error",
    "consent-changed": "change",
    "block-changed": "change",
    "catalogue-changed": "change",
    "catalogue-from-snapshot": "error",
    "contracts-changed": "change",
    "admin-request": "access",
    "user-request": "access",
    "console-request": "access",
    "hub-started": "start",
    "hub-stopped": "end",
    "certificates-reloaded": "change",
    "broker-connected": "start",
    "broker-lost": "error",
    "worker-seen": "start",
    "worker-gone": "end",
    "late-answer": "info",
    "message-refused": "denied",
    "issuer-keys-changed": "change",
    "issuer-keys-failed": "error",
    "audit-head": "info",
    "audit-head-failed": "error",
    "audit-alarm": "error",
    "access-log-sent": "end",
    "access-log-send-failed": "error",
    "access-log-dead-letter": "error",
    "access-log-message-refused": "error",
    "access-log-message-waits": "error",
    "refused-handshake": "denied",
    "breaker-opened": "change",
    "breaker-half-open": "change",
    "breaker-closed": "change",
    "questions-refused": "denied",
    "shared-state-lost": "error",
    "shared-state-back": "change",
    "routing-log-short": "error",
    "alert-opened": "error",
    "alert-closed": "info",
    "alert-undelivered": "error",
}

#: what a caller says -> how it is written
FIELDS: Mapping[str, str] = {
    "sender": "labels.senderid",
    "receiver": "labels.receiverid",
    "original_consumer": "labels.originalServiceconsumerHsaid",
    "acting_on_behalf_of": "labels.actingOnBehalfOfHsaid",
    "contract": "labels.servicecontract_namespace",
    "profile": "labels.rivversion",
    "route_trace": "labels.routerVagvalTrace",
    "permission_trace": "labels.routerBehorighetTrace",
    "access": "labels.access_rules",
    "fault": "labels.faultCode",
    "fault_detail": "labels.faultDetail",
    "url": "url.original",
    "status": "http.response.status_code",
    "request_bytes": "http.request.body.bytes",
    "response_bytes": "http.response.body.bytes",
    "source": "source.ip",
    "producer": "labels.producer",
    "reason": "labels.reason",
    "detail": "message",
    "items": "labels.items",
    "sources_total": "labels.processingStatusCountTot",
    "sources_failed": "labels.processingStatusCountFail",
    "error_type": "error.type",
    "version": "labels.version",
}

NO_QUESTION = "-"
"""Stands for the correlation id in lines that tell of no question."""
#: lines; a busy hub writes some thousand in a second, and they are taken each second
_MOST_HELD = 20_000
#: texts; more than the addresses, producers and contracts of one registry
_MOST_REMEMBERED = 20_000
#: bytes that POSIX promises to write to a pipe at once
_ONE_PIECE = select.PIPE_BUF
_MOST_ERRORS = 200


class RoutingLog:
    """Implements ``ports.Events``. One line an event; ``flush`` writes what has gathered."""

    def __init__(self, stream: BinaryIO | None = None, *, enabled: bool = True) -> None:
        self.tail: Tail | None = None
        """Who looks on while it is written; also if it is not."""
        self._stream = stream if stream is not None else sys.stdout.buffer
        self._pending: list[bytes] = []
        self._enabled = enabled
        self._to_keep: deque[tuple[str, bytes]] | None = None
        self._overflowed = 0
        self._errors: deque[bytes] = deque(maxlen=_MOST_ERRORS)
        self._harmless: set[str] = set()
        self._log = structlog.wrap_logger(
            _Gathering(self._gather),
            processors=[self._rendered],
            wrapper_class=_EveryEvent,
        ).bind()

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        """Note one event. ``seconds`` becomes ``event.duration`` in nanoseconds."""
        if self._enabled or (self.tail is not None and self.tail.wanted):
            self._log.emit(action, correlation_id, fields)

    def hand_on(self) -> None:
        """From here on, hold the lines of questions until somebody takes them."""
        self._to_keep = deque()

    def taken(self) -> tuple[list[tuple[str, bytes]], int]:
        """The lines of questions since the last time, each with its correlation id; and how many
        more there were than are held."""
        lost, self._overflowed = self._overflowed, 0
        held = self._to_keep or deque()
        # One by one, and of one deque: another thread may be adding to it just now.
        return [held.popleft() for _ in range(len(held))], lost

    def held(self, correlation_id: str) -> list[str]:
        """The lines of one question that nobody has taken yet, the oldest first."""
        lines = list(self._to_keep or ())
        return [line.decode() for trace, line in lines if trace == correlation_id]

    def errors(self) -> list[str]:
        """The last lines that told of an error, the oldest first."""
        return [line.decode() for line in list(self._errors)]

    def _rendered(self, _logger: Any, _method: str, said: MutableMapping[str, Any]) -> bytes:
        """The line, its fields named as the platform does. One processor, not one for each
        step: a question writes a dozen lines, and the steps between cost more than the work."""
        action = said.pop("event")
        line: dict[str, Any] = {
            "event.action": action,
            "event.kind": "event",
            "event.module": "samsvar-messages",
            "event.type": ACTIONS[action],
            "trace.id": said.pop("trace"),
        }
        for name, value in said.items():
            if value is None or value == "":
                continue
            if name == "seconds":
                line["event.duration"] = int(value * 1e9)
            elif isinstance(value, str):
                line[FIELDS[name]] = value if value in self._harmless else self._masked(value)
            else:
                line[FIELDS[name]] = value
        line["@timestamp"] = datetime.now(UTC)  # noqa: TID251 - of the line, not of what it tells
        if self.tail is not None and self.tail.wanted:
            self.tail.take(line)
        rendered = orjson.dumps(line, option=orjson.OPT_UTC_Z)
        self._hold(line["trace.id"], rendered)
        if line["event.type"] == "error":
            self._errors.append(rendered)
        return rendered

    def _hold(self, trace: str, line: bytes) -> None:
        if self._to_keep is None or not self._enabled or trace == NO_QUESTION:
            return
        if len(self._to_keep) < _MOST_HELD:
            self._to_keep.append((trace, line))
        else:
            self._overflowed += 1

    def _gather(self, line: bytes) -> None:
        if self._enabled:
            self._pending.append(line)

    def _masked(self, text: str) -> str:
        """Addresses and contracts come again and again: what needed no mask needs none next time.
        A text that needed one is not remembered."""
        shown = masked(text)
        if shown == text and len(self._harmless) < _MOST_REMEMBERED:
            self._harmless.add(text)
        return shown

    def flush(self) -> None:
        """Write what has gathered. A log that cannot be written stops nothing."""
        lines, self._pending[:] = self._pending[:], []
        try:
            for part in _in_parts(lines):
                self._stream.write(part)
                self._stream.flush()
        except (OSError, ValueError):
            return


def _in_parts(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Whole lines, as many as a pipe takes in one piece: several processes may write to one, and
    longer ones could be cut through by another's. (A single longer line stays whole all the same
    as long as whoever reads keeps up.)"""
    part = b""
    for line in lines:
        if part and len(part) + len(line) >= _ONE_PIECE:
            yield part
            part = b""
        part += line + b"\n"
    if part:
        yield part


class _EveryEvent(structlog.BoundLoggerBase):
    """Events have kinds, no levels: nothing is filtered, so there is nothing to ask first."""

    def emit(self, action: str, correlation_id: str, fields: dict[str, object]) -> None:
        """Render one event and gather it."""
        self._proxy_to_logger("info", action, trace=correlation_id, **fields)


class _Gathering:
    """What structlog calls a logger: takes the rendered line."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.info = take
