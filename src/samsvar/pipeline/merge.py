"""Merge: the records of all answers in the order of the recipients, one status for each.

``len(answer.statuses) == len(shown.outcomes)``; every record of every answer is kept, none is
doubled.
"""

from __future__ import annotations

from samsvar.errors import ProducerFailed, ProducerResultError
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Answer, Answered, Failed, Item, Outcome
from samsvar.model.status import StatusCode, StatusError, StatusRecord
from samsvar.pipeline.authorise import Errand
from samsvar.pipeline.disclose import Disclosed


def merge(shown: Disclosed, errand: Errand) -> Answer:
    """The answer to the consumer.

    Raises:
        ProducerFailed: the one source addressed gave nothing and left no fault of its own.
    """
    outcomes = shown.outcomes
    slowest = max((outcome.elapsed for outcome in outcomes), default=0.0)
    if errand.aggregated:
        found = [
            item
            for outcome in outcomes
            if isinstance(outcome, Answered)
            for item in outcome.reply.items
        ]
        records = tuple(_by_kind(found, errand.contract))
        return Answer(
            tuple(item.xml for item in records),
            tuple(_status(outcome) for outcome in outcomes),
            slowest=slowest,
            records=records,
            partial=shown.partial,
            existence=shown.existence,
            protected_identity=shown.protected_identity,
        )
    (outcome,) = outcomes
    if isinstance(outcome, Answered):
        reply = outcome.reply
        return Answer(
            tuple(item.xml for item in reply.items),
            raw=reply.raw,
            aggregated=False,
            headers=reply.headers,
            slowest=slowest,
            records=reply.items,
            partial=shown.partial,
            existence=shown.existence,
            protected_identity=shown.protected_identity,
        )
    if outcome.raw is not None:
        # Its own words go on as they came: a fault, or a 200 whose result says ERROR.
        status = 200 if outcome.code == ProducerResultError.code else 500
        return Answer((), raw=outcome.raw, raw_status=status, aggregated=False, slowest=slowest)
    raise ProducerFailed(_said(outcome))


def _by_kind(items: list[Item], contract: ServiceContract) -> list[Item]:
    """Several kinds of record: one kind after another, as the schema has them."""
    kinds = {element: number for number, element in enumerate(contract.item_elements)}
    return items if len(kinds) == 1 else sorted(items, key=lambda one: kinds.get(one.element, 0))


def _status(outcome: Outcome) -> StatusRecord:
    address = outcome.recipient.logical_address
    if isinstance(outcome, Answered):
        return StatusRecord(address, StatusCode.DATA_FROM_SOURCE, outcome.at)
    error = StatusError(outcome.agent, outcome.wire_code, outcome.text)
    return StatusRecord(address, StatusCode.NO_DATA_SYNCH_FAILED, outcome.at, error)


def _said(failed: Failed) -> str:
    """VP009's detail: consumers look for the words about the timeout."""
    if failed.code == "late":
        return f"Timeout when waiting on response from producer. {failed.text}"
    return f"Error connecting to service producer. Exception information: {failed.text}"
