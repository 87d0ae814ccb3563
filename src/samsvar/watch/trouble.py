"""Producers by trouble: what an operator looks at first stands first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from samsvar.watch.alerts import Alert
from samsvar.watch.figures import median, together
from samsvar.watch.judging import Picture
from samsvar.watch.rules import Severity
from samsvar.watch.usual import hour_before


@dataclass(frozen=True, slots=True)
class Standing:
    """One producer over some hours. Shares are of 1; None: nothing to tell it by."""

    producer: str
    planned: bool
    """Out of service with notice."""
    asked: int
    failed: float | None
    """Share of its calls."""
    records: float | None
    """Share of its answers with records."""
    usual_records: float | None
    seconds: float | None
    """Its middle answer."""
    usual_seconds: float | None
    last_answer: str
    """ISO 8601, UTC; empty: none is known."""
    certificate_days: float | None
    alerts: tuple[str, ...]
    """Rules of its open alerts."""
    critical: bool

    @property
    def weight(self) -> float:
        """How much trouble it is."""
        weight = len(self.alerts) * 10.0 + 100.0 * self.critical + 20.0 * (self.failed or 0)
        if self.records is not None and self.usual_records:
            weight += 5.0 * max(0.0, 1 - self.records / self.usual_records)
        if self.seconds is not None and self.usual_seconds:
            weight += min(5.0, max(0.0, self.seconds / self.usual_seconds - 1))
        if self.certificate_days is not None and self.certificate_days < 30:
            weight += 2.0
        return weight


def standings(
    pictures: Mapping[str, Picture],
    alerts: Sequence[Alert],
    certificates: Mapping[str, datetime],
    now: datetime,
    hours: int = 2,
) -> list[Standing]:
    """Each producer, the most troubled first."""
    found = [
        _standing(one, [each for each in alerts if each.subject == name], certificates, now, hours)
        for name, one in pictures.items()
    ]
    return sorted(found, key=lambda one: (-one.weight, one.producer))


def _standing(
    one: Picture,
    alerts: Sequence[Alert],
    certificates: Mapping[str, datetime],
    now: datetime,
    hours: int,
) -> Standing:
    since = hour_before(now, hours - 1)
    window = together(figures for key, figures in one.hours.items() if key >= since)
    expected = one.usual
    ends = certificates.get(one.producer)
    return Standing(
        producer=one.producer,
        planned=one.planned,
        asked=window.asked,
        failed=window.failed / window.asked if window.asked else None,
        records=window.records / window.answered if window.answered else None,
        usual_records=expected.share if expected else None,
        seconds=median(window.buckets),
        usual_seconds=expected.seconds if expected else None,
        last_answer=one.run.heard,
        certificate_days=(ends - now) / timedelta(days=1) if ends else None,
        alerts=tuple(each.rule for each in alerts),
        critical=any(each.severity is Severity.CRITICAL for each in alerts),
    )
