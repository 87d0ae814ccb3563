"""A message broker for tests, and workers in processes of their own.

RabbitMQ is the one on this machine, with a vhost for each test where ``rabbitmqctl`` may make one.
Where there is none the tests say so, and fail if CI says that there must be one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kombu
import pytest

from samsvar.broker.keys import KeyPair
from samsvar.broker.topology import EXCHANGES, PROBE
from tests.ports import free_port

HOST, PORT, USER, PASSWORD = "127.0.0.1", 5672, "guest", "guest"
PRATOR = "SE2321000032-PRATOR1"


@dataclass(frozen=True, slots=True)
class Broker:
    """One vhost."""

    vhost: str
    host: str = HOST
    port: int = PORT
    user: str = USER
    password: str = PASSWORD
    scheme: str = "amqp"
    own_port: int = PORT
    """Where it listens itself, whatever stands before it."""

    @property
    def url(self) -> str:
        """As it stands in settings."""
        return f"{self.scheme}://{self.host}:{self.port}/{self.vhost.replace('/', '%2F')}"

    def section(self, more: str = "") -> str:
        """The lines of a [broker] section. The password is in the environment."""
        secret = "env:BROKER_PASSWORD" if self.password == PASSWORD else f"env:{self.password}"
        return f'url = "{self.url}"\nuser = "{self.user}"\npassword = "{secret}"\n{more}'

    @contextlib.contextmanager
    def channel(self) -> Iterator[Any]:
        """A channel of an outsider who may do everything."""
        with kombu.Connection(
            hostname=HOST,
            port=self.own_port,
            userid=USER,
            password=PASSWORD,
            virtual_host=self.vhost,
            transport="pyamqp",
        ) as connection:
            yield connection.channel()


def rabbitmqctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run(
        ["rabbitmqctl", "-q", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@contextlib.contextmanager
def rabbitmq() -> Iterator[Broker]:
    """A vhost of its own."""
    try:
        socket.create_connection((HOST, PORT), 2).close()
    except OSError:
        lacking(f"no RabbitMQ at {HOST}:{PORT}")
    os.environ["BROKER_PASSWORD"] = PASSWORD
    vhost = f"samsvar-test-{secrets.token_hex(6)}"
    own = shutil.which("rabbitmqctl") is not None
    own = own and rabbitmqctl("add_vhost", vhost).returncode == 0
    if not own:
        vhost = "/"
    try:
        if own:
            made = rabbitmqctl("set_permissions", "-p", vhost, USER, ".*", ".*", ".*")
            assert made.returncode == 0, made.stderr
        yield Broker(vhost)
    finally:
        if own:
            rabbitmqctl("delete_vhost", vhost)
        else:
            with Broker(vhost).channel() as channel:
                for exchange in (*EXCHANGES, PROBE):
                    channel.exchange_delete(exchange)


def lacking(what: str) -> None:
    """Skip at home, fail where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@dataclass(slots=True)
class Worker:
    """``samsvar worker`` in a process of its own."""

    folder: Path
    name: str
    hub: str
    addresses: tuple[str, ...]
    broker: str
    """The lines of its [broker] section."""
    source: str = ""
    """The lines of its [source] section."""
    arguments: tuple[str, ...] = ("--adapter", "prator")
    more: str = ""
    """More lines of its [worker] section."""
    before: tuple[str, ...] = ()
    """What the command is run by."""
    environment: Mapping[str, str] = field(default_factory=dict)
    keys: KeyPair = field(default_factory=KeyPair.new)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it has printed."""
        return self.folder / f"{self.name}.log"

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.folder / f"{self.name}.toml"

    def write(self) -> None:
        """Its key and its settings."""
        key = self.folder / f"{self.name}.key"
        key.touch(0o600)
        key.write_text(self.keys.secret() + "\n")
        addresses = ", ".join(f'"{one}"' for one in self.addresses)
        self.config.write_text(
            f'[worker]\nid = "{self.name}"\nkey = "{key}"\nhubs = ["{self.hub}"]\n'
            f"addresses = [{addresses}]\n{self.more}\n[broker]\n{self.broker}\n"
            f"[source]\n{self.source}\n",
            encoding="utf-8",
        )

    def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until it takes questions."""
        self.write()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.before,
                    sys.executable,
                    "-m",
                    "samsvar",
                    "worker",
                    *self.arguments,
                    "--config",
                    str(self.config),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        if ready:
            self.until("connected; takes questions")

    def until(self, words: str, seconds: float = 60) -> None:
        """Wait until it has printed that."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if words in self.log.read_text():
                return
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError(f"no {words!r} in:\n{self.log.read_text()}")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)

    def end(self) -> None:
        """Whatever it was doing."""
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Wire:
    """A wire to the broker that can be cut and mended; with TLS at our end, if wanted."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, host: str = HOST, *, own_port: int = PORT
    ) -> None:
        """``own_port``: where the broker listens."""
        self._tls = tls
        self._host = host
        self._own_port = own_port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.open = asyncio.Event()
        """Cleared: what comes from the broker waits."""
        self.open.set()
        self.taking = asyncio.Event()
        """Cleared: what goes to the broker waits, so that its sender can write no more."""
        self.taking.set()
        self.seen = bytearray()
        """All that went through, both ways, inside TLS."""

    async def mend(self) -> None:
        """Take connections, at the same port as before."""
        self._server = await asyncio.start_server(self._carry, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse connections, and break those that are."""
        if self._server is not None:
            self._server.close()
        for end in list(self._ends):
            end.transport.abort()
        await asyncio.sleep(0)

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_connection(HOST, self._own_port)
        self._ends |= {back, on}
        try:
            await asyncio.gather(
                self._pump(here, on, self.taking), self._pump(there, back, self.open)
            )
        finally:
            self._ends -= {back, on}
            for end in (back, on):
                end.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, passes: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await passes.wait()
                self.seen += data
                sink.write(data)
                await sink.drain()
        sink.transport.abort()


def prator_source(folder: Path, url: str) -> str:
    """The [source] of a worker beside the Prator simulator."""
    key = folder / "api-key"
    key.write_text("demo-key", encoding="utf-8")
    return f'address = "{url}/"\noptions = {{ api_key = "file:{key}" }}\n'


class OwnRabbit:
    """A RabbitMQ of our own, which may be hurt: its alarm raised, its process killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._name = f"samsvar{secrets.token_hex(4)}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {HOST}:{self.port}\nlog.console = false\n"
        )
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "rabbitmq-log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        }

    @property
    def broker(self) -> Broker:
        """Its one vhost."""
        return Broker("/", port=self.port, own_port=self.port)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        if not program.exists() or os.geteuid() != 0:
            lacking("no RabbitMQ can be started here")
        os.environ["BROKER_PASSWORD"] = PASSWORD
        with (self.folder / "rabbitmq.out").open("ab") as output:
            self._process = subprocess.Popen(
                [str(program)],
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError):
                socket.create_connection((HOST, self.port), 1).close()
                return
            assert self._process.poll() is None, (self.folder / "rabbitmq.out").read_text()
            time.sleep(0.1)
        raise AssertionError("RabbitMQ did not start")

    def control(self, *arguments: str) -> None:
        """``rabbitmqctl``."""
        subprocess.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "-n", self._name, *arguments],
            env=self._environment,
            capture_output=True,
            check=True,
        )

    def shut_down(self) -> None:
        """As its supervisor stops it: it says goodbye to those who are connected."""
        self.control("shutdown")
        assert self._process is not None
        self._process.wait(timeout=60)

    def stand_still(self) -> None:
        """It takes bytes, and does nothing with them, until it is killed."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """kill -9: the process and what it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            with contextlib.suppress(OSError):
                while True:  # what it has started dies a little later
                    socket.create_connection((HOST, self.port), 1).close()
                    time.sleep(0.05)
