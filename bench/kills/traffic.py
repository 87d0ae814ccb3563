"""Steady load: questions to everybody and through the worker, and Updates; each by either hub.

Every question has a correlation id of its own, every Update a business object of its own, and
none is sent a second time, so that each can be looked for afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count, product

import aiohttp

from bench.kills.judging import Ended, Verdict, accepted, judged, refusal
from bench.kills.ledger import Asked, Ledger
from bench.kills.production import ADAPTED, SOURCES, THROUGH
from bench.messages import (
    CONSUMER,
    HUB,
    PLANS_ACTION,
    PLANS_PATH,
    UPDATE_ACTION,
    UPDATE_PATH,
    question,
    update,
)
from bench.processes import ChildFailed
from samsvar.simulation.people import PEOPLE, Fictive

CONSUMERS, PAUSE, UPDATE_PAUSE = 4, 0.02, 0.1
_ONE_OF = 4  # questions: to the worker's source alone
_PREPARE_SECONDS = 60.0
_PATIENCE = 32.0  # the hub's own deadline is 28 s


class Traffic:
    """Clients of both hubs."""

    def __init__(self, doors: Sequence[str], session: aiohttp.ClientSession) -> None:
        self._doors = doors
        self._session = session
        self._numbers = count()
        self._whole: dict[tuple[str, str], int] = {}
        """Records of a whole answer, as it was before anything was hurt."""
        self._asked_about: list[Fictive] = []
        """Whom every source has a plan for."""
        self._told_about: list[Fictive] = []
        """The others, so that posts do not heap up where questions look."""

    async def prepare(self) -> None:
        """Fill the index, and see what whole answers hold.

        Raises:
            ChildFailed: there is none.
        """
        ledger = Ledger(len(self._doors))
        for person in PEOPLE:
            known = await self._ask(0, person, ADAPTED, ledger) is not None
            (self._asked_about if known else self._told_about).append(person)
        for person in self._asked_about:
            for source in SOURCES:
                status, _, body = await self._post(0, *_an_update(person, source, "NA"))
                if not accepted(status, body):
                    raise ChildFailed(f"the index refused an Update: HTTP {status}")
        if not self._asked_about:
            raise ChildFailed(f"no whole answer: {ledger.asked[-1].verdict.words}")
        give_up = time.monotonic() + _PREPARE_SECONDS
        for person, address in product(self._asked_about, (HUB, THROUGH)):
            for hub in range(len(self._doors)):
                while (asked := await self._ask(hub, person, address, ledger)) is None:
                    if time.monotonic() > give_up:
                        words = ledger.asked[-1].verdict.words
                        raise ChildFailed(f"no whole answer: {words}")
                    await asyncio.sleep(0.2)
                self._whole[address, person.number] = asked.verdict.records

    @asynccontextmanager
    async def steady(self, ledger: Ledger) -> AsyncIterator[None]:
        """Ask and tell until the block ends; then the last answers are waited for."""
        stopped = asyncio.Event()
        tasks = [
            *(asyncio.create_task(self._consumer(n, ledger, stopped)) for n in range(CONSUMERS)),
            *(
                asyncio.create_task(self._producer(hub, ledger, stopped))
                for hub in range(len(self._doors))
            ),
        ]
        try:
            yield
        finally:
            stopped.set()
            await asyncio.gather(*tasks)

    async def _consumer(self, first: int, ledger: Ledger, stopped: asyncio.Event) -> None:
        for number in count(first):
            if stopped.is_set():
                return
            person = self._asked_about[number % len(self._asked_about)]
            address = THROUGH if number // 2 % _ONE_OF == 0 else HUB
            await self._ask(number % len(self._doors), person, address, ledger)
            await asyncio.sleep(PAUSE)

    async def _ask(self, hub: int, person: Fictive, address: str, ledger: Ledger) -> Asked | None:
        """One question; what it was if it was answered well."""
        name = f"kills-{next(self._numbers)}"
        headers = {
            "SOAPAction": f'"{PLANS_ACTION}"',
            "x-vp-sender-id": CONSUMER,
            "x-skltp-correlation-id": name,
        }
        down = hub in ledger.down
        begun = time.monotonic()
        try:
            told = await self._post(hub, PLANS_PATH, headers, question(address, person))
            verdict = self._compared(judged(address, *told), address, person)
        except TimeoutError:
            verdict = Verdict(Ended.WRONG, words=f"no answer within {_PATIENCE:g} s")
        except (aiohttp.ClientError, OSError):
            verdict = Verdict(Ended.CUT)
        asked = Asked(
            name, address, hub, begun, time.monotonic(), verdict, down or hub in ledger.down
        )
        ledger.note(asked)
        return asked if verdict.ended is Ended.WELL else None

    def _compared(self, verdict: Verdict, address: str, person: Fictive) -> Verdict:
        whole = self._whole.get((address, person.number))
        if verdict.ended is Ended.WELL and whole is not None and verdict.records != whole:
            words = f"{verdict.records} records where there were {whole}"
            return replace(verdict, ended=Ended.WRONG, words=words)
        return verdict

    async def _producer(self, hub: int, ledger: Ledger, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            number = next(self._numbers)
            name = f"kills-{number}"
            person = self._told_about[number % len(self._told_about)]
            source = SOURCES[number % len(SOURCES)]
            ledger.updates[name] = False
            try:
                status, headers, body = await self._post(hub, *_an_update(person, source, name))
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            else:
                ledger.updates[name] = accepted(status, body)
                if not ledger.updates[name]:
                    words = refusal(status, headers, body)
                    ledger.update_refusals[words or f"HTTP {status} that says nothing"] += 1
            await asyncio.sleep(UPDATE_PAUSE)

    async def _post(
        self, hub: int, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        told = {"Content-Type": "text/xml; charset=utf-8", **headers}
        async with asyncio.timeout(_PATIENCE):
            async with self._session.post(
                f"{self._doors[hub]}{path}", data=body, headers=told
            ) as answer:
                return answer.status, answer.headers, await answer.read()


def _an_update(person: Fictive, source: str, about: str) -> tuple[str, Mapping[str, str], bytes]:
    headers = {"SOAPAction": f'"{UPDATE_ACTION}"', "x-vp-sender-id": source}
    return UPDATE_PATH, headers, update(person, source, about=about)
