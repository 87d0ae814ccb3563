"""SAMSA's cases to canonical plans: decoded answers in, records out.

Knows the case as a whole: its kind, status, times, person, accountable unit and attachments.
Consent in a case (``Samtycke``) lets the invited parties tell each other what the plan needs; it
opens nothing for anybody else, so it is not read at all. Knows no network and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from samsvar.adapter_api import PersonId, ProducerAnswerInvalid, care, subject_of
from samsvar.adapter_api.person_numbers import LOCAL_NUMBER
from samsvar_adapters.samsa import attachments, reading, tables
from samsvar_adapters.samsa.attachments import Contents
from samsvar_adapters.samsa.parts import Context, Found, add_part
from samsvar_adapters.samsa.reading import Document, Remarks

_ROLE_CODE = re.compile(r"\d{6}", re.ASCII)


def care_plans(
    cases: Sequence[Document], contents: Contents, query: care.CareQuery
) -> tuple[care.CarePlan, ...]:
    """The plans among the cases, one for each case at most; letters between units are none.

    Raises:
        ProducerAnswerInvalid: there are plans, and not one has an identity, a person and a time.
    """
    plans: dict[str, care.CarePlan] = {}
    refused = 0
    for case in cases:
        if not is_plan(case):
            continue
        plan = _plan(case, contents, query)
        if plan is None:
            refused += 1
            continue
        earlier = plans.get(plan.plan_id)
        if earlier is None:
            plans[plan.plan_id] = plan
        elif earlier.subject != plan.subject:
            raise ProducerAnswerInvalid("one case id stands on the plans of two people")
        else:
            plans[plan.plan_id] = _marked_duplicate(max(earlier, plan, key=_changed))
    if refused and not plans:
        raise ProducerAnswerInvalid(
            f"none of {refused} plans has a case id, a person and a time that can be read"
        )
    return tuple(plans.values())


def is_plan(case: Document) -> bool:
    """Whether a case is a plan. A discharge case is one only when a plan has been drawn up."""
    kind = _kind_code(case)
    if kind in tables.MESSAGES:
        return False
    if kind in tables.KINDS and tables.KINDS[kind].trigger is care.Trigger.DISCHARGE:
        plan = reading.child(case, "Plan")
        return any(reading.children(plan, "Del")) or reading.raw(plan, "Upprattad") is not None
    return True


def subject(case: Document, query: care.CareQuery, day: date) -> PersonId | None:
    """Whom the case says that it is about; None if it does not say."""
    number = reading.child(reading.child(case, "Individ"), "Id")
    spelled, kind = reading.raw(number, reading.TEXT), reading.raw(number, "typ")
    if spelled is None:
        return None
    found = subject_of(spelled, query.subject, day)
    if found != query.subject or kind is None:
        return found
    asked = tables.NUMBER_KINDS.get(query.subject.root)
    # Somebody may choose PNR for an SNR: the digits tell the two apart. A RES never equals them.
    if kind.upper() == asked or {kind.upper(), asked} == {"PNR", "SNR"}:
        return found
    return PersonId(LOCAL_NUMBER, f"not-asked:{kind}:{''.join(spelled.split())}")


def _plan(case: Document, contents: Contents, query: care.CareQuery) -> care.CarePlan | None:
    remarks = Remarks()
    plan = reading.child(case, "Plan")
    plan_id = reading.raw(case, "ArendeId")
    established = reading.moment(plan, "Upprattad", "Plan/Upprattad", remarks)
    changed = reading.moment(plan, "Andrad", "Plan/Andrad", remarks)
    if changed is None and established is not None:
        remarks.add(care.QualityCode.DATE_FALLBACK, "Plan/Andrad", "taken from Upprattad")
        changed = established
    if plan_id is None or changed is None:
        return None
    person = subject(case, query, changed.date())
    if person is None:
        return None

    kind = tables.KINDS.get(_kind_code(case))
    accountable = _accountable(reading.child(plan, "Ansvarig"), remarks)
    owner_unit = accountable.unit.hsa_id if accountable.unit is not None else None
    if owner_unit is None:
        remarks.add(care.QualityCode.OWNER_UNKNOWN, "Plan/Ansvarig")
    provenance = care.Provenance(
        care.LegalBasis.HSL,
        marked_for_sharing=True,
        owner_unit=owner_unit,
        recorded_at=changed,
    )
    context = Context(reading.raw(plan, "Malgrupp"), accountable.unit, changed, remarks)
    found = Found()
    for place, part in enumerate(reading.children(plan, "Del"), start=1):
        add_part(found, part, place, context)
    signatures = _signatures(plan, found, remarks)
    status = _status(case, established is not None or bool(signatures), remarks)
    closing = _closing(plan, status, found, provenance, remarks)
    return care.CarePlan(
        plan_id=plan_id,
        source_system=query.source_system,
        subject=person,
        status=status,
        last_changed=changed,
        type=kind.type if kind is not None else None,
        title=kind.title if kind is not None else None,
        trigger=kind.trigger if kind is not None else None,
        established=established,
        accountable=accountable,
        signatures=signatures,
        participating_units=_once(found.units),
        whats_important="\n".join(found.important) or None,
        needs=tuple(found.needs),
        goals=tuple(found.goals),
        activities=tuple(found.activities),
        contacts=tuple(found.contacts),
        follow_ups=tuple(found.follow_ups),
        closing=closing,
        attachments=attachments.attached(case, plan_id, contents, provenance, remarks),
        partial=found.hidden,
        provenance=provenance,
        quality=tuple(remarks.said),
    )


def _kind_code(case: Document) -> str:
    return (reading.raw(case, "Typ") or "").upper()


def _status(case: Document, drawn_up: bool, remarks: Remarks) -> care.PlanStatus:
    code = reading.raw(case, "StatusKod") or ""
    kind = tables.KINDS.get(_kind_code(case))
    if kind is not None and kind.trigger is care.Trigger.DISCHARGE and code == tables.DISCHARGED:
        return care.PlanStatus.ESTABLISHED if drawn_up else care.PlanStatus.PLANNING
    status = tables.STATUS.get(code)
    if status is None:
        remarks.add(care.QualityCode.STATUS_UNMAPPED, "StatusKod", "no status code that is known")
        return care.PlanStatus.UNKNOWN
    return status


def _accountable(person: Document, remarks: Remarks) -> care.Professional:
    title = reading.child(person, "Befattning")
    place = reading.child(person, "Enhet")
    words, code = reading.text(title, reading.TEXT), reading.raw(title, "kod")
    role = None
    if words is not None and code is not None and _ROLE_CODE.fullmatch(code):
        role = care.Code(code=code, system=care.OID_ROLE, display=words)
    elif words is not None:
        role = care.Code(text=words)
    return care.Professional(
        name=reading.text(person, "Namn"),
        role=role,
        # The unit where somebody works is not the care unit of the law: that one is not known.
        unit=reading.unit(
            reading.raw(place, "hsa"),
            reading.text(place, reading.TEXT),
            "Plan/Ansvarig/Enhet",
            remarks,
        ),
    )


def _signatures(plan: Document, found: Found, remarks: Remarks) -> tuple[care.Signature, ...]:
    signed = []
    for place, each in enumerate(reading.children(plan, "Justering"), start=1):
        path = f"Plan/Justering[{place}]"
        when = reading.moment(each, "tid", path, remarks)
        unit = reading.unit(reading.raw(each, "enhet"), None, path, remarks)
        if unit is not None:
            found.units.append(unit)
        if when is not None:
            named = (unit.hsa_id or unit.local_id) if unit is not None else None
            signed.append(care.Signature(at=when, unit=named))
    return tuple(sorted(signed, key=lambda signature: signature.at))


def _closing(
    plan: Document,
    status: care.PlanStatus,
    found: Found,
    provenance: care.Provenance,
    remarks: Remarks,
) -> care.Closing | None:
    """The end of a closed plan; an evaluation without a day is kept as a follow-up."""
    closed = reading.day(plan, "Avslutad", "Plan/Avslutad", remarks)
    evaluation, written = found.evaluation or (None, provenance)
    if closed is not None and status is care.PlanStatus.CLOSED:
        return care.Closing(closed=closed, evaluation=evaluation, provenance=written)
    if evaluation is not None:
        found.follow_ups.append(care.FollowUp(text=evaluation, provenance=written))
    return None


def _once(units: Sequence[care.Unit]) -> tuple[care.Unit, ...]:
    """Each unit once; HSA-ids are the same whatever their case."""
    seen: dict[str, care.Unit] = {}
    for unit in units:
        seen.setdefault((unit.hsa_id or unit.local_id or "").lower(), unit)
    return tuple(seen.values())


def _changed(plan: care.CarePlan) -> float:
    return plan.last_changed.timestamp()


def _marked_duplicate(plan: care.CarePlan) -> care.CarePlan:
    remark = care.DataQuality(care.QualityCode.DUPLICATE_IN_SOURCE, "ArendeId")
    if remark in plan.quality:
        return plan
    return replace(plan, quality=(*plan.quality, remark))
