"""Who may do what: one table, role by right. What is not in it is not allowed.

Knows users by role and by the producers that are theirs. Knows nothing of how they proved who
they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to this hub."""

    OBSERVER = "observer"
    OPERATOR = "operator"
    REGISTRAR = "registrar"
    SECURITY_OFFICER = "security-officer"
    AUDITOR = "auditor"
    PRODUCER = "producer"
    """Whoever answers for one or a few systems. All that it may do, it may do with those only."""


class Right(StrEnum):
    """One thing that can be done."""

    SEE_PRODUCERS = "see-producers"
    SEE_STATUS = "see-status"
    REGISTER = "register"
    """Fill in a form, change it, hand in a certificate."""
    TEST = "test"
    ASK_PUBLICATION = "ask-publication"
    DECIDE_PUBLICATION = "decide-publication"
    SET_SECRETS = "set-secrets"
    """Say in which file of the hub's machine an adapter's secret is. Whoever may, could have any
    file sent to a producer of his own."""
    SUSPEND = "suspend"
    """Put a producer out of service, and back."""
    READ_QUESTIONS = "read-questions"
    HOLD_BREAKERS = "hold-breakers"
    """Open and close circuit breakers by hand, also one that a security event has opened."""
    SEE_EVENTS = "see-events"
    """Look on while the routing log is written."""
    SEE_REGISTRY = "see-registry"
    """Versions and drafts, and what they change."""
    CHANGE_REGISTRY = "change-registry"
    """Make drafts, publish them, go back."""
    SEE_QUEUES = "see-queues"
    CLEAR_QUEUES = "clear-queues"
    """Have dead letters sent again, or drop them."""
    SEE_LOG_STATE = "see-log-state"
    """Whether the access log is whole."""
    SEARCH_PERSON = "search-person"
    """Who has asked about a person. The search itself is a row of the log."""
    DIAGNOSE = "diagnose"


_SEE = frozenset({Right.SEE_PRODUCERS, Right.SEE_STATUS})
_HOUSE = _SEE | {Right.SEE_REGISTRY, Right.SEE_QUEUES}
"""What all of the hub's own people see; a producer's do not."""

MAY: Mapping[Role, frozenset[Right]] = {
    Role.OBSERVER: _HOUSE | {Right.SEE_EVENTS},
    Role.OPERATOR: _HOUSE
    | {
        Right.TEST,
        Right.SUSPEND,
        Right.READ_QUESTIONS,
        Right.HOLD_BREAKERS,
        Right.SEE_EVENTS,
        Right.CLEAR_QUEUES,
        Right.SEE_LOG_STATE,
        Right.DIAGNOSE,
    },
    Role.REGISTRAR: _HOUSE
    | {
        Right.CHANGE_REGISTRY,
        Right.DIAGNOSE,
        Right.REGISTER,
        Right.TEST,
        Right.ASK_PUBLICATION,
        Right.DECIDE_PUBLICATION,
        Right.SET_SECRETS,
        Right.SUSPEND,
        Right.HOLD_BREAKERS,
    },
    Role.SECURITY_OFFICER: _HOUSE
    | {
        Right.SUSPEND,
        Right.READ_QUESTIONS,
        Right.HOLD_BREAKERS,
        Right.SEE_EVENTS,
        Right.SEE_LOG_STATE,
        Right.DIAGNOSE,
    },
    Role.AUDITOR: _HOUSE | {Right.READ_QUESTIONS, Right.SEE_LOG_STATE, Right.SEARCH_PERSON},
    Role.PRODUCER: _SEE | {Right.REGISTER, Right.TEST, Right.ASK_PUBLICATION, Right.SUSPEND},
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has been recognised."""

    id: str
    name: str
    role: Role
    producers: tuple[str, ...] = ()
    """The systems of a producer's user; those that it registers itself come on top."""

    def may(self, right: Right) -> bool:
        """Whether the role has the right at all."""
        return right in MAY[self.role]

    def sees(self, producer: str, registered_by: str | None) -> bool:
        """Whether that producer is any of the user's business."""
        if self.role is not Role.PRODUCER:
            return True
        return producer in self.producers or registered_by == self.id
