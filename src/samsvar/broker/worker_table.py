"""Which workers are there, as they have said themselves: for readiness, and for those who look.

A word counts if it is sealed by a key that the registry has for a producer, is newer than the last
one, and is not old. A worker that has been silent is gone. In this process's memory only: every
hub hears every word. Knows no broker, and asks nobody.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from samsvar.broker.forms import AnnouncementContent, AnnouncementHeader
from samsvar.broker.refusals import Refused
from samsvar.model.identifiers import folded

#: seconds between a worker's words; after three that did not come it is gone
EVERY = 5.0
GONE_AFTER = 3 * EVERY
MOST = 1000


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """One worker process."""

    key: str
    boot: str
    number: int
    said: AnnouncementContent
    at: datetime
    """When it was heard."""
    seen: float
    """The same, monotonic."""
    ahead: float
    """Seconds by which its clock is ahead of ours; negative: behind."""

    def listens(self, address: str, keys: Collection[str]) -> bool:
        """Has it such a key, and does it take questions for that address?"""
        wanted = folded(address)
        return self.key in keys and any(folded(each) == wanted for each in self.said.addresses)

    @property
    def name(self) -> str:
        """What people call it."""
        return f"worker {self.said.worker.id} {self.said.worker.version}"


class WorkerTable:
    """All that are there."""

    def __init__(self, tolerance: float) -> None:
        """``tolerance``: seconds by which clocks may differ."""
        self._tolerance = tolerance
        self._workers: dict[tuple[str, str], SeenWorker] = {}
        self._deaf_until = -math.inf

    def deaf(self, now: float) -> None:
        """The broker was lost: who was there may not have found it again, until it says so."""
        self._deaf_until = now

    def take(
        self, header: AnnouncementHeader, said: AnnouncementContent, at: datetime, now: float
    ) -> SeenWorker | None:
        """Note a worker's word. The worker, if it was not there before; or None.

        Raises:
            Refused: a word that has been heard before.
        """
        key = (header.worker, header.boot)
        before = self._workers.get(key)
        if before is not None and header.number <= before.number:
            raise Refused("a worker's word that was heard before")
        ahead = header.sent / 1000 - at.timestamp()
        if before is None and -ahead > self._tolerance + GONE_AFTER:
            raise Refused("a worker's word that is old")
        if said.leaving:
            self._workers.pop(key, None)
            return None
        if before is None and len(self._workers) >= MOST:
            raise Refused("too many workers")
        found = SeenWorker(header.worker, header.boot, header.number, said, at, now, ahead)
        self._workers[key] = found
        return found if before is None else None

    def gone(self, now: float) -> list[SeenWorker]:
        """Those that have been silent; they are forgotten."""
        silent = [one for one in self._workers.values() if now - one.seen > GONE_AFTER]
        for one in silent:
            del self._workers[one.key, one.boot]
        return silent

    def all(self) -> list[SeenWorker]:
        """Those that are there, in a stable order."""
        return sorted(self._workers.values(), key=lambda one: (one.said.worker.id, one.boot))

    def listen(self, address: str, keys: Collection[str]) -> bool:
        """Does one with such a key take questions for that address, as it has said since the
        broker was lost?"""
        return any(
            one.seen > self._deaf_until and one.listens(address, keys)
            for one in self._workers.values()
        )

    def boots(self, address: str, keys: Collection[str]) -> frozenset[str]:
        """The starts of all that do."""
        return frozenset(one.boot for one in self._workers.values() if one.listens(address, keys))

    def notes(self) -> Iterator[str]:
        """What is wrong with those that are there."""
        for one in self.all():
            if abs(one.ahead) > self._tolerance:
                way = "ahead of" if one.ahead > 0 else "behind"
                yield (
                    f"{one.name}: its clock is {abs(one.ahead):.0f} s {way} ours:"
                    " it takes no question"
                )
            if one.said.note:
                yield f"{one.name}: {one.said.note}"
