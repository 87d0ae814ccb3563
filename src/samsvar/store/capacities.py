"""Assessments of who can consent, and of the attitude of adults who lastingly cannot.

An assessment is its care giver's own, and holds for a year at most, one of a passing state for a
month. The newest that has begun counts; when it has ended, what it replaced does not come back.
Without one, somebody who has turned 18 is an adult who can consent; of a child, or of somebody
whose number tells no age, it is unknown.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from samsvar.access.words import Subject, Truth
from samsvar.fact_ports import Accessing, CapacityAnswer, CapacityService
from samsvar.model.identifiers import HsaId, PersonId, folded
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.person_numbers import age_at
from samsvar.observe.masking import masked
from samsvar.store.database import Database
from samsvar.store.grounds import NotSound, failed, looked, sound_id, stored
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import METADATA

CARE_CAPACITY = sa.Table(
    "care_capacity",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("person_sealed", sa.LargeBinary, nullable=False),
    sa.Column("care_giver", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("attitude_clarified", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("assessed_by", sa.Text, nullable=False),
    sa.Column("starts", sa.Text, nullable=False),
    sa.Column("ends", sa.Text, nullable=False),
    sa.Column("registered", sa.Text, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
)
_C = CARE_CAPACITY.c
_NAME = "assessments of capacity"
_OF_AGE = 18
_LONGEST_REASON = 200
CHILDREN = frozenset({Subject.CHILD_CAN_CONSENT, Subject.CHILD_CANNOT_CONSENT})
KINDS = tuple(kind for kind in Subject if kind is not Subject.UNKNOWN)


def longest(subject: Subject) -> timedelta:
    """How long an assessment holds at most: children grow, and a passing state passes."""
    return timedelta(days=30 if subject is Subject.ADULT_INCAPABLE_TEMPORARY else 365)


@dataclass(frozen=True, slots=True)
class NewAssessment:
    """What is registered, of a person who is told beside it."""

    care_giver: HsaId
    subject: Subject
    assessed_by: HsaId
    starts: datetime
    ends: datetime
    attitude_clarified: bool = False
    """As far as can be, and there is no reason to think that the person would be opposed."""
    reason: str = ""
    """How the attitude was clarified; nothing that tells who it is about."""


@dataclass(frozen=True, slots=True)
class KeptAssessment:
    """One row, without the person."""

    id: str
    assessment: NewAssessment
    registered: datetime
    registered_by: str


class StoredCapacities:
    """Registers, lists and answers."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> CapacityAnswer:
        """What those who want to see have assessed, or what the age tells.

        Raises:
            FactsUnavailable: the database cannot be read.
        """
        rows = await looked(_NAME, lambda: self._rows(_C.person == self._hash(subject)))
        moment, age = at.astimezone(UTC), _age(subject, at)
        own = (
            row.assessment
            for row in rows
            if folded(row.assessment.care_giver) == folded(accessing.care_giver)
            and row.assessment.starts <= moment
        )
        newest = next(own, None)
        if newest is not None and moment < newest.ends and _fits(newest.subject, age):
            clarified = Truth.YES if newest.attitude_clarified else Truth.NO
            return CapacityAnswer(newest.subject, clarified)
        if age is not None and age >= _OF_AGE:
            return CapacityAnswer(Subject.ADULT)
        return CapacityAnswer()

    def register(self, person: PersonId, new: NewAssessment, by: str, now: datetime) -> str:
        """Keep an assessment; its id.

        Raises:
            NotSound: it cannot be so.
            ResourcesMissing: it could not be stored.
        """
        _check(new, _age(person, new.starts))
        name = secrets.token_hex(6)
        row = {
            "id": name,
            "person": self._hash(person),
            "person_sealed": self._vault.seal(person),
            "care_giver": new.care_giver,
            "subject": new.subject.value,
            "attitude_clarified": new.attitude_clarified,
            "reason": new.reason,
            "assessed_by": new.assessed_by,
            "starts": stored(new.starts),
            "ends": stored(new.ends),
            "registered": stored(now),
            "registered_by": by,
        }
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.insert(CARE_CAPACITY).values(**row))
        except sa.exc.SQLAlchemyError as error:
            raise failed(_NAME, error) from error
        return name

    def all(
        self, person: PersonId | None = None, care_giver: str | None = None, most: int = 100
    ) -> Sequence[KeptAssessment]:
        """Those of a person, by a care giver, or all; the newest first.

        Raises:
            ResourcesMissing: the database cannot be read.
        """
        condition = _C.person == self._hash(person) if person else sa.true()
        if care_giver is not None:
            condition = sa.and_(condition, sa.func.lower(_C.care_giver) == folded(care_giver))
        try:
            return self._rows(condition, most)
        except sa.exc.SQLAlchemyError as error:
            raise failed(_NAME, error) from error

    def _hash(self, person: PersonId) -> str:
        return self._vault.keyed_hash(person)

    def _rows(
        self, condition: sa.ColumnElement[bool], most: int | None = None
    ) -> list[KeptAssessment]:
        statement = sa.select(CARE_CAPACITY).where(condition)
        statement = statement.order_by(_C.starts.desc(), _C.registered.desc(), _C.id).limit(most)
        with self._database.read() as connection:
            return [_kept(row) for row in connection.execute(statement)]


def _age(person: PersonId, at: datetime) -> int | None:
    return age_at(person, at.astimezone(STOCKHOLM).date())


def _fits(subject: Subject, age: int | None) -> bool:
    """One who has turned 18 is no child any more, whatever was assessed before."""
    return age is None or (subject in CHILDREN) == (age < _OF_AGE)


def _check(new: NewAssessment, age: int | None) -> None:
    sound_id("care giver", new.care_giver)
    sound_id("assessed by", new.assessed_by)
    if new.subject not in KINDS:
        raise NotSound("subject: must be one of " + ", ".join(KINDS))
    if not _fits(new.subject, age):
        raise NotSound("subject: the age that the number tells is that of the other group")
    if new.ends <= new.starts:
        raise NotSound("end: must be after the start")
    if new.ends - new.starts > longest(new.subject):
        raise NotSound(f"end: at most {longest(new.subject).days} days after the start")
    if new.attitude_clarified and new.subject is not Subject.ADULT_INCAPABLE_LASTING:
        raise NotSound("attitude: is asked for of adults who lastingly cannot consent, only")
    if new.attitude_clarified and not new.reason:
        raise NotSound("reason: is missing: how was the attitude clarified?")
    if new.reason and (new.reason != new.reason.strip() or not new.reason.isprintable()):
        raise NotSound("reason: one line of text, without blanks at its ends")
    if len(new.reason) > _LONGEST_REASON:
        raise NotSound(f"reason: at most {_LONGEST_REASON} characters")
    if masked(new.reason) != new.reason:
        raise NotSound("reason: holds what could be a personal number: leave it out")


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptAssessment:
    return KeptAssessment(
        row.id,
        NewAssessment(
            HsaId(row.care_giver),
            Subject(row.subject),
            HsaId(row.assessed_by),
            datetime.fromisoformat(row.starts),
            datetime.fromisoformat(row.ends),
            row.attitude_clarified,
            row.reason,
        ),
        datetime.fromisoformat(row.registered),
        row.registered_by,
    )


_: type[CapacityService] = StoredCapacities  # interface guard
