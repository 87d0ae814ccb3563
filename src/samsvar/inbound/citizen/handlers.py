"""Handlers of the rows for citizens: question, walk, body.

Knows which walk each needs, and how an answer tells what is missing. Knows no rule: who a
guardian is, and what an ombud may, is decided in the walk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from pydantic import BaseModel

from samsvar.fhir.labels import Frame
from samsvar.fhir.operation_outcome import SOME_SOURCE, in_words, is_silent
from samsvar.fhir.plan_refs import plan_refs
from samsvar.inbound.citizen import plans as shown
from samsvar.inbound.citizen.accesses import told
from samsvar.inbound.citizen.bodies import (
    CitizenQuestion,
    Counts,
    NotAnswered,
    OverviewBody,
    PlanQuestion,
    PlansBody,
    ReportBody,
    ReportQuestion,
    WholePlanBody,
)
from samsvar.inbound.citizen.files import files
from samsvar.inbound.citizen.timeline import timeline
from samsvar.inbound.users.asking import PLANS, Desk, Visit, both, may_name_sources
from samsvar.inbound.users.refusal import Refusal, gone
from samsvar.inbound.users.router import CITIZEN, JSON, Asked, Made
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.exchange import Answer
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import STOCKHOLM, on_the_wall
from samsvar.model.person_numbers import told_by_form
from samsvar.model.plan_text import render
from samsvar.model.user import Capacity
from samsvar.pipeline.access_report import Period

MOST_ACCESSES = 1000
_DAYS_BACK = 5 * 365


class CitizenPages:
    """What each row does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def overview(self, asked: Asked) -> Made:
        """Level 1."""
        visit, person = _about(asked.visit, asked.body)
        plans, contacts = await both(
            self._desk.plans(visit, person), self._desk.contacts(visit, person)
        )
        names = self._names(visit, person)
        found, booked = _plans(plans), _contacts(contacts)
        body = OverviewBody(
            timeline=timeline(found, booked, names),
            counts=Counts(plans=len(found), contacts=len(booked)),
            links={
                name: f"{visit.base}{CITIZEN}/{path}"
                for name, path in (
                    ("plans", "plans"),
                    ("plan", "plan"),
                    ("accessReport", "access-report"),
                )
            },
            partial=_partial(found),
            not_answered=self._silent(visit, person, plans, contacts),
            protected_identity=plans.protected_identity,
        )
        return _made(body, plans, contacts)

    async def plans(self, asked: Asked) -> Made:
        """Level 2."""
        visit, person = _about(asked.visit, asked.body)
        answer = await self._desk.plans(visit, person)
        names = self._names(visit, person)
        found = _plans(answer)
        body = PlansBody(
            plans=[shown.line(plan, names) for plan in found],
            partial=_partial(found),
            not_answered=self._silent(visit, person, answer),
            protected_identity=answer.protected_identity,
        )
        return _made(body, answer)

    async def plan(self, asked: Asked) -> Made:
        """Level 3."""
        wanted: PlanQuestion = asked.body
        visit, person = _about(asked.visit, wanted)
        opened = self._desk.opened(visit, wanted.plan)
        if opened.person != person:
            raise gone()
        frame = Frame(self._desk.ids(visit, person, opened.until))

        def held(record: CarePlan | CareContact) -> bool:
            return isinstance(record, CarePlan) and plan_refs(record, frame).plan == wanted.plan

        answer = await self._desk.plans(
            visit, person, source=self._desk.source_of(opened, PLANS), chosen=held
        )
        found = _plans(answer)
        if not found:
            raise gone()
        plan = found[0]
        body = WholePlanBody(
            head=shown.line(plan, self._names(visit, person, opened.until)),
            important=plan.whats_important,
            needs=shown.needs(plan, wanted),
            goals=shown.goals(plan, wanted),
            activities=shown.activities(plan, wanted),
            contacts=shown.contact_persons(plan),
            meetings=shown.meetings(plan),
            follow_ups=shown.follow_ups(plan),
            closed=plan.closing.closed if plan.closing else None,
            text=render(plan),
            files=files(plan, frame, visit.base),
            partial=_partial(found),
            not_answered=self._silent(visit, person, answer),
            protected_identity=answer.protected_identity,
        )
        return _made(body, answer)

    async def access_report(self, asked: Asked) -> Made:
        """Who has read."""
        wanted: ReportQuestion = asked.body
        visit, person = _about(asked.visit, wanted)
        today = self._desk.now().astimezone(STOCKHOLM).date()
        first, last = wanted.since or today - timedelta(days=_DAYS_BACK), wanted.until or today
        if last < first or last > today + timedelta(days=1):
            raise Refusal(422, "until: a day from the first one to today")
        period = Period(_midnight(first), _midnight(last + timedelta(days=1)))
        found = await self._desk.accesses(visit, person, period, MOST_ACCESSES)
        body = ReportBody(
            accesses=[told(each) for each in found],
            first_day=first,
            last_day=last,
            partial=len(found) == MOST_ACCESSES,
            not_answered=[],
        )
        return Made(_json(body), JSON, items=len(found))

    def _names(self, visit: Visit, person: PersonId, until: int | None = None) -> shown.Names:
        frame = Frame(self._desk.ids(visit, person, until))

        def care_giver(hsa_id: str | None) -> str | None:
            giver = self._desk.care_giver(hsa_id)
            return giver.name if giver else None

        return shown.Names(lambda plan: plan_refs(plan, frame).plan, care_giver, self._source)

    def _source(self, address: str) -> str:
        producer = self._desk.producer(address)
        return producer.title if producer else address

    def _silent(self, visit: Visit, person: PersonId, *answers: Answer) -> list[NotAnswered]:
        """Each source once; without names where they would tell too much."""
        silent = any(is_silent(status) for answer in answers for status in answer.statuses)
        if silent and not may_name_sources(visit, person, *answers):
            return [NotAnswered(source=None, sv=SOME_SOURCE[0], en=SOME_SOURCE[1])]
        found: dict[str, NotAnswered] = {}
        for status in (status for answer in answers for status in answer.statuses):
            if is_silent(status):
                name = self._source(status.logical_address)
                _, swedish, english = in_words(status, name)
                found[name] = NotAnswered(source=name, sv=swedish, en=english)
        return list(found.values())


def _about(visit: Visit, question: CitizenQuestion) -> tuple[Visit, PersonId]:
    """Whose records are asked for, with the capacity in the visit's statement."""
    stated = visit.statement
    if question.capacity is not None:
        if stated.capacity not in (Capacity.SELF, question.capacity):
            raise Refusal(422, "a header and the body state two different capacities")
        stated = replace(stated, capacity=question.capacity)
    person = visit.user.person
    if question.person is not None:
        person = told_by_form(question.person)
    elif stated.capacity is not Capacity.SELF:
        raise Refusal(422, "person: the number of the one that you ask for")
    if person is None:
        raise Refusal(422, "person: no kind of person number that is known")
    return replace(visit, statement=stated), person


def _plans(answer: Answer) -> list[CarePlan]:
    return [item.record for item in answer.records if isinstance(item.record, CarePlan)]


def _contacts(answer: Answer) -> list[CareContact]:
    return [item.record for item in answer.records if isinstance(item.record, CareContact)]


def _partial(plans: Iterable[CarePlan]) -> bool:
    """Of what is shown only: that there is something of which nothing is shown is not told."""
    return any(plan.partial for plan in plans)


def _midnight(day: date) -> datetime:
    return on_the_wall(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - a wall's


def _made(body: BaseModel, *answers: Answer) -> Made:
    statuses = [status for answer in answers for status in answer.statuses]
    return Made(
        _json(body),
        JSON,
        items=sum(len(answer.records) for answer in answers),
        sources_total=len(statuses),
        sources_failed=sum(map(is_silent, statuses)),
    )


def _json(body: BaseModel) -> bytes:
    return body.model_dump_json(by_alias=True).encode()
