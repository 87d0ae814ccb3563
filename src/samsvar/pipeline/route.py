"""Route: the index says who may know, the catalogue whom the sender may ask.

Every candidate ends here with a decision, or goes on as a recipient; none is lost. A source
that the sender may not ask is neither asked nor mentioned to the consumer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.engagement import Engagement, EngagementFilter
from samsvar.model.exchange import Decision, Question, Reason, Recipient, Sender
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded
from samsvar.model.person_numbers import is_reserve
from samsvar.pipeline.authorise import Errand
from samsvar.ports import World
from samsvar.soap.shown import shown


class Times(NamedTuple):
    """Seconds from the question's arrival; as ``Decision`` has them."""

    looked: float | None = None
    found: float | None = None
    placed: float | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """``decisions`` are final; each of ``recipients`` still has to be asked."""

    recipients: tuple[Recipient, ...]
    decisions: tuple[Decision, ...] = ()
    traces: dict[LogicalAddress, tuple[str, str]] = field(default_factory=dict)
    """Route and permission trace of each recipient."""
    times: dict[LogicalAddress, Times] = field(default_factory=dict)
    """When each recipient was found and placed."""


async def route(
    sender: Sender,
    question: Question,
    errand: Errand,
    catalogue: Catalogue,
    world: World,
    received: float,
) -> Routing:
    """Whom to ask, in the order of the index; and why not the others. ``received``: when the
    question came, in monotonic seconds.

    Raises:
        EngagementIndexUnavailable: a fault, never an empty answer.
    """
    if errand.recipient is not None:
        address = errand.recipient.logical_address
        traces = {address: (errand.route_trace, errand.permission_trace)}
        return Routing((errand.recipient,), traces=traces)
    recipients: list[Recipient] = []
    decisions: list[Decision] = []
    traces = {}
    times: dict[LogicalAddress, Times] = {}

    def since() -> float:
        return round(max(0.0, world.clock.monotonic() - received), 6)

    looked = since()
    candidates = await _candidates(question, world)
    found = since()
    for address, indexed in candidates:
        decision = _ruled_out(address, indexed, question, world)
        if decision is not None:
            decisions.append(replace(decision, looked=looked, found=found, placed=since()))
            continue
        place = placed(sender.hsa_id, question.contract.urn, address, catalogue, errand.at)
        if place.recipient is None:
            decisions.append(
                Decision(
                    _safe(address),
                    Reason.NOT_PERMITTED,
                    "the sender has no call permission at this address",
                    permission_trace=place.permission_trace,
                    looked=looked,
                    found=found,
                    placed=since(),
                )
            )
            continue
        recipients.append(place.recipient)
        traces[address] = (place.route_trace, place.permission_trace)
        times[address] = Times(looked, found, since())
    return Routing(tuple(recipients), tuple(decisions), traces, times)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the catalogue puts a candidate. ``recipient`` None: the sender may not ask it."""

    recipient: Recipient | None
    permission_trace: str
    route_trace: str = ""


def placed(
    sender: HsaId, urn: ContractUrn, address: LogicalAddress, catalogue: Catalogue, at: datetime
) -> Placed:
    """What the catalogue says of one candidate of a question to everybody."""
    permission = catalogue.permission(sender, urn, address, at)
    if permission.permission is None:
        return Placed(None, permission.trace)
    found = catalogue.routes(urn, address, at)
    # None or several routes: it stays on the list, so that the consumer hears of the gap.
    entry = found.entries[0] if len(found.entries) == 1 else None
    return Placed(Recipient(address, entry), permission.trace, found.trace)


async def _candidates(question: Question, world: World) -> list[tuple[LogicalAddress, bool]]:
    """Distinct source systems, each with whether the index named it."""
    wanted = question.source_filter
    if wanted is not None and is_reserve(question.subject.root):
        return [(wanted, True)]  # the index cannot hold a reserve number: the source is named
    posts = await world.index.find(
        EngagementFilter(
            resident=question.subject.extension,
            service_domain=question.contract.service_domain,
            categorization=question.contract.categorization,
        )
    )
    named = dict.fromkeys(_sources(posts))
    if wanted is not None and folded(wanted) not in {folded(address) for address in named}:
        return [*((address, True) for address in named), (wanted, False)]
    return [(address, True) for address in named]


def _sources(posts: Iterable[Engagement]) -> Iterable[LogicalAddress]:
    return (LogicalAddress(post.source_system) for post in posts)


def _ruled_out(
    address: LogicalAddress, indexed: bool, question: Question, world: World
) -> Decision | None:
    if not indexed:
        return Decision(
            _safe(address), Reason.NOT_INDEXED, "the question names it, but the index does not"
        )
    if folded(address) in world.rules.own_addresses:
        return Decision(address, Reason.OWN_ADDRESS, "the index names the hub itself")
    wanted = question.source_filter
    if wanted is not None and folded(wanted) != folded(address):
        return Decision(
            address, Reason.FILTERED_BY_SOURCE, "the question asks for another source system"
        )
    return None


def _safe(address: LogicalAddress) -> LogicalAddress:
    """For the log: an address may have come with the question, and hold a person's number."""
    return LogicalAddress(shown(address))
