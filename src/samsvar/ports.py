"""What the pipeline needs of the world, as narrow protocols. Implementations say *how*."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from samsvar.access import CAUTIOUS, Policy
from samsvar.fact_ports import FactSources
from samsvar.guard_ports import Breakers, NoBreakers
from samsvar.model.blocks import BlockFilter, BlockPage, BlockRecord
from samsvar.model.catalogue import RoutingEntry
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.consents import ConsentRecord
from samsvar.model.contract import ServiceContract
from samsvar.model.engagement import (
    NOBODY,
    Audience,
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    Notification,
    Origin,
    UpdateCounts,
)
from samsvar.model.exchange import Call, Question, QuestionRecord, Recipient, Reply
from samsvar.model.identifiers import ContractUrn, LogicalAddress, PersonId
from samsvar.model.registration import Action, Refusal
from samsvar.span_ports import NO_SPANS, Spans
from samsvar.tokens.keys import PublicKeys


class Clock(Protocol):
    """The time of day, and a clock that never goes back."""

    def now(self) -> datetime:
        """Aware wall time, in Europe/Stockholm."""

    def monotonic(self) -> float:
        """Seconds; for deadlines only."""


class CatalogueSource(Protocol):
    """Where the catalogue in force is found."""

    def current(self) -> Catalogue:
        """The catalogue in force.

        Raises:
            CatalogueUnavailable: none has been loaded.
        """


class EngagementIndex(Protocol):
    """Which sources know something about a person."""

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        """All posts that match, in a stable order.

        Raises:
            EngagementIndexUnavailable: never an empty answer instead.
        """

    async def update(
        self,
        transactions: Sequence[EngagementTransaction],
        owner: str,
        now: datetime,
        audience: Audience = NOBODY,
    ) -> UpdateCounts:
        """Store, change and delete posts; returns when that, and the news of it, is durable.

        Raises:
            EngagementIndexUnavailable: nothing was stored.
        """

    async def receive(
        self,
        transactions: Sequence[EngagementTransaction],
        own: str,
        now: datetime,
        audience: Audience = NOBODY,
        origin: Origin | None = None,
    ) -> UpdateCounts:
        """Take over what another index tells, with its owners and times. ``own``: our name;
        ``origin``: of each transaction, where it may come more than once.

        Raises:
            EngagementIndexUnavailable: nothing was stored.
        """


class Outbox(Protocol):
    """News of the index on its way to subscribers: kept until each has taken it, in order.

    Every method raises EngagementIndexUnavailable if it could not be done.
    """

    async def hold(self, now: datetime) -> bool:
        """Become, or stay, the one who delivers. False: somebody else is."""

    async def release(self) -> None:
        """Stop being that."""

    async def due(self, now: datetime) -> Sequence[tuple[LogicalAddress, int]]:
        """For whom something waits now, and how many attempts have failed in a row."""

    async def batch(
        self, subscriber: LogicalAddress, most: int, now: datetime
    ) -> Sequence[Notification]:
        """What goes into the next message."""

    async def delivered(
        self, subscriber: LogicalAddress, batch: Sequence[Notification], most: int = 1
    ) -> int:
        """The subscriber has it. How many changes still wait, counted no further than ``most``."""

    async def put_off(
        self, subscriber: LogicalAddress, failures: int, until: datetime, reason: str
    ) -> None:
        """Try again then."""

    async def refused(self, number: int, until: datetime) -> None:
        """The subscriber has refused this very change once more: not again before then."""

    async def bury(self, subscriber: LogicalAddress, number: int | None, reason: str) -> int:
        """Give up this change, or all that waits: dead letters. How many."""


class Deliverer(Protocol):
    """Carries news to one subscriber: over SOAP today, or by the message broker."""

    async def deliver(
        self,
        entry: RoutingEntry,
        batch: Sequence[Notification],
        correlation_id: str,
        patience: float,
    ) -> str | None:
        """None: the subscriber has taken it. A text: it has looked at it, and refuses it.

        Raises:
            ProducerError: whether it took it cannot be known.
        """


class ConsentRegister(Protocol):
    """The consents that the hub keeps. Every method raises FactsUnavailable if it could not be
    done; a ``Refusal`` says why it may not be."""

    async def register(
        self, record: ConsentRecord, now: datetime, *, from_now: bool
    ) -> Refusal | None:
        """Keep it; ``from_now``: its start was not said."""

    async def cancel(
        self, assertion_id: str, action: Action, now: datetime, care_giver: str | None
    ) -> Refusal | None:
        """End it early; only if it is this care giver's, where one is named."""

    async def nullify(
        self, assertion_id: str, action: Action, now: datetime, care_giver: str | None
    ) -> Refusal | None:
        """Nullify it, as registered in error."""

    async def subject_of(self, assertion_id: str) -> PersonId | None:
        """Whose it is; None: there is none with that id."""

    async def of_person(self, subject: PersonId, care_giver: str | None) -> Sequence[ConsentRecord]:
        """All of a person, those that have ended too."""


class BlockRegister(Protocol):
    """The blocks that the hub keeps; as ``ConsentRegister``."""

    async def register(
        self, record: BlockRecord, now: datetime, represented_by: PersonId | None
    ) -> Refusal | None:
        """Keep it; ``represented_by``: who asks for it in the person's place."""

    async def of_person(self, subject: PersonId) -> Sequence[BlockRecord]:
        """All of a person, those that have ended too."""

    async def in_force(self, wanted: BlockFilter) -> BlockPage | Refusal:
        """Those that are in force."""


@dataclass(frozen=True, slots=True)
class SecurityServices:
    """Consents and blocks that are kept here and served to others; None: kept elsewhere."""

    consents: ConsentRegister | None = None
    blocks: BlockRegister | None = None
    checks: Mapping[ContractUrn, Callable[[Any], Sequence[Any]]] = field(default_factory=dict)
    """Schema checks of their request bodies."""


class Transport(Protocol):
    """Carries one question to one producer."""

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """The producer's answer, read and checked, within ``patience`` seconds.

        Raises:
            ProducerError: whatever went wrong at that producer.
        """


class AccessLog(Protocol):
    """The append-only record of who asked what and what left the house."""

    async def append(self, record: QuestionRecord) -> None:
        """Returns when the record is durable.

        Raises:
            AuditUnavailable: it could not be made durable.
        """


class KeySource(Protocol):
    """Where the keys of one issuer of tokens are found."""

    async def keys(self, key_id: str) -> PublicKeys | None:
        """The issuer's keys, fetched anew if need be and if that was not done just now; ``key_id``
        is wanted, and may not be among them. None: they cannot be had."""

    async def close(self) -> None:
        """Let go of every connection."""


class Events(Protocol):
    """The routing log: one structured line an event, named in ``docs/log-events.md``."""

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        """Write the event. Never raises, never blocks: the routing log is not the access log."""


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What an operator has decided, as the pipeline needs it. Identifiers are folded."""

    own_addresses: frozenset[str]
    instance_id: str
    original_consumer_senders: frozenset[str]
    """Who may speak for another original consumer (VP013)."""
    index_addresses: tuple[str, ...] = ()
    """Logical addresses of the index; the first is its name as owner."""
    index_reserved: frozenset[str] = frozenset()
    """HSA-ids that no engagement may name."""
    security_addresses: tuple[str, ...] = ()
    """Logical addresses under which consents and blocks are served: the first is the whole
    service's, each further one a care giver's own."""
    margin: float = 0.3
    """Seconds kept for merging and logging after the last producer."""
    fair_seconds: float = 5.0
    """A producer that had less time than this, and no limit of its own, is not ill if it is late:
    somebody would not wait."""
    most_recipients: int = 500
    """One question asks no more sources than this; the rest get an honest status."""
    require_client_usage: bool = True
    """Refuse client certificates without the extended key usage clientAuth."""
    listed_owners_only: bool = False
    """Systems too get nothing of a care giver that the registry's directory does not list."""
    policy: Policy = CAUTIOUS
    """What is decided of the questions that the law leaves open."""


@dataclass(frozen=True, slots=True)
class World:
    """All that the walk may touch."""

    clock: Clock
    catalogue: CatalogueSource
    contracts: Mapping[ContractUrn, ServiceContract]
    request_checks: Mapping[ContractUrn, Callable[[Any], Sequence[Any]]]
    """Schema checks of request bodies: path and reason for each fault."""
    index: EngagementIndex
    transport: Transport
    access_log: AccessLog
    events: Events
    rules: HouseRules
    facts: FactSources
    """Where the grounds of access decisions are found."""
    breakers: Breakers = field(default_factory=NoBreakers)
    """Which producers are not asked for a while."""
    security: SecurityServices = SecurityServices()
    """Consents and blocks that are served to others."""
    spans: Spans = NO_SPANS
    """Where the walk's own parts are timed."""
