"""The way to Redis: quick, or not at all.

Nobody waits for longer than some milliseconds. After two failures in a row it is away: then nobody
waits at all, until a chore has reached it again. Loss and return are told once. Knows no key.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection, Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from samsvar.errors import ResourcesMissing
from samsvar.ports import Events

T = TypeVar("T")
#: seconds that a question may wait; that a chore may
QUICK, PATIENT = 0.05, 1.0
_LOOK_EVERY = 1.0
_CONNECTIONS = 16
_FAILURES = 2
PREFIX = "samsvar"


def opened(url: str, user: str | None, password: str | None, authority: Path | None) -> Redis:
    """A client; nothing is connected yet.

    Raises:
        ResourcesMissing: the authority's certificates cannot be read.
    """
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "db": int(parts.path.strip("/") or 0) if parts.scheme != "unix" else 0,
        "username": user,
        "password": password,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": PATIENT,
        "socket_connect_timeout": PATIENT,
    }
    kind: type[AbstractConnection] = Connection
    if parts.scheme == "unix":
        kind, options["path"] = UnixDomainSocketConnection, unquote(parts.path)
    else:
        options |= {"host": parts.hostname, "port": parts.port or 6379}
    if parts.scheme == "rediss":
        kind = SSLConnection
        options["ssl_min_version"] = ssl.TLSVersion.TLSv1_2
        if authority is not None:
            if not authority.is_file():
                raise ResourcesMissing(f"hub.redis_authority: {authority}: no such file")
            options["ssl_ca_certs"] = str(authority)
    pool = BlockingConnectionPool(
        max_connections=_CONNECTIONS, timeout=PATIENT, connection_class=kind, **options
    )
    return Redis(connection_pool=pool)


@contextmanager
def kept() -> Iterator[None]:
    """Who is cancelled inside is, whatever the client made of it.

    It uses ``asyncio.wait_for``, which until Python 3.12 forgets a cancellation that comes together
    with the result: a deadline would not count, and a hub that is told to stop would not. A
    time-out of ours inside has been settled by then: what came just in time counts.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    yield
    if task.cancelling() > before:
        raise asyncio.CancelledError


class RedisLink:
    """One process's link."""

    def __init__(self, client: Redis, events: Events, database: str = "0") -> None:
        self.client = client
        self.prefix = f"{PREFIX}:{database}"
        """Of every key and channel: channels know no databases."""
        self._events = events
        self._failures = 0
        self._away = False
        self._why = ""

    @property
    def away(self) -> bool:
        """Whether nobody asks it just now."""
        return self._away

    def notes(self) -> list[str]:
        """What somebody who looks at this process's health should know."""
        if not self._away:
            return []
        return [
            f"redis: away ({self._why}); this process goes by its own breakers, rates and events"
        ]

    async def quickly(self, errand: Callable[[], Awaitable[T]]) -> T | None:
        """What came of it; None: it is away, or was not quick."""
        if self._away:
            return None
        return await self._tried(errand, QUICK)

    async def patiently(self, errand: Callable[[], Awaitable[T]]) -> T | None:
        """The same for a chore, for which nobody waits."""
        if self._away:
            return None
        return await self._tried(errand, PATIENT)

    async def _tried(self, errand: Callable[[], Awaitable[T]], seconds: float) -> T | None:
        with kept():
            try:
                async with asyncio.timeout(seconds):
                    made = await errand()
            except (RedisError, OSError, TimeoutError) as error:
                self._failed(type(error).__name__)
                return None
        self._failures = 0
        return made

    async def run(self) -> None:
        """As a chore: look whether it is there, and whether it is again."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Once."""
        with kept():
            try:
                async with asyncio.timeout(PATIENT):
                    await self.client.ping()
            except (RedisError, OSError, TimeoutError) as error:
                self._failed(type(error).__name__)
                return
        self._failures = 0
        if self._away:
            self._away = False
            self._events.emit("shared-state-back", "-", detail="redis answers again")

    def _failed(self, why: str) -> None:
        self._failures += 1
        if self._failures < _FAILURES or self._away:
            return
        self._away, self._why = True, why
        self._events.emit(
            "shared-state-lost",
            "-",
            error_type=why,
            detail="redis is away: this process goes by its own breakers, rates and events",
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self.client.aclose()
        await self.client.connection_pool.disconnect()
