"""Proves by example that a contract can be merged: an answer of a source, cut and put together.

What the hub would answer is held to the contract's own schema before anybody asks: a mandatory
element that no merged answer can have, or a result that knows no INFO, is found here. Knows the
reader and the writer of answers; knows no package and no folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samsvar.contracts.samples import PERSON, Samples, whole_message
from samsvar.errors import MalformedRequest, ProducerError
from samsvar.model.catalogue import SchemaPolicy
from samsvar.model.contract import ServiceContract
from samsvar.soap.answer import read_answer
from samsvar.soap.envelope import aggregated
from samsvar.soap.parsing import ANSWER_LIMITS, parse
from samsvar.soap.rivta import BODY
from samsvar.soap.schema import Schema, SchemaFault
from samsvar.soap.values import judge


class NotServable(Exception):
    """The hub cannot serve the contract as it stands. The text says what is in the way."""


def prove(contract: ServiceContract, schema: Schema, samples: Samples | None) -> list[str]:
    """What ought to be known of the contract; nothing, if all is well.

    Raises:
        NotServable: a merged answer would break the contract's schema.
    """
    notes = []
    empty = _merged(contract, schema, ())
    records: Sequence[bytes] = ()
    if samples is None:
        notes.append("no sample could be made, so that merging was tried without records only")
    else:
        notes += _prove_questions(contract, samples)
        records = _records(contract, schema, samples)
    full = _merged(contract, schema, records)
    if full:
        raise NotServable(f"a merged answer would break the schema at {full[0]}")
    if empty:
        notes.append(f"an answer without records breaks the schema at {empty[0]}")
    return notes


def faults_of(schema: Schema, samples: Samples) -> list[str]:
    """How samples break the schema they were made from: then they are not to be shown."""
    return [
        str(fault)
        for faults in (
            schema.check_request(samples.request_min),
            schema.check_request(samples.request),
            schema.check_response(samples.response_min),
            schema.check_response(samples.response),
        )
        for fault in faults
    ]


def _prove_questions(contract: ServiceContract, samples: Samples) -> Iterator[str]:
    """A question that follows the schema must be one that the hub can read.

    The least one must; what only a fuller one has may be refused, and that is told.
    """
    for question, must in ((samples.request_min, True), (samples.request, False)):
        try:
            subject, _ = judge(question, contract)
        except MalformedRequest as error:
            told = f"a question that follows the schema would be refused: {error}"
            if must:
                raise NotServable(told) from error
            yield told
            continue
        if subject.extension != PERSON:
            raise NotServable("a question does not say whom it is about where the file says")


def _records(contract: ServiceContract, schema: Schema, samples: Samples) -> Sequence[bytes]:
    """The records of the typical answer, read as a source's answer is."""
    try:
        reply = read_answer(
            contract,
            whole_message(samples.response, None),
            http_status=200,
            content_type="text/xml; charset=utf-8",
            content_encoding=None,
            schema=schema,
            policy=SchemaPolicy.DROP,
        )
    except ProducerError as error:
        raise NotServable(f"a source's answer cannot be read: {error}") from error
    kinds = {item.element for item in reply.items}
    for element in contract.item_elements:
        if element not in kinds:
            raise NotServable(f"{element.rpartition('}')[2]}: no such record in a typical answer")
    for item in reply.items:
        if item.subject is None or item.subject.extension != PERSON:
            raise NotServable("a record does not say whose it is where the contract file says")
    return [item.xml for item in reply.items]


def _merged(
    contract: ServiceContract, schema: Schema, records: Sequence[bytes]
) -> tuple[SchemaFault, ...]:
    envelope = aggregated(contract, records, ())
    root = parse(envelope, charset="utf-8", limits=ANSWER_LIMITS).root
    response = root.find(f"{BODY}/{contract.response_element}")
    assert response is not None  # it has just been written there
    return schema.check_response(response)
