"""What is known of one call so far: failed until the last stage has said otherwise.

The one thing in a walk that changes. It becomes a row of the access log, whatever happened: a
fault, a bug, a caller who hung up. No row, no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from samsvar.errors import ConsumerError, HubError, ResourcesMissing
from samsvar.model.exchange import (
    Call,
    Decision,
    Disclosure,
    QuestionRecord,
    Sender,
    Verdict,
)
from samsvar.model.identifiers import PersonId
from samsvar.pipeline.actor import Actor
from samsvar.ports import Clock, Events, World


@asynccontextmanager
async def logged(call: Call, world: World) -> AsyncIterator[Journey]:
    """The walk inside the block ends in one durable row before the block is left.

    Raises:
        AuditUnavailable: in place of the walk's own end, if the row could not be made durable.
    """
    journey = Journey(call, world.clock, world.rules.policy.version)
    try:
        yield journey
        journey.answered()
    except HubError as error:
        journey.ended_by(error)
        raise
    except asyncio.CancelledError:
        journey.ended_by(ResourcesMissing("the caller hung up before the answer"))
        raise
    except Exception as error:
        journey.ended_by(ResourcesMissing(f"unforeseen {type(error).__name__}"))
        raise
    finally:
        # Shielded: also when the caller hangs up, nobody leaves the log.
        await asyncio.shield(world.access_log.append(journey.record()))
        journey.report(world.events)


class Journey:
    """Filled in as the stages return."""

    def __init__(self, call: Call, clock: Clock, policy: str) -> None:
        self._call = call
        self._clock = clock
        self._policy = policy
        self._verdict = Verdict.FAILED
        self._fault: str | None = ResourcesMissing.code
        self._fault_detail = ""
        self.sender: Sender | None = None
        self.subject: PersonId | None = None
        self.catalogue_version: int | None = None
        self.decisions: tuple[Decision, ...] = ()
        self.security: tuple[str, ...] = ()
        self.actor: Actor | None = None
        self.disclosures: tuple[Disclosure, ...] = ()
        self.consent_id: str | None = None

    def answered(self) -> None:
        """The last stage that can fail has returned."""
        self._verdict = Verdict.ANSWERED
        self._fault = None

    def ended_by(self, error: HubError) -> None:
        """A stage refused, or broke."""
        self._verdict = Verdict.REFUSED if isinstance(error, ConsumerError) else Verdict.FAILED
        self._fault = error.code
        self._fault_detail = str(error)

    def record(self) -> QuestionRecord:
        """The row for the access log."""
        call = self._call
        return QuestionRecord(
            correlation_id=call.correlation_id,
            at=call.received_at,
            sender=self.sender.hsa_id if self.sender else None,
            original_consumer=call.original_consumer,
            contract=call.contract,
            logical_address=call.logical_address,
            subject=self.subject,
            verdict=self._verdict,
            fault=self._fault,
            fault_detail=self._fault_detail,
            catalogue_version=self.catalogue_version,
            elapsed=self._clock.monotonic() - call.received,
            decisions=self.decisions,
            security=self._alarms(),
            peer=call.peer.address,
            door=call.door,
            user=self.actor.user if self.actor else call.user,
            statement=self.actor.statement if self.actor else call.statement,
            disclosures=self.disclosures,
            policy=self._policy,
            consent_id=self.consent_id,
        )

    def report(self, events: Events) -> None:
        """One ``decision`` event for each candidate, one ``security`` event for each alarm."""
        for decision in self.decisions:
            events.emit(
                "decision",
                self._call.correlation_id,
                receiver=decision.logical_address,
                reason=decision.reason,
                detail=decision.detail,
                items=decision.items,
                seconds=decision.elapsed,
                route_trace=decision.route_trace,
                permission_trace=decision.permission_trace,
                access=decision.access,
            )
        for alarm in self._alarms():
            events.emit("security", self._call.correlation_id, detail=alarm)

    def _alarms(self) -> tuple[str, ...]:
        oddities = self.sender.oddities if self.sender else ()
        return (*oddities, *self.security)
