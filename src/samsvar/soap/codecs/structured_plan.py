"""The plan as data, in our own namespace: an extension that consumers may drop.

Knows ``wsdl/samsvar_plan_1/plan_1.xsd`` and writes all that the canonical model holds and the
contract has no field for. Never says whether something is missing: staff of another care giver
must not learn that from one plan. Attachments stand in the contract's own content; what is
known of them stands here. ``structured_plan_reading`` reads it back.
Long: one function for each element of the schema, in the schema's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from lxml import etree

from samsvar.model.care import (
    OID_CONTACT_TYPE,
    Activity,
    Assessment,
    Attachment,
    CarePlan,
    Closing,
    Code,
    Contact,
    Existence,
    FollowUp,
    Goal,
    LegalBasis,
    Meeting,
    Need,
    Provenance,
    Signature,
    Unit,
)
from samsvar.model.plain_text import xml_text
from samsvar.model.plan_text import own_text
from samsvar.soap.codecs.elements import day, timestamp

NAMESPACE = "urn:samsvar:plan:1"


def structured_plan(plan: CarePlan, attachments: Sequence[Attachment]) -> etree._Element:
    """The plan's ``structuredPlan`` element. The plan has been cut to what may leave.

    ``attachments`` are the plan's, in the order in which they stand in the contract's content.
    """
    root = etree.Element(f"{{{NAMESPACE}}}structuredPlan", nsmap={None: NAMESPACE}, version="1")
    _set(root, narrative="true" if own_text(plan) else None, **_marking(plan.provenance))
    _text(root, "status", plan.status)
    _text(root, "trigger", plan.trigger)
    if plan.valid_from or plan.valid_to:
        _branch(root, "validPeriod", start=_day(plan.valid_from), end=_day(plan.valid_to))
    _text(root, "language", plan.language)
    for replaced in plan.replaces:
        _text(root, "replaces", replaced)
    _overall_responsible(root, plan)
    for signature in plan.signatures:
        _signature(root, signature)
    _text(root, "whatsImportant", plan.whats_important)
    if plan.assessment:
        _assessment(root, plan.assessment)
    for need in plan.needs:
        _need(root, need)
    for goal in plan.goals:
        _goal(root, goal)
    for activity in plan.activities:
        _activity(root, activity)
    limitation = plan.treatment_limitation
    if limitation.exists is not Existence.UNKNOWN:
        _branch(
            root,
            "treatmentLimitation",
            exists=limitation.exists,
            decided=_day(limitation.decided),
            updated=_day(limitation.updated),
        )
    for contact in plan.contacts:
        _contact(root, contact)
    for meeting in plan.meetings:
        _meeting(root, meeting)
    for follow_up in plan.follow_ups:
        _follow_up(root, follow_up)
    if plan.closing:
        _closing(root, plan.closing)
    for unit in plan.participating_units:
        _unit(root, "participant", unit)
    for attachment in attachments:
        _attachment(root, attachment)
    return root


def _overall_responsible(root: etree._Element, plan: CarePlan) -> None:
    responsible = plan.responsible_principal
    if responsible is None:
        return
    branch = _branch(
        root,
        "overallResponsible",
        principal=responsible.principal,
        idRoot=responsible.id_root if responsible.id else None,
        id=responsible.id if responsible.id_root else None,
    )
    branch.text = xml_text(responsible.name or "")


def _signature(root: etree._Element, signature: Signature) -> None:
    branch = _branch(
        root, "signature", at=_time(signature.at), hsaId=signature.hsa_id, unit=signature.unit
    )
    branch.text = xml_text(signature.name or "")


def _assessment(root: etree._Element, assessment: Assessment) -> None:
    branch = _marked(root, "assessment", assessment.provenance)
    _text(branch, "situation", assessment.situation)
    _text(branch, "background", assessment.background)
    _text(branch, "currentState", assessment.current_state)
    _text(branch, "recommendation", assessment.recommendation)
    for line in assessment.adl:
        _text(branch, "adl", line)
    _text(branch, "sourceText", assessment.source_text)


def _need(root: etree._Element, need: Need) -> None:
    branch = _marked(root, "need", need.provenance, id=_token(need.need_id))
    _text(branch, "text", need.text)
    _text(branch, "lifeArea", need.life_area)


def _goal(root: etree._Element, goal: Goal) -> None:
    branch = _marked(
        root,
        "goal",
        goal.provenance,
        id=_token(goal.goal_id),
        kind=goal.kind,
        parent=_token(goal.parent_goal_id) if goal.parent_goal_id else None,
    )
    _text(branch, "text", goal.text)
    _text(branch, "status", goal.status)
    _text(branch, "targetDate", _day(goal.target_date))
    _text(branch, "evaluation", goal.evaluation)


def _activity(root: etree._Element, activity: Activity) -> None:
    branch = _marked(
        root,
        "activity",
        activity.provenance,
        id=_token(activity.activity_id),
        goal=" ".join(_token(goal) for goal in activity.goal_ids),
    )
    _text(branch, "text", activity.text)
    _code(branch, activity.code)
    _responsible(branch, activity)
    _text(branch, "person", activity.responsible_person)
    if activity.timing_text or activity.start or activity.end:
        timing = _branch(branch, "timing", start=_day(activity.start), end=_day(activity.end))
        timing.text = xml_text(activity.timing_text or "")
    _text(branch, "status", activity.status)
    _text(branch, "socialServiceType", activity.social_service_type)


def _responsible(branch: etree._Element, activity: Activity) -> None:
    unit = activity.responsible_unit
    if unit is None and activity.responsible_principal is None:
        return
    element = _branch(
        branch,
        "responsible",
        principal=activity.responsible_principal,
        hsaId=unit.hsa_id if unit else None,
    )
    element.text = xml_text((unit.name if unit else None) or "")


def _code(branch: etree._Element, code: Code | None) -> None:
    """As the contract's coded values: code, system and name together, or text alone."""
    if code is None:
        return
    if code.code and code.system and code.display:
        element = _branch(branch, "code", code=code.code, system=code.system)
        element.text = xml_text(code.display)
    else:
        _text(branch, "code", code.text or code.display)


def _contact(root: etree._Element, contact: Contact) -> None:
    branch = _marked(
        root,
        "contact",
        contact.provenance,
        type=contact.type_code,
        system=OID_CONTACT_TYPE if contact.type_code else None,
    )
    _text(branch, "name", contact.name)
    _text(branch, "typeText", contact.type_text)
    _text(branch, "profession", contact.profession)
    _unit(branch, "unit", contact.unit)
    _text(branch, "phone", contact.phone)
    _text(branch, "email", contact.email)


def _unit(branch: etree._Element, name: str, unit: Unit | None) -> None:
    if unit and (unit.name or unit.hsa_id):
        _branch(branch, name, hsaId=unit.hsa_id).text = xml_text(unit.name or "")


def _meeting(root: etree._Element, meeting: Meeting) -> None:
    _branch(
        root,
        "meeting",
        at=_time(meeting.at),
        held="true" if meeting.held else "false",
        mode=meeting.mode,
        place=meeting.place,
    )


def _follow_up(root: etree._Element, follow_up: FollowUp) -> None:
    branch = _marked(
        root,
        "followUp",
        follow_up.provenance,
        planned=_day(follow_up.planned),
        held=_day(follow_up.held),
    )
    _text(branch, "text", follow_up.text)


def _closing(root: etree._Element, closing: Closing) -> None:
    branch = _marked(root, "closing", closing.provenance, closed=_day(closing.closed))
    _text(branch, "reason", closing.reason)
    _text(branch, "evaluation", closing.evaluation)


def _attachment(root: etree._Element, attachment: Attachment) -> None:
    branch = _marked(root, "attachment", attachment.provenance, size=str(attachment.size))
    branch.set("id", xml_text(attachment.attachment_id))
    branch.set("wholePlan", "true" if attachment.whole_plan else "false")


def _marked(
    parent: etree._Element, name: str, provenance: Provenance, /, **attributes: str | None
) -> etree._Element:
    """An element with its marking."""
    return _branch(parent, name, **attributes, **_marking(provenance))


def _marking(provenance: Provenance) -> dict[str, str | None]:
    """Under which law, and whose. A law that is not known is not written."""
    known = provenance.legal_basis is not LegalBasis.UNKNOWN
    return {
        "legalBasis": provenance.legal_basis if known else None,
        "marked": "true" if provenance.marked_for_sharing else "false",
        "owner": provenance.owner,
        "ownerUnit": provenance.owner_unit,
        "recorded": _time(provenance.recorded_at),
    }


def _branch(parent: etree._Element, name: str, /, **attributes: str | None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    _set(element, **attributes)
    return element


def _set(element: etree._Element, /, **attributes: str | None) -> None:
    for key, value in attributes.items():
        if value:
            element.set(key, xml_text(value))


def _text(parent: etree._Element, name: str, value: str | None) -> None:
    if value:
        _branch(parent, name).text = xml_text(value)


def _token(identifier: str) -> str:
    """The source's id without blanks, since a list of ids is parted by them."""
    return "_".join(identifier.split())


def _day(value: date | None) -> str | None:
    return day(value) if value else None


def _time(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
