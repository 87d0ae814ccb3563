"""The patient check: every record is about the person asked for, from the source that was asked.

If one is not, the whole answer of that producer is dropped and a security event is written:
something is wrong with how the source finds records. Knows no access rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from samsvar.errors import ForeignPatient, ForeignSource, ProducerError
from samsvar.model.exchange import Answered, Failed, Item, Outcome, Question
from samsvar.model.identifiers import folded


def patient_checked(
    question: Question, outcomes: Sequence[Outcome]
) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
    """As many outcomes as came in, and the security events."""
    events: list[str] = []
    checked: list[Outcome] = []
    for outcome in outcomes:
        foreign = _foreign(question, outcome) if isinstance(outcome, Answered) else None
        if foreign is None:
            checked.append(_counted(outcome))
            continue
        address = outcome.recipient.logical_address
        events.append(f"{foreign.code}: the answer of {address} was dropped whole: {foreign}")
        checked.append(dropped(outcome, foreign))
    return tuple(checked), tuple(events)


def dropped(outcome: Outcome, error: ProducerError) -> Failed:
    """The outcome of a producer whose answer cannot be used after all."""
    return Failed(
        outcome.recipient,
        outcome.at,
        outcome.elapsed,
        code=error.code,
        agent=error.agent,
        wire_code=error.wire_code,
        text=str(error),
    )


def _counted(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Answered):
        return replace(outcome, received=len(outcome.reply.items))
    return outcome


def _foreign(question: Question, answered: Answered) -> ProducerError | None:
    """What is wrong with the first record that does not belong, or None."""
    asked_source = folded(answered.recipient.logical_address)
    shape = question.contract.shape
    for number, item in enumerate(answered.reply.items, start=1):
        if item.subject != question.subject:
            return ForeignPatient(f"record {number} is not about the person who was asked for")
        if shape(item.element).source_path is not None and not _from(item, asked_source):
            return ForeignSource(f"record {number} is not from the source system that was asked")
    return None


def _from(item: Item, asked_source: str) -> bool:
    return item.source_system is not None and folded(item.source_system) == asked_source
