"""Disclose: what of the answers may go on to this consumer.

Now: the patient check. Every record must be about the person who was asked for, and from the
source that was asked; if one is not, the whole answer of that producer is dropped and a security
event is written. The access rules of the law (element by element) have their place here too:
facts in, verdict and rule out, between this check and the merge.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.errors import ForeignPatient, ForeignSource, ProducerError
from samsvar.model.exchange import Answered, Failed, Item, Outcome, Question
from samsvar.model.identifiers import folded


def disclose(
    question: Question, outcomes: Sequence[Outcome]
) -> tuple[Sequence[Outcome], tuple[str, ...]]:
    """The outcomes that may be merged, as many as came in, and the security events."""
    events: list[str] = []
    checked: list[Outcome] = []
    for outcome in outcomes:
        foreign = _foreign(question, outcome) if isinstance(outcome, Answered) else None
        if foreign is None:
            checked.append(outcome)
            continue
        address = outcome.recipient.logical_address
        events.append(f"{foreign.code}: the answer of {address} was dropped whole: {foreign}")
        checked.append(
            Failed(
                outcome.recipient,
                outcome.at,
                outcome.elapsed,
                code=foreign.code,
                agent=foreign.agent,
                wire_code=foreign.wire_code,
                text=str(foreign),
            )
        )
    return tuple(checked), tuple(events)


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
