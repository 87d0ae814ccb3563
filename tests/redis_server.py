"""A Redis of the test's own: a process on a free port, killed, stopped and started at will."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from samsvar.simulation.authority import Identity
from tests.hub import free_port

_BINARY = shutil.which("redis-server")
PASSWORD = "fictive-word-of-this-test"


def needs_redis() -> None:
    """Skip where none is installed; but never on a build server, where that would hide a fault."""
    if _BINARY is None:
        assert os.environ.get("CI") != "true", "redis-server is not installed"
        pytest.skip("redis-server is not installed")


class RedisServer:
    """One server. Nothing is kept on disk: what is shared may be lost."""

    def __init__(self, folder: Path, tls: Identity | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"{'rediss' if tls else 'redis'}://localhost:{self.port}/3"
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        assert _BINARY is not None
        self._process = subprocess.Popen(
            [
                _BINARY,
                *self._listening(),
                *("--bind", "127.0.0.1", "--save", ""),
                *("--appendonly", "no", "--requirepass", PASSWORD, "--dir", str(self.folder)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("redis-server does not start")

    def _listening(self) -> tuple[str, ...]:
        if self._tls is None:
            return ("--port", str(self.port))
        certificate, key = str(self._tls.certificate), str(self._tls.key)
        return (
            *("--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", certificate, "--tls-key-file", key),
            *("--tls-ca-cert-file", certificate),
        )

    def kill(self) -> None:
        """kill -9."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """It takes connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> None:
        """Whatever it was doing."""
        if self._process is not None:
            self.go_on()
            self.kill()


@contextmanager
def redis_server(folder: Path, tls: Identity | None = None) -> Iterator[RedisServer]:
    """One that runs, until the block ends."""
    needs_redis()
    server = RedisServer(folder, tls)
    server.start()
    try:
        yield server
    finally:
        server.end()
