"""The console in a real browser: every page, both languages, both themes, held to axe-core.

Chromium is the machine's own: nothing is fetched. Where there is none these tests are skipped,
with that reason; under ``CI=true`` they fail instead. Pictures of every page are left in
``build/console`` for people to look at.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, async_playwright

from samsvar.clock import SystemClock
from samsvar.onboarding.roles import Role
from samsvar.settings import load
from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.simulation.server import Tls
from samsvar.store.alert_book import SqlAlertBook
from samsvar.watch.alerts import Alert
from samsvar.watch.rules import RULES
from tests import databases
from tests.admin_api import token
from tests.hub import CONSUMER, Running, Site, Source, post, running_hub
from tests.outbox import dead_letter
from tests.watching import every_rule
from tests.wire.test_console import PERSON, _without_plans
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
FOUND = Path(CHROMIUM).is_file()
PICTURES = Path(__file__).parents[2] / "build" / "console"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: what a page shows when a template takes the wrong thing
ODD = ("None", "<built-in", " object at ", "Undefined", "{{", "&lt;", "Result.")
NAMES = {
    demo_data.HOSPITAL: "Exempelsjukhuset, Region Exempel",
    demo_data.MUNICIPALITY: "Omsorgen, Exempelkommun",
    CONSUMER: "Journalöversikten",
}

#: page -> role, path; {bad} and {good} are questions of the scene
PAGES: dict[str, tuple[Role | None, str]] = {
    "login": (None, "/login"),
    "overview": (Role.OPERATOR, ""),
    "questions": (Role.OPERATOR, "/questions"),
    "questions-filtered": (Role.OPERATOR, "/questions?result=part&range=24h"),
    "questions-none": (Role.OPERATOR, "/questions?over=10000"),
    "tail": (Role.OPERATOR, "/tail"),
    "question-timeline": (Role.OPERATOR, "/questions/bad-1"),
    "question-explain": (Role.OPERATOR, "/questions/bad-1?tab=explain"),
    "question-events": (Role.OPERATOR, "/questions/bad-1?tab=events"),
    "question-today": (Role.OPERATOR, "/questions/bad-1?tab=today"),
    "producers": (Role.OPERATOR, "/producers"),
    "producer": (Role.OPERATOR, "/producers/p0"),
    "registry": (Role.REGISTRAR, "/registry"),
    "registry-version": (Role.REGISTRAR, "/registry/1"),
    "registry-diff": (Role.REGISTRAR, "/registry/utan-planer"),
    "registry-preview": (Role.REGISTRAR, "/registry/utan-planer?tab=preview"),
    "registry-edit": (Role.REGISTRAR, "/registry/utan-planer?tab=edit"),
    "queues": (Role.OPERATOR, "/queues"),
    "queue": (Role.OPERATOR, "/queues/SE1-SUB"),
    "access-log": (Role.AUDITOR, "/access-log"),
    "diagnostics": (Role.OPERATOR, "/diagnostics"),
    "refused": (Role.OPERATOR, "/questions/no-such"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A hub that has been asked: one source slow, one that fails now and then."""

    hub: Running
    tokens: dict[Role, str]

    @property
    def where(self) -> str:
        """The console."""
        return f"{self.hub.plain}/console"


@asynccontextmanager
async def scene_in(folder: Path) -> AsyncIterator[Scene]:
    """Serve it, with questions of every kind in the log."""
    site = Site(folder)
    settings = site.write(plain_listen="admin = true", alerts="every_seconds = 3600")
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    slow, shaky = Knobs(), Knobs()
    holdings = demo_data.hospital(), demo_data.municipality()
    async with (
        running(producer.application(holdings[0], slow), tls=tls) as first,
        running(producer.application(holdings[1], shaky), tls=tls) as second,
    ):
        addresses = [each.hsa_id for each in holdings]
        sources = [
            Source(address, f"{url}/", extra="timeout = 2.0")
            for address, url in zip(addresses, (first, second), strict=True)
        ]
        named = "".join(
            f'[[address]]\nlogical_address = "{address}"\ndescription = "{name}"\n'
            for address, name in NAMES.items()
        )
        text = site.registry(sources, named)
        for number, address in enumerate(addresses):
            text = text.replace(
                f'id = "p{number}"\ntitle = "{address}"',
                f'id = "p{number}"\ntitle = "{NAMES[address]}"',
            )
        site.load_registry(text)
        await site.index(PERSON, addresses)
        async with running_hub(site, settings) as hub:
            for number in range(4):
                await _ask(hub, f"good-{number}")
            shaky.outage, slow.latency = True, 0.4
            for number in range(3):
                await _ask(hub, f"bad-{number}")
            shaky.outage = False
            await _ask(hub, "refused-1", sender="SE2129999963-STRANGER")
            dead_letter(hub.site)
            open_alerts(hub, "answers-empty", "slower", "certificate-ends")
            tokens = {role: token(site, role) for role in Role}
            yield Scene(hub, tokens)


async def _ask(hub: Running, correlation_id: str, sender: str = CONSUMER) -> None:
    headers = {"x-skltp-correlation-id": correlation_id}
    await post(hub, envelope(person=PERSON), headers=headers, sender=sender)


def open_alerts(hub: Running, *rules: str) -> None:
    """Alerts of these rules, in the words of the rules themselves; they are told to nobody."""
    now, findings = SystemClock().now(), every_rule("p0")
    alerts = [
        Alert(
            f"alert-{one}",
            one,
            findings[one].subject,
            RULES[one].severity,
            now,
            findings[one].reason,
        )
        for one in rules
    ]
    database = databases.open_database(load(hub.site.settings_file, {}).hub.data)
    SqlAlertBook(database).change(alerts, [], now)
    database.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's Chromium."""
    if not FOUND:
        reason = "there is no Chromium on this machine: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield made
        await made.close()


@asynccontextmanager
async def window(
    browser: Browser, scene: Scene, role: Role | None, told: list[str], **how: Any
) -> AsyncIterator[Page]:
    """A window of a user of that role. ``told``: what the browser complained about."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
    page = await context.new_page()
    page.on("console", lambda line: told.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    if role is not None:
        await page.goto(f"{scene.where}/login")
        await page.fill("#token", scene.tokens[role])
        await page.click("form[action='/console/login'] button")
        await page.wait_for_selector("nav.menu")
    yield page
    await context.close()


async def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps people out: rule, and where."""
    await page.evaluate(AXE)
    found = await page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", STANDARDS
    )
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical", "moderate")
        for node in each["nodes"][:3]
    ]


async def spilt(page: Page) -> list[str]:
    """Boxes whose text is wider than they are: it would lie over what stands beside."""
    found: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll('.tile, .card, .notice, th, td, button, .badge')]
            .filter(box => box.clientWidth && box.scrollWidth > box.clientWidth + 1
                && getComputedStyle(box).overflowX === 'visible')
            .map(box => `spilt: ${box.className} ${box.innerText.slice(0, 60)}`)"""
    )
    return found


async def _draft(browser: Browser, scene: Scene) -> None:
    """A draft that takes one permission away."""
    async with window(browser, scene, Role.REGISTRAR, []) as page:
        await page.goto(f"{scene.where}/registry")
        await page.fill("#name", "utan-planer")
        await page.click("form[action='/console/registry-drafts'] button")
        text = await page.input_value("#text")
        await page.fill("#text", _without_plans(text))
        await page.click("form[action$='/edit'] button")
        await page.wait_for_selector(".changes")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_every_page_can_be_used_by_everybody(
    tmp_path: Path, browser: Browser, language: str, theme: str
) -> None:
    """axe-core finds nothing, the browser complains of nothing, all is inside the window."""
    folder = PICTURES / f"{language}-{theme}"
    folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    told: list[str] = []
    async with scene_in(tmp_path) as scene:
        await _draft(browser, scene)
        for role in (None, Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR):
            async with window(browser, scene, role, told, locale=language) as page:
                await page.context.add_cookies(
                    [
                        {"name": name, "value": value, "url": scene.where}
                        for name, value in (
                            ("samsvar_language", language),
                            ("samsvar_theme", theme),
                        )
                    ]
                )
                for name, (wanted, path) in PAGES.items():
                    if wanted is not role:
                        continue
                    await page.goto(f"{scene.where}{path}")
                    shown = await page.get_attribute("html", "lang")
                    assert shown == language, name
                    faults += [f"{name}: {fault}" for fault in await serious(page)]
                    words = await page.inner_text("body")
                    faults += [f"{name}: {odd}" for odd in ODD if odd in words]
                    faults += [f"{name}: {fault}" for fault in await spilt(page)]
                    await page.screenshot(path=folder / f"{name}.png", full_page=True)
                    for width in (1024, 1180, 1280):
                        await page.set_viewport_size({"width": width, "height": 800})
                        wide = await page.evaluate("document.documentElement.scrollWidth")
                        if wide > width:
                            faults.append(f"{name}: {wide} px wide in {width}")
                        faults += [f"{name} in {width}: {fault}" for fault in await spilt(page)]
    told = [each for each in told if "404" not in each]  # the page that is not there says so
    assert faults == []
    assert told == []


async def test_every_page_fits_a_phone(tmp_path: Path, browser: Browser) -> None:
    """360 px: nothing is cut off or wider than the window, and fingers hit what they aim at."""
    folder = PICTURES / "phone"
    folder.mkdir(parents=True, exist_ok=True)
    phone = {"viewport": {"width": 360, "height": 740}}
    faults: list[str] = []
    async with scene_in(tmp_path) as scene:
        await _draft(browser, scene)
        for role in (None, Role.OPERATOR, Role.REGISTRAR, Role.AUDITOR):
            async with window(browser, scene, role, [], **phone) as page:
                for name, (wanted, path) in PAGES.items():
                    if wanted is not role:
                        continue
                    await page.goto(f"{scene.where}{path}")
                    wide = await page.evaluate("document.documentElement.scrollWidth")
                    if wide > 360:
                        faults.append(f"{name}: {wide} px wide")
                    faults += [f"{name}: {fault}" for fault in await serious(page)]
                    faults += [f"{name}: {fault}" for fault in await spilt(page)]
                    await page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert faults == []


async def test_the_console_is_read_without_scripts_and_used_without_a_mouse(
    tmp_path: Path, browser: Browser
) -> None:
    """Lists, filters and forms are plain; the first key leads past the menu; focus is seen."""
    async with scene_in(tmp_path) as scene:
        async with window(browser, scene, Role.OPERATOR, [], java_script_enabled=False) as page:
            await page.goto(f"{scene.where}/questions")
            await page.select_option("#f-result", "part")
            await page.click(".filters button")
            rows = await page.locator("tbody tr").count()
            await page.click("tbody tr a")
            heading = await page.text_content("h1")
        async with window(browser, scene, Role.OPERATOR, []) as page:
            await page.goto(f"{scene.where}/questions")
            await page.keyboard.press("Tab")
            first = await page.evaluate("document.activeElement.className")
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            await page.keyboard.press("Enter")
            await page.keyboard.press("Tab")
            inside = await page.evaluate(
                "document.querySelector('main').contains(document.activeElement)"
            )
    assert rows == 3
    assert heading is not None
    assert "bad-" in heading
    assert (first, outline, inside) == ("skip", "solid", True)


async def test_the_tail_moves_by_itself_and_can_be_held(tmp_path: Path, browser: Browser) -> None:
    """Rows come while one looks; paused, none; then again."""
    async with scene_in(tmp_path) as scene:
        told: list[str] = []
        async with window(browser, scene, Role.OPERATOR, told) as page:
            await page.goto(f"{scene.where}/tail")
            rows = page.locator("tbody tr")
            before = await rows.count()
            await _ask(scene.hub, "moves-1")
            await page.wait_for_selector("a[href*='moves-1']")
            await page.click("[data-pause]")
            await _ask(scene.hub, "moves-2")
            await asyncio.sleep(2)
            held = await page.locator("a[href*='moves-2']").count()
            await page.click("[data-pause]")
            await asyncio.sleep(0.5)
            await _ask(scene.hub, "moves-3")
            await page.wait_for_selector("a[href*='moves-3']")
            after = await rows.count()
    assert (before + 1 < after, held) == (True, 0)
    assert told == []


async def test_the_four_questions_of_the_how_to_are_answered_in_a_few_steps(
    tmp_path: Path, browser: Browser
) -> None:
    """As docs/howto/use-the-console.md says it, by somebody who knows the console alone."""
    async with scene_in(tmp_path) as scene:
        await _draft(browser, scene)
        async with window(browser, scene, Role.OPERATOR, []) as page:
            # why did this consumer get nothing from the source?
            await page.click("nav.menu >> text=Frågor")
            await page.select_option("#f-range", "12h")
            await page.select_option("#f-consumer", CONSUMER)
            await page.select_option("#f-source", "p1")
            await page.click(".filters button")
            await page.click("tbody tr a")
            why = await page.text_content(".waterfall")
            # which producer makes everybody slow?
            await page.click("nav.menu >> text=Producenter")
            await page.select_option("#sort", "slow")
            await page.click("main .head button")
            slowest = await page.text_content("tbody tr >> nth=0")
        async with window(browser, scene, Role.AUDITOR, []) as page:
            # who looked at this person's plan?
            await page.click("nav.menu >> text=Åtkomstlogg")
            await page.fill("#person", PERSON)
            await page.click("form[action='/console/access-log'] button")
            who = await page.text_content("main table")
            text = await page.content()
            await page.screenshot(path=PICTURES / "who-looked.png", full_page=True)
        async with window(browser, scene, Role.REGISTRAR, []) as page:
            # what would change if I publish this draft?
            await page.click("nav.menu >> text=Register")
            await page.click("text=Vad skulle ändras?")
            change = await page.text_content(".changes")
    assert why is not None
    assert "✕ Omsorgen, Exempelkommun" in why
    assert "misslyckades" in why
    assert slowest is not None
    assert "Exempelsjukhuset" in slowest
    assert who is not None
    assert "Journalöversikten" in who
    assert "Exempelsjukhuset, Region Exempel: 1" in who
    assert PERSON not in text
    assert change is not None
    assert "får inte" in change
