"""The hub's metrics: told by taps what happens, asked by a scraper how often it did.

Knows what a question's record holds. Every label value is looked up in the catalogue in force;
what is not listed there is ``other``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from samsvar import __version__
from samsvar.errors import CatalogueUnavailable
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import folded
from samsvar.ports import CatalogueSource
from samsvar.registry import short_name
from samsvar.watch import metric_table as table
from samsvar.watch.metric_table import Metric
from samsvar.watch.tally import OTHER, Counter, Histogram, Labels, gauge

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NONE = "none"

#: a source that ended so is no gap in what the consumer got
NO_GAP = frozenset(
    {
        Reason.ANSWERED,
        Reason.ANSWERED_EMPTY,
        Reason.DENIED,
        Reason.NOT_INDEXED,
        Reason.NOT_PERMITTED,
        Reason.OWN_ADDRESS,
        Reason.FILTERED_BY_SOURCE,
    }
)
Gauges = Mapping[Metric, Mapping[Labels, float]]


@dataclass(frozen=True, slots=True)
class _Names:
    """What may stand in a label, of one catalogue."""

    catalogue: Catalogue | None = None
    producers: frozenset[str] = frozenset()
    consumers: Mapping[str, str] = field(default_factory=dict)
    contracts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue) -> _Names:
        """Those of a catalogue."""
        return cls(
            catalogue,
            frozenset(entry.producer.id for entry in catalogue.entries),
            {folded(consumer.id): str(consumer.id) for consumer in catalogue.consumers},
            {str(urn): short_name(urn) or str(urn) for urn in catalogue.contracts},
        )


class Metrics(Collector):
    """Counters of one process, and what else is asked when somebody scrapes."""

    def __init__(self, catalogue: CatalogueSource, process: str = "1") -> None:
        """``process``: which of the processes on this machine: the label of every sample."""
        self._catalogue = catalogue
        self._process = process
        self._names = _Names()
        self._gauges: list[Callable[[], Gauges]] = []
        self._machine = ProcessCollector(registry=None)
        self.questions = Counter(table.QUESTIONS)
        self.faults = Counter(table.FAULTS)
        self.question_seconds = Histogram(table.QUESTION_SECONDS)
        self.outcomes = Counter(table.OUTCOMES)
        self.call_seconds = Histogram(table.CALL_SECONDS)
        self.records = Counter(table.RECORDS)
        self.access = Counter(table.ACCESS)
        self.security = Counter(table.SECURITY)
        self.handshakes = Counter(table.HANDSHAKES)
        self.events = Counter(table.EVENTS)
        self.audit_seconds = Histogram(table.AUDIT_SECONDS)
        self.audit_failures = Counter(table.AUDIT_FAILURES)
        self.audit_waiting = 0
        self.index_finds = Counter(table.INDEX_FINDS)
        self.index_seconds = Histogram(table.INDEX_SECONDS)
        self.index_updates = Counter(table.INDEX_UPDATES)
        self.spans = Counter(table.SPANS)

    def also(self, gauges: Callable[[], Gauges]) -> None:
        """Ask this too at each scrape. It must be quick: it asks no disk."""
        self._gauges.append(gauges)

    def question(self, record: QuestionRecord) -> None:
        """One question has ended."""
        names = self._known()
        contract = names.contracts.get(record.contract or "", OTHER)
        sender = record.sender
        consumer = names.consumers.get(folded(sender), OTHER) if sender else NONE
        self.questions.add((record.door, contract, consumer, _result(record)))
        self.question_seconds.add(record.elapsed, (contract,))
        if record.fault is not None:
            self.faults.add((record.fault,))
        if record.security:
            self.security.add((), len(record.security))
        for decision in record.decisions:
            self._decision(decision, names)

    def _decision(self, decision: Decision, names: _Names) -> None:
        producer = decision.producer
        if producer is None:
            producer = NONE
        elif producer not in names.producers:
            producer = OTHER
        self.outcomes.add((producer, decision.reason.value))
        if decision.elapsed is not None:
            self.call_seconds.add(decision.elapsed, (producer,))
        if decision.items:
            self.records.add((producer,), decision.items)
        if decision.access:
            for rule, verdict, count in _rules(decision.access):
                self.access.add((rule, verdict), count)

    def _known(self) -> _Names:
        try:
            catalogue = self._catalogue.current()
        except CatalogueUnavailable:
            return self._names
        if catalogue is not self._names.catalogue:
            self._names = _Names.of(catalogue)
        return self._names

    def collect(self) -> Iterator[Family]:
        """Everything, each sample with its process."""
        for family in self._families():
            family.samples = [
                Sample(one.name, {**one.labels, "process": self._process}, *one[2:])
                for one in family.samples
            ]
            yield family

    def _families(self) -> Iterator[Family]:
        tallies = [one for one in vars(self).values() if isinstance(one, Counter | Histogram)]
        for tally in tallies:
            yield tally.family()
        moment: dict[Metric, dict[Labels, float]] = {
            table.AUDIT_WAITING: {(): self.audit_waiting},
            table.INFO: {(__version__,): 1},
        }
        for ask in self._gauges:
            for metric, values in ask().items():
                moment.setdefault(metric, {}).update(values)
        for metric, found in moment.items():
            yield gauge(metric, found)
        yield from self._machine.collect()

    def text(self, others: Iterable[Family] = ()) -> bytes:
        """The exposition; with what other processes of the hub have left, if there are some."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Merged([*self.collect(), *others]))
        return generate_latest(registry)


class _Merged(Collector):
    """Families of several processes: each name once."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families: dict[str, Family] = {}
        for family in families:
            first = self._families.setdefault(family.name, family)
            if first is not family:
                first.samples.extend(family.samples)

    def collect(self) -> Iterable[Family]:
        """Each name once."""
        return self._families.values()


def _result(record: QuestionRecord) -> str:
    if record.verdict is not Verdict.ANSWERED:
        return record.verdict.value
    whole = all(decision.reason in NO_GAP for decision in record.decisions)
    return "full" if whole else "partial"


@lru_cache(maxsize=4096)
def _rules(told: str) -> tuple[tuple[str, str, int], ...]:
    """``GT7 MASK 1, VG1 ALLOW 3``, read."""
    found = (one.split(" ") for one in told.split(", "))
    return tuple((one[0], one[1], int(one[2])) for one in found if len(one) == 3)
