"""Consents (samtycken) to access, and statements of emergency access (nödöppning).

Knows what makes one valid, and what may be registered. One that was ended early (återkallat) or
nullified (makulerat, registered in error) stays as history, and neither can be undone. Knows no
rule of access: what a consent opens is not said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from samsvar.model.accessing import Accessing, same
from samsvar.model.catalogue import CareGiverKind
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.person_numbers import PersonNumberInvalid, check
from samsvar.model.registration import LONGEST_HSA_ID, LONGEST_ID, Action, Refusal

KindOf = Callable[[str], CareGiverKind | None]
"""What the directory says of a care giver's id; None: it does not know it."""


class AssertionType(StrEnum):
    """Consent, or access in an emergency without it."""

    CONSENT = "Consent"
    EMERGENCY = "Emergency"


class Scope(StrEnum):
    """How far an assertion reaches. The contract has one value."""

    NATIONAL = "NationalLevel"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One assertion, for a unit of a care giver, or for one employee there, and its history."""

    assertion_id: str
    kind: AssertionType
    subject: PersonId
    care_giver: HsaId
    care_unit: HsaId
    start: datetime
    registration: Action
    employee: HsaId | None = None
    """None: all authorised staff of the unit."""
    end: datetime | None = None
    """Its last moment; None: until it is ended."""
    represented_by: PersonId | None = None
    """A lawful representative who gave it for the person."""
    scope: Scope = Scope.NATIONAL
    cancellation: Action | None = None
    deletion: Action | None = None
    owner: str | None = field(default=None)
    """The system that registered it."""

    def is_for(self, accessing: Accessing) -> bool:
        """Whether it is theirs. Whoever does not say its unit has none."""
        return (
            same(self.care_giver, accessing.care_giver)
            and same(self.care_unit, accessing.care_unit)
            and (self.employee is None or same(self.employee, accessing.employee))
        )

    def is_valid(self, at: datetime) -> bool:
        """Neither ended nor nullified, begun, and its last moment has not passed."""
        return (
            self.cancellation is None
            and self.deletion is None
            and self.start <= at
            and (self.end is None or at <= self.end)
        )

    def has_expired(self, at: datetime) -> bool:
        """Whether its last moment has passed."""
        return self.end is not None and self.end < at

    def is_over(self, at: datetime) -> bool:
        """Whether it is history: ended, nullified or expired."""
        return self.cancellation is not None or self.deletion is not None or self.has_expired(at)

    def says_as(self, other: ConsentRecord) -> bool:
        """Whether the two, of the same id, are one registration sent twice: but for its start,
        which may have been left to the moment, and its history."""
        return (
            self.kind is other.kind
            and self.subject == other.subject
            and same(self.care_giver, other.care_giver)
            and same(self.care_unit, other.care_unit)
            and (self.employee or "").lower() == (other.employee or "").lower()
            and self.end == other.end
            and self.represented_by == other.represented_by
        )


def valid_of(
    records: Iterable[ConsentRecord], accessing: Accessing, at: datetime
) -> ConsentRecord | None:
    """The assertion that is in force for them: a consent before a statement of emergency."""
    valid = [one for one in records if one.is_for(accessing) and one.is_valid(at)]
    consents = [one for one in valid if one.kind is AssertionType.CONSENT]
    return next(iter(consents or valid), None)


def refusal_of(record: ConsentRecord, kind_of: KindOf, now: datetime) -> Refusal | None:
    """Why the assertion may not be registered; None: it may."""
    try:
        check(record.subject)
        if record.represented_by is not None:
            check(record.represented_by)
    except PersonNumberInvalid:
        return Refusal.PERSON
    if not is_id(record.assertion_id, LONGEST_ID) or not all(
        is_id(one, LONGEST_HSA_ID)
        for one in (
            record.care_giver,
            record.care_unit,
            *((record.employee,) if record.employee is not None else ()),
            *employees_of(record.registration),
        )
    ):
        return Refusal.BLANK
    if record.end is not None and record.end < record.start:
        return Refusal.PERIOD
    if record.has_expired(now):
        return Refusal.ENDED
    if record.employee is not None and not same(
        record.employee, record.registration.requested_by.employee
    ):
        return Refusal.NOT_BY_EMPLOYEE
    if record.kind is AssertionType.EMERGENCY and (
        kind_of(record.care_giver) is not CareGiverKind.VG
    ):
        return Refusal.NO_EMERGENCY
    return None


def employees_of(action: Action) -> tuple[HsaId, ...]:
    """Those who acted."""
    return action.requested_by.employee, action.registered_by.employee


def is_id(text: str, longest: int) -> bool:
    """Whether the text can be an identifier: visible signs of ASCII, so many at most."""
    return 0 < len(text) <= longest and text.isascii() and text.isprintable() and " " not in text
