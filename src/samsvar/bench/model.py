"""The words of the bench: checks, judgements, results, a report. Frozen; knows no wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar


class Outcome(StrEnum):
    """How one check ended."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    WARN = "WARN"
    INCONCLUSIVE = "INCONCLUSIVE"


class Severity(StrEnum):
    """What a broken rule means: a failure, or advice."""

    MUST = "must"
    SHOULD = "should"

    @property
    def broken(self) -> Outcome:
        """The outcome when the rule is broken."""
        return Outcome.FAIL if self is Severity.MUST else Outcome.WARN


class Area(StrEnum):
    """What a check is about; the sections of a report, in order."""

    CONNECTION = "connection"
    MESSAGES = "messages"
    FAULTS = "faults"
    QUESTIONS = "questions"
    RECORDS = "records"
    LOAD = "load"
    INDEX = "index"


AREA_TITLES: dict[Area, tuple[str, str]] = {
    Area.CONNECTION: ("Anslutning", "Connection"),
    Area.MESSAGES: ("Meddelanden", "Messages"),
    Area.FAULTS: ("Tekniska fel", "Technical errors"),
    Area.QUESTIONS: ("Frågor och urval", "Questions and filters"),
    Area.RECORDS: ("Uppgifter i svaret", "Records in the answer"),
    Area.LOAD: ("Tider och belastning", "Times and load"),
    Area.INDEX: ("Engagemangsindex", "Engagement index"),
}


class Kind(StrEnum):
    """The contracts whose rules are known one by one; others have the common rules only."""

    PLANS = "GetCarePlans 2"
    CONTACTS_2 = "GetCareContacts 2"
    CONTACTS_3 = "GetCareContacts 3"
    OTHER = "other"


CONTACTS = frozenset({Kind.CONTACTS_2, Kind.CONTACTS_3})
LOGISTICS = CONTACTS | {Kind.PLANS}
WITH_RESULT = frozenset({Kind.PLANS, Kind.CONTACTS_3})
EVERY = frozenset(Kind)

_DOMAIN = "urn:riv:clinicalprocess:logistics:logistics"
_KINDS = {
    f"{_DOMAIN}:GetCarePlansResponder:2": Kind.PLANS,
    f"{_DOMAIN}:GetCareContactsResponder:2": Kind.CONTACTS_2,
    f"{_DOMAIN}:GetCareContactsResponder:3": Kind.CONTACTS_3,
}


def kind_of(urn: str) -> Kind:
    """Which of the known contracts this is."""
    return _KINDS.get(urn, Kind.OTHER)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check found. Texts hold places and counts, never a value out of a record."""

    outcome: Outcome
    swedish: str
    english: str
    shows: tuple[str, ...] = ()
    """The exchanges that show it, by name."""


Seen = TypeVar("Seen", contravariant=True)


@dataclass(frozen=True, slots=True)
class Check(Generic[Seen]):
    """One rule: what it says, where that is written, and how it is judged."""

    id: str
    area: Area
    swedish: str
    english: str
    source: str
    severity: Severity
    judge: Callable[[Seen], Judgement] = field(repr=False)
    kinds: frozenset[Kind] = EVERY


@dataclass(frozen=True, slots=True)
class Result:
    """A check's judgement about one contract, or about the connection (contract is empty)."""

    id: str
    area: Area
    contract: str
    titles: tuple[str, str]
    source: str
    severity: Severity
    judgement: Judgement

    @property
    def key(self) -> str:
        """The same in every run."""
        return f"{self.id} {self.contract}".strip()


@dataclass(frozen=True, slots=True)
class Shown:
    """One exchange as a report may show it: masked and cut."""

    name: str
    request: str
    response: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the bench."""

    at: datetime
    version: str
    url: str
    logical_address: str
    contracts: tuple[str, ...]
    results: tuple[Result, ...]
    exchanges: tuple[Shown, ...]

    def count(self, outcome: Outcome) -> int:
        """How many results ended so."""
        return sum(result.judgement.outcome is outcome for result in self.results)

    @property
    def passed(self) -> bool:
        """Nothing failed. Warnings are advice."""
        return self.count(Outcome.FAIL) == 0


def fine(
    *shows: str, swedish: str = "Som det ska.", english: str = "As it should be."
) -> Judgement:
    """The rule is kept."""
    return Judgement(Outcome.PASS, swedish, english, shows)


def broken(swedish: str, english: str, *shows: str) -> Judgement:
    """The rule is broken. Of a rule that is advice, the run makes a warning of it."""
    return Judgement(Outcome.FAIL, swedish, english, shows)


def unknown(swedish: str, english: str, *shows: str) -> Judgement:
    """It cannot be told."""
    return Judgement(Outcome.INCONCLUSIVE, swedish, english, shows)


MOST_PLACES = 5


def places(found: Iterable[str]) -> str:
    """Some places, and how many there are in all."""
    each: Sequence[str] = list(found)
    more = f" (+{len(each) - MOST_PLACES})" if len(each) > MOST_PLACES else ""
    return ", ".join(each[:MOST_PLACES]) + more
