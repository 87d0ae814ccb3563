"""The viewer as a browser meets it, in front of a whole hub with six sources."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from samsvar.access.words import Block, Consent, Relation, Truth
from samsvar.fact_ports import ConsentAnswer, PopulationAnswer, RelationAnswer
from samsvar.model.user import UserKind
from samsvar.simulation import demo_data
from samsvar.viewer.login_pages import LOGIN, SESSION
from tests.facts import UNPROTECTED
from tests.users import CHILD, TOLVAN, WITH_FILE, as_before
from tests.viewer import Browser, Page, Viewed, query_of, viewed, viewed_of

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

STAFF, CITIZEN = UserKind.STAFF, UserKind.CITIZEN
NO_CONSENT = ConsentAnswer(Consent.NONE)
STATED = {"need": "on", "relevance": "on"}
REASON = "Medvetslös efter fall"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Viewed]:
    async for viewer in viewed_of(tmp_path_factory.mktemp("viewer")):
        yield viewer


@pytest.fixture
def viewer(serving: Viewed) -> Viewed:
    """Facts and sources as they are before anybody says otherwise."""
    as_before(serving.users)
    return serving


async def citizen(browser: Browser, alias: str = "tolvan") -> Page:
    return await browser.log_in(alias, CITIZEN)


async def staff(browser: Browser, alias: str = "vera", number: str = TOLVAN, **form: str) -> Page:
    """Logged in, and the form about a person sent."""
    await browser.log_in(alias, STAFF)
    return await browser.send("/staff", person=number, **(form or STATED))


async def test_a_citizen_sees_what_comes_all_plans_one_plan_and_who_has_read(
    viewer: Viewed,
) -> None:
    async with viewer.browser() as browser:
        overview = await citizen(browser)
        plans = await browser.get("/citizen/plans")
        (heart,) = [
            each
            for each in plans.links("/citizen/plan/")
            if "Vårdplan hjärtsvikt" in (await browser.get(each)).text
        ]
        plan = await browser.get(heart)
        readers = await browser.get("/citizen/readers")

    assert (overview.path, overview.status) == ("/citizen", 200)
    assert "Hej Tolvan" in overview.text
    assert "Återbesök hjärtmottagningen" in overview.text
    assert "Genomförandeplan hemtjänst" in plans.text
    assert "Att orka gå till brevlådan varje dag." in plan.text
    assert "Upprättad" in plan.text
    assert "Du själv" in readers.text
    assert "Allt kom inte fram" not in overview.text + plans.text


async def test_filters_leave_what_they_say_and_nothing_else(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await citizen(browser)
        plans = await browser.get("/citizen/plans")
        found = [await browser.get(each) for each in plans.links("/citizen/plan/")]
        whole = next(each for each in found if "Hemsjukvård, läkemedelsövertag" in each.text)
        done = await browser.get(f"{whole.path}?status=COMPLETED")
        odd = await browser.get(f"{whole.path}?from=yesterday&status=")
        wrong = await browser.get(f"{whole.path}?status=PERHAPS")

    assert "Inget i planen stämmer med det som du har valt." in done.text
    assert "Visa allt" in done.text
    assert "Hemsjukvård, läkemedelsövertag" in odd.text
    assert wrong.status == 404


async def test_a_source_that_is_down_is_told_and_the_rest_is_shown(viewer: Viewed) -> None:
    viewer.users.six.knobs[demo_data.CLINIC].turn({"outage": True})
    async with viewer.browser() as browser:
        overview = await citizen(browser)
        plans = await browser.get("/citizen/plans")
    async with viewer.browser() as browser:
        seen = await staff(browser)

    for page in (overview, plans, seen):
        assert "Allt kom inte fram" in page.text
        assert "kan sakna uppgifter därifrån" in page.text
    assert "Vårdplan hjärtsvikt" in plans.text
    assert "diabetes" not in plans.text
    assert "Vårdplan hjärtsvikt" in seen.text


async def test_a_file_of_a_plan_is_saved_and_never_shown_as_ours(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await citizen(browser)
        plans = await browser.get("/citizen/plans")
        plan = await browser.get(plans.links("/citizen/plan/")[0])
        files = [await browser.get(each) for each in plan.links("/citizen/file/")]
        strange = await browser.get("/citizen/file/elsewhere/abc")
    async with viewer.browser() as browser:
        seen = await staff(browser, number=WITH_FILE)
        shown = [await browser.get(each) for each in seen.links("/staff/plan/")]
        links = [link for page in shown for link in page.links("/staff/file/")]
        pdf = await browser.get(links[0])

    assert {file.headers["content-type"].split(";")[0] for file in files} == {
        "text/plain",
        "application/xhtml+xml",
    }
    for file in (*files, pdf):
        assert file.status == 200
        assert file.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in file.headers["content-security-policy"]
    assert pdf.body.startswith("%PDF-1.7")
    assert strange.status == 404


async def test_a_guardian_reads_for_a_small_child_and_sees_that_it_is_so(viewer: Viewed) -> None:
    viewer.users.facts.population = PopulationAnswer(Truth.NO, Truth.YES)
    async with viewer.browser() as browser:
        await citizen(browser, "elin")
        whose = await browser.get("/citizen/whose")
        typo = await browser.send("/citizen/whose", person="12")
        child = await browser.send("/citizen/whose", person=f"{CHILD[:8]}-{CHILD[8:]}")
        plans = await browser.get("/citizen/plans")
        readers = await browser.get("/citizen/readers")
        own = await browser.send("/citizen/whose", myself="1")

    assert "till" in whose.text
    assert (typo.status, "Skriv tolv siffror" in typo.text) == (422, True)
    assert "Du läser för ett barn: 20210101-2397" in child.text
    assert "Ett barns vårdplan" in plans.text
    assert "visas inte här" in readers.text
    assert "Du läser för ett barn" not in own.text


async def test_who_is_no_guardian_sees_nothing_of_a_child(viewer: Viewed) -> None:
    viewer.users.facts.population = UNPROTECTED
    async with viewer.browser() as browser:
        await citizen(browser, "elin")
        await browser.get("/citizen/whose")
        await browser.send("/citizen/whose", person=CHILD)
        plans = await browser.get("/citizen/plans")

    assert plans.status in (200, 403)
    assert "Ett barns vårdplan" not in plans.body


@pytest.mark.parametrize(
    ("alias", "rule", "told"),
    [("ida", "CZ8", "13, 14 eller 15 år"), ("gun", "GT1", "inte stark nog")],
)
async def test_a_citizen_who_is_refused_is_told_why_in_words(
    viewer: Viewed, alias: str, rule: str, told: str
) -> None:
    async with viewer.browser() as browser:
        page = await citizen(browser, alias)

    assert page.status == 403
    assert told in page.text
    assert rule in page.text


async def test_staff_with_all_grounds_see_all_plans_and_one_plan_whole(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        plans = await staff(browser)
        shown = [await browser.get(each) for each in plans.links("/staff/plan/")]

    assert (plans.path, plans.status) == ("/staff/plans", 200)
    assert len(shown) == 6
    whole = next(each for each in shown if "Hemsjukvård, läkemedelsövertag" in each.text)
    for part in ("Bedömning", "Viktigt för personen", "Mål", "Insatser", "De som deltar"):
        assert part in whole.text
    assert "Person 19121212-1212" in whole.text


async def test_a_protected_identity_is_told_to_staff_and_to_the_person_in_the_pages_language(
    viewer: Viewed,
) -> None:
    """And to no guardian."""
    viewer.users.facts.population = PopulationAnswer(Truth.YES, Truth.YES)
    async with viewer.browser() as browser:
        plans = await staff(browser)
        plan = await browser.get(plans.links("/staff/plan/")[0])
        await browser.send("/look", language="en", theme="auto", back="/")
        english = await browser.get("/staff/plans")
        await browser.send("/look", language="sv", theme="auto", back="/")
        own = [await citizen(browser), await browser.get("/citizen/plans")]
        own.append(await browser.get(own[1].links("/citizen/plan/")[0]))
        await citizen(browser, "elin")
        await browser.get("/citizen/whose")
        child = await browser.send("/citizen/whose", person=CHILD)
        plans_of_child = await browser.get("/citizen/plans")

    for page in (plans, plan):
        assert "Skyddade personuppgifter." in page.text
    assert "Protected identity." in english.text
    for page in own:
        assert "Du har skyddade personuppgifter." in page.text
    assert "Ett barns vårdplan" in plans_of_child.text
    assert "skyddad" not in (child.text + plans_of_child.text).lower()


async def test_nothing_is_told_of_an_identity_that_is_not_known_to_be_protected(
    viewer: Viewed,
) -> None:
    """Though addresses are left out: that is no news of the person."""
    viewer.users.facts.population = PopulationAnswer()
    async with viewer.browser() as browser:
        plans = await staff(browser)
        own = await citizen(browser)

    assert len(plans.links("/staff/plan/")) == 6
    assert "kyddade" not in plans.text + own.text


async def test_english_pages_say_purposes_in_english(viewer: Viewed) -> None:
    """Those of an assignment, and those that somebody has read for."""
    async with viewer.browser() as browser:
        await staff(browser)
        await browser.send("/look", language="en", theme="auto", back="/")
        start = await browser.get("/staff")
        await citizen(browser)
        readers = await browser.get("/citizen/readers")

    assert "Care and treatment" in start.text
    assert "Care and treatment" in readers.text
    assert "Plan of care (SIP)" in readers.text
    for swedish in ("Vård och behandling", "Egen åtkomst", "Vårdkontakter", "omsorgsplan"):
        assert swedish not in start.text + readers.text


async def test_what_the_rules_hide_is_not_on_the_page_and_existence_is_an_act_of_its_own(
    viewer: Viewed,
) -> None:
    viewer.users.facts.consent = NO_CONSENT
    async with viewer.browser() as browser:
        plans = await staff(browser)
        before = len(viewer.users.kept)
        warned = await browser.get("/staff/existence")
        between = len(viewer.users.kept)
        told = await browser.send("/staff/existence")
        after = viewer.users.kept[between:]

    assert "Vårdplan hjärtsvikt" in plans.text  # the own care giver's
    assert "hemtjänst" not in plans.body
    assert "Frågan loggas som en egen händelse" in warned.text
    assert between == before  # the page that warns has asked nothing
    assert "Det finns ospärrade uppgifter som inte visas" in told.text
    assert {row.door for row in after} == {"existence"}


async def test_blocked_information_is_told_of_and_never_whose(viewer: Viewed) -> None:
    viewer.users.facts.block = lambda question: (
        Block.OUTER if question.owner == "SE2129999971-VG1" else Block.NONE
    )
    async with viewer.browser() as browser:
        plans = await staff(browser)
        await browser.get("/staff/existence")
        told = await browser.send("/staff/existence")

    assert "diabetes" not in plans.body
    assert "Det finns spärrade uppgifter" in told.text
    assert "SE2129999971-VG1" not in told.body
    assert "Granen" not in told.body


async def test_an_emergency_needs_its_conditions_and_a_reason_and_is_logged(
    viewer: Viewed,
) -> None:
    viewer.users.facts.consent = NO_CONSENT
    both = {"unobtainable": "on", "indispensable": "on"}
    async with viewer.browser() as browser:
        before = await staff(browser)
        await browser.get("/staff/emergency")
        halves = await browser.send("/staff/emergency", reason=REASON, unobtainable="on")
        empty = await browser.send("/staff/emergency", reason=" ", **both)
        number = await browser.send("/staff/emergency", reason=f"Gäller {TOLVAN}", **both)
        asked = len(viewer.users.kept)
        opened = await browser.send("/staff/emergency", reason=REASON, **both)
        rows = viewer.users.kept[asked:]
        ended = await browser.send("/staff/emergency/end")

    assert [each.status for each in (halves, empty, number)] == [422] * 3
    assert "diabetes" not in before.body
    assert "Standardiserad vårdplan diabetes typ 2" in opened.text
    assert "Genomförandeplan hemtjänst" not in opened.text  # social care's: VG6
    assert "Du läser med nödåtkomst" in opened.text
    assert any(row.statement and row.statement.emergency_reason == REASON for row in rows)
    assert "diabetes" not in ended.body


async def test_social_care_has_no_emergency(viewer: Viewed) -> None:
    viewer.users.facts.relation = RelationAnswer(Relation.CARE_RECEIVER, Truth.NO)
    async with viewer.browser() as browser:
        plans = await staff(browser, "bo")
        page = await browser.get("/staff/emergency")
        asked = len(viewer.users.kept)
        both = {"unobtainable": "on", "indispensable": "on"}
        forced = await browser.send("/staff/emergency", reason=REASON, **both)

    assert "Genomförandeplan hemtjänst" in plans.text
    assert "Nödåtkomst" not in plans.text
    assert "finns inte för socialtjänsten" in page.text
    assert (forced.status, "finns inte för socialtjänsten" in forced.text) == (422, True)
    assert not any(row.statement and row.statement.emergency for row in viewer.users.kept[asked:])


@pytest.mark.parametrize(("alias", "rule"), [("stina", "GT3"), ("ville", "GT1")])
async def test_staff_who_are_refused_are_told_why_in_words(
    viewer: Viewed, alias: str, rule: str
) -> None:
    async with viewer.browser() as browser:
        page = await staff(browser, alias)

    assert page.status == 403
    assert f"Regel {rule}." in page.text
    assert "Försöket har loggats." in page.text


async def test_nothing_stated_opens_nothing_and_the_page_says_what_to_do(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        page = await staff(browser, necessary="on")

    assert "Vårdplan" not in page.body
    assert ("Ändra vad du intygar" in page.text) or page.status == 403


@pytest.mark.parametrize("number", ["", "1912121212", "abc", "19121212-12123", "191212121212 OR 1"])
async def test_a_number_that_is_none_is_told_and_not_repeated(viewer: Viewed, number: str) -> None:
    async with viewer.browser() as browser:
        page = await staff(browser, number=number)

    assert page.status == 422
    assert "Skriv tolv siffror" in page.text
    assert not number or number not in page.body


async def test_no_personal_number_stands_in_any_address_or_log(
    viewer: Viewed, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    async with viewer.browser() as browser:
        page = await staff(browser)
        for link in page.links("/"):
            await browser.get(link)
    async with viewer.browser() as browser:
        for link in (await citizen(browser)).links("/"):
            await browser.get(link)
    walked = (viewer.folder / "browser.log").read_text()
    said = capfdbinary.readouterr().err

    assert "/staff/plans" in walked
    assert TOLVAN not in walked
    assert b'"route":"/staff/plans"' in said
    assert TOLVAN.encode() not in said


async def test_the_policy_of_every_page_is_strict(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        pages = [
            await browser.get("/"),
            await citizen(browser),
            await browser.get("/nowhere"),
            await browser.get("/static/viewer.css"),
        ]
        cookies = (viewer.folder / "browser.log").read_text()

    for page in pages:
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "<script" not in page.body
        assert " style=" not in page.body
        assert page.headers["x-content-type-options"] == "nosniff"
    assert pages[0].headers["cache-control"] == "no-store"
    assert pages[2].status == 404
    set_session = re.search(rf"{SESSION}=[^']*", cookies)
    assert set_session is not None
    assert "HttpOnly" in set_session[0]
    assert "SameSite=Lax" in set_session[0]


async def test_a_form_that_another_site_sends_does_nothing(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await staff(browser)
        stale = await browser.send("/staff/close", csrf="another")
        none = await browser.send("/staff/close", csrf="")
        other = await browser.send_as("/staff/close", {"Origin": "https://evil.example"})
        cross = await browser.send_as("/logout", {"Sec-Fetch-Site": "cross-site"})
        still = await browser.get("/staff/plans")

    assert [each.status for each in (stale, none, other, cross)] == [403] * 4
    assert "Vårdplan hjärtsvikt" in still.text


async def test_a_login_must_end_in_the_browser_where_it_began(viewer: Viewed) -> None:
    async with viewer.browser() as mine, viewer.browser() as theirs:
        begun = await mine.get("/login/citizen", follow=False)
        at_provider = await mine.get(f"{begun.headers['location']}&as=tolvan", follow=False)
        back = at_provider.headers["location"]
        stolen = await theirs.get(back)
        await theirs.get("/login/citizen", follow=False)
        mixed = await theirs.get(back)
        proper = await mine.get(back)
        again = await mine.get(back)

    asked = query_of(begun.headers["location"])
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert [stolen.status, mixed.status, again.status] == [400] * 3
    assert (proper.path, proper.status) == ("/citizen", 200)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"nonce": "another"},
        {"exp": 1},
    ],
)
async def test_an_id_token_that_does_not_hold_lets_nobody_in(
    viewer: Viewed, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    provider = viewer.users.provider
    make = provider.claims

    def claims(alias: str, **told: object) -> dict[str, object]:
        return make(alias, **({**told, **changes} if "nonce" in told else told))

    monkeypatch.setattr(provider, "claims", claims)
    async with viewer.browser() as browser:
        page = await citizen(browser)
        inside = await browser.get("/citizen")

    assert (page.status, "Inloggningen gick inte" in page.text) == (403, True)
    assert inside.status == 401


async def test_an_id_token_that_others_have_signed_lets_nobody_in(
    viewer: Viewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = viewer.users.provider
    other = provider.key(STAFF)
    make = provider.signed
    monkeypatch.setattr(provider, "signed", lambda kind, claims: make(kind, claims, key=other))
    async with viewer.browser() as browser:
        page = await citizen(browser)

    assert (page.status, "Inloggningen gick inte" in page.text) == (403, True)


async def test_pages_of_one_kind_of_user_are_closed_to_the_other(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        outside = await browser.get("/citizen")
        await citizen(browser)
        closed = await browser.get("/staff/plans")
        start = await browser.get("/")
        out = await browser.send("/logout")
        gone = await browser.get("/citizen")

    assert [each.status for each in (outside, closed, gone)] == [401] * 3
    assert (start.path, out.path) == ("/citizen", "/")


async def test_a_new_login_has_a_new_session(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await citizen(browser)
        first = browser.cookies[SESSION]
        await citizen(browser, "elin")
        second = browser.cookies[SESSION]
        assert LOGIN not in browser.cookies
        browser.forget()
        gone = await browser.get("/citizen")

    assert first != second
    assert gone.status == 401


async def test_a_token_that_has_run_out_asks_for_a_new_login(
    viewer: Viewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = viewer.users.provider
    make = provider.claims

    def claims(alias: str, **told: object) -> dict[str, object]:
        return make(alias, **(told if "nonce" in told else {**told, "exp": 1, "iat": 0}))

    monkeypatch.setattr(provider, "claims", claims)
    async with viewer.browser() as browser:
        page = await citizen(browser)
        again = await browser.get("/citizen")

    assert (page.status, "Du behöver logga in" in page.text) == (401, True)
    assert again.status == 401


async def test_another_plan_of_another_user_cannot_be_opened(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await citizen(browser)
        mine = (await browser.get("/citizen/plans")).links("/citizen/plan/")[0]
    async with viewer.browser() as browser:
        await citizen(browser, "elin")
        theirs = await browser.get(mine)
    async with viewer.browser() as browser:
        await staff(browser)
        invented = await browser.get("/staff/plan/no-such")

    assert (theirs.status, "Planen kan inte visas" in theirs.text) == (404, True)
    assert invented.status == 404


async def test_english_and_dark_are_kept_and_nothing_leads_elsewhere(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await browser.get("/")
        english = await browser.send("/look", language="en", theme="dark", back="/")
        away = await browser.send("/look", language="sv", back="//evil.example/")
        odd = await browser.send("/look", language="de", theme="pink", back="/")

    assert "All plans in one place" in english.text
    assert 'lang="en" data-theme="dark"' in english.body
    assert away.url.startswith(viewer.base)
    assert 'lang="sv" data-theme="dark"' in odd.body


async def test_a_hub_that_is_away_is_told_as_such(viewer: Viewed) -> None:
    hub = viewer.settings.hub.model_copy(update={"url": "https://127.0.0.1:1"})
    async with viewed(viewer.users, hub=hub) as alone, alone.browser() as browser:
        page = await citizen(browser)

    assert page.status == 503
    assert "Det betyder inte att det saknas planer." in page.text


async def test_a_provider_that_is_away_is_told_as_such(viewer: Viewed) -> None:
    logins = tuple(
        each.model_copy(update={"issuer": "http://127.0.0.1:1/x"}) for each in viewer.settings.login
    )
    async with viewed(viewer.users, login=logins) as alone, alone.browser() as browser:
        page = await browser.get("/login/staff")
        none = await browser.get("/login/nobody")

    assert (page.status, "Inloggningen svarar inte" in page.text) == (503, True)
    assert none.status == 404


async def test_the_one_used_least_goes_when_sessions_are_too_many(viewer: Viewed) -> None:
    async with (
        viewed(viewer.users, most_sessions=1) as small,
        small.browser() as first,
        small.browser() as second,
    ):
        await citizen(first)
        await citizen(second)
        assert (await first.get("/citizen")).status == 401
        assert (await second.get("/citizen")).status == 200


async def test_too_long_a_form_is_refused(viewer: Viewed) -> None:
    async with viewer.browser() as browser:
        await browser.log_in("vera", STAFF)
        page = await browser.send("/staff", person="1" * 20_000)

    assert page.status == 413
    assert "Det blev för mycket text" in page.text
