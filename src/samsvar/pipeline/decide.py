"""Decide: each recipient's outcome as the one terminal reason that ``explain`` shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from samsvar.model.exchange import Answered, Call, Decision, Outcome, Reason
from samsvar.pipeline.route import Routing, Times
from samsvar.ports import World

#: code of a ProducerError -> terminal reason
_REASONS: dict[str, Reason] = {
    "not-routed": Reason.NO_ROUTE,
    "unreachable": Reason.UNREACHABLE,
    "late": Reason.LATE,
    "fault": Reason.FAULT,
    "result-error": Reason.RESULT_ERROR,
    "invalid": Reason.INVALID,
    "foreign-patient": Reason.FOREIGN_PATIENT,
    "foreign-source": Reason.FOREIGN_SOURCE,
    "adapter-broke": Reason.ADAPTER_BROKE,
    "disabled": Reason.DISABLED,
    "breaker-open": Reason.BREAKER_OPEN,
    "busy": Reason.BUSY,
}

#: reasons of those that were not asked
_NOT_ASKED = (Reason.DISABLED, Reason.BREAKER_OPEN)


def first_byte(call: Call, world: World) -> datetime:
    """When the question began to come: ``received_at`` is when it had been read."""
    clock = world.clock
    return clock.now() - timedelta(seconds=clock.monotonic() - call.received)


def decided(
    outcomes: Sequence[Outcome], routing: Routing, received: datetime
) -> tuple[Decision, ...]:
    """One decision for each outcome, in the same order. ``received``: the question's first byte."""
    return tuple(_decision(outcome, routing, received) for outcome in outcomes)


def _decision(outcome: Outcome, routing: Routing, received: datetime) -> Decision:
    recipient = outcome.recipient
    route_trace, permission_trace = routing.traces.get(recipient.logical_address, ("", ""))
    if isinstance(outcome, Answered):
        items = len(outcome.reply.items)
        reason = Reason.ANSWERED if items else _nothing_of(outcome)
        said = (outcome.reply.by, *outcome.reply.warnings)
    else:
        items, reason, said = 0, _REASONS[outcome.code], (outcome.by, outcome.text)
    asked = recipient.entry is not None and reason not in _NOT_ASKED
    begun = (outcome.at - received).total_seconds() - outcome.elapsed
    return Decision(
        recipient.logical_address,
        reason,
        "; ".join(filter(None, said)),
        items=items,
        elapsed=outcome.elapsed if asked else None,
        producer=recipient.entry.producer.id if recipient.entry else None,
        route_trace=route_trace,
        permission_trace=permission_trace,
        access=outcome.access if isinstance(outcome, Answered) else "",
        begun=max(begun, 0.0) if asked else None,
        **routing.times.get(recipient.logical_address, Times())._asdict(),
    )


def _nothing_of(answered: Answered) -> Reason:
    """It had nothing; or something, and no rule lets any of it be shown."""
    return Reason.DENIED if answered.received else Reason.ANSWERED_EMPTY
