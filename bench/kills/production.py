"""A production set-up in one folder, all of it processes, on loopback.

Two hubs with a data folder each share PostgreSQL, Redis and RabbitMQ. They ask two producers that
speak the contract, one source by an adapter in the hub's own process, and one by two workers over
the message broker. A third hub is another region's index: it hears of every change by the broker,
and keeps what it would tell on to a subscriber that is never reached, so that each effect there
can be counted. Settings are the defaults.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson

from bench.kills.engines import HOST, PostgreSql, RabbitMq, RedisServer, free_port
from bench.messages import CONSUMER, HUB, OWNER, SMALL
from bench.processes import Child, ChildFailed, Nursery
from samsvar.broker.keys import KeyPair

SOAP = SMALL.addresses[:2]
ADAPTED, THROUGH = f"{OWNER}-ADAPTED", f"{OWNER}-WORKER"
DIRECT = (*SOAP, ADAPTED)
"""Sources that need neither RabbitMQ nor Redis."""
SOURCES = (*DIRECT, THROUGH)
NEIGHBOUR = "SE2129999997-EI"
"""The index of another region."""
OURS, THEIRS = "samsvar", "neighbour"
"""Names of the databases."""

_SYSTEM = "prator"
_READY_SECONDS = 60.0
_OPERATION = "urn:riv:itintegration:engagementindex:{}Responder:1"
_PLANS = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"


@dataclass(slots=True)
class Program:
    """One process of Samsvar's that can be killed, and started again as a supervisor would."""

    name: str
    arguments: Sequence[str]
    log: Path
    lacks: Callable[[bytes], Awaitable[str]]
    """Why it does not serve yet; empty: it does. Told what it has printed since it started."""
    nursery: Nursery
    _child: Child | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start it; returns when it serves.

        Raises:
            ChildFailed: it does not.
        """
        with self.log.open("ab") as output:
            begun = output.tell()
            self._child = await self.nursery.start(
                self.name, ["-m", "samsvar", *self.arguments], output=output
            )
        give_up = time.monotonic() + _READY_SECONDS
        while why := await self.lacks(self.log.read_bytes()[begun:]):
            if told := await self._child.ended():
                raise ChildFailed(f"{self.name}: {told}")
            if time.monotonic() > give_up:
                raise ChildFailed(f"{self.name} does not serve in {_READY_SECONDS:g} s: {why}")
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """kill -9."""
        assert self._child is not None
        await self._child.kill()


@dataclass(frozen=True, slots=True)
class Production:
    """All of it."""

    folder: Path
    postgresql: PostgreSql
    rabbitmq: RabbitMq
    redis: RedisServer
    hubs: Sequence[Program]
    doors: Sequence[str]
    """Where each of the hubs listens: ``http://host:port``."""
    workers: Sequence[Program]
    settings: Path
    """Of one of the hubs."""


async def production(folder: Path, stack: AsyncExitStack) -> Production:
    """Set it up and start it; it ends with the stack.

    Raises:
        EngineFailed, ChildFailed: something does not start.
    """
    postgresql = await asyncio.to_thread(PostgreSql, folder, (OURS, THEIRS))
    stack.callback(postgresql.kill)
    rabbitmq = await asyncio.to_thread(RabbitMq, folder)
    stack.callback(rabbitmq.end)
    redis = await asyncio.to_thread(RedisServer, folder)
    stack.callback(redis.kill)
    nursery = await stack.enter_async_context(Nursery())
    source = await nursery.start("source", ["-m", "samsvar", "sim", _SYSTEM])
    url = (await source.line("answers at")).split()[-1] + "/"
    producers = await nursery.start("producers", ["-m", "bench.producer"])
    ports: list[int] = orjson.loads(await producers.line())[SMALL.name][: len(SOAP)]
    session = await stack.enter_async_context(aiohttp.ClientSession())
    files = _Files(folder, postgresql, rabbitmq, redis)
    files.write(url, ports)
    for name in ("hub-1", "neighbour"):
        await nursery.run(
            f"registry load of {name}",
            [
                *("-m", "samsvar", "registry", "load", str(folder / f"{name}-registry.toml")),
                *("--settings", str(folder / f"{name}.toml")),
            ],
        )
    files.share_keys()

    def hub(name: str) -> Program:
        ready = f"{files.door(name)}/health/ready"

        async def lacks(_said: bytes) -> str:
            try:
                async with session.get(ready, timeout=aiohttp.ClientTimeout(2)) as answer:
                    return "" if answer.status == 200 else await answer.text()
            except (aiohttp.ClientError, TimeoutError) as error:
                return type(error).__name__

        arguments = ["serve", "--settings", str(folder / f"{name}.toml")]
        return Program(name, arguments, folder / f"{name}.log", lacks, nursery)

    def worker(name: str) -> Program:
        arguments = ["worker", "--adapter", _SYSTEM, "--config", str(folder / f"{name}.toml")]

        async def lacks(said: bytes) -> str:
            return "" if b"connected; takes questions" in said else "it is not connected"

        return Program(name, arguments, folder / f"{name}.log", lacks, nursery)

    made = Production(
        folder,
        postgresql,
        rabbitmq,
        redis,
        [hub(name) for name in files.hubs],
        [files.door(name) for name in files.hubs],
        [worker(name) for name in files.workers],
        folder / "hub-1.toml",
    )
    for each in (hub("neighbour"), *made.hubs, *made.workers):
        await each.start()
    return made


class _Files:
    """Settings, registries, keys and secrets."""

    hubs = ("hub-1", "hub-2")
    workers = ("worker-1", "worker-2")

    def __init__(
        self, folder: Path, postgresql: PostgreSql, rabbitmq: RabbitMq, redis: RedisServer
    ) -> None:
        self._folder = folder
        self._postgresql = postgresql
        self._redis = redis
        self._broker = (
            f'[broker]\nurl = "{rabbitmq.url}"\nuser = "{rabbitmq.USER}"\n'
            'password = "file:broker-password"\n'
        )
        self._ports = {name: free_port() for name in (*self.hubs, "neighbour")}
        self._keys = {name: KeyPair.new() for name in ("hub", "neighbour", *self.workers)}
        self._secret("broker-password", rabbitmq.PASSWORD)
        self._secret("redis-password", redis.PASSWORD)
        self._secret("source-key", "demo-key")
        for name, keys in self._keys.items():
            self._secret(f"{name}.key", keys.secret())

    def door(self, name: str) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._ports[name]}"

    def share_keys(self) -> None:
        """Hubs that share a database have the same keys, each in its own data folder."""
        first, second = (self._folder / f"{name}-data" for name in self.hubs)
        second.mkdir(mode=0o700)
        for key in first.glob("*.key"):
            self._secret(f"{second.name}/{key.name}", key.read_text(encoding="utf-8").strip())

    def write(self, source: str, ports: Sequence[int]) -> None:
        """All of them."""
        redis = f'redis = "{self._redis.url}"\nredis_password = "file:redis-password"\n'
        for name in self.hubs:
            self._settings(name, OURS, "hub", redis, f'[index]\naddress = "{HUB}"\n')
        told = f'["{HUB} {self._public("hub")}"]'
        index = f'[index]\naddress = "{NEIGHBOUR}"\nreceive_from_broker = {told}\n'
        self._settings("neighbour", THEIRS, "neighbour", "", index)
        self._text("hub-1-registry.toml", self._our_registry(source, ports))
        self._text("neighbour-registry.toml", _their_registry())
        for name in self.workers:
            self._text(
                f"{name}.toml",
                f'[worker]\nid = "{name}"\nkey = "{name}.key"\nhubs = ["{self._public("hub")}"]\n'
                f'addresses = ["{THROUGH}"]\n{self._broker}[source]\naddress = "{source}"\n'
                'options = { api_key = "file:source-key" }\n',
            )

    def _settings(self, name: str, database: str, key: str, redis: str, index: str) -> None:
        self._text(
            f"{name}.toml",
            f'[hub]\ninstance_id = "SAMSVAR-{name.upper()}"\naddresses = ["{HUB}"]\n'
            f'data = "{name}-data"\ndatabase = "{self._postgresql.url(database)}"\n{redis}'
            f'[[listen]]\nkind = "plain"\nport = {self._ports[name]}\ntrusted = true\n'
            f'{index}{self._broker}hub_key = "{key}.key"\n',
        )

    def _our_registry(self, source: str, ports: Sequence[int]) -> str:
        keys = ", ".join(f'"{self._public(name)}"' for name in self.workers)
        options = 'options = { api_key = "file:source-key" }\n'
        ways = {
            **{
                address: f'kind = "soap"\naddress = "http://{HOST}:{port}/"\n'
                for address, port in zip(SOAP, ports, strict=True)
            },
            ADAPTED: f'kind = "adapter"\nadapter = "{_SYSTEM}"\naddress = "{source}"\n{options}',
            THROUGH: f'kind = "worker"\nworkers = [{keys}]\n',
        }
        neighbour = f'kind = "worker"\nworkers = ["{self._public("neighbour")}"]\n'
        return "\n".join(
            [
                *(f'[[contract]]\nurn = "{urn}"\ntitle = "{title}"' for urn, title in _CONTRACTS),
                f'[[consumer]]\nid = "{CONSUMER}"\nchannel = "system"\nsocial_care = true',
                *(
                    _producer(address, "GetCarePlans 2", address, way)
                    for address, way in ways.items()
                ),
                _producer("neighbour", "ProcessNotification 1", NEIGHBOUR, neighbour),
                *(_may(CONSUMER, "GetCarePlans 2", address) for address in (HUB, *SOURCES)),
                *(_may(address, "Update 1", HUB) for address in SOURCES),
            ]
        )

    def _public(self, name: str) -> str:
        return self._keys[name].public.text

    def _text(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="utf-8")

    def _secret(self, name: str, text: str) -> None:
        path = self._folder / name
        path.touch(0o600)
        path.write_text(text + "\n", encoding="utf-8")


_CONTRACTS = (
    (_PLANS, "GetCarePlans 2"),
    (_OPERATION.format("Update"), "Update 1"),
    (_OPERATION.format("ProcessNotification"), "ProcessNotification 1"),
)


def _their_registry() -> str:
    """They hear of our index, and have somebody to tell who is never there."""
    nobody = f'kind = "soap"\naddress = "http://{HOST}:9/"\n'
    return "\n".join(
        [
            *(f'[[contract]]\nurn = "{urn}"\ntitle = "{title}"' for urn, title in _CONTRACTS),
            f'[[consumer]]\nid = "{HUB}"\nchannel = "system"\nsocial_care = false',
            _may(HUB, "ProcessNotification 1", NEIGHBOUR),
            _producer("nobody", "ProcessNotification 1", "SE2129999997-NOBODY", nobody),
        ]
    )


def _producer(name: str, contract: str, address: str, way: str) -> str:
    return (
        f'[[producer]]\nid = "{name}"\ntitle = "{name}"\nowner = "{OWNER}"\n{way}'
        f'[[route]]\ncontract = "{contract}"\nlogical_address = "{address}"\nproducer = "{name}"'
    )


def _may(consumer: str, contract: str, address: str) -> str:
    return (
        f'[[permission]]\nconsumer = "{consumer}"\ncontract = "{contract}"\n'
        f'logical_address = "{address}"'
    )
