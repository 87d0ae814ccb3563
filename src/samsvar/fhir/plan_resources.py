"""A plan as everything that it becomes: the CarePlan and what it points at.

Knows which resources there are and in which order they stand. Knows nothing of what they say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from samsvar.fhir.attachments import Url, attachment_reference
from samsvar.fhir.care_plan import care_plan
from samsvar.fhir.care_team import care_team
from samsvar.fhir.datatypes import Json, present
from samsvar.fhir.encounter import encounter, encounter_id
from samsvar.fhir.flag import flag
from samsvar.fhir.goal import goal
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import plan_refs
from samsvar.fhir.provenance import contact_provenance, plan_provenances
from samsvar.fhir.service_request import service_request
from samsvar.model.care import CareContact, CarePlan


@dataclass(frozen=True, slots=True)
class Resources:
    """One record: its main resource, and those that may be sent with it."""

    main: Json = field(repr=False)
    included: tuple[Json, ...] = field(repr=False, default=())

    def of(self, *kinds: str) -> tuple[Json, ...]:
        """The included ones of these kinds."""
        return tuple(each for each in self.included if each["resourceType"] in kinds)


def plan_resources(plan: CarePlan, frame: Frame, url: Url) -> Resources:
    """CarePlan; Goal, ServiceRequest, CareTeam, Flag, DocumentReference, Provenance."""
    refs = plan_refs(plan, frame)
    return Resources(
        care_plan(plan, refs, frame),
        tuple(
            present(
                [
                    *(goal(plan, number, refs, frame) for number in range(len(plan.goals))),
                    *(
                        service_request(plan, number, refs, frame)
                        for number in range(len(plan.activities))
                    ),
                    care_team(plan, refs, frame),
                    flag(plan, refs, frame),
                    *(
                        attachment_reference(plan, number, refs, frame, url)
                        for number in range(len(plan.attachments))
                    ),
                    *plan_provenances(plan, refs, frame),
                ]
            )
        ),
    )


def contact_resources(contact: CareContact, frame: Frame) -> Resources:
    """Encounter; Provenance."""
    origin = contact_provenance(contact, encounter_id(contact, frame), frame)
    return Resources(encounter(contact, frame), tuple(present([origin])))
