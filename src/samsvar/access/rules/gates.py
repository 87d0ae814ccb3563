"""GT: the gates that every question passes, before anything else is asked; and what is added last.

Knows who may come in at all. Knows no block, consent or relation but whether they are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from samsvar.access import conditions as so
from samsvar.access.facts import Facts
from samsvar.access.policy import Policy
from samsvar.access.rule import EVERYBODY, OWN_SIDE, STAFF, Rule, Status
from samsvar.access.words import ActorKind, Block, Obligation, OwnerKind, Purpose, Truth, Verdict
from samsvar.model.care import LegalBasis

YES, NO = Truth.YES, Truth.NO

_OF_OWN_SIDE = frozenset({Purpose.OWN_ACCESS, Purpose.LOG_CONTROL})
#: what each may come for; a purpose that is not in its actor's list is no purpose. A system that
#: asks for its users states none: its own rules, by agreement, hold it to theirs.
PURPOSES: Mapping[ActorKind, frozenset[Purpose]] = MappingProxyType(
    {
        ActorKind.VG_STAFF: frozenset(
            {
                Purpose.CARE,
                Purpose.CARE_COORDINATION,
                Purpose.SICK_LEAVE_COORD,
                Purpose.CERTIFICATE,
            }
        ),
        ActorKind.OG_STAFF: frozenset({Purpose.CARE, Purpose.CARE_COORDINATION}),
        ActorKind.CITIZEN: _OF_OWN_SIDE,
        ActorKind.GUARDIAN: _OF_OWN_SIDE,
        ActorKind.AGENT: _OF_OWN_SIDE,
        ActorKind.SYSTEM: frozenset(Purpose) - {Purpose.STATISTICS, Purpose.LOG_CONTROL},
        ActorKind.UNKNOWN: frozenset(),
    }
)

_NEVER_SHARED = frozenset({LegalBasis.UNKNOWN, LegalBasis.OTHER_AUTHORITY})
_SHARED_IF_MARKED = so.SHARED_SOCIAL_CARE | {LegalBasis.SCHOOL_HEALTH, LegalBasis.SOL_OTHER}


def _disconnected(facts: Facts, _policy: Policy) -> bool:
    own_side = facts.actor_kind in OWN_SIDE  # they come from no provider
    reads_no_element = facts.action in so.WITHOUT_ELEMENT
    return (not own_side and facts.actor_connected is not YES) or (
        not reads_no_element and facts.owner_connected is not YES
    )


def _outside_the_law(facts: Facts, policy: Policy) -> bool:
    if facts.same_provider is YES:
        return False
    if facts.legal_basis is LegalBasis.SOL_OTHER:
        return not (policy.sol_other_exception and facts.exception_mark is YES)
    return facts.legal_basis in _NEVER_SHARED


def _not_marked(facts: Facts, _policy: Policy) -> bool:
    return (
        facts.same_provider is not YES
        and facts.legal_basis in _SHARED_IF_MARKED
        and facts.marked_for_sharing is not YES
    )


def _not_told(facts: Facts, _policy: Policy) -> bool:
    return facts.same_provider is not YES and (
        facts.blocks_answered is not YES
        or facts.consents_answered is not YES
        or facts.block is Block.UNKNOWN
        or facts.owner_kind is OwnerKind.UNKNOWN
        or not facts.owner_provider
    )


GATES: tuple[Rule, ...] = (
    Rule(
        id="GT1",
        basis="The hub's requirements on all who ask",
        status=Status.PRACTICE,
        who=EVERYBODY,
        says="No strong authentication, no valid session or a wrong certificate",
        applies=lambda facts, _policy: not so.authenticated(facts),
        verdict=Verdict.DENY,
    ),
    Rule(
        id="GT2",
        basis="2022:913 4:3; PDL 4:2",
        who=STAFF,
        says="Staff without an assignment (medarbetaruppdrag) or authority for the need",
        applies=lambda facts, _policy: facts.assignment is not YES,
        verdict=Verdict.DENY,
    ),
    Rule(
        id="GT3",
        basis="2022:913 3:7",
        who=EVERYBODY,
        says="A purpose that is not in the list for the actor; consent does not help",
        applies=lambda facts, _policy: facts.purpose not in PURPOSES[facts.actor_kind],
        verdict=Verdict.DENY,
    ),
    Rule(
        id="GT4",
        basis="2022:913 2:4 (taking part is voluntary)",
        who=EVERYBODY,
        says="The actor's or the data's provider is not connected, or has opted out",
        applies=_disconnected,
        verdict=Verdict.DENY,
    ),
    Rule(
        id="GT5",
        basis="Contract description: reserve numbers are not aggregated",
        status=Status.PRACTICE,
        who=EVERYBODY,
        says="A reserve number (reservnummer), and no single source addressed",
        applies=lambda facts, _policy: (
            facts.reserve_number is not NO and facts.single_source is not YES
        ),
        verdict=Verdict.DENY,
        obligations=(Obligation.ANSWER_INVALID_REQUEST,),
    ),
    Rule(
        id="GT6",
        basis="2022:913 1:3",
        who=EVERYBODY - OWN_SIDE,
        says="Another provider's element under a law that lets nothing be shared",
        applies=_outside_the_law,
        verdict=Verdict.MASK,
        question="U4",
        setting="sol_other_exception",
    ),
    Rule(
        id="GT7",
        basis="Recommended marking of shared documentation, read as a must",
        status=Status.PRACTICE,
        who=EVERYBODY - OWN_SIDE,
        says="Another provider's element of social services or school, not marked for sharing",
        applies=_not_marked,
        verdict=Verdict.MASK,
    ),
    Rule(
        id="GT8",
        basis="Fail closed: what 2:5 and 3:1 ask for cannot be checked",
        status=Status.PRACTICE,
        who=STAFF,
        says="Another provider's element, and blocks, consents or its owner are not known",
        applies=_not_told,
        verdict=Verdict.DENY,
    ),
)

#: what is done to what is shown; they decide nothing
TRANSFORMATIONS: tuple[Rule, ...] = (
    Rule(
        id="GT9",
        basis="Protected identity (skyddade personuppgifter)",
        status=Status.PRACTICE,
        who=EVERYBODY,
        says="Protected identity: address, contact and location are taken away",
        applies=lambda facts, _policy: facts.protected_identity is not NO,
        verdict=None,
        obligations=(Obligation.STRIP_ADDRESS,),
    ),
)
