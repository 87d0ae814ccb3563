"""A PostgreSQL of the test's own: killed, frozen, filled and set otherwise than it should be.

All that is kept by ``tests.databases`` is kept there while it runs. It refuses to be run by root,
so it lies outside the test's folder, where another user may go.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import databases
from tests.hub import free_port

_OWNER = "postgres"
_FOLDERS = "/usr/lib/postgresql/*/bin"


def _binary(name: str) -> str:
    installed = sorted(Path("/").glob(f"{_FOLDERS[1:]}/{name}"))
    found = shutil.which(name) or (str(installed[-1]) if installed else None)
    if found is None:
        assert os.environ.get("CI") != "true", f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    return found


class PostgresServer:
    """One server on a free port of this machine."""

    def __init__(self) -> None:
        self._user = _OWNER if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="samsvar-postgresql-"))
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        self.port = free_port()
        self.url = f"postgresql://samsvar@127.0.0.1:{self.port}/postgres"
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            *(_binary("initdb"), "--pgdata", str(self.folder / "data"), "--no-sync"),
            *("--username", "samsvar", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
        )

    def start(self, **settings: object) -> None:
        """Start it with these settings, and wait until it takes connections."""
        told = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(_binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)),
                    *("-k", str(self.folder), "-h", "127.0.0.1", *told),
                ],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self.folder,
                start_new_session=True,
            )
        give_up = time.monotonic() + 60
        while not self.answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < give_up, (self.folder / "log").read_text()
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(psycopg.OperationalError), self.connect():
            return True
        return False

    def connect(self) -> psycopg.Connection[Any]:
        """As its administrator, outside every transaction."""
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5)

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """What the last one finds."""
        with self.connect() as connection:
            cursors = [connection.execute(statement.encode()) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    def change(self, name: str, value: str) -> None:
        """A setting, while it runs: as one does who has read that it becomes faster."""
        self.sql(f"ALTER SYSTEM SET {name} = {value}", "SELECT pg_reload_conf()")
        give_up = time.monotonic() + 20
        while self.sql(f"SHOW {name}") != [(value,)]:
            assert time.monotonic() < give_up
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9 of all its processes: what only its memory held is gone."""
        assert self._process is not None
        for number in self._freeze():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Connections stay, and nothing answers."""
        self._freeze()

    def go_on(self) -> None:
        """After ``freeze``."""
        for number in self._all():
            os.kill(number, signal.SIGCONT)

    def mend(self) -> None:
        """Let it run, whatever a test that failed has left of it."""
        if self._process is None:
            self.start()
        self.go_on()

    def end(self) -> None:
        """For good."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder)

    def _freeze(self) -> list[int]:
        """The first one first, so that it starts and ends nobody meanwhile."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        numbers = self._all()
        for number in numbers[1:]:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGSTOP)
        return numbers

    def _all(self) -> list[int]:
        assert self._process is not None
        first = self._process.pid
        told = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, told.split())]

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, user=self._user, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def private_postgresql(folder: Path, **settings: object) -> Iterator[PostgresServer]:
    """A server that runs, and keeps what the hubs of a test's folder store. What it holds at the
    end is searched for numbers."""
    server = PostgresServer()
    before = databases.SERVER
    try:
        server.start(**settings)
        databases.SERVER = server.url
        databases.choose(databases.POSTGRESQL)
        yield server
        server.mend()
        databases.drop(folder)
    finally:
        databases.SERVER = before
        databases.forget(folder)
        server.end()
