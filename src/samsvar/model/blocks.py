"""Blocks (spärrar): whose information, of which time, is closed to whom; and their temporary
revokes (tillfälliga hävningar).

Source: informationsecurity:authorization:blocking 4.0. Knows when a block applies, and what may
be registered. Whatever is not known makes it apply. Knows no rule of access.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from samsvar.model.accessing import Accessing, BlockQuestion, same
from samsvar.model.consents import employees_of, is_id
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.person_numbers import PersonNumberInvalid, check
from samsvar.model.registration import LONGEST_HSA_ID, LONGEST_ID, Action, Refusal

INFORMATION_TYPES = {"lak": "Läkemedel", "upp": "Uppmärksamhetsinformation"}
"""The only types that a block can leave open, and what they are called."""


class BlockType(StrEnum):
    """Inner: a unit's information, closed to other units of the same care giver. Outer: a care
    giver's, closed to other care givers."""

    INNER = "Inner"
    OUTER = "Outer"


class RevokeReason(StrEnum):
    """Why a block is opened for a while."""

    CONSENT = "PatientsConsent"
    EMERGENCY = "Emergency"


@dataclass(frozen=True, slots=True)
class TemporaryRevoke:
    """A block is open until then, for a unit or for one employee there."""

    revoke_id: str
    end: datetime
    care_unit: HsaId
    reason: RevokeReason
    registration: Action
    employee: HsaId | None = None
    """None: all authorised staff of the unit."""
    cancellation: Action | None = None
    owner: str | None = None

    def is_open(self, accessing: Accessing, at: datetime) -> bool:
        """Whether it is in force, and for them."""
        return (
            self.cancellation is None
            and at <= self.end
            and same(self.care_unit, accessing.care_unit)
            and (self.employee is None or same(self.employee, accessing.employee))
        )


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """One block and its history."""

    block_id: str
    kind: BlockType
    subject: PersonId
    care_giver: HsaId
    """Whose information is blocked."""
    registration: Action
    care_unit: HsaId | None = None
    """Whose information is blocked, where it is an inner block."""
    start: datetime | None = None
    end: datetime | None = None
    """The block is on what was registered from the one to the other; None: no bound."""
    excluded: frozenset[str] = frozenset()
    """Information types that it leaves open."""
    ending: Action | None = None
    revokes: tuple[TemporaryRevoke, ...] = ()
    owner: str | None = field(default=None)
    """The system that registered it."""

    def applies(self, accessing: Accessing, question: BlockQuestion) -> bool:
        """Whether it closes this information to them, its temporary revokes aside."""
        return (
            self.ending is None
            and same(self.care_giver, question.owner)
            and self._is_against(accessing, question)
            and not self._leaves_open(question.information_type)
            and self._overlaps(question)
        )

    def is_revoked(self, accessing: Accessing, at: datetime) -> bool:
        """Whether it is open for them for the time being."""
        return any(one.is_open(accessing, at) for one in self.revokes)

    def _is_against(self, accessing: Accessing, question: BlockQuestion) -> bool:
        within = same(accessing.care_giver, self.care_giver)
        if self.kind is BlockType.OUTER:
            return not within
        if not within or same(accessing.care_unit, self.care_unit):
            return False
        return question.owner_unit is None or same(question.owner_unit, self.care_unit)

    def _leaves_open(self, information_type: str | None) -> bool:
        told = (information_type or "").lower()
        return told in INFORMATION_TYPES and told in self.excluded

    def _overlaps(self, question: BlockQuestion) -> bool:
        """Partly is enough, endpoints included."""
        before = question.end is not None and self.start is not None and question.end < self.start
        after = question.start is not None and self.end is not None and question.start > self.end
        return not (before or after)

    def says_as(self, other: BlockRecord) -> bool:
        """Whether the two, of the same id, are one registration sent twice."""
        return (
            self.kind is other.kind
            and self.subject == other.subject
            and same(self.care_giver, other.care_giver)
            and (self.care_unit or "").lower() == (other.care_unit or "").lower()
            and (self.start, self.end, self.excluded) == (other.start, other.end, other.excluded)
        )


@dataclass(frozen=True, slots=True)
class BlockFilter:
    """Which blocks in force are wanted: of a person, of care givers, or news since a moment.
    Empty: all."""

    subject: PersonId | None = None
    care_givers: tuple[HsaId, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class BlockPage:
    """Blocks in force, and what is needed to ask for later ones."""

    blocks: tuple[BlockRecord, ...]
    next_since: datetime
    latest_ending: datetime


def applying(
    blocks: Iterable[BlockRecord], accessing: Accessing, question: BlockQuestion
) -> tuple[BlockRecord, ...]:
    """Those that close this information to them, temporary revokes aside."""
    return tuple(one for one in blocks if one.applies(accessing, question))


def is_blocked(
    blocks: Iterable[BlockRecord], accessing: Accessing, question: BlockQuestion, at: datetime
) -> bool:
    """Whether one of them closes this information to them at that moment."""
    return any(not one.is_revoked(accessing, at) for one in applying(blocks, accessing, question))


def refusal_of(record: BlockRecord) -> Refusal | None:
    """Why the block may not be registered; None: it may."""
    try:
        check(record.subject)
    except PersonNumberInvalid:
        return Refusal.PERSON
    named = [record.care_giver, *employees_of(record.registration)]
    if record.care_unit is not None:
        named.append(record.care_unit)
    if not is_id(record.block_id, LONGEST_ID) or not all(
        is_id(one, LONGEST_HSA_ID) for one in named
    ):
        return Refusal.BLANK
    if record.kind is BlockType.INNER and record.care_unit is None:
        return Refusal.UNIT_MISSING
    if record.kind is BlockType.OUTER and record.care_unit is not None:
        return Refusal.UNIT_GIVEN
    if record.start is not None and record.end is not None and record.end < record.start:
        return Refusal.PERIOD
    if not record.excluded <= INFORMATION_TYPES.keys():
        return Refusal.INFORMATION_TYPE
    return None


def revoke_refusal_of(revoke: TemporaryRevoke, now: datetime) -> Refusal | None:
    """Why the temporary revoke may not be registered; None: it may."""
    named = [revoke.care_unit, *employees_of(revoke.registration)]
    if revoke.employee is not None:
        named.append(revoke.employee)
    if not is_id(revoke.revoke_id, LONGEST_ID) or not all(
        is_id(one, LONGEST_HSA_ID) for one in named
    ):
        return Refusal.BLANK
    return Refusal.ENDED if revoke.end <= now else None
