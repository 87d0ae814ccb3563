"""Listeners: sockets that serve one application, with a drain at the end.

Uses uvicorn's protocol and configuration, not its server: several listeners in one loop, a
handshake deadline, and signals that belong to the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from samsvar.inbound.http_protocol import HardenedProtocol, ListenerFacts
from samsvar.inbound.tls import MutualTls
from samsvar.ports import Clock, Events
from samsvar.settings import LimitSettings, ListenSettings

HANDSHAKE_SECONDS = 10.0
#: how long a closed TLS connection may keep its socket while its caller says nothing
GOODBYE_SECONDS = 2.0
BACKLOG = 2048


class CannotListen(Exception):
    """A socket cannot be bound; the text says which, and why."""


@dataclass(slots=True)
class _Listener:
    server: asyncio.AbstractServer
    state: ServerState
    tls: MutualTls | None
    url: str


class Listeners:
    """All sockets of one process."""

    def __init__(
        self, application: Any, limits: LimitSettings, events: Events, clock: Clock
    ) -> None:
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

    async def open(self, wanted: Sequence[ListenSettings]) -> tuple[str, ...]:
        """Bind them all, and say where each can be reached.

        Raises:
            CannotListen, CertificatesUnusable: with one sentence.
        """
        for settings in wanted:
            self._open.append(await self._listen(settings))
        self.tick()
        return tuple(listener.url for listener in self._open)

    async def _listen(self, settings: ListenSettings) -> _Listener:
        tls = (
            MutualTls(settings, self._clock.now(), self._handshake_refused)
            if settings.kind == "tls"
            else None
        )
        state = ServerState()
        facts = ListenerFacts(
            secure=tls is not None,
            trusted=settings.trusted,
            certificate_header=(settings.certificate_header or "").lower().encode() or None,
            header_seconds=self._limits.header_seconds,
            most_connections=self._limits.connections,
            admin=settings.admin,
            users=settings.users,
        )

        def connection() -> HardenedProtocol:
            return HardenedProtocol(self._config, state, facts)

        loop = asyncio.get_running_loop()
        try:
            if settings.kind == "unix":
                path = str(settings.path)
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                server: asyncio.AbstractServer = await loop.create_unix_server(
                    connection, path, backlog=BACKLOG
                )
                os.chmod(path, 0o660)
                return _Listener(server, state, None, f"unix:{path}")
            sock = _bound(settings.host, settings.port)
            server = await loop.create_server(
                connection,
                sock=sock,
                backlog=BACKLOG,
                ssl=tls.context if tls else None,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
                ssl_shutdown_timeout=GOODBYE_SECONDS if tls else None,
            )
        except OSError as error:
            where = settings.path or f"{settings.host}:{settings.port}"
            raise CannotListen(f"cannot listen on {where}: {error.strerror}") from error
        port = sock.getsockname()[1]
        scheme = "https" if tls else "http"
        return _Listener(server, state, tls, f"{scheme}://{settings.host}:{port}")

    def _handshake_refused(self, reason: str) -> None:
        self._events.emit("refused-handshake", "-", detail=reason)

    def is_revoked(self, certificate: bytes) -> bool:
        """Whether any listener's revocation list names the certificate."""
        return any(each.tls.is_revoked(certificate) for each in self._open if each.tls)

    def reload_certificates(self) -> None:
        """Read all certificate files again; held connections go on.

        Raises:
            CertificatesUnusable: that listener keeps what it had.
        """
        for listener in self._open:
            if listener.tls is not None:
                listener.tls.reload(self._clock.now())

    def tick(self) -> None:
        """Once a second: the Date header (RFC 9110, 6.6.1)."""
        date = [(b"date", formatdate(usegmt=True).encode())]
        for listener in self._open:
            listener.state.default_headers = date

    async def close(self, patience: float) -> None:
        """Take no more callers, let running questions finish, then let go of the sockets."""
        for listener in self._open:
            listener.server.close()
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


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where it reads TCP; without, each answer waits 40 ms for an ACK
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
