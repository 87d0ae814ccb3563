"""Fictive plans and care contacts: one that has everything, one that has next to nothing.

Only invented people and official test numbers.
"""

from __future__ import annotations

from datetime import date, datetime

from samsvar.model.care import (
    OID_ROLE,
    Activity,
    ActivityStatus,
    Assessment,
    Attachment,
    CareContact,
    CarePlan,
    CareQuery,
    Closing,
    Code,
    Contact,
    ContactStatus,
    ContactType,
    Existence,
    FollowUp,
    Goal,
    GoalKind,
    GoalStatus,
    LegalBasis,
    Meeting,
    Need,
    PlanStatus,
    PlanType,
    Principal,
    Professional,
    Provenance,
    ResponsiblePrincipal,
    Signature,
    TreatmentLimitation,
    Trigger,
    Unit,
)
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import STOCKHOLM

SOURCE = "SE2321000131-E000000000001"
SUBJECT = PersonId("1.2.752.129.2.1.3.1", "191212121212")
STRANGER = PersonId("1.2.752.129.2.1.3.1", "196501022773")
HEALTH = Provenance(LegalBasis.HSL, True, "SE2321000131-E000000000010")
ELDERLY = Provenance(LegalBasis.SOL_ELDERLY, True, "SE2129999997-A001")
FAMILY = Provenance(LegalBasis.SOL_OTHER, True, "SE2129999997-A009", "IFO Exempelkommun")
UNMARKED = Provenance(LegalBasis.SOL_DISABILITY, marked_for_sharing=False)
CLINIC = Unit(
    "Exempelvårdcentralen Solgläntan",
    hsa_id="SE2321000131-E000000000101",
    telecom="031-390 06 00",
    address="Storgatan 12, 431 31 Mölndal",
)
HOME_HELP = Unit("Hemtjänst Norr", local_id="HN-7")
DOCTOR = Professional(
    name="Anna Andersson",
    hsa_id="SE2321000131-P000000000007",
    role=Code("201011", OID_ROLE, "Distriktsläkare", system_name="KV Befattning"),
    unit=CLINIC,
    care_unit="SE2321000131-E000000000101",
    care_giver="SE2321000131-E000000000010",
)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A Swedish time of day."""
    return datetime(year, month, day, hour, minute, tzinfo=STOCKHOLM)


def question(**changes: object) -> CareQuery:
    """What is asked of SOURCE about SUBJECT."""
    fields: dict[str, object] = {"subject": SUBJECT, "source_system": SOURCE, **changes}
    return CareQuery(**fields)  # type: ignore[arg-type]


def pdf(size: int = 64, provenance: Provenance = HEALTH) -> Attachment:
    """A print of the whole plan."""
    return Attachment(
        "b1", "application/pdf", b"%PDF-1.7" + b" " * (size - 8), size, True, provenance
    )


def small_plan(**changes: object) -> CarePlan:
    """An established plan with what every plan has, and the given changes."""
    fields: dict[str, object] = {
        "plan_id": "SIP-1",
        "source_system": SOURCE,
        "subject": SUBJECT,
        "status": PlanStatus.ESTABLISHED,
        "last_changed": at(2024, 3, 12, 10, 30),
        "established": at(2024, 3, 12, 10, 15),
        **changes,
    }
    return CarePlan(**fields)  # type: ignore[arg-type]


def whole_plan() -> CarePlan:
    """A plan that uses every field of the model."""
    return small_plan(
        plan_id="SIP-2024-0001",
        status=PlanStatus.FOLLOW_UP,
        type=PlanType.SIP,
        title="SIP inför hemgång",
        trigger=Trigger.DISCHARGE,
        valid_from=date(2024, 3, 12),
        valid_to=date(2024, 9, 12),
        accountable=DOCTOR,
        responsible_principal=ResponsiblePrincipal(
            Principal.MUNICIPALITY,
            "Exempelkommun, Socialnämnden",
            "1.2.752.29.4.3",
            "2129999997",
        ),
        signatures=(
            Signature(at(2024, 3, 12, 11), "Anna Andersson", DOCTOR.hsa_id, CLINIC.hsa_id),
            Signature(at(2024, 3, 12, 10, 45), "Bo Berg", unit="Hemtjänst Norr"),
        ),
        approved_for_patient=True,
        care_contact_id="VK-2024-000123",
        participating_units=(CLINIC, HOME_HELP),
        whats_important="Att kunna bo kvar hemma & klara <egen> medicin.",
        assessment=Assessment(
            situation="Ska hem efter höftfraktur.",
            background="Bor ensam, två trappor.",
            current_state="Går med rollator.",
            recommendation="Hembesök inom en vecka.",
            adl=("På- och avklädning: delvis beroende",),
            provenance=HEALTH,
        ),
        needs=(Need("n1", "Stöd vid inköp", "Hemliv", ELDERLY),),
        goals=(
            Goal(
                "g1",
                GoalKind.PATIENT_OWN,
                "Jag vill kunna gå till affären själv",
                provenance=HEALTH,
            ),
            Goal(
                "mål 2",
                GoalKind.PROFESSIONAL,
                "Säker förflyttning inomhus",
                GoalStatus.PARTLY_ACHIEVED,
                parent_goal_id="g1",
                target_date=date(2024, 6, 1),
                evaluation="Klarar trappan med stöd.",
                provenance=HEALTH,
            ),
        ),
        activities=(
            Activity(
                "a1",
                "Hemtjänst, stöd vid inköp",
                ActivityStatus.ONGOING,
                goal_ids=("g1", "mål 2"),
                responsible_principal=Principal.MUNICIPALITY,
                responsible_unit=HOME_HELP,
                timing_text="Tisdagar",
                social_service_type="HEMTJANST",
                provenance=ELDERLY,
            ),
            Activity(
                "a2",
                "Träning i hemmet",
                ActivityStatus.PLANNED,
                code=Code("QV001", "1.2.752.116.1.3.2.1.4", "Träning"),
                goal_ids=("mål 2",),
                responsible_principal=Principal.REGION,
                responsible_unit=CLINIC,
                responsible_person="Cecilia Ek, fysioterapeut",
                start=date(2024, 3, 18),
                end=date(2024, 4, 30),
                provenance=HEALTH,
            ),
        ),
        contacts=(
            Contact("Anna Andersson", "1", None, "Distriktsläkare", CLINIC, "031-390 06 00"),
            Contact("Bo Berg", None, "SIP-ansvarig", unit=HOME_HELP, email="bo@kommun.example"),
        ),
        meetings=(Meeting(at(2024, 3, 12, 9), held=True, mode="VIDEO", place="Avdelning 31"),),
        follow_ups=(
            FollowUp(date(2024, 6, 12), None, "Uppföljning i hemmet.", HEALTH),
            FollowUp(date(2024, 4, 12), date(2024, 4, 15), None, HEALTH),
        ),
        treatment_limitation=TreatmentLimitation(
            Existence.YES, date(2023, 6, 1), date(2023, 8, 12)
        ),
        closing=Closing(date(2024, 9, 12), "GOALS_MET", "Personen är nöjd.", HEALTH),
        attachments=(pdf(),),
        replaces=("SIP-2023-0009",),
    )


def small_contact(**changes: object) -> CareContact:
    """A contact with what every contact has, and the given changes."""
    fields: dict[str, object] = {
        "contact_id": "VK-1",
        "source_system": SOURCE,
        "subject": SUBJECT,
        "last_changed": at(2024, 3, 12, 9, 45),
        **changes,
    }
    return CareContact(**fields)  # type: ignore[arg-type]


def whole_contact() -> CareContact:
    """A contact that uses every field of the model."""
    return small_contact(
        contact_id="VK-2024-000123",
        type=ContactType.VISIT,
        reason="Planering inför hemgång",
        unit=CLINIC,
        start=at(2024, 3, 12, 9),
        end=at(2024, 3, 12, 9),
        status=ContactStatus.FINISHED,
        accountable=DOCTOR,
        approved_for_patient=True,
    )
