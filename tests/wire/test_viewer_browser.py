"""The demo in a real browser: every page of the viewer, in both languages and lights, on a phone
and on a desk. ``VIEWER_PICTURES`` names a folder to keep a picture of each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
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
from tests.demo import Demo, running_demo

pytestmark = [
    pytest.mark.wire,
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.embedded("the demo is a hub with no server beside it"),
]

TOLVAN, DAVID = "191212121212", "195101151818"
JONAS = "202101012397"
DOWN = "Vårdcentralen Granen"


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo, and a browser that was open before it."""

    demo: Demo
    browser: Browser

    @property
    def url(self) -> str:
        """Of the viewer."""
        address = re.search(r"In a browser: (\S+)", self.demo.said)
        assert address is not None
        return address[1]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """It runs."""
    with chromium() as browser, running_demo(tmp_path_factory.mktemp("viewer-demo")) as demo:
        yield Stage(demo, browser)


def keep(page: Page, name: str) -> None:
    """A picture, if somebody wants one."""
    if folder := os.environ.get("VIEWER_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def log_in(page: Page, stage: Stage, kind: str, name: str) -> None:
    """As people do: pick who one is."""
    page.goto(f"{stage.url}/login/{kind}")
    page.get_by_role("link", name=re.compile(f"^{name}")).click()
    page.wait_for_url(f"{stage.url}/**")


def about(page: Page, number: str) -> None:
    """Staff say whose plans, and what they state."""
    page.get_by_label("Person").or_(page.locator("#person")).first.fill(number)
    page.locator("[name=need]").check()
    page.locator("[name=relevance]").check()
    page.locator("main button.main").click()


Visit = Callable[[str], None]


def citizens_pages(page: Page, stage: Stage, seen: Visit) -> None:
    """Everything that a citizen meets."""
    page.goto(stage.url)
    seen("start")
    log_in(page, stage, "citizen", "Tolvan")
    page.locator("details.past summary").click()
    seen("citizen-overview")
    page.goto(f"{stage.url}/citizen/plans")
    seen("citizen-plans")
    page.get_by_role("link", name="Samordnad individuell plan", exact=True).first.click()
    page.locator("details.filters summary").click()
    page.locator("details:not(.filters) summary").click()
    seen("citizen-plan")
    page.goto(f"{stage.url}/citizen/readers")
    seen("citizen-readers")
    log_in(page, stage, "citizen", "Elin")
    page.goto(f"{stage.url}/citizen/whose")
    seen("citizen-whose")
    page.locator("#person").fill("12")
    page.locator("main button.main").click()
    seen("citizen-whose-fault")
    page.locator("#person").fill(JONAS)
    page.locator("main button.main").click()
    seen("citizen-child")
    page.goto(f"{stage.url}/citizen/readers")
    seen("citizen-child-readers")
    log_in(page, stage, "citizen", "Ida")
    seen("citizen-refused")


def staffs_pages(page: Page, stage: Stage, seen: Visit) -> None:
    """Everything that staff meet."""
    log_in(page, stage, "staff", "Vera")
    seen("staff-start")
    about(page, DAVID)
    seen("staff-protected")
    page.goto(f"{stage.url}/staff")
    about(page, TOLVAN)
    seen("staff-plans")
    page.get_by_role("link", name="Utskrivningsplan").click()
    page.locator("main details summary").click()
    seen("staff-plan")
    log_in(page, stage, "staff", "Maja")
    about(page, DAVID)
    page.goto(f"{stage.url}/staff/existence")
    seen("staff-existence")
    page.locator("main button.main").click()
    seen("staff-existence-told")
    log_in(page, stage, "staff", "Viktor")
    about(page, TOLVAN)
    page.goto(f"{stage.url}/staff/emergency")
    page.locator("#reason").fill("Medvetslös efter fall")
    page.locator("button.danger").click()
    seen("staff-emergency")
    page.locator("[name=unobtainable]").check()
    page.locator("[name=indispensable]").check()
    page.locator("#reason").fill("Medvetslös efter fall")
    page.locator("button.danger").click()
    seen("staff-emergency-plans")
    log_in(page, stage, "staff", "Stina")
    about(page, TOLVAN)
    seen("staff-refused")


@pytest.mark.parametrize("walk", [citizens_pages, staffs_pages])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_and_keeps_nobody_out(
    stage: Stage, walk: Callable[[Page, Stage, Visit], None], language: str
) -> None:
    """On a phone and on a desk, in light and in dark."""
    context = window(stage.browser, "desk", "light")
    context.add_cookies([{"name": "language", "value": language, "url": stage.url}])
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
        walk(page, stage, seen)
    finally:
        context.close()

    assert findings == {}
    assert len(walked) >= 9
    assert [each for each in errors if "status of 4" not in each] == []


def test_on_a_phone_a_source_that_is_down_is_told_and_the_rest_is_there(stage: Stage) -> None:
    stage.demo.turn(DOWN, outage=True)
    context = window(stage.browser, "phone", "light")
    page = context.new_page()
    try:
        log_in(page, stage, "citizen", "Tolvan")
        notice = page.get_by_role("region", name="Källor som inte svarade")
        overview = notice.inner_text()
        page.goto(f"{stage.url}/citizen/plans")
        told = notice.inner_text()
        first = page.locator("ul.plans").first.bounding_box()
        above = notice.bounding_box()
        plans = page.locator("ul.plans").all_inner_texts()
        keep(page, "citizen-one-down-phone-light-sv")
        wrong = serious_findings(page) + too_wide(page)
        stage.demo.turn(DOWN, outage=False)
        page.goto(f"{stage.url}/citizen/plans")
        again = page.locator("main").inner_text()
    finally:
        context.close()
        stage.demo.turn(DOWN, outage=False)

    for text in (overview, told):
        assert "Allt kom inte fram" in text
        assert f"Källan {DOWN}" in text
        assert "Det som visas är riktigt, men kan vara ofullständigt." in text
    assert above is not None
    assert first is not None
    assert above["y"] + above["height"] <= first["y"]
    assert any("Samordnad individuell plan" in each for each in plans)
    assert not any("diabetes" in each for each in plans)
    assert wrong == []
    assert "diabetes" in again
    assert "Allt kom inte fram" not in again


def test_it_can_be_walked_by_keyboard_and_printed(stage: Stage) -> None:
    context = window(stage.browser, "desk", "light")
    page = context.new_page()
    try:
        page.goto(stage.url)
        page.keyboard.press("Tab")
        first = page.evaluate("document.activeElement.className")
        page.keyboard.press("Enter")
        here = page.evaluate("document.activeElement.id")
        log_in(page, stage, "citizen", "Tolvan")
        page.goto(f"{stage.url}/citizen/plans")
        page.emulate_media(media="print")
        hidden = page.locator("nav.menu").is_hidden() and page.locator("footer").is_hidden()
        shown = page.locator(".plans").first.is_visible()
    finally:
        context.close()

    assert (first, here) == ("skip", "content")
    assert (hidden, shown) == (True, True)


def test_light_and_language_are_chosen_without_script(stage: Stage) -> None:
    context = stage.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    try:
        page.goto(stage.url)
        page.get_by_role("button", name="Mörkt").click()
        page.get_by_role("button", name="In English").click()
        heading = page.locator("h1").inner_text()
        theme = page.locator("html").get_attribute("data-theme")
    finally:
        context.close()

    assert (heading, theme) == ("All plans in one place", "dark")
