"""Answers, documents and the statement of what is served, as FHIR."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import replace
from datetime import date

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from samsvar.fhir.audit_event import AccessEvent, audit_event
from samsvar.fhir.bundle import searchset
from samsvar.fhir.capability import (
    SERVED,
    Installation,
    Interaction,
    capability_statement,
    served,
)
from samsvar.fhir.ids import keyed_ids
from samsvar.fhir.labels import Frame
from samsvar.fhir.mhd import DocumentForm, document_reference, rendition
from samsvar.fhir.operation_outcome import refusal, source_outcome, source_outcomes
from samsvar.fhir.plan_resources import plan_resources
from samsvar.model import plan_text
from samsvar.model.care import CarePlan
from samsvar.model.status import CausingAgent, StatusCode, StatusError, StatusRecord
from samsvar.soap.parsing import ANSWER_LIMITS, parse
from tests.care_records import SUBJECT, at, small_plan, whole_plan
from tests.conftest import Golden
from tests.fhir_validity import assert_valid, references_in, texts_in
from tests.generated_records import PLANS
from tests.unit.test_fhir_records import DATA, FRAME, readable, url

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = at(2024, 4, 1, 12)
INSTALLATION = Installation(
    "https://samsvar.example/fhir",
    "0.1.0",
    date(2024, 4, 1),
    "https://samsvar.example/oauth/authorize",
    "https://samsvar.example/oauth/token",
)
EVENT = AccessEvent(
    "a1",
    at(2024, 4, 1, 8, 15),
    granted=True,
    observer="Samsvar",
    resource_type="CarePlan",
    subject=SUBJECT,
    care_giver="SE2321000131-E000000000010",
    care_giver_name="Region Exempel",
    unit="SE2321000131-E000000000101",
    unit_name="Exempelvårdcentralen Solgläntan",
    user_id="SE2321000131-P000000000007",
    user_name="Anna Andersson",
    purpose="Vård och behandling",
    source_system="SE2129999989-LIFECARE1",
)


def silent(agent: CausingAgent, code: str, text: str = "") -> StatusRecord:
    """A source that gave nothing."""
    return StatusRecord(
        "SE2129999989-LIFECARE1",
        StatusCode.NO_DATA_SYNCH_FAILED,
        NOW,
        StatusError(agent, code, text),
    )


def test_an_answer_counts_its_matches_and_sends_the_rest_along() -> None:
    """What two records share stands once."""
    first = plan_resources(whole_plan(), FRAME, url)
    second = plan_resources(small_plan(), FRAME, url)
    bundle = searchset(
        [first.main, second.main],
        [*first.included, *first.included],
        [silent(CausingAgent.SERVICE_PRODUCER, "504")],
        url,
        self_link="https://samsvar.example/fhir/CarePlan",
    )

    assert_valid(bundle)
    modes = [entry["search"]["mode"] for entry in bundle["entry"]]
    assert bundle["total"] == modes.count("match") == 2
    assert modes.count("include") == len(first.included)
    assert modes[-1] == "outcome"
    assert len({entry.get("fullUrl") for entry in bundle["entry"]}) == len(modes)


def test_an_answer_of_nothing_is_an_answer() -> None:
    """Nobody knows the person: no entry, and nothing to explain."""
    assert searchset([], [], [], url) == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
    }


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (silent(CausingAgent.SERVICE_PRODUCER, "504"), "timeout", "svarade inte i tid"),
        (silent(CausingAgent.SERVICE_PRODUCER, "500"), "exception", "svarade med ett fel"),
        (silent(CausingAgent.SERVICE_PRODUCER, "43000"), "transient", "kunde inte ge ett svar"),
        (silent(CausingAgent.SERVICE_PRODUCER, "VP007"), "security", "nekade åtkomst"),
        (silent(CausingAgent.SERVICE_CATALOG, "43000"), "incomplete", "kunde inte tillfrågas"),
        (silent(CausingAgent.VIRTUALIZATION_PLATFORM, "43000"), "exception", "med ett fel"),
        (
            StatusRecord("SE1", StatusCode.DATA_FROM_CACHE_SYNCH_FAILED, NOW),
            "incomplete",
            "uppgifterna är äldre",
        ),
        (StatusRecord("SE1", StatusCode.NO_DATA_SYNCH_FAILED, NOW), "incomplete", "tillfrågas"),
    ],
)
def test_each_silent_source_is_told_of_in_two_languages(
    status: StatusRecord, code: str, words: str
) -> None:
    """And by FHIR's own word for it."""
    outcome = source_outcome(status)
    assert_valid(outcome)
    (issue,) = outcome["issue"]

    assert (issue["severity"], issue["code"]) == ("warning", code)
    assert words in issue["details"]["text"]
    assert "The source" in issue["diagnostics"]
    assert status.logical_address in issue["details"]["text"]


def test_every_agent_that_can_be_to_blame_has_a_word() -> None:
    """Also those that no source has yet been."""
    for agent in CausingAgent:
        assert_valid(source_outcome(silent(agent, "43000", "why")))


def test_sources_that_answered_need_no_words() -> None:
    """From the source or fresh from a cache."""
    fresh = (StatusCode.DATA_FROM_SOURCE, StatusCode.DATA_FROM_CACHE)
    assert source_outcomes([StatusRecord("SE1", code, NOW) for code in fresh]) == []


def test_a_refusal_says_what_to_do_in_two_languages() -> None:
    """For whatever the door refuses."""
    outcome = refusal("required", "Ange patient.identifier.", "Give patient.identifier.")
    assert_valid(outcome)
    assert outcome["issue"][0]["severity"] == "error"


def test_what_is_served_is_what_is_said(golden: Golden) -> None:
    """One table: a read that does not exist is not stated."""
    statement = capability_statement(INSTALLATION)
    assert_valid(statement)
    golden(readable(statement), DATA / "capability_statement.json")

    stated = {
        (each["type"], interaction["code"])
        for each in statement["rest"][0]["resource"]
        for interaction in each["interaction"]
    }
    assert stated == {(each.type, one) for each in SERVED for one in each.interactions}
    assert served("CarePlan", Interaction.SEARCH)
    assert not served("Binary", Interaction.SEARCH)
    assert not served("Patient", Interaction.SEARCH)


def test_a_row_of_the_access_log(golden: Golden) -> None:
    """Granted, with all that may be known."""
    event = audit_event(EVENT)
    assert_valid(event)
    golden(readable(event), DATA / "audit_event.json")
    assert "Andersson" not in repr(EVENT)
    assert SUBJECT.extension not in repr(EVENT)


def test_a_refused_access_with_nothing_known_of_who_asked() -> None:
    """Outcome 4; somebody asked, and it is said that nobody knows who."""
    event = audit_event(AccessEvent("a2", NOW, False, "Samsvar", "Encounter", reason="Spärrad."))
    assert_valid(event)

    assert (event["outcome"], event["outcomeDesc"]) == ("4", "Spärrad.")
    assert [agent["requestor"] for agent in event["agent"]] == [True]


def test_one_of_those_who_asked_is_the_requestor() -> None:
    """The user, else the unit, else the care giver."""
    by_unit = audit_event(replace(EVENT, user_id=None, user_name=None))

    assert [agent["requestor"] for agent in audit_event(EVENT)["agent"]] == [True, False, False]
    assert by_unit["agent"][0]["name"] == EVENT.unit_name
    assert [agent["requestor"] for agent in by_unit["agent"]] == [True, False]


@pytest.mark.parametrize("form", DocumentForm)
def test_a_plan_is_found_as_a_document_and_fetched_as_it_was_described(
    golden: Golden, form: DocumentForm
) -> None:
    """ITI-67 and ITI-68: same size and hash, and the same bytes each time."""
    reference = document_reference(whole_plan(), form, FRAME, url)
    made = rendition(whole_plan(), form, FRAME, url)
    attachment = reference["content"][0]["attachment"]

    assert_valid(reference)
    assert rendition(whole_plan(), form, FRAME, url) == made
    assert attachment["contentType"] == made.media_type
    assert attachment["size"] == len(made.content)
    assert attachment["hash"] == b64encode(hashlib.sha1(made.content).digest()).decode()
    assert SUBJECT.extension not in attachment["url"]
    suffix = {"text": "txt", "page": "xhtml", "fhir": "json"}[form]
    golden(
        made.content if form != "fhir" else readable(orjson.loads(made.content)),
        DATA / f"document.{suffix}",
    )


def test_the_answer_of_document_sharing(golden: Golden) -> None:
    """One entry for each plan and form."""
    bundle = searchset(
        [document_reference(whole_plan(), form, FRAME, url) for form in DocumentForm],
        [],
        [silent(CausingAgent.SERVICE_PRODUCER, "504", "timeout: no whole answer in 20 s")],
        url,
    )
    assert_valid(bundle)
    golden(readable(bundle), DATA / "document_sharing.json")

    first = bundle["entry"][0]["resource"]
    assert first["type"]["coding"][0]["code"] == "81215-6"
    assert first["category"][0]["coding"][0]["code"] == "SIP"
    assert first["content"][0]["format"]["code"] == "urn:samsvar:plan-text:1"
    masters = {entry["resource"]["masterIdentifier"]["value"] for entry in bundle["entry"][:3]}
    assert len(masters) == 3


@SLOW
@given(PLANS)
def test_any_plan_can_be_had_in_every_form(plan: CarePlan) -> None:
    """Text as the contract has it, a page that is well-formed, a document that holds together."""
    for form in DocumentForm:
        assert_valid(document_reference(plan, form, FRAME, url))
    text = rendition(plan, DocumentForm.TEXT, FRAME, url).content
    assert text.decode() == plan_text.render(plan)
    page = rendition(plan, DocumentForm.PAGE, FRAME, url).content
    declaration, page = page.split(b"<!DOCTYPE html>\n")
    assert declaration.startswith(b"<?xml")
    root = parse(page, charset=None, limits=ANSWER_LIMITS).root
    assert root.findtext(".//{*}h1") is not None
    document = orjson.loads(rendition(plan, DocumentForm.FHIR, FRAME, url).content)
    assert_valid(document)
    first, *others = [entry["resource"] for entry in document["entry"]]
    assert first["resourceType"] == "Composition"
    names = {f"{each['resourceType']}/{each['id']}" for each in others}
    assert {each["reference"] for each in first["section"][0]["entry"]} == names
    assert {each for each in references_in(document) if each[0] != "#"} <= names


def test_a_page_shows_a_name_and_runs_nothing() -> None:
    """Title, headings and text come from outside."""
    plan = small_plan(title="<b>Plan</b>", whats_important='<img src=x onerror="alert(1)">')
    page = rendition(plan, DocumentForm.PAGE, FRAME, url).content.decode()

    assert "<h1>&lt;b&gt;Plan&lt;/b&gt;</h1>" in page
    assert "<img" not in page
    assert "<script" not in page


def test_no_document_holds_the_persons_number_but_as_an_identifier() -> None:
    """A print can be left lying; the number in FHIR stands where an identifier stands."""
    for form in (DocumentForm.TEXT, DocumentForm.PAGE):
        assert SUBJECT.extension.encode() not in rendition(whole_plan(), form, FRAME, url).content
    document = orjson.loads(rendition(whole_plan(), DocumentForm.FHIR, FRAME, url).content)
    for path, text in texts_in(document):
        if SUBJECT.extension in text:
            assert path[-2:] == ("identifier", "value")


def test_another_key_gives_other_ids_everywhere() -> None:
    """Two installations cannot be compared by ids."""
    other = Frame(keyed_ids(b"another key for tests and no more"))
    ids = [
        {entry["resource"]["id"] for entry in orjson.loads(made.content)["entry"]}
        for made in (
            rendition(whole_plan(), DocumentForm.FHIR, frame, url) for frame in (FRAME, other)
        )
    ]
    assert not ids[0] & ids[1]
