"""Reports that take longer than a caller waits: computed beside the questions, fetched later.

A report's id says which report it is: it is made, with a key, of the moment and of everything that
was asked. So any hub of one data folder knows an id of any other, before and after a restart, and
begins the report itself if it has none of that id; and nobody can make an id up, or fetch with it
what another has asked for. What is computed is kept in memory alone, for a bounded time.
Knows threads and time. Knows no log and no message.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

_Made = TypeVar("_Made")
_ID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{27})", re.ASCII)
_MAC_LETTERS = 27  # 36 in all: as long as the contract lets an id be

Keyed = Callable[..., str]
"""A keyed hash of texts, as hex."""


class QueueFull(Exception):
    """So many reports wait that no other is begun."""


class State(Enum):
    """How far a report has come."""

    QUEUED = auto()
    RUNNING = auto()
    READY = auto()


@dataclass(slots=True)
class _Job(Generic[_Made]):
    task: asyncio.Task[_Made]
    begun: float
    running: bool = False


@dataclass(frozen=True, slots=True)
class Waited(Generic[_Made]):
    """What came of waiting: the report, or how far it is."""

    state: State
    made: _Made | None = None


@dataclass(frozen=True, slots=True)
class QueueHabits:
    """How many, and how long."""

    at_once: int = 2
    """Reports that are computed at the same time."""
    most: int = 50
    """Reports that are kept or waited for; the oldest that is ready makes room."""
    kept_seconds: float = 900.0
    """How long a report is kept for one who does not come, and its id is good."""


class ReportQueue(Generic[_Made]):
    """Reports of one hub process."""

    def __init__(
        self,
        keyed: Keyed,
        now: Callable[[], float],
        habits: QueueHabits | None = None,
    ) -> None:
        """``now``: seconds since 1970."""
        self._keyed = keyed
        self._now = now
        self._habits = habits or QueueHabits()
        self._turn = asyncio.Semaphore(self._habits.at_once)
        self._jobs: dict[tuple[str, ...], _Job[_Made]] = {}

    def new_id(self, asked: tuple[str, ...]) -> str:
        """An id for what is asked."""
        moment = f"{int(self._now()):08x}"
        return f"{moment}-{self._mac(moment, asked)}"

    def is_genuine(self, report_id: str, asked: tuple[str, ...]) -> bool:
        """Whether the id was given for exactly this, and not too long ago."""
        found = _ID.fullmatch(report_id)
        if found is None or not hmac.compare_digest(self._mac(found[1], asked), found[2]):
            return False
        return 0 <= self._now() - int(found[1], 16) <= self._habits.kept_seconds

    async def wait(
        self, asked: tuple[str, ...], make: Callable[[], _Made], seconds: float
    ) -> Waited[_Made]:
        """The report that was begun for this, or a new one; what there is of it after so long.

        Raises:
            QueueFull: too many wait.
        """
        self._tidy()
        job = self._jobs.get(asked)
        if job is None:
            if len(self._jobs) >= self._habits.most:
                raise QueueFull
            job = self._begin(asked, make)
        await asyncio.wait({job.task}, timeout=seconds)
        if not job.task.done():
            return Waited(State.RUNNING if job.running else State.QUEUED)
        # Fetched, or failed: either way it is not kept for anybody else.
        if self._jobs.get(asked) is job:
            del self._jobs[asked]
        return Waited(State.READY, job.task.result())

    async def close(self) -> None:
        """Forget all that was begun."""
        jobs = [job.task for job in self._jobs.values()]
        self._jobs.clear()
        for task in jobs:
            task.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    def _begin(self, asked: tuple[str, ...], make: Callable[[], _Made]) -> _Job[_Made]:
        async def work() -> _Made:
            async with self._turn:
                job.running = True
                return await asyncio.to_thread(make)

        job: _Job[_Made] = _Job(asyncio.create_task(work()), self._now())
        self._jobs[asked] = job
        return job

    def _tidy(self) -> None:
        """Forget what nobody came for; if there are too many, also the oldest that is ready."""
        ready = {asked: job for asked, job in self._jobs.items() if job.task.done()}
        for asked, job in ready.items():
            full = len(self._jobs) >= self._habits.most
            if full or self._now() - job.begun > self._habits.kept_seconds:
                if not job.task.cancelled():
                    job.task.exception()  # looked at, so that it is not told as forgotten
                del self._jobs[asked]

    def _mac(self, moment: str, asked: tuple[str, ...]) -> str:
        return self._keyed("report", moment, *asked)[:_MAC_LETTERS]
