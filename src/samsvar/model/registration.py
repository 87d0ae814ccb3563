"""What was done to a consent or a block: who asked for it, who registered it, and when; and why
an errand is refused. Knows no message and no storage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from samsvar.model.identifiers import HsaId

LONGEST_ID = 36
LONGEST_HSA_ID = 32
LONGEST_REASON = 1024


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who acts, and the assignment (medarbetaruppdrag) acted under."""

    employee: HsaId
    assignment: HsaId | None = None
    assignment_name: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something that was asked for, and then registered."""

    requested_at: datetime
    requested_by: Employee
    registered_at: datetime
    registered_by: Employee
    reason: str | None = field(default=None, repr=False)
    """Free text: it may tell of the person, and is never logged."""


class Refusal(Enum):
    """Why an errand is not done, in words for whoever brought it."""

    PERSON = "the person's number is not one that a person can have: correct it"
    BLANK = "an HSA-id or an id is empty, too long, or has signs that none has: correct it"
    PERIOD = "the period ends before it begins: correct it"
    TIME = "a time is not one that a calendar has: correct it"
    ENDED = "the end date has passed: give a later one, or none"
    NOT_BY_EMPLOYEE = "a consent for an employee must be requested by that employee"
    NO_EMERGENCY = (
        "emergency access (nödöppning) can only be stated for a vårdgivare, and this care giver"
        " is not registered as one"
    )
    BY_GUARDIAN = "a guardian cannot block a child's information (2022:913 2:3, PDL 4:4)"
    UNIT_MISSING = "an inner block must name the care unit whose information it is"
    UNIT_GIVEN = "an outer block is for the whole care giver: leave the care unit out"
    INFORMATION_TYPE = "the only types that a block can leave open are lak and upp"
    REPLICATION = "the replication timeout is -1, 0 or a number of milliseconds"
    NOT_YOURS = "it is another care giver's than the one that was addressed"
    NOT_FOUND = "there is none with that id"
    EXISTS = "there is another with that id: give a new one its own"
    CANCELLED = "it has been ended, which cannot be undone: register a new one"
    NULLIFIED = "it has been nullified, which cannot be undone: register a new one"
    TOO_MANY = "that is more blocks than one answer holds: ask for a person, or for fewer givers"
