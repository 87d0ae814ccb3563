"""A world for the walk: real catalogue, contracts and schemas; ports that keep things in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from samsvar.clock import SystemClock
from samsvar.errors import EngagementIndexUnavailable, ProducerError
from samsvar.model.catalogue import (
    CallPermission,
    OrganisationKind,
    Producer,
    ProducerKind,
    RivtaProfile,
    RoutingEntry,
)
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.engagement import (
    NOBODY,
    Audience,
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    Origin,
    UpdateCounts,
)
from samsvar.model.exchange import (
    Call,
    Item,
    Peer,
    Question,
    QuestionRecord,
    Recipient,
    Reply,
)
from samsvar.model.identifiers import (
    ContractUrn,
    CorrelationId,
    HsaId,
    LogicalAddress,
    PersonId,
)
from samsvar.packaged import Packaged
from samsvar.ports import HouseRules, World
from samsvar.soap.request import read_message
from tests.facts import MemoryFacts

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
CORE = "urn:riv:clinicalprocess:logistics:logistics:3"
HUB = LogicalAddress("5565594230")
CONSUMER = HsaId("SE2129999963-NPO1")
TOLVAN = PersonId("1.2.752.129.2.1.3.1", "191212121212")
ANOTHER = PersonId("1.2.752.129.2.1.3.1", "196501022773")

packaged = cache(Packaged.load)


def envelope(
    address: str = HUB,
    person: str = TOLVAN.extension,
    *,
    source: str | None = None,
    root: str = TOLVAN.root,
) -> bytes:
    """A GetCarePlans question as a consumer would write it."""
    wanted = f"<p:sourceSystemHSAId>{source}</p:sourceSystemHSAId>" if source else ""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        '<r:LogicalAddress xmlns:r="urn:riv:itintegration:registry:1">'
        f"{address}</r:LogicalAddress></e:Header><e:Body>"
        f'<p:GetCarePlans xmlns:p="{PLANS}" xmlns:c="{CORE}"><p:patientId><c:id>{person}</c:id>'
        f"<c:type>{root}</c:type></p:patientId>{wanted}</p:GetCarePlans></e:Body></e:Envelope>"
    ).encode()


def record(source: str, person: PersonId = TOLVAN, name: str = "plan") -> Item:
    """A record, as far as the pipeline looks at it."""
    return Item(f"<{name} from='{source}'/>".encode(), person, source)


def call(document: bytes | None = None, *, sender: str = CONSUMER, budget: float = 5.0) -> Call:
    """A call from a trusted loopback listener."""
    message = read_message(document if document is not None else envelope(), "utf-8")
    clock = SystemClock()
    begun = clock.monotonic()
    return Call(
        correlation_id=CorrelationId("test-1"),
        peer=Peer(False, True, None, sender_header=sender, address="127.0.0.1"),
        contract=message.contract,
        logical_address=message.logical_address,
        profile=message.profile,
        original_consumer=None,
        routing_history=None,
        forwarded=(),
        message=message,
        received=begun,
        deadline=begun + budget,
        received_at=clock.now(),
    )


@dataclass
class MemoryIndex:
    """Posts in a list; or broken."""

    sources: Sequence[str] = ()
    broken: bool = False

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        if self.broken:
            raise EngagementIndexUnavailable("the index is off")
        return [
            Engagement(
                wanted.resident,
                wanted.service_domain,
                wanted.categorization or "",
                source,
                "NA",
                "NA",
                source,
                "SE1",
                "x",
            )
            for source in self.sources
        ]

    async def update(
        self,
        transactions: Sequence[EngagementTransaction],
        owner: str,
        now: datetime,
        audience: Audience = NOBODY,
    ) -> UpdateCounts:
        raise EngagementIndexUnavailable("read only")

    async def receive(
        self,
        transactions: Sequence[EngagementTransaction],
        own: str,
        now: datetime,
        audience: Audience = NOBODY,
        origin: Origin | None = None,
    ) -> UpdateCounts:
        raise EngagementIndexUnavailable("read only")


@dataclass
class MemoryTransport:
    """What each address answers: items, an error, or seconds of silence."""

    answers: Mapping[str, Sequence[Item] | ProducerError | float | Exception]
    asked: list[str] = field(default_factory=list)

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        self.asked.append(recipient.logical_address)
        answer = self.answers[recipient.logical_address]
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return Reply(())
        if isinstance(answer, Exception):
            raise answer
        return Reply(tuple(answer))


@dataclass
class MemoryLog:
    """The access log in a list; or full."""

    records: list[QuestionRecord] = field(default_factory=list)
    error: Exception | None = None

    async def append(self, record: QuestionRecord) -> None:
        if self.error is not None:
            raise self.error
        self.records.append(record)


@dataclass
class MemoryEvents:
    """The routing log in a list."""

    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        self.events.append((action, fields))


@dataclass
class FixedCatalogue:
    """One catalogue, or none."""

    catalogue: Catalogue

    def current(self) -> Catalogue:
        return self.catalogue


def catalogue(
    routed: Sequence[str], permitted: Sequence[str], *, timeouts: Mapping[str, float] | None = None
) -> Catalogue:
    """Routes to these addresses, and permission for CONSUMER at those."""
    now = SystemClock().now()
    period = (now - timedelta(days=1), now + timedelta(days=1))
    entries = tuple(
        RoutingEntry(
            PLANS,
            LogicalAddress(address),
            Producer(
                f"p-{address}",
                address,
                ProducerKind.SOAP,
                f"http://127.0.0.1/{address}",
                "SE1",
                timeout=(timeouts or {}).get(address),
                organisation=OrganisationKind.REGION,
            ),
            RivtaProfile.BP21,
            *period,
        )
        for address in routed
    )
    permissions = tuple(
        CallPermission(CONSUMER, PLANS, LogicalAddress(address), *period) for address in permitted
    )
    return Catalogue(1, entries, permissions, frozenset({PLANS}), {})


@dataclass
class Stage:
    """A world and the memory behind its ports."""

    world: World
    transport: MemoryTransport
    log: MemoryLog
    events: MemoryEvents


def stage(
    answers: Mapping[str, Sequence[Item] | ProducerError | float | Exception],
    *,
    known_at: Sequence[str] | None = None,
    permitted: Sequence[str] | None = None,
    routed: Sequence[str] | None = None,
    index: MemoryIndex | None = None,
    rules: Callable[[HouseRules], HouseRules] = lambda rules: rules,
    timeouts: Mapping[str, float] | None = None,
) -> Stage:
    """A world in which these sources give these answers."""
    addresses = list(answers)
    transport = MemoryTransport(answers)
    log, events = MemoryLog(), MemoryEvents()
    world = World(
        clock=SystemClock(),
        catalogue=FixedCatalogue(
            catalogue(
                addresses if routed is None else routed,
                [HUB, *addresses] if permitted is None else permitted,
                timeouts=timeouts,
            )
        ),
        contracts=packaged().contracts,
        request_checks={urn: s.check_request for urn, s in packaged().schemas.items()},
        index=index or MemoryIndex(addresses if known_at is None else known_at),
        transport=transport,
        access_log=log,
        events=events,
        rules=rules(
            HouseRules(
                own_addresses=frozenset({HUB}),
                instance_id="TEST",
                original_consumer_senders=frozenset(),
                margin=0.05,
            )
        ),
        facts=MemoryFacts().sources(),
    )
    return Stage(world, transport, log, events)


__all__ = [
    "ANOTHER",
    "CONSUMER",
    "HUB",
    "PLANS",
    "TOLVAN",
    "MemoryIndex",
    "MemoryLog",
    "Stage",
    "call",
    "catalogue",
    "envelope",
    "packaged",
    "record",
    "replace",
    "stage",
]
