"""The page about the viewer says what the viewer has: settings, events, and a sample that loads."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pydantic import BaseModel

from samsvar.simulation.users import PERSONAS
from samsvar.viewer.settings import HubSettings, LoginSettings, ViewerSettings, load
from tests.pages import DOCS, ROOT, blocks, named, page, same, section

PAGE = "howto/see-the-plans.md"
VIEWER = ROOT / "src" / "samsvar" / "viewer"


def _keys(prefix: str, model: type[BaseModel]) -> set[str]:
    return {f"{prefix}{name}" for name in model.model_fields}


def test_each_setting_is_on_its_page() -> None:
    top = _keys("", ViewerSettings) - {"hub", "login"}
    known = top | _keys("hub.", HubSettings) | _keys("login.", LoginSettings)

    same(named(section(page(PAGE), "## 2. Before a hub of your own"), "Setting"), known)


def test_the_sample_loads(tmp_path: Path) -> None:
    (text,) = blocks(DOCS / PAGE, "toml")
    for name in re.findall(r'= "((?:tls|secrets)/[^"]+)"', text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    path = tmp_path / "viewer.toml"
    path.write_text(text, encoding="utf-8")

    assert [each.kind for each in load(path).login] == ["staff", "citizen"]


def test_each_event_is_on_its_page() -> None:
    events = {
        str(call.args[0].value)
        for path in VIEWER.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "note"
        and isinstance(call.args[0], ast.Constant)
    }

    same(named(section(page(PAGE), "## 4. What it keeps, and what it does not"), "Event"), events)


def test_the_people_of_the_demo_are_those_who_can_log_in() -> None:
    told = " ".join(re.findall(r"^\| ([^|]+) \|", section(page(PAGE), "## 1. In the demo"), re.M))
    names = {persona.about.split()[0] for persona in PERSONAS.values()}

    assert {"Tolvan", "Elin", "Ida", "Vera", "Viktor", "Maja", "Bo", "Stina", "Ville"} <= names
    assert all(name in told for name in names - {"Lars", "Gun"})


def test_its_pictures_are_small_enough_to_read_with_the_page() -> None:
    pictures = re.findall(r"\]\(\.\./images/([^)]+)\)", page(PAGE))

    assert len(pictures) == 4
    assert all(0 < (DOCS / "images" / name).stat().st_size < 150_000 for name in pictures)
