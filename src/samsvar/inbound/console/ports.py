"""What the console's pages may read and do: narrow, and without a person but where that is told.

Every method of a port that reads or writes raises ResourcesMissing if it cannot, and waits for the
disk: pages call them outside the event loop. Long, for each says what it gives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import PersonId
from samsvar.model.log_size import RoutingLogSize
from samsvar.model.questions import Figures, Line, Page, Search, SourceFigures
from samsvar.model.words import Words
from samsvar.onboarding.desk import ProducerDesk
from samsvar.onboarding.roles import User
from samsvar.onboarding.rooms import LogState, Loss, Verified, Version
from samsvar.pipeline.preview import Preview
from samsvar.registry import Registry
from samsvar.registry.difference import RowChange


class Questions(Protocol):
    """Many questions: lists and figures."""

    def page(self, search: Search, most: int, seconds: float = ...) -> Page:
        """Some of them, the latest first; as many as are found in so long."""

    def between(self, search: Search, most: int) -> tuple[Sequence[Line], int]:
        """The latest of those after one row and before another, and how many there are."""

    def named(self, kind: str) -> list[str]:
        """The senders, contracts, sources or producers that there have been."""

    def last(self) -> int:
        """The newest row's number; 0: there is none."""

    def sequence_of(self, correlation_id: str) -> int | None:
        """The last row of the log under a correlation id."""

    def correlations(self, sequences: Sequence[int]) -> Mapping[int, str]:
        """The correlation id of each row."""

    def figures(self, now: datetime, minutes: int) -> Figures:
        """Each of the last minutes, the oldest first."""

    def sources(
        self, now: datetime, hours: int, of: Collection[str] | None = None
    ) -> list[SourceFigures]:
        """How each source, or each of some, has fared in the last hours."""


class Logged(Protocol):
    """One row of the access log."""

    @property
    def sequence(self) -> int:
        """Its number."""

    @property
    def record(self) -> QuestionRecord:
        """What it says."""


class OneQuestion(Protocol):
    """The access log, one question at a time."""

    def questions(self, correlation_id: str) -> Sequence[Logged]:
        """All under one correlation id, in the order of the log."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that people should look at now."""

    since: datetime
    subject: str
    """Id of a producer, whose certificate of the hub it is, or ``hub``."""
    title: Words
    reason: Words
    critical: bool


class Alerts(Protocol):
    """What is wrong just now, as whoever watches over that says."""

    def watching(self) -> bool:
        """Whether anybody watches at all."""

    def open(self) -> Sequence[Alert]:
        """The newest first."""


class Breakers(Protocol):
    """Producers that are not asked for a while because they keep failing."""

    def present(self) -> bool:
        """Whether this hub has breakers at all."""

    def open(self) -> Mapping[str, str]:
        """Producer to reason, where the breaker is open."""

    def set(self, producer: str, *, open_: bool, who: str, reason: str) -> None:
        """Open or close it by hand."""


class RegistryRoom(Protocol):
    """Versions and drafts of the registry. What is refused raises Refused of ``onboarding``."""

    def versions(self, limit: int) -> Sequence[Version]:
        """The newest first."""

    def drafts(self) -> Sequence[Version]:
        """By name."""

    def text(self, name: str) -> str:
        """The registry file of a draft, or of a version by its number."""

    def difference(self, before: str, after: str) -> Sequence[RowChange]:
        """Rows that differ. Both by name."""

    def preview(self, name: str, last: int) -> Preview:
        """What the last questions would have become under a draft or version."""

    def today(self, records: Sequence[QuestionRecord]) -> Sequence[Mapping[str, str]]:
        """What the version in force says of each question's candidates: address to standing."""

    def new_draft(self, name: str, text: str, who: str) -> None:
        """Begin a draft."""

    def edit_draft(self, name: str, text: str, who: str) -> None:
        """Put another content in it."""

    def drop_draft(self, name: str) -> None:
        """Throw it away."""

    def move_draft(self, name: str, who: str) -> int:
        """Do what a draft changes to the version in force instead; that version's number."""

    def loss(self, name: str) -> Loss | None:
        """What would go by a draft or version; None: not so much that it is asked."""

    def publish(self, name: str, who: str, comment: str, seen: str = "") -> int:
        """Put a draft in force; its number. ``seen``: of the loss that somebody has agreed to."""

    def roll_back(self, version: int, who: str, comment: str, seen: str = "") -> int:
        """Put the content of an old version in force; its number. ``seen``: likewise."""


class Outbox(Protocol):
    """What waits for subscribers of the index."""

    def lines(self) -> Sequence[Any]:
        """One for each subscriber for whom something is kept."""

    def changes(self, subscriber: str, most: int) -> Sequence[Any]:
        """What is kept for one, the oldest first; never about whom."""

    def retry(self, subscriber: str, number: int | None = None) -> int:
        """Let dead letters wait for delivery again; how many."""

    def drop(self, subscriber: str, number: int | None = None, *, waiting: bool = False) -> int:
        """Forget dead letters; how many."""


class LogQueue(Protocol):
    """Records of an access log that wait for the log service, or for the hub that gives them to it.
    None of them can be dropped: the service must have every one."""

    def counts(self) -> Sequence[tuple[str, int, int]]:
        """Care giver ("" for none), waiting, given up; of each for whom something is kept."""

    def retry(self, sequence: int | None, receiver: str | None = None) -> int:
        """Let dead letters (one, all, a care giver's) wait again; how many."""


class AccessLogRoom(Protocol):
    """The access log for those who audit."""

    def state(self) -> LogState:
        """How it stands, without looking at each row."""

    def verify(self) -> Verified:
        """Look at each row; takes its time."""

    def proof(self, sequence: int) -> bytes | None:
        """The proof that a row stands there, as a file; None: no head covers it yet."""

    def about(self, person: PersonId, who: str, most: int) -> Sequence[Mapping[str, Any]]:
        """Rows about a person, the latest first. The search is itself a row."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the way to a producer: ok is None where it could not be judged."""

    swedish: str
    english: str
    ok: bool | None
    cause_swedish: str = ""
    cause_english: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How the hub itself is."""

    now: datetime
    version: str
    catalogue_version: int | None
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    database_bytes: int
    routing_log: RoutingLogSize | None
    """None: none is kept."""
    free_bytes: int
    started: datetime
    listeners: tuple[str, ...]
    errors: tuple[tuple[datetime, str, str], ...] = ()
    """When, what, and the correlation id where it belongs to a question; the latest first."""


class House(Protocol):
    """The hub itself."""

    def health(self) -> Health:
        """How it is."""

    def hops(self, producer: str) -> Sequence[Hop]:
        """Try the way to a producer of the registry, without a question."""

    def bundle(self) -> bytes:
        """A zip for those who help: no secret, no person."""

    def events(self, correlation_id: str, at: datetime) -> Sequence[str] | None:
        """The routing log's lines of a question that came at that moment, as far as they are
        kept; None: none are kept at all."""

    def deadline(self, contract: str | None) -> float:
        """The budget of a question in seconds."""


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The last run of the test bench on a source."""

    at: str
    passed: bool
    summary: Mapping[str, int]
    failing: tuple[tuple[str, str, str], ...]
    """Rule and what is wrong, in Swedish and English."""


class Conformance(Protocol):
    """How well producers keep the rules."""

    def scores(self) -> Mapping[str, float]:
        """Producer to the share, in percent, of its live answers that break no must."""

    def report(self, logical_address: str) -> BenchReport | None:
        """The last run of the test bench."""


@dataclass(frozen=True, slots=True)
class ConsoleWorld:
    """What the pages may touch."""

    questions: Questions
    log: OneQuestion
    desk: ProducerDesk
    registry: RegistryRoom
    outbox: Outbox
    own_log: LogQueue
    others_log: LogQueue
    """Of other hubs', which we deliver."""
    broker_letters: Callable[[], Mapping[str, int]]
    """Dead letters at the message broker for us, by exchange."""
    access_log: AccessLogRoom
    conformance: Conformance
    house: House
    alerts: Alerts
    breakers: Breakers
    published: Callable[[], Awaitable[None]]
    """Called when the registry has a new version: to put it in force here at once."""
    names: Callable[[], tuple[Registry, Mapping[str, str]]] = field(repr=False)
    """The registry in force, and what people call each logical address (folded)."""


class Users(Protocol):
    """Who may come in."""

    def by_token(self, token: str) -> User | None:
        """Whose token it is."""

    def by_certificate(self, hsa_id: str) -> User | None:
        """Who has this HSA-id in a certificate."""

    def by_id(self, name: str) -> User | None:
        """Whose access has this id, if it is open still."""

    def anybody(self) -> bool:
        """Whether anybody has been let in at all."""


class Sessions(Protocol):
    """Who has logged in."""

    def begin(self, user: User, proof: str) -> str:
        """A new session's secret."""

    def find(self, secret: str) -> tuple[User, str] | None:
        """Whose session it is, and by what proof."""

    def end(self, secret: str) -> None:
        """Log out."""
