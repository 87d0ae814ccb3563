"""Every list page of the console and every search for an id, asked over HTTP as a browser asks.

A page is asked some times after one that does not count, slowly enough for the console's own
bound on visits. Judges nothing but that the right page came.
"""

from __future__ import annotations

import asyncio
import html
import re
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import aiohttp

from bench.console_log import PERSON, PLANS, SENDERS, SHAKY, SOURCES, SUBSCRIBER
from samsvar.model.local_time import STOCKHOLM
from samsvar.onboarding.roles import Role

TIMES = 12
_APART = 0.13  # seconds: a search is two visits, and there may be twenty in one
_GO_ON = re.compile(r'href="([^"]*[?&;]before=\d+[^"]*)"')


class WrongPage(Exception):
    """Another page came than was asked for: its speed says nothing."""


@dataclass(frozen=True, slots=True)
class Timed:
    """How long one page took. Milliseconds."""

    name: str
    median: float
    most: float
    first: float
    processor: float
    """Of the hub, on average: what it would take on a machine that does nothing else."""


class Window:
    """One user's way in: a session, as a browser has it."""

    def __init__(
        self, session: aiohttp.ClientSession, where: str, processor: Callable[[], float]
    ) -> None:
        """``processor``: seconds of processor time that the hub has used."""
        self._session = session
        self._where = f"{where}/console"
        self._processor = processor

    @classmethod
    async def login(
        cls,
        session: aiohttp.ClientSession,
        where: str,
        token: str,
        processor: Callable[[], float],
    ) -> Self:
        """With a token."""
        window = cls(session, where, processor)
        await window.asked("/login", {"token": token, "next": ""})
        return window

    async def asked(
        self, path: str, form: Mapping[str, str] | None = None, status: int = 200
    ) -> tuple[str, float]:
        """The page that came at last, and the milliseconds until its last byte.

        Raises:
            WrongPage: it has another status.
        """
        begun = time.perf_counter()
        method = "GET" if form is None else "POST"
        async with self._session.request(method, f"{self._where}{path}", data=form) as answer:
            text = await answer.text()
        spent = (time.perf_counter() - begun) * 1000
        if answer.status != status or answer.url.path.endswith("/login"):
            raise WrongPage(f"{method} {path}: {answer.status} {answer.url.path}")
        return text, spent

    async def csrf(self, path: str) -> str:
        """What the forms of a page hold."""
        text, _ = await self.asked(path)
        match = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
        return match[1] if match else ""

    async def timed(
        self, name: str, path: str, form: Mapping[str, str] | None = None, status: int = 200
    ) -> Timed:
        """Ask again and again."""
        _, first = await self.asked(path, form, status)
        spent, before = [], self._processor()
        for _ in range(TIMES):
            await asyncio.sleep(_APART)
            spent.append((await self.asked(path, form, status))[1])
        used = (self._processor() - before) * 1000 / TIMES
        return Timed(name, statistics.median(spent), max(spent), first, used)

    async def next_of(self, path: str) -> str:
        """Where the link to a list's next page leads; the list itself where there is none."""
        text, _ = await self.asked(path)
        match = _GO_ON.search(text)
        if match is None:
            return path
        told = html.unescape(match[1])
        return told.removeprefix("/console") if told.startswith("/") else path.split("?")[0] + told


async def measured(
    where: str, tokens: Mapping[Role, str], count: int, processor: Callable[[], float]
) -> list[Timed]:
    """All pages of all roles."""
    found: list[Timed] = []
    for role, pages in (
        (Role.OPERATOR, _operators),
        (Role.REGISTRAR, _registrars),
        (Role.AUDITOR, _auditors),
    ):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar, trust_env=False) as session:
            window = await Window.login(session, where, tokens[role], processor)
            found += await pages(window, count)
    return found


async def _operators(window: Window, count: int) -> list[Timed]:
    now = datetime.now(UTC).astimezone(STOCKHOLM)
    begin, end = (f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (44, 36))
    sender, source = f"consumer={SENDERS[3]}", f"source={SOURCES[5]}"
    lists = {
        "overview": "",
        "questions": "/questions",
        "questions, far back": f"/questions?before={count // 100}",
        "questions, an hour": "/questions?range=1h",
        "questions, a week": "/questions?range=7d",
        "questions, failed": "/questions?result=failed",
        "questions, in part": "/questions?result=part",
        "questions, one consumer": f"/questions?{sender}",
        "questions, one consumer, failed": f"/questions?{sender}&result=failed",
        "questions, one contract": f"/questions?contract={PLANS}",
        "questions, one source": f"/questions?{source}",
        "questions, shaky source, in part": f"/questions?source={SHAKY}&result=part",
        "questions, source, consumer, failed": f"/questions?{source}&{sender}&result=failed",
        "questions, source, consumer, night": f"/questions?{source}&{sender}&from={begin}&to={end}",
        "questions, over 10 s": "/questions?over=10000",
        "questions, nothing found": "/questions?over=999999",
        "questions, source, nothing found": f"/questions?{source}&over=999999",
        "questions, unknown consumer": "/questions?consumer=SE1-NOBODY",
        "live": "/tail",
        "producers, an hour": "/producers?span=1h",
        "producers, a week, slowest": "/producers?span=7d&sort=slow",
        "one producer": "/producers/src7?span=7d",
        "queues": "/queues",
        "one queue": f"/queues/{SUBSCRIBER}",
        "diagnostics": "/diagnostics",
    }
    found = []
    for name, path in lists.items():
        found.append(await window.timed(name, path))
        if name in _PAGED:
            following = await window.next_of(path)
            found.append(await window.timed(f"{name}: next page", following))
    middle = f"c-{count // 2}"
    csrf = await window.csrf("")
    for name, id_, status in (
        ("id of the oldest question", "c-1", 200),
        ("id of a question in the middle", middle, 200),
        ("id of the newest question", f"c-{count}", 200),
        ("id of a consumer", str(SENDERS[3]), 200),
        ("logical address of a producer", str(SOURCES[5]), 200),
        ("id of a producer", "src5", 200),
        ("id that nobody has", "no-such-id", 404),
    ):
        found.append(await window.timed(name, "/search", {"csrf": csrf, "id": id_}, status))
    one = f"/questions/{middle}"
    for name, path in (
        ("one question: explanation", f"{one}?tab=explain"),
        ("one question: events", f"{one}?tab=events"),
        ("one question: today's registry", f"{one}?tab=today"),
        ("one question, neighbours failed", f"{one}?{source}&{sender}&result=failed"),
        ("one question, neighbours nowhere", f"{one}?over=999999"),
    ):
        found.append(await window.timed(name, path))
    return found


_PAGED = (
    "questions",
    "questions, failed",
    "questions, one source",
    "questions, source, consumer, failed",
    "questions, nothing found",
)


async def _registrars(window: Window, _count: int) -> list[Timed]:
    return [
        await window.timed("registry, history", "/registry"),
        await window.timed("registry, a version", "/registry/30"),
        await window.timed("registry, a preview", "/registry/30?tab=preview"),
    ]


async def _auditors(window: Window, _count: int) -> list[Timed]:
    csrf = await window.csrf("/access-log")
    person = {"csrf": csrf, "person": PERSON.number}
    return [
        await window.timed("access log", "/access-log"),
        await window.timed("access log, a person of many rows", "/access-log", person),
    ]
