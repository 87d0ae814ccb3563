"""What the machine's service manager is told: that the hub serves, that it turns, that it stops.

The protocol of systemd's ``sd_notify``: a datagram to a socket that the environment names. Where
there is none, nothing is told, and nothing depends on it.
"""

from __future__ import annotations

import contextlib
import socket


class ServiceManager:
    """Whoever started the program, if it wants to hear."""

    def __init__(self, told: str) -> None:
        """``told`` is what NOTIFY_SOCKET says; empty: nobody wants to hear."""
        self._address = "\0" + told[1:] if told.startswith("@") else told

    def tell(self, *words: str) -> None:
        """Assignments such as ``READY=1``. One that cannot be told is left out."""
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock,
        ):
            sock.sendto("\n".join(words).encode(), self._address)
