"""From elements to plan: what of a plan may leave, when some of it may not.

Knows which consequences a masked element has for the header, the participants and the PDF.
Knows no rule, and not how a plan is built. What leaves (``Effect``) and what is logged
(``decisions``) are kept apart: from the former nobody can count what was masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from samsvar.access.decide import Decision, decide
from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.words import Obligation, Verdict
from samsvar.model.identifiers import folded


@dataclass(frozen=True, slots=True)
class Element:
    """One element, by a key of the caller's. ``shows_whole_plan``: a PDF or the like."""

    key: str
    facts: Facts
    shows_whole_plan: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """A unit on the plan's list, and the provider that it belongs to, if known."""

    unit: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan: its header is its accountable care giver's, each element its own owner's."""

    header: Facts
    elements: tuple[Element, ...] = ()
    participants: tuple[Participant, ...] = ()
    partial: bool = False
    """The source has left something out already."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What may leave. Nothing in it tells whether anything else was there, but for the PDF."""

    verdict: Verdict
    """ALLOW; or DENY, EXISTENCE, REJECT for the plan as a whole."""
    elements: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    pdf: bool = False
    strip_address: bool = False


@dataclass(frozen=True, slots=True)
class PlanDecision:
    """The effect, and for the log alone what was decided of each element, in their order."""

    effect: Effect
    header: Decision = field(repr=False)
    decisions: tuple[tuple[str, Decision], ...] = field(repr=False)


def decide_plan(
    plan: PlanFacts,
    policy: Policy,
    judge: Callable[[Facts, Policy], Decision] = decide,
) -> PlanDecision:
    """One decision for each element, in the same order, and what they mean for the plan.

    ``judge`` decides on one element: by all rules, or for a system by the gates alone.
    """
    header = judge(plan.header, policy)
    decisions = tuple(judge(element.facts, policy) for element in plan.elements)
    return PlanDecision(
        _effect(plan, header, decisions),
        header,
        tuple(
            (element.key, decision)
            for element, decision in zip(plan.elements, decisions, strict=True)
        ),
    )


def _effect(plan: PlanFacts, header: Decision, decisions: Sequence[Decision]) -> Effect:
    if header.verdict is not Verdict.ALLOW:
        # the header would tell whose plan it is, even where single elements could be shown
        told = (Verdict.EXISTENCE, Verdict.REJECT)
        return Effect(header.verdict if header.verdict in told else Verdict.DENY)
    if decisions and all(decision.verdict is Verdict.DENY for decision in decisions):
        return Effect(Verdict.DENY)
    allowed = [
        element
        for element, decision in zip(plan.elements, decisions, strict=True)
        if decision.verdict is Verdict.ALLOW
    ]
    whole = len(allowed) == len(plan.elements) and not plan.partial
    strip = any(
        Obligation.STRIP_ADDRESS in decision.obligations for decision in (header, *decisions)
    )
    # an address cannot be taken out of a PDF
    pdf = whole and not strip
    kept = [element for element in allowed if pdf or not element.shows_whole_plan]
    return Effect(
        Verdict.ALLOW,
        elements=tuple(element.key for element in kept),
        participants=_participants(plan, allowed, decisions),
        pdf=pdf,
        strip_address=strip,
    )


def _participants(
    plan: PlanFacts, allowed: Sequence[Element], decisions: Sequence[Decision]
) -> tuple[Participant, ...]:
    """Those whose owner has nothing masked, and units that stand on what is shown anyway."""
    masked = _folded(
        element.facts.owner_provider
        for element, decision in zip(plan.elements, decisions, strict=True)
        if decision.verdict is not Verdict.ALLOW
    )
    shown_units = _folded(
        facts.owner_unit for facts in (plan.header, *(element.facts for element in allowed))
    )
    return tuple(
        one
        for one in plan.participants
        if folded(one.unit) in shown_units
        or (one.owner is not None and folded(one.owner) not in masked)
    )


def _folded(names: Iterable[str | None]) -> set[str]:
    return {folded(name) for name in names if name}
