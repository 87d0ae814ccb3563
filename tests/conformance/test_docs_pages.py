"""All pages: what they link to and name is there, what they show can be read; and the licence."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.pages import DOCS, PAGES, ROOT, SOURCE, blocks


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(path: Path) -> None:
    """Files in the project, and headings in pages. Nothing outside is linked without need."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.is_relative_to(ROOT), target
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_toml_and_python_of_a_page_can_be_read(path: Path) -> None:
    """Examples that somebody will copy."""
    for block in blocks(path, "toml"):
        tomllib.loads(block)
    for block in blocks(path, "python"):
        compile(block, str(path), "exec")
    for block in blocks(path, "json"):
        for line in block.splitlines():
            json.loads(line)


PATHS = re.compile(r"`((?:src/samsvar|adapters|contracts|wsdl|tests|docs|deploy)/[\w./-]+)`")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(path: Path) -> None:
    """A page that says "go to" says where to."""
    for name in PATHS.findall(path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


MODULES = re.compile(
    r"`((?:pipeline|inbound|outbound|store|soap|model|observe|cli|adapter_api|simulation)/[\w./]+)`"
)


def test_modules_that_the_pages_name_are_there() -> None:
    """The same for modules named from the package's folder."""
    for path in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for name in MODULES.findall(path.read_text(encoding="utf-8")):
            assert (SOURCE / name).exists(), f"{path.name}: {name}"


def test_the_picture_of_the_floors_has_every_package_and_no_other() -> None:
    """Which one imports which, the linter holds: from the same list."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = rules["tool"]["importlinter"]["contracts"][0]["layers"]
    packages = {name for floor in floors for name in re.findall(r"\w+", floor)}
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    picture = page.split("### Floors")[1].split("```")[1]
    shown = {
        name
        for line in picture.splitlines()
        for name in re.findall(r"\w+", line[:39])
        if line.startswith("   ")
    }
    # Commands start with the first; the second is told of below the picture.
    assert shown == packages - {"__main__", "simulation"}


# The licence


def test_the_licence_is_whole() -> None:
    """Preamble, fifteen articles, appendix."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    articles = [int(number) for number in re.findall(r"^(\d+)\.[A-Z]", text, re.MULTILINE)]
    assert articles == list(range(1, 16))
    assert "Appendix" in text
    assert text.rstrip().endswith("require the production of a new EUPL version.")
