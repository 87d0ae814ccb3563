"""Which canonical status a plan and an admission have, from all that the source says of them."""

from __future__ import annotations

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer.reading import Extensions, JsonObject, Remarks, word
from samsvar_adapters.mina_planer.words import (
    CONTACT_STATUSES,
    DRAFT_STEPS,
    FOLLOW_UP_STEP,
    PLAN_STATUSES,
)


def plan_status_in(
    resource: JsonObject, plan_type: care.PlanType | None, *, all_signed: bool, remarks: Remarks
) -> care.PlanStatus:
    """The plan's status.

    A draft is working material whatever its step, so an unknown step is the first one and
    never UNKNOWN (which is shown). A plan for compulsory care is valid only when all have
    signed (LPT 7 a §, LRV 12 a §), whatever its status says.
    """
    native = word(resource.get("status"))
    step = Extensions.of(resource).word("processteg")
    if native == "draft":
        if step not in DRAFT_STEPS:
            remarks.add(care.QualityCode.STATUS_UNMAPPED, "processteg", "a step that is not known")
        return DRAFT_STEPS.get(step, care.PlanStatus.INITIATED)
    status = PLAN_STATUSES.get(native, care.PlanStatus.UNKNOWN)
    if status is care.PlanStatus.UNKNOWN:
        remarks.add(care.QualityCode.STATUS_UNMAPPED, "status", "no canonical status means this")
    if plan_type is care.PlanType.SPLPTLRV and not all_signed:
        if status is care.PlanStatus.CLOSED:
            remarks.add(care.QualityCode.STATUS_UNMAPPED, "status", "ended without all signatures")
            return care.PlanStatus.INTERRUPTED
        if status in (care.PlanStatus.ESTABLISHED, care.PlanStatus.UNKNOWN):
            return care.PlanStatus.PLANNING
    if status is care.PlanStatus.ESTABLISHED and step == FOLLOW_UP_STEP:
        return care.PlanStatus.FOLLOW_UP
    return status


def contact_status_in(
    resource: JsonObject, admission: Extensions, *, begun: bool, ended: bool, remarks: Remarks
) -> care.ContactStatus | None:
    """The admission's status: its own word, else what its times tell, else None.

    An admission in a nullified discharge case was never one.
    """
    if word(resource.get("status")) == "entered-in-error":
        return care.ContactStatus.ENTERED_IN_ERROR
    native = admission.word("status")
    if native in CONTACT_STATUSES:
        return CONTACT_STATUSES[native]
    if native:
        remarks.add(care.QualityCode.STATUS_UNMAPPED, "inskrivning.status", "a word not known")
        return None
    if ended:
        return care.ContactStatus.FINISHED
    return care.ContactStatus.ONGOING if begun else None
