"""What a failure tells of a producer's health, and whose breaker a foreign record opens.

Only what is the producer's own doing counts as ill: no connection, nothing whole in a fair time,
an answer that is none, a fault that blames itself. A source that says ERROR, blames the question,
or breaks a schema, answers: it is well enough to be asked. A way to it that nobody can use (the
message broker is away, no worker listens) tells nothing of it, and is tried at no cost. Knows no
breaker's rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.errors import (
    ForeignPatient,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerResultError,
    ProducerTimedOut,
    ProducerUnreachable,
    RecordUnreadable,
    SchemaBroken,
    WayBlocked,
)
from samsvar.model.breaker import Fared
from samsvar.model.catalogue import Producer
from samsvar.model.exchange import Call, Failed, Outcome, Question
from samsvar.ports import World


def fared(
    error: ProducerError, producer: Producer, given: float, elapsed: float, fair: float
) -> Fared:
    """How a call went that ended in this error. ``given``: seconds that it had; ``fair``: seconds
    that it must have had to be called ill for being late, unless it has a limit of its own."""
    match error:
        case ProducerTimedOut():
            own_limit = producer.timeout is not None and given >= producer.timeout
            gave_up_early = elapsed < given * 0.9  # no connection within its own bound
            return Fared.ILL if given >= fair or own_limit or gave_up_early else Fared.NEITHER
        case ProducerFault():
            return Fared.WELL if error.ours else Fared.ILL
        case ProducerResultError() | SchemaBroken() | RecordUnreadable():
            return Fared.WELL
        case WayBlocked():
            return Fared.NEITHER
        case ProducerUnreachable():
            return Fared.ILL
        case ProducerAnswerInvalid():
            return Fared.ILL
        case _:
            return Fared.NEITHER


def shut_off_foreign(
    call: Call, question: Question, outcomes: Sequence[Outcome], world: World
) -> None:
    """Somebody else's records came from a producer: it is not asked again until somebody has
    looked into it."""
    for outcome in outcomes:
        if isinstance(outcome, Failed) and outcome.code == ForeignPatient.code:
            entry = outcome.recipient.entry
            assert entry is not None
            world.breakers.foreign(entry.producer, question.contract.urn, call.correlation_id)
