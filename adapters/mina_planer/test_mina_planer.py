"""Every recorded case of Mina planer, and the laws that the mapping keeps for any answer."""

from __future__ import annotations

import copy
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samsvar.adapter_api import PersonId, ProducerError, care
from samsvar_adapters.mina_planer.admissions import care_contacts
from samsvar_adapters.mina_planer.bundles import json_in, page_in, whole
from samsvar_adapters.mina_planer.mapping import care_plans
from samsvar_adapters.mina_planer.simulator_data import PLANS

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
QUERY = care.CareQuery(PersonId("1.2.752.129.2.1.3.1", "196501022773"), "SE2321000255-MP01")
RELATIVES = ("Tage Tolvansson", "Maria Skolmark", "Johan Skolmark", "070-000 00 00")


def canonical(value: object) -> object:
    """Records as JSON: dates as ISO text, bytes as length and digest."""
    if isinstance(value, dict):
        return {name: canonical(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(held) for held in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    return value


def mapped(case: Path) -> dict[str, list[object]]:
    """What the hub gets from the case's answers."""
    asked = tomllib.loads((case / "query.toml").read_text(encoding="utf-8"))
    query = care.CareQuery(PersonId(asked["root"], asked["person"]), asked["source_system"])
    resources = whole(
        [
            page_in(json_in(path.read_bytes(), asked.get("content_type", "")))
            for path in sorted(case.glob("native_answer*.json"))
        ]
    )
    return {
        "plans": [canonical(asdict(plan)) for plan in care_plans(resources, query)],
        "contacts": [canonical(asdict(contact)) for contact in care_contacts(resources, query)],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, request: pytest.FixtureRequest) -> None:
    """The recorded answer becomes the expected records, or is refused with the expected code."""
    refused = case / "refused.txt"
    if refused.exists():
        with pytest.raises(ProducerError) as caught:
            mapped(case)
        assert caught.value.code == refused.read_text(encoding="utf-8").strip()
        return
    expected = case / "expected.json"
    actual = json.dumps(mapped(case), ensure_ascii=False, indent=1) + "\n"
    if request.config.getoption("--accept", default=False):
        expected.write_text(actual, encoding="utf-8")
    assert actual == expected.read_text(encoding="utf-8")


def test_no_relatives_name_or_number_leaves_the_source() -> None:
    """Nothing that the records hold tells of guardians, proxies or other relatives."""
    for number, plans in PLANS.items():
        query = care.CareQuery(PersonId("1.2.752.129.2.1.3.1", number), "SE2321000255-MP01")
        held = json.dumps([canonical(asdict(plan)) for plan in care_plans(plans, query)])
        native = json.dumps(plans)
        assert [name for name in RELATIVES if name in held] == []
        assert number not in ("191212121212", "200901072389") or RELATIVES[3] in native


def test_nothing_personal_is_printed_by_accident() -> None:
    """The repr of a record holds neither the number nor a text of the plan."""
    query = care.CareQuery(PersonId("1.2.752.129.2.1.3.1", "191212121212"), "SE2321000255-MP01")
    shown = repr((care_plans(PLANS["191212121212"], query), query))
    shown += repr(care_contacts(PLANS["191212121212"], query))
    assert [word for word in ("191212121212", "affären", "Lunginflammation") if word in shown] == []


# How fast a loaded machine is says nothing of the mapping.
UNHURRIED = settings(deadline=None)

JSON_LIKE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "CarePlan",
            "SIP",
            "active",
            "2023-06-01",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-12:00",
            "196501022773",
            "urn:skane:minaplaner:lagrum",
            "\ud800",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
ALL_PLANS = [plan for plans in PLANS.values() for plan in plans]


@st.composite
def strange_plans(draw: st.DrawFn) -> dict[str, object]:
    """A real plan in which something, at any depth, is replaced by anything."""
    plan = copy.deepcopy(draw(st.sampled_from(ALL_PLANS)))
    for _ in range(draw(st.integers(1, 3))):
        place: object = plan
        while isinstance(place, dict | list) and place:
            key: Any = (
                draw(st.sampled_from(sorted(place)))
                if isinstance(place, dict)
                else draw(st.integers(0, len(place) - 1))
            )
            inside: object = place[key]
            if not (isinstance(inside, dict | list) and inside) or draw(st.integers(0, 3)) == 0:
                place[key] = draw(JSON_LIKE)
                break
            place = inside
    return plan


@UNHURRIED
@given(st.lists(strange_plans(), max_size=4))
def test_any_plan_is_mapped_left_out_or_refused(plans: list[Mapping[str, object]]) -> None:
    """No more records than plans, and nothing but a ProducerError, whatever stands where."""
    try:
        found = care_plans(plans, QUERY)
    except ProducerError:
        found = ()
    try:
        contacts = care_contacts(plans, QUERY)
    except ProducerError:
        contacts = ()
    assert len(found) <= len(plans)
    assert len(contacts) <= len(plans)
    assert {plan.source_system for plan in found} <= {QUERY.source_system}


@UNHURRIED
@given(st.lists(strange_plans(), max_size=4))
def test_nothing_of_an_unknown_basis_is_shared(plans: list[Mapping[str, object]]) -> None:
    """A part whose law is unknown is never marked for sharing."""
    try:
        found = care_plans(plans, QUERY)
    except ProducerError:
        return
    unknown = [
        provenance.marked_for_sharing
        for plan in found
        for provenance in (
            plan.provenance,
            *(activity.provenance for activity in plan.activities),
            *(goal.provenance for goal in plan.goals),
            *(need.provenance for need in plan.needs),
            *(attachment.provenance for attachment in plan.attachments),
        )
        if provenance.legal_basis is care.LegalBasis.UNKNOWN
    ]
    assert not any(unknown)


@UNHURRIED
@given(st.dictionaries(st.sampled_from(["resourceType", "entry", "link", "total"]), JSON_LIKE))
def test_any_document_is_a_page_or_refused(document: dict[str, object]) -> None:
    """A page has at most as many resources as the document has entries."""
    try:
        page = page_in(document | {"resourceType": "Bundle"})
    except ProducerError:
        return
    entries = document.get("entry", [])
    assert isinstance(entries, list)
    assert len(page.resources) == len(entries)


@UNHURRIED
@given(
    st.binary(max_size=200),
    st.sampled_from(["", "application/json; charset=utf-7", "x;charset=latin1"]),
)
def test_any_bytes_are_a_document_or_refused(body: bytes, content_type: str) -> None:
    """Bytes from outside give a JSON object, or a ProducerError."""
    try:
        document = json_in(body, content_type)
    except ProducerError:
        return
    assert isinstance(document, dict)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b""])
def test_json_made_to_break_readers_is_refused(body: bytes) -> None:
    """Depth without end and numbers without end are answers that cannot be read."""
    with pytest.raises(ProducerError):
        json_in(body)
