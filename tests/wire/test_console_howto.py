"""The four questions of docs/howto/use-the-console.md, answered in the running demo by its steps.

A browser presses only what the section names, in the words that it names: a step that is left out
of the page, or called otherwise on it, fails here.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import LANGUAGES, chromium, window
from tests.command import Shell

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.sqlite]

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "use-the-console.md"
PERSON = "191212121212"
PRATOR, SAMSA = "Prator, Region Sörmland med kommuner", "SAMSA, Västra Götaland"


@dataclass(frozen=True, slots=True)
class Demo:
    """``samsvar demo`` as people start it, with the three tokens that it prints."""

    folder: Path
    console: str
    tokens: dict[str, str]
    simulators: dict[str, str]
    browser: Browser

    def turn(self, title: str, **knobs: object) -> None:
        """Turn the knobs of a source, as the demo says how to."""
        files = self.folder / "site" / "certificates"
        with requests.Session() as session:
            session.trust_env = False
            session.cert = (str(files / "consumer.pem"), str(files / "consumer.key"))
            session.verify = str(files / "authority.pem")
            told = session.post(
                f"{self.simulators[title]}/_simulator/knobs", json=knobs, timeout=20
            )
        assert told.ok

    def ask(self) -> None:
        """As the demo says how to; whatever the answer."""
        Shell(self.folder).run("ask", "--as", "site/consumer.toml", PERSON, records=True)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One night: Prator is away for a question, and SAMSA slow for all of them."""
    folder = tmp_path_factory.mktemp("howto-demo")
    said = folder / "demo.txt"  # names its person, on the screen of who started it
    command = [sys.executable, "-m", "samsvar", "demo", "--port", "0", "--folder", "site"]
    command += ["--viewer-port", "0"]
    with chromium() as browser:
        with said.open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            give_up = time.monotonic() + 90
            while "Ctrl-C stops it all" not in said.read_text():
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < give_up, said.read_text()
                time.sleep(0.05)
            text = said.read_text()
            made = Demo(
                folder,
                str(_found(r"(http://\S+/console)", text)),
                dict(re.findall(r"^  (\w+) +(samsvar_\S+)$", text, re.MULTILINE)),
                {
                    title: url
                    for url, title in re.findall(
                        r"^  (https://127\S+)  (.+) \(", text, re.MULTILINE
                    )
                },
                browser,
            )
            made.turn(SAMSA, latency=0.8)
            made.turn(PRATOR, outage=True)
            made.ask()
            made.turn(PRATOR, outage=False)
            made.ask()
            yield made
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


class Guide:
    """Somebody who does what a section says, and nothing else."""

    def __init__(self, page: Page, heading: str, language: str) -> None:
        text = HOWTO.read_text(encoding="utf-8")
        self.page = page
        self.text = " ".join(text.partition(f"\n{heading}\n")[2].partition("\n## ")[0].split())
        assert self.text, heading
        self._second = language == "en"

    def words(self, swedish: str, english: str) -> str:
        """What a thing is called, as the section calls it, in the language of the page."""
        assert re.search(rf"\*{re.escape(swedish)}\*+ \({re.escape(english)}\)", self.text), swedish
        return english if self._second else swedish

    def menu(self, swedish: str, english: str) -> None:
        """In the menu: ..."""
        name = self.words(swedish, english)
        self.page.locator("nav.menu").get_by_role("link", name=name, exact=True).click()

    def choose(self, swedish: str, english: str, value: str | re.Pattern[str]) -> None:
        """Choose ... in a list, by what is shown there."""
        field = self.field(swedish, english)
        shown = field.locator("option").filter(has_text=value).first.inner_text()
        field.select_option(label=shown)

    def field(self, swedish: str, english: str) -> Locator:
        """What is labelled so."""
        return self.page.locator("main").get_by_label(self.words(swedish, english), exact=True)

    def press(self, swedish: str, english: str) -> None:
        """Press ...: the one on the page itself, not the search at the top."""
        name = self.words(swedish, english)
        pressed = self.page.locator("main").get_by_role("button", name=name, exact=True)
        links = self.page.locator("main").get_by_role("link", name=name, exact=True)
        (pressed.or_(links)).first.click()

    def sees(self, words: str) -> None:
        """It stands on the page."""
        expect(self.page.locator("main")).to_contain_text(words)


@contextmanager
def guided(demo: Demo, role: str, heading: str, language: str) -> Iterator[Guide]:
    """Log in as the section says, at the front page of the console."""
    context = window(demo.browser, "desk", "light")
    try:
        context.set_default_timeout(30_000)
        cookie = {"name": "samsvar_language", "value": language, "url": demo.console}
        context.add_cookies([cookie])  # type: ignore[list-item] # all that one needs
        page = context.new_page()
        page.goto(f"{demo.console}/login")
        page.fill("#token", demo.tokens[role])
        page.click("form[action='/console/login'] button")
        page.wait_for_selector("nav.menu")
        guide = Guide(page, heading, language)
        assert f"**{role}**" in guide.text
        begun = time.monotonic()
        yield guide
        sys.stdout.write(f"{heading} ({language}): {time.monotonic() - begun:.1f} s\n")
    finally:
        context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_did_this_consumer_get_nothing_from_prator(demo: Demo, language: str) -> None:
    """Section 3: the question is found by consumer, producer and time, and says why."""
    heading = "## 3. Why did this consumer get nothing from Prator last night?"
    with guided(demo, "operator", heading, language) as guide:
        page = guide.page
        guide.menu("Frågor", "Questions")
        guide.choose("Tid", "Time", guide.words("12 timmar", "12 hours"))
        guide.choose("Konsument", "Consumer", re.compile("SE"))
        guide.choose("Producent", "Producer", re.compile("^prator$"))
        guide.press("Visa", "Show")
        address = page.url
        rows = page.locator("main tbody tr")
        failed = rows.filter(has=page.locator("small.below", has_text=_WHY[language]))
        assert (rows.count() > 1, failed.count()) == (True, 1)
        failed.get_by_role("link").first.click()
        current = page.get_by_role("link", name=guide.words("Tidslinje", "Timeline"), exact=True)
        expect(current).to_have_attribute("aria-current", "page")
        steps = page.locator("ol.waterfall > li")
        prator = steps.filter(has_text="Prator")
        expect(prator).to_contain_text(_WHY[language])
        expect(steps.nth(1)).to_contain_text("Index")
        expect(steps.nth(2)).to_contain_text(_PERMISSION[language])
        guide.press("Dagens register", "Today's registry")
        guide.sees({"sv": "tillfrågas via prator", "en": "asked by prator"}[language])
        page.goto(address)  # as the colleague does
        assert rows.count() > 1


_WHY = {"sv": "misslyckades", "en": "failed"}
_PERMISSION = {"sv": "Behörighet, vägval", "en": "Permission, route"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_which_producer_is_making_everybody_slow(demo: Demo, language: str) -> None:
    """Section 4: it is the top one, its page says what it was asked and what can be done."""
    heading = "## 4. Which producer is making everybody slow?"
    with guided(demo, "operator", heading, language) as guide:
        guide.menu("Producenter", "Producers")
        first = guide.words("de som håller upp mest", "those that hold up most")
        guide.choose("Först", "First", first)
        guide.press("Visa", "Show")
        top = guide.page.locator("main tbody tr").first
        expect(top).to_contain_text("SAMSA")
        column = guide.page.get_by_role(
            "columnheader", name=guide.words("Alla väntade på", "All waited for")
        )
        assert column.count() == 1
        top.get_by_role("link").first.click()
        expect(guide.page.locator("h1")).to_contain_text("SAMSA")
        assert guide.page.locator("form[action$='/disable']").count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_looked_at_this_persons_plan(demo: Demo, language: str) -> None:
    """Section 5: the consumer stands there with what was shown from where; the number does not."""
    heading = "## 5. Who looked at this person's plan?"
    with guided(demo, "auditor", heading, language) as guide:
        guide.menu("Åtkomstlogg", "Access log")
        number = guide.field("Personnummer, 12 siffror", "Personal number, 12 digits")
        number.fill(PERSON)
        guide.press("Sök", "Search")
        rows = guide.page.locator("main table tbody tr")
        expect(rows.first).to_be_visible()
        told = rows.filter(has_text="GetCarePlans").first.inner_text()
        assert "SE" in told
        assert re.search(r"Prator[^\n]*: \d", told) or "Exempelsjukhuset" in told
        assert PERSON not in guide.page.content() + guide.page.url


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_would_change_if_i_publish_this_draft(demo: Demo, language: str) -> None:
    """Section 6: the draft without Prator says which questions would be answered otherwise, and
    by which rows; published, it is in force; and the old version again."""
    heading = "## 6. What would change if I publish this draft?"
    name = f"utan-prator-{language}"
    shell = Shell(demo.folder)
    text = shell.run("registry", "show", "-s", "site/settings.toml").out
    (demo.folder / f"{name}.toml").write_text(_without_prator(text), encoding="utf-8")
    made = shell.run(
        *("registry", "draft", "new", name, "--file", f"{name}.toml", "-s", "site/settings.toml")
    )
    assert made.code == 0, made.err
    with guided(demo, "registrar", heading, language) as guide:
        page = guide.page
        guide.menu("Register", "Registry")
        row = page.locator("main tr").filter(has_text=name)
        wanted = guide.words("Vad skulle ändras?", "What would change?")
        row.get_by_role("link", name=wanted).click()
        change = page.locator(".changes")
        expect(change).to_contain_text("PRATOR")
        expect(change).to_contain_text({"sv": "vägval saknas", "en": "no route"}[language])
        guide.press("Skillnad", "Difference")
        assert page.locator(".changes .sign-failed").count() > 0
        guide.field("Varför (står i historiken)", "Why (stands in the history)").fill("Prov")
        guide.press("Publicera utkastet", "Publish the draft")
        expect(page.locator("main tr").filter(has_text="Prov").first).to_be_visible()
    back = shell.run("registry", "rollback", "1", "--comment", "x", "-s", "site/settings.toml")
    assert back.code == 0, back.err


def _without_prator(text: str) -> str:
    """The same, but no route leads to Prator."""
    tables = text.split("\n\n")
    kept = [
        each
        for each in tables
        if not (each.startswith("[[route]]") and 'producer = "prator"' in each)
    ]
    assert len(kept) < len(tables)
    return "\n\n".join(kept)
