"""Decide: facts in; verdict, rule and obligations out. No match is DENY.

Knows how the table is read. Knows none of its rows, and not what a verdict is used for.
"""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.rule import Rule
from samsvar.access.rules import GATES, RULES, TRANSFORMATIONS
from samsvar.access.words import ActorKind, Obligation, Truth, Verdict

#: the id under which nothing matched
DEFAULT = "DEFAULT"

_FOR = {kind: tuple(rule for rule in RULES if kind in rule.who) for kind in ActorKind}
_GATES_FOR = {kind: tuple(rule for rule in GATES if kind in rule.who) for kind in ActorKind}


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be done, the rule that says so, and what comes with it."""

    verdict: Verdict
    rule_id: str
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One rule that was looked at: whether it applied, and the verdict if it decided."""

    rule: Rule
    applied: bool
    verdict: Verdict | None


def decide(facts: Facts, policy: Policy) -> Decision:
    """The first rule that applies decides."""
    return _first(_FOR[facts.actor_kind], facts, policy) or Decision(Verdict.DENY, DEFAULT)


def gate(facts: Facts, policy: Policy) -> Decision | None:
    """The gates alone, for a system under agreement that applies the other rules itself.

    None: no gate stops it.
    """
    return _first(_GATES_FOR[facts.actor_kind], facts, policy)


def trace(facts: Facts, policy: Policy) -> tuple[Look, ...]:
    """The rules in the order they were looked at, up to the one that decided."""
    looks: list[Look] = []
    for rule in _FOR[facts.actor_kind]:
        applied = rule.applies(facts, policy)
        verdict = rule.outcome(facts, policy)[0] if applied else None
        looks.append(Look(rule, applied, verdict))
        if verdict is not None:
            break
    return tuple(looks)


def _first(rules: tuple[Rule, ...], facts: Facts, policy: Policy) -> Decision | None:
    for rule in rules:
        if rule.applies(facts, policy):
            verdict, obligations = rule.outcome(facts, policy)
            if verdict is not None:  # a row without a verdict only says how others are read
                if facts.emergency is Truth.YES:
                    obligations += rule.in_emergency
                if verdict is Verdict.ALLOW:
                    obligations += _transformations(facts, policy)
                return Decision(verdict, rule.id, obligations)
    return None


def _transformations(facts: Facts, policy: Policy) -> tuple[Obligation, ...]:
    """What is done to all that is shown."""
    return tuple(
        obligation
        for rule in TRANSFORMATIONS
        if rule.applies(facts, policy)
        for obligation in rule.obligations
    )
