"""SP: staff of the provider that owns the element.

Knows inner secrecy and inner blocks. Knows nothing of other providers, but which boards (nämnder)
of one municipality are to be read as one.
"""

from __future__ import annotations

from samsvar.access import conditions as so
from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.rule import HEALTH_CARE, SOCIAL_CARE, STAFF, Rule, Status, Switch
from samsvar.access.words import Block, Consent, Obligation, OwnerKind, Truth, Verdict

YES = Truth.YES


def _needed_here(facts: Facts) -> bool:
    return so.at_home(facts) and facts.need is YES


def _no_inner_block(facts: Facts) -> bool:
    # an outer block is against others
    open_here = facts.block in (Block.NONE, Block.OUTER) and facts.blocks_answered is YES
    return open_here or facts.own_unit is YES


def _lifted(facts: Facts) -> bool:
    return facts.block is Block.REVOKED_TEMPORARILY and facts.blocks_answered is YES


def _social_care_at_home(facts: Facts, policy: Policy) -> bool:
    return _needed_here(facts) and (not policy.social_unit_blocks or _no_inner_block(facts))


def _boards_as_one(facts: Facts, _policy: Policy) -> bool:
    return (
        facts.actor_kind in SOCIAL_CARE
        and facts.owner_kind is OwnerKind.OG
        and facts.legal_basis in so.SHARED_SOCIAL_CARE
        and facts.need is YES
        and so.unblocked(facts)
    )


SAME_PROVIDER: tuple[Rule, ...] = (
    Rule(
        id="SP1",
        basis="PDL 4:1",
        who=HEALTH_CARE,
        says="Takes part in the care or needs it for the work; no inner block, or the own unit",
        applies=lambda facts, _policy: _needed_here(facts) and _no_inner_block(facts),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="SP2",
        basis="PDL 4:4",
        who=HEALTH_CARE,
        says="Blocked by another unit of the provider, and not lifted",
        applies=lambda facts, _policy: (
            _needed_here(facts) and facts.block is Block.INNER and facts.own_unit is not YES
        ),
        verdict=Verdict.MASK,
        obligations=(Obligation.MAY_TELL_BLOCKED_EXISTS,),
        question="U12",
        setting="hide_existence",
        switch=Switch(Verdict.MASK),
    ),
    Rule(
        id="SP3",
        basis="PDL 4:5 first item",
        who=HEALTH_CARE,
        says="Inner block that was lifted with the patient's consent",
        applies=lambda facts, _policy: (
            _needed_here(facts) and _lifted(facts) and so.consented(facts)
        ),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="SP4",
        basis="PDL 4:5 second item",
        who=HEALTH_CARE,
        says="Inner block lifted for indispensable care, as consent cannot be obtained",
        applies=lambda facts, _policy: (
            _needed_here(facts)
            and _lifted(facts)
            and facts.consent is Consent.CANNOT_BE_OBTAINED
            and facts.indispensable is YES
        ),
        verdict=Verdict.ALLOW,
        obligations=(Obligation.LOG_EMERGENCY, Obligation.ONLY_WHAT_MATTERS),
    ),
    Rule(
        id="SP5",
        basis="2022:913 does not regulate access inside an omsorgsgivare; local rules",
        who=SOCIAL_CARE,
        says="The same omsorgsgivare, with authority and need",
        applies=_social_care_at_home,
        verdict=Verdict.ALLOW,
        question="U5",
        setting="social_unit_blocks",
    ),
    Rule(
        id="SP6",
        basis="Prop. 2021/22:177",
        status=Status.OPEN,
        who=STAFF,
        says="Another board (nämnd) of the same municipality: read as another provider",
        applies=lambda facts, _policy: so.elsewhere(facts) and facts.same_municipality is YES,
        verdict=None,
        question="U6",
        setting="boards_as_one",
        switch=Switch(Verdict.ALLOW, _boards_as_one),
    ),
)
