"""The access rules: may this actor see this element, and on what ground.

Knows facts and rules. Knows neither where facts come from nor what a verdict is used for: no
file, no clock, no store. Each rule is told in ``docs/access.md``.
"""

from __future__ import annotations

from samsvar.access.decide import DEFAULT, Decision, Look, decide, gate, trace
from samsvar.access.facts import Facts
from samsvar.access.plan import (
    Effect,
    Element,
    Participant,
    PlanDecision,
    PlanFacts,
    decide_plan,
)
from samsvar.access.policy import CAUTIOUS, QUESTIONS, SWITCHES, Policy
from samsvar.access.rule import Rule, Status
from samsvar.access.rules import BY_ID, RULES
from samsvar.access.words import Obligation, Truth, Verdict

__all__ = [
    "BY_ID",
    "CAUTIOUS",
    "DEFAULT",
    "QUESTIONS",
    "RULES",
    "SWITCHES",
    "Decision",
    "Effect",
    "Element",
    "Facts",
    "Look",
    "Obligation",
    "Participant",
    "PlanDecision",
    "PlanFacts",
    "Policy",
    "Rule",
    "Status",
    "Truth",
    "Verdict",
    "decide",
    "decide_plan",
    "gate",
    "trace",
]
