"""PostgreSQL, RabbitMQ and Redis of the run's own: on free ports, killed and started at will.

Each is set up as production wants it: every commit on disk before it is told, a password or a
bound to loopback, Redis with its append-only file. Knows nothing of what they are used for.
Long, for there are three of them.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psycopg
from kombu import Connection
from kombu.exceptions import KombuError
from redis import Redis
from redis.exceptions import RedisError

HOST = "127.0.0.1"
_START_SECONDS = 90.0
_LOOK_SECONDS = 0.02


class EngineFailed(Exception):
    """An engine is not installed, or does not start. The text says which, and what to do."""


class Engine(Protocol):
    """What can be killed with kill -9, and started again."""

    def start(self) -> None:
        """Start it; returns when it serves.

        Raises:
            EngineFailed: it does not.
        """

    def kill(self) -> None:
        """kill -9: the process, and all that it has started."""


class _Process:
    """One engine's process and its children."""

    def __init__(self, name: str, output: Path) -> None:
        self._name = name
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        serves: Callable[[], bool],
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        give_up = time.monotonic() + _START_SECONDS
        while not serves():
            if self._process.poll() is not None or time.monotonic() > give_up:
                last = self._output.read_text(errors="replace").strip()[-500:]
                raise EngineFailed(f"{self._name} does not start: {last}")
            time.sleep(_LOOK_SECONDS)

    def kill(self) -> None:
        if self._process is None:
            return
        family = [self._process.pid, *_descendants(self._process.pid)]
        for pid in family:  # the first of them first, or it would start its children again
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


class PostgreSql:
    """A cluster with one database for each name; its one user needs no password on loopback."""

    def __init__(self, folder: Path, databases: Sequence[str]) -> None:
        self._data = folder / "postgresql"
        self._binaries = _postgresql_binaries()
        self._port = free_port()
        self._process = _Process("PostgreSQL", folder / "postgresql.out")
        # It refuses to run as root; then its own user is there, made with the package.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._data.mkdir(mode=0o700)
        if self._user:
            folder.chmod(0o711)  # it must come through
            os.chown(self._data, pwd.getpwnam(self._user).pw_uid, -1)
        made = subprocess.run(
            [
                *(str(self._binaries / "initdb"), "-D", str(self._data), "-U", "samsvar"),
                *("-A", "trust", "-E", "UTF8", "--locale=C"),
            ],
            user=self._user,
            capture_output=True,
            check=False,
        )
        if made.returncode:
            raise EngineFailed(f"initdb: {made.stderr.decode(errors='replace').strip()[-500:]}")
        self.start()
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            for name in databases:
                server.execute(f"CREATE DATABASE {name}".encode())

    def url(self, database: str) -> str:
        """As it stands in settings."""
        return f"postgresql://samsvar@{HOST}:{self._port}/{database}"

    def start(self) -> None:
        """See ``Engine``."""
        listening = [*("-p", str(self._port)), *("-h", HOST), *("-k", "")]
        self._process.start(
            [str(self._binaries / "postgres"), "-D", str(self._data), *listening],
            self._serves,
            user=self._user,
        )

    def kill(self) -> None:
        """See ``Engine``."""
        self._process.kill()

    def _serves(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


class RabbitMq:
    """A node of its own with one vhost; its user is guest, who comes from loopback alone."""

    USER = PASSWORD = "guest"

    def __init__(self, folder: Path) -> None:
        home = folder / "rabbitmq"
        home.mkdir()
        self._port = free_port()
        names = free_port()
        self._names = _Process("epmd", folder / "epmd.out")
        self._process = _Process("RabbitMQ", folder / "rabbitmq.out")
        (home / "plugins").write_text("[].\n")
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {HOST}:{self._port}\nlog.console = false\n"
        )
        self._environment = {
            **os.environ,
            "HOME": str(home),
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_NODENAME": f"bench{secrets.token_hex(4)}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        }
        # Erlang's own name server would otherwise be started by the node, and outlive the run.
        self._names.start(
            [_program("epmd", "/usr/bin"), "-port", str(names), "-address", HOST],
            lambda: _listens(names),
        )
        self.start()

    @property
    def url(self) -> str:
        """As it stands in settings."""
        return f"amqp://{HOST}:{self._port}/%2F"

    def start(self) -> None:
        """See ``Engine``."""
        program = _program("rabbitmq-server", "/usr/lib/rabbitmq/bin")
        self._process.start([program], self._serves, environment=self._environment)

    def kill(self) -> None:
        """See ``Engine``."""
        self._process.kill()

    def end(self) -> None:
        """It, and the name server of its own."""
        self._process.kill()
        self._names.kill()

    def _serves(self) -> bool:
        trial = Connection(
            hostname=HOST,
            port=self._port,
            userid=self.USER,
            password=self.PASSWORD,
            transport="pyamqp",
            connect_timeout=2,
        )
        try:
            trial.connect()
        except (KombuError, OSError, *trial.connection_errors):
            return False
        finally:
            with contextlib.suppress(Exception):
                trial.collect(socket_timeout=1.0)
        return True


class RedisServer:
    """One server, with an append-only file."""

    PASSWORD = "fictive-word-of-this-run"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "redis"
        self._folder.mkdir()
        self._port = free_port()
        self._process = _Process("Redis", folder / "redis.out")
        self.start()

    @property
    def url(self) -> str:
        """As it stands in settings."""
        return f"redis://localhost:{self._port}/0"

    def start(self) -> None:
        """See ``Engine``."""
        self._process.start(
            [
                *(_program("redis-server", "/usr/bin"), "--port", str(self._port)),
                *("--bind", HOST, "--dir", str(self._folder), "--save", ""),
                *("--appendonly", "yes", "--requirepass", self.PASSWORD),
            ],
            self._serves,
        )

    def kill(self) -> None:
        """See ``Engine``."""
        self._process.kill()

    def _serves(self) -> bool:
        client = Redis(host=HOST, port=self._port, password=self.PASSWORD, socket_timeout=2)
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False
        finally:
            client.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 2).close()
    except OSError:
        return False
    return True


def _descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    found = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _program(name: str, folder: str) -> str:
    found = shutil.which(name, path=f"{folder}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise EngineFailed(f"{name} is not installed: install it, or choose another --engine")
    return found


def _postgresql_binaries() -> Path:
    versions = Path("/usr/lib/postgresql")
    found = sorted(versions.glob("*/bin/postgres"), key=lambda one: int(one.parts[-3]))
    if found:
        return found[-1].parent
    return Path(_program("initdb", "/usr/local/bin")).resolve().parent
