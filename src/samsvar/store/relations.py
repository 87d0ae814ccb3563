"""Relations between care givers and persons: patients, receivers of care, those investigated.

A row binds a care giver, and if it says so one unit or one employee of it. Nothing is deleted: a
relation ends, or is marked as never true. Knows no rule of access.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from samsvar.access.words import Relation, Truth
from samsvar.fact_ports import Accessing, RelationAnswer, RelationService
from samsvar.model.identifiers import HsaId, PersonId, folded
from samsvar.store.database import Database
from samsvar.store.grounds import NotSound, failed, looked, sound_id, stored
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import METADATA

CARE_RELATION = sa.Table(
    "care_relation",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("person_sealed", sa.LargeBinary, nullable=False),
    sa.Column("care_giver", sa.Text, nullable=False),
    sa.Column("care_unit", sa.Text),
    sa.Column("employee", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("only_other_services", sa.Boolean, nullable=False),
    sa.Column("starts", sa.Text, nullable=False),
    sa.Column("ends", sa.Text),
    sa.Column("mistaken", sa.Boolean, nullable=False),
    sa.Column("registered", sa.Text, nullable=False),
    sa.Column("registered_by", sa.Text, nullable=False),
    sa.Column("ended_by", sa.Text),
)
_C = CARE_RELATION.c
_NAME = "relations"

#: what can be registered, the strongest first
KINDS = (
    Relation.CURRENT_PATIENT,
    Relation.CARE_RECEIVER,
    Relation.UNDER_INVESTIGATION,
    Relation.FORMER_PATIENT,
)
SOCIAL = frozenset({Relation.CARE_RECEIVER, Relation.UNDER_INVESTIGATION})


@dataclass(frozen=True, slots=True)
class NewRelation:
    """What is registered, of a person who is told beside it."""

    care_giver: HsaId
    kind: Relation
    starts: datetime
    ends: datetime | None = None
    care_unit: HsaId | None = None
    employee: HsaId | None = None
    only_other_services: bool = False
    """The services are outside the law on shared documentation (IFO)."""


@dataclass(frozen=True, slots=True)
class KeptRelation:
    """One row, without the person."""

    id: str
    relation: NewRelation
    registered: datetime
    registered_by: str
    ended_by: str | None
    mistaken: bool


class StoredRelations:
    """Registers, ends, lists and answers."""

    def __init__(self, database: Database, vault: PersonVault) -> None:
        self._database = database
        self._vault = vault

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> RelationAnswer:
        """The strongest relation in force. One as a patient that has ended is FORMER_PATIENT.

        Raises:
            FactsUnavailable: the database cannot be read.
        """
        rows = await looked(_NAME, lambda: self._rows(_of(self._vault, subject)))
        return _strongest((row.relation for row in rows if not row.mistaken), accessing, at)

    def register(self, person: PersonId, new: NewRelation, by: str, now: datetime) -> str:
        """Keep a relation; its id.

        Raises:
            NotSound: it cannot be so.
            ResourcesMissing: it could not be stored.
        """
        _check(new)
        name = secrets.token_hex(6)
        row = {
            "id": name,
            "person": self._vault.keyed_hash(person),
            "person_sealed": self._vault.seal(person),
            "care_giver": new.care_giver,
            "care_unit": new.care_unit,
            "employee": new.employee,
            "kind": new.kind.value,
            "only_other_services": new.only_other_services,
            "starts": stored(new.starts),
            "ends": stored(new.ends) if new.ends else None,
            "mistaken": False,
            "registered": stored(now),
            "registered_by": by,
            "ended_by": None,
        }
        self._change(sa.insert(CARE_RELATION).values(**row))
        return name

    def end(self, name: str, by: str, at: datetime, *, mistaken: bool = False) -> bool:
        """End a relation, at a moment; False: none of that id goes on beyond it.

        Args:
            mistaken: it was never true, and counts for nothing from now on.
        """
        moment = stored(at)
        still = sa.or_(_C.ends.is_(None), _C.ends > moment)
        change = sa.update(CARE_RELATION).where(_C.id == name, _C.mistaken.is_(False))
        if mistaken:
            done = self._change(change.values(mistaken=True, ended_by=by))
        else:
            done = self._change(
                change.where(still, _C.starts <= moment).values(ends=moment, ended_by=by)
            )
        return done == 1

    def all(
        self, person: PersonId | None = None, care_giver: str | None = None, most: int = 100
    ) -> Sequence[KeptRelation]:
        """Those of a person, of a care giver, or all; the newest first.

        Raises:
            ResourcesMissing: the database cannot be read.
        """
        condition = _of(self._vault, person) if person else sa.true()
        if care_giver is not None:
            condition = sa.and_(condition, sa.func.lower(_C.care_giver) == folded(care_giver))
        try:
            return self._rows(condition, most)
        except sa.exc.SQLAlchemyError as error:
            raise failed(_NAME, error) from error

    def _rows(
        self, condition: sa.ColumnElement[bool], most: int | None = None
    ) -> list[KeptRelation]:
        statement = sa.select(CARE_RELATION).where(condition)
        statement = statement.order_by(_C.registered.desc(), _C.id).limit(most)
        with self._database.read() as connection:
            return [_kept(row) for row in connection.execute(statement)]

    def _change(self, statement: sa.Insert | sa.Update) -> int:
        try:
            with self._database.write() as connection, connection.begin():
                return connection.execute(statement).rowcount
        except sa.exc.SQLAlchemyError as error:
            raise failed(_NAME, error) from error


def _of(vault: PersonVault, person: PersonId) -> sa.ColumnElement[bool]:
    return _C.person == vault.keyed_hash(person)


def _check(new: NewRelation) -> None:
    sound_id("care giver", new.care_giver)
    for what, value in (("unit", new.care_unit), ("employee", new.employee)):
        if value is not None:
            sound_id(what, value)
    if new.kind not in KINDS:
        raise NotSound("kind: must be one of " + ", ".join(KINDS))
    if new.only_other_services and new.kind not in SOCIAL:
        raise NotSound("only other services: says something of services of social care only")
    if new.ends is not None and new.ends <= new.starts:
        raise NotSound("end: must be after the start")


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptRelation:
    return KeptRelation(
        row.id,
        NewRelation(
            HsaId(row.care_giver),
            Relation(row.kind),
            datetime.fromisoformat(row.starts),
            datetime.fromisoformat(row.ends) if row.ends else None,
            row.care_unit,
            row.employee,
            row.only_other_services,
        ),
        datetime.fromisoformat(row.registered),
        row.registered_by,
        row.ended_by,
        row.mistaken,
    )


def _strongest(rows: Iterable[NewRelation], accessing: Accessing, at: datetime) -> RelationAnswer:
    """Services within the law come before those outside it, whatever their kind."""
    found = [
        (row.only_other_services, KINDS.index(kind), kind)
        for row in rows
        if _same(row.care_giver, accessing.care_giver)
        and (row.care_unit is None or _same(row.care_unit, accessing.care_unit))
        and (row.employee is None or _same(row.employee, accessing.employee))
        for kind in _in_force(row, at.astimezone(UTC))
    ]
    if not found:
        return RelationAnswer(Relation.NONE)
    outside, _, kind = min(found)
    return RelationAnswer(kind, Truth.YES if outside else Truth.NO)


def _in_force(row: NewRelation, at: datetime) -> tuple[Relation, ...]:
    if at < row.starts:
        return ()
    if row.ends is None or at < row.ends:
        return (row.kind,)
    return (Relation.FORMER_PATIENT,) if row.kind is Relation.CURRENT_PATIENT else ()


def _same(one: str, other: str | None) -> bool:
    return other is not None and folded(one) == folded(other)


_: type[RelationService] = StoredRelations  # interface guard
