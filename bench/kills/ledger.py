"""What the clients have seen: every question and Update, and how it ended.

Knows nothing of how it came about, and no person.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from bench.kills.judging import Ended, Verdict
from bench.kills.production import DIRECT
from bench.messages import HUB

IN_A_ROW = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. Moments are of the monotonic clock, in seconds."""

    correlation_id: str
    address: str
    hub: int
    begun: float
    ended: float
    verdict: Verdict
    hub_down: bool = False
    """That hub had been killed, or was not back yet."""

    @property
    def seconds(self) -> float:
        """How long the client waited."""
        return self.ended - self.begun


class Watch:
    """Good answers in a row of every hub, of questions put after a moment."""

    def __init__(self, since: float, hubs: int) -> None:
        self._since = since
        self._row = [0] * hubs
        self._moments: list[float | None] = [None] * hubs
        self._done = asyncio.Event()

    def see(self, asked: Asked) -> None:
        """One more has ended."""
        if asked.begun < self._since or self._moments[asked.hub] is not None:
            return
        good = asked.verdict.ended is Ended.WELL
        self._row[asked.hub] = self._row[asked.hub] + 1 if good else 0
        if self._row[asked.hub] == IN_A_ROW:
            self._moments[asked.hub] = asked.ended
        if None not in self._moments:
            self._done.set()

    async def recovered(self, seconds: float) -> float | None:
        """The moment of the last hub's tenth good answer; None: it did not come in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._done.wait()
        except TimeoutError:
            return None
        return max(moment for moment in self._moments if moment is not None)


@dataclass(slots=True)
class Ledger:
    """Of one run with one engine."""

    hubs: int
    asked: list[Asked] = field(default_factory=list)
    updates: dict[str, bool] = field(default_factory=dict)
    """Business object of each Update that was sent, and whether it was acknowledged."""
    update_refusals: Counter[str] = field(default_factory=Counter)
    down: set[int] = field(default_factory=set)
    """Hubs that have been killed and do not serve again yet."""
    _watches: list[Watch] = field(default_factory=list)

    def note(self, asked: Asked) -> None:
        """A question has ended."""
        self.asked.append(asked)
        for watch in self._watches:
            watch.see(asked)

    def watch(self, since: float) -> Watch:
        """Look for good answers from now on."""
        made = Watch(since, self.hubs)
        self._watches = [made]
        return made

    @property
    def counts(self) -> Counter[Ended]:
        """How they ended."""
        return Counter(each.verdict.ended for each in self.asked)

    def with_data(self) -> list[str]:
        """Correlation ids of answers that held records."""
        return [each.correlation_id for each in self.asked if each.verdict.records]

    def unexcused_cuts(self) -> int:
        """Connections lost though their hub had not been killed."""
        return sum(each.verdict.ended is Ended.CUT and not each.hub_down for each in self.asked)

    def without_direct(self) -> int:
        """Answers to questions to everybody that lack a source which needs no engine but the
        database."""
        return sum(
            each.address == HUB
            and each.verdict.ended is Ended.HONEST
            and not each.verdict.missing.isdisjoint(DIRECT)
            for each in self.asked
        )

    def words(self) -> Counter[str]:
        """What was said of what was missing, and how often."""
        said = Counter(
            f"{each.verdict.ended.value}: {each.verdict.words}"
            for each in self.asked
            if each.verdict.words
        )
        for words, times in self.update_refusals.items():
            said[f"Update: {words}"] += times
        return said

    def acknowledged(self) -> set[str]:
        """Updates that must be in effect."""
        return {name for name, was in self.updates.items() if was}
