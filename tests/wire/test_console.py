"""The console over sockets: who comes in, what each role sees and may do, what is never told."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.clock import SystemClock
from samsvar.model.user import UserKind
from samsvar.model.words import Words
from samsvar.onboarding.roles import Role
from samsvar.settings import load
from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.simulation.identity_provider import identity_provider
from samsvar.simulation.server import Tls
from samsvar.store.admin_trail import DOOR
from samsvar.store.alert_book import SqlAlertBook
from samsvar.store.tables import LOG_OUTBOX, QUESTION
from samsvar.watch.alerts import Alert
from samsvar.watch.rules import Severity
from tests import databases
from tests.admin_api import token, users_of
from tests.command import Shell
from tests.console import BASE, Page, browser, logged_in, until_seen
from tests.hub import CONSUMER, HUB, Running, Site, Source, post, running_hub
from tests.world import envelope

pytestmark = pytest.mark.wire

PERSON = "191212121212"
SOURCE = demo_data.MUNICIPALITY


@dataclass(frozen=True, slots=True)
class Scene:
    """A hub with one source, which knows the person."""

    hub: Running
    knobs: Knobs
    url: str

    @property
    def site(self) -> Site:
        """Its folder."""
        return self.hub.site

    async def ask(self, correlation_id: str) -> None:
        """One question of the consumer's."""
        told = {"x-skltp-correlation-id": correlation_id}
        await post(self.hub, envelope(person=PERSON), headers=told)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """The console is on both listeners."""
    site = Site(tmp_path)
    settings = site.write(listen="admin = true", plain_listen="admin = true")
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    knobs = Knobs()
    application = producer.application(demo_data.municipality(), knobs)
    async with running(application, tls=tls) as url:
        sources = [Source(SOURCE, f"{url}/", extra="timeout = 1.0")]
        site.load_registry(site.registry(sources))
        await site.index(PERSON, [SOURCE])
        async with running_hub(site, settings) as hub:
            yield Scene(hub, knobs, url)


# Coming in


async def test_nobody_comes_in_by_default_and_the_page_says_how_to_begin(scene: Scene) -> None:
    """No password; the first token is made at the hub's machine."""
    async with browser(scene.hub) as window:
        sent = await window.get("/questions?result=failed", follow=False)
        page = await window.get("/questions?result=failed")
    assert sent.status == 303
    assert sent.headers["location"] == (
        "/console/login?next=%2Fconsole%2Fquestions%3Fresult%3Dfailed"
    )
    assert page.status == 200
    assert "samsvar admin token create" in page.text
    assert "Ingen har släppts in än" in page.words


async def test_a_token_becomes_a_session_and_leads_to_where_one_wanted(scene: Scene) -> None:
    """The cookie can be read by no script and goes to no other site; the token stays nowhere."""
    made = token(scene.site, Role.OPERATOR)
    async with browser(scene.hub) as window:
        wrong = await window.login("samsvar_000000000000_" + "x" * 43)
        form = {"token": made, "next": "/console/questions?result=part"}
        answer = await window.raw("POST", f"{BASE}/login", data=form)
        page = await window.get("/questions?result=part")
        again = await window.get("/login")
    assert (wrong.status, "öppnar inget" in wrong.words) == (401, True)
    assert (answer.status, answer.headers["location"]) == (303, "/console/questions?result=part")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/console"} <= set(cookie.split("; "))
    assert made not in cookie + page.text + again.text
    assert page.status == 200
    log = (scene.site.folder / "hub.log").read_bytes()
    assert made.encode() not in log


async def test_a_session_cookie_goes_over_tls_only_where_there_is_tls(scene: Scene) -> None:
    """On the TLS listener it is marked so; there a certificate that was let in is enough."""
    identity = scene.site.authority.client("officer", ["SE2129999997-OFF1"])
    with users_of(scene.site) as users:
        users.allow_certificate("SE2129999997-OFF1", "Säk", Role.SECURITY_OFFICER, (), 1, "test")
    async with browser(scene.hub, identity) as window:
        offered = await window.get("/login")
        answer = await window.raw(
            "POST",
            f"{BASE}/login/certificate",
            headers={"content-type": "application/x-www-form-urlencoded"},
            data="next=",
        )
        page = await window.get("/")
    assert "Fortsätt med certifikatet" in offered.words
    assert "Secure" in answer.headers["set-cookie"].split("; ")
    assert "säkerhetsansvarig" in page.words
    async with browser(scene.hub, scene.site.consumer) as window:
        offered = await window.get("/login")
        refused = await window.post("/login/certificate")
    assert "Fortsätt med certifikatet" not in offered.words
    assert refused.status == 403


async def test_a_revoked_token_ends_its_sessions_at_once(scene: Scene) -> None:
    """The next page asks for a login."""
    made = token(scene.site, Role.OPERATOR)
    async with browser(scene.hub) as window:
        await window.login(made)
        before = await window.get("/questions", follow=False)
        with users_of(scene.site) as users:
            assert users.revoke(made.split("_")[1])
        after = await window.get("/questions", follow=False)
    assert (before.status, after.status) == (200, 303)


async def test_logging_out_is_for_good(scene: Scene) -> None:
    """Also for whoever has kept the cookie."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        cookies = {c.key: c.value for c in window._session.cookie_jar}
        out = await window.post("/logout")
        kept = await window.raw(
            "GET",
            f"{BASE}/questions",
            headers={"cookie": f"samsvar_console={cookies['samsvar_console']}"},
        )
    assert "Du är utloggad" in out.words
    assert kept.status == 303


async def test_guessing_is_slowed_down(scene: Scene) -> None:
    """By address: twenty in a second, as at the administrative interface."""
    async with browser(scene.hub) as window:
        statuses = {(await window.login("samsvar_guess")).status for _ in range(40)}
    assert 429 in statuses


async def test_the_console_is_only_where_the_settings_say(tmp_path: Path) -> None:
    """A listener without ``admin = true`` has nothing there."""
    site = Site(tmp_path)
    async with running_hub(site, site.write()) as hub, browser(hub) as window:
        assert (await window.get("")).status == 404
        assert (await window.get("/static/console.css")).status == 404


# Login at the organisation's own provider


@pytest.mark.parametrize(
    ("group", "status", "words"),
    [("samsvar-auditor", 200, "granskare"), ("somebody-else", 403, "har ingen roll här")],
)
async def test_staff_log_in_at_their_own_provider(
    tmp_path: Path, group: str, status: int, words: str
) -> None:
    """Code flow with PKCE over real sockets; the role is what the provider's groups say."""
    site = Site(tmp_path)
    async with identity_provider(SystemClock().now) as provider:
        console = f"""[console]
issuer = "{provider.issuer(UserKind.STAFF)}"
client_id = "samsvar"
url = "http://127.0.0.1/console"
roles = ["samsvar-auditor=auditor", "samsvar-operator=operator"]
"""
        settings = site.write(plain_listen="admin = true", security=console)
        async with running_hub(site, settings) as hub, browser(hub) as window:
            page = await window.get("/login")
            begun = await window.get("/login/provider?next=/console/access-log", follow=False)
            there = begun.headers["location"] + f"&as=vera&groups={group}"
            async with window._session.get(there, allow_redirects=False) as told:
                back = told.headers["location"]
            assert back.startswith("http://127.0.0.1/console/login/provider/back?")
            path = back.removeprefix("http://127.0.0.1/console")
            other = await _elsewhere(hub, path)
            came = await window.get(path)
            again = await window.get(path, follow=False)
    assert "din organisations inloggning" in page.words
    assert "code_challenge_method=S256" in begun.headers["location"]
    assert other == 400  # another browser, without the cookie of this login
    assert (came.status, words in came.words) == (status, True), came.words
    assert again.status in (400, 503)  # a code counts once
    assert (status == 403) or "Vera Läkarsson" in came.words


async def _elsewhere(hub: Running, path: str) -> int:
    async with browser(hub) as window:
        return (await window.get(path)).status


async def test_a_provider_that_is_down_leaves_the_token(tmp_path: Path) -> None:
    """It is said, and the other way in goes on."""
    site = Site(tmp_path)
    console = """[console]
issuer = "http://127.0.0.1:9/staff"
client_id = "samsvar"
url = "http://127.0.0.1/console"
roles = ["x=operator"]
"""
    settings = site.write(plain_listen="admin = true", security=console)
    async with running_hub(site, settings) as hub, browser(hub) as window:
        refused = await window.get("/login/provider")
        came = await window.login(token(site, Role.OPERATOR))
    assert (refused.status, "svarar inte" in refused.words) == (503, True)
    assert came.status == 200


# What a browser is told to guard


async def test_every_answer_closes_the_doors_of_a_browser(scene: Scene) -> None:
    """No script or style but ours, no frame, no guessing, nothing kept."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        pages = [
            await window.get(path)
            for path in ("", "/questions", "/nowhere", "/questions/none", "/registry/99")
        ]
        css = await window.get("/static/console.css")
    for page in (*pages, css):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
    for page in pages:
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"\son\w+=|\sstyle=|<script(?![^>]*src=)|<style", page.text)
    assert "immutable" in css.headers["cache-control"]
    assert [page.status for page in pages] == [200, 200, 404, 404, 404]


async def test_a_change_needs_our_own_form(scene: Scene) -> None:
    """The session's own secret, from a page of ours."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/producers/p0")
        path = f"{BASE}/producers/p0/disable"
        form = {"csrf": window.csrf, "notice": "x"}
        refused = [
            await window.post("/producers/p0/disable", csrf="0" * 64, notice="x"),
            await window.post("/producers/p0/disable", csrf="", notice="x"),
            await window.raw("POST", path, data=form, headers={"origin": "https://evil.example"}),
            await window.raw("POST", path, data=form, headers={"sec-fetch-site": "cross-site"}),
            await window.raw("POST", path, data=json.dumps(form)),
        ]
        read = await window.raw("GET", path)
        page = await window.get("/producers/p0")
    assert [each.status for each in refused] == [403, 403, 403, 403, 415]
    assert read.status == 405
    assert "Ta ur drift" in page.words


ONLY = {
    Role.OBSERVER: {"", "/producers", "/registry", "/queues"},
    Role.OPERATOR: {
        *("", "/questions", "/tail", "/producers", "/registry", "/queues"),
        *("/access-log", "/diagnostics"),
    },
    Role.REGISTRAR: {"", "/producers", "/registry", "/queues", "/diagnostics"},
    Role.AUDITOR: {
        *("", "/questions", "/tail", "/producers", "/registry", "/queues", "/access-log"),
    },
    Role.PRODUCER: {"", "/producers"},
}
EVERY = ONLY[Role.OPERATOR]


@pytest.mark.parametrize("role", ONLY, ids=str)
async def test_what_a_role_may_not_do_is_hidden_and_refused(scene: Scene, role: Role) -> None:
    """The menu has what opens, and what is not in it does not open."""
    async with logged_in(scene.hub, role, "p0") as window:
        menu = (await window.get("")).text
        nav = menu[menu.index('<nav class="menu"') :]
        shown = {path for path in EVERY if f'href="{BASE}{path}"' in nav}
        opened = {path for path in EVERY if (await window.get(path)).status == 200}
        forms = await window.get("/producers/p0")
        publish = await window.post("/registry/1/roll-back", comment="x")
    assert shown == opened == ONLY[role]
    assert ("/disable" in forms.text) == (role in (Role.OPERATOR, Role.REGISTRAR, Role.PRODUCER))
    assert (publish.status == 403) == (role is not Role.REGISTRAR)


async def test_a_producers_user_sees_its_own_and_nothing_else(scene: Scene) -> None:
    """Others look as if they were not there."""
    async with logged_in(scene.hub, Role.PRODUCER, "other") as window:
        one = await window.get("/producers/p0")
        every = await window.get("/producers")
        off = await window.post("/producers/p0/disable", notice="x")
        found = await window.post("/search", id="p0")
    assert (one.status, off.status, found.status) == (404, 404, 404)
    assert SOURCE not in every.text


# Questions


async def test_an_answer_and_a_silence_are_followed_from_list_to_cause(scene: Scene) -> None:
    """List, filters, waterfall, explanation, events, today's registry, neighbours."""
    await scene.ask("good-1")
    scene.knobs.outage = True
    await scene.ask("bad-1")
    scene.knobs.outage = False
    await scene.ask("good-2")
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        every = await until_seen(window, "/questions", "good-2")
        failed = await window.get(f"/questions?result=failed&consumer={CONSUMER}&source=p0")
        full = await window.get("/questions?result=full&range=15m")
        one = await window.get("/questions/bad-1?source=p0")
        explain = await window.get("/questions/bad-1?tab=explain")
        events = await window.get("/questions/bad-1?tab=events")
        today = await window.get("/questions/bad-1?tab=today")
        overview = await window.get("")
    assert all(name in every.text for name in ("good-1", "bad-1", "good-2"))
    assert ("bad-1" in failed.text, "good-1" in failed.text) == (True, False)
    assert ("bad-1" in full.text, "good-1" in full.text) == (False, True)
    assert "misslyckades" in one.words
    assert 'class="stretch"' in one.text
    assert "/console/questions/good-1?source=p0" in one.text  # earlier, within the filters
    assert "/console/questions/good-2?source=p0" in one.text
    assert "producent p0, vägval" in explain.words
    assert '"event.action":"req-out"' in events.words.replace("&#34;", '"')
    assert "tillfrågas via p0" in today.words
    assert "misslyckad" in overview.words
    for page in (every, failed, one, explain, events, today, overview):
        assert PERSON not in page.text


async def test_one_search_box_for_any_id(scene: Scene) -> None:
    """Correlation id, HSA-id of a consumer, logical address, producer; and never a person."""
    await scene.ask("c-search-1")
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await until_seen(window, "/questions", "c-search-1")
        by = {
            text: (await window.post("/search", id=text, follow=False)).headers.get("location")
            for text in ("c-search-1", CONSUMER.lower(), SOURCE.lower(), "p0")
        }
        nobody = await window.post("/search", id="no-such-id")
        person = await window.post("/search", id=PERSON)
        odd = await window.post("/search", id="a b")
    assert by == {
        "c-search-1": "/console/questions/c-search-1",
        CONSUMER.lower(): f"/console/questions?consumer={CONSUMER}",
        SOURCE.lower(): "/console/producers/p0",
        "p0": "/console/producers/p0",
    }
    assert (nobody.status, person.status, odd.status) == (404, 400, 400)
    assert "ser ut som ett personnummer" in person.words
    assert PERSON not in person.text


async def test_the_tail_tells_of_questions_as_they_come_and_counts_what_it_hides(
    scene: Scene,
) -> None:
    """No more rows in a second than people read."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        for number in range(30):
            await scene.ask(f"tail-{number}")
        events = await window.events("/live/tail?after=0", 1)
        filtered = await window.events("/live/tail?after=0&result=full", 1)
    (event,) = events
    assert event.startswith("event: rows\n")
    rows = re.findall(r"/console/questions/(tail-\d+)", event)
    hidden = re.search(r"<!-- (\d+) -->", event)
    assert hidden is not None
    assert 0 < len(set(rows)) <= 12
    assert len(set(rows)) + int(hidden[1]) <= 30
    assert "tail-" in filtered[0]


async def test_an_alert_that_is_open_leads_to_what_it_is_about(scene: Scene) -> None:
    """On the overview, and by the link in its message."""
    database = databases.open_database(load(scene.site.settings_file, {}).hub.data)
    now = SystemClock().now()
    alert = Alert(
        "a1",
        "answers-empty",
        "p0",
        Severity.CRITICAL,
        now,
        Words("inget från någon", "nothing from anybody"),
    )
    SqlAlertBook(database).change([alert], [], now)
    database.close()
    async with logged_in(scene.hub, Role.OBSERVER) as window:
        overview = await window.get("")
        led = await window.get("/alerts?subject=p0", follow=False)
        lost = await window.get("/alerts?subject=//evil.example", follow=False)
    assert "Den svarar, men med ingenting. Inget från någon." in overview.words
    assert 'href="/console/producers/p0"' in overview.text
    assert led.headers["location"] == "/console/producers/p0"
    assert lost.headers["location"] == "/console/"


async def test_the_overview_renews_itself(scene: Scene) -> None:
    """The same part of the page, sent again."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        (event,) = await window.events("/live/overview", 1, seconds=10)
    assert event.startswith("event: replace\n")
    assert "data: " in event
    assert "<html" not in event


async def test_an_open_page_does_not_hold_up_the_hubs_end(scene: Scene) -> None:
    """The hub stops at once, and the page's stream ends."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        session = window._session
        async with session.get(f"{window.where}{BASE}/live/tail?after=0") as told:
            await told.content.readany()
            begun = SystemClock().monotonic()
            assert scene.hub.hub is not None
            await scene.hub.hub.stop()
            rest = await told.content.read()
    assert SystemClock().monotonic() - begun < 10
    assert b"<html" not in rest


# Doing


async def test_a_producer_is_taken_out_of_service_and_back(scene: Scene) -> None:
    """With a notice that the consumer reads, at once; a past time and an empty notice are told."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/producers/p0")
        empty = await window.post("/producers/p0/disable", notice="")
        await window.get("/producers/p0")
        past = await window.post("/producers/p0/disable", notice="x", until="2020-01-01T10:00")
        await window.get("/producers/p0")
        off = await window.post("/producers/p0/disable", notice="Byter databas")
        during = await post(scene.hub, envelope(person=PERSON))
        on = await window.post("/producers/p0/enable")
        after = await post(scene.hub, envelope(person=PERSON))
    changes = _changes_noted(scene.site)
    assert [what for _, what in changes] == [
        "POST /console/producers/p0/disable",
        "POST /console/producers/p0/disable",
        "POST /console/producers/p0/disable",
        "POST /console/producers/p0/enable",
    ]
    assert {who for who, _ in changes} == {f"admin:{_user_of(scene.site)}"}
    assert (empty.status, past.status) == (422, 422)
    assert "är past" not in past.words
    assert "till: tiden har redan varit" in past.words
    assert "Producenten är tagen ur drift" in off.words
    assert "ur drift: Byter databas" in off.words.replace("Ur drift", "ur drift")
    assert b"Byter databas" in during[2]
    assert "i drift igen" in on.words
    assert b"carePlanHeader>" in after[2]


async def until_counted(scene: Scene, event: str) -> None:
    """What has been set is shown at once, and counts for questions in a moment."""
    log = scene.site.folder / "hub.log"
    async with asyncio.timeout(30):
        while f'"{event}"' not in log.read_text():  # noqa: ASYNC110 - a file sets no event
            await asyncio.sleep(0.05)


async def test_a_breaker_is_held_open_with_a_reason_and_closed_again(scene: Scene) -> None:
    """The source is not asked meanwhile; the question says why; so does the list of producers."""
    await scene.ask("before-1")  # a breaker is there from the first question on
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/producers/p0")
        silent = await window.post("/producers/p0/breaker", open="yes", reason=" ")
        await window.get("/producers/p0")
        opened = await window.post("/producers/p0/breaker", open="yes", reason="Byter nät")
        every = await window.get("/producers")
        await until_counted(scene, "breaker-opened")
        await scene.ask("held-1")
        question = await until_seen(window, "/questions/held-1", "brytare")
        await window.get("/producers/p0")
        closed = await window.post("/producers/p0/breaker", open="no", reason="Klart")
        await until_counted(scene, "breaker-closed")
        after = await post(scene.hub, envelope(person=PERSON))
    assert silent.status == 422
    assert "Brytaren är öppen: Byter nät" in opened.words
    assert "bruten" in every.words
    assert "inte tillfrågad: dess brytare är öppen" in question.words
    assert "Brytaren är öppen" not in closed.words
    assert b"carePlanHeader>" in after[2]


def _changes_noted(site: Site) -> list[tuple[str | None, str]]:
    """Who was about to change what, by the access log."""
    database = databases.open_database(load(site.settings_file, {}).hub.data)
    rows = sa.select(QUESTION.c.sender, QUESTION.c.fault_detail).where(QUESTION.c.door == DOOR)
    try:
        with database.read() as connection:
            return [(who, what) for who, what in connection.execute(rows)]
    finally:
        database.close()


def _user_of(site: Site) -> str:
    """The one who has a token."""
    with users_of(site) as users:
        return users.all()[0].user.id


async def test_records_of_the_log_that_were_given_up_are_shown_and_sent_again(scene: Scene) -> None:
    """By an operator, of the care giver alone whose they are; a stranger's word is no queue."""
    await scene.ask("kept-1")
    await scene.ask("kept-2")
    database = databases.open_database(load(scene.site.settings_file, {}).hub.data)
    with database.write() as connection, connection.begin():
        sequences = connection.scalars(sa.select(QUESTION.c.sequence)).all()[-2:]
        row = {"dead": True, "uncertain": False, "refusals": 3, "not_before": "", "reason": "x"}
        connection.execute(
            sa.insert(LOG_OUTBOX),
            [
                {"sequence": sequence, "receiver": receiver, **row}
                for sequence, receiver in zip(sequences, ("SE1-ONE", "SE1-TWO"), strict=True)
            ],
        )
    database.close()
    async with logged_in(scene.hub, Role.OBSERVER) as window:
        seen = await window.get("/queues")
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/queues")
        sent = await window.post("/log-queues/own/retry", receiver="SE1-ONE")
        await window.get("/queues")
        none = await window.post("/log-queues/nobodys/retry", receiver="SE1-ONE")
    assert "SE1-ONE vår egen 0 ✕ 1" in seen.words
    assert "Ingen ändring väntar" in seen.words
    assert "log-queues" not in seen.text
    assert "SE1-ONE vår egen 1 0" in sent.words
    assert "SE1-TWO vår egen 0 ✕ 1" in sent.words
    assert "skickas på nytt" in sent.words
    assert (none.status, "Det finns ingen sådan kö" in none.words) == (404, True)


async def test_a_draft_is_made_looked_at_published_and_taken_back(scene: Scene) -> None:
    """What it changes, what it would have meant, in force at once; and the old content again."""
    await scene.ask("before-1")
    async with logged_in(scene.hub, Role.REGISTRAR) as window:
        await window.get("/registry")
        made = await window.post("/registry-drafts", name="utan-vagval")
        text = re.search(r"<textarea[^>]*>(.*?)</textarea>", made.text, re.DOTALL)
        assert text is not None
        file = (await window.get("/registry/utan-vagval/file")).text
        await window.get("/registry/utan-vagval?tab=edit")
        broken = await window.post("/registry/utan-vagval/edit", text=file + "\n[[route]]\n")
        without = _without_plans(file)
        assert without != file
        await window.get("/registry/utan-vagval?tab=edit")
        diff = await window.post("/registry/utan-vagval/edit", text=without)
        preview = await window.get("/registry/utan-vagval?tab=preview")
        silent = await window.post("/registry/utan-vagval/publish", comment=" ")
        await window.get("/registry/utan-vagval")
        published = await window.post("/registry/utan-vagval/publish", comment="Prov")
        during = await post(scene.hub, envelope(person=PERSON))
        await window.get("/registry/1")
        back = await window.post("/registry/1/roll-back", comment="Tillbaka")
        after = await post(scene.hub, envelope(person=PERSON))
        gone = await window.get("/registry/utan-vagval")
    assert broken.status == 422
    assert "registret håller inte ihop" in broken.words
    assert "1 borttagen" in diff.words
    assert "1 fråga" in preview.words
    assert "tillfrågas via p0 → får inte" in preview.words
    assert silent.status == 422
    assert "gäller nu" in published.words
    assert (b"carePlanHeader>" in during[2], b"carePlanHeader>" in after[2]) == (False, True)
    assert "Tillbaka" in back.words
    assert gone.status == 404


async def test_a_draft_of_an_older_version_is_moved_to_the_one_in_force(scene: Scene) -> None:
    """What others have published stays; what both have changed is told row by row, and nothing is
    moved; nothing old can be published by its address."""
    async with logged_in(scene.hub, Role.REGISTRAR) as window:
        await window.get("/registry")
        await window.post("/registry-drafts", name="mitt")
        file = (await window.get("/registry/mitt/file")).text
        mine = file + _ADDRESS.format(text="Mitt")
        await window.get("/registry/mitt?tab=edit")
        await window.post("/registry/mitt/edit", text=mine)
        await window.get("/registry")
        await window.post("/registry-drafts", name="annat")
        await window.get("/registry/annat?tab=edit")
        await window.post("/registry/annat/edit", text=_without_plans(file))
        await window.post("/registry/annat/publish", comment="Ett annat")
        await window.rest()
        old = await window.get("/registry/mitt")
        refused = await window.post("/registry/mitt/publish", comment="Gammalt")
        await window.get("/registry/mitt")
        moved = await window.post("/registry/mitt/move")
        again = await window.post("/registry/mitt/move")
        published = await window.post("/registry/mitt/publish", comment="Mitt")
        now = (await window.get("/registry/3/file")).text
        await window.rest()
        # and now both change the same row
        await window.get("/registry")
        await window.post("/registry-drafts", name="ena")
        await window.post("/registry-drafts", name="andra")
        for name in ("ena", "andra"):
            await window.get(f"/registry/{name}?tab=edit")
            changed = now.replace('description = "Mitt"', f'description = "{name}"')
            await window.post(f"/registry/{name}/edit", text=changed)
        await window.post("/registry/ena/publish", comment="Ena")
        await window.get("/registry/andra")
        both = await window.post("/registry/andra/move")
        kept = await window.get("/registry/andra")
    assert "Utkastet utgår från version 1, men version 2 gäller" in old.words
    assert 'action="/console/registry/mitt/publish"' not in old.text
    assert (refused.status, "flytta utkastet till den versionen" in refused.words) == (409, True)
    assert "1 tillagd" in moved.words
    assert "borttagen" not in moved.words
    assert "utgår nu från den version som gäller" in moved.words
    assert again.status == 200
    assert "gäller nu" in published.words
    assert 'description = "Mitt"' in now
    assert _without_plans(now) == now  # what the other took away did not come back
    assert both.status == 409
    assert "address se1-odd" in both.words
    assert "men version 4 gäller" in kept.words


async def test_much_is_removed_only_by_one_who_has_seen_what(scene: Scene) -> None:
    """The page shows every row that would go, and wants their number. What was seen of another
    content is no yes, nor is another number, nor another role."""
    await scene.ask("before-1")
    async with (
        logged_in(scene.hub, Role.REGISTRAR) as window,
        logged_in(scene.hub, Role.OPERATOR) as other,
    ):
        await window.get("/registry")
        await window.post("/registry-drafts", name="tomt")
        file = (await window.get("/registry/tomt/file")).text
        await window.get("/registry/tomt?tab=edit")
        asked = await window.post("/registry/tomt/edit", text=_without(file, "route"))
        seen = _hidden(asked, "seen")
        await window.rest()
        plain = await window.post("/registry/tomt/publish", comment="Bort")
        await window.get("/registry/tomt")
        wrong = await window.post("/registry/tomt/publish", comment="Bort", seen=seen, rows="1")
        await window.get("/registry/tomt?tab=edit")
        less = _without(_without(file, "route"), "permission", but="FindContent")
        more = await window.post("/registry/tomt/edit", text=less)
        stale = await window.post("/registry/tomt/publish", comment="Bort", seen=seen, rows="6")
        await window.rest()
        looked = await other.get("/registry/tomt")
        denied = await other.post("/registry/tomt/publish", comment="Bort", seen=seen, rows="3")
        still = await post(scene.hub, envelope(person=PERSON))
        await window.get("/registry/tomt")
        done = await window.post(
            "/registry/tomt/publish", comment="Bort", seen=_hidden(more, "seen"), rows="6"
        )
        after = await post(scene.hub, envelope(person=PERSON))
        await window.rest()
        await window.get("/registry/1")
        back = await window.post("/registry/1/roll-back", comment="Tillbaka")
        again = await window.get("/registry/2")
        unasked = await window.post("/registry/2/roll-back", comment="Tomt igen")
        await window.get("/registry/2")
        emptied = await window.post(
            "/registry/2/roll-back", comment="Tomt igen", seen=_hidden(again, "seen"), rows="6"
        )
    assert "3 rader försvinner. Vägval: 3 → 0 ." in asked.words
    for contract in ("GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3"):
        assert f"− route {contract} {SOURCE.lower()}" in asked.words
    assert plain.status == 409
    assert "dess sida visar vad" in plain.words
    assert (wrong.status, "Skriv hur många rader" in wrong.words) == (422, True)
    assert "6 rader försvinner. Vägval: 3 → 0 . Behörigheter: 8 → 5 ." in more.words
    assert (stale.status, "inte längre vad du har sett" in stale.words) == (409, True)
    assert (looked.status, "seen" in _names(looked.text)) == (200, False)
    assert denied.status == 403
    assert b"carePlanHeader>" in still[2]
    assert "gäller nu" in done.words
    assert b"carePlanHeader>" not in after[2]
    assert "Tillbaka" in back.words
    assert "6 rader försvinner" in again.words
    assert unasked.status == 409
    assert "Tomt igen" in emptied.words


_ADDRESS = '\n[[address]]\nlogical_address = "SE1-ODD"\ndescription = "{text}"\n'


def _without(registry: str, table: str, but: str = "nothing") -> str:
    """The same without any row of a table, but those that name something."""
    rows = [
        each
        for each in registry.split("\n\n")
        if not each.startswith(f"[[{table}]]") or but in each
    ]
    return "\n\n".join(rows)


def _hidden(page: Page, name: str) -> str:
    """The value of a field that a form has and nobody sees."""
    match = re.search(f'name="{name}" value="([0-9a-f]+)"', page.text)
    assert match is not None, page.words
    return match[1]


def _names(text: str) -> set[str]:
    """Of all fields of a page's forms."""
    return set(re.findall(r'name="([a-z_]+)"', text))


def _without_plans(registry: str) -> str:
    """The same, but the consumer may not ask the source for plans."""
    tables = registry.split("\n\n")
    for number, table in enumerate(tables):
        if table.startswith("[[permission]]") and f'"{SOURCE}"' in table:
            tables[number] = re.sub(r'"GetCarePlans 2",\s*', "", table)
    return "\n\n".join(tables)


async def test_who_looked_at_a_person_is_told_to_auditors_and_noted(scene: Scene) -> None:
    """Each search is a row with the auditor's id; a proof can be taken away; nobody's number."""
    await scene.ask("plan-1")
    async with logged_in(scene.hub, Role.AUDITOR) as window:
        await window.get("/access-log")
        first = await window.post("/access-log", person=f"{PERSON[:8]}-{PERSON[8:]}")
        second = await window.post("/access-log", person=PERSON)
        nobody = await window.post("/access-log", person="191212121213")
        state = await window.get("/access-log")
        begun = await window.post("/access-log/verify")
        whole = await until_seen(window, "/access-log", "Hel, granskad")
    assert CONSUMER in first.words
    assert "/console/questions/plan-1" in first.text
    assert "sökning i loggen" not in first.words
    assert "sökning i loggen" in second.words
    assert nobody.status == 422
    assert "rader" in state.words
    assert "har börjat" in begun.words
    assert "Loggen är INTE hel" not in whole.words
    for page in (first, second, nobody, state):
        assert PERSON not in page.text
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/access-log")
        refused = await window.post("/access-log", person=PERSON)
    assert refused.status == 403


async def test_the_way_to_a_producer_is_tried_hop_by_hop(scene: Scene) -> None:
    """With the cause in plain words; and the bundle has what helps and nothing secret."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/diagnostics")
        good = await window.post("/diagnostics", producer="p0")
        nobody = await window.post("/diagnostics", producer="nobody")
        await window.get("/diagnostics")
        form = {"csrf": window.csrf}
        async with window._session.post(
            f"{window.where}{BASE}/diagnostics/bundle", data=form
        ) as told:
            assert told.headers["content-type"] == "application/zip"
            bundle = zipfile.ZipFile(io.BytesIO(await told.read()))
    assert "Producenten svarar över HTTP" in good.words
    assert good.words.count("✓ bra") >= 8, good.words
    assert nobody.status == 404
    texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert {"versions.json", "settings.json", "health.json", "errors.jsonl"} <= set(texts)
    assert json.loads(texts["settings.json"])["hub"]["addresses"] == [HUB]
    assert PERSON not in str(texts)
    assert "PRIVATE" not in str(texts)


async def test_how_large_the_kept_routing_log_is_stands_where_people_look(scene: Scene) -> None:
    """In the console's diagnostics, and in ``samsvar status``, for people and programs."""
    shell = Shell(scene.site.folder)
    settings = ("--settings", str(scene.site.settings_file))
    await scene.ask("kept-1")
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        page = await until_seen(window, "/diagnostics", "1 av 14 dagar")
    people = await asyncio.to_thread(shell.inside, "status", *settings)
    programs = await asyncio.to_thread(shell.inside, "status", "--json", *settings)
    assert re.search(r"Ruttlogg 0,\d\sMB, 1 av 14 dagar, högst 2000\sMB", page.words)
    assert re.search(
        r"Routing    [\d.]+ [kM]B, 1 of 14 days of the log; at most 2\.0 GB", people.out
    )
    told = json.loads(programs.out)["house"]["routing_log"]
    assert (told["days"], told["keep_days"], told["room"]) == (1, 14, 2_000_000_000)
    assert told["bytes"] > 1000


async def test_language_and_theme_are_chosen_and_kept(scene: Scene) -> None:
    """Swedish and the machine's own theme until somebody chooses."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        swedish = await window.get("/questions")
        english = await window.post(
            "/appearance", language="en", back="/console/questions?over=500"
        )
        dark = await window.post("/appearance", theme="dark", back="/console/producers")
        odd = await window.post("/appearance", language="de", back="https://evil.example/")
    assert '<html lang="sv" data-theme="auto">' in swedish.text
    assert english.url == "/console/questions?over=500"
    assert '<html lang="en" data-theme="auto">' in english.text
    assert '<html lang="en" data-theme="dark">' in dark.text
    assert (odd.status, odd.url) == (200, "/console")


async def test_what_is_asked_of_the_console_is_logged_without_addresses(scene: Scene) -> None:
    """Who, which page, how it ended; not what anybody wrote into the address."""
    async with logged_in(scene.hub, Role.OPERATOR) as window:
        await window.get("/questions/whatever-i-wrote?consumer=whatever-i-wrote")
        await window.get("/no/such/whatever-i-wrote")
    assert scene.hub.hub is not None
    scene.hub.hub.events.flush()
    log = (scene.site.folder / "hub.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines() if "console-request" in line]
    told = [(line["message"], line["http.response.status_code"]) for line in lines]
    assert ("GET /console/questions/{id}", 404) in told
    assert ("GET no such page", 404) in told
    assert "whatever-i-wrote" not in log
