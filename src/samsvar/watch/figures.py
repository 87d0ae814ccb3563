"""What is kept of a producer's answers: figures of each hour, and how the last ones went.

Made from the decisions in the access log. A person is never kept here: only the beginning of the
log's own keyed hash, for as long as answers without records follow each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from samsvar.model.exchange import Reason
from samsvar.watch.metric_table import SECONDS

MOST_PERSONS = 600
"""Remembered of one run of empty answers; no rule asks for more."""

MOST_LAST = 50
HASH_LETTERS = 12
RECORDS, EMPTY, FAILED = "r", "e", "f"

#: what each reason says of the producer; those not named say nothing: it was not asked
MEANS = {
    Reason.ANSWERED: RECORDS,
    Reason.DENIED: RECORDS,
    Reason.ANSWERED_EMPTY: EMPTY,
    Reason.LATE: FAILED,
    Reason.UNREACHABLE: FAILED,
    Reason.FAULT: FAILED,
    Reason.RESULT_ERROR: FAILED,
    Reason.INVALID: FAILED,
    Reason.FOREIGN_PATIENT: FAILED,
    Reason.FOREIGN_SOURCE: FAILED,
    Reason.ADAPTER_BROKE: FAILED,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """One candidate of one question, as far as it counts here."""

    producer: str
    reason: Reason
    at: str
    """ISO 8601, UTC."""
    led: bool
    """The index led there."""
    person: str
    """Beginning of the keyed hash; empty: unknown."""
    seconds: float | None


@dataclass(slots=True)
class Hour:
    """What one producer did in one hour. Adds up."""

    asked: int = 0
    records: int = 0
    """Answers with records, those that nobody may see among them."""
    empty: int = 0
    led: int = 0
    """Answers, with and without records, to questions that the index led there."""
    led_empty: int = 0
    failed: int = 0
    planned: int = 0
    """Not asked, being out of service with notice."""
    buckets: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))

    @property
    def answered(self) -> int:
        """Answers that could be used."""
        return self.records + self.empty

    def add(self, one: Answered) -> None:
        """One more."""
        if one.reason is Reason.DISABLED:
            self.planned += 1
        means = MEANS.get(one.reason)
        if means is None:
            return
        self.asked += 1
        self.records += means == RECORDS
        self.empty += means == EMPTY
        self.failed += means == FAILED
        if one.led and means != FAILED:
            self.led += 1
            self.led_empty += means == EMPTY
        if one.seconds is not None:
            self.buckets[bisect_left(SECONDS, one.seconds)] += 1


def together(hours: Iterable[Hour]) -> Hour:
    """Several hours as one."""
    whole = Hour()
    for hour in hours:
        for name in ("asked", "records", "empty", "led", "led_empty", "failed", "planned"):
            setattr(whole, name, getattr(whole, name) + getattr(hour, name))
        whole.buckets = [a + b for a, b in zip(whole.buckets, hour.buckets, strict=True)]
    return whole


def median(buckets: Sequence[int]) -> float | None:
    """The middle of what took how long, as near as the buckets tell; None: nothing did."""
    half = sum(buckets) / 2
    if not half:
        return None
    below, lower = 0, 0.0
    for bound, count in zip((*SECONDS, SECONDS[-1]), buckets, strict=True):
        if below + count >= half:
            return lower + (bound - lower) * (half - below) / count
        below, lower = below + count, bound
    return lower


@dataclass(frozen=True, slots=True)
class Run:
    """How a producer's last answers went, the newest last."""

    last: str = ""
    """One letter each: records, empty, failed."""
    persons: tuple[str, ...] = ()
    """Different persons in the run of empty answers that is going on."""
    led: int = 0
    """How many of that run's answers the index had led there."""
    empties: int = 0
    since: str = ""
    """When that run began."""
    heard: str = ""
    """When it answered last, with records or without."""

    def then(self, one: Answered) -> Run:
        """After one more."""
        means = MEANS.get(one.reason)
        if means is None:
            return self
        last = (self.last + means)[-MOST_LAST:]
        if means == FAILED:
            return replace(self, last=last)
        if means == RECORDS:
            return Run(last, heard=one.at)
        persons = self.persons
        if one.person and one.person not in persons and len(persons) < MOST_PERSONS:
            persons = (*persons, one.person)
        return Run(
            last,
            persons,
            self.led + one.led,
            self.empties + 1,
            self.since or one.at,
            one.at,
        )

    def share(self, means: str, of: int) -> float | None:
        """How much of the last answers is so; None: there are not so many yet."""
        newest = self.last[-of:]
        return newest.count(means) / of if len(newest) == of else None
