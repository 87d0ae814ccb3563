"""Listeners: sockets that serve one application, with a drain at the end.

Uses uvicorn's protocol and configuration, not its server: several listeners in one loop, a
handshake deadline, and signals that belong to the program. How callers come in from a socket is
``inbound.accepting``.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from samsvar.inbound.accepting import Acceptor
from samsvar.inbound.http_protocol import HardenedProtocol, ListenerFacts
from samsvar.inbound.siblings import Siblings
from samsvar.inbound.sockets import bound, where
from samsvar.inbound.tls import MutualTls
from samsvar.ports import Clock, Events
from samsvar.settings import LimitSettings, ListenSettings

HANDSHAKE_SECONDS = 10.0
#: how long a closed TLS connection may keep its socket while its caller says nothing
GOODBYE_SECONDS = 2.0


@dataclass(slots=True)
class _Listener:
    acceptor: Acceptor
    state: ServerState
    tls: MutualTls | None
    url: str


class Listeners:
    """All sockets of one process."""

    def __init__(
        self,
        application: Any,
        limits: LimitSettings,
        events: Events,
        clock: Clock,
        siblings: Siblings,
        *,
        starting: Callable[[], bool] = bool,
    ) -> None:
        """``starting``: nothing but health is answered yet; another process that serves may take
        those who come."""
        self._starting = starting
        self._siblings = siblings
        self._events = events
        self._clock = clock
        self._config = Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # what callers send wrong is answered, not printed
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=int(limits.idle_seconds),
        )
        self._config.load()
        self._limits = limits
        self._open: list[_Listener] = []
        self._retiring = False

    def tell(self, events: Events) -> None:
        """From here on, refused handshakes."""
        self._events = events

    def open(
        self, wanted: Sequence[ListenSettings], inherited: Sequence[socket.socket] = ()
    ) -> tuple[str, ...]:
        """Take callers on all of them, and say where each can be reached.

        Args:
            wanted: the listeners.
            inherited: their sockets, in the same order, if somebody else has bound them.

        Raises:
            CannotListen, CertificatesUnusable: with one sentence.
        """
        secured = [self._tls(settings) for settings in wanted]
        for settings, tls, sock in zip(wanted, secured, inherited or bound(wanted), strict=True):
            self._open.append(self._listen(settings, tls, sock))
        self.tick()
        return tuple(listener.url for listener in self._open)

    def _tls(self, settings: ListenSettings) -> MutualTls | None:
        if settings.kind != "tls":
            return None
        return MutualTls(settings, self._clock.now(), self._handshake_refused)

    def _listen(
        self, settings: ListenSettings, tls: MutualTls | None, sock: socket.socket
    ) -> _Listener:
        state = ServerState()
        facts = ListenerFacts(
            secure=tls is not None,
            trusted=settings.trusted,
            certificate_header=(settings.certificate_header or "").lower().encode() or None,
            header_seconds=self._limits.header_seconds,
            most_connections=self._limits.connections,
            admin=settings.admin,
            users=settings.users,
            metrics=settings.metrics,
        )

        def connection() -> HardenedProtocol:
            return HardenedProtocol(self._config, state, facts)

        acceptor = Acceptor(
            sock,
            connection,
            tls.context if tls else None,
            handshake_seconds=HANDSHAKE_SECONDS,
            goodbye_seconds=GOODBYE_SECONDS,
            crowded=lambda: self._siblings.crowded(self._connections()),
            elsewhere=lambda: self._starting() and self._siblings.counts().get("ready", 0) > 0,
        )
        return _Listener(acceptor, state, tls, where(settings, sock))

    def _handshake_refused(self, reason: str) -> None:
        self._events.emit("refused-handshake", "-", detail=reason)

    def _connections(self) -> int:
        return sum(len(listener.state.connections) for listener in self._open)

    def is_revoked(self, certificate: bytes) -> bool:
        """Whether any listener's revocation list names the certificate."""
        return any(each.tls.is_revoked(certificate) for each in self._open if each.tls)

    def connections(self) -> dict[str, int]:
        """How many connections are open at each listener, in the settings' order."""
        return {
            str(number): len(listener.state.connections)
            for number, listener in enumerate(self._open, start=1)
        }

    def reload_certificates(self) -> None:
        """Read all certificate files again; held connections go on.

        Raises:
            CertificatesUnusable: that listener keeps what it had.
        """
        for listener in self._open:
            if listener.tls is not None:
                listener.tls.reload(self._clock.now())

    def tick(self) -> None:
        """Once a second: the Date header (RFC 9110, 6.6.1). One list for good: a question takes it
        when it comes, and its answer must have what stands in it when it leaves."""
        told = [(b"date", formatdate(usegmt=True).encode())]
        if self._retiring:
            told.append((b"connection", b"close"))
        for listener in self._open:
            listener.state.default_headers[:] = told

    def retire(self) -> None:
        """Serve on, but let every answer be the last of its connection: so callers that keep
        connections open come to somebody else, and none of them is cut with a question in it."""
        self._retiring = True
        self.tick()

    async def close(self, patience: float) -> None:
        """Take no more callers, let running questions finish, then let go of the sockets."""
        for listener in self._open:
            listener.acceptor.close()
            for connection in list(listener.state.connections):
                connection.shutdown()
        tasks = [task for listener in self._open for task in listener.state.tasks]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()
        for listener in self._open:
            for connection in list(listener.state.connections):
                connection.transport.close()
        self._open.clear()
