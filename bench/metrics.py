"""``python -m bench.metrics``: what counting costs a question, alone and beside the library's own.

A question with ten sources, as many as the largest scene of the benchmark asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client import Counter as TheirCounter
from prometheus_client import Histogram as TheirHistogram

from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress
from samsvar.watch.metric_table import SECONDS
from samsvar.watch.metrics import Metrics

ROUNDS = 20_000
SOURCES = 10
_PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")


class _InForce:
    """A catalogue."""

    def __init__(self) -> None:
        self._catalogue = Catalogue(1, (), (), frozenset({_PLANS}))

    def current(self) -> Catalogue:
        """It."""
        return self._catalogue


def record(sources: int = SOURCES) -> QuestionRecord:
    """A question that ten sources answered."""
    return QuestionRecord(
        correlation_id=CorrelationId("x"),
        at=datetime(2026, 6, 1, tzinfo=UTC),
        sender=HsaId("SE-C"),
        original_consumer=None,
        contract=_PLANS,
        logical_address=LogicalAddress("5565594230"),
        subject=None,
        verdict=Verdict.ANSWERED,
        fault=None,
        fault_detail="",
        catalogue_version=1,
        elapsed=0.1,
        decisions=tuple(
            Decision(
                LogicalAddress(f"SE-{number}"),
                Reason.ANSWERED,
                items=2,
                elapsed=0.02,
                producer=f"p{number}",
                access="GATES ALLOW 2",
            )
            for number in range(sources)
        ),
    )


def microseconds(work: Callable[[], None], rounds: int = ROUNDS) -> float:
    """Of processor time, each."""
    begun = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - begun) / rounds * 1e6


def ours(sources: int = SOURCES) -> float:
    """All that is counted of one question: its record and its lines of the routing log."""
    metrics, told = Metrics(_InForce()), record(sources)
    actions = ("req-in", "resp-out", *("req-out", "resp-in", "decision") * sources)

    def one() -> None:
        metrics.audit_seconds.add(0.001)
        metrics.index_finds.add(("found",))
        metrics.index_seconds.add(0.001)
        for action in actions:
            metrics.events.add((action,))
        metrics.question(told)

    return microseconds(one)


def theirs() -> float:
    """The same number of steps with the client library's own counters, labels kept at hand."""
    registry = CollectorRegistry()
    counter = TheirCounter("c", "c", ["a", "b"], registry=registry).labels("x", "y")
    histogram = TheirHistogram("h", "h", ["a"], registry=registry, buckets=SECONDS).labels("x")

    def one() -> None:
        for _ in range(2 + 3 * SOURCES + 3 + 3 * SOURCES):
            counter.inc()
        for _ in range(3 + SOURCES):
            histogram.observe(0.02)

    return microseconds(one, ROUNDS // 4)


def told() -> str:
    """One line."""
    return (
        f"Counting one question of {SOURCES} sources: {ours():.0f} microseconds of processor time"
        f" (of one source: {ours(1):.0f}; with the client library's own counters: {theirs():.0f})"
    )


if __name__ == "__main__":
    print(told())
