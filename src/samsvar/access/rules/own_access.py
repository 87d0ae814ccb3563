"""CZ: the person, a guardian, or an adult agent (ombud).

Knows what a person may see and do in matters of their own. What is refused first stands first:
errands, then who may not read, then what is not shown, then what is.
"""

from __future__ import annotations

from samsvar.access import conditions as so
from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.rule import AGENT, CITIZEN, GUARDIAN, Rule, Status, Switch
from samsvar.access.words import (
    Action,
    DocumentState,
    OwnerKind,
    Subject,
    Truth,
    Verdict,
)
from samsvar.model.care import LegalBasis

YES, NO = Truth.YES, Truth.NO

_FOR_ONESELF = frozenset({Action.CONSENT, Action.BLOCK, Action.LIFT_BLOCK})
_MAY_CONSENT = frozenset({Subject.ADULT, Subject.CHILD_CAN_CONSENT})
_NOT_THE_PERSONS = frozenset(
    {
        LegalBasis.SOL_OTHER,
        LegalBasis.SCHOOL_HEALTH,
        LegalBasis.OTHER_AUTHORITY,
        LegalBasis.UNKNOWN,
    }
)


def _reads(facts: Facts, policy: Policy) -> bool:
    if facts.actor_kind in CITIZEN:
        return so.person_reads(facts, policy)
    return facts.actor_kind in GUARDIAN and so.guardian_reads(facts, policy)


def _agent_may(facts: Facts, _policy: Policy) -> bool:
    """What the person would see without any exception, and only by a mandate from an adult."""
    return (
        so.reads_own(facts)
        and facts.mandate is YES
        and facts.age is not None
        and facts.age >= 18
        and so.released(facts)
        and so.unblocked(facts)
        and (so.patient_data(facts) or so.shared_social_data(facts))
    )


def _may_be_released(facts: Facts, _policy: Policy) -> bool:
    return (
        facts.actor_kind in CITIZEN
        and facts.releasable_to_person is YES
        and facts.legal_basis is not LegalBasis.UNKNOWN
        and so.unblocked(facts)
    )


def _as_the_childs(facts: Facts, policy: Policy) -> bool:
    patient_data = so.patient_data(facts) and (
        so.unblocked(facts) or not policy.hide_blocked_from_citizen
    )
    return (
        so.released(facts)
        and facts.third_party_sensitive is NO
        and (patient_data or (so.shared_social_data(facts) and so.unblocked(facts)))
    )


ERRANDS: tuple[Rule, ...] = (
    Rule(
        id="CZ11",
        basis="2022:913 2:3; PDL 4:4",
        who=GUARDIAN,
        says="A guardian cannot block a child's data",
        applies=lambda facts, _policy: facts.action is Action.BLOCK,
        verdict=Verdict.REJECT,
    ),
    Rule(
        id="CZ13",
        basis="2022:913 4:2, 4:5; PDL 8:5",
        who=CITIZEN,
        says="Asks who has had access to own data",
        applies=lambda facts, _policy: (
            facts.action is Action.ACCESS_REPORT and facts.is_subject is YES
        ),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="CZ14",
        basis="2022:913 2:3 third paragraph",
        who=CITIZEN,
        says="Gives or withdraws own consent, asks for a block or lifts it",
        applies=lambda facts, _policy: (
            facts.action in _FOR_ONESELF
            and facts.is_subject is YES
            and facts.subject in _MAY_CONSENT
        ),
        verdict=Verdict.ALLOW,
    ),
)

READERS: tuple[Rule, ...] = (
    Rule(
        id="CZ12",
        basis="HFD 2017 ref. 67",
        status=Status.OPEN,
        who=AGENT,
        says="An adult agent (ombud), whatever is asked for",
        applies=lambda _facts, _policy: True,
        verdict=Verdict.DENY,
        question="U10",
        setting="adult_agents",
        switch=Switch(Verdict.ALLOW, _agent_may),
    ),
    Rule(
        id="CZ10",
        basis="National practice for guardians",
        status=Status.PRACTICE,
        who=GUARDIAN,
        says="A guardian of a child of 13 to 17 years",
        applies=lambda facts, policy: (
            facts.action is Action.READ
            and facts.age is not None
            and 13 <= facts.age <= 17
            and not so.young_exception(facts, policy.guardians_of_teenagers)
        ),
        verdict=Verdict.DENY,
        question="U11",
        setting="guardians_of_teenagers",
    ),
    Rule(
        id="CZ8",
        basis="National practice for young people",
        status=Status.PRACTICE,
        who=CITIZEN,
        says="A citizen of 13 to 15 years",
        applies=lambda facts, policy: (
            facts.action is Action.READ
            and facts.age is not None
            and 13 <= facts.age <= 15
            and not so.young_exception(facts, policy.young_citizens)
        ),
        verdict=Verdict.DENY,
        question="U11",
        setting="young_citizens",
    ),
)

NOT_SHOWN: tuple[Rule, ...] = (
    Rule(
        id="CZ3",
        basis="2022:913 4:2 second paragraph",
        who=CITIZEN | GUARDIAN,
        says="Made available only since the person could not take a stand (2:6)",
        applies=lambda facts, policy: _reads(facts, policy) and facts.only_for_incapable is not NO,
        verdict=Verdict.DENY,
    ),
    Rule(
        id="CZ4",
        basis="Contract description (approvedForPatient)",
        status=Status.PRACTICE,
        who=CITIZEN | GUARDIAN,
        says="Not approved for the patient, a draft, or entered in error: shown as nothing",
        applies=lambda facts, policy: (
            _reads(facts, policy)
            and (
                facts.approved_for_patient is not YES
                or facts.document_state is not DocumentState.FINAL
            )
        ),
        verdict=Verdict.MASK,
    ),
    Rule(
        id="CZ7",
        basis="2022:913 4:2",
        status=Status.OPEN,
        who=CITIZEN | GUARDIAN,
        says="Another part of social services, school or another authority, in the own plan",
        applies=lambda facts, policy: (
            _reads(facts, policy) and facts.legal_basis in _NOT_THE_PERSONS
        ),
        verdict=Verdict.MASK,
        question="U4",
        setting="citizen_released_parts",
        switch=Switch(Verdict.ALLOW, _may_be_released),
    ),
    Rule(
        id="CZ6",
        basis="2022:913 4:2",
        status=Status.OPEN,
        who=CITIZEN | GUARDIAN,
        says="Own data of an omsorgsgivare, blocked",
        applies=lambda facts, policy: (
            _reads(facts, policy) and facts.owner_kind is OwnerKind.OG and not so.unblocked(facts)
        ),
        verdict=Verdict.MASK,
        question="U3",
        setting="citizen_blocked_social_care",
        switch=Switch(
            Verdict.ALLOW,
            lambda facts, _policy: facts.actor_kind in CITIZEN and so.shared_social_data(facts),
        ),
    ),
    Rule(
        id="CZ5",
        basis="PDL 4:4, 5:5",
        status=Status.OPEN,
        who=CITIZEN,
        says="Own health care data, blocked: the block is against staff",
        applies=lambda facts, policy: (
            _reads(facts, policy) and so.patient_data(facts) and not so.unblocked(facts)
        ),
        verdict=Verdict.ALLOW,
        question="U3",
        setting="hide_blocked_from_citizen",
        switch=Switch(Verdict.MASK),
    ),
)

SHOWN: tuple[Rule, ...] = (
    Rule(
        id="CZ1",
        basis="PDL 5:5",
        who=CITIZEN,
        says="Own health care data, approved for the patient",
        applies=lambda facts, policy: (
            _reads(facts, policy)
            and so.patient_data(facts)
            and so.released(facts)
            and so.unblocked(facts)
        ),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="CZ2",
        basis="2022:913 4:2",
        who=CITIZEN,
        says="Own data of an omsorgsgivare that others may reach, approved for the patient",
        applies=lambda facts, policy: (
            _reads(facts, policy)
            and so.shared_social_data(facts)
            and so.released(facts)
            and so.unblocked(facts)
        ),
        verdict=Verdict.ALLOW,
    ),
    Rule(
        id="CZ9",
        basis="National practice for guardians",
        status=Status.PRACTICE,
        who=GUARDIAN,
        says="A guardian of a child under 13 sees what the child would, without third parties'",
        applies=lambda facts, policy: _reads(facts, policy) and _as_the_childs(facts, policy),
        verdict=Verdict.ALLOW,
    ),
)
