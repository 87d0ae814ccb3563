"""What is usual for a producer at this hour of the week, from the weeks before.

Quantiles, not means: a single bad week moves them little. A producer that is new, or seldom asked
at this hour, is held against all of its last seven days instead, and nothing is expected of how
often it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from samsvar.model.local_time import STOCKHOLM
from samsvar.watch.figures import Hour, Run, median, together

WEEKS = 6
ENOUGH_WEEKS = 3
ENOUGH_ANSWERS = 30
RECENT_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual."""

    share: float
    """Of its answers have records."""
    failures: float
    """Of its calls fail."""
    asked: int
    """At least so often it is asked in this hour; 0: not known."""
    seconds: float | None
    """Its middle answer takes so long."""
    basis: str
    """``weeks`` or ``days``."""


def key_of(moment: datetime) -> str:
    """How an hour is named: UTC, so that names sort as the hours do."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H}"


def hour_before(moment: datetime, hours: int = 1) -> str:
    """The name of an hour before this one."""
    return key_of(moment.astimezone(UTC) - timedelta(hours=hours))


def same_hours(moment: datetime, weeks: int = WEEKS) -> tuple[str, ...]:
    """This hour of the week in the weeks before, by the clock on the wall."""
    wall = moment.astimezone(STOCKHOLM).replace(tzinfo=None)
    return tuple(
        key_of((wall - timedelta(weeks=week)).replace(tzinfo=STOCKHOLM))
        for week in range(1, weeks + 1)
    )


def usual(hours: Mapping[str, Hour], run: Run, now: datetime) -> Usual | None:
    """What is usual now; None: too little is known. The run of empty answers that is going on is
    left out: what is to be found must not have become usual meanwhile."""
    if not hours:
        return None
    first = min(hours)
    same = [hours.get(key, Hour()) for key in same_hours(now) if key >= first]
    weeks = [hour for hour in same if not hour.planned]
    known = together(weeks)
    if len(weeks) >= ENOUGH_WEEKS and known.answered >= ENOUGH_ANSWERS:
        shares = [hour.records / hour.answered for hour in weeks if hour.answered]
        return Usual(
            _quarter(shares),
            known.failed / known.asked,
            min(hour.asked for hour in weeks),
            median(known.buckets),
            "weeks",
        )
    since = hour_before(now, RECENT_HOURS)
    recent = together(hour for key, hour in hours.items() if key >= since and not hour.planned)
    answered = recent.answered - min(run.empties, recent.empty)
    if answered < ENOUGH_ANSWERS:
        return None
    return Usual(
        recent.records / answered,
        recent.failed / recent.asked,
        0,
        median(recent.buckets),
        "days",
    )


def _quarter(shares: Sequence[float]) -> float:
    """The lower quartile."""
    return sorted(shares)[len(shares) // 4]
