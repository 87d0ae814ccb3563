"""Conditions that several rules share, each with a name of its own.

Knows facts and policy. A condition that opens asks for ``is YES``; ``is not YES`` and
``is not NO`` close, and so hold for what is not known.
"""

from __future__ import annotations

from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.words import (
    Action,
    AuthLevel,
    Block,
    Consent,
    DocumentState,
    Giver,
    OwnerKind,
    Purpose,
    Relation,
    Truth,
)
from samsvar.model.care import LegalBasis

YES, NO = Truth.YES, Truth.NO

#: the parts of social services that the law lets share
SHARED_SOCIAL_CARE = frozenset({LegalBasis.SOL_ELDERLY, LegalBasis.SOL_DISABILITY, LegalBasis.LSS})
BLOCKED = frozenset({Block.INNER, Block.OUTER})
#: errands that read no element, so that no element's owner is asked
WITHOUT_ELEMENT = frozenset({Action.ACCESS_REPORT, Action.CONSENT, Action.BLOCK, Action.LIFT_BLOCK})


def authenticated(facts: Facts) -> bool:
    """Strongly, in a valid session over a proven connection."""
    return facts.auth_level is AuthLevel.STRONG and facts.session_valid is YES


def elsewhere(facts: Facts) -> bool:
    """Reads an element that is known to be another provider's."""
    return facts.action is Action.READ and facts.same_provider is NO


def at_home(facts: Facts) -> bool:
    """Reads an element that is known to be the own provider's."""
    return facts.action is Action.READ and facts.same_provider is YES


def unblocked(facts: Facts) -> bool:
    """Known to be without a block."""
    return facts.block is Block.NONE and facts.blocks_answered is YES


def purpose_of_care(facts: Facts, policy: Policy) -> bool:
    """Care, coordination for the sick-listed; coordination of care if that is decided."""
    return facts.purpose in (Purpose.CARE, Purpose.SICK_LEAVE_COORD) or (
        facts.purpose is Purpose.CARE_COORDINATION and policy.care_coordination
    )


def treats(facts: Facts, policy: Policy) -> bool:
    """A current patient, data that matter, and a purpose that counts (3:1)."""
    return (
        facts.relation is Relation.CURRENT_PATIENT
        and facts.relevance is YES
        and purpose_of_care(facts, policy)
    )


def serves(facts: Facts, policy: Policy) -> bool:
    """Gives or investigates services within the law, and the data matter for them (3:2)."""
    return (
        receives_services(facts)
        and facts.relevance is YES
        and (
            facts.purpose is Purpose.CARE
            or (facts.purpose is Purpose.CARE_COORDINATION and policy.care_coordination)
        )
    )


def receives_services(facts: Facts) -> bool:
    """Receives services within the law, or is under investigation for them."""
    return (
        facts.relation in (Relation.CARE_RECEIVER, Relation.UNDER_INVESTIGATION)
        and facts.only_other_services is NO
    )


def consented(facts: Facts) -> bool:
    """A valid consent, whoever gave it."""
    return facts.consent is Consent.VALID


def child_consented(facts: Facts) -> bool:
    """A valid consent from the child, not from somebody for it."""
    return facts.consent is Consent.VALID and facts.consent_given_by is Giver.PERSON


def indispensable_in_emergency(facts: Facts) -> bool:
    """Danger, nobody to ask, a current patient, and data assumed needed for it (3:6)."""
    return (
        facts.emergency is YES
        and facts.consent is Consent.CANNOT_BE_OBTAINED
        and facts.relation is Relation.CURRENT_PATIENT
        and facts.indispensable is YES
    )


# The person's own side


def person_reads(facts: Facts, policy: Policy) -> bool:
    """The person, old enough; or younger, where the unit's head has said so."""
    return (
        reads_own(facts)
        and facts.is_subject is YES
        and facts.age is not None
        and (facts.age >= 16 or young_exception(facts, policy.young_citizens))
    )


def guardian_reads(facts: Facts, policy: Policy) -> bool:
    """A proven guardian of a small child; or of an older one, where the unit's head said so."""
    return (
        reads_own(facts)
        and facts.guardian_verified is YES
        and facts.age is not None
        and (0 <= facts.age < 13 or young_exception(facts, policy.guardians_of_teenagers))
    )


def young_exception(facts: Facts, decided: bool) -> bool:
    """13 to 15 years, an exception by the unit's head, and exceptions count here."""
    return (
        decided and facts.age is not None and 13 <= facts.age <= 15 and facts.unit_exception is YES
    )


def reads_own(facts: Facts) -> bool:
    """Comes to read, on one's own behalf or for the person."""
    return facts.action is Action.READ and facts.purpose is Purpose.OWN_ACCESS


def released(facts: Facts) -> bool:
    """Approved for the person, finished, and available to all who may read."""
    return (
        facts.approved_for_patient is YES
        and facts.document_state is DocumentState.FINAL
        and facts.only_for_incapable is NO
    )


def patient_data(facts: Facts) -> bool:
    """Health care's own."""
    return facts.owner_kind is OwnerKind.VG and facts.legal_basis is LegalBasis.HSL


def shared_social_data(facts: Facts) -> bool:
    """Of an omsorgsgivare, under a law that lets share, and marked."""
    return (
        facts.owner_kind is OwnerKind.OG
        and facts.legal_basis in SHARED_SOCIAL_CARE
        and facts.marked_for_sharing is YES
    )
