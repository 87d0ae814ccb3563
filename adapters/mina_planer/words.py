"""Mina planer's code words, and what the canonical model calls them. Tables only."""

from __future__ import annotations

from samsvar.adapter_api import care

PLAN_TYPES = {
    "svu": care.PlanType.SPU,
    "sip": care.PlanType.SIP,
    "lpt": care.PlanType.SPLPTLRV,
    "lrv": care.PlanType.SPLPTLRV,
    "mvp": care.PlanType.VP,
}

PROCESS_TRIGGERS = {
    "svu": care.Trigger.DISCHARGE,
    "lpt": care.Trigger.COMPULSORY_CARE_TRANSITION,
    "lrv": care.Trigger.COMPULSORY_CARE_TRANSITION,
}

STATED_TRIGGERS = {
    "utskrivning": care.Trigger.DISCHARGE,
    "oppenvard": care.Trigger.OPEN_CARE,
    "tvangsvard": care.Trigger.COMPULSORY_CARE_TRANSITION,
}

# "draft" is not here (the step in the process decides), nor "on-hold" and "unknown": no
# canonical status means "paused", and the nearest one (FOLLOW_UP) would say that work goes on.
PLAN_STATUSES = {
    "active": care.PlanStatus.ESTABLISHED,
    "completed": care.PlanStatus.CLOSED,
    "revoked": care.PlanStatus.INTERRUPTED,
    "entered-in-error": care.PlanStatus.ENTERED_IN_ERROR,
}

DRAFT_STEPS = {
    "inskrivningsmeddelande": care.PlanStatus.INITIATED,
    "initiativ": care.PlanStatus.INITIATED,
    "samtycke": care.PlanStatus.INITIATED,
    "stallningstagande-sip": care.PlanStatus.INITIATED,
    "kartlaggning": care.PlanStatus.ASSESSING,
    "kallelse": care.PlanStatus.INVITED,
    "mote": care.PlanStatus.PLANNING,
    "planering": care.PlanStatus.PLANNING,
    "utskrivningsklar": care.PlanStatus.PLANNING,
    "stallningstagande-utskrivning": care.PlanStatus.PLANNING,
}

FOLLOW_UP_STEP = "uppfoljning"

LEGAL_BASES = {
    "hsl": care.LegalBasis.HSL,
    "lpt": care.LegalBasis.HSL,  # the care under these two acts is health care
    "lrv": care.LegalBasis.HSL,
    "lss": care.LegalBasis.LSS,
    "ifo": care.LegalBasis.SOL_OTHER,
    "lvu": care.LegalBasis.SOL_OTHER,
    "lvm": care.LegalBasis.SOL_OTHER,
}

# "sol" alone says too little: the law on coherent records covers two groups only.
SOCIAL_SERVICE_GROUPS = {
    "aldre": care.LegalBasis.SOL_ELDERLY,
    "äldre": care.LegalBasis.SOL_ELDERLY,
    "funktionsnedsattning": care.LegalBasis.SOL_DISABILITY,
    "funktionsnedsättning": care.LegalBasis.SOL_DISABILITY,
}

SCHOOL = frozenset({"skola", "elevhalsa", "elevhälsa"})
INDIVIDUAL_AND_FAMILY = frozenset({"ifo", "ifo_barn", "ifo_vuxen"})
OTHER_AUTHORITIES = frozenset({"af", "fk", "arbetsformedlingen", "forsakringskassan"})

PRINCIPALS = {
    "region": care.Principal.REGION,
    "kommun": care.Principal.MUNICIPALITY,
    "annan": care.Principal.OTHER,
}

ACTIVITY_STATUSES = {
    "not-started": care.ActivityStatus.PLANNED,
    "scheduled": care.ActivityStatus.PLANNED,
    "in-progress": care.ActivityStatus.ONGOING,
    "completed": care.ActivityStatus.COMPLETED,
    "cancelled": care.ActivityStatus.CANCELLED,
    "stopped": care.ActivityStatus.CANCELLED,
}

GOAL_STATUSES = {
    "proposed": care.GoalStatus.PROPOSED,
    "planned": care.GoalStatus.PROPOSED,
    "accepted": care.GoalStatus.ACTIVE,
    "active": care.GoalStatus.ACTIVE,
    "on-hold": care.GoalStatus.ACTIVE,
    "cancelled": care.GoalStatus.CANCELLED,
    "rejected": care.GoalStatus.CANCELLED,
}

GOAL_RESULTS = {
    "achieved": care.GoalStatus.ACHIEVED,
    "sustaining": care.GoalStatus.ACHIEVED,
    "improving": care.GoalStatus.PARTLY_ACHIEVED,
    "not-achieved": care.GoalStatus.NOT_ACHIEVED,
    "not-attainable": care.GoalStatus.NOT_ACHIEVED,
}

GOAL_KINDS = {
    "patient": care.GoalKind.PATIENT_OWN,
    "careteam": care.GoalKind.SHARED,
}

CONTACT_STATUSES = {
    "planerad": care.ContactStatus.BOOKED,
    "vantelista": care.ContactStatus.WAITING_LIST,
    "installd": care.ContactStatus.CANCELLED_BEFORE,
    "pagaende": care.ContactStatus.ONGOING,
    "permission": care.ContactStatus.ON_LEAVE,
    "avbruten": care.ContactStatus.INTERRUPTED,
    "avslutad": care.ContactStatus.FINISHED,
    "makulerad": care.ContactStatus.ENTERED_IN_ERROR,
}

STAFF_KINDS = frozenset({"practitioner", "practitionerrole", "organization"})
"""Kinds of parties whose names may be handed on; relatives, guardians and proxies are not."""

THIRD_PARTY_ROLES = frozenset(
    {"vardnadshavare", "vårdnadshavare", "ombud", "god man", "godman", "förvaltare", "forvaltare"}
    | {"anhörig", "anhorig", "närstående", "narstaende", "förälder", "foralder"}
)
"""Roles whose holders are left out even where the system says that they are staff."""

FILE_BEGINNINGS = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
"""How the bytes of each allowed kind of attachment begin."""
