"""One count of each sender's questions for all processes, by the clock of Redis."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from samsvar.shared.link import RedisLink

_WAIT = """
local t = redis.call('TIME') local now = t[1] * 1000000 + t[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local even = tonumber(redis.call('GET', KEYS[1]) or now)
if even < now then even = now end
local early = even - now - (burst - 1) * interval
if early > 0 then return string.format('%.0f', early) end
even = even + interval
local kept = math.ceil((even - now) / 1000) + 1000
redis.call('SET', KEYS[1], string.format('%.0f', even), 'PX', kept)
return '0'
"""


class RedisRates:
    """Implements ``guards.rates.SharedRates``."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._script: Any = link.client.register_script(_WAIT)

    async def wait(self, who: str, interval: float, burst: int) -> float | None:
        """Seconds to wait; None: it cannot be known."""
        # A hash, so that no address of a caller stands in Redis.
        name = blake2b(who.encode(), digest_size=12).hexdigest()
        told = await self._link.quickly(
            lambda: self._script(
                [f"{self._link.prefix}:rate:{name}"], [round(interval * 1e6), burst]
            )
        )
        return None if told is None else int(told) / 1e6
