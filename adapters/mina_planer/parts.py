"""The parts of a plan that are small: assessment, needs, goals, meetings, follow-ups, the end.

Each part carries its own provenance. Knows no status of the plan as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer.parties import kind_of
from samsvar_adapters.mina_planer.provenance import of_part
from samsvar_adapters.mina_planer.reading import (
    Extensions,
    JsonObject,
    Remarks,
    as_object,
    day,
    flag,
    moment,
    objects,
    text,
    word,
)
from samsvar_adapters.mina_planer.words import GOAL_KINDS, GOAL_RESULTS, GOAL_STATUSES

_HEADING = re.compile(r"^(S|B|A|R)[:\s–-]", re.MULTILINE)


def assessment_in(
    extensions: Extensions, plan: care.Provenance, remarks: Remarks
) -> care.Assessment | None:
    """The kartläggning: four fields, or one text that is split if it has exactly four headings."""
    if not extensions.named("kartlaggning"):
        return None
    inner = extensions.first("kartlaggning")
    provenance = of_part(inner, plan, remarks, "kartlaggning")
    whole = inner.text("fritext")
    if whole is None:
        return care.Assessment(
            situation=inner.text("situation"),
            background=inner.text("bakgrund"),
            current_state=inner.text("aktuelltTillstand"),
            recommendation=inner.text("rekommendation"),
            provenance=provenance,
        )
    hits = list(_HEADING.finditer(whole))
    if [hit[1] for hit in hits] != ["S", "B", "A", "R"] or whole[: hits[0].start()].strip():
        remarks.add(care.QualityCode.TEXT_NOT_SPLIT, "kartlaggning", "not four headings in order")
        return care.Assessment(source_text=whole, provenance=provenance)
    ends = [hit.start() for hit in hits[1:]] + [len(whole)]
    situation, background, current_state, recommendation = (
        whole[hit.end() : end].strip(" :–-\n") or None for hit, end in zip(hits, ends, strict=True)
    )
    return care.Assessment(
        situation, background, current_state, recommendation, provenance=provenance
    )


def needs_in(
    extensions: Extensions, plan: care.Provenance, remarks: Remarks
) -> tuple[care.Need, ...]:
    """Each behov that has a text."""
    found: list[care.Need] = []
    for number, inner in enumerate(extensions.inner("behov")):
        said = inner.text("text")
        if said is not None:
            provenance = of_part(inner, plan, remarks, f"behov[{number}]")
            found.append(care.Need(f"b{number + 1}", said, inner.text("livsomrade"), provenance))
    return tuple(found)


def goals_in(
    contained: Sequence[JsonObject], plan: care.Provenance, remarks: Remarks
) -> tuple[care.Goal, ...]:
    """Each goal that has a text, in the document's order.

    A goal is the person's own only if the source says that the person expressed it: nobody
    else's words are put in the person's mouth.
    """
    found: list[care.Goal] = []
    for number, goal in enumerate(
        resource for resource in contained if resource.get("resourceType") == "Goal"
    ):
        said = text(as_object(goal.get("description")).get("text"))
        if said is None:
            continue
        path = f"goal[{number}]"
        extensions = Extensions.of(goal)
        targets = objects(goal.get("target"))
        due = targets[0].get("dueDate") if targets else None
        results = objects(as_object(goal.get("achievementStatus")).get("coding"))
        result = next((GOAL_RESULTS.get(word(coding.get("code"))) for coding in results), None)
        stands = GOAL_STATUSES.get(word(goal.get("lifecycleStatus")), care.GoalStatus.ACTIVE)
        found.append(
            care.Goal(
                goal_id=text(goal.get("id")) or f"m{number + 1}",
                kind=GOAL_KINDS.get(
                    kind_of(as_object(goal.get("expressedBy"))), care.GoalKind.PROFESSIONAL
                ),
                text=said,
                status=result or stands,
                parent_goal_id=extensions.text("huvudmal"),
                target_date=day(due, f"{path}.target", remarks),
                evaluation=extensions.text("maluppfyllelse"),
                provenance=of_part(extensions, plan, remarks, path),
            )
        )
    return tuple(found)


def meetings_in(extensions: Extensions, remarks: Remarks) -> tuple[care.Meeting, ...]:
    """Each meeting that has a time; it was held only if the source says so."""
    found: list[care.Meeting] = []
    for number, inner in enumerate(extensions.inner("mote")):
        at = moment(inner.value("tid"), f"mote[{number}]", remarks)
        if at is not None:
            held = flag(inner.value("genomfort")) is True
            found.append(care.Meeting(at, held, inner.text("form"), inner.text("plats")))
    return tuple(found)


def follow_ups_in(
    extensions: Extensions, plan: care.Provenance, remarks: Remarks
) -> tuple[care.FollowUp, ...]:
    """Each uppföljning, planned or held."""
    found: list[care.FollowUp] = []
    for number, inner in enumerate(extensions.inner("uppfoljning")):
        path = f"uppfoljning[{number}]"
        found.append(
            care.FollowUp(
                planned=day(inner.value("planerad"), f"{path}.planerad", remarks),
                held=day(inner.value("genomford"), f"{path}.genomford", remarks),
                text=inner.text("text"),
                provenance=of_part(inner, plan, remarks, path),
            )
        )
    return tuple(found)


def closing_in(
    resource: JsonObject, *, discharge: bool, plan: care.Provenance, remarks: Remarks
) -> care.Closing | None:
    """Utvärdering och avslut; None without a day.

    ``discharge``: in the discharge process "avslutad" means that the person went home. That is
    said as the reason, so that nobody reads it as goals met and needs gone.
    """
    inner = Extensions.of(resource).first("avslut")
    ended = day(inner.value("datum"), "avslut.datum", remarks) or day(
        as_object(resource.get("period")).get("end"), "period.end", remarks
    )
    if ended is None:
        return None
    return care.Closing(
        closed=ended,
        reason=inner.text("orsak") or ("Utskriven från slutenvård" if discharge else None),
        evaluation=inner.text("utvardering"),
        provenance=of_part(inner, plan, remarks, "avslut"),
    )


def treatment_limitation_in(extensions: Extensions, remarks: Remarks) -> care.TreatmentLimitation:
    """That a decision on level of care exists, and its days. What it says is never read.

    Plans older than the field lack it, and older versions write the boolean as text: nothing,
    or nothing that can be read, is UNKNOWN and never NO.
    """
    inner = extensions.first("vardnivabeslut")
    exists = flag(inner.value("finns"))
    if exists is None:
        return care.TreatmentLimitation()
    updated = day(inner.value("senastUppdaterad"), "vardnivabeslut.senastUppdaterad", remarks)
    if not exists:
        return care.TreatmentLimitation(care.Existence.NO, updated=updated)
    decided = day(inner.value("beslutsdatum"), "vardnivabeslut.beslutsdatum", remarks)
    return care.TreatmentLimitation(care.Existence.YES, decided, updated)
