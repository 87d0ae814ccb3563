"""Open breakers in Redis: when each may be tried again, by the clock of Redis, and who tries it.

Each change is one script, so that two processes never both probe. Knows no breaker's rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from samsvar.shared.link import RedisLink

#: longer than any question lasts: a process that dies with a probe must not keep others from one
PROBE_MILLISECONDS = 60_000
#: what nobody has asked about for so long is forgotten: it is found out anew
_FORGOTTEN_MILLISECONDS = 3_600_000

_NOW = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
_OPENED = (
    _NOW
    + """
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
return 1
"""
)
_CLOSED = """
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
return 1
"""
_UNPROBED = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""
_PROBE = (
    _NOW
    + """
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and tonumber(due) > now then return 0 end
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 1 end
return 0
"""
)
_ALL = (
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[1]))
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #found, 2 do found[i] = tostring(tonumber(found[i]) - now) end
return found
"""
)


class RedisBreakers:
    """Implements ``guards.ports.SharedBreakers``."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._us = uuid4().hex
        self._open = f"{link.prefix}:breakers"
        self._scripts: Mapping[str, Any] = {
            name: link.client.register_script(text)
            for name, text in (
                ("opened", _OPENED),
                ("closed", _CLOSED),
                ("unprobed", _UNPROBED),
                ("probe", _PROBE),
                ("all", _ALL),
            )
        }

    async def probe(self, key: str) -> bool | None:
        """Whether this process may probe. None: it cannot be known."""
        may = await self._link.quickly(
            lambda: self._scripts["probe"](
                [self._open, self._probe(key)], [key, self._us, PROBE_MILLISECONDS]
            )
        )
        return None if may is None else bool(may)

    async def opened(self, key: str, seconds: float) -> bool:
        """It is open for so long."""
        return await self._told(
            "opened",
            [self._open, self._probe(key)],
            [key, max(0, round(seconds * 1000)), self._us],
        )

    async def closed(self, key: str) -> bool:
        """It is closed."""
        return await self._told("closed", [self._open, self._probe(key)], [key, self._us])

    async def unprobed(self, key: str) -> bool:
        """A probe of ours is over, and told nothing."""
        return await self._told("unprobed", [self._probe(key)], [self._us])

    async def all(self) -> Mapping[str, float] | None:
        """All that are open, and the seconds that are left."""
        found = await self._link.patiently(
            lambda: self._scripts["all"]([self._open], [_FORGOTTEN_MILLISECONDS])
        )
        if found is None:
            return None
        names, left = found[::2], found[1::2]
        return {
            name.decode(): float(milliseconds) / 1000
            for name, milliseconds in zip(names, left, strict=True)
        }

    async def _told(self, script: str, keys: list[str], arguments: list[str | int]) -> bool:
        told = await self._link.patiently(lambda: self._scripts[script](keys, arguments))
        return told is not None

    def _probe(self, key: str) -> str:
        return f"{self._link.prefix}:probe:{key}"
