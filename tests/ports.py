"""Ports that nobody listens on."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_LOWEST = 20_000
_taken: set[int] = set()


def free_port() -> int:
    """One that this process is told once, and that the machine gives to no outgoing connection
    between now and when somebody listens there."""
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    ephemeral = int(told.read_text().split()[0]) if told.exists() else 32_768
    while True:
        port = random.randrange(_LOWEST, ephemeral)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _taken:
            _taken.add(port)
            return port
