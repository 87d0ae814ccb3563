"""The words that facts are stated in, and those that a decision is given in.

Knows the values of each. What is not known is a value of its own, ``UNKNOWN``, and never counts
as true. Knows no rule.
"""

from __future__ import annotations

from enum import Enum, StrEnum


class Truth(Enum):
    """Whether something is so. Cannot be used as a condition by itself: one says ``is YES``."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("say which: `is Truth.YES` opens, `is not Truth.NO` closes")


class ActorKind(StrEnum):
    """Who looks: staff of a vårdgivare or an omsorgsgivare, the person, or for the person."""

    VG_STAFF = "VG_STAFF"
    OG_STAFF = "OG_STAFF"
    CITIZEN = "CITIZEN"
    GUARDIAN = "GUARDIAN"
    AGENT = "AGENT"
    SYSTEM = "SYSTEM"
    UNKNOWN = "UNKNOWN"


class AuthLevel(StrEnum):
    """How the actor proved who it is."""

    STRONG = "STRONG"
    WEAK = "WEAK"
    UNKNOWN = "UNKNOWN"


class Action(StrEnum):
    """What the actor wants to do."""

    READ = "READ"
    ACCESS_REPORT = "ACCESS_REPORT"
    CONSENT = "CONSENT"
    BLOCK = "BLOCK"
    LIFT_BLOCK = "LIFT_BLOCK"
    UNKNOWN = "UNKNOWN"


class Purpose(StrEnum):
    """What for, as stated."""

    CARE = "CARE"
    CARE_COORDINATION = "CARE_COORDINATION"
    SICK_LEAVE_COORD = "SICK_LEAVE_COORD"
    CERTIFICATE = "CERTIFICATE"
    OWN_ACCESS = "OWN_ACCESS"
    LOG_CONTROL = "LOG_CONTROL"
    STATISTICS = "STATISTICS"
    UNKNOWN = "UNKNOWN"


class Subject(StrEnum):
    """Whether the person it is about can consent."""

    ADULT = "ADULT"
    ADULT_INCAPABLE_LASTING = "ADULT_INCAPABLE_LASTING"
    ADULT_INCAPABLE_TEMPORARY = "ADULT_INCAPABLE_TEMPORARY"
    CHILD_CAN_CONSENT = "CHILD_CAN_CONSENT"
    CHILD_CANNOT_CONSENT = "CHILD_CANNOT_CONSENT"
    UNKNOWN = "UNKNOWN"


class OwnerKind(StrEnum):
    """Whose the element is: a vårdgivare's or an omsorgsgivare's."""

    VG = "VG"
    OG = "OG"
    UNKNOWN = "UNKNOWN"


class DocumentState(StrEnum):
    """How far the document has come."""

    FINAL = "FINAL"
    DRAFT = "DRAFT"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"
    UNKNOWN = "UNKNOWN"


class Relation(StrEnum):
    """The actor's provider's relation to the person."""

    CURRENT_PATIENT = "CURRENT_PATIENT"
    FORMER_PATIENT = "FORMER_PATIENT"
    CARE_RECEIVER = "CARE_RECEIVER"
    UNDER_INVESTIGATION = "UNDER_INVESTIGATION"
    NONE = "NONE"
    UNKNOWN = "UNKNOWN"


class Consent(StrEnum):
    """How consent stands. UNKNOWN: the service answered, and could not tell."""

    VALID = "VALID"
    NONE = "NONE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    CANNOT_BE_OBTAINED = "CANNOT_BE_OBTAINED"
    UNKNOWN = "UNKNOWN"


class Giver(StrEnum):
    """Who gave the consent."""

    PERSON = "PERSON"
    GUARDIAN = "GUARDIAN"
    UNKNOWN = "UNKNOWN"


class Block(StrEnum):
    """The block on the element, as it stands for this actor at this moment.

    Inner: against other units of the same provider. Outer: against other providers.
    """

    NONE = "NONE"
    INNER = "INNER"
    OUTER = "OUTER"
    REVOKED_TEMPORARILY = "REVOKED_TEMPORARILY"
    UNKNOWN = "UNKNOWN"


class Verdict(StrEnum):
    """ALLOW; MASK: the element goes, the plan stays; DENY: nothing, not even a count;
    EXISTENCE: only that something is there; REJECT: the errand itself is refused."""

    ALLOW = "ALLOW"
    MASK = "MASK"
    DENY = "DENY"
    EXISTENCE = "EXISTENCE"
    REJECT = "REJECT"


class Obligation(StrEnum):
    """What whoever acts on the decision must, or beyond the verdict may, do."""

    LOG_EMERGENCY = "LOG_EMERGENCY"
    """Log the activity as Nödöppning, with its reason."""
    LOG_EMERGENCY_REFUSED = "LOG_EMERGENCY_REFUSED"
    """Log the event EMERGENCY_REFUSED."""
    LOG_EXISTENCE = "LOG_EXISTENCE"
    """Log that existence was shown (Läsa, level existence)."""
    ONLY_WHAT_MATTERS = "ONLY_WHAT_MATTERS"
    """Show only what is of importance to the care."""
    STRIP_ADDRESS = "STRIP_ADDRESS"
    """Take address, contact and location away; keep the rest."""
    MAY_TELL_BLOCKED_EXISTS = "MAY_TELL_BLOCKED_EXISTS"
    """That blocked patient data exist may be told, never whose."""
    MAY_NAME_OWNERS = "MAY_NAME_OWNERS"
    """Which providers have unblocked data may be told."""
    MAY_NAME_BLOCKER = "MAY_NAME_BLOCKER"
    """Which vårdgivare has blocked may be told."""
    MAY_REQUEST_LIFT = "MAY_REQUEST_LIFT"
    """That vårdgivare may be asked to lift; the hub never lifts for another."""
    ANSWER_INVALID_REQUEST = "ANSWER_INVALID_REQUEST"
    """Answer that the question breaks a rule of the contract (INVALID_REQUEST)."""
