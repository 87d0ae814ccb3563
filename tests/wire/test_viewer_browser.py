"""The demo in a real browser: every page of the viewer, in both languages and lights, on a phone
and on a desk. ``VIEWER_PICTURES`` names a folder to keep a picture of each.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.browser import (
    LANGUAGES,
    SIZES,
    THEMES,
    chromium,
    relight,
    resize,
    serious_findings,
    too_wide,
    window,
)
from tests.hub import free_port

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.browser]

TOLVAN, DAVID = "191212121212", "195101151818"
JONAS = "202101012397"
DOWN = "Vårdcentralen Granen"


@dataclass(frozen=True, slots=True)
class Demo:
    """It runs, and a browser is open before it."""

    url: str
    site: Path
    simulators: dict[str, str]
    browser: Browser

    def turn(self, title: str, **knobs: object) -> None:
        """Turn the knobs of a source."""
        files = self.site / "certificates"
        with requests.Session() as session:
            session.trust_env = False
            session.cert = (str(files / "consumer.pem"), str(files / "consumer.key"))
            session.verify = str(files / "authority.pem")
            told = session.post(f"{self.simulators[title]}/_simulator/knobs", json=knobs, timeout=5)
        assert told.ok


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """``samsvar demo`` as people start it."""
    folder = tmp_path_factory.mktemp("viewer-demo")
    said = folder / "demo.txt"  # names its person, on the screen of who started it
    command = [sys.executable, "-m", "samsvar", "demo", "--port", "0", "--folder", "site"]
    command += ["--viewer-port", str(free_port())]
    with chromium() as browser:
        with said.open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            give_up = time.monotonic() + 60
            while "Ctrl-C stops it all" not in said.read_text():
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < give_up, said.read_text()
                time.sleep(0.05)
            found = re.findall(r"^  (https://127\S+)  (.+) \(", said.read_text(), re.MULTILINE)
            address = re.search(r"In a browser: (\S+)", said.read_text())
            assert address is not None
            simulators = {title: url for url, title in found}
            yield Demo(address[1], folder / "site", simulators, browser)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()


def keep(page: Page, name: str) -> None:
    """A picture, if somebody wants one."""
    if folder := os.environ.get("VIEWER_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def log_in(page: Page, demo: Demo, kind: str, name: str) -> None:
    """As people do: pick who one is."""
    page.goto(f"{demo.url}/login/{kind}")
    page.get_by_role("link", name=re.compile(f"^{name}")).click()
    page.wait_for_url(f"{demo.url}/**")


def about(page: Page, number: str) -> None:
    """Staff say whose plans, and what they state."""
    page.get_by_label("Person").or_(page.locator("#person")).first.fill(number)
    page.locator("[name=need]").check()
    page.locator("[name=relevance]").check()
    page.locator("main button.main").click()


Visit = Callable[[str], None]


def citizens_pages(page: Page, demo: Demo, seen: Visit) -> None:
    """Everything that a citizen meets."""
    page.goto(demo.url)
    seen("start")
    log_in(page, demo, "citizen", "Tolvan")
    page.locator("details.past summary").click()
    seen("citizen-overview")
    page.goto(f"{demo.url}/citizen/plans")
    seen("citizen-plans")
    page.get_by_role("link", name="Samordnad individuell plan", exact=True).first.click()
    page.locator("details.filters summary").click()
    page.locator("details:not(.filters) summary").click()
    seen("citizen-plan")
    page.goto(f"{demo.url}/citizen/readers")
    seen("citizen-readers")
    log_in(page, demo, "citizen", "Elin")
    page.goto(f"{demo.url}/citizen/whose")
    seen("citizen-whose")
    page.locator("#person").fill("12")
    page.locator("main button.main").click()
    seen("citizen-whose-fault")
    page.locator("#person").fill(JONAS)
    page.locator("main button.main").click()
    seen("citizen-child")
    page.goto(f"{demo.url}/citizen/readers")
    seen("citizen-child-readers")
    log_in(page, demo, "citizen", "Ida")
    seen("citizen-refused")


def staffs_pages(page: Page, demo: Demo, seen: Visit) -> None:
    """Everything that staff meet."""
    log_in(page, demo, "staff", "Vera")
    seen("staff-start")
    about(page, DAVID)
    seen("staff-protected")
    page.goto(f"{demo.url}/staff")
    about(page, TOLVAN)
    seen("staff-plans")
    page.get_by_role("link", name="Utskrivningsplan").click()
    page.locator("main details summary").click()
    seen("staff-plan")
    log_in(page, demo, "staff", "Maja")
    about(page, DAVID)
    page.goto(f"{demo.url}/staff/existence")
    seen("staff-existence")
    page.locator("main button.main").click()
    seen("staff-existence-told")
    log_in(page, demo, "staff", "Viktor")
    about(page, TOLVAN)
    page.goto(f"{demo.url}/staff/emergency")
    page.locator("#reason").fill("Medvetslös efter fall")
    page.locator("button.danger").click()
    seen("staff-emergency")
    page.locator("[name=unobtainable]").check()
    page.locator("[name=indispensable]").check()
    page.locator("#reason").fill("Medvetslös efter fall")
    page.locator("button.danger").click()
    seen("staff-emergency-plans")
    log_in(page, demo, "staff", "Stina")
    about(page, TOLVAN)
    seen("staff-refused")


@pytest.mark.parametrize("walk", [citizens_pages, staffs_pages])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_and_keeps_nobody_out(
    demo: Demo, walk: Callable[[Page, Demo, Visit], None], language: str
) -> None:
    """On a phone and on a desk, in light and in dark."""
    context = window(demo.browser, "desk", "light")
    context.add_cookies([{"name": "language", "value": language, "url": demo.url}])
    errors: list[str] = []
    page = context.new_page()
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    findings: dict[str, list[str]] = {}
    walked: list[str] = []

    def seen(name: str) -> None:
        walked.append(name)
        assert page.locator("html").get_attribute("lang") == language
        for size in SIZES:
            resize(page, size)
            for theme in THEMES:
                relight(page, theme)
                place = f"{name}-{size}-{theme}-{language}"
                if wrong := serious_findings(page) + too_wide(page):
                    findings[place] = wrong
                keep(page, place)

    try:
        walk(page, demo, seen)
    finally:
        context.close()

    assert findings == {}
    assert len(walked) >= 9
    assert [each for each in errors if "status of 4" not in each] == []


def test_on_a_phone_a_source_that_is_down_is_told_and_the_rest_is_there(demo: Demo) -> None:
    demo.turn(DOWN, outage=True)
    context = window(demo.browser, "phone", "light")
    page = context.new_page()
    try:
        log_in(page, demo, "citizen", "Tolvan")
        notice = page.get_by_role("region", name="Källor som inte svarade").inner_text()
        page.goto(f"{demo.url}/citizen/plans")
        plans = page.locator("main").inner_text()
        keep(page, "citizen-one-down-phone-light-sv")
        wrong = serious_findings(page)
    finally:
        context.close()
        demo.turn(DOWN, outage=False)

    assert DOWN in notice
    assert "Samordnad individuell plan" in plans
    assert "diabetes" not in plans
    assert wrong == []


def test_it_can_be_walked_by_keyboard_and_printed(demo: Demo) -> None:
    context = window(demo.browser, "desk", "light")
    page = context.new_page()
    try:
        page.goto(demo.url)
        page.keyboard.press("Tab")
        first = page.evaluate("document.activeElement.className")
        page.keyboard.press("Enter")
        here = page.evaluate("document.activeElement.id")
        log_in(page, demo, "citizen", "Tolvan")
        page.goto(f"{demo.url}/citizen/plans")
        page.emulate_media(media="print")
        hidden = page.locator("nav.menu").is_hidden() and page.locator("footer").is_hidden()
        shown = page.locator(".plans").first.is_visible()
    finally:
        context.close()

    assert (first, here) == ("skip", "content")
    assert (hidden, shown) == (True, True)


def test_light_and_language_are_chosen_without_script(demo: Demo) -> None:
    context = demo.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    try:
        page.goto(demo.url)
        page.get_by_role("button", name="Mörkt").click()
        page.get_by_role("button", name="In English").click()
        heading = page.locator("h1").inner_text()
        theme = page.locator("html").get_attribute("data-theme")
    finally:
        context.close()

    assert (heading, theme) == ("All plans in one place", "dark")
