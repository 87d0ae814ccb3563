"""One case for each access rule, and beside each a near miss: the same with one fact changed.

Nobody here is a person: rules look at roles and states, never at a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samsvar.access import Truth
from samsvar.access.words import (
    Action,
    ActorKind,
    AuthLevel,
    Block,
    Consent,
    DocumentState,
    Giver,
    Obligation,
    OwnerKind,
    Purpose,
    Relation,
    Subject,
    Verdict,
)
from samsvar.model.care import LegalBasis

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
OURS, THEIRS = "SE2129999997-A", "SE2129999955-B"

Told = Mapping[str, Any]

ANYBODY: Told = {
    "auth_level": AuthLevel.STRONG,
    "session_valid": YES,
    "actor_connected": YES,
    "owner_connected": YES,
    "reserve_number": NO,
    "action": Action.READ,
    "protected_identity": NO,
    "block": Block.NONE,
    "blocks_answered": YES,
    "consents_answered": YES,
    "owner_kind": OwnerKind.VG,
    "owner_provider": THEIRS,
    "owner_unit": "SE2129999955-B1",
    "legal_basis": LegalBasis.HSL,
    "marked_for_sharing": YES,
}
STAFF: Told = {
    **ANYBODY,
    "assignment": YES,
    "actor_provider": OURS,
    "actor_unit": "SE2129999997-A1",
    "purpose": Purpose.CARE,
    "relevance": YES,
    "emergency": NO,
    "subject": Subject.ADULT,
    "consent": Consent.VALID,
    "consent_given_by": Giver.PERSON,
}
#: staff of a vårdgivare, and another's element
VG: Told = {**STAFF, "actor_kind": ActorKind.VG_STAFF, "relation": Relation.CURRENT_PATIENT}
#: staff of an omsorgsgivare, and another's element
OG: Told = {
    **STAFF,
    "actor_kind": ActorKind.OG_STAFF,
    "relation": Relation.CARE_RECEIVER,
    "only_other_services": NO,
}
SOCIAL: Told = {"owner_kind": OwnerKind.OG, "legal_basis": LegalBasis.SOL_ELDERLY}
#: the own provider's, another unit's
HOME: Told = {**VG, "owner_provider": OURS, "owner_unit": "SE2129999997-A2", "need": YES}
SOCIAL_HOME: Told = {**OG, **SOCIAL, "owner_provider": OURS, "need": YES}
DANGER: Told = {
    "emergency": YES,
    "consent": Consent.CANNOT_BE_OBTAINED,
    "indispensable": YES,
}
LASTING: Told = {
    "subject": Subject.ADULT_INCAPABLE_LASTING,
    "consent": Consent.NONE,
    "necessary": YES,
    "attitude_clarified": YES,
}
OWN: Told = {
    **ANYBODY,
    "purpose": Purpose.OWN_ACCESS,
    "approved_for_patient": YES,
    "document_state": DocumentState.FINAL,
    "only_for_incapable": NO,
    "third_party_sensitive": NO,
}
CITIZEN: Told = {
    **OWN,
    "actor_kind": ActorKind.CITIZEN,
    "is_subject": YES,
    "age": 40,
    "subject": Subject.ADULT,
}
GUARDIAN: Told = {
    **OWN,
    "actor_kind": ActorKind.GUARDIAN,
    "guardian_verified": YES,
    "age": 5,
    "subject": Subject.CHILD_CANNOT_CONSENT,
}
AGENT: Told = {**OWN, "actor_kind": ActorKind.AGENT, "mandate": YES, "age": 40}

ALLOW, MASK, DENY = Verdict.ALLOW, Verdict.MASK, Verdict.DENY
EXISTENCE, REJECT = Verdict.EXISTENCE, Verdict.REJECT


@dataclass(frozen=True, slots=True)
class Near:
    """One fact told otherwise, and what is decided then."""

    fact: str
    value: object
    verdict: Verdict
    rule: str


@dataclass(frozen=True, slots=True)
class Case:
    """Facts that a rule decides, how, and a near miss."""

    rule: str
    told: Told
    verdict: Verdict
    near: Near
    obligations: tuple[Obligation, ...] = ()


CHILD: Told = {"subject": Subject.CHILD_CAN_CONSENT}
SMALL: Told = {"subject": Subject.CHILD_CANNOT_CONSENT, "consent": Consent.NONE}
INNER, OUTER = {"block": Block.INNER}, {"block": Block.OUTER}
LIFTED = {"block": Block.REVOKED_TEMPORARILY}
EMERGENCY, NAMES = Obligation.LOG_EMERGENCY, Obligation.MAY_NAME_OWNERS
TELL, SEEN = Obligation.MAY_TELL_BLOCKED_EXISTS, Obligation.LOG_EXISTENCE

CASES: tuple[Case, ...] = (
    Case("GT1", {**VG, "session_valid": NO}, DENY, Near("session_valid", YES, ALLOW, "VG1")),
    Case("GT2", {**VG, "assignment": NO}, DENY, Near("assignment", YES, ALLOW, "VG1")),
    Case(
        "GT3",
        {**VG, "purpose": Purpose.STATISTICS},
        DENY,
        Near("purpose", Purpose.SICK_LEAVE_COORD, ALLOW, "VG1"),
    ),
    Case("GT4", {**VG, "owner_connected": NO}, DENY, Near("owner_connected", YES, ALLOW, "VG1")),
    Case(
        "GT5",
        {**VG, "reserve_number": YES},
        DENY,
        Near("single_source", YES, ALLOW, "VG1"),
        (Obligation.ANSWER_INVALID_REQUEST,),
    ),
    Case(
        "GT6",
        {**VG, **SOCIAL, "legal_basis": LegalBasis.SOL_OTHER},
        MASK,
        Near("legal_basis", LegalBasis.SOL_DISABILITY, ALLOW, "VG1"),
    ),
    Case(
        "GT7",
        {**VG, **SOCIAL, "marked_for_sharing": NO},
        MASK,
        Near("marked_for_sharing", YES, ALLOW, "VG1"),
    ),
    Case("GT8", {**VG, "blocks_answered": NO}, DENY, Near("blocks_answered", YES, ALLOW, "VG1")),
    Case("SP1", HOME, ALLOW, Near("block", Block.INNER, MASK, "SP2")),
    Case(
        "SP2",
        {**HOME, **INNER},
        MASK,
        Near("owner_unit", "se2129999997-a1", ALLOW, "SP1"),
        (TELL,),
    ),
    Case("SP3", {**HOME, **LIFTED}, ALLOW, Near("consent", Consent.NONE, DENY, "DEFAULT")),
    Case(
        "SP4",
        {**HOME, **LIFTED, **DANGER},
        ALLOW,
        Near("indispensable", UNKNOWN, DENY, "DEFAULT"),
        (EMERGENCY, Obligation.ONLY_WHAT_MATTERS),
    ),
    Case("SP5", SOCIAL_HOME, ALLOW, Near("need", UNKNOWN, DENY, "DEFAULT")),
    Case("VG1", VG, ALLOW, Near("relation", Relation.FORMER_PATIENT, DENY, "DEFAULT")),
    Case(
        "VG2",
        {**VG, "relation": Relation.FORMER_PATIENT, "purpose": Purpose.CERTIFICATE},
        ALLOW,
        Near("purpose", Purpose.CARE, DENY, "DEFAULT"),
    ),
    Case("VG3", {**VG, "relation": Relation.NONE}, DENY, Near("emergency", YES, DENY, "DEFAULT")),
    Case(
        "VG4",
        {**VG, "consent": Consent.REVOKED},
        EXISTENCE,
        Near("consent", Consent.VALID, ALLOW, "VG1"),
        (SEEN,),
    ),
    Case(
        "VG5",
        {**VG, **DANGER},
        ALLOW,
        Near("emergency", NO, DENY, "DEFAULT"),
        (EMERGENCY, NAMES),
    ),
    Case("VG6", {**VG, **SOCIAL, **DANGER}, DENY, Near("owner_kind", OwnerKind.VG, ALLOW, "VG5")),
    Case("VG7", {**VG, **LASTING}, ALLOW, Near("necessary", UNKNOWN, DENY, "DEFAULT")),
    Case(
        "VG8",
        {**VG, **LASTING, "attitude_clarified": NO},
        DENY,
        Near("attitude_clarified", YES, ALLOW, "VG7"),
        (NAMES,),
    ),
    Case(
        "VG9",
        {**VG, **LASTING, "subject": Subject.ADULT_INCAPABLE_TEMPORARY},
        DENY,
        Near("subject", Subject.ADULT_INCAPABLE_LASTING, ALLOW, "VG7"),
    ),
    Case(
        "VG10",
        {**VG, **CHILD},
        ALLOW,
        Near("consent_given_by", Giver.GUARDIAN, DENY, "DEFAULT"),
    ),
    Case(
        "VG11",
        {**VG, **SMALL},
        ALLOW,
        Near("subject", Subject.CHILD_CAN_CONSENT, EXISTENCE, "VG4"),
    ),
    Case("VG12", {**VG, **OUTER}, MASK, Near("block", Block.NONE, ALLOW, "VG1"), (TELL,)),
    Case(
        "VG13",
        {**VG, **OUTER, **DANGER},
        MASK,
        Near("emergency", NO, MASK, "VG12"),
        (Obligation.MAY_NAME_BLOCKER, Obligation.MAY_REQUEST_LIFT, EMERGENCY),
    ),
    Case(
        "VG14",
        {**VG, **SOCIAL, **OUTER, **DANGER},
        MASK,
        Near("owner_kind", OwnerKind.VG, MASK, "VG13"),
    ),
    Case("VG15", {**VG, **LIFTED}, ALLOW, Near("consent", Consent.REVOKED, DENY, "DEFAULT")),
    Case("OG1", OG, ALLOW, Near("relevance", NO, DENY, "OG3")),
    Case(
        "OG2",
        {**OG, "consent": Consent.EXPIRED},
        EXISTENCE,
        Near("subject", Subject.ADULT_INCAPABLE_TEMPORARY, DENY, "OG9"),
        (SEEN,),
    ),
    Case(
        "OG3",
        {**OG, "only_other_services": YES},
        DENY,
        Near("only_other_services", NO, ALLOW, "OG1"),
    ),
    Case("OG4", {**OG, **SOCIAL, **SMALL}, ALLOW, Near("owner_kind", OwnerKind.VG, DENY, "OG5")),
    Case("OG5", {**OG, **SMALL}, DENY, Near("subject", Subject.ADULT, EXISTENCE, "OG2")),
    Case("OG6", {**OG, **CHILD}, ALLOW, Near("consent", Consent.UNKNOWN, EXISTENCE, "OG2")),
    Case(
        "OG7",
        {**OG, **SOCIAL, **LASTING},
        ALLOW,
        Near("attitude_clarified", UNKNOWN, DENY, "DEFAULT"),
        (NAMES,),
    ),
    Case("OG8", {**OG, **LASTING}, DENY, Near("owner_kind", OwnerKind.OG, ALLOW, "OG7")),
    Case(
        "OG9",
        {**OG, **LASTING, "subject": Subject.ADULT_INCAPABLE_TEMPORARY},
        DENY,
        Near("subject", Subject.ADULT_INCAPABLE_LASTING, DENY, "OG8"),
    ),
    Case("OG10", {**OG, **LIFTED}, MASK, Near("block", Block.NONE, ALLOW, "OG1")),
    Case(
        "OG11",
        {**OG, "emergency": YES},
        DENY,
        Near("emergency", NO, ALLOW, "OG1"),
        (Obligation.LOG_EMERGENCY_REFUSED,),
    ),
    Case("CZ1", {**CITIZEN, "age": 16}, ALLOW, Near("age", 15, DENY, "CZ8")),
    Case("CZ2", {**CITIZEN, **SOCIAL}, ALLOW, Near("marked_for_sharing", NO, DENY, "DEFAULT")),
    Case(
        "CZ3",
        {**CITIZEN, **SOCIAL, "only_for_incapable": YES},
        DENY,
        Near("only_for_incapable", NO, ALLOW, "CZ2"),
    ),
    Case(
        "CZ4",
        {**CITIZEN, "document_state": DocumentState.DRAFT},
        MASK,
        Near("document_state", DocumentState.FINAL, ALLOW, "CZ1"),
    ),
    Case("CZ5", {**CITIZEN, **OUTER}, ALLOW, Near("owner_kind", OwnerKind.OG, MASK, "CZ6")),
    Case("CZ6", {**CITIZEN, **SOCIAL, **OUTER}, MASK, Near("block", Block.NONE, ALLOW, "CZ2")),
    Case(
        "CZ7",
        {**CITIZEN, **SOCIAL, "legal_basis": LegalBasis.SOL_OTHER},
        MASK,
        Near("legal_basis", LegalBasis.LSS, ALLOW, "CZ2"),
    ),
    Case("CZ8", {**CITIZEN, "age": 13}, DENY, Near("age", 17, ALLOW, "CZ1")),
    Case("CZ9", {**GUARDIAN, "age": 12}, ALLOW, Near("guardian_verified", NO, DENY, "DEFAULT")),
    Case("CZ10", {**GUARDIAN, "age": 13}, DENY, Near("age", 12, ALLOW, "CZ9")),
    Case(
        "CZ11",
        {**GUARDIAN, "action": Action.BLOCK},
        REJECT,
        Near("action", Action.READ, ALLOW, "CZ9"),
    ),
    Case("CZ12", AGENT, DENY, Near("actor_kind", ActorKind.CITIZEN, DENY, "DEFAULT")),
    Case(
        "CZ13",
        {**CITIZEN, "action": Action.ACCESS_REPORT, "owner_connected": UNKNOWN},
        ALLOW,
        Near("is_subject", UNKNOWN, DENY, "DEFAULT"),
    ),
    Case(
        "CZ14",
        {**CITIZEN, "action": Action.LIFT_BLOCK},
        ALLOW,
        Near("subject", Subject.CHILD_CANNOT_CONSENT, DENY, "DEFAULT"),
    ),
)

#: another board of the same municipality: SP6 decides nothing, unless it is configured to
BOARDS: Told = {**OG, **SOCIAL, "same_municipality": YES, "need": YES, "consent": Consent.NONE}

#: at the edge of a rule: an age that just counts, an emergency in which something else decides
EDGES: Mapping[str, Told] = {
    "in danger, with consent": {**VG, "emergency": YES},
    "in danger, a certificate": {
        **VG,
        "emergency": YES,
        "relation": Relation.FORMER_PATIENT,
        "purpose": Purpose.CERTIFICATE,
    },
    "lifted": {**VG, **LIFTED, **DANGER},
    "citizen of 15": {**CITIZEN, "age": 15, "unit_exception": YES},
    "guardian of one of 15": {**GUARDIAN, "age": 15, "unit_exception": YES},
    "agent for one of 18": {**AGENT, "age": 18},
}

BASES: Mapping[str, Told] = {
    **{case.rule: case.told for case in CASES},
    **{f"near {case.rule}": {**case.told, case.near.fact: case.near.value} for case in CASES},
    "SP6": BOARDS,
    **EDGES,
}
