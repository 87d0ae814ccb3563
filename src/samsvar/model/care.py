"""The canonical model of plans and care contacts: what adapters make and codecs write.

Fields and cardinalities follow the information model of a coordinated plan (SIP) and of
GetCarePlans 2.0 / GetCareContacts 3.0. Timestamps are aware, in Europe/Stockholm; dates are
local. ``None`` means unknown, never "no". Knows no XML, no source system, no clock. Long, as it
is one vocabulary: its words are read together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from samsvar.model.identifiers import PersonId

OID_HSA = "1.2.752.129.2.1.4.1"
OID_ORGANISATION_NUMBER = "1.2.752.29.4.3"
OID_CONTACT_TYPE = "1.2.752.129.5.1.69"
OID_CARE_CONTACT_TYPE = "1.2.752.129.2.2.2.25"
OID_ROLE = "1.2.752.129.2.2.1.4"
OID_SNOMED_SE = "1.2.752.116.2.1.1"


class PlanType(StrEnum):
    """TypeOfCarePlanEnum."""

    SIP = "SIP"
    SPLPTLRV = "SPLPTLRV"
    SPU = "SPU"
    VP = "VP"
    HP = "HP"
    RP = "RP"
    GP = "GP"
    SVP = "SVP"


class PlanStatus(StrEnum):
    """Canonical status; each source's own words are mapped to these."""

    INITIATED = "INITIATED"
    ASSESSING = "ASSESSING"
    INVITED = "INVITED"
    PLANNING = "PLANNING"
    ESTABLISHED = "ESTABLISHED"
    FOLLOW_UP = "FOLLOW_UP"
    CLOSED = "CLOSED"
    INTERRUPTED = "INTERRUPTED"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"
    UNKNOWN = "UNKNOWN"


class Trigger(StrEnum):
    """What set the plan off."""

    DISCHARGE = "DISCHARGE"
    OPEN_CARE = "OPEN_CARE"
    COMPULSORY_CARE_TRANSITION = "COMPULSORY_CARE_TRANSITION"


class LegalBasis(StrEnum):
    """Under which law an element was written. UNKNOWN is never shared (fail closed)."""

    HSL = "HSL"
    SOL_ELDERLY = "SOL_ELDERLY"
    SOL_DISABILITY = "SOL_DISABILITY"
    LSS = "LSS"
    SOL_OTHER = "SOL_OTHER"
    SCHOOL_HEALTH = "SCHOOL_HEALTH"
    OTHER_AUTHORITY = "OTHER_AUTHORITY"
    UNKNOWN = "UNKNOWN"


class Principal(StrEnum):
    """Huvudman."""

    REGION = "REGION"
    MUNICIPALITY = "MUNICIPALITY"
    OTHER = "OTHER"


class QualityCode(StrEnum):
    """What was wrong with the source's data, for technicians."""

    MISSING_HSA_UNIT = "MISSING_HSA_UNIT"
    LOCAL_UNIT_ID = "LOCAL_UNIT_ID"
    UNPARSED_DATE = "UNPARSED_DATE"
    TEXT_NOT_SPLIT = "TEXT_NOT_SPLIT"
    OWNER_UNKNOWN = "OWNER_UNKNOWN"
    BASIS_UNKNOWN = "BASIS_UNKNOWN"
    STATUS_UNMAPPED = "STATUS_UNMAPPED"
    ATTACHMENT_TOO_BIG = "ATTACHMENT_TOO_BIG"
    ATTACHMENT_UNREADABLE = "ATTACHMENT_UNREADABLE"
    DUPLICATE_IN_SOURCE = "DUPLICATE_IN_SOURCE"
    DATE_FALLBACK = "DATE_FALLBACK"
    CODE_UNMAPPED = "CODE_UNMAPPED"


@dataclass(frozen=True, slots=True)
class DataQuality:
    """One remark. ``message`` is technical and holds no personal data."""

    code: QualityCode
    path: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.path}: {self.message}".removesuffix(": ")


@dataclass(frozen=True, slots=True)
class Code:
    """A coded value: code, system and display name together, or ``text`` alone; never both."""

    code: str | None = None
    system: str | None = None
    display: str | None = None
    text: str | None = None
    system_name: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisational unit. ``hsa_id`` only when it really is one; a local code never is."""

    name: str | None = None
    hsa_id: str | None = None
    local_id: str | None = None
    telecom: str | None = None
    address: str | None = None


class Mark(StrEnum):
    """What an owner may say of one element."""

    EXCEPTION = "EXCEPTION"
    """Of other social services (SOL_OTHER), and to be shared all the same."""
    RELEASABLE_TO_PERSON = "RELEASABLE_TO_PERSON"
    ONLY_FOR_INCAPABLE = "ONLY_FOR_INCAPABLE"
    """Made available only since the person could not take a stand (2022:913 2:6)."""
    THIRD_PARTY_SENSITIVE = "THIRD_PARTY_SENSITIVE"
    """Sensitive for somebody else than the person."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an element comes from and whether it may be shared.

    ``marked_for_sharing`` is false by default for everything but HSL.
    """

    legal_basis: LegalBasis = LegalBasis.UNKNOWN
    marked_for_sharing: bool = False
    owner: str | None = None
    owner_unit: str | None = None
    recorded_at: datetime | None = None
    marks: tuple[Mark, ...] = ()
    """What the owner has said of this one element beside that."""

    @property
    def shareable(self) -> bool:
        """May leave its owner at all: marked, and written under a law that we know."""
        return self.marked_for_sharing and self.legal_basis not in (
            LegalBasis.UNKNOWN,
            LegalBasis.SOL_OTHER,
            LegalBasis.OTHER_AUTHORITY,
        )


@dataclass(frozen=True, slots=True)
class Professional:
    """Who is accountable for the document (vård- och omsorgspersonal)."""

    name: str | None = None
    hsa_id: str | None = None
    role: Code | None = None
    unit: Unit | None = None
    care_unit: str | None = None
    """HSA-id of the PDL unit, when known."""
    care_giver: str | None = None
    """HSA-id of the care giver (information owner), when known."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One unit's or person's approval (justering)."""

    at: datetime
    name: str | None = None
    hsa_id: str | None = None
    unit: str | None = None


class GoalKind(StrEnum):
    """Whose goal."""

    PATIENT_OWN = "PATIENT_OWN"
    PROFESSIONAL = "PROFESSIONAL"
    SHARED = "SHARED"


class GoalStatus(StrEnum):
    """How the goal stands."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    ACHIEVED = "ACHIEVED"
    PARTLY_ACHIEVED = "PARTLY_ACHIEVED"
    NOT_ACHIEVED = "NOT_ACHIEVED"
    CANCELLED = "CANCELLED"


class ActivityStatus(StrEnum):
    """How the activity stands."""

    PLANNED = "PLANNED"
    ONGOING = "ONGOING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Need:
    """Behov."""

    need_id: str
    text: str
    life_area: str | None = None
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Goal:
    """Mål. The person's own words are kept to the letter."""

    goal_id: str
    kind: GoalKind
    text: str
    status: GoalStatus = GoalStatus.ACTIVE
    parent_goal_id: str | None = None
    target_date: date | None = None
    evaluation: str | None = None
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Activity:
    """Insats: what, who, when, how it goes, and under which law."""

    activity_id: str
    text: str
    status: ActivityStatus = ActivityStatus.UNKNOWN
    code: Code | None = None
    goal_ids: tuple[str, ...] = ()
    responsible_principal: Principal | None = None
    responsible_unit: Unit | None = None
    responsible_person: str | None = None
    start: date | None = None
    end: date | None = None
    timing_text: str | None = None
    social_service_type: str | None = None
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Assessment:
    """Kartläggning by SBAR. ``source_text`` is set when the text could not be split."""

    situation: str | None = None
    background: str | None = None
    current_state: str | None = None
    recommendation: str | None = None
    adl: tuple[str, ...] = ()
    source_text: str | None = None
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Contact:
    """Contact person; ``type_code`` 1 to 4 of OID_CONTACT_TYPE, or None with ``type_text``."""

    name: str | None = None
    type_code: str | None = None
    type_text: str | None = None
    profession: str | None = None
    unit: Unit | None = None
    phone: str | None = None
    email: str | None = None
    provenance: Provenance = Provenance(LegalBasis.HSL, marked_for_sharing=True)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Kallelse and SIP-möte in one: planned if ``held`` is false."""

    at: datetime
    held: bool
    mode: str | None = None
    place: str | None = None


class Existence(StrEnum):
    """YES, NO or UNKNOWN; UNKNOWN is not NO."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class TreatmentLimitation:
    """That a decision on level of care exists, and when; never what it says."""

    exists: Existence = Existence.UNKNOWN
    decided: date | None = None
    updated: date | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Uppföljning."""

    planned: date | None = None
    held: date | None = None
    text: str | None = None
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Closing:
    """Utvärdering och avslut."""

    closed: date
    reason: str | None = None
    evaluation: str | None = None
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Attachment:
    """Bilaga. ``whole_plan``: it shows everything, so it may leave only if nothing is withheld."""

    attachment_id: str
    media_type: str
    content: bytes = field(repr=False, default=b"")
    size: int = 0
    """Bytes as the source says; the content may be left unfetched when too big."""
    whole_plan: bool = True
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class ResponsiblePrincipal:
    """Övergripande ansvarig huvudman (HSL 16:4, fourth item)."""

    principal: Principal
    name: str | None = None
    id_root: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class CarePlan:
    """A plan as the hub understands it. Everything personal is kept out of ``repr``."""

    plan_id: str
    """Unique in the source, stable over time."""
    source_system: str
    """The source's logical address (HSA-id)."""
    subject: PersonId
    status: PlanStatus
    last_changed: datetime
    """authorTime. A plan without any usable time is refused by the mapping, never "now"."""
    type: PlanType | None = None
    title: str | None = field(repr=False, default=None)
    trigger: Trigger | None = None
    established: datetime | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    accountable: Professional = field(repr=False, default_factory=Professional)
    responsible_principal: ResponsiblePrincipal | None = None
    signatures: tuple[Signature, ...] = field(repr=False, default=())
    approved_for_patient: bool = False
    care_contact_id: str | None = None
    participating_units: tuple[Unit, ...] = ()
    whats_important: str | None = field(repr=False, default=None)
    """Vad är viktigt för dig."""
    narrative: str | None = field(repr=False, default=None)
    """The whole plan as the source's own text: it may show anything that the plan holds."""
    assessment: Assessment | None = field(repr=False, default=None)
    needs: tuple[Need, ...] = field(repr=False, default=())
    goals: tuple[Goal, ...] = field(repr=False, default=())
    activities: tuple[Activity, ...] = field(repr=False, default=())
    contacts: tuple[Contact, ...] = field(repr=False, default=())
    meetings: tuple[Meeting, ...] = field(repr=False, default=())
    follow_ups: tuple[FollowUp, ...] = field(repr=False, default=())
    treatment_limitation: TreatmentLimitation = TreatmentLimitation()
    closing: Closing | None = field(repr=False, default=None)
    attachments: tuple[Attachment, ...] = field(repr=False, default=())
    replaces: tuple[str, ...] = ()
    language: str = "sv-SE"
    partial: bool = False
    """The mapping already left something out (a school or IFO part)."""
    provenance: Provenance = Provenance(LegalBasis.HSL, marked_for_sharing=True)
    quality: tuple[DataQuality, ...] = ()


class ContactType(StrEnum):
    """KV Vårdkontakttyp."""

    VISIT = "1"
    PHONE = "2"
    EPISODE = "3"
    DAY_CARE = "4"
    OTHER = "5"


class ContactStatus(StrEnum):
    """Care-contact status, Snomed CT SE codes."""

    BOOKED = "53631000052103"
    CANCELLED_BEFORE = "53641000052109"
    ONGOING = "53651000052107"
    INTERRUPTED = "53661000052105"
    FINISHED = "53671000052101"
    ON_LEAVE = "53681000052104"
    ENTERED_IN_ERROR = "53691000052102"
    WAITING_LIST = "53701000052102"


@dataclass(frozen=True, slots=True)
class CareContact:
    """Vårdkontakt."""

    contact_id: str
    source_system: str
    subject: PersonId
    last_changed: datetime
    type: ContactType | None = None
    reason: str | None = field(repr=False, default=None)
    unit: Unit | None = None
    start: datetime | None = None
    end: datetime | None = None
    status: ContactStatus | None = None
    status_text: str | None = None
    """The source's own word, when it has no code for it."""
    accountable: Professional = field(repr=False, default_factory=Professional)
    approved_for_patient: bool = False
    provenance: Provenance = Provenance(LegalBasis.HSL, marked_for_sharing=True)
    quality: tuple[DataQuality, ...] = ()


@dataclass(frozen=True, slots=True)
class CareQuery:
    """What an adapter is asked. The hub applies period and unit filters itself, afterwards:
    an adapter may use them to ask for less, and must never leave out more."""

    subject: PersonId
    source_system: str
    """The logical address asked: what ``source_system`` of each record must be."""
    period_start: date | None = None
    period_end: date | None = None
    care_units: tuple[str, ...] = ()
    care_givers: tuple[str, ...] = ()
    contact_ids: tuple[str, ...] = ()
