"""Existence: is there something about this person that is not shown? For staff, as a call of its
own, logged as such; only as far as a rule lets it be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from samsvar.fhir.operation_outcome import is_silent
from samsvar.inbound.users.asking import Desk, both
from samsvar.inbound.users.refusal import Refusal
from samsvar.inbound.users.router import JSON, Asked, Made
from samsvar.inbound.users.statement import StatedBody, with_body
from samsvar.model.exchange import Existence
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import told_by_form


class ExistenceQuestion(StatedBody, extra="forbid"):
    """About whom, and what is stated."""

    person: str = Field(pattern=r"^[0-9A-Z]{12}$", description="12 characters")


class ExistenceBody(BaseModel):
    """What there is, as far as it may be told."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    unblocked: bool = Field(description="there is something that consent would open")
    blocked: bool = Field(description="there is something that is blocked")
    owners: list[str] = Field(description="whose unblocked information it is; HSA-ids")
    blockers: list[str] = Field(description="who has blocked, and can be asked to lift; HSA-ids")
    may_request_lift: bool
    complete: bool = Field(description="every source answered: what is false is so")


class ExistenceDesk:
    """The one handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, asked: Asked) -> Made:
        """``POST /existence``."""
        question: ExistenceQuestion = asked.body
        visit = replace(asked.visit, statement=with_body(asked.visit.statement, question))
        person = _person(question.person)
        answers = await both(self._desk.plans(visit, person), self._desk.contacts(visit, person))
        found = _together(answer.existence or Existence() for answer in answers)
        statuses = [status for answer in answers for status in answer.statuses]
        silent = sum(map(is_silent, statuses))
        body = ExistenceBody(
            unblocked=found.unblocked,
            blocked=found.blocked,
            owners=list(found.owners),
            blockers=list(found.blockers),
            may_request_lift=found.may_request_lift,
            complete=not silent,
        )
        return Made(
            body.model_dump_json(by_alias=True).encode(),
            JSON,
            sources_total=len(statuses),
            sources_failed=silent,
        )


def _together(several: Iterable[Existence]) -> Existence:
    """Of plans and of contacts."""
    found = list(several)
    return Existence(
        unblocked=any(one.unblocked for one in found),
        blocked=any(one.blocked for one in found),
        owners=tuple(sorted({owner for one in found for owner in one.owners})),
        blockers=tuple(sorted({owner for one in found for owner in one.blockers})),
        may_request_lift=any(one.may_request_lift for one in found),
    )


def _person(number: str) -> PersonId:
    person = told_by_form(number)
    if person is None:
        raise Refusal(422, "person: no kind of person number that is known")
    return person
