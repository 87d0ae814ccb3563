"""A question of the walk as a message that only its workers can read.

Knows what a worker must be told to ask as the hub would ask, and who this hub process is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from samsvar.broker.forms import QuestionContent, QuestionHeader
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.sealed import Kind, sealed
from samsvar.model.exchange import Call, Question, Recipient
from samsvar.outbound.soap import passes_through


@dataclass(frozen=True, slots=True)
class HubName:
    """Who this hub process is on the broker."""

    instance_id: str
    keys: KeyPair
    process: str = field(default_factory=lambda: secrets.token_hex(16))
    """The routing key of its answers: of this process, and no other."""


def sealed_question(
    name: HubName,
    number: str,
    call: Call,
    question: Question,
    recipient: Recipient,
    *,
    reply_key: PublicKey,
    workers: Sequence[PublicKey],
    sent: datetime,
    left: int,
) -> bytes:
    """The message. ``left``: milliseconds until nobody waits for its answer.

    Raises:
        ValueError: something of it does not fit the form; the text may quote it.
    """
    assert recipient.entry is not None
    profile = recipient.entry.profile
    header = QuestionHeader(
        id=number,
        hub=name.keys.public.text,
        address=recipient.logical_address,
        contract=question.contract.urn,
        sent=int(sent.timestamp() * 1000),
        left=left,
        reply=name.process,
    )
    through = passes_through(call, recipient, profile)
    content = QuestionContent(
        reply_key=reply_key.text,
        correlation_id=call.correlation_id,
        instance=name.instance_id,
        sender=str(call.sender),
        original_consumer=call.original_consumer,
        routing_history=call.routing_history,
        forwarded=list(call.forwarded),
        profile=profile.value,
        soap_action=question.contract.soap_action,
        body=question.body.decode(),
        envelope=question.envelope.decode() if through else None,
    )
    return sealed(
        Kind.QUESTION,
        header.written(),
        content.written(),
        sender=name.keys,
        receivers=workers,
    )
