"""A real browser: Chromium as the machine has it, and axe-core as the judge of accessibility.

Nothing is fetched. Where there is no Chromium, tests that need one are skipped.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

#: what counts as wrong: axe-core's own words for findings that keep people out
SERIOUS = ("serious", "critical")
SIZES = {"phone": (360, 740), "desk": (1280, 800)}
LANGUAGES = ("sv", "en")
THEMES = ("light", "dark")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own, without a window."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


def window(browser: Browser, size: str, theme: str) -> BrowserContext:
    """A window without any cookie; what is not done within ten seconds is not done."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.set_default_timeout(10_000)
    return context


def resize(page: Page, size: str) -> None:
    """The same page in a window of another size."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})


def relight(page: Page, theme: str) -> None:
    """The same page for somebody whose machine is dark, or light."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")


def serious_findings(page: Page) -> list[str]:
    """What axe-core finds that is serious, each with where."""
    results: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']}: {node['target']}"
        for one in results["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """By how many pixels the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{wide} pixels too wide"] if wide > 0 else []
