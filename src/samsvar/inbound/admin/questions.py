"""What became of questions, and how producers have fared, out of the access log; never about whom.

Knows rows of the log as they are read. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from samsvar.broker.worker_table import SeenWorker
from samsvar.inbound.admin.breakers import Standing as BreakerStanding
from samsvar.model.breaker import State
from samsvar.model.exchange import Decision, QuestionRecord, Reason
from samsvar.onboarding.desk import Standing

_WENT_WELL = (Reason.ANSWERED, Reason.ANSWERED_EMPTY)
#: not asked at all: neither well nor badly
_NOT_ASKED = (
    Reason.NOT_INDEXED,
    Reason.NOT_PERMITTED,
    Reason.OWN_ADDRESS,
    Reason.FILTERED_BY_SOURCE,
    Reason.DISABLED,
    Reason.BREAKER_OPEN,
    Reason.BUSY,
)


class QuestionsQuery(BaseModel, extra="forbid"):
    """Which questions."""

    limit: int = Field(default=20, ge=1, le=200, description="the latest so many")


class DecisionBody(BaseModel):
    """Why one candidate ended as it did."""

    logical_address: str
    reason: Reason
    detail: str
    items: int
    elapsed: float | None = Field(description="seconds; null: it was not asked")
    producer: str | None
    route_trace: str
    permission_trace: str


class QuestionBody(BaseModel):
    """One question's walk. Who was asked about is the audit's to tell."""

    correlation_id: str
    at: datetime
    sender: str | None
    original_consumer: str | None
    contract: str | None
    logical_address: str | None
    verdict: str
    fault: str | None
    fault_detail: str
    catalogue_version: int | None
    elapsed: float
    decisions: list[DecisionBody]
    security: list[str]
    peer: str


class QuestionsBody(BaseModel):
    """The latest first; those of one correlation id in the order of the log."""

    questions: list[QuestionBody]


class WorkerBody(BaseModel):
    """One worker that is there, by its own word."""

    id: str
    version: str
    adapter: str = Field(description="which adapter; riv where the source speaks the contracts")
    addresses: list[str]
    heard: datetime
    clock_ahead: float = Field(description="seconds by which its clock is ahead of the hub's")
    in_work: int
    answered: int
    failed: int
    refused: int
    last_success: datetime | None
    note: str = Field(description="what is wrong with its source, if anything is")


class ProducerStatus(BaseModel):
    """How one producer has fared among the questions that were looked at."""

    id: str
    in_force: bool
    disabled: str | None = Field(description="the notice, while it is out of service")
    answered: int
    failed: int
    last_answered: datetime | None
    last_failed: datetime | None
    last_failure: Reason | None
    certificate_ends: datetime | None
    workers: list[WorkerBody] = Field(description="those that are there, of a kind worker")
    breaker: State = Field(
        description="the worst of its circuit breakers: open, half-open (being tried) or closed"
    )


class StatusBody(BaseModel):
    """The hub, and the producers that the user may see."""

    version: str
    catalogue_version: int | None
    missing: list[str] = Field(description="what the hub cannot serve without")
    notes: list[str] = Field(description="what does not work, though the hub serves")
    questions_looked_at: int
    producers: list[ProducerStatus]


def questions_body(records: Iterable[QuestionRecord]) -> QuestionsBody:
    """As JSON has them."""
    return QuestionsBody(questions=[_question(record) for record in records])


def producer_statuses(
    standings: Iterable[Standing],
    records: Sequence[QuestionRecord],
    workers: Sequence[SeenWorker],
    breakers: Iterable[BreakerStanding] = (),
) -> list[ProducerStatus]:
    """One for each producer. ``records``: the latest first."""
    asked: dict[str, list[tuple[datetime, Decision]]] = {}
    for record in records:
        for decision in record.decisions:
            if decision.producer is not None and decision.reason not in _NOT_ASKED:
                asked.setdefault(decision.producer, []).append((record.at, decision))
    states: dict[str, set[State]] = {}
    for one in breakers:
        states.setdefault(one.producer, set()).add(one.state)
    return [
        _status(
            standing,
            asked.get(standing.id, []),
            workers,
            _worst(states.get(standing.id, set())),
        )
        for standing in standings
    ]


def _worst(states: set[State]) -> State:
    for state in (State.OPEN, State.HALF_OPEN):
        if state in states:
            return state
    return State.CLOSED


def _status(
    standing: Standing,
    asked: list[tuple[datetime, Decision]],
    workers: Sequence[SeenWorker],
    breaker: State,
) -> ProducerStatus:
    well = [at for at, decision in asked if decision.reason in _WENT_WELL]
    badly = [(at, decision) for at, decision in asked if decision.reason not in _WENT_WELL]
    facts = standing.application.certificate if standing.application else None
    keys = standing.producer.workers if standing.producer else ()
    return ProducerStatus(
        id=standing.id,
        in_force=standing.producer is not None,
        disabled=standing.disabled.notice if standing.disabled else None,
        answered=len(well),
        failed=len(badly),
        last_answered=well[0] if well else None,
        last_failed=badly[0][0] if badly else None,
        last_failure=badly[0][1].reason if badly else None,
        certificate_ends=facts.valid_to if facts else None,
        workers=[_worker(one) for one in workers if one.key in keys],
        breaker=breaker,
    )


def _worker(one: SeenWorker) -> WorkerBody:
    said = one.said
    success = said.last_success
    return WorkerBody(
        id=said.worker.id,
        version=said.worker.version,
        adapter=said.worker.adapter,
        addresses=list(said.addresses),
        heard=one.at,
        clock_ahead=round(one.ahead, 1),
        in_work=said.in_work,
        answered=said.answered,
        failed=said.failed,
        refused=said.refused,
        last_success=datetime.fromtimestamp(success / 1000, UTC) if success is not None else None,
        note=said.note,
    )


def _question(record: QuestionRecord) -> QuestionBody:
    return QuestionBody(
        correlation_id=record.correlation_id,
        at=record.at,
        sender=record.sender,
        original_consumer=record.original_consumer,
        contract=record.contract,
        logical_address=record.logical_address,
        verdict=record.verdict.value,
        fault=record.fault,
        fault_detail=record.fault_detail,
        catalogue_version=record.catalogue_version,
        elapsed=record.elapsed,
        decisions=[
            DecisionBody(
                logical_address=one.logical_address,
                reason=one.reason,
                detail=one.detail,
                items=one.items,
                elapsed=one.elapsed,
                producer=one.producer,
                route_trace=one.route_trace,
                permission_trace=one.permission_trace,
            )
            for one in record.decisions
        ],
        security=list(record.security),
        peer=record.peer,
    )
