"""Events of all processes for those who look on in any of them: a channel in Redis.

Nothing is sent while nobody listens, and nothing is kept. What does not fit is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from samsvar.observe.tail import Line, Tail
from samsvar.shared.link import RedisLink, kept

_SEND_EVERY = 0.1
_LOOK_EVERY = 1.0


def channel_of(prefix: str) -> str:
    """Where events are heard."""
    return f"{prefix}:events"


class SharedTail:
    """Run both chores."""

    def __init__(self, link: RedisLink, tail: Tail) -> None:
        self._link = link
        self._tail = tail
        self._us = uuid4().hex
        self._channel = channel_of(link.prefix)

    async def send(self) -> None:
        """As a chore: what this process writes, while somebody else listens."""
        while True:
            await asyncio.sleep(_SEND_EVERY if self._tail.publishing else _LOOK_EVERY)
            lines, hidden = self._tail.outgoing()
            ears = await self._link.patiently(self._ears)
            self._tail.publishing = bool(ears)
            if not ears or not (lines or hidden):
                continue
            message = orjson.dumps(
                {"from": self._us, "hidden": hidden, "lines": lines}, option=orjson.OPT_UTC_Z
            )
            await self._link.patiently(lambda: self._link.client.publish(self._channel, message))  # noqa: B023 - awaited here

    async def _ears(self) -> int:
        """How many processes listen, beside this one."""
        ((_, count),) = await self._link.client.pubsub_numsub(self._channel)
        return int(count) - (1 if self._hearing else 0)

    _hearing = False

    async def hear(self) -> None:
        """As a chore: what other processes write, while somebody looks on here."""
        while True:
            await asyncio.sleep(0.2)
            if not self._tail.lookers or self._link.away:
                continue
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                self._hearing = True
                try:
                    async for told in heard(self._link.client, self._channel):
                        if not self._tail.lookers or self._link.away:
                            break
                        self._pass_on(told)
                finally:
                    self._hearing = False

    def _pass_on(self, told: dict[str, Any] | None) -> None:
        if told is None or told["from"] == self._us:
            return
        for line in told["lines"]:
            self._tail.receive(line)
        if told["hidden"]:
            self._tail.receive({}, told["hidden"])


async def heard(client: Redis, channel: str) -> AsyncIterator[dict[str, Any] | None]:
    """What is said there; None now and then, while nothing is.

    Raises:
        RedisError, OSError: it went away.
    """
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        with kept():
            await pubsub.subscribe(channel)
        while True:
            with kept():
                message = await pubsub.get_message(timeout=0.5)
            told = None if message is None else _read(message["data"])
            yield told


def _read(data: bytes) -> dict[str, Any] | None:
    """A message of ours; of another form: None."""
    try:
        told = orjson.loads(data)
        lines: list[Line] = told["lines"]
        fits = all(isinstance(line, dict) for line in lines)
        return told if fits and isinstance(told["hidden"], int) and told["from"] else None
    except (ValueError, TypeError, KeyError):
        return None
