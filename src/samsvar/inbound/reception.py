"""What callers hear until the hub serves: that its process turns, and what it waits for.

Stands before the door, and lets everybody through once there is one. Knows no question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from samsvar.inbound.door import Door
from samsvar.inbound.health import Health, health_answer
from samsvar.inbound.http import Receive, Scope, Send, respond

_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_LATER = (b"retry-after", b"5")
_STARTING = b"the hub is starting; come back"


class Reception:
    """An ASGI application."""

    def __init__(self, health: Health, processes: Callable[[], Mapping[str, int]]) -> None:
        self._health = health
        self._processes = processes
        self._door: Door | None = None

    def let_in(self, door: Door) -> None:
        """From here on everybody comes to the door."""
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request: nothing is read of it, and nothing but health is answered."""
        if self._door is not None:
            await self._door(scope, receive, send)
            return
        path: str = scope["path"]
        if path in ("/health/live", "/health/ready"):
            ready = path == "/health/ready"
            missing = self._health.missing() if ready else self._health.dead()
            status, headers, body = health_answer(missing, self._processes() if ready else {})
        else:
            status, headers, body = 503, [_TEXT, _LATER], _STARTING
        await respond(send, status, headers, body)
