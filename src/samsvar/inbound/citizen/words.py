"""Codes in plain words: Swedish for the person, English beside it."""

from __future__ import annotations

from collections.abc import Mapping

from samsvar.fhir.encounter import STATUS as CONTACT_WORDS
from samsvar.inbound.citizen.bodies import Coded, Words
from samsvar.model.care import (
    ActivityStatus,
    CareContact,
    ContactStatus,
    GoalKind,
    GoalStatus,
    PlanStatus,
    PlanType,
    Principal,
)
from samsvar.model.plan_text import ACTIVITY_STATUS, GOAL_STATUS, PLAN_STATUS, PLAN_TYPE, PRINCIPAL

_PLAN_STATUS: Mapping[PlanStatus, str] = {
    PlanStatus.INITIATED: "Initiated",
    PlanStatus.ASSESSING: "Needs are being assessed",
    PlanStatus.INVITED: "Invited to a meeting",
    PlanStatus.PLANNING: "Being planned",
    PlanStatus.ESTABLISHED: "Established",
    PlanStatus.FOLLOW_UP: "Being followed up",
    PlanStatus.CLOSED: "Closed",
    PlanStatus.INTERRUPTED: "Interrupted",
    PlanStatus.ENTERED_IN_ERROR: "Entered in error",
    PlanStatus.UNKNOWN: "Unknown",
}
_PLAN_TYPE: Mapping[PlanType, str] = {
    PlanType.SIP: "Coordinated individual plan",
    PlanType.SPLPTLRV: "Coordinated plan under compulsory psychiatric care",
    PlanType.SPU: "Coordinated plan at discharge",
    PlanType.VP: "Care plan",
    PlanType.HP: "Habilitation plan",
    PlanType.RP: "Rehabilitation plan",
    PlanType.GP: "Implementation plan",
    PlanType.SVP: "Standardised care plan",
}
_ACTIVITY_STATUS: Mapping[ActivityStatus, str] = {
    ActivityStatus.PLANNED: "planned",
    ActivityStatus.ONGOING: "ongoing",
    ActivityStatus.COMPLETED: "completed",
    ActivityStatus.CANCELLED: "cancelled",
    ActivityStatus.UNKNOWN: "status unknown",
}
_GOAL_STATUS: Mapping[GoalStatus, str] = {
    GoalStatus.PROPOSED: "proposed",
    GoalStatus.ACTIVE: "ongoing",
    GoalStatus.ACHIEVED: "achieved",
    GoalStatus.PARTLY_ACHIEVED: "partly achieved",
    GoalStatus.NOT_ACHIEVED: "not achieved",
    GoalStatus.CANCELLED: "cancelled",
}
_GOAL_KIND: Mapping[GoalKind, tuple[str, str]] = {
    GoalKind.PATIENT_OWN: ("mitt eget mål", "my own goal"),
    GoalKind.PROFESSIONAL: ("vårdens eller omsorgens mål", "goal of care"),
    GoalKind.SHARED: ("gemensamt mål", "shared goal"),
}
_PRINCIPAL: Mapping[Principal, str] = {
    Principal.REGION: "region",
    Principal.MUNICIPALITY: "municipality",
    Principal.OTHER: "other",
}
_CONTACT_STATUS: Mapping[ContactStatus, str] = {
    ContactStatus.BOOKED: "booked",
    ContactStatus.CANCELLED_BEFORE: "cancelled",
    ContactStatus.ONGOING: "ongoing",
    ContactStatus.INTERRUPTED: "interrupted",
    ContactStatus.FINISHED: "finished",
    ContactStatus.ON_LEAVE: "on leave",
    ContactStatus.ENTERED_IN_ERROR: "entered in error",
    ContactStatus.WAITING_LIST: "waiting list",
}

#: as reports of the access log say it, in Swedish -> in English
READERS: Mapping[str, str] = {
    "personal": "staff",
    "du själv": "you yourself",
    "vårdnadshavare": "a guardian",
    "ombud": "an agent",
    "annat system": "another system",
}
PURPOSES: Mapping[str, str] = {
    "Vård och behandling": "Care and treatment",
    "Annan dokumentation enligt lag": "Other documentation required by law",
    "Statistik": "Statistics",
    "Administration": "Administration",
    "Egen åtkomst": "One's own reading",
    "Inte angivet": "Not stated",
}
RESOURCES: Mapping[str, str] = {
    "Vård- och omsorgsplan SIP": "Plan of care (SIP)",
    "Vårdkontakter": "Care contacts",
}


def reader(told: str) -> Words:
    """In what capacity somebody has read."""
    return Words(sv=told, en=READERS.get(told, told))


def purpose(told: str) -> Words:
    """What somebody has read for."""
    return Words(sv=told, en=PURPOSES.get(told, told))


def resource(told: str) -> Words:
    """What somebody has read; a contract that has no words, by its name."""
    return Words(sv=told, en=RESOURCES.get(told, told))


def plan_status(status: PlanStatus) -> Coded:
    """How a plan stands."""
    return Coded(code=status, sv=PLAN_STATUS[status], en=_PLAN_STATUS[status])


def plan_type(kind: PlanType | None) -> Coded | None:
    """What kind of plan it is."""
    return Coded(code=kind, sv=PLAN_TYPE[kind], en=_PLAN_TYPE[kind]) if kind else None


def activity_status(status: ActivityStatus) -> Coded:
    """How an activity stands."""
    return Coded(code=status, sv=ACTIVITY_STATUS[status], en=_ACTIVITY_STATUS[status])


def goal_status(status: GoalStatus) -> Coded:
    """How a goal stands."""
    return Coded(code=status, sv=GOAL_STATUS[status], en=_GOAL_STATUS[status])


def goal_kind(kind: GoalKind) -> Coded:
    """Whose goal it is."""
    return Coded(code=kind, sv=_GOAL_KIND[kind][0], en=_GOAL_KIND[kind][1])


def principal(kind: Principal | None) -> Coded | None:
    """Who answers for an activity."""
    return Coded(code=kind, sv=PRINCIPAL[kind], en=_PRINCIPAL[kind]) if kind else None


def contact_status(contact: CareContact) -> Words | None:
    """How a contact stands; in the source's own word where it has no code."""
    if contact.status is None:
        told = contact.status_text
        return Words(sv=told, en=told) if told else None
    return Words(sv=CONTACT_WORDS[contact.status][1], en=_CONTACT_STATUS[contact.status])
