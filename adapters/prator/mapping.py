"""Prator's cases made into plans: pure, the same answer for the same document and day.

Known gaps: no care contacts, no decision on level of care, nothing about whether the person
may see the plan, and no law for many texts (those are kept, and never shared).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from samsvar.adapter_api import PersonId, ProducerAnswerInvalid, care, subject_of
from samsvar_adapters.prator import vocabulary
from samsvar_adapters.prator.folding import Flow, read_flow, state_of
from samsvar_adapters.prator.native import (
    Remarks,
    line_of,
    object_of,
    objects_of,
    texts_of,
    time_of,
)
from samsvar_adapters.prator.parts import Parts
from samsvar_adapters.prator.sharing import Sharing
from samsvar_adapters.prator.units import UnitRegistry, Units

_TYPES: dict[str, care.PlanType] = {"sip": care.PlanType.SIP, "svu": care.PlanType.SPU}
_TITLES: dict[care.PlanType | None, str] = {
    care.PlanType.SIP: "Samordnad individuell plan (SIP)",
    care.PlanType.SPU: "Samordnad plan vid utskrivning",
    None: "Mål- och aktivitetsplan",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A case that is a plan, and cannot be used."""

    reason: str


def care_plans(
    cases: Sequence[object], query: care.CareQuery, registry: UnitRegistry, day: date
) -> tuple[care.CarePlan, ...]:
    """The plans among the cases. ``len(care_plans(cases, ...)) <= len(cases)``.

    ``day`` is the day of the question: a number without its century is read by it.

    Raises:
        ProducerAnswerInvalid: there were plans, and not one could be used.
    """
    plans: dict[str, care.CarePlan] = {}
    refused: list[Refused] = []
    units = Units(registry)
    for case in cases:
        made = _plan(case, query, units, day)
        if isinstance(made, Refused):
            refused.append(made)
        elif made is not None:
            plans[made.plan_id] = _latest(plans.get(made.plan_id), made)
    if refused and not plans:
        reasons = "; ".join(dict.fromkeys(refusal.reason for refusal in refused))
        raise ProducerAnswerInvalid(f"none of {len(refused)} plans can be used: {reasons}")
    return tuple(plans.values())


def _plan(
    case: object, query: care.CareQuery, units: Units, day: date
) -> care.CarePlan | Refused | None:
    if not isinstance(case, Mapping):
        return Refused("a case is not an object")
    remarks = Remarks()
    flow = read_flow(case.get("meddelanden"), remarks)
    kind = vocabulary.squeezed(line_of(case.get("ärendetyp")))
    if kind != "sip" and flow.plan is None:
        return None  # a discharge, or free-standing messages: no plan was made in it
    plan_id = line_of(case.get("ärendeId"))
    if plan_id is None:
        return Refused("a case without ärendeId")
    subject = _subject(case, query.subject, day)
    if subject is None:
        return Refused("a case without a person number")
    times = _times(case, flow, remarks)
    if times.last_changed is None:
        return Refused("a plan without any time")
    return _written(case, flow, plan_id, subject, times, query.source_system, units, remarks)


@dataclass(frozen=True, slots=True)
class _Times:
    established: datetime | None
    last_changed: datetime | None


def _written(
    case: Mapping[str, object],
    flow: Flow,
    plan_id: str,
    subject: PersonId,
    times: _Times,
    source_system: str,
    units: Units,
    remarks: Remarks,
) -> care.CarePlan:
    kind = vocabulary.squeezed(line_of(case.get("ärendetyp")))
    plan_type = _TYPES.get(kind)
    discharge = plan_type is care.PlanType.SPU
    sharing = Sharing.of_case(case, units, remarks)
    parts = Parts(sharing, remarks)
    root = sharing.of_root(case)
    plan = flow.plan
    goals = parts.goals(flow)
    owner = _owner(case, units, remarks)
    assert times.last_changed is not None
    made = care.CarePlan(
        plan_id=plan_id,
        source_system=source_system,
        subject=subject,
        status=state_of(flow, case.get("status"), discharge, remarks),
        last_changed=times.last_changed,
        type=plan_type,
        title=line_of(case.get("rubrik")) or _TITLES[plan_type],
        trigger=care.Trigger.DISCHARGE if discharge else None,
        established=times.established,
        accountable=_accountable(flow, owner, root),
        responsible_principal=_responsible(line_of(plan.body.get("huvudansvar")) if plan else None),
        participating_units=units.participating([owner], _codes(flow), remarks),
        assessment=parts.assessment(flow),
        goals=goals,
        activities=parts.activities(plan, goals) if plan else (),
        contacts=parts.contacts(plan) if plan else (),
        meetings=parts.meetings(flow),
        follow_ups=parts.follow_ups(flow),
        closing=parts.closing(flow),
        attachments=parts.attachments(case.get("utskrift"), _of_print(flow, sharing, root)),
        provenance=root,
    )
    return replace(made, partial=remarks.left_out > 0, quality=tuple(remarks.found))


def _of_print(flow: Flow, sharing: Sharing, root: care.Provenance) -> care.Provenance:
    """The print shows every message, also what the plan does not hand on: all must be shareable."""
    whole = not flow.retracted and all(
        sharing.of_message(message).shareable
        for message in flow.messages
        if message.kind in vocabulary.CASE_STATE and message.kind not in vocabulary.WITHOUT_TEXT
    )
    return replace(root, marked_for_sharing=root.marked_for_sharing and whole)


def _subject(case: Mapping[str, object], asked: PersonId, day: date) -> PersonId | None:
    number = line_of(object_of(case.get("person")).get("personnummer"))
    return subject_of(number, asked, day) if number else None


def _times(case: Mapping[str, object], flow: Flow, remarks: Remarks) -> _Times:
    """Last change: the latest message of the plan. Receipts and coming meetings are no change."""
    changes: list[datetime] = []
    established: list[datetime] = []
    for message in flow.messages:
        if message.kind not in vocabulary.CASE_STATE:
            continue
        # A summons' ``datum`` would be the meeting's day, which may lie ahead.
        keys = ("sänt",) if message.kind == vocabulary.SUMMONS else ("upprättad", "sänt", "datum")
        moments = [
            moment
            for key in keys
            if (moment := time_of(message.body.get(key), f"{message.path}.{key}", remarks))
        ]
        changes.extend(moments)
        if message.kind == vocabulary.PLAN:
            established.extend(moments[:1])
    if stated := time_of(case.get("ändrad"), "ändrad", remarks):
        changes.append(stated)
    if flow.plan is None and not changes:
        # Nothing is established yet, so nothing can be shown too early: the beginning will do.
        created = time_of(case.get("skapad"), "skapad", remarks)
        changes.extend([created] if created else [])
    elif changes and flow.plan is not None and not established:
        remarks.add(
            care.QualityCode.DATE_FALLBACK, flow.plan.path, "the plan itself carries no time"
        )
    return _Times(min(established, default=None), max(changes, default=None))


def _owner(case: Mapping[str, object], units: Units, remarks: Remarks) -> care.Unit | None:
    owner = object_of(case.get("ägarenhet"))
    return units.named(
        owner.get("kod"), owner.get("namn"), owner.get("hsaId"), "ägarenhet", remarks
    )


def _accountable(flow: Flow, owner: care.Unit | None, root: care.Provenance) -> care.Professional:
    named = line_of(flow.plan.body.get("ansvarig")) if flow.plan else None
    return care.Professional(
        name=named,
        unit=owner,
        care_unit=owner.hsa_id if owner else None,
        care_giver=root.owner,
    )


def _responsible(text: str | None) -> care.ResponsiblePrincipal | None:
    if text is None:
        return None
    word = vocabulary.squeezed(text)
    if "kommun" in word or "socialnämnd" in word:
        return care.ResponsiblePrincipal(care.Principal.MUNICIPALITY, text)
    if "region" in word:
        return care.ResponsiblePrincipal(care.Principal.REGION, text)
    return care.ResponsiblePrincipal(care.Principal.OTHER, text)


def _codes(flow: Flow) -> list[str]:
    codes: list[str] = []
    for message in flow.messages:
        if message.kind in vocabulary.CASE_STATE:
            for key in ("från", "till", "kallade"):
                codes.extend(texts_of(message.body.get(key)))
    if flow.plan is not None:
        rows = objects_of(flow.plan.body.get("aktiviteter"), Remarks())
        codes.extend(code for _, row in rows for code in texts_of(row.get("enhet")))
    return codes


def _latest(earlier: care.CarePlan | None, made: care.CarePlan) -> care.CarePlan:
    """One plan of two with the same id: the one that was changed last."""
    if earlier is None:
        return made
    kept = made if made.last_changed > earlier.last_changed else earlier
    remark = care.DataQuality(
        care.QualityCode.DUPLICATE_IN_SOURCE, "ärendeId", "the case came more than once"
    )
    return replace(kept, quality=(*(q for q in kept.quality if q != remark), remark))
