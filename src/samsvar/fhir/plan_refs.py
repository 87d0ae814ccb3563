"""Which resources a plan becomes, and what each is called.

Knows the parts of a plan that are resources of their own. Knows nothing of what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.fhir.ids import distinct
from samsvar.fhir.labels import Frame
from samsvar.model.care import CarePlan, Existence


@dataclass(frozen=True, slots=True)
class PlanRefs:
    """Ids of everything that one plan becomes, in the order of the plan's own parts."""

    plan: str
    goals: tuple[str, ...]
    activities: tuple[str, ...]
    attachments: tuple[str, ...]
    team: str | None
    """None: nobody is known to take part."""
    flag: str | None
    """None: no decision on level of care is known to exist."""

    def goal(self, plan: CarePlan, goal_id: str | None) -> str | None:
        """The resource id of a goal by the source's own id; None if it is not in the plan."""
        for goal, resource_id in zip(plan.goals, self.goals, strict=True):
            if goal.goal_id == goal_id:
                return resource_id
        return None


def plan_refs(plan: CarePlan, frame: Frame) -> PlanRefs:
    """The ids. Stable as long as source, plan and parts keep their own."""

    def called(kind: str, *names: str) -> str:
        return frame.ids(kind, plan.source_system, plan.plan_id, *names)

    def each(kind: str, names: list[str]) -> tuple[str, ...]:
        return tuple(called(kind, name) for name in distinct(names))

    with_team = bool(plan.contacts or plan.participating_units or plan.responsible_principal)
    return PlanRefs(
        plan=called("CarePlan"),
        goals=each("Goal", [goal.goal_id for goal in plan.goals]),
        activities=each("ServiceRequest", [one.activity_id for one in plan.activities]),
        attachments=each("DocumentReference", [one.attachment_id for one in plan.attachments]),
        team=called("CareTeam") if with_team else None,
        flag=called("Flag") if plan.treatment_limitation.exists is Existence.YES else None,
    )
