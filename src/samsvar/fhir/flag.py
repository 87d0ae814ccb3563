"""That a decision on level of care (beslut om vårdnivå) exists, as Flag.

Knows that it exists and when. Never what it says: that is read in the record itself. A source
that says there is none, and one that does not know, give no Flag; the plan tells them apart.
"""

from __future__ import annotations

from samsvar.fhir.datatypes import Json, built, concept, day, extension, patient, period
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import CarePlan
from samsvar.model.plan_text import limitation_lines

FLAG = "urn:samsvar:cs:flag"


def flag(plan: CarePlan, refs: PlanRefs, frame: Frame) -> Json:
    """The Flag; nothing where no decision is known to exist."""
    if refs.flag is None:
        return {}
    limitation = plan.treatment_limitation
    return built(
        {
            "resourceType": "Flag",
            "id": refs.flag,
            "meta": frame.meta(plan, plan.provenance.legal_basis),
            "extension": [extension("last-changed-day", valueDate=day(limitation.updated))],
            "status": "active",
            "code": concept(
                {
                    "system": FLAG,
                    "code": "treatment-limitation-exists",
                    "display": "Beslut om vårdnivå finns",
                },
                text=" ".join(limitation_lines(limitation)),
            ),
            "subject": patient(plan.subject),
            "period": period(limitation.decided, None),
        }
    )
