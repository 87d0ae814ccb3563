"""What a rule is: an id, a ground in law, whom it is for, when it applies, and its verdict.

Knows the shape of a row. Knows none of the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.words import ActorKind, Obligation, Verdict

Condition = Callable[[Facts, Policy], bool]

EVERYBODY = frozenset(ActorKind)
STAFF = frozenset({ActorKind.VG_STAFF, ActorKind.OG_STAFF})
HEALTH_CARE = frozenset({ActorKind.VG_STAFF})
SOCIAL_CARE = frozenset({ActorKind.OG_STAFF})
OWN_SIDE = frozenset({ActorKind.CITIZEN, ActorKind.GUARDIAN, ActorKind.AGENT})
CITIZEN = frozenset({ActorKind.CITIZEN})
GUARDIAN = frozenset({ActorKind.GUARDIAN})
AGENT = frozenset({ActorKind.AGENT})


class Status(StrEnum):
    """How firm the ground is."""

    LAW = "LAW"
    PRACTICE = "PRACTICE"
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Switch:
    """The other verdict: where the setting is on, and the condition holds."""

    verdict: Verdict
    when: Condition = lambda _facts, _policy: True
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. A row that opens asks for what is known; one that closes stops the unknown too."""

    id: str
    basis: str
    status: Status = Status.LAW
    who: frozenset[ActorKind]
    says: str
    """In plain words, one line."""
    applies: Condition
    verdict: Verdict | None
    """None: the row decides nothing; it says how the others are read, or what is added."""
    obligations: tuple[Obligation, ...] = ()
    in_emergency: tuple[Obligation, ...] = ()
    """Obligations that come with the verdict if an emergency was claimed."""
    question: str | None = None
    """The open question that touches it, of ``policy.QUESTIONS``."""
    setting: str | None = None
    """The setting that answers the question. Without ``switch``, the condition itself reads it."""
    switch: Switch | None = None

    def outcome(
        self, facts: Facts, policy: Policy
    ) -> tuple[Verdict | None, tuple[Obligation, ...]]:
        """What the row says of facts that it applies to."""
        if self.switch is None or not policy.turned(self.setting):
            return self.verdict, self.obligations
        if self.switch.when(facts, policy):
            return self.switch.verdict, self.switch.obligations
        return self.verdict, self.obligations
