"""Weigh: each element of each record against the access rules, and what of the record is left.

Knows how a record's fields become facts. Knows no port and no XML. As many decisions as there are
elements; what leaves is told apart from what is logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from samsvar.access import (
    Decision,
    Element,
    Facts,
    Obligation,
    Participant,
    PlanFacts,
    Policy,
    Verdict,
    decide,
    decide_plan,
    gate,
)
from samsvar.access.words import Block, DocumentState, Truth
from samsvar.fact_ports import BlockQuestion
from samsvar.model.care import (
    CareContact,
    CarePlan,
    ContactStatus,
    Mark,
    PlanStatus,
    Provenance,
    Unit,
)
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Item
from samsvar.model.sharing import (
    contact_without_address,
    part_of,
    without_address,
)
from samsvar.pipeline.actor import Actor
from samsvar.pipeline.owners import Owned, truth
from samsvar.pipeline.records import Record, block_question

#: how a decision is made that no gate stops, for a system that applies the other rules itself
GATES_PASSED = Decision(Verdict.ALLOW, "GATES")

_FINAL = frozenset({PlanStatus.ESTABLISHED, PlanStatus.FOLLOW_UP, PlanStatus.CLOSED})


@dataclass(frozen=True, slots=True)
class Weighed:
    """What came of one record."""

    item: Item | None
    """What of it may leave; None: nothing."""
    decisions: tuple[tuple[Owned, Decision], ...]
    """The header's first, then each part's, and whose it is."""
    whole: bool = False
    """All of it leaves."""


@dataclass(frozen=True, slots=True)
class Scales:
    """What every record of a question is weighed with."""

    actor: Actor
    facts: Facts
    blocks: Mapping[BlockQuestion, Block]
    policy: Policy
    catalogue: Catalogue
    known: dict[Owned, Decision] = field(default_factory=dict)
    """By the gates alone, records that were not read differ by their owner only: a decision for
    each owner costs a tenth of one for each record (measured: 35 us a record)."""

    @property
    def judge(self) -> Callable[[Facts, Policy], Decision]:
        """The rules; or the gates alone."""
        return _gates if self.actor.gates_only else decide


def weigh(record: Record, scales: Scales) -> Weighed:
    """What of the record may leave, and by which rules."""
    plain = record.item.record
    if plain is None and scales.actor.gates_only:
        decision = scales.known.get(record.header)
        if decision is None:
            facts = _facts(record, record.header, None, scales)
            decision = scales.known[record.header] = scales.judge(facts, scales.policy)
        return _weighed_whole(record, decision)
    header = _facts(record, record.header, record.recorded_at, scales)
    if not isinstance(plain, CarePlan):
        return _weighed_whole(record, scales.judge(header, scales.policy))
    plan = PlanFacts(
        header,
        tuple(
            Element(
                part.key,
                _facts(record, whose, part.provenance.recorded_at, scales, part.provenance),
                part.shows_whole_plan,
            )
            for part, whose in record.parts
        ),
        tuple(_participant(unit, scales.catalogue) for unit in plain.participating_units),
        plain.partial,
    )
    decided = decide_plan(plan, scales.policy, scales.judge)
    decisions = (decided.header, *(decision for _, decision in decided.decisions))
    effect = decided.effect
    item: Item | None = None
    whole = False
    if effect.verdict is Verdict.ALLOW:
        kept = frozenset(effect.elements)
        masked = any(decision.verdict is not Verdict.ALLOW for decision in decisions)
        shown = {one.unit for one in effect.participants}
        part = part_of(
            plain, kept, (lambda unit: _name(unit) in shown) if masked else lambda _unit: True
        )
        if effect.strip_address:
            known = scales.facts.protected_identity is Truth.YES
            part = without_address(part, free_text=not known)
        whole = len(kept) == len(record.parts) and not effect.strip_address
        item = record.item if part == plain else replace(record.item, record=part, changed=True)
    owners = (record.header, *(whose for _, whose in record.parts))
    return Weighed(item, tuple(zip(owners, decisions, strict=True)), whole)


def told(weighed: Sequence[Weighed]) -> str:
    """For explain: how often each rule gave each verdict. Counts only; no value, no owner."""
    counts = Counter(
        (decision.rule_id, decision.verdict) for one in weighed for _, decision in one.decisions
    )
    return ", ".join(
        f"{rule} {verdict} {count}" for (rule, verdict), count in sorted(counts.items())
    )


def _weighed_whole(record: Record, decision: Decision) -> Weighed:
    item = record.item if decision.verdict is Verdict.ALLOW else None
    contact = record.item.record
    if item and isinstance(contact, CareContact) and _strips(decision):
        item = replace(item, record=contact_without_address(contact), changed=True)
    return Weighed(item, ((record.header, decision),), whole=item is record.item)


def _strips(decision: Decision) -> bool:
    return Obligation.STRIP_ADDRESS in decision.obligations


def _gates(facts: Facts, policy: Policy) -> Decision:
    return gate(facts, policy) or GATES_PASSED


def _facts(
    record: Record,
    whose: Owned,
    recorded: datetime | None,
    scales: Scales,
    provenance: Provenance | None = None,
) -> Facts:
    """One element's facts: the question's, and whose it is, and how it is marked."""
    actor, plain = scales.actor, record.item.record
    told = provenance or (plain.provenance if plain is not None else Provenance())
    marks = told.marks
    facts = replace(
        scales.facts,
        owner_kind=whose.kind,
        owner_provider=whose.owner,
        owner_unit=whose.unit,
        owner_connected=whose.connected,
        legal_basis=whose.legal_basis,
        marked_for_sharing=truth(whose.marked),
        exception_mark=truth(Mark.EXCEPTION in marks),
        releasable_to_person=truth(Mark.RELEASABLE_TO_PERSON in marks),
        only_for_incapable=truth(Mark.ONLY_FOR_INCAPABLE in marks),
        third_party_sensitive=truth(Mark.THIRD_PARTY_SENSITIVE in marks),
    )
    if actor.gates_only:
        # Not connected, as far as social care goes: it has not declared that it keeps its rules.
        barred = whose.social_care and not actor.social_care
        return replace(facts, actor_connected=Truth.NO) if barred else facts
    question = block_question(whose, recorded or record.recorded_at)
    block = scales.blocks.get(question) if question else None
    return replace(
        facts,
        block=block or Block.UNKNOWN,
        blocks_answered=truth(block is not None),
        same_municipality=_same_municipality(scales, whose),
        approved_for_patient=truth(plain.approved_for_patient) if plain else Truth.UNKNOWN,
        document_state=_state(plain, foreign=record.item.foreign),
    )


def _same_municipality(scales: Scales, whose: Owned) -> Truth:
    provider = scales.facts.actor_provider
    own = scales.catalogue.care_giver(provider) if provider else None
    if own is None or own.municipality is None or whose.municipality is None:
        return Truth.UNKNOWN
    return truth(own.municipality == whose.municipality)


def _state(record: CarePlan | CareContact | None, *, foreign: bool) -> DocumentState:
    """A record without a status, by the contract: drafts and nullified ones are not sent in it."""
    match record:
        case None:
            return DocumentState.UNKNOWN
        case CareContact():
            wrong = record.status is ContactStatus.ENTERED_IN_ERROR
            return DocumentState.ENTERED_IN_ERROR if wrong else DocumentState.FINAL
        case CarePlan():
            if record.status in _FINAL:
                return DocumentState.FINAL
            if record.status is PlanStatus.ENTERED_IN_ERROR:
                return DocumentState.ENTERED_IN_ERROR
            if record.status is PlanStatus.UNKNOWN:
                return DocumentState.FINAL if foreign else DocumentState.UNKNOWN
            return DocumentState.DRAFT


def _participant(unit: Unit, catalogue: Catalogue) -> Participant:
    giver = catalogue.care_giver_above(unit.hsa_id) if unit.hsa_id else None
    return Participant(_name(unit), giver.id if giver else None)


def _name(unit: Unit) -> str:
    return unit.hsa_id or unit.local_id or unit.name or ""
