"""The access log as a service: who has had access to a person's information?

A walk of its own, as short as the registry's: identify, authorise, do, log. At a care giver's
address it tells of what that care giver's staff has seen; at the hub's own, of everybody's. There
it is as at a national, aggregated address: a report that takes too long cannot be fetched by its
id, but by asking the same once more. Citizens' own reading and systems without users are in no
report of this contract, which has no place for them.
Knows no table: who has read is found by the port.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from samsvar.audit.reports import AccessSeen
from samsvar.errors import NoRoute
from samsvar.model.exchange import Call
from samsvar.model.identifiers import HsaId, PersonId, folded
from samsvar.model.person_numbers import PersonNumberInvalid, check
from samsvar.pipeline.authorise import (
    no_route_text,
)
from samsvar.pipeline.entry import entered
from samsvar.pipeline.report_queue import QueueFull, ReportQueue, State
from samsvar.ports import World
from samsvar.soap.access_log_messages import (
    ReportCode,
    ReportQuestion,
    ReportRow,
    read_report_question,
    report_response,
)
from samsvar.soap.request import SchemaCheck

_UNKNOWN: Final = "okänd"
_LONGEST_ID: Final = 32
_LONGEST_TEXT: Final = 256
_MARGIN = 1.0
"""Seconds kept for writing the answer and its row."""


class AccessReports(Protocol):
    """Finds who has read."""

    def by_staff(
        self,
        person: PersonId,
        since: datetime,
        until: datetime,
        most: int,
        care_giver: HsaId | None,
    ) -> Sequence[AccessSeen]:
        """What staff (of a care giver) has seen about a person, the latest first; waits for the
        disk.

        Raises:
            ResourcesMissing: the log cannot be read.
        """


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """How long a caller waits, and how much a report may hold."""

    seconds: float = 10.0
    rows: int = 10_000


class AccessLogService:
    """Answers GetAccessLogsForPatient."""

    def __init__(
        self,
        reports: AccessReports,
        queue: ReportQueue[Sequence[AccessSeen]],
        schema: SchemaCheck,
        limits: ReportLimits | None = None,
    ) -> None:
        self._reports = reports
        self._queue = queue
        self._schema = schema
        self._limits = limits or ReportLimits()

    async def serve(self, call: Call, world: World) -> bytes:
        """Serve one question; the response envelope.

        Raises:
            ConsumerError, HubFault: as ``run``.
        """
        async with entered(call, world) as at:
            own = folded(at.address) in world.rules.own_addresses
            if not own and at.catalogue.routes(at.urn, at.address, world.clock.now()).entries:
                raise NoRoute(no_route_text(at.urn, at.address))  # another's log
            at.check_permission(world)
            asked = read_report_question(call.message.body, self._schema)
            at.journey.subject = asked.person
            wrong = _wrong(asked, own=own)
            if wrong:
                return report_response(ReportCode.VALIDATION_ERROR, wrong, asked=asked)
            left = call.deadline - world.clock.monotonic() - _MARGIN
            patience = max(0.0, min(self._limits.seconds, left))
            giver = None if own else HsaId(at.address)
            return await self._report(asked, at.sender.hsa_id, giver, patience)

    async def _report(
        self, asked: ReportQuestion, sender: HsaId, giver: HsaId | None, patience: float
    ) -> bytes:
        what = (
            folded(sender),
            folded(giver or ""),
            asked.person.root,
            asked.person.extension,
            asked.since.isoformat(),
            asked.until.isoformat(),
        )
        if asked.report_id and not self._queue.is_genuine(asked.report_id, what):
            text = "Det finns ingen rapport med det id:t för den här frågan."
            return report_response(ReportCode.NOT_FOUND, text, asked=asked)
        try:
            waited = await self._queue.wait(what, lambda: self._found(asked, giver), patience)
        except QueueFull:
            text = "För många rapporter väntar redan. Försök igen om några minuter."
            return report_response(ReportCode.ERROR, text, asked=asked)
        if waited.made is None:
            return report_response(
                ReportCode.ON_QUEUE if waited.state is State.QUEUED else ReportCode.IN_PROCESS,
                "Rapporten är inte klar. Fråga igen.",
                asked=asked,
                report_id=None if giver is None else asked.report_id or self._queue.new_id(what),
                queue_seconds=max(1, round(self._limits.seconds)),
            )
        if len(waited.made) > self._limits.rows:
            text = f"Rapporten har över {self._limits.rows} poster: fråga om en kortare tid."
            return report_response(ReportCode.TOO_LARGE, text, asked=asked)
        return report_response(ReportCode.OK, asked=asked, rows=map(_row, waited.made))

    def _found(self, asked: ReportQuestion, giver: HsaId | None) -> Sequence[AccessSeen]:
        # To the end of the last second: accesses are told to the second.
        until = asked.until.replace(microsecond=0) + timedelta(seconds=1)
        most = self._limits.rows + 1
        return self._reports.by_staff(asked.person, asked.since, until, most, giver)


def _wrong(asked: ReportQuestion, *, own: bool) -> str:
    """What a result of VALIDATION_ERROR says; empty: nothing is wrong."""
    try:
        check(asked.person)
    except PersonNumberInvalid as error:
        return f"patientId: {error}"
    if asked.until < asked.since:
        return "toDate: före fromDate"
    if own and asked.report_id:
        return "queuedReportId: får inte anges vid en aggregerande adress"
    return ""


def _row(seen: AccessSeen) -> ReportRow:
    giver = (seen.care_giver or _UNKNOWN)[:_LONGEST_ID]
    return ReportRow(
        care_giver=giver,
        care_giver_name=_cut(seen.care_giver_name),
        care_unit=(seen.care_unit or giver)[:_LONGEST_ID],
        care_unit_name=_cut(seen.care_unit_name),
        at=seen.at,
        user_id=(seen.user_id or _UNKNOWN)[:_LONGEST_ID],
        user_name=_cut(seen.user_name),
        user_title=_cut(seen.user_title),
        purpose=seen.purpose,
        resource=seen.resource[:_LONGEST_TEXT],
    )


def _cut(text: str | None) -> str | None:
    return text[:_LONGEST_TEXT] if text else None
