"""One question on its way through the hub: call, question, recipients, outcomes, decisions.

Payload is kept out of every ``repr``. Knows no XML, HTTP or storage. Long, as it is the one
vocabulary of a walk: its words are read together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from samsvar.model.care import CareContact, CarePlan
from samsvar.model.catalogue import RivtaProfile, RoutingEntry
from samsvar.model.contract import ServiceContract
from samsvar.model.engagement import Origin
from samsvar.model.identifiers import (
    ContractUrn,
    CorrelationId,
    HsaId,
    LogicalAddress,
    PersonId,
)
from samsvar.model.status import CausingAgent, StatusRecord
from samsvar.model.user import Statement, User


@dataclass(frozen=True, slots=True)
class Peer:
    """What the door saw of the caller. Evidence, not identity: ``identify`` judges it."""

    secure: bool
    """True on a listener with mutual TLS."""
    trusted: bool
    """True on a plain loopback or Unix-socket listener that the settings name as trusted."""
    certificate: bytes | None = field(repr=False)
    """The client certificate as DER, from TLS or from a trusted front."""
    sender_header: str | None = None
    """``x-vp-sender-id``; counts on a trusted listener only."""
    instance_header: str | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who is judged to be calling, and what was odd about the way they said so."""

    hsa_id: HsaId
    oddities: tuple[str, ...] = ()


Chosen = Callable[[CarePlan | CareContact], bool]


@dataclass(frozen=True, slots=True)
class Call:
    """A request at the door: who seems to ask, and the envelope, read but not judged."""

    correlation_id: CorrelationId
    peer: Peer
    contract: ContractUrn | None
    """None where the envelope could not be read."""
    logical_address: LogicalAddress | None
    profile: RivtaProfile
    original_consumer: HsaId | None
    routing_history: str | None
    forwarded: tuple[tuple[str, str], ...]
    """``x-rivta-*`` headers that go on to producers unchanged."""
    message: Any = field(repr=False)
    """The read envelope (``soap.request.Message``), or the error that reading it gave."""
    received: float
    """Monotonic seconds at the first byte of the request."""
    deadline: float
    """Monotonic seconds when the answer must be on its way."""
    received_at: datetime
    sender: HsaId | None = None
    """Who asks, once ``identify`` has judged it."""
    door: str = "soap"
    """Which door it came in by: ``soap``, ``fhir``, ``documents``, ``citizen``, ``existence``."""
    user: User | None = None
    """The person who asks, where one has logged in at the hub's own interface."""
    statement: Statement | None = None
    """What that person states for this question."""
    origin: Origin | None = field(repr=False, default=None)
    """Of news of an index that may come more than once."""
    chosen: Chosen | None = field(repr=False, default=None)
    """Which records are asked for, where the question itself cannot say it. The others are as if
    they had not come: neither shown nor told of in the log."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request that has been judged: valid by its schema, about a person that can exist."""

    contract: ServiceContract
    subject: PersonId
    source_filter: LogicalAddress | None
    body: bytes = field(repr=False)
    """The request element as it came, UTF-8, carrying its own namespace declarations."""
    envelope: bytes = field(repr=False)
    """The whole message as it came, UTF-8."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A producer to ask: an address with the one route that leads to it, if there is one."""

    logical_address: LogicalAddress
    entry: RoutingEntry | None


@dataclass(frozen=True, slots=True)
class Item:
    """One record of an answer, as it came: its bytes carry the namespaces they need."""

    xml: bytes = field(repr=False)
    subject: PersonId | None
    source_system: str | None
    element: str = ""
    """Its name, ``{ns}local``; empty where the contract has one kind of record only."""
    owner: str | None = None
    """The care giver that answers for it, as the record says."""
    record: CarePlan | CareContact | None = field(repr=False, default=None)
    """What it says, where it has been read: always from an adapter, else where that is needed."""
    foreign: bool = False
    """Made by a producer that speaks the contract, which cannot say all that a record holds."""
    changed: bool = False
    """Something was left out of ``record``: ``xml`` is no longer what may leave."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a producer said, read and checked. ``raw`` is its whole message (pass-through);
    None where an adapter made the items."""

    items: tuple[Item, ...]
    raw: bytes | None = field(repr=False, default=None)
    warnings: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP headers that go on to a consumer who addressed this one source."""
    by: str = ""
    """Which worker answered, and its version; empty where none stands between."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The producer answered with items of the contract; they have been read."""

    recipient: Recipient
    at: datetime
    elapsed: float
    """Seconds from asking to having read it all."""
    reply: Reply
    received: int = 0
    """How many records came; ``reply`` has those that may go on."""
    access: str = ""
    """Which access rules said what, and how often."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The producer gave nothing that can be used."""

    recipient: Recipient
    at: datetime
    elapsed: float
    code: str
    """The ProducerError's code: unreachable, late, fault, invalid ..."""
    agent: CausingAgent
    wire_code: str
    text: str
    """Safe to show: no personal data."""
    raw: bytes | None = field(repr=False, default=None)
    """A SOAP fault as it came, for pass-through only."""
    by: str = ""
    """Which worker said so. Not for consumers."""


Outcome = Answered | Failed


class Reason(StrEnum):
    """Why a candidate ended as it did: exactly one for each."""

    ANSWERED = "answered"
    ANSWERED_EMPTY = "answered-empty"
    NOT_INDEXED = "not-indexed"
    NO_ROUTE = "no-route"
    NOT_PERMITTED = "not-permitted"
    OWN_ADDRESS = "own-address"
    FILTERED_BY_SOURCE = "filtered-by-source"
    LATE = "late"
    UNREACHABLE = "unreachable"
    FAULT = "fault"
    RESULT_ERROR = "result-error"
    INVALID = "invalid"
    FOREIGN_PATIENT = "foreign-patient"
    FOREIGN_SOURCE = "foreign-source"
    ADAPTER_BROKE = "adapter-broke"
    DISABLED = "disabled"
    BREAKER_OPEN = "breaker-open"
    BUSY = "busy"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Decision:
    """What happened to one candidate, and why. Kept for ``explain``; never sent to consumers."""

    logical_address: LogicalAddress
    reason: Reason
    detail: str = ""
    """One technical sentence without personal data."""
    items: int = 0
    elapsed: float | None = None
    """Seconds; None if it was not asked."""
    producer: str | None = None
    route_trace: str = ""
    permission_trace: str = ""
    access: str = ""
    """How often each access rule gave each verdict: ``GT7 MASK 1, VG1 ALLOW 3``."""
    begun: float | None = None
    """Seconds from the question's arrival to asking; None: not asked, or an older row."""
    looked: float | None = None
    """Seconds from the question's arrival until the index was asked; None: it was not, or an older
    row. So are the two below."""
    found: float | None = None
    """... until the index had named its sources."""
    placed: float | None = None
    """... until the catalogue had said whether this one may be asked, and where it is."""


@dataclass(frozen=True, slots=True)
class Existence:
    """That there is something which is not shown, as far as a rule lets that be told."""

    unblocked: bool = False
    blocked: bool = False
    owners: tuple[str, ...] = ()
    """Whose unblocked information there is."""
    blockers: tuple[str, ...] = ()
    """Who has blocked, and may be asked to lift."""
    may_request_lift: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: one collected answer, or one source's own words.

    ``raw`` set: the bytes of the one source, untouched, with the HTTP status they came with.
    """

    items: tuple[bytes, ...] = field(repr=False)
    statuses: tuple[StatusRecord, ...] = ()
    raw: bytes | None = field(repr=False, default=None)
    raw_status: int = 200
    aggregated: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP headers of the one source, as they came."""
    slowest: float = 0.0
    """Seconds of the slowest producer, for ``x-skltp-prt``."""
    records: tuple[Item, ...] = field(repr=False, default=())
    """The same records as data, for the doors that do not speak the contract."""
    partial: bool = False
    """Something may not be shown to the citizen who asks: never how much, nor whose."""
    existence: Existence | None = None
    """What may be told of what is not shown, for a question of existence alone."""
    protected_identity: bool = False
    """Skyddade personuppgifter, by the population register; told to staff and to the person."""


class Shown(StrEnum):
    """What came of one owner's records in one question."""

    ALLOW = "ALLOW"
    """All of them. (A print of the whole plan goes with what others have masked of it.)"""
    MASK = "MASK"
    """Some, or some in part."""
    DENY = "DENY"
    """None."""
    EXISTENCE = "EXISTENCE"
    """That there are some, and no more."""


class Activity(StrEnum):
    """What was done with the records, in the words of the national access log (StoreLog)."""

    READ = "Läsa"
    PRINT = "Utskrift"
    EMERGENCY = "Nödöppning"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What came of one owner's records from one source: one entry of the access log."""

    source: LogicalAddress
    owner: str | None
    """The care giver whose they are; None: the records do not say."""
    owner_unit: str | None
    shown: Shown
    rules: tuple[str, ...]
    """The rules that decided, each once, in the order met: ``VG1``, ``GT7``, ..."""
    records: int
    """How many plans or contacts were shown, whole or in part."""
    activity: Activity = Activity.READ


class Verdict(StrEnum):
    """How a question ended. FAILED until proven otherwise."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """One row of the access log, with what ``explain`` needs. One for each call, always."""

    correlation_id: CorrelationId
    at: datetime
    sender: HsaId | None
    original_consumer: HsaId | None
    contract: ContractUrn | None
    logical_address: LogicalAddress | None
    subject: PersonId | None
    verdict: Verdict
    fault: str | None
    """Code of the fault, or None."""
    fault_detail: str
    catalogue_version: int | None
    elapsed: float
    """Seconds from the first byte to this row."""
    decisions: tuple[Decision, ...]
    security: tuple[str, ...] = ()
    """Security events: a foreign patient, a forged header."""
    peer: str = ""
    door: str = "soap"
    """Which door it came in by: ``soap``, ``fhir``, ``documents``, ``citizen``, ``existence``."""
    user: User | None = field(repr=False, default=None)
    statement: Statement | None = field(repr=False, default=None)
    disclosures: tuple[Disclosure, ...] = ()
    """One for each owner, unit and source, refused and masked ones too."""
    policy: str = ""
    """Version of the access configuration that decided."""
    consent_id: str | None = None
    """The consent assertion that was leant on."""
