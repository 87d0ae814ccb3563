"""What every resource says of itself: which source, when changed, and how it must be handled.

Knows the security labels. Knows nothing of who asks: a label never opens anything, it tells the
receiver what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from samsvar.fhir.datatypes import (
    HSA,
    Json,
    ResourceIds,
    coding,
    extension,
    instant,
    source_identifier,
)
from samsvar.model.care import CareContact, CarePlan, LegalBasis

LEGAL_BASIS = "urn:samsvar:cs:legal-basis"
DISCLOSURE = "urn:samsvar:cs:disclosure"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

_LAWS: dict[LegalBasis, str] = {
    LegalBasis.HSL: "Hälso- och sjukvårdslagen",
    LegalBasis.SOL_ELDERLY: "Socialtjänstlagen, insatser för äldre",
    LegalBasis.SOL_DISABILITY: "Socialtjänstlagen, insatser för personer med funktionsnedsättning",
    LegalBasis.LSS: "Lagen om stöd och service till vissa funktionshindrade",
    LegalBasis.SOL_OTHER: "Socialtjänstlagen, annat",
    LegalBasis.SCHOOL_HEALTH: "Elevhälsans medicinska insatser",
    LegalBasis.OTHER_AUTHORITY: "Annan myndighet",
    LegalBasis.UNKNOWN: "Okänd",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same in all resources of one record."""

    ids: ResourceIds
    protected_identity: bool = False
    """Skyddade personuppgifter: confidentiality is R (restricted) instead of N."""

    def confidentiality(self) -> Json:
        """How the receiver must guard it."""
        if self.protected_identity:
            return coding(CONFIDENTIALITY, "R", "restricted")
        return coding(CONFIDENTIALITY, "N", "normal")

    def security(self, laws: Iterable[LegalBasis], approved_for_patient: bool) -> list[Json]:
        """Confidentiality, the laws it was written under, and whether the person may see it."""
        labels = [self.confidentiality()]
        labels += [coding(LEGAL_BASIS, law, _LAWS[law]) for law in dict.fromkeys(laws)]
        if not approved_for_patient:
            labels.append(coding(DISCLOSURE, "NOPATIENT", "Får inte visas för patienten"))
            labels.append(coding(ACT_CODE, "NOPAT"))
        return labels

    def meta(
        self, record: CarePlan | CareContact, *laws: LegalBasis, changed: datetime | None = None
    ) -> Json:
        """``meta`` of a resource that comes from the record and shows what these laws cover."""
        return {
            "lastUpdated": instant(changed or record.last_changed),
            "source": source_uri(record.source_system),
            "security": self.security(laws, record.approved_for_patient),
        }


def source_uri(source: str) -> str:
    """Which source system it comes from, as one URI."""
    return f"{HSA}#{''.join(source.split())}"


def approved(record: CarePlan | CareContact) -> Json:
    """Whether the care giver has approved it for the person's own eyes."""
    return extension("approved-for-patient", valueBoolean=record.approved_for_patient)


def record_identifier(record: CarePlan | CareContact) -> Json:
    """The source's own number of the record."""
    number = record.plan_id if isinstance(record, CarePlan) else record.contact_id
    return source_identifier(record.source_system, number)


def laws_of(plan: CarePlan) -> tuple[LegalBasis, ...]:
    """The laws of the plan and of every part that its text shows, each once."""
    single = [part for part in (plan.assessment, plan.closing) if part is not None]
    parts = [
        plan,
        *single,
        *plan.needs,
        *plan.goals,
        *plan.activities,
        *plan.contacts,
        *plan.follow_ups,
    ]
    return tuple(dict.fromkeys(part.provenance.legal_basis for part in parts))
