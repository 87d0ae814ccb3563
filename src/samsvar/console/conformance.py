"""How well producers keep the rules: live answers, and the last runs of the test bench."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import orjson

from samsvar.administration import Premises
from samsvar.bench.history import file_for, last_run
from samsvar.bench.model import Outcome
from samsvar.inbound.console.ports import (
    BenchReport,
)
from samsvar.store.conformance import SqlConformance

_DAYS = 30


class StoredConformance:
    """Live conformance, and the last runs of the test bench."""

    def __init__(self, premises: Premises) -> None:
        self._kept = SqlConformance(premises.database)
        self._folder = premises.settings.hub.data
        self._clock = premises.clock

    def scores(self) -> Mapping[str, float]:
        """Producer to the share, in percent, of its live answers that break no must."""
        since = f"{self._clock.now().date() - timedelta(days=_DAYS):%Y-%m-%d}"
        sampled: dict[str, int] = {}
        failing: dict[str, int] = {}
        for day in self._kept.days(since):
            sampled[day.producer] = sampled.get(day.producer, 0) + day.sampled
            failing[day.producer] = failing.get(day.producer, 0) + day.failing
        return {
            name: 100 * (count - failing[name]) / count for name, count in sampled.items() if count
        }

    def report(self, logical_address: str) -> BenchReport | None:
        """The last run of the test bench; one that cannot be read is none."""
        run = last_run(file_for(self._folder, logical_address))
        if run is None:
            return None
        try:
            told = orjson.loads(run)
            failing = tuple(
                (
                    str(each["key"]),
                    f"{each['title']['sv']}. {each['reason']['sv']}",
                    f"{each['title']['en']}. {each['reason']['en']}",
                )
                for each in told["results"]
                if each["outcome"] in (Outcome.FAIL.value, Outcome.WARN.value)
            )
            return BenchReport(
                str(told["at"]), bool(told["passed"]), dict(told["summary"]), failing
            )
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None
