"""Disclose: what of the answers may go on to the one who asks.

Reads the records as far as the actor demands it, asks the block service about their owners,
weighs each element by the access rules, and leaves of each answer what may be shown. Count in,
count out: one outcome for each that came. Knows the order of these steps, and none of the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from samsvar.access.words import ActorKind, Block, Truth
from samsvar.errors import AdapterBroke, ProducerAnswerInvalid
from samsvar.fact_ports import BlockQuestion
from samsvar.model.care import CarePlan
from samsvar.model.catalogue import Producer
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import (
    Answered,
    Call,
    Disclosure,
    Existence,
    Item,
    Outcome,
    Question,
    Shown,
)
from samsvar.model.sharing import sendable
from samsvar.pipeline.accounting import disclosures, existence, refused_emergencies
from samsvar.pipeline.actor import Actor
from samsvar.pipeline.grounds import Grounds, blocks_on
from samsvar.pipeline.owners import Owners
from samsvar.pipeline.patient_check import dropped, patient_checked
from samsvar.pipeline.records import Record, taken_apart
from samsvar.pipeline.weigh import Scales, Weighed, told, weigh
from samsvar.ports import World
from samsvar.soap.codecs import CODECS, Codec, written

#: the door that asks only whether there is something which is not shown
EXISTENCE = "existence"
#: who hears that an identity is protected: those who must guard what they see, and the person. Not
#: guardians and agents: it may be from them that somebody is protected
_TOLD = frozenset({ActorKind.VG_STAFF, ActorKind.OG_STAFF, ActorKind.CITIZEN})


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What may be merged, and what the log must have of it."""

    outcomes: tuple[Outcome, ...]
    security: tuple[str, ...]
    disclosures: tuple[Disclosure, ...]
    partial: bool
    """Something of it is not shown."""
    existence: Existence
    """What may be told of what is not shown."""
    protected_identity: bool = False
    """The person is known to have a protected identity, and this actor may hear it."""


async def disclose(
    call: Call,
    question: Question,
    outcomes: Sequence[Outcome],
    actor: Actor,
    grounds: Grounds,
    catalogue: Catalogue,
    world: World,
) -> Disclosed:
    """The outcomes that may be merged, as many as came in, each with what may be shown of it."""
    codec = CODECS.get(question.contract.urn)
    checked, events = patient_checked(question, outcomes)
    listed_only = world.rules.listed_owners_only
    opened = [
        _opened(outcome, codec, call, actor, Owners(catalogue, _producer(outcome), listed_only))
        for outcome in checked
    ]
    asked = {
        block for _, records in opened for record in records for block in record.block_questions()
    }
    blocks: dict[BlockQuestion, Block] = {}
    silent: tuple[str, ...] = ()
    if not actor.gates_only:
        ordered = sorted(asked, key=repr)
        blocks, silent = await blocks_on(ordered, call, actor, question.subject, world)
    scales = Scales(actor, grounds.facts, blocks, world.rules.policy, catalogue)
    weighed = [[weigh(record, scales) for record in records] for _, records in opened]
    left = tuple(
        _left(outcome, several, codec, call)
        for (outcome, _), several in zip(opened, weighed, strict=True)
    )
    told_of = [
        (outcome.recipient.logical_address, several if isinstance(outcome, Answered) else [])
        for outcome, several in zip(left, weighed, strict=True)
    ]
    told_apart = disclosures(told_of)
    if call.door == EXISTENCE:  # no record leaves by it, whatever the rules would let be shown
        told_apart = tuple(one for one in told_apart if one.shown in (Shown.EXISTENCE, Shown.DENY))
    return Disclosed(
        left,
        (*events, *grounds.silent, *silent, *refused_emergencies(told_of)),
        told_apart,
        any(not one.whole for _, several in told_of for one in several),
        existence(told_of),
        grounds.facts.protected_identity is Truth.YES and actor.facts.actor_kind in _TOLD,
    )


def _opened(
    outcome: Outcome, codec: Codec | None, call: Call, actor: Actor, owners: Owners
) -> tuple[Outcome, list[Record]]:
    """The records of an answer, read where the gates alone do not do. One that cannot be read
    costs its whole answer: nobody can tell whether it may be shown."""
    if not isinstance(outcome, Answered):
        return outcome, []
    needs_data = not actor.gates_only or call.door != "soap"
    try:
        items = [_read(item, codec) if needs_data else item for item in outcome.reply.items]
    except ProducerAnswerInvalid as error:
        return dropped(outcome, error), []
    if call.chosen is not None:
        chosen = call.chosen
        items = [item for item in items if item.record is not None and chosen(item.record)]
        outcome = replace(outcome, received=len(items))
    return outcome, [taken_apart(item, owners) for item in items]


def _producer(outcome: Outcome) -> Producer | None:
    entry = outcome.recipient.entry
    return entry.producer if entry else None


def _read(item: Item, codec: Codec | None) -> Item:
    if item.record is not None or codec is None:
        return item
    return replace(item, record=codec.read(item.xml), foreign=True)


def _left(outcome: Outcome, weighed: Sequence[Weighed], codec: Codec | None, call: Call) -> Outcome:
    """The answer with what may be shown. It goes on as it came only if that is all of it."""
    if not isinstance(outcome, Answered):
        return outcome
    items = [one.item for one in weighed if one.item is not None]
    untouched = len(items) == len(weighed) and not any(item.changed for item in items)
    warnings = dict.fromkeys(outcome.reply.warnings)
    if call.door == "soap" and codec is not None:
        try:
            items = [_written(item, codec, warnings) for item in items]
        except Exception as error:  # noqa: BLE001 - what an adapter made: its bug costs its answer
            # The type only, and no cause: text and traceback may quote the person's record.
            broke = AdapterBroke(f"its record cannot be written: {type(error).__name__}")
            return dropped(outcome, broke)
    reply = replace(
        outcome.reply,
        items=tuple(items),
        raw=outcome.reply.raw if untouched else None,
        warnings=tuple(warnings),
    )
    return replace(outcome, reply=reply, access=told(weighed))


def _written(item: Item, codec: Codec, warnings: dict[str, None]) -> Item:
    """What an adapter gave, or what was cut, as the contract has it."""
    record = item.record
    if record is None or (item.foreign and not item.changed):
        return item
    if isinstance(record, CarePlan):
        record = sendable(record)
        warnings |= dict.fromkeys(map(str, record.quality))
    return replace(item, xml=written(codec, record))
