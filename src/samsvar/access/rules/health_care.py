"""VG: staff of a vårdgivare, and an element of another provider.

Knows 2 and 3 kap. as they speak of vårdgivare. Each phase is a list of its own: block, emergency,
relation, then capacity and consent.
"""

from __future__ import annotations

from collections.abc import Callable

from samsvar.access import conditions as so
from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.rule import HEALTH_CARE, Condition, Rule, Status, Switch
from samsvar.access.words import (
    Block,
    Consent,
    Obligation,
    OwnerKind,
    Purpose,
    Relation,
    Subject,
    Truth,
    Verdict,
)

YES, NO = Truth.YES, Truth.NO

_PATIENTS = frozenset({Relation.CURRENT_PATIENT, Relation.FORMER_PATIENT})
_NOT_GIVEN = frozenset({Consent.NONE, Consent.REVOKED, Consent.EXPIRED, Consent.UNKNOWN})
_MAY_CONSENT = frozenset({Subject.ADULT, Subject.CHILD_CAN_CONSENT})
_OPEN = frozenset({Block.NONE, Block.REVOKED_TEMPORARILY})


def _elsewhere(condition: Callable[[Facts], bool]) -> Condition:
    return lambda facts, _policy: so.elsewhere(facts) and condition(facts)


def _unblocked(condition: Condition) -> Condition:
    return lambda facts, policy: (
        so.elsewhere(facts) and so.unblocked(facts) and condition(facts, policy)
    )


def _as_vg1_once_lifted(facts: Facts, policy: Policy) -> bool:
    """A lifted block is no consent: that must be there too, unless none is needed."""
    return (
        so.elsewhere(facts)
        and facts.block is Block.REVOKED_TEMPORARILY
        and so.treats(facts, policy)
        and (
            (facts.subject is Subject.ADULT and so.consented(facts))
            or (facts.subject is Subject.CHILD_CAN_CONSENT and so.child_consented(facts))
            or facts.subject is Subject.CHILD_CANNOT_CONSENT
        )
    )


def _emergency(facts: Facts, owner: OwnerKind) -> bool:
    return (
        facts.owner_kind is owner and facts.block in _OPEN and so.indispensable_in_emergency(facts)
    )


BLOCK: tuple[Rule, ...] = (
    Rule(
        id="VG12",
        basis="2022:913 2:5",
        who=HEALTH_CARE,
        says="A vårdgivare has blocked it, and there is no emergency; consent does not help",
        applies=_elsewhere(
            lambda facts: (
                facts.owner_kind is OwnerKind.VG
                and facts.block in so.BLOCKED
                and facts.emergency is not YES
            )
        ),
        verdict=Verdict.MASK,
        obligations=(Obligation.MAY_TELL_BLOCKED_EXISTS,),
        question="U12",
        setting="hide_existence",
        switch=Switch(Verdict.MASK),
    ),
    Rule(
        id="VG14",
        basis="2022:913 2:5",
        who=HEALTH_CARE,
        says="Blocked at an omsorgsgivare: masked, and not even its existence is told",
        applies=_elsewhere(
            lambda facts: facts.owner_kind is OwnerKind.OG and facts.block in so.BLOCKED
        ),
        verdict=Verdict.MASK,
    ),
    Rule(
        id="VG15",
        basis="The block service; 2022:913 3:1",
        status=Status.PRACTICE,
        who=HEALTH_CARE,
        says="The block is lifted for this actor, in time; all else as VG1, VG10 or VG11",
        applies=_as_vg1_once_lifted,
        verdict=Verdict.ALLOW,
    ),
)

EMERGENCY: tuple[Rule, ...] = (
    Rule(
        id="VG5",
        basis="2022:913 3:6",
        who=HEALTH_CARE,
        says="Emergency, nobody to ask, a current patient: unblocked data of a vårdgivare",
        applies=_elsewhere(lambda facts: _emergency(facts, OwnerKind.VG)),
        verdict=Verdict.ALLOW,
        obligations=(Obligation.LOG_EMERGENCY, Obligation.MAY_NAME_OWNERS),
    ),
    Rule(
        id="VG6",
        basis="2022:913 3:6 (names only vårdgivare)",
        status=Status.OPEN,
        who=HEALTH_CARE,
        says="As VG5, but data of an omsorgsgivare",
        applies=_elsewhere(lambda facts: _emergency(facts, OwnerKind.OG)),
        verdict=Verdict.DENY,
        question="U1",
        setting="emergency_social_care",
        switch=Switch(Verdict.ALLOW, obligations=(Obligation.LOG_EMERGENCY,)),
    ),
    Rule(
        id="VG13",
        basis="2022:913 3:5",
        who=HEALTH_CARE,
        says="Emergency, blocked by a vårdgivare, and the patient cannot lift it: who may be asked",
        applies=_elsewhere(
            lambda facts: (
                facts.owner_kind is OwnerKind.VG
                and facts.block is Block.OUTER
                and facts.emergency is YES
                and facts.consent is Consent.CANNOT_BE_OBTAINED
                and facts.relation is Relation.CURRENT_PATIENT
            )
        ),
        verdict=Verdict.MASK,
        obligations=(
            Obligation.MAY_NAME_BLOCKER,
            Obligation.MAY_REQUEST_LIFT,
            Obligation.LOG_EMERGENCY,
        ),
    ),
)

RELATION: tuple[Rule, ...] = (
    Rule(
        id="VG3",
        basis="2022:913 3:1, 3:7",
        who=HEALTH_CARE,
        says="No patient relation, or the data do not matter; consent does not help",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.emergency is not YES
                and (facts.relation not in _PATIENTS or facts.relevance is not YES)
            )
        ),
        verdict=Verdict.DENY,
    ),
)

CONSENT: tuple[Rule, ...] = (
    Rule(
        id="VG1",
        basis="2022:913 3:1",
        who=HEALTH_CARE,
        says="An adult consents, is a current patient, and the data matter for the purpose",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.ADULT and so.consented(facts) and so.treats(facts, policy)
            )
        ),
        verdict=Verdict.ALLOW,
        question="U7",
        setting="care_coordination",
    ),
    Rule(
        id="VG2",
        basis="2022:913 3:1 second paragraph",
        who=HEALTH_CARE,
        says="An adult consents, was a patient, and the purpose is a certificate",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.subject is Subject.ADULT
                and so.consented(facts)
                and facts.relation is Relation.FORMER_PATIENT
                and facts.purpose is Purpose.CERTIFICATE
                and facts.relevance is YES
            )
        ),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="VG4",
        basis="2022:913 2:4",
        who=HEALTH_CARE,
        says="Somebody who could consent has not: only that unblocked data exist",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.subject in _MAY_CONSENT
                and facts.consent in _NOT_GIVEN
                and facts.emergency is NO
            )
        ),
        verdict=Verdict.EXISTENCE,
        obligations=(Obligation.LOG_EXISTENCE,),
        question="U12",
        setting="hide_existence",
        switch=Switch(Verdict.DENY),
    ),
    Rule(
        id="VG7",
        basis="2022:913 3:3",
        who=HEALTH_CARE,
        says="An adult who lastingly cannot consent, necessary care, and the attitude is clarified",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.ADULT_INCAPABLE_LASTING
                and facts.emergency is NO
                and so.treats(facts, policy)
                and facts.necessary is YES
                and facts.attitude_clarified is YES
            )
        ),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="VG8",
        basis="2022:913 3:3",
        who=HEALTH_CARE,
        says="An adult who lastingly cannot consent, and the attitude is not clarified",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.subject is Subject.ADULT_INCAPABLE_LASTING
                and facts.emergency is not YES
                and facts.attitude_clarified is not YES
            )
        ),
        verdict=Verdict.DENY,
        obligations=(Obligation.MAY_NAME_OWNERS,),
    ),
    Rule(
        id="VG9",
        basis="2022:913 3:3, read the other way round",
        who=HEALTH_CARE,
        says="An adult who cannot consent for a while: wait, or VG5 in an emergency",
        applies=_unblocked(
            lambda facts, _policy: (
                facts.subject is Subject.ADULT_INCAPABLE_TEMPORARY and facts.emergency is not YES
            )
        ),
        verdict=Verdict.DENY,
    ),
    Rule(
        id="VG10",
        basis="2022:913 3:1",
        who=HEALTH_CARE,
        says="A child who can consent has; all else as VG1",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.CHILD_CAN_CONSENT
                and so.child_consented(facts)
                and so.treats(facts, policy)
            )
        ),
        verdict=Verdict.ALLOW,
        question="U7",
        setting="care_coordination",
    ),
    Rule(
        id="VG11",
        basis="2022:913 3:1 last paragraph",
        who=HEALTH_CARE,
        says="A child who cannot consent: consent is not needed; all else as VG1",
        applies=_unblocked(
            lambda facts, policy: (
                facts.subject is Subject.CHILD_CANNOT_CONSENT and so.treats(facts, policy)
            )
        ),
        verdict=Verdict.ALLOW,
        question="U7",
        setting="care_coordination",
    ),
)
