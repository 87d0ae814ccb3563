"""The interface for citizens, document sharing and existence, from outside; and that one question
has the same decisions by every door.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from samsvar.access.words import Block, Consent, Truth
from samsvar.fact_ports import ConsentAnswer, PopulationAnswer
from samsvar.model.exchange import QuestionRecord, Shown, Verdict
from samsvar.simulation import demo_data
from tests.fhir_validity import assert_valid
from tests.hub import post
from tests.openapi import faults, lint
from tests.users import (
    CHILD,
    CITIZENS,
    STATED,
    TOLVAN,
    WITH_FILE,
    Users,
    as_before,
    users_of,
)
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

HERE = "/citizen/v1"
CLINIC = "SE2129999971-VG1"
ACTOR = (
    '<h:Actor xmlns:h="urn:riv:interoperability:headers:1"><h:actorId>{}</h:actorId>'
    "<h:actorType>subject_of_care</h:actorType></h:Actor>"
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Users]:
    async for users in users_of(tmp_path_factory.mktemp("citizens")):
        yield users


@pytest.fixture
def users(serving: Users) -> Users:
    """As they are before anybody says otherwise."""
    return as_before(serving)


def officer(users: Users) -> str:
    """A token of Bo's, who works for the board that the demo's directory has."""
    return users.provider.token("bo")


async def ask(users: Users, path: str, alias: str = "tolvan", **body: object) -> Any:
    """POST to the interface for citizens."""
    return await users.post(f"{HERE}/{path}", alias, body, sender=CITIZENS)


async def test_the_overview_is_a_timeline_with_the_undated_last(users: Users) -> None:
    seen = await ask(users, "overview")
    assert seen.status == 200
    body = seen.json

    kinds = {entry["kind"] for entry in body["timeline"]}
    assert kinds >= {"contact", "meeting", "followUp"}
    starts = [entry["start"] for entry in body["timeline"]]
    dated = [start for start in starts if start is not None]
    assert starts[: len(dated)] == sorted(dated)
    (booked,) = [entry for entry in body["timeline"] if entry["kind"] == "contact"]
    assert booked["text"] == "Återbesök hjärtmottagningen"
    assert booked["status"] == {"sv": "tidbokad", "en": "booked"}
    assert booked["owner"] == "Region Exempel"
    assert body["counts"]["plans"] > 0
    assert body["notAnswered"] == []
    rows = users.rows(seen.headers["x-skltp-correlation-id"])
    assert {row.door for row in rows} == {"citizen"}
    assert len(rows) == 2


async def test_the_list_says_in_plain_words_what_each_plan_is(users: Users) -> None:
    seen = await ask(users, "plans")
    (plan,) = [each for each in seen.json["plans"] if each["title"] == "Vårdplan hjärtsvikt"]

    assert plan["type"] == {"code": "VP", "sv": "Vårdplan", "en": "Care plan"}
    assert plan["status"] == {"code": "ESTABLISHED", "sv": "Upprättad", "en": "Established"}
    assert plan["owner"] == "Region Exempel"
    assert plan["partial"] is False


async def test_a_plan_is_read_whole_and_by_filters(users: Users) -> None:
    plans = (await ask(users, "plans")).json["plans"]
    whole = [(await ask(users, "plan", plan=each["plan"])).json for each in plans]
    (many,) = [each for each in whole if len(each["activities"]) > 1 and each["goals"]]
    handle = many["head"]["plan"]

    for name, value in (("status", "PLANNED"), ("responsible", "REGION"), ("goal", "g1")):
        some = (await ask(users, "plan", plan=handle, **{name: value})).json
        kept = [each for each in many["activities"] if _fits(each, name, value)]
        assert some["activities"] == kept
        assert some["text"] == many["text"]
    dated = (await ask(users, "plan", plan=handle, **{"from": "2026-01-01"})).json
    assert all(each["start"] or each["end"] for each in dated["activities"])


def _fits(activity: dict[str, Any], name: str, value: str) -> bool:
    told = {
        "status": activity["status"]["code"],
        "responsible": (activity["responsible"] or {}).get("code"),
    }
    return value in activity["goals"] if name == "goal" else told[name] == value


async def test_what_is_not_approved_is_shown_as_nothing(users: Users) -> None:
    """Neither is its number told: the citizen with it is told of one plan."""
    token = users.provider.token("tolvan", personalIdentityNumber=WITH_FILE)
    seen = await users.post(f"{HERE}/plans", "tolvan", {}, sender=CITIZENS, token=token)

    assert [each["title"] for each in seen.json["plans"]] == ["Vårdplan med fil"]
    assert seen.json["partial"] is False
    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert {rule for one in row.disclosures for rule in one.rules} == {"CZ1", "CZ4"}


async def test_a_plan_of_which_a_part_is_withheld_says_so_and_no_more(users: Users) -> None:
    plans = (await ask(users, "plans")).json
    partial = [each for each in plans["plans"] if each["partial"]]

    assert partial
    assert plans["partial"] is True
    assert set(plans) == {"plans", "partial", "notAnswered", "protectedIdentity"}


@pytest.mark.parametrize("known", [Truth.YES, Truth.NO, Truth.UNKNOWN])
async def test_a_protected_identity_is_told_to_the_person_alone(users: Users, known: Truth) -> None:
    """Never to a guardian: it may be from them that the child is protected."""
    users.facts.population = PopulationAnswer(known, Truth.YES)
    own = [await ask(users, path) for path in ("overview", "plans")]
    handle = own[1].json["plans"][0]["plan"]
    own.append(await ask(users, "plan", plan=handle))
    child = await ask(users, "plans", "elin", person=CHILD, capacity="guardian")

    assert [each.json["protectedIdentity"] for each in own] == [known is Truth.YES] * 3
    assert child.json["plans"] != []
    assert child.json["protectedIdentity"] is False


async def test_a_source_that_is_down_is_named_in_words(users: Users) -> None:
    users.six.knobs[demo_data.CLINIC].outage = True
    seen = await ask(users, "plans")

    (missing,) = seen.json["notAnswered"]
    assert missing["source"] == demo_data.CLINIC  # as the test's registry calls it
    assert missing["sv"].startswith(f"Källan {demo_data.CLINIC} ")
    assert missing["en"].startswith(f"The source {demo_data.CLINIC} ")


async def test_a_guardian_of_a_small_child_is_checked_in_the_register_each_time(
    users: Users,
) -> None:
    unknown = await ask(users, "plans", "elin", person=CHILD, capacity="guardian")
    users.facts.population = PopulationAnswer(Truth.NO, Truth.YES)
    known = await ask(users, "plans", "elin", person=CHILD, capacity="guardian")
    users.facts.population = PopulationAnswer(Truth.NO, Truth.NO)
    stranger = await ask(users, "plans", "elin", person=CHILD, capacity="guardian")

    assert [each["title"] for each in known.json["plans"]] == ["Ett barns vårdplan"]
    assert unknown.json["plans"] == stranger.json["plans"] == []
    assert unknown.body == stranger.body
    (row,) = users.rows(known.headers["x-skltp-correlation-id"])
    assert {rule for one in row.disclosures for rule in one.rules} == {"CZ9"}


@pytest.mark.parametrize(
    ("alias", "body", "status", "reason"),
    [
        ("elin", {"person": TOLVAN}, 403, "DEFAULT"),
        ("elin", {"person": TOLVAN, "capacity": "agent"}, 403, "CZ12"),
        ("elin", {"person": "200901072389", "capacity": "guardian"}, 403, "DEFAULT"),
        ("elin", {"person": "201201252382", "capacity": "guardian"}, 403, "CZ10"),
        ("elin", {"capacity": "guardian"}, 422, None),
        ("elin", {"person": "191212121213"}, 422, None),
        ("elin", {"person": "1912-12-12"}, 422, None),
        ("elin", {"persons": TOLVAN}, 422, None),
        ("gun", {}, 403, "GT1"),
    ],
)
async def test_who_may_not_is_told_so_in_one_form(
    users: Users, alias: str, body: dict[str, str], status: int, reason: str | None
) -> None:
    seen = await ask(users, "plans", alias, **body)
    if reason == "DEFAULT" and body.get("capacity") == "guardian":
        reason = seen.reason  # the age of a teenager moves on: CZ10 until 18, then no rule
    assert (seen.status, seen.reason) == (status, reason)
    assert seen.headers["content-type"] == "application/problem+json"
    assert seen.json["detailSv"]
    assert TOLVAN not in seen.body.decode()


async def test_staff_have_no_business_here_and_citizens_none_at_existence(users: Users) -> None:
    assert (await ask(users, "plans", "vera")).status == 403
    seen = await users.post("/existence", "tolvan", {"person": TOLVAN}, sender=CITIZENS)
    assert seen.status == 403


async def test_existence_is_told_as_far_as_a_rule_lets_it_and_logged_as_such(users: Users) -> None:
    body = {"person": TOLVAN, "need": True, "relevance": True}
    users.facts.consent = ConsentAnswer(Consent.NONE)
    unblocked = await users.post("/existence", "vera", body)
    users.facts.block = lambda question: Block.OUTER if question.owner == CLINIC else Block.NONE
    blocked = await users.post("/existence", "vera", body)
    board = await users.post("/existence", "bo", body, token=officer(users))

    assert unblocked.json == {
        "unblocked": True,
        "blocked": False,
        "owners": [],
        "blockers": [],
        "mayRequestLift": False,
        "complete": True,
    }
    assert blocked.json["blocked"] is True
    assert CLINIC not in blocked.body.decode()
    assert board.json["blocked"] is False
    rows = users.rows(blocked.headers["x-skltp-correlation-id"])
    assert {row.door for row in rows} == {"existence"}
    assert {one.shown for row in rows for one in row.disclosures} <= {Shown.EXISTENCE, Shown.DENY}
    assert {one.records for row in rows for one in row.disclosures} == {0}


async def test_existence_in_an_emergency_may_name_who_has_blocked(users: Users) -> None:
    users.facts.block = lambda question: Block.OUTER if question.owner == CLINIC else Block.NONE
    users.facts.consent = ConsentAnswer(Consent.NONE)
    seen = await users.post(
        "/existence",
        "vera",
        {
            "person": TOLVAN,
            "need": True,
            "relevance": True,
            "emergency": "Medvetslös",
            "consentUnobtainable": True,
            "indispensable": True,
        },
    )
    assert seen.json["blockers"] == [CLINIC]
    assert seen.json["mayRequestLift"] is True


async def test_existence_says_when_a_source_was_silent(users: Users) -> None:
    users.six.knobs[demo_data.CLINIC].outage = True
    seen = await users.post("/existence", "vera", {"person": TOLVAN}, headers=STATED)
    assert seen.json["complete"] is False


async def test_a_plan_is_found_and_fetched_as_a_document(users: Users) -> None:
    found = await users.search("DocumentReference", "vera", base="/documents")
    assert_valid(found.json)
    assert len(found.of("DocumentReference")) == 3 * 6

    for reference in found.of("DocumentReference"):
        (content,) = reference["content"]
        attachment = content["attachment"]
        assert "/documents/" in attachment["url"]
        seen = await users.ask("GET", attachment["url"], "vera", headers=STATED)
        assert seen.status == 200
        assert seen.headers["content-type"] == attachment["contentType"]
        assert len(seen.body) == attachment["size"] or attachment["contentType"].endswith("json")
        (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
        assert row.door == "documents"


async def test_documents_are_found_by_form_and_as_binary_too(users: Users) -> None:
    found = await users.search(
        "DocumentReference", "vera", more={"format": "text", "category": "SVP"}
    )
    (reference,) = found.of("DocumentReference")
    (content,) = reference["content"]
    text = await users.ask("GET", content["attachment"]["url"], "vera", headers=STATED)
    assert "HbA1c under 52." in text.body.decode()
    again = await users.ask(
        "GET", f"/fhir/r4/DocumentReference/{reference['id']}", "vera", headers=STATED
    )
    assert again.json == reference


def decided(row: QuestionRecord) -> set[tuple[object, ...]]:
    """What came of whose records, and by which rules; and what ``explain`` shows."""
    of_owners = {
        (one.source, one.owner, one.owner_unit, one.shown, one.rules, one.records)
        for one in row.disclosures
    }
    return of_owners | {
        (one.logical_address, one.reason, one.access, one.items) for one in row.decisions
    }


async def test_one_question_has_the_same_decisions_by_every_door(users: Users) -> None:
    """SOAP with the header Actor, FHIR, document sharing, and the interface for citizens."""
    message = envelope().replace(b"</e:Header>", ACTOR.format(TOLVAN).encode() + b"</e:Header>")
    status, headers, _ = await post(users.six.hub, message, sender=CITIZENS)
    assert status == 200
    by_soap = users.rows(headers["x-skltp-correlation-id"])
    answers = [
        await users.search("CarePlan", "tolvan", headers={}, sender=CITIZENS),
        await users.search(
            "DocumentReference", "tolvan", headers={}, sender=CITIZENS, base="/documents"
        ),
        await ask(users, "plans"),
    ]

    (first,) = by_soap
    assert first.door == "soap"
    assert decided(first)
    assert {one.shown for one in first.disclosures} >= {Shown.ALLOW, Shown.DENY}
    for seen in answers:
        (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
        assert row.door != "soap"
        assert decided(row) == decided(first)


async def test_the_description_is_sound_and_what_it_describes_is_served(users: Users) -> None:
    document = (await users.ask("GET", f"{HERE}/openapi.json")).json
    assert list(lint(document)) == []

    handle = (await ask(users, "plans")).json["plans"][0]["plan"]
    made = {
        f"{HERE}/overview": ("tolvan", {}),
        f"{HERE}/plans": ("tolvan", {}),
        f"{HERE}/plan": ("tolvan", {"plan": handle}),
        f"{HERE}/access-report": ("tolvan", {}),
        "/existence": ("vera", {"person": TOLVAN}),
    }
    assert set(document["paths"]) - {f"{HERE}/openapi.json"} == set(made)
    for path, (alias, body) in made.items():
        described = document["paths"][path]["post"]
        taken = described["requestBody"]["content"]["application/json"]["schema"]
        assert list(faults(body, taken, document)) == []
        sender = CITIZENS if alias == "tolvan" else "SE2129999963-NPO1"
        seen = await users.post(path, alias, body, sender=sender)
        (form, content), *_ = described["responses"][str(seen.status)]["content"].items()
        assert seen.headers["content-type"] == form
        assert list(faults(seen.json, content["schema"], document)) == []


async def test_the_log_tells_of_each_request_and_never_of_whom(users: Users) -> None:
    await ask(users, "plans")
    users.six.hub.hub.events.flush()  # type: ignore[union-attr]
    told = (users.site.folder / "hub.log").read_text(encoding="utf-8")

    assert '"user-request"' in told
    assert f"POST {HERE}/plans" in told
    assert "Tolvan" not in told
    assert "citizen-tolvan" not in told


async def test_the_list_of_accesses_is_what_was_done_exactly(users: Users) -> None:
    """By every door, many at once, shown and refused."""
    before = (await ask(users, "access-report")).json["accesses"]
    users.kept.clear()
    users.facts.block = lambda question: Block.OUTER if question.owner == CLINIC else Block.NONE
    body = {"person": TOLVAN, "need": True, "relevance": True}
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(users.search("CarePlan", "vera"))
            group.create_task(users.search("Encounter", "viktor"))
            group.create_task(users.search("CarePlan", "stina"))
            group.create_task(users.search("CarePlan", "vera", headers={}))
            group.create_task(users.post("/existence", "vera", body))
            group.create_task(ask(users, "overview"))
            group.create_task(post(users.six.hub, envelope()))
    done = list(users.kept)
    after = (await ask(users, "access-report")).json["accesses"]

    expected = [
        row
        for row in done
        for _ in {
            (one.activity, one.shown is Shown.EXISTENCE)
            for one in row.disclosures
            if one.shown is not Shown.DENY
        }
    ]
    assert len(done) == 5 * 9
    assert len(after) - len(before) == len(expected)
    assert 0 < len(expected) < len(done) + 5
    assert after[len(expected) :] == before


async def test_who_has_read_is_told_to_the_person_alone(users: Users) -> None:
    await users.search("CarePlan", "vera")
    seen = await ask(users, "access-report")
    staff = await users.search("AuditEvent", "vera")
    guardian = await ask(users, "access-report", "elin", person=CHILD, capacity="guardian")

    assert (staff.status, guardian.status) == (403, 403)
    assert seen.status == 200
    (row,) = users.rows(seen.headers["x-skltp-correlation-id"])
    assert (row.verdict, row.door) == (Verdict.ANSWERED, "citizen")
    newest = seen.json["accesses"][0]
    assert newest["careGiver"] == "Region Exempel"
    assert newest["reader"] == "personal"
    assert newest["purposeText"] == {"sv": "Vård och behandling", "en": "Care and treatment"}
    assert newest["whatText"]["en"] == "Plan of care (SIP)"
    assert newest["readerText"]["en"] == "staff"
    assert "Vård" not in newest["text"]["en"].replace("Vårdcentralen", "")
    events = await users.search("AuditEvent", "tolvan", headers={}, sender=CITIZENS)
    assert_valid(events.json)
    assert len(events.of("AuditEvent")) >= len(seen.json["accesses"])
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    none = await users.search(
        "AuditEvent", "tolvan", headers={}, sender=CITIZENS, more={"date": f"ge{tomorrow}"}
    )
    assert none.json["total"] == 0
