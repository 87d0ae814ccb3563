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
from tests.ports import free_port

_BINARY = shutil.which("redis-server")
PASSWORD = "fictive-word-of-this-test"
_DATABASES = 10_000


def needs_redis() -> None:
    """Skip where none is installed; but never on a build server, where that would hide a fault."""
    if _BINARY is None:
        assert os.environ.get("CI") != "true", "redis-server is not installed"
        pytest.skip("redis-server is not installed")


class RedisServer:
    """One server. Nothing is kept on disk, as what is shared may be lost; unless it is recorded:
    then all that it was told is, for the search for numbers."""

    def __init__(
        self, folder: Path, tls: Identity | None = None, *, recorded: bool = False
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._scheme = "rediss" if tls else "redis"
        self._tls = tls
        self._recorded = recorded
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of one database of it, for a test that needs no more."""
        return self.url_of(3)

    def url_of(self, number: int) -> str:
        """Of any of its databases."""
        return f"{self._scheme}://localhost:{self.port}/{number}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        assert _BINARY is not None
        self._process = subprocess.Popen(
            [
                _BINARY,
                *self._listening(),
                *("--bind", "127.0.0.1", "--save", "", "--databases", str(_DATABASES)),
                *("--appendonly", "yes" if self._recorded else "no"),
                *("--requirepass", PASSWORD, "--dir", str(self.folder)),
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
        self._ended_by(signal.SIGKILL)

    def shut_down(self) -> None:
        """As its supervisor stops it."""
        self._ended_by(signal.SIGTERM)

    def stop(self) -> None:
        """It takes connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        self._signal(signal.SIGCONT)

    def _ended_by(self, number: signal.Signals) -> None:
        self._signal(number)
        assert self._process is not None
        self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> None:
        """Whatever it was doing."""
        if self._process is not None:
            self.go_on()
            self.kill()


@contextmanager
def redis_server(
    folder: Path, tls: Identity | None = None, *, recorded: bool = False
) -> Iterator[RedisServer]:
    """One that runs, until the block ends."""
    needs_redis()
    server = RedisServer(folder, tls, recorded=recorded)
    server.start()
    try:
        yield server
    finally:
        server.end()
