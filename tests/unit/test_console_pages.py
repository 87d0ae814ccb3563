"""Pages of the console as functions of what they are told: figures, waterfalls, filters, words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from samsvar.inbound.console.answers import cookies, inside
from samsvar.inbound.console.charts import Bar, minutes_chart, waterfall_bar
from samsvar.inbound.console.drawing import Pages, duration, percent
from samsvar.inbound.console.listing import addresses, again, search_of
from samsvar.inbound.console.menu import menu
from samsvar.inbound.console.provider import role_of
from samsvar.inbound.console.registry import alike
from samsvar.inbound.console.standing import by_slowness, producer_lines
from samsvar.inbound.console.visit import Shown
from samsvar.inbound.console.waterfall import steps
from samsvar.inbound.console.words import DONE, RESULTS, ROLES, STATES, standing
from samsvar.inbound.http import Headers
from samsvar.model.catalogue import Disabled, Producer, ProducerKind
from samsvar.model.exchange import Decision, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress
from samsvar.model.questions import Minute, SourceFigures
from samsvar.model.reason_words import WORDS
from samsvar.model.result import Result, result_of
from samsvar.onboarding.desk import Standing
from samsvar.onboarding.roles import Role, User
from samsvar.pipeline.preview import CandidateChange, QuestionChange
from samsvar.registry import Registry
from samsvar.settings import ConsoleSettings
from tests.unit.test_store_digest import GOOD, LATE, UNASKED, question

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
NOTHING = Registry((), (), (), ())


# Words


def test_everything_that_is_shown_has_words_in_both_languages() -> None:
    """Reasons, results, states, roles, and what was done."""
    assert set(WORDS) == set(Reason)
    assert set(RESULTS) == set(Result)
    assert set(ROLES) == set(Role)
    pairs = [*WORDS.values(), *ROLES.values(), *DONE.values()]
    pairs += [(mark.swedish, mark.english) for mark in (*RESULTS.values(), *STATES.values())]
    assert all(swedish and english and swedish != english for swedish, english in pairs)


def test_no_mark_is_a_colour_alone() -> None:
    """Each has a sign of its own among those that it stands beside."""
    signs = [mark.sign for mark in RESULTS.values()]
    assert len(set(signs)) == len(signs)


def test_roles_of_the_settings_are_the_hubs() -> None:
    """All but producers, who have their own way in."""
    pairs = tuple(f"group-{role}={role}" for role in Role if role is not Role.PRODUCER)
    made = ConsoleSettings(
        issuer="https://idp.example",
        url="https://hub.example/console",
        client_id="samsvar",
        roles=pairs,
    )
    assert {role_of(pair.partition("=")[0], made.roles) for pair in pairs} == set(Role) - {
        Role.PRODUCER
    }
    assert role_of(["nothing", "group-auditor", "group-operator"], pairs) is Role.OPERATOR
    assert role_of(None, pairs) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"url": None}, "url is needed"),
        ({"url": "http://hub.example/console"}, "https"),
        ({"url": "https://hub.example/"}, "must end with /console"),
        ({"client_id": ""}, "client_id and roles"),
        ({"roles": ()}, "client_id and roles"),
        ({"roles": ("x=producer",)}, "pattern"),
        ({"issuer": "http://idp.example"}, "https"),
        ({"client_secret": "hemligt"}, "pattern"),
    ],
)
def test_half_a_provider_is_refused(changes: dict[str, object], told: str) -> None:
    """With what is missing."""
    whole = {
        "issuer": "https://idp.example",
        "url": "https://hub.example/console",
        "client_id": "samsvar",
        "roles": ("operators=operator",),
    }
    ConsoleSettings.model_validate(whole)
    with pytest.raises(ValueError, match=told):
        ConsoleSettings.model_validate({**whole, **changes})


@pytest.mark.parametrize(
    ("millis", "told"),
    [(None, "–"), (0, "0 ms"), (0.2, "< 1 ms"), (3.4, "3 ms"), (1000, "1.0 s"), (27_940, "27.9 s")],
)
def test_durations(millis: float | None, told: str) -> None:
    """As people say them."""
    assert duration(millis) == told.replace(" ", "\u00a0")


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    """One failure among a thousand shows."""
    told = [percent(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0)]
    assert [each.replace("\u00a0", " ") for each in told] == [
        "0 %",
        "< 1 %",
        "50 %",
        "> 99 %",
        "100 %",
    ]


# Results


@pytest.mark.parametrize(
    ("verdict", "decisions", "result"),
    [
        (Verdict.ANSWERED, (), Result.FULL),
        (Verdict.ANSWERED, (GOOD, UNASKED), Result.FULL),
        (Verdict.ANSWERED, (GOOD, LATE), Result.PART),
        (Verdict.ANSWERED, (LATE,), Result.FAILED),
        (Verdict.ANSWERED, (GOOD, replace(LATE, reason=Reason.DISABLED)), Result.PART),
        (Verdict.ANSWERED, (replace(GOOD, reason=Reason.DENIED),), Result.FULL),
        (Verdict.FAILED, (GOOD,), Result.FAILED),
        (Verdict.REFUSED, (), Result.DENIED),
    ],
)
def test_how_a_question_ended(
    verdict: Verdict, decisions: tuple[Decision, ...], result: Result
) -> None:
    """An answer without any of those who were asked is no answer."""
    assert result_of(verdict, decisions) is result


# Filters and addresses


def test_filters_come_back_as_they_were_written() -> None:
    """A link with filters is the list with filters."""
    query = {"range": "24h", "result": "part", "consumer": "SE2-NPO", "over": "500", "x": "y"}
    search, told = search_of(query, NOW, NOTHING)
    assert search.since == NOW - timedelta(hours=24)
    assert (search.result, search.sender, search.over_ms) == (Result.PART, "SE2-NPO", 500)
    assert again(told) == "?range=24h&result=part&consumer=SE2-NPO&over=500"
    assert again(told, before=7, result=None) == "?range=24h&consumer=SE2-NPO&over=500&before=7"
    assert again({}) == ""


def test_times_are_of_the_clock_on_the_wall() -> None:
    """Stockholm, winter."""
    search, _ = search_of({"from": "2026-11-01T22:00", "to": "2026-11-02"}, NOW, NOTHING)
    assert search.since is not None
    assert search.since.astimezone(UTC) == datetime(2026, 11, 1, 21, 0, tzinfo=UTC)
    assert search.until is not None
    assert search.until.astimezone(UTC) == datetime(2026, 11, 1, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("range", "2y"),
        ("result", "nearly"),
        ("over", "-1"),
        ("over", "٣"),
        ("from", "yesterday"),
        ("to", "2026-13-01"),
    ],
)
def test_a_filter_that_cannot_be_read_is_told(name: str, value: str) -> None:
    """Not passed over: the list would be another than was asked for."""
    with pytest.raises(Shown, match=name):
        search_of({name: value}, NOW, NOTHING)


def test_a_source_is_known_by_its_address_too() -> None:
    """Nothing in the registry: it stands for itself."""
    assert addresses("SE1-A", NOTHING) == ("SE1-A",)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/console\\evil",
        "/consolex",
        "/admin/v1/me",
        "",
        "/console/ x",
        "/console/\r\nset-cookie: a=b",
    ],
)
def test_nobody_is_sent_elsewhere_after_login(wanted: str) -> None:
    """Addresses that are not the console's lead to the overview."""
    assert inside(wanted) == "/console"
    assert inside("/console/questions?result=failed") == "/console/questions?result=failed"


def test_a_cookie_that_stands_twice_counts_for_nothing() -> None:
    """Two readers could differ."""
    told = Headers([(b"cookie", b"samsvar_console=a; samsvar_theme=dark"), (b"cookie", b"b=c")])
    assert cookies(told) == {"samsvar_console": "a", "samsvar_theme": "dark"}
    twice = Headers([(b"cookie", b"samsvar_console=a; samsvar_console=b")])
    assert cookies(twice) == {}


def test_the_menu_has_what_the_role_may_see() -> None:
    """And nothing else."""
    shown = {
        role: [entry.path for entry in menu(User("x", "X", role), "/producers/a")] for role in Role
    }
    assert shown[Role.PRODUCER] == ["", "/producers"]
    assert shown[Role.OBSERVER] == ["", "/producers", "/registry", "/queues"]
    assert "/access-log" in shown[Role.AUDITOR]
    assert "/diagnostics" not in shown[Role.AUDITOR]
    assert [entry.here for entry in menu(User("x", "X", Role.PRODUCER), "/producers/a")] == [
        False,
        True,
    ]


# Producers


def figures(
    source: str, asked: int, failed: int, slowest: int = 0, slow: int = 50
) -> SourceFigures:
    """Of one source."""
    return SourceFigures(
        source, "", asked, failed, 0, slowest, slowest * slow, 20, slow, NOW, None, None
    )


def standing_of(name: str, **changes: object) -> Standing:
    """A producer in force, at an address of its name."""
    made = Producer(name, name.upper(), ProducerKind.SOAP, "https://x.example/", "SE1")
    return replace(Standing(name, None, made, (("c", f"SE-{name}"),)), **changes)  # type: ignore[arg-type] # its own fields


def test_those_in_trouble_come_first() -> None:
    """By state, then by how often they fail."""
    standings = [
        standing_of("fine"),
        standing_of("resting", disabled=Disabled("Byter databas", None)),
        standing_of("quiet"),
        standing_of("shaky"),
        standing_of("dead"),
        standing_of("cut"),
        standing_of("new", producer=None, routes=()),
    ]
    told = [
        figures("SE-fine", 100, 1),
        figures("SE-shaky", 100, 20),
        figures("SE-dead", 10, 9),
        figures("se-CUT", 10, 9),
    ]
    lines = producer_lines(standings, told, {"cut": "fem fel i rad"}, {"fine": 97.0}, NOW)
    assert [(line.id, line.state) for line in lines] == [
        ("dead", "failing"),
        ("cut", "breaker"),
        ("shaky", "trouble"),
        ("resting", "maintenance"),
        ("fine", "active"),
        ("quiet", "quiet"),
        ("new", "draft"),
    ]
    assert lines[0].why == ("9 av 10 gick fel", "9 of 10 failed")
    assert (lines[4].score, lines[4].waited_for, lines[5].waited_for) == (97.0, 0.0, None)


def test_the_one_that_all_wait_for_is_found() -> None:
    """Not the one that is slow for a few: the one that holds up most."""
    told = [
        figures("SE-rare", 2, 0, slowest=2, slow=900),
        figures("SE-often", 1000, 0, slowest=700, slow=3000),
        figures("SE-quick", 1000, 0, slowest=100, slow=30),
    ]
    standings = [standing_of(name) for name in ("rare", "often", "quick")]
    lines = producer_lines(standings, told, {}, {}, NOW)
    assert [line.id for line in sorted(lines, key=by_slowness)] == ["often", "quick", "rare"]


# Pictures


def test_a_waterfall_tells_when_each_was_asked_and_how_long_it_had() -> None:
    """Beginning, time used, time allowed; the producer's own limit or the question's deadline."""
    asked = replace(GOOD, begun=0.1, elapsed=0.4)
    late = replace(LATE, begun=0.1, elapsed=0.5, detail="first; second")
    record = question(1, asked, late, UNASKED, elapsed=1.0)
    found = steps(record, 28.0, {"b": 0.5}, {"se1-a": "Källan"}, swedish=True)
    assert [step.name[0] for step in found] == [
        "Behörighet, index, vägval",
        "Källan",
        "b",
        "SE1-B",
        "Åtkomstregler, sammanslagning",
        "Åtkomstlogg",
    ]
    first, a, b, unasked, merge, _ = found
    assert (first.seconds, a.seconds, b.seconds, unasked.seconds) == (0.1, 0.4, 0.5, None)
    assert merge.seconds == pytest.approx(0.4)
    assert 'x="100.0" y="0" width="400.0"' in a.bar
    assert 'x="100.0" y="3" width="900.0"' in a.bar
    assert 'x="100.0" y="3" width="500.0"' in b.bar
    assert b.details == ("first", "second")
    assert a.told[0] == "svarade, 2 poster"
    assert (unasked.sign, b.sign) == ("–", "✕")


def test_a_waterfall_tells_the_index_and_the_permission_apart() -> None:
    """Each its own stretch of time; how many the index named, and whom the sender may not ask."""
    asked = replace(GOOD, begun=0.75, elapsed=0.25, looked=0.1, found=0.6, placed=0.65)
    refused = replace(UNASKED, looked=0.1, found=0.6, placed=0.7)
    found = steps(question(1, refused, asked, elapsed=1.0), 28.0, {}, {}, swedish=False)
    assert [(step.name[1], step.told[1], step.seconds) for step in found[:3]] == [
        ("Sender, contract", "who asks; is the question well put", 0.1),
        ("Index", "who knows something: 2 named", pytest.approx(0.5)),
        (
            "Permission, route",
            "who may be asked, and where: 1 may not",
            pytest.approx(0.1),
        ),
    ]
    assert 'x="100.0" y="0" width="500.0"' in found[1].bar
    assert 'x="600.0" y="0" width="100.0"' in found[2].bar
    assert [step.address for step in found[3:5]] == ["SE1-B", "SE1-A"]


def test_a_row_of_an_older_program_is_drawn_as_far_as_it_knows() -> None:
    """No beginnings: no invented ones."""
    found = steps(question(1, GOOD, LATE, elapsed=5.0), 28.0, {}, {}, swedish=False)
    assert found[0].seconds is None
    assert "bar bar-hub" not in found[0].bar
    assert [step.name[1] for step in found][-1] == "Access log"


def test_bars_stay_inside_their_picture() -> None:
    """Whatever the clocks say."""
    drawn = waterfall_bar(Bar(5.0, 9.0, "full", 99.0), 1.0)
    for x, width in re.findall(r'x="([\d.]+)" y="\d" width="([\d.]+)"', drawn):
        assert float(x) + float(width) <= 1000.0 or float(width) == 0.0
    assert "nan" not in waterfall_bar(Bar(0.0, 0.0, "full"), 0.0)


def test_the_title_of_a_chart_is_escaped() -> None:
    """Only our own shapes are taken as they are."""
    chart = minutes_chart([Minute(NOW, {Result.FULL: 3})], '"><script>')
    assert "<script>" not in chart
    assert 'class="bar bar-full"' in chart


def test_pages_escape_what_comes_from_outside() -> None:
    """A sender may call itself anything."""
    evil = "<img src=x onerror=alert(1)>"
    model = {"title": evil, "status": 404, "faults": [evil], "detail": evil}
    frame = {
        "user": None,
        "menu": (),
        "theme": "auto",
        "back": "/console?x=" + evil,
        "csrf": "",
        "done": None,
        "may": lambda _: False,
    }
    page = Pages().filled("refused.html", {**frame, **model}, swedish=True)
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") == 5


# The preview


def test_questions_that_would_change_alike_are_told_once() -> None:
    """With how many they are, the most first."""
    moved = CandidateChange(LogicalAddress("SE1-A"), "asked by a", "no route")
    other = CandidateChange(LogicalAddress("SE1-A"), "asked by a", "asked by b, as changed")

    def change(number: int, candidate: CandidateChange) -> QuestionChange:
        return QuestionChange(
            CorrelationId(f"c-{number}"),
            NOW,
            HsaId("SE2"),
            ContractUrn("urn:x:GetXResponder:1"),
            LogicalAddress("HUB"),
            None,
            None,
            (candidate,),
        )

    told = alike([change(1, other), change(2, moved), change(3, moved)])
    assert [(first.correlation_id, count) for first, count in told] == [("c-2", 2), ("c-1", 1)]
    assert standing("asked by a, as changed") == (
        "tillfrågas via a, som ändrad",
        "asked by a, as changed",
    )
    assert standing("VP007") == ("VP007", "VP007")
