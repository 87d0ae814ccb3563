"""Producers put together of what is known of them: registry, figures, breakers, certificates.

Pure: what a page shows is a function of what it was told. Knows no HTTP and no storage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from samsvar.model.identifiers import folded
from samsvar.model.questions import SourceFigures
from samsvar.onboarding.desk import Standing

#: a producer is in trouble when it fails more often than this; it does not answer over the other
TROUBLE, FAILING = 0.05, 0.5
SOON = timedelta(days=30)
_ORDER = ("failing", "breaker", "trouble", "maintenance", "active", "quiet", "draft")


@dataclass(frozen=True, slots=True)
class ProducerLine:
    """One producer, as lists show it."""

    id: str
    title: str
    state: str
    why: tuple[str, str]
    """In Swedish and English; empty where nothing is wrong."""
    addresses: tuple[str, ...]
    contracts: tuple[str, ...]
    asked: int
    failed: int
    empty: int
    waited_for: float | None
    """In what share of the questions that asked it, all waited for it."""
    held_up_ms: int
    """For how long together, when all others had answered."""
    median_ms: int | None
    slow_ms: int | None
    last_well: datetime | None
    last_badly: datetime | None
    last_reason: str | None
    certificate_days: int | None
    score: float | None

    @property
    def failing(self) -> float:
        """0 to 1."""
        return self.failed / self.asked if self.asked else 0.0

    @property
    def held_up_each_ms(self) -> float | None:
        """The same, on average of the questions that asked it."""
        return self.held_up_ms / self.asked if self.asked else None

    @property
    def filled(self) -> float | None:
        """How many of its good answers had something."""
        well = self.asked - self.failed
        return (well - self.empty) / well if well else None


def producer_lines(
    standings: Iterable[Standing],
    figures: Sequence[SourceFigures],
    breakers: Mapping[str, str],
    scores: Mapping[str, float],
    now: datetime,
) -> list[ProducerLine]:
    """One for each producer, those in trouble first."""
    by_address: dict[str, SourceFigures] = {folded(one.source): one for one in figures}
    lines = [
        _line(standing, by_address, breakers.get(standing.id), scores.get(standing.id), now)
        for standing in standings
    ]
    return sorted(lines, key=by_trouble)


def by_trouble(line: ProducerLine) -> tuple[object, ...]:
    """The worst first."""
    return _ORDER.index(line.state), -line.failing, -(line.slow_ms or 0), line.id


def by_slowness(line: ProducerLine) -> tuple[object, ...]:
    """First the one that takes most of everybody's time."""
    return -line.held_up_ms, -(line.slow_ms or 0), line.id


def _line(
    standing: Standing,
    by_address: Mapping[str, SourceFigures],
    breaker: str | None,
    score: float | None,
    now: datetime,
) -> ProducerLine:
    addresses = tuple(dict.fromkeys(address for _, address in standing.routes))
    mine = [by_address[folded(each)] for each in addresses if folded(each) in by_address]
    total: Counter[str] = Counter()
    for one in mine:
        total.update(asked=one.asked, failed=one.failed, empty=one.empty)
        total.update(slowest=one.slowest, waited=one.waited_ms)
    asked = total["asked"]
    badly = max((one for one in mine if one.last_badly), key=_last_badly, default=None)
    application = standing.application
    ends = application.certificate.valid_to if application and application.certificate else None
    title = standing.producer.title if standing.producer else ""
    state, why = _state(standing, asked, total["failed"], breaker)
    return ProducerLine(
        standing.id,
        title or (application.form.name if application else standing.id),
        state,
        why,
        addresses,
        tuple(dict.fromkeys(contract for contract, _ in standing.routes)),
        asked,
        total["failed"],
        total["empty"],
        total["slowest"] / asked if asked else None,
        total["waited"],
        max((one.median_ms for one in mine if one.median_ms), default=None),
        max((one.slow_ms for one in mine if one.slow_ms), default=None),
        max((one.last_well for one in mine if one.last_well), default=None),
        badly.last_badly if badly else None,
        badly.last_reason if badly else None,
        (ends - now).days if ends else None,
        score,
    )


def _state(
    standing: Standing, asked: int, failed: int, breaker: str | None
) -> tuple[str, tuple[str, str]]:
    if standing.producer is None:
        return "draft", ("", "")
    if standing.disabled is not None:
        return "maintenance", (standing.disabled.notice, standing.disabled.notice)
    if breaker is not None:
        return "breaker", (breaker, breaker)
    if not asked:
        return "quiet", ("", "")
    share = failed / asked
    why = (f"{failed} av {asked} gick fel", f"{failed} of {asked} failed")
    if share >= FAILING:
        return "failing", why
    if share >= TROUBLE:
        return "trouble", why
    return "active", ("", "")


def _last_badly(one: SourceFigures) -> datetime:
    assert one.last_badly is not None
    return one.last_badly
