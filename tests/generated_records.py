"""Generated plans and care contacts: whatever a source could say, in the form that can be written.

That form: texts of characters that XML can hold, and never empty; ids without blanks; times of
whole seconds that a Swedish clock shows once; units by HSA-id or name.
"""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import strategies as st

from samsvar.model.care import (
    OID_ROLE,
    Activity,
    ActivityStatus,
    Assessment,
    Attachment,
    CareContact,
    CarePlan,
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
from samsvar.model.local_time import on_the_wall
from samsvar.model.sharing import PDF
from tests.care_records import SOURCE, SUBJECT

LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"
)
TEXT = st.text(LETTERS | st.sampled_from("<>&\"'\n\t"), min_size=1, max_size=20)
VISIBLE = TEXT.filter(lambda text: bool(text.strip()))
TOKEN = st.text(st.sampled_from("abcåäö019-_.#"), min_size=1, max_size=8)
HSA = st.from_regex(r"SE2[0-9]{9}-[A-Z0-9]{1,6}", fullmatch=True)
DAY = st.dates(date(1900, 1, 1), date(2099, 12, 30))
SHOWN = st.datetimes(datetime(1900, 1, 2), datetime(2099, 12, 30))  # noqa: DTZ001


def _on_the_wall(shown: datetime) -> datetime:
    return on_the_wall(shown.replace(microsecond=0))


TIME = SHOWN.map(_on_the_wall)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Known or not."""
    return st.none() | strategy


def some(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """None of them, or a few."""
    return st.lists(strategy, max_size=2).map(tuple)


SHARED_LAWS = st.sampled_from(
    [
        LegalBasis.HSL,
        LegalBasis.SOL_ELDERLY,
        LegalBasis.SOL_DISABILITY,
        LegalBasis.LSS,
        LegalBasis.SCHOOL_HEALTH,
    ]
)
PROVENANCE = st.builds(Provenance, SHARED_LAWS, st.just(True), maybe(HSA), maybe(HSA), maybe(TIME))
NAMED_UNIT = st.builds(Unit, TEXT, maybe(HSA)) | st.builds(Unit, st.none(), HSA)
ORG_UNIT = st.builds(Unit, name=TEXT, hsa_id=maybe(HSA), telecom=maybe(TEXT), address=maybe(TEXT))
CODE = st.builds(Code, TOKEN, st.just("1.2.752.116.1.3.2.1.4"), TEXT) | st.builds(Code, text=TEXT)
ROLE = st.builds(Code, TOKEN, st.just(OID_ROLE), TEXT, st.none(), maybe(TEXT)) | st.builds(
    Code, text=TEXT
)
PROFESSIONAL = st.builds(
    Professional,
    name=maybe(TEXT),
    hsa_id=maybe(HSA),
    role=maybe(ROLE),
    unit=maybe(ORG_UNIT),
    care_unit=maybe(HSA),
    care_giver=maybe(HSA),
)
WHOLE_PROFESSIONAL = st.builds(
    Professional,
    name=TEXT,
    hsa_id=HSA,
    role=maybe(ROLE),
    unit=st.builds(Unit, name=TEXT, hsa_id=HSA),
    care_unit=HSA,
    care_giver=HSA,
)
ASSESSMENT = st.builds(
    Assessment,
    *[maybe(TEXT)] * 4,
    some(TEXT),
    maybe(TEXT),
    PROVENANCE,
)
NEED = st.builds(Need, TOKEN, TEXT, maybe(TEXT), PROVENANCE)
GOAL = st.builds(
    Goal,
    TOKEN,
    st.sampled_from(GoalKind),
    TEXT,
    st.sampled_from(GoalStatus),
    maybe(TOKEN),
    maybe(DAY),
    maybe(TEXT),
    PROVENANCE,
)
ACTIVITY = st.builds(
    Activity,
    TOKEN,
    TEXT,
    st.sampled_from(ActivityStatus),
    maybe(CODE),
    some(TOKEN),
    maybe(st.sampled_from(Principal)),
    maybe(NAMED_UNIT),
    maybe(TEXT),
    maybe(DAY),
    maybe(DAY),
    maybe(TEXT),
    maybe(TEXT),
    PROVENANCE,
)
CONTACT = st.builds(
    Contact,
    maybe(TEXT),
    maybe(st.sampled_from("1234")),
    maybe(TEXT | st.sampled_from(["Närstående", "God man"])),
    maybe(TEXT),
    maybe(NAMED_UNIT),
    maybe(TEXT),
    maybe(TEXT),
    PROVENANCE,
)
MEETING = st.builds(Meeting, TIME, st.booleans(), maybe(TEXT), maybe(TEXT))
FOLLOW_UP = st.builds(FollowUp, maybe(DAY), maybe(DAY), maybe(TEXT), PROVENANCE)
LIMITATION = st.just(TreatmentLimitation()) | st.builds(
    TreatmentLimitation,
    st.sampled_from([Existence.YES, Existence.NO]),
    maybe(DAY),
    maybe(DAY),
)
PRINCIPAL = st.builds(ResponsiblePrincipal, st.sampled_from(Principal), maybe(TEXT)) | st.builds(
    ResponsiblePrincipal,
    st.sampled_from(Principal),
    maybe(TEXT),
    st.just("1.2.752.29.4.3"),
    st.just("2129999997"),
)


def _attachments(files: list[tuple[str, bytes]], provenance: Provenance) -> tuple[Attachment, ...]:
    """As they are sent: the PDF first."""
    made = [
        Attachment(f"b{number}", media_type, content, len(content), number % 2 == 0, provenance)
        for number, (media_type, content) in enumerate(files)
    ]
    return tuple(sorted(made, key=lambda each: each.media_type != PDF))


ATTACHMENTS = st.builds(
    _attachments,
    st.lists(
        st.tuples(
            st.sampled_from([PDF, "image/png", "text/html", "text/plain"]),
            st.binary(min_size=1, max_size=30),
        ),
        max_size=3,
    ),
    PROVENANCE,
)
PLANS: st.SearchStrategy[CarePlan] = st.builds(
    CarePlan,
    plan_id=TOKEN,
    source_system=st.just(SOURCE),
    subject=st.just(SUBJECT),
    status=st.sampled_from(
        [
            PlanStatus.ESTABLISHED,
            PlanStatus.FOLLOW_UP,
            PlanStatus.CLOSED,
            PlanStatus.INTERRUPTED,
            PlanStatus.UNKNOWN,
        ]
    ),
    last_changed=TIME,
    type=maybe(st.sampled_from(PlanType)),
    title=VISIBLE,
    trigger=maybe(st.sampled_from(Trigger)),
    established=maybe(TIME),
    valid_from=maybe(DAY),
    valid_to=maybe(DAY),
    accountable=PROFESSIONAL,
    responsible_principal=maybe(PRINCIPAL),
    signatures=some(st.builds(Signature, TIME, maybe(TEXT), maybe(HSA), maybe(TEXT))),
    approved_for_patient=st.booleans(),
    care_contact_id=maybe(TOKEN),
    participating_units=some(NAMED_UNIT),
    whats_important=maybe(TEXT),
    narrative=maybe(VISIBLE),
    assessment=maybe(ASSESSMENT),
    needs=some(NEED),
    goals=some(GOAL),
    activities=some(ACTIVITY),
    contacts=some(CONTACT),
    meetings=some(MEETING),
    follow_ups=some(FOLLOW_UP),
    treatment_limitation=LIMITATION,
    closing=maybe(st.builds(Closing, DAY, maybe(TEXT), maybe(TEXT), PROVENANCE)),
    attachments=ATTACHMENTS,
    replaces=some(TOKEN),
    language=st.sampled_from(["sv-SE", "da-DK"]),
    provenance=PROVENANCE,
)

_CONTACT_FIELDS: dict[str, st.SearchStrategy[object]] = {
    "contact_id": TOKEN,
    "source_system": st.just(SOURCE),
    "subject": st.just(SUBJECT),
    "last_changed": TIME,
    "type": maybe(st.sampled_from(ContactType)),
    "reason": maybe(TEXT),
    "start": TIME,
    "end": maybe(TIME),
    "approved_for_patient": st.booleans(),
}


def _contact(**fields: object) -> CareContact:
    """With the provenance that its header tells, and nothing else can."""
    contact = CareContact(**fields)  # type: ignore[arg-type]
    author = contact.accountable
    return CareContact(
        **fields,  # type: ignore[arg-type]
        provenance=Provenance(
            LegalBasis.UNKNOWN, True, author.care_giver, author.care_unit, contact.last_changed
        ),
    )


CONTACTS: st.SearchStrategy[CareContact] = st.builds(
    _contact,
    **_CONTACT_FIELDS,
    unit=maybe(ORG_UNIT),
    accountable=PROFESSIONAL,
    status=maybe(st.sampled_from(ContactStatus)),
) | st.builds(_contact, **_CONTACT_FIELDS, accountable=PROFESSIONAL, status_text=maybe(TEXT))
CONTACTS_OF_VERSION_2: st.SearchStrategy[CareContact] = st.builds(
    _contact,
    **_CONTACT_FIELDS,
    unit=st.builds(Unit, name=TEXT, hsa_id=HSA),
    accountable=WHOLE_PROFESSIONAL,
    status=maybe(
        st.sampled_from(
            [
                ContactStatus.BOOKED,
                ContactStatus.CANCELLED_BEFORE,
                ContactStatus.ONGOING,
                ContactStatus.INTERRUPTED,
                ContactStatus.FINISHED,
            ]
        )
    ),
)
