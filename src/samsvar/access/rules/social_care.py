"""OG: staff of an omsorgsgivare, and an element of another provider.

Knows 2 and 3 kap. as they speak of omsorgsgivare: no emergency access, and blocks of which
nothing is told.
"""

from __future__ import annotations

from samsvar.access import conditions as so
from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.rule import SOCIAL_CARE, Condition, Rule, Status, Switch
from samsvar.access.words import (
    Block,
    Consent,
    Giver,
    Obligation,
    OwnerKind,
    Subject,
    Truth,
    Verdict,
)

YES, NO = Truth.YES, Truth.NO

_MAY_CONSENT = frozenset({Subject.ADULT, Subject.CHILD_CAN_CONSENT})
_REFUSED = (Obligation.LOG_EMERGENCY_REFUSED,)


def _unblocked(condition: Condition) -> Condition:
    return lambda facts, policy: (
        so.elsewhere(facts) and so.unblocked(facts) and condition(facts, policy)
    )


def _guardian_consented(facts: Facts, policy: Policy) -> bool:
    return (
        facts.consent is Consent.VALID
        and facts.consent_given_by is Giver.GUARDIAN
        and so.serves(facts, policy)
    )


BLOCK: tuple[Rule, ...] = (
    Rule(
        id="OG10",
        basis="2022:913 2:5",
        who=SOCIAL_CARE,
        says="Any block, lifted for others or not: masked, and not even its existence is told",
        applies=lambda facts, _policy: so.elsewhere(facts) and facts.block is not Block.NONE,
        verdict=Verdict.MASK,
        in_emergency=_REFUSED,
    ),
)

EMERGENCY: tuple[Rule, ...] = (
    Rule(
        id="OG11",
        basis="2022:913 3:6 (speaks of vårdgivare only)",
        who=SOCIAL_CARE,
        says="Emergency access does not exist for omsorgsgivare",
        applies=lambda facts, _policy: so.elsewhere(facts) and facts.emergency is not NO,
        verdict=Verdict.DENY,
        in_emergency=_REFUSED,
    ),
)

RELATION: tuple[Rule, ...] = (
    Rule(
        id="OG3",
        basis="2022:913 3:2 first item",
        who=SOCIAL_CARE,
        says="No services or investigation within the law, or the data do not matter",
        applies=_unblocked(
            lambda facts, _policy: not so.receives_services(facts) or facts.relevance is not YES
        ),
        verdict=Verdict.DENY,
    ),
)

CONSENT: tuple[Rule, ...] = (
    Rule(
        id="OG1",
        basis="2022:913 3:2",
        who=SOCIAL_CARE,
        says="An adult consents, receives services or is investigated, and the data matter",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.ADULT and so.consented(facts) and so.serves(facts, policy)
            )
        ),
        verdict=Verdict.ALLOW,
        question="U7",
        setting="care_coordination",
    ),
    Rule(
        id="OG2",
        basis="2022:913 2:4",
        who=SOCIAL_CARE,
        says="Somebody who could consent has not: only that unblocked data exist",
        applies=_unblocked(
            lambda facts, _policy: facts.subject in _MAY_CONSENT and not so.consented(facts)
        ),
        verdict=Verdict.EXISTENCE,
        obligations=(Obligation.LOG_EXISTENCE,),
        question="U12",
        setting="hide_existence",
        switch=Switch(Verdict.DENY),
    ),
    Rule(
        id="OG4",
        basis="2022:913 3:2 second paragraph",
        who=SOCIAL_CARE,
        says="A child who cannot consent, and data of an omsorgsgivare; all else as OG1",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.CHILD_CANNOT_CONSENT
                and facts.owner_kind is OwnerKind.OG
                and so.serves(facts, policy)
            )
        ),
        verdict=Verdict.ALLOW,
        question="U7",
        setting="care_coordination",
    ),
    Rule(
        id="OG5",
        basis="2022:913 3:2",
        status=Status.OPEN,
        who=SOCIAL_CARE,
        says="A child who cannot consent, and data of a vårdgivare: consent is needed",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.subject is Subject.CHILD_CANNOT_CONSENT and facts.owner_kind is OwnerKind.VG
            )
        ),
        verdict=Verdict.DENY,
        question="U2",
        setting="guardian_consent",
        switch=Switch(Verdict.ALLOW, _guardian_consented),
    ),
    Rule(
        id="OG6",
        basis="2022:913 3:2",
        who=SOCIAL_CARE,
        says="A child who can consent has; all else as OG1",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.CHILD_CAN_CONSENT
                and so.child_consented(facts)
                and so.serves(facts, policy)
            )
        ),
        verdict=Verdict.ALLOW,
        question="U7",
        setting="care_coordination",
    ),
    Rule(
        id="OG7",
        basis="2022:913 3:4",
        who=SOCIAL_CARE,
        says="An adult who lastingly cannot consent, necessary services, data of an omsorgsgivare",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.ADULT_INCAPABLE_LASTING
                and facts.owner_kind is OwnerKind.OG
                and so.serves(facts, policy)
                and facts.necessary is YES
                and facts.attitude_clarified is YES
            )
        ),
        verdict=Verdict.ALLOW,
        obligations=(Obligation.MAY_NAME_OWNERS,),
        question="U7",
        setting="care_coordination",
    ),
    Rule(
        id="OG8",
        basis="2022:913 3:4",
        who=SOCIAL_CARE,
        says="An adult who lastingly cannot consent, and data of a vårdgivare",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.subject is Subject.ADULT_INCAPABLE_LASTING
                and facts.owner_kind is OwnerKind.VG
            )
        ),
        verdict=Verdict.DENY,
    ),
    Rule(
        id="OG9",
        basis="2022:913 3:4, read the other way round",
        who=SOCIAL_CARE,
        says="An adult who cannot consent for a while",
        applies=_unblocked(
            lambda facts, _policy: facts.subject is Subject.ADULT_INCAPABLE_TEMPORARY
        ),
        verdict=Verdict.DENY,
    ),
)
