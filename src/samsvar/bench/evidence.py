"""What the bench has seen of one contract: exchanges by name, each read once.

Checks look here and nowhere else, so a check can be tested without a network.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from samsvar.bench.judged import Answered, answered
from samsvar.bench.messages import Ask
from samsvar.bench.model import Judgement, Kind, kind_of, unknown
from samsvar.bench.reading import Read, read
from samsvar.bench.target import Target
from samsvar.bench.wire import Exchanged
from samsvar.model.contract import ServiceContract
from samsvar.soap.schema import Schema


@dataclass(frozen=True, slots=True)
class Sample:
    """One record of the first answer, as far as later questions need it."""

    document_id: str
    first: str
    """First day, YYYYMMDD."""
    last: str
    """Last day."""
    unit: str | None
    giver: str | None


@dataclass(slots=True)
class Evidence:
    """Filled in as the questions are put; read-only to checks."""

    target: Target
    contract: ServiceContract
    schema: Schema
    now: datetime
    exchanges: dict[str, Exchanged] = field(default_factory=dict)
    sample: Sample | None = None
    indexed: tuple[frozenset[str], frozenset[str]] | None = None
    """Source systems that the index names for the known and for the unknown person."""
    _reads: dict[str, Read] = field(default_factory=dict)
    _judged: Answered | None = None

    @property
    def kind(self) -> Kind:
        """Which contract's rules are known."""
        return kind_of(self.contract.urn)

    def ask(self) -> Ask:
        """The plain question about the known person."""
        return Ask(self.contract, self.target.known, self.target.logical_address)

    def seen(self, name: str) -> Exchanged:
        """An exchange; one that was never made has failed."""
        found = self.exchanges.get(name)
        return found or Exchanged(name, b"", {}, 0.0, failure="it was not asked")

    def read(self, name: str) -> Read:
        """An exchange's answer."""
        if name not in self._reads:
            exchange = self.seen(name)
            self._reads[name] = read(
                self.contract, exchange.body, exchange.headers.get("content-type")
            )
        return self._reads[name]

    def known(self) -> Answered:
        """The first answer, ready for the rules about records."""
        if self._judged is None:
            self._judged = answered(
                self.read("known"),
                self.target.known,
                self.target.logical_address,
                self.now,
                self.schema.check_response,
            )
        return self._judged

    def without_answer(self, *names: str) -> Judgement | None:
        """A judgement for questions that got no answer of this contract; None: all did."""
        for name in names:
            exchange = self.seen(name)
            why = exchange.failure or self._no_answer(name)
            if why is not None:
                return unknown(
                    f"Kan inte bedömas: frågan ”{name}” gav inget svar att läsa ({why}).",
                    f"Cannot be told: the question “{name}” gave no answer to read ({why}).",
                    name,
                )
        return None

    def _no_answer(self, name: str) -> str | None:
        exchange, found = self.seen(name), self.read(name)
        if found.response is not None:
            return None
        if found.fault is not None:
            return f"HTTP {exchange.status}, SOAP Fault"
        return f"HTTP {exchange.status}, {found.refused or 'not this contract’s response'}"

    def ids(self, name: str) -> tuple[str, ...]:
        """Ids of an answer's records, sorted; of other contracts only their number is known."""
        found = self.read(name)
        return found.document_ids() or tuple(str(n) for n in range(len(found.records)))

    def good(self) -> Iterable[Exchanged]:
        """The exchanges of well-formed questions that a producer must answer."""
        names = ("known", "again", "unknown", "own-source", "extension", "prefixes")
        return [self.exchanges[name] for name in names if name in self.exchanges]
