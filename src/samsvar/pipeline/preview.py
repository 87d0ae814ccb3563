"""What a change of the catalogue would have meant for questions that were really asked.

Each question of the access log is decided anew under the catalogue in force and under another,
at one and the same moment, by the walk's own words; nobody is called. What is compared is who may
ask whom, and by which way: whether a source would have answered cannot be known. The candidates
are those that the index named then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from samsvar.errors import HubError, NoRoute
from samsvar.model.catalogue import RoutingEntry
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Recipient
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded
from samsvar.pipeline.authorise import errand_of, may_call
from samsvar.pipeline.index_service import INDEX_CONTRACTS
from samsvar.pipeline.registry_service import REGISTRY_CONTRACTS
from samsvar.pipeline.route import placed

ASKED, NO_ROUTE, NOT_PERMITTED = "asked", "no route", "not permitted"

#: refused before any catalogue is looked at, so that none changes it
_BEFORE_THE_CATALOGUE = frozenset({"VP001", "VP002", "VP003", "VP011", "VP013"})
#: candidates that were ruled out before the catalogue is looked at
_RULED_OUT = frozenset({Reason.NOT_INDEXED, Reason.OWN_ADDRESS, Reason.FILTERED_BY_SOURCE})


@dataclass(frozen=True, slots=True)
class CandidateChange:
    """One source that would be treated otherwise."""

    logical_address: LogicalAddress
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """One question whose answer would change. Never about whom."""

    correlation_id: str
    at: datetime
    sender: HsaId
    contract: ContractUrn
    logical_address: LogicalAddress
    fault_before: str | None
    fault_after: str | None
    candidates: tuple[CandidateChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """How many questions were looked at, and those that would change."""

    questions: int
    undecidable: int
    """Of these, how many no catalogue decides: unreadable, or refused before."""
    changes: tuple[QuestionChange, ...]


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What a catalogue says of a question: a fault, or how each candidate stands."""

    fault: str | None
    standings: Mapping[LogicalAddress, tuple[str, RoutingEntry | None]]


def preview(
    records: Iterable[QuestionRecord],
    in_force: Catalogue,
    proposed: Catalogue,
    *,
    contracts: Mapping[ContractUrn, ServiceContract],
    own_addresses: frozenset[str],
    at: datetime,
) -> Preview:
    """Which of the questions would be answered otherwise under the proposed catalogue."""
    questions = undecidable = 0
    changes: list[QuestionChange] = []
    for record in records:
        questions += 1
        sender, urn, address = record.sender, record.contract, record.logical_address
        if (
            sender is None
            or urn is None
            or address is None
            or record.fault in _BEFORE_THE_CATALOGUE
        ):
            undecidable += 1
            continue
        before, after = (
            _ruling(
                sender,
                urn,
                address,
                record.decisions,
                catalogue,
                contracts.get(urn),
                folded(address) in own_addresses,
                at,
            )
            for catalogue in (in_force, proposed)
        )
        candidates = tuple(_candidates(before, after))
        if before.fault != after.fault or candidates:
            changes.append(
                QuestionChange(
                    record.correlation_id,
                    record.at,
                    sender,
                    urn,
                    address,
                    before.fault,
                    after.fault,
                    candidates,
                )
            )
    return Preview(questions, undecidable, tuple(changes))


def standings(
    record: QuestionRecord,
    catalogue: Catalogue,
    contracts: Mapping[ContractUrn, ServiceContract],
    own_addresses: frozenset[str],
    at: datetime,
) -> Mapping[str, str]:
    """What a catalogue says of each candidate of one question, in words; of a question that it
    refuses whole, the fault at the question's own address. Empty: no catalogue decides it."""
    sender, urn, address = record.sender, record.contract, record.logical_address
    if sender is None or urn is None or address is None or record.fault in _BEFORE_THE_CATALOGUE:
        return {}
    own = folded(address) in own_addresses
    found = _ruling(sender, urn, address, record.decisions, catalogue, contracts.get(urn), own, at)
    if found.fault is not None:
        return {address: found.fault}
    return {each: _words(*told) for each, told in found.standings.items()}


def _ruling(
    sender: HsaId,
    urn: ContractUrn,
    address: LogicalAddress,
    decisions: Iterable[Decision],
    catalogue: Catalogue,
    contract: ServiceContract | None,
    own: bool,
    at: datetime,
) -> _Ruling:
    try:
        if urn in INDEX_CONTRACTS or urn in REGISTRY_CONTRACTS:
            if urn in REGISTRY_CONTRACTS and not own:
                raise NoRoute
            may_call(sender, urn, address, catalogue, at)
            return _Ruling(None, {})
        errand = errand_of(sender, urn, address, contract, catalogue, at, own=own)
    except HubError as error:
        return _Ruling(error.code, {})
    if errand.recipient is not None:
        return _Ruling(None, {address: _standing(errand.recipient)})
    return _Ruling(
        None,
        {
            one.logical_address: _standing(
                placed(sender, urn, one.logical_address, catalogue, at).recipient
            )
            for one in decisions
            if one.reason not in _RULED_OUT
        },
    )


def _standing(recipient: Recipient | None) -> tuple[str, RoutingEntry | None]:
    if recipient is None:
        return NOT_PERMITTED, None
    return (NO_ROUTE if recipient.entry is None else ASKED), recipient.entry


def _candidates(before: _Ruling, after: _Ruling) -> Iterable[CandidateChange]:
    """Those that both rulings place, and not alike."""
    for address, (was, old) in before.standings.items():
        now, new = after.standings.get(address, (None, None))
        if now is None:
            continue
        if was != now:
            yield CandidateChange(address, _words(was, old), _words(now, new))
        elif old is not None and new is not None and _way(old) != _way(new):
            changed = ", as changed" if old.producer.id == new.producer.id else ""
            yield CandidateChange(address, _words(was, old), _words(now, new) + changed)


def _way(entry: RoutingEntry) -> tuple[object, ...]:
    """What decides which answer comes; a route's period does not."""
    return entry.producer, entry.profile


def _words(standing: str, entry: RoutingEntry | None) -> str:
    return f"{standing} by {entry.producer.id}" if entry is not None else standing
