"""Takes callers off a listening socket, one at each turn of the event loop.

The event loop's own server takes all that wait in one go: of two processes on one socket, the
first to wake got 37 of 40 callers who came together (measured), and the other had nothing to do.
So one that has more than another lets that one go first, for a moment: should it not come, callers
are taken all the same. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 1.0
_HESITATION_SECONDS = 0.003


class Acceptor:
    """On one socket, until closed."""

    def __init__(
        self,
        sock: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        *,
        handshake_seconds: float,
        goodbye_seconds: float,
        crowded: Callable[[], bool],
        elsewhere: Callable[[], bool] = bool,
    ) -> None:
        """Begins at once, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._protocol = protocol
        self._more: dict[str, Any] = {}
        if tls is not None:
            self._more = {
                "ssl": tls,
                "ssl_handshake_timeout": handshake_seconds,
                "ssl_shutdown_timeout": goodbye_seconds,
            }
        self._nodelay = sock.family != socket.AF_UNIX
        self._crowded = crowded
        self._elsewhere = elsewhere
        self._hesitated = False
        self._arriving: set[asyncio.Task[None]] = set()
        self._begin()

    def close(self) -> None:
        """Take nobody more; who is in a handshake is let go."""
        if self._sock.fileno() == -1:
            return
        self._loop.remove_reader(self._sock)
        self._sock.close()
        for task in self._arriving:
            task.cancel()

    def _begin(self) -> None:
        if self._sock.fileno() != -1:
            self._loop.add_reader(self._sock, self._accept)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._sock)
        self._loop.call_later(seconds, self._begin)

    def _accept(self) -> None:
        if self._elsewhere():  # another process serves, and this one does not yet
            self._pause(_PAUSE_SECONDS)
            return
        if not self._hesitated and self._crowded():
            self._hesitated = True
            self._pause(_HESITATION_SECONDS)
            return
        self._hesitated = False
        try:
            caller, _ = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was quicker, or the caller has changed its mind
        except OSError as error:
            if error.errno not in _OUT_OF_FILES:
                return
            self._pause(_PAUSE_SECONDS)
            return
        caller.setblocking(False)
        if self._nodelay:
            with contextlib.suppress(OSError):
                caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._arrive(caller))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _arrive(self, caller: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, caller, **self._more)
        except (OSError, asyncio.CancelledError):  # of a handshake: it has been told already
            caller.close()
