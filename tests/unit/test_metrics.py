"""Metrics: what a question adds, that labels stay few, and what a scraper gets."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.metrics import ours, record
from samsvar.clock import SystemClock
from samsvar.errors import AuditUnavailable
from samsvar.model.catalogue import Consumer, Producer, ProducerKind, RivtaProfile, RoutingEntry
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.span_ports import NO_SPANS
from samsvar.store.metric_shelf import MetricShelf
from samsvar.watch.metric_table import METRICS
from samsvar.watch.metrics import Metrics
from samsvar.watch.tally import MOST
from samsvar.watch.taps import CountedEvents, MeasuredLog
from tests.world import PLANS

EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class InForce:
    """A catalogue with two producers and one listed consumer."""

    def __init__(self) -> None:
        entries = tuple(
            RoutingEntry(
                PLANS,
                LogicalAddress(f"SE-{name}"),
                Producer(name, name, ProducerKind.SOAP, "http://127.0.0.1/", "SE1"),
                RivtaProfile.BP21,
                *EVER,
            )
            for name in ("p0", "p1")
        )
        consumers = (Consumer(HsaId("SE-C")),)
        self.catalogue = Catalogue(7, entries, (), frozenset({PLANS}), consumers=consumers)

    def current(self) -> Catalogue:
        """It."""
        return self.catalogue


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of the exposition, without its process."""
    return {
        (
            sample.name,
            tuple(sorted((k, v) for k, v in sample.labels.items() if k != "process")),
        ): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((name, tuple(sorted(labels.items()))))


def test_a_question_adds_what_it_was() -> None:
    metrics = Metrics(InForce())
    metrics.question(record(2))
    failed = Decision(LogicalAddress("SE-p1"), Reason.LATE, producer="p1", elapsed=9.0)
    partly = replace(record(1), decisions=(*record(1).decisions, failed))
    metrics.question(partly)
    metrics.question(
        replace(record(0), verdict=Verdict.REFUSED, fault="VP007", sender=None, security=("x",))
    )
    plans = {"door": "soap", "contract": "GetCarePlans 2"}
    for result, consumer in (("full", "SE-C"), ("partial", "SE-C"), ("refused", "none")):
        told = value(metrics, "samsvar_questions_total", **plans, consumer=consumer, result=result)
        assert told == 1
    outcomes = "samsvar_producer_outcomes_total"
    assert value(metrics, outcomes, producer="p0", reason="answered") == 2
    assert value(metrics, outcomes, producer="p1", reason="late") == 1
    assert value(metrics, "samsvar_producer_records_total", producer="p0") == 4
    assert value(metrics, "samsvar_access_decisions_total", rule="GATES", verdict="ALLOW") == 6
    assert value(metrics, "samsvar_faults_total", code="VP007") == 1
    assert value(metrics, "samsvar_security_events_total") == 1
    calls = "samsvar_producer_call_seconds"
    assert value(metrics, f"{calls}_bucket", producer="p1", le="5.0") == 1
    assert value(metrics, f"{calls}_bucket", producer="p1", le="10.0") == 2
    assert value(metrics, f"{calls}_bucket", producer="p1", le="+Inf") == 2
    assert value(metrics, f"{calls}_sum", producer="p1") == pytest.approx(9.02)


def test_nothing_that_a_caller_chooses_becomes_a_label() -> None:
    """Ten thousand senders, contracts and addresses: not one label more than for one of them."""
    metrics = Metrics(InForce())

    def strange(number: int) -> QuestionRecord:
        return replace(
            record(0),
            sender=HsaId(f"SE-{number}"),
            contract=ContractUrn(f"urn:riv:x:{number}"),
            logical_address=LogicalAddress(f"{number}"),
            decisions=(
                Decision(LogicalAddress(f"{number}"), Reason.NOT_INDEXED),
                Decision(LogicalAddress("x"), Reason.NO_ROUTE, producer=f"made-up-{number}"),
            ),
        )

    metrics.question(strange(0))
    before = set(samples(metrics))
    for number in range(1, 10_000):
        metrics.question(strange(number))
    assert set(samples(metrics)) == before
    assert ("consumer", "other") in {pair for _, labels in before for pair in labels}


def test_a_vocabulary_that_ran_away_would_be_cut_off() -> None:
    """The last net, below the names of the catalogue."""
    metrics = Metrics(InForce())
    for number in range(MOST + 100):
        metrics.faults.add((f"F{number}",))
        metrics.call_seconds.add(0.1, (f"p{number}",))
    assert value(metrics, "samsvar_faults_total", code="other") == 100
    assert value(metrics, "samsvar_producer_call_seconds_count", producer="other") == 100


def test_the_exposition_has_the_metrics_of_the_table_and_no_other() -> None:
    """Besides those of the process itself."""
    metrics = Metrics(InForce())
    metrics.question(record(1))
    table = {metric.name for metric in METRICS}
    told = {
        sample.name
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if not family.name.startswith("process_")
    }
    short = {
        name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in told
    }
    assert short <= table | {"samsvar_audit_append_seconds"}
    kinds = {"counter": "_total", "gauge": "", "histogram": "_seconds"}
    assert all(metric.name.endswith(kinds[metric.kind]) for metric in METRICS)
    assert all("process" not in metric.labels for metric in METRICS)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say_of_it() -> None:
    metrics = Metrics(InForce())
    metrics.question(record(1))
    ran = subprocess.run(
        ["promtool", "check", "metrics"],
        input=metrics.text(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (ran.returncode, ran.stderr.decode()) == (0, "")


async def test_a_row_that_could_not_be_written_counts_as_such() -> None:
    class Broken:
        """No disk."""

        async def append(self, record: QuestionRecord) -> None:
            raise AuditUnavailable("no disk")

    metrics = Metrics(InForce())
    log = MeasuredLog(Broken(), metrics, SystemClock(), NO_SPANS)
    with pytest.raises(AuditUnavailable):
        await log.append(record(1))
    assert value(metrics, "samsvar_audit_failures_total") == 1
    assert value(metrics, "samsvar_audit_append_seconds_count") == 1
    assert value(metrics, "samsvar_audit_waiting") == 0


def test_refused_handshakes_and_revoked_certificates_are_counted() -> None:
    class Silent:
        """No log."""

        def emit(self, action: str, correlation_id: str, **fields: object) -> None:
            """Nothing."""

    metrics = Metrics(InForce())
    events = CountedEvents(Silent(), metrics)
    events.emit("refused-handshake", "-", detail="x")
    events.emit("security", "-", detail="revoked")
    events.emit("security", "a question's: counted with its record", detail="x")
    assert value(metrics, "samsvar_refused_handshakes_total") == 1
    assert value(metrics, "samsvar_security_events_total") == 1
    assert value(metrics, "samsvar_events_total", action="security") == 2


def test_any_process_shows_what_all_have_counted(tmp_path: Path) -> None:
    """Each with its own label; what a process left that is gone is shown no more."""
    one, two = Metrics(InForce(), "1"), Metrics(InForce(), "2")
    one.question(record(1))
    two.question(record(1))
    shelves = MetricShelf(tmp_path, "1"), MetricShelf(tmp_path, "2")
    now = SystemClock().now()
    shelves[1].lay_down(two.text())
    shelves[0].lay_down(one.text())
    text = one.text(shelves[0].others(now)).decode()
    assert text.count("# TYPE samsvar_questions_total counter") == 1
    assert sorted(
        sample.labels["process"]
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "samsvar_questions_total"
    ) == ["1", "2"]
    assert list(shelves[0].others(now + timedelta(minutes=1))) == []
    shelves[1].take_away()
    assert list(shelves[0].others(now)) == []


def test_counting_a_question_costs_some_microseconds() -> None:
    """A source answers in tens of thousands of them. (The bench prints what it is exactly.)"""
    assert ours(1) < 100
