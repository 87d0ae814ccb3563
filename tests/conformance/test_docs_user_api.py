"""``docs/user-api.md`` says what the door for users does: every path, statement and refusal."""

from __future__ import annotations

import re
from typing import cast

from samsvar.inbound.users.asking import Desk
from samsvar.inbound.users.refusal import MEANING
from samsvar.inbound.users.router import CITIZEN, DOCUMENTS, EXISTENCE, FHIR
from samsvar.inbound.users.routes import pages, table
from samsvar.inbound.users.statement import CAPACITY, EMERGENCY, FLAGS, PREFIX
from tests.pages import named, page, section, tables

ROUTES = table(cast("Desk", None))
PAGE = page("user-api.md")


def test_every_path_is_on_the_page() -> None:
    """FHIR's types in a line of their own, or together; all others each by itself."""
    text = section(PAGE, f"## FHIR R4: `{FHIR}`")
    for route in ROUTES:
        kind = route.template.split("/")[3] if route.template.startswith(FHIR) else None
        if kind is None:
            assert f"`{route.method} {route.template}`" in PAGE or route.template == EXISTENCE
        elif route.method == "POST":
            assert kind in text
    assert all(path in PAGE for path in pages(ROUTES))


def test_every_path_of_the_page_is_there() -> None:
    """What it names can be asked for."""
    known = {f"{route.method} {route.template}" for route in ROUTES}
    known |= {f"GET {path}" for path in pages(ROUTES)}
    for told in re.findall(r"`((?:GET|POST) /[^`]*)`", PAGE):
        assert told in known, told


def test_every_statement_is_on_the_page() -> None:
    """Header and field of the body."""
    rows = tables(section(PAGE, "## What the user states"))
    told = {row["Header"].strip("`"): row["Body"].strip("`") for row in rows}
    assert set(told) == {*(f"{PREFIX}{name}" for name in FLAGS), EMERGENCY, CAPACITY}
    for header, field in FLAGS.items():
        first, *rest = field.split("_")
        assert told[f"{PREFIX}{header}"] == first + "".join(map(str.capitalize, rest))


def test_every_status_is_on_the_page() -> None:
    """Each that a refusal can have."""
    text = section(PAGE, "## What is refused, and how")
    told = {int(code) for row in named(text, "Status") for code in re.findall(r"\d{3}", row)}
    assert told == set(MEANING)


def test_each_door_has_its_heading() -> None:
    """By its path."""
    for path in (FHIR, DOCUMENTS, CITIZEN, EXISTENCE):
        assert re.search(rf"^## .*`{re.escape(path)}`$", PAGE, re.MULTILINE)
