"""The live tail while many really ask: how far behind those are who follow it.

Each follower reads the console's own stream of events, as a browser does. What it was shown and
what it was told is hidden must at last be all that was asked; how late the last of it came is how
far behind it was.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.console_log import ASKED, index_updates, now_of
from bench.messages import CONSUMER, HUB, PLANS_ACTION, PLANS_PATH, question
from samsvar.model.exchange import QuestionRecord
from samsvar.onboarding.roles import Role
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import Database
from samsvar.store.secrets import open_vault

_ROW = re.compile(r"/console/questions/([A-Za-z0-9-]+)")
_HIDDEN = re.compile(r"<!-- (\d+) -->")
_PATIENCE = 30.0
_CONNECTIONS = 32


class AskedBadly(Exception):
    """A question was not answered: then the rest says nothing."""


@dataclass(slots=True)
class Follower:
    """One browser's end of the stream."""

    shown: int = 0
    hidden: int = 0
    late: list[float] = field(default_factory=list)
    """Seconds from a question's answer until it was shown."""
    last: float = 0.0
    """When the last rows came."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One run."""

    followers: int
    asked: int
    seconds: float
    shown: int
    hidden: int
    behind: float
    """Seconds after the last answer until the last follower had been told of all."""
    late: float
    """Of what was shown: the median follower's seconds, 95 of a hundred."""
    missing: int
    """Told of by no row and no count. More than none: something was lost."""
    resident: tuple[float, float]
    """MB of the hub at the beginning and at the end."""


async def tell_index(where: str) -> None:
    """What lets the hub find the sources of whom is asked about."""
    async with aiohttp.ClientSession(trust_env=False) as session:
        for path, sender, body in index_updates():
            headers = {"x-vp-sender-id": sender, "content-type": "text/xml; charset=utf-8"}
            async with session.post(where + path, data=body, headers=headers) as answer:
                if answer.status != 200:
                    raise AskedBadly((await answer.text())[:300])


Load = Callable[[str, int, float, dict[str, float]], Awaitable[None]]
"""Given a name, a rate, seconds, and where to note when each question had its row in the log."""


async def followed(
    where: str,
    token: str,
    followers: int,
    rate: int,
    seconds: float,
    load: Load,
    weigh: Callable[[], float],
) -> Followed:
    """Have ``rate`` questions a second while ``followers`` look on.

    Raises:
        AskedBadly: a question was not answered.
    """
    answered: dict[str, float] = {}
    ends = [Follower() for _ in range(followers)]
    jar = aiohttp.CookieJar(unsafe=True)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        cookie_jar=jar, trust_env=False, connector=connector
    ) as session:
        async with session.post(f"{where}/console/login", data={"token": token, "next": ""}):
            pass
        tasks = [asyncio.create_task(_follow(session, where, end, answered)) for end in ends]
        await asyncio.sleep(2.0)
        begun, before = time.monotonic(), weigh()
        run = f"t{int(begun * 1000)}"
        await load(run, rate, seconds, answered)
        spent, ended = time.monotonic() - begun, time.monotonic()
        asked = len(answered)
        while any(end.shown + end.hidden < asked for end in ends):
            if time.monotonic() - ended > _PATIENCE:
                break
            await asyncio.sleep(0.05)
        after = weigh()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    late = sorted(second for end in ends for second in end.late)
    return Followed(
        followers,
        asked,
        spent,
        sum(end.shown for end in ends) // followers,
        sum(end.hidden for end in ends) // followers,
        max(end.last for end in ends) - ended,
        late[int(0.95 * len(late))] if late else 0.0,
        max(asked - end.shown - end.hidden for end in ends),
        (before, after),
    )


async def _follow(
    session: aiohttp.ClientSession, where: str, end: Follower, answered: dict[str, float]
) -> None:
    # begins after what is there: nothing older is counted
    timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
    async with session.get(f"{where}/console/live/tail", timeout=timeout) as stream:
        gathered = ""
        async for chunk in stream.content.iter_any():
            gathered += chunk.decode()
            *events, gathered = gathered.split("\n\n")
            for event in events:
                now = time.monotonic()
                ids = dict.fromkeys(_ROW.findall(event))
                hidden = _HIDDEN.search(event)
                if ids:
                    end.shown += len(ids)
                    end.last = now
                    end.late += [now - answered[each] for each in ids if each in answered]
                end.hidden += int(hidden[1]) if hidden else 0


async def appended(
    database: Database, run: str, rate: int, seconds: float, answered: dict[str, float]
) -> None:
    """Rows that another hub on the same database writes: by the access log's own writer, as when
    the questions had been asked there."""
    log = SqlAccessLog(database, open_vault(database), patience=60.0)
    try:

        async def one(record: QuestionRecord) -> None:
            await log.append(record)
            answered[record.correlation_id] = time.monotonic()

        await _steadily(lambda number: one(now_of(run, number)), rate, seconds)
    finally:
        await log.close()


async def asked(
    where: str, run: str, rate: int, seconds: float, answered: dict[str, float]
) -> None:
    """Really asked, whatever the answers take.

    Raises:
        AskedBadly: a question was not answered.
    """
    body = question(HUB, ASKED.person)
    headers = {
        "content-type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{PLANS_ACTION}"',
        "x-vp-sender-id": CONSUMER,
    }
    wrong: list[str] = []
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(trust_env=False, connector=connector) as session:

        async def one(name: str) -> None:
            told = {**headers, "x-skltp-correlation-id": name}
            async with session.post(where + PLANS_PATH, data=body, headers=told) as answer:
                text = await answer.read()
            if answer.status != 200:
                wrong.append(text[:300].decode(errors="replace"))
            answered[name] = time.monotonic()

        try:
            await _steadily(lambda number: one(f"{run}-{number}"), rate, seconds)
        except TimeoutError as error:
            raise AskedBadly("so many questions a second are more than can be answered") from error
    if wrong:
        raise AskedBadly(f"{len(wrong)} questions were not answered: {wrong[0]}")


async def _steadily(
    begin: Callable[[int], Coroutine[Any, Any, None]], rate: int, seconds: float
) -> None:
    """At a steady pace, until the last one has ended."""
    waiting: deque[asyncio.Task[None]] = deque()
    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        if (ahead := begun + number / rate - time.monotonic()) > 0:
            await asyncio.sleep(ahead)
        waiting.append(asyncio.create_task(begin(number)))
        while waiting and waiting[0].done():
            waiting.popleft().result()
    await asyncio.gather(*waiting)


ROLE = Role.OPERATOR
