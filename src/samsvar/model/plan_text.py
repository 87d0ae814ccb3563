"""A plan as Swedish plain text: the one form that every consumer understands.

Knows the fixed order of headings and the Swedish words for codes. Knows no XML and no
consumer. Says only what the plan says: what is unknown is left out or called unknown, never
"no", and of a decision on level of care only that it exists and when. A source that wrote its
plan as text is quoted, never retold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from samsvar.model.care import (
    Activity,
    ActivityStatus,
    CarePlan,
    Closing,
    Contact,
    Existence,
    FollowUp,
    Goal,
    GoalKind,
    GoalStatus,
    PlanStatus,
    PlanType,
    Principal,
    TreatmentLimitation,
)
from samsvar.model.plain_text import xml_text

# A plan without a title of its own gets the name of its kind.
PLAN_TYPE: dict[PlanType, str] = {
    PlanType.SIP: "Samordnad individuell plan",
    PlanType.SPLPTLRV: "Samordnad vårdplan enligt LPT/LRV",
    PlanType.SPU: "Samordnad plan vid utskrivning",
    PlanType.VP: "Vårdplan",
    PlanType.HP: "Habiliteringsplan",
    PlanType.RP: "Rehabiliteringsplan",
    PlanType.GP: "Genomförandeplan",
    PlanType.SVP: "Standardiserad vårdplan",
}

PLAN_STATUS: dict[PlanStatus, str] = {
    PlanStatus.INITIATED: "Initierad",
    PlanStatus.ASSESSING: "Kartläggning pågår",
    PlanStatus.INVITED: "Kallad",
    PlanStatus.PLANNING: "Planering pågår",
    PlanStatus.ESTABLISHED: "Upprättad",
    PlanStatus.FOLLOW_UP: "Uppföljning pågår",
    PlanStatus.CLOSED: "Avslutad",
    PlanStatus.INTERRUPTED: "Avbruten",
    PlanStatus.ENTERED_IN_ERROR: "Makulerad",
    PlanStatus.UNKNOWN: "Okänd",
}

GOAL_STATUS: dict[GoalStatus, str] = {
    GoalStatus.PROPOSED: "föreslaget",
    GoalStatus.ACTIVE: "pågår",
    GoalStatus.ACHIEVED: "uppnått",
    GoalStatus.PARTLY_ACHIEVED: "delvis uppnått",
    GoalStatus.NOT_ACHIEVED: "inte uppnått",
    GoalStatus.CANCELLED: "avbrutet",
}

ACTIVITY_STATUS: dict[ActivityStatus, str] = {
    ActivityStatus.PLANNED: "planerad",
    ActivityStatus.ONGOING: "pågår",
    ActivityStatus.COMPLETED: "genomförd",
    ActivityStatus.CANCELLED: "inställd",
    ActivityStatus.UNKNOWN: "status okänd",
}

PRINCIPAL: dict[Principal, str] = {
    Principal.REGION: "region",
    Principal.MUNICIPALITY: "kommun",
    Principal.OTHER: "annan",
}

CONTACT_TYPE: dict[str, str] = {
    "1": "Fast vårdkontakt",
    "2": "Fast läkarkontakt i primärvården",
    "3": "Fast omsorgskontakt i hemtjänsten",
    "4": "Fast vårdkontakt med övergripande samordningsansvar",
}

CLOSING_REASON: dict[str, str] = {
    "GOALS_MET": "målen är uppnådda",
    "NO_MORE_NEED": "behovet finns inte längre",
    "CONSENT_WITHDRAWN": "samtycket är återkallat",
    "MOVED": "personen har flyttat",
    "DECEASED": "personen har avlidit",
    "REPLACED": "planen är ersatt av en annan",
    "OTHER": "annat skäl",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it. A line that begins with ``- `` is one of a list."""

    heading: str
    lines: tuple[str, ...] = field(repr=False)


def title(plan: CarePlan) -> str:
    """The plan's own title, or the name of its kind: never empty."""
    if plan.title and xml_text(plan.title).strip():
        return plan.title
    return PLAN_TYPE[plan.type] if plan.type else "Plan"


def own_text(plan: CarePlan) -> str | None:
    """The source's own text, if it wrote one with anything in it to read."""
    return plan.narrative if plan.narrative and xml_text(plan.narrative).strip() else None


def render(plan: CarePlan) -> str:
    """The plan's text: the source's own where it wrote one, else its status first, and a
    heading only where something stands below."""
    if own := own_text(plan):
        return own
    parts = ["\n".join(head(plan))]
    parts += ["\n".join((section.heading, *section.lines)) for section in sections(plan)]
    return "\n\n".join(parts) + "\n"


def sections(plan: CarePlan) -> tuple[Section, ...]:
    """What the plan says, heading by heading in the fixed order; those with nothing left out."""
    own = [goal for goal in plan.goals if goal.kind is GoalKind.PATIENT_OWN]
    other = [goal for goal in plan.goals if goal.kind is not GoalKind.PATIENT_OWN]
    important = [plan.whats_important] if plan.whats_important else []
    found: list[tuple[str, list[str]]] = [
        ("Mitt mål", [_goal(goal) for goal in own]),
        ("Vad är viktigt", important),
        ("Behov", [f"- {need.text}" for need in plan.needs]),
        ("Mål", [_goal(goal) for goal in other]),
        ("Insatser", [_activity(activity) for activity in plan.activities]),
        ("Kontaktpersoner", [_contact(contact) for contact in plan.contacts]),
        ("Uppföljning", [_follow_up(follow_up) for follow_up in plan.follow_ups]),
        ("Beslut om vårdnivå", limitation_lines(plan.treatment_limitation)),
        ("Avslut", _closing(plan.closing) if plan.closing else []),
    ]
    return tuple(Section(heading, tuple(lines)) for heading, lines in found if lines)


def head(plan: CarePlan) -> list[str]:
    """Status, and below it what the law wants to be seen and has no heading of its own."""
    lines = [f"Status: {PLAN_STATUS[plan.status]}"]
    if period := _period(plan.valid_from, plan.valid_to):
        lines.append(f"Gäller: {period}")
    if responsible := plan.responsible_principal:
        kind = PRINCIPAL[responsible.principal]
        named = f"{responsible.name} ({kind})" if responsible.name else kind
        lines.append(f"Övergripande ansvarig huvudman: {named}")
    return lines


def _goal(goal: Goal) -> str:
    """The person's own words to the letter; what we know besides comes after them."""
    remarks = [GOAL_STATUS[goal.status]]
    if goal.target_date:
        remarks.insert(0, f"måldatum {goal.target_date.isoformat()}")
    line = f"- {goal.text} ({', '.join(remarks)})"
    return f"{line}\n  Måluppfyllelse: {goal.evaluation}" if goal.evaluation else line


def _activity(activity: Activity) -> str:
    """Insats – Vem – När – Status."""
    unit = activity.responsible_unit.name if activity.responsible_unit else None
    who = _joined((activity.responsible_person, unit))
    if activity.responsible_principal:
        principal = PRINCIPAL[activity.responsible_principal]
        who = f"{who} ({principal})" if who else principal
    when = activity.timing_text or _period(activity.start, activity.end)
    code = activity.code
    what = activity.text or (code and (code.display or code.text)) or "insats utan beskrivning"
    parts = (what, who, when, ACTIVITY_STATUS[activity.status])
    return "- " + " – ".join(part for part in parts if part)


def _contact(contact: Contact) -> str:
    kind = CONTACT_TYPE.get(contact.type_code or "") or contact.type_text or "Kontaktperson"
    unit = contact.unit.name if contact.unit else None
    known = (contact.name, contact.profession, unit, contact.phone, contact.email)
    return f"- {kind}: {_joined(known) or 'namn saknas'}"


def _follow_up(follow_up: FollowUp) -> str:
    said: list[str] = []
    if follow_up.planned:
        said.append(f"planerad {follow_up.planned.isoformat()}")
    if follow_up.held:
        said.append(f"genomförd {follow_up.held.isoformat()}")
    when = ", ".join(said) or "datum saknas"
    return f"- {when}: {follow_up.text}" if follow_up.text else f"- {when}"


def limitation_lines(limitation: TreatmentLimitation) -> list[str]:
    """That a decision exists and when, or that the source says there is none."""
    match limitation.exists:
        case Existence.YES:
            dated = f", daterat {limitation.decided.isoformat()}" if limitation.decided else ""
            lines = [f"Beslut om vårdnivå finns{dated}. Läs i NPÖ."]
            if limitation.updated:
                lines.append(f"Senast ändrat {limitation.updated.isoformat()}.")
            return lines
        case Existence.NO:
            return ["Källan uppger att inget beslut om vårdnivå finns."]
        case Existence.UNKNOWN:
            return []


def _closing(closing: Closing) -> list[str]:
    lines = [f"Avslutad {closing.closed.isoformat()}"]
    if closing.reason:
        lines.append(f"Skäl: {CLOSING_REASON.get(closing.reason, closing.reason)}")
    if closing.evaluation:
        lines.append(f"Utvärdering: {closing.evaluation}")
    return lines


def _period(start: date | None, end: date | None) -> str:
    if start and end:
        return f"{start.isoformat()} till {end.isoformat()}"
    if start:
        return f"från {start.isoformat()}"
    return f"till {end.isoformat()}" if end else ""


def _joined(parts: Iterable[str | None]) -> str:
    return ", ".join(part for part in parts if part)
