"""A worker's answer as the reply that the walk knows: records, a producer's bytes, or a failure.

What a worker says is believed as far as an adapter in this process would be, and no further: its
records are read field by field, and its words are shown only if they may be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from samsvar.broker.forms import (
    AnswerContent,
    FailureForm,
    MessageForm,
    RecordForm,
    RecordsForm,
    WorkerName,
)
from samsvar.broker.records import RecordRefused, read_contact, read_plan
from samsvar.errors import (
    AdapterBroke,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerResultError,
    ProducerTimedOut,
    ProducerUnreachable,
)
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.exchange import Call, Item, Question, Recipient, Reply
from samsvar.model.identifiers import PersonId
from samsvar.outbound.http_client import Exchange
from samsvar.outbound.soap import reply_of
from samsvar.soap.answer import ResponseCheck
from samsvar.soap.codecs import CODECS, PlanCodec
from samsvar.soap.foreign_text import shown

#: code of a failure -> the error that it was in the worker
FAILURES: dict[str, type[ProducerError]] = {
    error.code: error
    for error in (
        ProducerUnreachable,
        ProducerTimedOut,
        ProducerFault,
        ProducerResultError,
        ProducerAnswerInvalid,
        AdapterBroke,
    )
}
#: more records than this are read in a thread
_MANY = 50
_Reader = Callable[[object], CarePlan | CareContact]


async def reply_from(
    content: AnswerContent,
    rest: bytes,
    call: Call,
    question: Question,
    recipient: Recipient,
    check: ResponseCheck | None,
) -> Reply:
    """What the worker said.

    Raises:
        ProducerError: it failed, or what it said cannot be used; ``by`` names the worker.
    """
    by = _named(content.worker)
    try:
        reply = await _read(content, rest, call, question, recipient, check)
    except ProducerError as error:
        error.by = by
        raise
    return replace(reply, by=by)


async def _read(
    content: AnswerContent,
    rest: bytes,
    call: Call,
    question: Question,
    recipient: Recipient,
    check: ResponseCheck | None,
) -> Reply:
    match content.said:
        case FailureForm() as failure:
            raise _failure(failure)
        case MessageForm() as message:
            exchange = Exchange(message.status, dict(message.headers), rest)
            return await reply_of(call, question, recipient, exchange, check)
        case RecordsForm() as records if len(records.items) > _MANY:
            return await asyncio.to_thread(_records, records, question)
        case RecordsForm() as records:
            return _records(records, question)


def _named(worker: WorkerName) -> str:
    return f"worker {worker.id} {worker.version}"


def _failure(failure: FailureForm) -> ProducerError:
    kind = FAILURES.get(failure.code, AdapterBroke)
    return kind(shown(failure.text) or _silent(kind))


def _silent(kind: type[ProducerError]) -> str:
    """In the place of words that may not be shown. A late one's must hold ``timeout``."""
    return "timeout: at its worker" if kind is ProducerTimedOut else "its worker told of a failure"


def _records(told: RecordsForm, question: Question) -> Reply:
    codec = CODECS.get(question.contract.urn)
    if codec is None:
        raise ProducerAnswerInvalid("records of a contract that has none")
    read: _Reader = read_plan if isinstance(codec, PlanCodec) else read_contact
    items = tuple(_item(one, read, question.subject) for one in told.items)
    warnings = dict.fromkeys(filter(None, map(shown, told.warnings)))
    return Reply(items, warnings=tuple(warnings))


def _item(told: RecordForm, read: _Reader, subject: PersonId) -> Item:
    """A record of another person than asked keeps whose it is, and nothing else."""
    whose = PersonId(told.root, told.extension)
    if told.record is None or whose != subject:
        return Item(b"", whose, told.source)
    try:
        record = read(told.record)
    except RecordRefused as error:
        raise ProducerAnswerInvalid(
            f"a record cannot be read, at {str(error) or 'its top'}"
        ) from None
    if record.subject != whose or record.source_system != told.source:
        raise ProducerAnswerInvalid("a record says that it is somebody else's than it was sent as")
    return Item(b"", whose, told.source, record=record)
