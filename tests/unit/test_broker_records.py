"""Records as JSON: all of it comes back, and nothing else is taken."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from samsvar.broker.records import RecordRefused, read_contact, read_plan, schema, written
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.local_time import STOCKHOLM
from tests.care_records import small_contact, small_plan, whole_contact, whole_plan
from tests.generated_records import CONTACTS, PLANS
from tests.pages import DOCS

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sent(record: CarePlan | CareContact) -> Any:
    """As it comes out at the other end."""
    return json.loads(json.dumps(written(record)))


@SLOW
@given(PLANS)
def test_a_plan_comes_back_whole(plan: CarePlan) -> None:
    assert read_plan(sent(plan)) == plan


@SLOW
@given(CONTACTS)
def test_a_contact_comes_back_whole(contact: CareContact) -> None:
    assert read_contact(sent(contact)) == contact


def test_the_fullest_and_the_emptiest_come_back() -> None:
    for plan in (whole_plan(), small_plan()):
        assert read_plan(sent(plan)) == plan
    for contact in (whole_contact(), small_contact()):
        assert read_contact(sent(contact)) == contact


def test_times_are_read_in_swedish_time_wherever_they_were_written() -> None:
    told = sent(small_plan())
    told["last_changed"] = small_plan().last_changed.astimezone(UTC).isoformat()
    plan = read_plan(told)
    assert plan == small_plan()
    assert plan.last_changed.tzinfo is STOCKHOLM


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("plan_id", 7),
        ("plan_id", None),
        ("status", "ESTABLISHED "),
        ("status", ["ESTABLISHED"]),
        ("last_changed", "2026-01-31T12:00:00"),
        ("last_changed", "2026-01-31"),
        ("last_changed", 0),
        ("valid_from", "2026-02-30"),
        ("valid_from", "20260131"),
        ("approved_for_patient", 1),
        ("approved_for_patient", "true"),
        ("signatures", {}),
        ("goals", "x"),
        ("subject", "191212121212"),
        ("subject", {"root": "1", "extension": "2", "more": "3"}),
        ("subject", {"root": "1"}),
        ("provenance", {"marked_for_sharing": None}),
        ("attachments", [{"attachment_id": "a", "media_type": "b", "content": "%%%"}]),
        ("__class__", "os.system"),
        ("__type__", {"__value__": 1}),
    ],
)
def test_what_is_not_as_the_model_has_it_is_refused_by_its_place(place: str, value: object) -> None:
    """And what was said there is not repeated."""
    with pytest.raises(RecordRefused) as refused:
        read_plan({**sent(small_plan()), place: value})
    assert str(refused.value).split(".")[0] in (place, "an unknown field")
    assert "191212121212" not in str(refused.value)


@pytest.mark.parametrize("told", [None, [], "", 1, {}, {"plan_id": "x"}])
def test_what_is_no_record_is_refused(told: object) -> None:
    with pytest.raises(RecordRefused):
        read_plan(told)


def test_a_contact_is_no_plan() -> None:
    with pytest.raises(RecordRefused):
        read_plan(sent(small_contact()))


def test_the_form_that_is_written_down_is_the_one_that_is_read() -> None:
    """docs/worker-records.schema.json."""
    assert json.loads((DOCS / "worker-records.schema.json").read_text()) == schema()


def test_what_is_sent_has_the_form_that_is_written_down() -> None:
    """Every field of the fullest records is in the schema, and no other."""
    defined = schema()["$defs"]

    def walk(told: Any, form: Any) -> None:
        if "$ref" in form:
            form = defined[form["$ref"].rpartition("/")[2]]
        if "anyOf" in form:
            form = form["anyOf"][0]
            walk(told, form)
        elif form.get("type") == "object":
            assert not form["additionalProperties"]
            assert set(form["required"]) <= set(told) <= set(form["properties"])
            for name, value in told.items():
                walk(value, form["properties"][name])
        elif form.get("type") == "array":
            for each in told:
                walk(each, form["items"])
        elif "enum" in form:
            assert told in form["enum"]

    walk(sent(whole_plan()), {"$ref": "#/$defs/CarePlan"})
    walk(sent(whole_contact()), {"$ref": "#/$defs/CareContact"})
