"""FHIR R4 as an application of staff or citizens meets it: real tokens, the six sources."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from samsvar.access.words import Block, Consent, Truth
from samsvar.fact_ports import ConsentAnswer, PopulationAnswer
from samsvar.fhir.labels import CONFIDENTIALITY
from samsvar.model.exchange import Activity, Shown, Verdict
from samsvar.simulation import demo_data
from tests.facts import DOWN
from tests.fhir_validity import assert_valid
from tests.outside import rows_of
from tests.users import (
    CHILD,
    CITIZENS,
    STATED,
    STRANGER,
    TOLVAN,
    WITH_FILE,
    Users,
    as_before,
    percent,
    users_of,
)

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

REGION, CLINIC = "SE2129999997-VG1", "SE2129999971-VG1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOBODYS = "193201027723"
"""Of whom no source has a plan."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Users]:
    async for users in users_of(tmp_path_factory.mktemp("fhir")):
        yield users


@pytest.fixture
def users(serving: Users) -> Users:
    """As they are before anybody says otherwise."""
    return as_before(serving)


def sources(resources: list[dict[str, Any]]) -> set[str]:
    """Which sources they come from."""
    return {each["meta"]["source"].partition("#")[2] for each in resources}


async def test_a_physician_finds_the_plans_of_all_six_sources(users: Users) -> None:
    seen = await users.search("CarePlan", "vera")

    assert (seen.status, seen.json["total"]) == (200, 6)
    assert seen.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert seen.headers["cache-control"] == "no-store"
    # SAMSA names no owner: nobody can tell whether it is blocked
    assert set(users.six.knobs) - sources(seen.of("CarePlan")) == {"SE2321000131-SAMSA1"}
    assert_valid(seen.json)


async def test_the_row_of_the_access_log_says_who_for_whom_by_which_door(users: Users) -> None:
    seen = await users.search("CarePlan", "vera")

    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert (row.door, row.verdict, row.sender) == ("fhir", Verdict.ANSWERED, "SE2129999963-NPO1")
    assert row.user is not None
    assert (row.user.hsa_id, row.user.care_giver) == ("SE2129999997-E101", REGION)
    assert row.statement is not None
    assert (row.statement.need, row.statement.relevance) == (True, True)
    assert {(one.owner, one.rules) for one in row.disclosures} >= {
        (REGION, ("SP1",)),
        (CLINIC, ("VG1",)),
    }
    assert row.consent_id == "assertion-1"
    (kept,) = rows_of(users.site, row.correlation_id)
    assert (kept.door, kept.disclosures, kept.decisions) == (
        "fhir",
        row.disclosures,
        row.decisions,
    )


async def test_one_who_has_not_stated_need_and_relevance_sees_nothing(users: Users) -> None:
    seen = await users.search("CarePlan", "vera", headers={})

    assert (seen.status, seen.json["total"]) == (200, 0)
    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert {rule for one in row.disclosures for rule in one.rules} >= {"VG3"}


async def test_goals_activities_and_files_are_sent_along_when_asked_for(users: Users) -> None:
    alone = await users.search("CarePlan", "vera")
    along = await users.search(
        "CarePlan", "vera", more={"_include": "CarePlan:goal", "_revinclude": "Provenance:target"}
    )

    assert {entry["search"]["mode"] for entry in alone.json["entry"]} == {"match"}
    kinds = {entry["resource"]["resourceType"] for entry in along.json["entry"]}
    assert kinds == {"CarePlan", "Goal", "Provenance"}
    named = {goal["reference"] for plan in along.of("CarePlan") for goal in plan.get("goal", ())}
    assert named == {f"Goal/{goal['id']}" for goal in along.of("Goal", "include")}
    assert along.json["total"] == alone.json["total"] == 6
    assert_valid(along.json)


@pytest.mark.parametrize("kind", ["Goal", "ServiceRequest", "CareTeam"])
async def test_parts_of_plans_are_searched_for_and_read_by_themselves(
    users: Users, kind: str
) -> None:
    seen = await users.search(kind, "vera")
    found = seen.of(kind)

    assert seen.json["total"] == len(found) > 0
    read = await users.ask("GET", f"/fhir/r4/{kind}/{found[0]['id']}", "vera", headers=STATED)
    assert (read.status, read.json) == (200, found[0])


async def test_contacts_are_found_by_day_and_status(users: Users) -> None:
    everything = await users.search("Encounter", "vera")
    booked = await users.search("Encounter", "vera", more={"status": "planned"})
    december = await users.search("Encounter", "vera", more={"date": "2026-12"})
    later = await users.search("Encounter", "vera", more={"date": "gt2026-12-31"})

    assert everything.json["total"] == 3
    assert [each["status"] for each in booked.of("Encounter")] == ["planned"]
    assert december.json["total"] == 0  # a visit without an end goes on: no month holds it whole
    assert [each["status"] for each in later.of("Encounter")] == ["planned"]
    assert_valid(everything.json)


async def test_what_is_not_asked_for_is_neither_shown_nor_logged_as_shown(users: Users) -> None:
    seen = await users.search("CarePlan", "vera", more={"category": "SVP"})

    assert sources(seen.of("CarePlan")) == {demo_data.CLINIC}
    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert {one.owner for one in row.disclosures} == {CLINIC}


async def test_a_plan_is_read_again_from_its_source_alone_and_decided_anew(users: Users) -> None:
    (plan,) = (
        await users.search("CarePlan", "vera", more={"_source": _source(demo_data.CLINIC)})
    ).of("CarePlan")
    path = f"/fhir/r4/CarePlan/{plan['id']}"

    again = await users.ask("GET", path, "vera", headers=STATED)
    assert (again.status, again.json) == (200, plan)
    (row,) = users.rows(again.headers["x-skltp-correlation-id"])
    assert [one.source for one in row.disclosures] == [demo_data.CLINIC]

    users.facts.consent = ConsentAnswer(Consent.REVOKED)
    withdrawn = await users.ask("GET", path, "vera", headers=STATED)
    assert withdrawn.status == 404
    assert await _head(users, path) == (404, b"")


async def _head(users: Users, path: str) -> tuple[int, bytes]:
    seen = await users.ask("HEAD", path, "vera", headers=STATED)
    return seen.status, seen.body


async def test_a_handle_is_of_no_use_to_another_user(users: Users) -> None:
    (plan, *_) = (await users.search("CarePlan", "vera")).of("CarePlan")

    seen = await users.ask("GET", f"/fhir/r4/CarePlan/{plan['id']}", "viktor", headers=STATED)
    assert seen.status == 404
    wrong = await users.ask("GET", f"/fhir/r4/Goal/{plan['id']}", "vera", headers=STATED)
    assert wrong.status == 404
    assert wrong.json["issue"][0]["diagnostics"] == seen.json["issue"][0]["diagnostics"]


async def test_a_file_is_fetched_as_it_is_or_as_fhir(users: Users) -> None:
    wanted = {"_include": "CarePlan:supporting-info"}
    plans = await users.search("CarePlan", "vera", WITH_FILE, more=wanted)
    files = plans.of("DocumentReference", "include")
    assert files
    attachment = files[0]["content"][0]["attachment"]

    itself = await users.ask("GET", attachment["url"], "vera", headers=STATED)
    assert (itself.status, len(itself.body)) == (200, attachment["size"])
    assert itself.headers["content-type"] == attachment["contentType"]
    wrapped = await users.ask(
        "GET", attachment["url"], "vera", headers={**STATED, "Accept": "application/fhir+json"}
    )
    assert wrapped.json["resourceType"] == "Binary"
    assert wrapped.json["contentType"] == attachment["contentType"]


async def test_a_reserve_number_is_asked_of_one_source_and_read_again(users: Users) -> None:
    number, prator = "19810829M071", "SE2321000032-PRATOR1"
    everybody = await users.search("CarePlan", "vera", number)
    one = await users.search("CarePlan", "vera", number, more={"_source": _source(prator)})

    assert everybody.status == 400
    assert "Reservnummer" in everybody.json["issue"][0]["details"]["text"]
    (plan,) = one.of("CarePlan")
    again = await users.ask("GET", f"/fhir/r4/CarePlan/{plan['id']}", "vera", headers=STATED)
    assert again.json == plan


async def test_a_source_that_is_down_is_told_of_beside_what_the_others_gave(users: Users) -> None:
    users.six.knobs[demo_data.CLINIC].outage = True
    seen = await users.search("CarePlan", "vera")

    assert (seen.status, seen.json["total"]) == (200, 5)
    (outcome,) = seen.of("OperationOutcome", "outcome")
    assert demo_data.CLINIC in outcome["issue"][0]["details"]["text"]
    assert outcome["issue"][0]["severity"] == "warning"


async def test_one_who_is_shown_nothing_does_not_hear_which_source_was_silent(
    users: Users,
) -> None:
    """Its name would tell that it knows the person."""
    users.six.knobs[demo_data.CLINIC].outage = True
    users.facts.consent = ConsentAnswer(Consent.NONE)
    seen = await users.search("CarePlan", "vera", more={"_source": _source(demo_data.CLINIC)})

    assert seen.json["total"] == 0
    (outcome,) = seen.of("OperationOutcome", "outcome")
    assert outcome["issue"][0]["severity"] == "warning"
    assert "MILLENNIUM" not in seen.body.decode()
    assert_valid(seen.json)


def confidentiality(resources: list[dict[str, Any]]) -> set[str]:
    """How everything that says so must be guarded."""
    return {
        label["code"]
        for each in resources
        for label in (*each["meta"]["security"], *_document_labels(each))
        if label["system"] == CONFIDENTIALITY
    }


def _document_labels(resource: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for concept in resource.get("securityLabel", ()) for one in concept["coding"]]


@pytest.mark.parametrize(
    ("known", "label"), [(Truth.YES, "R"), (Truth.NO, "N"), (Truth.UNKNOWN, "N")]
)
async def test_what_the_register_says_of_an_identity_stands_in_every_label(
    users: Users, known: Truth, label: str
) -> None:
    """Of all that is found, and of what is read by its id; where nothing is known, nothing is
    said, though addresses are left out."""
    users.facts.population = PopulationAnswer(known)
    more = {"_include": "CarePlan:goal"}
    plans = await users.search("CarePlan", "vera", more=more)
    documents = await users.search("DocumentReference", "vera")
    contacts = await users.search("Encounter", "vera")
    own = await users.search("CarePlan", "tolvan", headers={}, sender=CITIZENS)
    one = plans.of("CarePlan")[0]["id"]
    read = await users.ask("GET", f"/fhir/r4/CarePlan/{one}", "vera", headers=STATED)

    for seen in (plans, documents, contacts, own):
        resources = [entry["resource"] for entry in seen.json["entry"]]
        found = [each for each in resources if "security" in each.get("meta", {})]
        assert found
        assert confidentiality(found) == {label}
        assert_valid(seen.json)
    assert confidentiality([read.json]) == {label}


async def test_a_guardian_is_not_told_that_a_child_is_protected(users: Users) -> None:
    """It may be from the guardian that the child is."""
    users.facts.population = PopulationAnswer(Truth.YES, Truth.YES)
    seen = await users.search(
        "CarePlan", "elin", CHILD, headers={"x-samsvar-capacity": "guardian"}, sender=CITIZENS
    )

    assert [each["title"] for each in seen.of("CarePlan")] == ["Ett barns vårdplan"]
    assert confidentiality(seen.of("CarePlan")) == {"N"}


async def test_a_citizen_sees_what_is_approved_and_a_guardian_is_checked(users: Users) -> None:
    own = await users.search("CarePlan", "tolvan", headers={}, sender=CITIZENS)
    assert own.json["total"] > 0
    (row,) = users.rows(own.headers["x-skltp-correlation-id"])
    assert {rule for one in row.disclosures for rule in one.rules} >= {"CZ1"}

    others = await users.search("CarePlan", "elin", headers={}, sender=CITIZENS)
    assert (others.status, others.reason) == (403, "DEFAULT")
    agent = await users.search(
        "CarePlan", "elin", headers={"x-samsvar-capacity": "agent"}, sender=CITIZENS
    )
    assert (agent.status, agent.reason) == (403, "CZ12")


async def test_an_emergency_needs_its_reason_and_is_logged_with_it(users: Users) -> None:
    users.facts.consent = ConsentAnswer(Consent.NONE)
    told = {**STATED, "x-samsvar-consent-unobtainable": "true", "x-samsvar-indispensable": "true"}
    closed = await users.search("CarePlan", "vera", headers=told)
    reason = percent("Medvetslös på akuten, kan inte tillfrågas")
    opened = await users.search("CarePlan", "vera", headers={**told, "x-samsvar-emergency": reason})

    assert opened.json["total"] > closed.json["total"]
    (row,) = users.rows(opened.headers["x-skltp-correlation-id"])
    assert Activity.EMERGENCY in {one.activity for one in row.disclosures}
    assert row.statement is not None
    assert row.statement.emergency_reason == "Medvetslös på akuten, kan inte tillfrågas"
    assert "Medvetsl" not in (users.site.folder / "hub.log").read_text(encoding="utf-8")

    empty = await users.search("CarePlan", "vera", headers={**told, "x-samsvar-emergency": "%20"})
    assert empty.status == 400


@pytest.mark.parametrize(
    ("alias", "reason"), [("stina", "GT3"), ("ville", "GT1")], ids=["statistics", "weak login"]
)
async def test_a_gate_refuses_the_whole_question_with_its_id_alone(
    users: Users, alias: str, reason: str
) -> None:
    seen = await users.search("CarePlan", alias)

    assert (seen.status, seen.reason) == (403, reason)
    (issue,) = seen.json["issue"]
    assert issue["code"] == "forbidden"
    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert row.verdict is Verdict.REFUSED
    assert not row.decisions


async def test_blocked_unknown_and_none_cannot_be_told_apart(users: Users) -> None:
    """Same bytes but for nothing, and the same step of time."""
    users.facts.block = lambda _question: Block.OUTER
    blocked = await users.search("CarePlan", "vera", more={"_source": _source(demo_data.CLINIC)})
    users.facts.consent = ConsentAnswer(Consent.NONE)
    closed = await users.search("CarePlan", "vera", more={"_source": _source(demo_data.CLINIC)})
    nothing = await users.search(
        "CarePlan", "vera", NOBODYS, more={"_source": _source(demo_data.CLINIC)}
    )

    assert blocked.body == closed.body == nothing.body
    assert blocked.json["total"] == 0
    assert {name for name, _ in blocked.headers.items()} == set(nothing.headers)


async def test_wrong_tokens_and_scopes_are_refused_as_oauth_has_it(users: Users) -> None:
    none = await users.search("CarePlan", "vera", token="")
    assert none.status == 400
    missing = await users.ask("POST", "/fhir/r4/CarePlan/_search", headers=FORM, body=b"")
    assert missing.status == 401
    assert missing.headers["www-authenticate"] == 'Bearer realm="samsvar"'
    elsewhere = users.provider.token("vera", aud="https://another.example")
    wrong = await users.search("CarePlan", "vera", token=elsewhere)
    assert wrong.status == 401
    assert "invalid_token" in wrong.headers["www-authenticate"]
    narrow = users.provider.token("vera", scope="user/Encounter.rs")
    refused = await users.search("CarePlan", "vera", token=narrow)
    assert refused.status == 403
    assert "insufficient_scope" in refused.headers["www-authenticate"]
    citizens = users.provider.token("tolvan", scope="user/*.rs")
    assert (await users.search("CarePlan", "tolvan", token=citizens)).status == 403


async def test_the_system_is_held_to_the_registry_too(users: Users) -> None:
    stranger = await users.search("CarePlan", "vera", sender=STRANGER)
    assert (stranger.status, stranger.reason) == (403, "VP007")
    nobody = await users.search("CarePlan", "vera", sender=None)
    assert (nobody.status, nobody.reason) == (403, "VP002")


async def test_by_mutual_tls_the_system_is_its_certificate(users: Users) -> None:
    seen = await users.search("CarePlan", "vera", identity=users.site.consumer)
    assert (seen.status, seen.json["total"]) == (200, 6)


_WRONG: dict[str, tuple[int, dict[str, Any]]] = {
    "no person": (400, {"body": b"date=2026"}),
    "two persons": (400, {"body": b"patient.identifier=1&subject.identifier=2"}),
    "no such number": (400, {"body": b"patient.identifier=191212121213"}),
    "wrong check digit": (
        400,
        {"body": b"patient.identifier=urn:oid:1.2.752.129.2.1.3.1%7C191212121213"},
    ),
    "no date": (400, {"body": b"patient.identifier=191212121212&date=yesterday"}),
    "no such day": (400, {"body": b"patient.identifier=191212121212&date=2026-02-30"}),
    "no such include": (400, {"body": b"patient.identifier=191212121212&_include=CarePlan:x"}),
    "token in the form": (400, {"body": b"patient.identifier=191212121212&access_token=x"}),
    "not UTF-8": (400, {"body": b"patient.identifier=%ff"}),
    "too much": (413, {"body": b"a=" + b"b" * 20_000}),
    "JSON": (415, {"body": b"{}", "type": "application/json"}),
    "Latin-1": (415, {"body": b"", "type": f"{FORM['Content-Type']}; charset=iso-8859-1"}),
    "XML wanted": (406, {"body": b"", "Accept": "application/fhir+xml"}),
    "a flag that is none": (400, {"body": b"", "x-samsvar-need": "yes"}),
    "capacity that is none": (400, {"body": b"", "x-samsvar-capacity": "friend"}),
}


@pytest.mark.parametrize("name", _WRONG)
async def test_bad_input_gets_an_outcome_that_says_what_to_do(users: Users, name: str) -> None:
    status, told = _WRONG[name]
    headers = {"Content-Type": told.get("type", FORM["Content-Type"])}
    headers |= {key: value for key, value in told.items() if key[0] in "Ax"}
    seen = await users.ask(
        "POST", "/fhir/r4/CarePlan/_search", "vera", headers=headers, body=told["body"]
    )

    assert seen.status == status
    assert seen.json["resourceType"] == "OperationOutcome"
    assert len(seen.json["issue"][0]["diagnostics"]) > 20
    assert "1912121212" not in seen.body.decode()
    assert_valid(seen.json)


async def test_parameters_that_are_not_known_are_told_of_or_refused(users: Users) -> None:
    lenient = await users.search("CarePlan", "vera", more={"performer": "x"})
    assert lenient.json["total"] == 6
    (outcome,) = lenient.of("OperationOutcome", "outcome")
    assert "performer" in outcome["issue"][0]["diagnostics"]
    strict = await users.search(
        "CarePlan", "vera", more={"performer": "x"}, headers={"Prefer": "handling=strict"}
    )
    assert strict.status == 400
    assert "performer" in strict.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fhir/r4/CarePlan", 404),
        ("GET", f"/fhir/r4/CarePlan?patient.identifier={TOLVAN}", 400),
        ("GET", "/fhir/r4/CarePlan/_search", 405),
        ("PUT", "/fhir/r4/CarePlan/x", 405),
        ("DELETE", "/documents/x", 405),
        ("GET", "/fhir/r4/Patient/x", 404),
        ("GET", "/fhir", 404),
        ("GET", "/fhir/r4/CarePlan/x?_format=json", 400),
    ],
)
async def test_nothing_else_is_there(users: Users, method: str, path: str, status: int) -> None:
    seen = await users.ask(method, path, "vera")
    assert seen.status == status


async def test_anybody_may_read_what_is_served_and_all_of_it_is(users: Users) -> None:
    seen = await users.ask("GET", "/fhir/r4/metadata")
    assert seen.status == 200
    assert_valid(seen.json)

    for resource in seen.json["rest"][0]["resource"]:
        does = {each["code"] for each in resource["interaction"]}
        kind = resource["type"]
        if "search-type" in does:
            who = "tolvan" if kind == "AuditEvent" else "vera"
            assert (await users.search(kind, who)).status == 200
        if "read" in does:
            assert (await users.ask("GET", f"/fhir/r4/{kind}/x", "vera")).status == 404


async def test_facts_that_cannot_be_had_close_what_needs_them(users: Users) -> None:
    users.facts.trouble["blocks"] = DOWN
    seen = await users.search("CarePlan", "vera")

    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert Shown.ALLOW not in {one.shown for one in row.disclosures if one.owner == CLINIC}
    assert any("blocks" in event for event in row.security)


async def test_answers_leave_at_a_step(users: Users) -> None:
    """Not before the step has ended; the socket adds what it adds."""
    for number in (TOLVAN, NOBODYS):
        seen = await users.search("Encounter", "vera", number)
        assert seen.seconds >= 0.1


def _source(hsa_id: str) -> str:
    return f"urn:oid:1.2.752.129.2.1.4.1#{hsa_id}"
