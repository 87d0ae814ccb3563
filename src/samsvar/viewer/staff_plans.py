"""Plans as staff see them, read out of the Bundle that a hub answered with.

Pure. Knows which element of which resource holds what (``docs/fhir.md``), and passes over whatever
it does not know. Nothing is added: what the Bundle lacks is not on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from samsvar.viewer.bundle import Json, coding, first, of_mode, ours, owners_in, parts, source_of
from samsvar.viewer.narrative import plain_structure
from samsvar.viewer.plan_views import Activity, Goal, Person, PlanLine, WholePlan
from samsvar.viewer.sessions import PlanPlace
from samsvar.viewer.words import (
    ACTIVITY_STATUS,
    GOAL_STATUS,
    PLAN_STATUS,
    PLAN_TYPE,
    PRINCIPAL,
    pair,
)

_PERTAINS = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"


def lines(bundle: Json) -> list[PlanLine]:
    """All plans, what goes on first, then the newest first."""
    owners = owners_in(bundle)
    found = [
        _line(each, owners)
        for each in of_mode(bundle, "match")
        if each.get("resourceType") == "CarePlan"
    ]
    found.sort(key=lambda line: line.changed or "", reverse=True)
    return sorted(found, key=lambda line: line.status_code not in ("ESTABLISHED", "FOLLOW_UP"))


def whole(bundle: Json, place: PlanPlace) -> WholePlan | None:
    """The plan of this place; None: it is not there, or not shown."""
    owners = owners_in(bundle)
    for each in of_mode(bundle, "match"):
        if each.get("resourceType") == "CarePlan" and _place(each) == place:
            return _whole(bundle, each, _line(each, owners))
    return None


def _line(plan: Json, owners: Mapping[str, str]) -> PlanLine:
    code = coding(first(plan, "category"))
    status = ours(plan, "plan-status", "valueCode") or "UNKNOWN"
    author: Json = next(
        (each for each in plan.get("contained", ()) if each["resourceType"] == "PractitionerRole"),
        {},
    )
    held = plan.get("period", {})
    labels = {each.get("code") for each in plan.get("meta", {}).get("security", ())}
    return PlanLine(
        place=_place(plan),
        type=PLAN_TYPE.get(code, ("Plan", "Plan")),
        type_code=code,
        title=plan.get("title") or PLAN_TYPE.get(code, ("Plan", "Plan"))[0],
        status=pair(PLAN_STATUS, status),
        status_code=status,
        unit=author.get("organization", {}).get("display"),
        author=author.get("practitioner", {}).get("display"),
        owner=owners.get(f"CarePlan/{plan.get('id')}"),
        source=source_of(plan).rpartition("#")[2],
        start=held.get("start") or plan.get("created"),
        end=held.get("end"),
        changed=plan.get("meta", {}).get("lastUpdated"),
        restricted="R" in labels,
    )


def _whole(bundle: Json, plan: Json, line: PlanLine) -> WholePlan:
    along = {f"{one['resourceType']}/{one.get('id')}": one for one in of_mode(bundle, "include")}

    def there(references: list[Json]) -> list[Json]:
        return [along[ref] for one in references if (ref := one.get("reference")) in along]

    goals = there(plan.get("goal", []))
    numbers = {f"Goal/{goal.get('id')}": count for count, goal in enumerate(goals, start=1)}
    activities = there([one.get("reference", {}) for one in plan.get("activity", [])])
    files = there(plan.get("supportingInfo", []))
    assessment = parts(plan, "assessment")
    return WholePlan(
        line=line,
        important=ours(plan, "whats-important", "valueString"),
        assessment=tuple(
            (name, str(value)) for name, value in next(assessment, {}).items() if name in _SBAR
        ),
        needs=tuple((one["text"], one.get("life-area")) for one in parts(plan, "need")),
        goals=tuple(map(_goal, goals)),
        activities=tuple(_activity(one, numbers) for one in activities),
        people=tuple(
            person for team in there(plan.get("careTeam", [])) for person in _people(team)
        ),
        meetings=tuple(parts(plan, "meeting")),
        follow_ups=tuple(parts(plan, "follow-up")),
        closing=next(parts(plan, "closing"), None),
        files=tuple(_files(files)),
        text=plain_structure(plan.get("text", {}).get("div", "")),
    )


_SBAR = ("situation", "background", "current-state", "recommendation", "adl", "source-text")


def _goal(goal: Json) -> Goal:
    kind = first(first(goal, "category"), "coding")
    achieved = coding(goal.get("achievementStatus", {}))
    return Goal(
        id=str(goal.get("id")),
        text=goal.get("description", {}).get("text", ""),
        kind=kind.get("display", ""),
        own=kind.get("code") == "PATIENT_OWN",
        status=pair(GOAL_STATUS, achieved or goal.get("lifecycleStatus")),
        due=first(goal, "target").get("dueDate"),
        evaluation=first(goal, "note").get("text"),
    )


def _activity(request: Json, numbers: Mapping[str, int]) -> Activity:
    timing = request.get("occurrenceTiming", {})
    held = request.get("occurrencePeriod") or timing.get("repeat", {}).get("boundsPeriod") or {}
    who = [each["display"] for each in request.get("performer", ()) if each.get("display")]
    served = (
        numbers.get(each.get("valueReference", {}).get("reference", ""))
        for each in request.get("extension", ())
        if each.get("url") == _PERTAINS
    )
    principal = ours(request, "principal", "valueCode")
    code = request.get("status", "unknown")
    return Activity(
        text=request.get("code", {}).get("text") or "–",
        status=pair(ACTIVITY_STATUS, code),
        status_code=code,
        who=", ".join(reversed(who)) or None,
        principal=PRINCIPAL.get(principal or ""),
        start=held.get("start"),
        end=held.get("end"),
        when=timing.get("code", {}).get("text"),
        goals=tuple(sorted(number for number in served if number is not None)),
    )


def _people(team: Json) -> Iterator[Person]:
    held = {f"#{each.get('id')}": each for each in team.get("contained", ())}
    for one in team.get("participant", ()):
        member = one.get("member", {})
        known = held.get(member.get("reference", ""), {})
        role = first(one, "role").get("text")
        telecom = {each.get("system"): each.get("value") for each in known.get("telecom", ())}
        name = known.get("practitioner", {}).get("display") or first(known, "name").get("text")
        unit = known.get("organization", {}).get("display") or member.get("display")
        if name or unit:
            yield Person(name, role, unit, telecom.get("phone"), telecom.get("email"))


def _files(references: list[Json]) -> Iterator[tuple[str, str, str]]:
    for one in references:
        if one["resourceType"] == "DocumentReference":
            attached = first(one, "content").get("attachment", {})
            url, kind = attached.get("url", ""), first(one.get("type", {}), "coding")
            if "/Binary/" in url:
                title = attached.get("title") or kind.get("display") or "Bilaga"
                yield title, attached.get("contentType", ""), url.rpartition("/")[2]


def _place(plan: Json) -> PlanPlace:
    number = first(plan, "identifier").get("value", "")
    code = coding(first(plan, "category"))
    return PlanPlace(source_of(plan), number, code or None)
