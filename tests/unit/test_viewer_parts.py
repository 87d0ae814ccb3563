"""What the viewer is made of, without a socket: texts, timelines, sessions, plans out of FHIR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from samsvar.access import RULES
from samsvar.access.words import Verdict
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.plan_text import PLAN_STATUS as HUBS_STATUS
from samsvar.model.plan_text import PLAN_TYPE as HUBS_TYPE
from samsvar.viewer.bundle import silent_sources
from samsvar.viewer.drawing import day, moment
from samsvar.viewer.narrative import Block, blocks, plain_structure
from samsvar.viewer.readers import by_day
from samsvar.viewer.sessions import LoggedIn, PlanPlace, Sessions, Stated
from samsvar.viewer.staff_pages import person_typed
from samsvar.viewer.staff_plans import lines, whole
from samsvar.viewer.timeline import timeline
from samsvar.viewer.words import PLAN_STATUS, PLAN_TYPE, REFUSALS

WHOLE = Path(__file__).parents[1] / "data" / "fhir" / "plan_whole.json"
TODAY = date(2026, 11, 27)


@dataclass
class Watch:
    """A clock that a test turns."""

    at: datetime = datetime(2026, 11, 27, 10, tzinfo=STOCKHOLM)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def somebody(watch: Watch, seconds: float = 3600) -> LoggedIn:
    return LoggedIn(
        kind="citizen", name="Tolvan", token="secret", until=watch.at.timestamp() + seconds
    )


@pytest.mark.parametrize(
    ("div", "kept"),
    [
        ("<div><p>Hej<br/>du</p></div>", "<p>Hej<br>du</p>"),
        ("<p onclick='x()'>a</p>", "<p>a</p>"),
        ("<script>alert(1)</script><p>a</p>", "<p>a</p>"),
        ("<p><a href='javascript:x'>a</a></p>", "<p>a</p>"),
        ("<img src=x onerror=alert(1)>text", "text"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<ul><li>a<li>b", "<ul><li>a<li>b</li></li></ul>"),
        ("</p></ul>a", "a"),
        ("<svg><style>p{}</style></svg>b", "b"),
        ("<h1>a</h1>", "<h3>a</h3>"),
    ],
)
def test_of_a_narrative_nothing_is_left_but_text_and_plain_structure(div: str, kept: str) -> None:
    assert str(plain_structure(div)) == kept


def test_a_plain_text_is_parted_by_its_headings() -> None:
    text = "Status: Upprättad\n\nMitt mål\nAtt orka gå ut.\n\n\nInsatser\nVikt – jag – pågår\nB\n"

    assert blocks(text) == [
        Block(None, ("Status: Upprättad",)),
        Block("Mitt mål", ("Att orka gå ut.",)),
        Block("Insatser", ("Vikt – jag – pågår", "B")),
    ]
    assert blocks("") == []
    assert blocks("Vad är viktigt\nAtt bo hemma, och slippa berätta\nsamma sak för alla.\nB\n") == [
        Block("Vad är viktigt", ("Att bo hemma, och slippa berätta samma sak för alla.", "B"))
    ]
    assert blocks("Uppföljning\n- planerad 2027-01-12\n- planerad 2027-02-12") == [
        Block("Uppföljning", ("- planerad 2027-01-12", "- planerad 2027-02-12"))
    ]


def test_a_timeline_knows_what_goes_on_what_comes_and_what_has_been() -> None:
    def entry(
        kind: str, start: str | None, end: str | None = None, en: str = "planned"
    ) -> dict[str, object]:
        return {"kind": kind, "start": start, "end": end, "status": {"sv": "", "en": en}}

    entries = [
        entry("activity", "2026-01-01", "2027-01-01", "ongoing"),
        entry("activity", "2026-02-01", "2026-03-01", "ongoing"),
        entry("meeting", "2026-11-01T09:00:00+01:00", en="held"),
        entry("contact", "2026-11-27T08:00:00+01:00"),
        entry("followUp", "2026-12-01"),
        entry("activity", "2027-01-05"),
        entry("contact", None),
    ]
    made = timeline(entries, TODAY)

    assert made.going_on == (entries[0],)
    assert [month.first for month in made.to_come] == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
    assert [one for month in made.been for one in month.entries] == [entries[2], entries[1]]
    assert made.undated == (entries[6],)
    assert made.next == entries[3]
    assert timeline([], TODAY).empty


def test_a_reader_stands_once_a_day_and_an_emergency_by_itself() -> None:
    def access(at: str, *, emergency: bool = False, existence: bool = False) -> dict[str, object]:
        return {
            "at": f"2026-11-{at}+01:00",
            "reader": "personal",
            "careGiver": "SE1",
            "careUnit": "SE1-U1",
            "purpose": "Vård och behandling",
            "purposeText": {"sv": "Vård och behandling", "en": "Care and treatment"},
            "what": "Plan",
            "emergency": emergency,
            "existenceOnly": existence,
        }

    days = by_day(
        [
            access("27T12:00:00"),
            access("27T11:00:00", emergency=True),
            access("27T10:00:00"),
            access("27T09:00:00", existence=True),
            access("26T09:00:00"),
        ]
    )

    assert [each.day for each in days] == ["2026-11-27", "2026-11-26"]
    assert [(row.times, row.first, row.last) for row in days[0].rows] == [
        (2, "10:00", "12:00"),
        (1, "11:00", "11:00"),
        (1, "09:00", "09:00"),
    ]
    assert [row.emergency for row in days[0].rows] == [False, True, False]


def test_every_part_of_a_plan_in_fhir_is_on_the_page() -> None:
    bundle = orjson.loads(WHOLE.read_bytes())
    (line,) = lines(bundle)
    plan = whole(bundle, line.place)

    assert plan is not None
    assert (line.type_code, line.status_code) == ("SIP", "FOLLOW_UP")
    assert (line.title, line.unit) == ("SIP inför hemgång", "Exempelvårdcentralen Solgläntan")
    assert (line.start, line.end) == ("2024-03-12", "2024-09-12")
    assert (line.author, line.owner) == ("Anna Andersson", "SE2321000131-E000000000010")
    assert plan.important == "Att kunna bo kvar hemma & klara <egen> medicin."
    assert dict(plan.assessment)["situation"] == "Ska hem efter höftfraktur."
    assert plan.needs == (("Stöd vid inköp", "Hemliv"),)
    assert [(goal.text, goal.own, goal.due) for goal in plan.goals] == [
        ("Jag vill kunna gå till affären själv", True, None),
        ("Säker förflyttning inomhus", False, "2024-06-01"),
    ]
    assert [(one.text, one.when, one.start, one.goals) for one in plan.activities] == [
        ("Hemtjänst, stöd vid inköp", "Tisdagar", None, (1, 2)),
        ("Träning i hemmet", None, "2024-03-18", (2,)),
    ]
    assert ("Anna Andersson", "031-390 06 00") in [(one.name, one.phone) for one in plan.people]
    assert [one["planned"] for one in plan.follow_ups] == ["2024-06-12", "2024-04-12"]
    assert plan.closing is not None
    assert plan.closing["closed"] == "2024-09-12"
    assert "&lt;egen&gt;" in plan.text
    assert whole(bundle, PlanPlace("urn:oid:1#X", "SIP-1")) is None


def test_a_label_of_protected_identity_is_seen() -> None:
    bundle = orjson.loads(WHOLE.read_bytes())
    (open_line,) = lines(bundle)
    bundle["entry"][0]["resource"]["meta"]["security"][0]["code"] = "R"
    (line,) = lines(bundle)

    assert (open_line.restricted, line.restricted) == (False, True)


def test_a_silent_source_is_told_in_both_languages() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "code": "timeout",
                "details": {"text": "Källan A svarade inte i tid."},
                "diagnostics": "Källan A svarade inte i tid. The source A did not. (504 it said)",
            }
        ],
    }
    bundle = {"entry": [{"resource": outcome, "search": {"mode": "outcome"}}]}

    assert silent_sources(bundle) == [("Källan A svarade inte i tid.", "The source A did not.")]
    assert silent_sources({}) == []


def test_every_rule_by_which_a_whole_question_can_be_refused_has_words() -> None:
    refusing = {rule.id for rule in RULES if rule.verdict in (Verdict.DENY, Verdict.REJECT)}

    assert refusing <= REFUSALS.keys()


def test_every_kind_and_status_of_a_plan_has_words() -> None:
    assert {kind.value for kind in HUBS_TYPE} == PLAN_TYPE.keys()
    assert {status.value for status in HUBS_STATUS} == PLAN_STATUS.keys()


def test_a_session_ends_when_it_is_idle_when_its_token_does_and_when_it_is_closed() -> None:
    watch = Watch()
    sessions = Sessions(watch, minutes=30, most=10)
    idle, busy, short, closed = (
        sessions.open(somebody(watch, 100 if n == 2 else 86_400)) for n in range(4)
    )
    sessions.close(closed)
    watch.forward(101)
    assert sessions.found(short) is None
    watch.forward(1600)
    assert sessions.found(busy) is not None
    watch.forward(300)

    assert sessions.found(idle) is None
    assert sessions.found(busy) is not None
    assert sessions.found(closed) is None
    assert sessions.found(None) is None
    assert len(sessions) == 1


def test_logins_that_have_begun_are_bounded_single_and_run_out() -> None:
    watch = Watch()
    sessions = Sessions(watch, minutes=30, most=10)
    first, _ = sessions.begin_login("staff")
    secrets = [sessions.begin_login("staff")[0] for _ in range(1000)]

    assert sessions.end_login(first) is None
    assert sessions.end_login(secrets[-1]) is not None
    assert sessions.end_login(secrets[-1]) is None
    watch.forward(601)
    assert sessions.end_login(secrets[-2]) is None


def test_nothing_of_a_session_is_in_its_repr_that_names_or_opens() -> None:
    watch = Watch()
    sessions = Sessions(watch, minutes=30, most=10)
    session = sessions.found(sessions.open(somebody(watch)))
    assert session is not None
    session.look_at("191212121212", Stated(emergency="fall"))
    shown = repr(session)

    assert not any(each in shown for each in ("1212", "secret", "Tolvan", "fall", session.csrf))


def test_keys_of_plans_are_bounded_and_end_with_the_person() -> None:
    watch = Watch()
    sessions = Sessions(watch, minutes=30, most=10)
    session = sessions.found(sessions.open(somebody(watch)))
    assert session is not None
    places = [PlanPlace("urn:x#A", str(number)) for number in range(301)]
    keys = [session.key_of(place) for place in places]

    assert session.key_of(places[-1]) == keys[-1]
    assert len(session.opened) == 300
    assert keys[0] not in session.opened
    session.look_at("191212121212")
    assert not session.opened


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (" 19121212-1212 ", "191212121212"),
        ("191212121212", "191212121212"),
        ("19121212+1212", "191212121212"),
        ("19810829m071", "19810829M071"),
        ("121212-1212", None),
        ("٢٠٢١٠١٠١2397", None),
        ("", None),
    ],
)
def test_a_number_is_taken_as_people_type_it(typed: str, number: str | None) -> None:
    assert person_typed(typed) == number


@pytest.mark.parametrize(
    ("told", "swedish", "english"),
    [
        (
            "2026-12-03T10:30:00+01:00",
            "3 december 2026 kl.\u00a010.30",
            "3 December 2026 at\u00a010:30",
        ),
        ("2026-12-03", "3 december 2026", "3 December 2026"),
        ("2026-12", "1 december 2026", "1 December 2026"),
        (None, "–", "–"),
    ],
)
def test_moments_are_written_as_people_do(told: str | None, swedish: str, english: str) -> None:
    assert moment(told, swedish=True) == swedish
    assert moment(told, swedish=False) == english
    assert day("2026-05-01", swedish=True) == "1 maj 2026"
