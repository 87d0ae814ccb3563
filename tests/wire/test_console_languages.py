"""Swedish pages are Swedish, and English ones English: whatever is shown, refused or alerted.

Each page is taken in both languages, and what reads the same in both is in the wrong one of them:
names and codes are all that may.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from samsvar.onboarding.roles import Role
from samsvar.simulation import demo_data
from samsvar.watch.rules import RULES
from tests.console import BASE, Browser, Page, browser
from tests.wire.test_console import _without_plans
from tests.wire.test_console_browser import NAMES, PAGES, Scene, open_alerts, scene_in

pytestmark = [pytest.mark.wire, pytest.mark.slow]

Form = dict[str, str]
LANGUAGES = ("sv", "en")
#: what two pages may have in common: names of people, systems and contracts, and what has no words
DATA = re.compile(
    "|".join(
        (
            *map(re.escape, NAMES.values()),
            r"GetCare\w+ \d(?:, GetCare\w+ \d)*",
            r"SE\d{10}-\w+",
            r"median \(p50\)|p\d\d|[Vv]ersion \d+|[Vv]ersion|Samsvar|utan-planer|SE1-SUB|p\d",
            r"cll-\w+|(?:tls|plain) [\d.]+:\d+(?:, )?|\w+ · test",
        )
    )
)
_WORDS = re.compile(r"[^\W\d_]{2,}[ ,]+(?:[^\W\d_]+[ ,]+)*[^\W\d_]{2,}")
#: roles as their tokens are named
_ONE = frozenset({*(role.value for role in Role), "test", "tom", "Index"})

TABLES = """
[[producer]]
id = "å"
kind = "gräs"
address = "ftp://x"
owner = 3
timeout = 99

[[route]]
contract = []
logical_address = "SE1-A"
producer = "ingen"
valid_from = "i dag"

[[gurka]]
"""

#: role, where, and what is sent; each is refused
REFUSED: list[tuple[Role, str, Form]] = [
    (Role.OPERATOR, "/producers/p0/enable", {}),
    (Role.OPERATOR, "/producers/nobody/disable", {"notice": "Vi byter databas"}),
    (Role.OPERATOR, "/producers/p0/disable", {"notice": "", "until": "2001-01-01T00:00"}),
    (Role.OPERATOR, "/producers/p0/disable", {"notice": "om 191212121212", "until": ""}),
    (Role.OPERATOR, "/producers/p0/disable", {"notice": "x" * 201, "until": "i morgon"}),
    (Role.OPERATOR, "/producers/p0/breaker", {"open": "yes", "reason": ""}),
    (Role.OPERATOR, "/diagnostics", {"producer": "nobody"}),
    (Role.OBSERVER, "/producers/p0/enable", {}),
    (Role.OPERATOR, "/producers/p0/enable", {"csrf": "x"}),
    (Role.OPERATOR, "/queues/SE1-SUB/retry", {"number": "x" * 60_000}),
    (Role.AUDITOR, "/access-log", {"person": "tolvan"}),
    (Role.REGISTRAR, "/registry-drafts", {"name": "Å"}),
    (Role.REGISTRAR, "/registry-drafts", {"name": "utan-planer"}),
    (Role.REGISTRAR, "/registry/nothing/edit", {"text": "{same}"}),
    (Role.REGISTRAR, "/registry/nothing/drop", {}),
    (Role.REGISTRAR, "/registry/utan-planer/edit", {"text": "="}),
    (Role.REGISTRAR, "/registry/utan-planer/edit", {"text": ""}),
    (Role.REGISTRAR, "/registry/utan-planer/edit", {"text": TABLES}),
    (Role.REGISTRAR, "/registry/nothing/publish", {"comment": "x"}),
    (Role.REGISTRAR, "/registry/utan-planer/publish", {"comment": ""}),
    (Role.REGISTRAR, "/registry/tom/publish", {"comment": "x"}),
    (Role.REGISTRAR, "/registry/99/roll-back", {"comment": "x"}),
    (Role.REGISTRAR, "/registry/utan-planer/roll-back", {"comment": "x"}),
]
#: the same, once another version has been published
MOVED = (Role.REGISTRAR, "/registry/utan-planer/publish", {"comment": "x"})
#: pages that are not there, or not now
MISSING = [
    (Role.OPERATOR, "/no/such/page"),
    (Role.OPERATOR, "/producers/nobody"),
    (Role.OPERATOR, "/questions?over=-1"),
    (Role.REGISTRAR, "/registry/nothing"),
    (Role.REGISTRAR, "/registry/99"),
    (Role.OBSERVER, "/diagnostics"),
]


def alike(swedish: Page, english: Page) -> list[str]:
    """What is written on both in words, beyond names and codes."""
    common = set(swedish.texts) & set(english.texts)
    return sorted(text for text in common if _WORDS.search(DATA.sub(" ", text)))


def one_word_alike(swedish: Page, english: Page) -> set[str]:
    """Single words that are on both."""
    common = set(swedish.texts) & set(english.texts)
    found = {DATA.sub("", text).strip() for text in common}
    return {text for text in found if re.fullmatch(r"[^\W\d_]{3,}", text)} - _ONE


async def _in(window: Browser, language: str) -> None:
    form = {"language": language, "back": BASE}
    await window.raw("POST", f"{BASE}/appearance", data=form)


async def _draft(scene: Scene) -> None:
    async with browser(scene.hub) as window:
        await window.login(scene.tokens[Role.REGISTRAR])
        for name in ("utan-planer", "tom"):
            await window.get("/registry")
            await window.post("/registry-drafts", name=name)
        text = (await window.get("/registry/1/file")).text
        await window.get("/registry/tom?tab=edit")
        await window.post("/registry/tom/edit", text=_without_routes(text))
        await window.get("/registry/utan-planer?tab=edit")
        changed = await window.post("/registry/utan-planer/edit", text=_without_plans(text))
        assert changed.status == 200, changed.words


def _without_routes(text: str) -> str:
    tables = re.split(r"(?=^\[)", text, flags=re.MULTILINE)
    return "".join(table for table in tables if not table.startswith("[[route]]"))


async def test_no_page_has_words_of_the_other_language(tmp_path: Path) -> None:
    """All pages, with an alert of every rule open on the first."""
    faults: dict[str, list[str]] = {}
    async with scene_in(tmp_path) as scene:
        await _draft(scene)
        open_alerts(scene.hub, *(set(RULES) - {"answers-empty", "slower", "certificate-ends"}))
        for role in (None, Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR):
            async with browser(scene.hub) as window:
                if role is not None:
                    await window.login(scene.tokens[role])
                for name, (wanted, path) in PAGES.items():
                    if wanted is not role:
                        continue
                    pages = []
                    for language in LANGUAGES:
                        await _in(window, language)
                        pages.append(await window.get(path))
                    swedish, english = pages
                    if found := alike(swedish, english) + sorted(one_word_alike(*pages)):
                        faults[name] = found
                    if name == "overview":
                        shown = [page.text.count('class="notice') for page in pages]
                        assert min(shown) >= len(RULES)
                        assert "Svaren" not in english.words
    assert faults == {}


async def test_what_is_refused_is_told_in_the_language_of_the_page(tmp_path: Path) -> None:
    """By the desks, by the door and by the registry, each fault of its own."""
    faults: dict[str, list[str]] = {}
    async with scene_in(tmp_path) as scene, AsyncExitStack() as stack:
        await _draft(scene)
        windows: dict[Role, Browser] = {}
        for role in (Role.OBSERVER, Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR):
            windows[role] = await stack.enter_async_context(browser(scene.hub))
            await windows[role].login(scene.tokens[role])

        async def look(role: Role, path: str, form: Form | None) -> tuple[Page, Page]:
            swedish, english = [await _refused(windows[role], path, form, one) for one in LANGUAGES]
            if found := alike(swedish, english):
                faults[f"{path} {form or ''}"[:80]] = found
            return swedish, english

        for role, path in MISSING:
            await look(role, path, None)
        for role, path, form in REFUSED:
            await look(role, path, form)
        await _publish_another(windows[Role.REGISTRAR])
        moved = await look(*MOVED)
    assert "version 2 gäller" in moved[0].words
    assert "version 2 is in force" in moved[1].words
    assert faults == {}


async def _publish_another(window: Browser) -> None:
    await asyncio.sleep(1.1)  # the hub takes so many a second of one user
    text = (await window.get("/registry/1/file")).text
    await window.get("/registry")
    await window.post("/registry-drafts", name="mellan")
    await window.get("/registry/mellan?tab=edit")
    changed = text.replace("Journalöversikten", "Översikten")
    await window.post("/registry/mellan/edit", text=changed)
    await window.get("/registry/mellan")
    put = await window.post("/registry/mellan/publish", comment="nytt namn")
    assert put.status == 200, put.words


async def _refused(window: Browser, path: str, form: Form | None, language: str) -> Page:
    await _in(window, language)
    if form is None:
        page = await window.get(path)
    else:
        fields = {name: value for name, value in form.items() if name != "csrf"}
        page = await window.post(path, csrf=form.get("csrf"), follow=True, **fields)
    if page.status == 429:  # of one user, so many a second
        await asyncio.sleep(1.1)
        return await _refused(window, path, form, language)
    assert page.status >= 400, (path, page.words)
    assert f'lang="{language}"' in page.text[:60]
    return page


def test_the_comparison_itself_finds_what_is_left() -> None:
    """A sentence that is on both pages is found; names, codes and quotations are not."""

    def made(language: str, text: str) -> Page:
        head = f'<html lang="{language}"><body><p>{NAMES[demo_data.MUNICIPALITY]}</p>'
        quoted = '<q lang="en">HTTP status 503 was answered</q><code>and so on, and on</code>'
        return Page(200, {}, f"{head}{quoted}<p>{text}</p></body></html>", "/")

    left = made("sv", "It answers, but with nothing")
    assert alike(left, made("en", "It answers, but with nothing")) == [
        "It answers, but with nothing"
    ]
    assert alike(made("sv", "Den svarar"), made("en", "It answers")) == []
    assert one_word_alike(made("sv", "changed"), made("en", "changed")) == {"changed"}
