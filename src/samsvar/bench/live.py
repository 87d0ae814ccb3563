"""Continuous conformance: live answers, one in so many, judged by the bench's record rules.

Off the hot path: an answer is put aside when it comes, judged by a thread of its own when the
hub's answer has gone, and dropped at once. What stays are counts of rule and path, never a
value. Everything is bounded; what does not fit is not judged, and nobody waits.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from samsvar.bench.judged import answered
from samsvar.bench.model import Severity
from samsvar.bench.reading import read
from samsvar.bench.record_rules import RECORD_RULES, rules_for
from samsvar.model.exchange import Question
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.ports import Clock
from samsvar.soap import envelope
from samsvar.soap.rivta import CONTENT_TYPE

MOST_ANSWERS = 64
MOST_BYTES = 4 * 1024 * 1024
MOST_OF_ONE = 1024 * 1024  # a larger one costs a thread a second, and tells no more
MOST_KEYS = 10_000
_PATIENCE = 60.0  # no question lives so long: its answer never went
_FLUSH = 30.0  # seconds: one small transaction then, so that the access log never waits long
UNREADABLE = "MSG-05"
"""The rule that an answer breaks which cannot be read at all."""

_NUMBERS = re.compile(r"\[\d+\]")
_MUSTS = {rule.id for rule in RECORD_RULES if rule.severity is Severity.MUST} | {UNREADABLE}


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found in some answers of one producer, contract and day. No values."""

    producer: str
    contract: str
    day: str
    sampled: int
    failing: int
    """Answers that break a rule that is a must."""
    warned: int
    """Answers that break only advice."""
    findings: Mapping[tuple[str, str], int]
    """Rule and path -> answers in which it was found."""


class ConformanceStore(Protocol):
    """Where the counts are kept."""

    def add(self, counted: Sequence[Counted]) -> None:
        """Add to what is there.

        Raises:
            ResourcesMissing: nothing was added.
        """


@dataclass(frozen=True, slots=True)
class _Aside:
    """One answer that waits to be judged."""

    producer: str
    question: Question = field(repr=False)
    address: str
    body: bytes | None = field(repr=False)
    items: tuple[bytes, ...] = field(repr=False)
    content_type: str | None
    at: float

    @property
    def size(self) -> int:
        return len(self.body or b"") + sum(map(len, self.items))


class Conformance:
    """Puts answers aside, judges them later, keeps counts. Close it when the hub stops."""

    def __init__(
        self,
        store: ConformanceStore,
        checks: Mapping[ContractUrn, Any],
        clock: Clock,
        *,
        sample: int,
        flush_seconds: float = _FLUSH,
    ) -> None:
        """``sample``: one answer in so many of each producer and contract; 0 judges none.
        ``checks``: the contracts' schemas."""
        self._store = store
        self._checks = checks
        self._clock = clock
        self._sample = sample
        self._flush_seconds = flush_seconds
        self._seen: Counter[tuple[str, str]] = Counter()
        self._aside: OrderedDict[int, tuple[str, _Aside]] = OrderedDict()
        self._number = 0
        self._bytes = 0
        self._ready: deque[_Aside] = deque()
        self._tally = _Tally()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        if sample > 0:
            self._thread = threading.Thread(target=self._work, name="conformance", daemon=True)
            self._thread.start()

    def noticed(
        self,
        correlation_id: str,
        producer: str,
        question: Question,
        address: str,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        items: Callable[[], tuple[bytes, ...]] = tuple,
    ) -> None:
        """An answer has come: its bytes, or the records that an adapter made. Never raises,
        never waits."""
        if self._sample <= 0:
            return
        key = (producer, str(question.contract.urn))
        count = self._seen[key]
        if len(self._seen) < MOST_KEYS or count:
            self._seen[key] = count + 1
        if count % self._sample:
            return
        one = _Aside(
            producer, question, address, body, items(), content_type, self._clock.monotonic()
        )
        with self._wake:
            self._forget_the_old(one.at)
            waiting = len(self._aside) + len(self._ready)
            if one.size > MOST_OF_ONE or waiting >= MOST_ANSWERS:
                return
            if self._bytes + one.size > MOST_BYTES or self._closing:
                return
            self._bytes += one.size
            self._number += 1
            self._aside[self._number] = (correlation_id, one)

    def gone(self, correlation_id: str) -> None:
        """The hub's own answer to this question is on its way: what it was made of may be
        judged."""
        if not self._aside:
            return
        with self._wake:
            mine = [number for number, (id_, _) in self._aside.items() if id_ == correlation_id]
            for number in mine:
                self._ready.append(self._aside.pop(number)[1])
            if mine:
                self._wake.notify()

    def close(self) -> None:
        """Judge what is ready, write what has been counted, and stop."""
        with self._wake:
            self._closing = True
            self._aside.clear()
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _forget_the_old(self, now: float) -> None:
        while self._aside:
            number, (_, one) = next(iter(self._aside.items()))
            if now - one.at < _PATIENCE:
                return
            del self._aside[number]
            self._bytes -= one.size

    def _work(self) -> None:
        flushed = self._clock.monotonic()
        while True:
            with self._wake:
                if not self._ready and not self._closing:
                    self._wake.wait(timeout=self._flush_seconds)
                self._forget_the_old(self._clock.monotonic())
                one = self._ready.popleft() if self._ready else None
                ending = self._closing and one is None
            if one is not None:
                self._judge(one)
                with self._wake:
                    self._bytes -= one.size
            now = self._clock.monotonic()
            if ending or now - flushed >= self._flush_seconds:
                self._tally.flush(self._store)
                flushed = now
            if ending:
                return

    def _judge(self, one: _Aside) -> None:
        question, now = one.question, self._clock.now()
        try:
            found = judged(
                question,
                one.address,
                one.body,
                one.content_type,
                one.items,
                now,
                self._checks[question.contract.urn].check_response,
            )
        except Exception:  # noqa: BLE001 - a rule's bug must not end the thread, nor quote a value
            return
        self._tally.add(one.producer, str(question.contract.urn), f"{now:%Y-%m-%d}", found)


def judged(
    question: Question,
    address: str,
    body: bytes | None,
    content_type: str | None,
    items: tuple[bytes, ...],
    now: Any,
    check_response: Callable[[Any], Sequence[object]],
) -> frozenset[tuple[str, str]]:
    """Rule and path of everything that one answer breaks. Paths are without numbers."""
    if body is None:
        body = envelope.single(question.contract, items, str(uuid4()))
        content_type = CONTENT_TYPE
    found = read(question.contract, body, content_type)
    if found.response is None:
        return frozenset() if found.fault is not None else frozenset({(UNREADABLE, "")})
    person: PersonId = question.subject
    one = answered(found, person, address, now, check_response)
    return frozenset(
        (rule.id, _NUMBERS.sub("", place.partition(": ")[0]))
        for rule in rules_for(found.kind)
        for place in rule.find(one)
        if not (rule.id == "RES-01" and found.result_field("resultCode") == "ERROR")
    )


class _Tally:
    """Counts between two writings. Used by one thread."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str], list[int]] = {}
        self._findings: dict[tuple[str, str, str], Counter[tuple[str, str]]] = {}

    def add(
        self, producer: str, contract: str, day: str, found: frozenset[tuple[str, str]]
    ) -> None:
        """Count one answer."""
        key = (producer, contract, day)
        if key not in self._answers and len(self._answers) >= MOST_KEYS:
            return
        rules = {rule for rule, _ in found}
        counts = self._answers.setdefault(key, [0, 0, 0])
        counts[0] += 1
        counts[1] += bool(rules & _MUSTS)
        counts[2] += bool(rules) and not rules & _MUSTS
        self._findings.setdefault(key, Counter()).update(found)

    def flush(self, store: ConformanceStore) -> None:
        """Write, and begin anew; what could not be written is kept for the next time."""
        if not self._answers:
            return
        counted = [
            Counted(*key, sampled, failing, warned, self._findings.get(key, Counter()))
            for key, (sampled, failing, warned) in self._answers.items()
        ]
        try:
            store.add(counted)
        except Exception:  # noqa: BLE001 - the counts are kept, and the hub serves on
            return
        self._answers.clear()
        self._findings.clear()
