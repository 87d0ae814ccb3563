"""``docs/fhir.md`` says what the mapping does: every extension, system, form and interaction."""

from __future__ import annotations

import re
from pathlib import Path

from samsvar.fhir.capability import SERVED
from samsvar.fhir.mhd import FORMS
from samsvar.fhir.operation_outcome import source_outcome
from samsvar.model.status import CausingAgent, StatusCode, StatusError, StatusRecord
from tests.care_records import at
from tests.pages import named, page, section

SOURCE = Path(__file__).parents[2] / "src" / "samsvar" / "fhir"


def test_every_extension_is_on_the_page() -> None:
    """As the code names them, no more and no fewer."""
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCE.glob("*.py"))
    used = set(re.findall(r'\bextension\(\s*"([a-z-]+)"', code))

    assert set(named(section(page("fhir.md"), "### Extensions"), "Extension")) == used


def test_every_label_system_is_on_the_page() -> None:
    """A receiver looks a label up there."""
    for system in ("legal-basis", "disclosure"):
        assert f"urn:samsvar:cs:{system}" in page("fhir.md")


def test_what_is_served_is_on_the_page() -> None:
    """The page, the CapabilityStatement and the door have one table."""
    text = section(page("fhir.md"), "## What is served")
    rows = re.findall(r"^\| (\w+) \| ([\w, -]+) \|$", text, re.MULTILINE)[1:]

    assert rows == [(each.type, ", ".join(each.interactions)) for each in SERVED]


def test_every_form_of_a_document_is_on_the_page() -> None:
    """With its media type and format code."""
    text = section(page("fhir.md"), "## Document sharing (MHD)")
    for form, kind in FORMS.items():
        assert f"| `{form}` | `{kind.media_type}` | `{kind.format_code}` |" in text


def test_every_word_for_a_silent_source_is_on_the_page() -> None:
    """All that can come of agents and codes."""
    codes = {
        source_outcome(
            StatusRecord(
                "SE1",
                StatusCode.NO_DATA_SYNCH_FAILED,
                at(2024, 4, 1),
                StatusError(agent, code, ""),
            )
        )["issue"][0]["code"]
        for agent in CausingAgent
        for code in ("500", "504", "43000", "VP007")
    }

    assert set(named(section(page("fhir.md"), "## Answers"), "Code")) == codes
