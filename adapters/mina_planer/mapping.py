"""Mina planer's CarePlan resources to canonical plans. Pure.

A plan whose id, subject or time cannot be told is left out; if all are so, the answer is
refused. Records out are never more than resources in. Care contacts are in ``admissions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer import parts
from samsvar_adapters.mina_planer.activities import activities_in, attachments_in
from samsvar_adapters.mina_planer.contact_persons import contacts_in
from samsvar_adapters.mina_planer.identity import (
    approved_in,
    each_once,
    established_in,
    identified_in,
    plans_among,
)
from samsvar_adapters.mina_planer.parties import (
    accountable_in,
    signatures_in,
    units_taking_part,
)
from samsvar_adapters.mina_planer.provenance import of_plan
from samsvar_adapters.mina_planer.reading import (
    Extensions,
    JsonObject,
    Remarks,
    as_object,
    day,
    moment,
    objects,
    text,
    word,
)
from samsvar_adapters.mina_planer.statuses import plan_status_in
from samsvar_adapters.mina_planer.words import (
    PLAN_TYPES,
    PRINCIPALS,
    PROCESS_TRIGGERS,
    STATED_TRIGGERS,
)

_NEVER_VALID = frozenset(
    {
        care.PlanStatus.INITIATED,
        care.PlanStatus.ASSESSING,
        care.PlanStatus.INVITED,
        care.PlanStatus.PLANNING,
    }
)
_ONCE_VALID = frozenset(
    {care.PlanStatus.ESTABLISHED, care.PlanStatus.FOLLOW_UP, care.PlanStatus.CLOSED}
)


def care_plans(resources: Sequence[JsonObject], query: care.CareQuery) -> tuple[care.CarePlan, ...]:
    """The plans, each once, in the source's order.

    Raises:
        ProducerAnswerInvalid: there are plans, and not one can be read.
    """
    mapped = [_plan(resource, query) for resource in plans_among(resources)]
    return each_once(mapped, lambda plan: plan.plan_id)


def _process(resource: JsonObject) -> str:
    for category in objects(resource.get("category")):
        for coding in objects(category.get("coding")):
            if word(coding.get("system")) == "urn:skane:minaplaner:process":
                return word(coding.get("code"))
    return ""


def _plan(resource: JsonObject, query: care.CareQuery) -> care.CarePlan | None:
    remarks = Remarks()
    identified = identified_in(resource, query, remarks)
    if identified is None:
        return None
    plan_id, subject, changed = identified
    extensions = Extensions.of(resource)
    contained = objects(resource.get("contained"))
    period = as_object(resource.get("period"))
    process = _process(resource)
    plan_type = PLAN_TYPES.get(process)

    units = units_taking_part(resource, remarks)
    signatures, all_signed = signatures_in(resource, units, remarks)
    status = plan_status_in(resource, plan_type, all_signed=all_signed, remarks=remarks)
    accountable = accountable_in(resource, remarks)
    provenance = of_plan(extensions, accountable, remarks)

    closing = None
    if status in (care.PlanStatus.CLOSED, care.PlanStatus.INTERRUPTED):
        discharge = plan_type is care.PlanType.SPU and status is care.PlanStatus.CLOSED
        closing = parts.closing_in(resource, discharge=discharge, plan=provenance, remarks=remarks)
    return care.CarePlan(
        plan_id=plan_id,
        source_system=query.source_system,
        subject=subject,
        status=status,
        last_changed=changed,
        type=plan_type,
        title=text(resource.get("title")),
        trigger=PROCESS_TRIGGERS.get(process)
        or STATED_TRIGGERS.get(extensions.word("utlosandeHandelse")),
        established=_established_at(resource, plan_type, status, signatures, remarks),
        valid_from=day(period.get("start"), "period.start", remarks),
        valid_to=day(period.get("end"), "period.end", remarks),
        accountable=accountable,
        responsible_principal=_responsible(extensions),
        signatures=signatures,
        approved_for_patient=approved_in(extensions),
        care_contact_id=extensions.first("inskrivning").text("vardtillfalleId"),
        participating_units=units,
        whats_important=extensions.text("vadArViktigt"),
        assessment=parts.assessment_in(extensions, provenance, remarks),
        needs=parts.needs_in(extensions, provenance, remarks),
        goals=parts.goals_in(contained, provenance, remarks),
        activities=activities_in(resource, provenance, remarks),
        contacts=contacts_in(contained, provenance, remarks),
        meetings=parts.meetings_in(extensions, remarks),
        follow_ups=parts.follow_ups_in(extensions, provenance, remarks),
        treatment_limitation=parts.treatment_limitation_in(extensions, remarks),
        closing=closing,
        attachments=attachments_in(contained, provenance, remarks),
        replaces=tuple(
            name
            for reference in objects(resource.get("replaces"))
            if (name := (text(reference.get("reference")) or "").removeprefix("CarePlan/"))
        ),
        provenance=provenance,
        quality=tuple(remarks.found),
    )


def _established_at(
    resource: JsonObject,
    plan_type: care.PlanType | None,
    status: care.PlanStatus,
    signatures: Sequence[care.Signature],
    remarks: Remarks,
) -> datetime | None:
    """When the plan became valid; None if it never did, or if nobody can tell.

    For compulsory care that is the last signature. "created" counts only where the status
    says that the plan was valid: an interrupted one may never have been.
    """
    if status in _NEVER_VALID:
        return None
    stated = established_in(resource, remarks)
    if stated is not None:
        return stated
    if status not in _ONCE_VALID:
        return None
    if plan_type is care.PlanType.SPLPTLRV:
        return max(signature.at for signature in signatures)
    return moment(resource.get("created"), "created", remarks)


def _responsible(extensions: Extensions) -> care.ResponsiblePrincipal | None:
    inner = extensions.first("overgripandeAnsvar")
    principal = PRINCIPALS.get(inner.word("huvudman"))
    if principal is None:
        return None
    number = inner.text("organisationsnummer")
    return care.ResponsiblePrincipal(
        principal=principal,
        name=inner.text("namn"),
        id_root=care.OID_ORGANISATION_NUMBER if number else None,
        id=number,
    )
