"""Group commit: what waits to be written goes into one transaction, and they share its sync.

One thread writes, in the order in which it was asked, so two never write at the same time. Where
a group fails, each job of it is then done by itself, so that nobody fails for what another has
sent. Knows no database.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

#: steps in one transaction: others who write in the same database must not wait for long
MOST_STEPS = 1000

_Job = TypeVar("_Job")
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[_Job, _Found]):
    """A job, and who waits for it."""

    job: _Job = field(repr=False)
    steps: int
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[_Found]


class GroupCommit(Generic[_Job, _Found]):
    """The one writer of something."""

    def __init__(
        self,
        perform: Callable[[Sequence[_Job]], Sequence[_Found]],
        name: str,
    ) -> None:
        """``perform`` does jobs in one transaction, in their order, and gives what each has found.
        Where it raises it has done none of them, and may be asked again for the same."""
        self._perform = perform
        self._waiting: queue.SimpleQueue[_Waiting[_Job, _Found] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, job: _Job, steps: int = 1) -> _Found:
        """What the job has found, once it is durable. Cancelled: it is done all the same.
        ``steps``: how much it is; a group has no more than ``MOST_STEPS``, or one job."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Found] = loop.create_future()
        self._waiting.put(_Waiting(job, steps, loop, done))
        return await done

    def close(self) -> None:
        """Do what waits, then stop. Nothing can be done after this."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        first = self._waiting.get()
        while first is not None:
            group, steps = [first], first.steps
            while True:
                try:
                    first = self._waiting.get_nowait()
                except queue.Empty:
                    self._do(group)
                    first = self._waiting.get()
                    break
                if first is None or steps + first.steps > MOST_STEPS:
                    self._do(group)
                    break
                group.append(first)
                steps += first.steps

    def _do(self, group: Sequence[_Waiting[_Job, _Found]]) -> None:
        found: Sequence[_Found | Exception]
        try:
            found = self._perform([each.job for each in group])
        except Exception as error:  # noqa: BLE001 - told to whoever waits; the thread goes on
            if len(group) > 1:
                for each in group:
                    self._do([each])
                return
            found = [error]
        _tell(group, found)


def _tell(group: Sequence[_Waiting[_Job, _Found]], found: Sequence[_Found | Exception]) -> None:
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[asyncio.Future[_Found], _Found | Exception]]
    ] = {}
    for each, one in zip(group, found, strict=True):
        by_loop.setdefault(each.loop, []).append((each.done, one))
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # a loop that has closed has nobody left who waits
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: Sequence[tuple[asyncio.Future[_Found], _Found | Exception]]) -> None:
    """In the loop of those who wait: tell them. Some may have gone."""
    for done, found in told:
        if done.done():
            continue
        if isinstance(found, Exception):
            done.set_exception(found)
        else:
            done.set_result(found)
