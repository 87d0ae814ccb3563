"""What the tests' hubs keep their state in: one of two columns, chosen for a whole run.

``embedded``: what a hub has when nothing is set, SQLite in its data folder and its own memory.
``production``: PostgreSQL, RabbitMQ and Redis, for every hub whose test does not choose otherwise.
Tests do not meet there: each data folder has a schema and a Redis database of its own, and what a
hub declares at the broker bears a random name and goes with its connection. A test that uses queues
others could know the names of takes a vhost of its own (``brokers``).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import databases
from tests.brokers import Broker, rabbitmq
from tests.redis_server import PASSWORD, RedisServer, redis_server

EMBEDDED, PRODUCTION = "embedded", "production"
DATABASES = {EMBEDDED: databases.SQLITE, PRODUCTION: databases.POSTGRESQL}


@dataclass(frozen=True, slots=True)
class _Servers:
    broker: Broker
    redis: RedisServer
    numbers: dict[Path, int] = field(default_factory=dict)
    """Of the Redis database of each data folder."""


_servers: _Servers | None = None


@contextmanager
def running(column: str, folder: Path) -> Iterator[None]:
    """The column's servers, until the block ends. Where one lacks, the tests skip; on a build
    server they fail."""
    global _servers
    databases.choose(DATABASES[column])
    if column == EMBEDDED:
        yield
        return
    with rabbitmq() as broker, redis_server(folder, recorded=True) as redis:
        os.environ["REDIS_PASSWORD"] = PASSWORD
        _servers = _Servers(broker, redis)
        try:
            yield
        finally:
            _servers = None


def hub_lines(data: Path, told: str = "") -> str:
    """The lines of a [hub] section: those that the test tells, and what it leaves to the column."""
    chosen = tomllib.loads(told)
    lines = "" if "database" in chosen else databases.hub_setting(data)
    if _servers is not None and "redis" not in chosen:
        number = _servers.numbers.setdefault(data.absolute(), len(_servers.numbers))
        lines += f'redis = "{_servers.redis.url_of(number)}"\n'
        lines += 'redis_password = "env:REDIS_PASSWORD"\n'
    return lines + told


def broker_lines(told: str = "") -> str:
    """The same for [broker]."""
    if _servers is None or "url" in tomllib.loads(told):
        return told
    return _servers.broker.section(told)
