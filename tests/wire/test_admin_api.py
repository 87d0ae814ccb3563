"""The administrative interface over sockets: who gets in, what it does, what it never tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from samsvar.onboarding.roles import Role
from samsvar.simulation import demo_data, producer, running
from samsvar.simulation.server import Tls
from samsvar.soap.index_messages import UPDATE
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.secrets import open_vault
from tests.admin_api import PREFIX, Api, description, token, users_of
from tests.audit_log import falsify
from tests.databases import open_database
from tests.hub import (
    CONSUMER,
    DOMAIN,
    HUB,
    UPDATE_PATH,
    Running,
    Site,
    post,
    running_hub,
    status_rows,
)
from tests.openapi import lint
from tests.world import envelope

pytestmark = pytest.mark.wire

PERSON = "191212121212"
SYSTEM = demo_data.MUNICIPALITY
FORM = {
    "id": "omsorgen",
    "name": "Omsorgen, Exempelkommun",
    "hsa_id": SYSTEM,
    "owner": "SE2129999989-0001",
    "organisation": "namnd",
    "contact": {"name": "Systemförvaltning", "email": "drift@exempelkommun.example"},
    "data_controller": "SE2129999989",
    "url": "https://127.0.0.1:9/",
    "kind": "soap",
    "contracts": ["GetCarePlans 2"],
    "legal_basis": "SOL_ELDERLY",
}

HERE = '[bench]\nnetworks = ["127.0.0.0/8"]'
"""A producer on this machine may be tested before anybody has approved it."""


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    """A hub with nothing in its registry, and the interface on both its listeners."""
    site = Site(tmp_path)
    settings = site.write(listen="admin = true", plain_listen="admin = true", producers=HERE)
    async with running_hub(site, settings) as made:
        yield made


def api(hub: Running, role: Role, *producers: str) -> Api:
    """A user of that role, with a token of its own."""
    return Api(hub, token(hub.site, role, *producers))


def log_of(hub: Running) -> bytes:
    """The routing log so far."""
    assert hub.hub is not None
    hub.hub.events.flush()
    return (hub.site.folder / "hub.log").read_bytes()


def update(person: str, system: str) -> bytes:
    """The index post that the source sends when it has something about a person."""
    return f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
<r:LogicalAddress xmlns:r="urn:riv:itintegration:registry:1">{HUB}</r:LogicalAddress>
</e:Header><e:Body><u:Update xmlns:u="{UPDATE}"
 xmlns:i="urn:riv:itintegration:engagementindex:1"><u:engagementTransaction>
<i:deleteFlag>false</i:deleteFlag><i:engagement>
<i:registeredResidentIdentification>{person}</i:registeredResidentIdentification>
<i:serviceDomain>{DOMAIN}</i:serviceDomain><i:categorization>cll-cp</i:categorization>
<i:logicalAddress>{system}</i:logicalAddress>
<i:businessObjectInstanceIdentifier>NA</i:businessObjectInstanceIdentifier>
<i:clinicalProcessInterestId>NA</i:clinicalProcessInterestId>
<i:sourceSystem>{system}</i:sourceSystem><i:dataController>SE1</i:dataController>
</i:engagement></u:engagementTransaction></u:Update></e:Body></e:Envelope>""".encode()


async def test_a_system_goes_from_nothing_to_answering_by_the_interface_alone(
    hub: Running,
) -> None:
    """Form, certificate, question, yes; it tells the index; a consumer gets its plans."""
    site = hub.site
    municipality = api(hub, Role.PRODUCER)
    registrar = api(hub, Role.REGISTRAR)
    certificate = site.authority.client("omsorgen", [SYSTEM])
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    system = producer.application(demo_data.municipality())
    async with running(system, tls=tls) as url:
        registered = await municipality.post("/producers", {**FORM, "url": f"{url}/"})
        handed_in = await municipality.ask(
            "PUT", "/producers/omsorgen/certificate", pem=certificate.certificate.read_bytes()
        )
        asked = await municipality.post("/producers/omsorgen/publication", {"comment": "Klara"})
        before = await post(hub, envelope(person=PERSON))
        approved = await registrar.post(
            "/producers/omsorgen/approve",
            {"consumers": [CONSUMER], "social_care": True, "revision": asked.body["revision"]},
        )
        told = await post(hub, update(PERSON, SYSTEM), path=UPDATE_PATH, identity=certificate)
        answer = await post(hub, envelope(person=PERSON))

    assert (registered.status, registered.body["state"]) == (201, "draft")
    assert (handed_in.status, handed_in.body["certificate"]["usages"]) == (200, ["clientAuth"])
    assert (asked.status, asked.body["state"]) == (200, "asked")
    assert (before[0], b"VP008" in before[2]) == (500, True)
    assert (approved.status, approved.body["version"]) == (200, 1)
    assert approved.body["producer"]["state"] == "published"
    assert told[0] == 200, told[2]
    assert status_rows(answer[2]) == [(SYSTEM, "DataFromSource", None)]
    assert answer[2].count(b"carePlanHeader>") >= 2
    status = (await municipality.get("/status")).body
    assert [(p["id"], p["answered"], p["failed"]) for p in status["producers"]] == [
        ("omsorgen", 1, 0)
    ]


async def test_a_producer_out_of_service_is_told_of_at_once_and_back_at_once(
    hub: Running,
) -> None:
    """The consumer reads the notice; explain has a reason of its own; then it is asked again."""
    operator = api(hub, Role.OPERATOR)
    system = producer.application(demo_data.municipality())
    async with running(system) as url:
        await published(hub, f"{url}/")
        off = await operator.post("/producers/omsorgen/disable", {"notice": "Byter databas"})
        during = await post(hub, envelope(person=PERSON), headers={"x-skltp-correlation-id": "c-1"})
        explained = await operator.get("/questions/c-1")
        on = await operator.post("/producers/omsorgen/enable", {})
        after = await post(hub, envelope(person=PERSON))

    assert (off.status, off.body["producer"]["in_force"]["disabled"]) == (
        200,
        {"notice": "Byter databas", "until": None},
    )
    assert status_rows(during[2]) == [(SYSTEM, "NoDataSynchFailed", "43000")]
    assert b"not asked: maintenance; Byter databas" in during[2]
    (question,) = explained.body["questions"]
    assert [(d["reason"], d["elapsed"]) for d in question["decisions"]] == [("disabled", None)]
    assert (on.status, on.body["version"]) == (200, 3)
    assert status_rows(after[2]) == [(SYSTEM, "DataFromSource", None)]


async def published(hub: Running, url: str = "https://127.0.0.1:9/") -> None:
    """The producer of the form, in force, and in the index for the person."""
    registrar = api(hub, Role.REGISTRAR)
    await registrar.post("/producers", {**FORM, "url": url})
    await registrar.post("/producers/omsorgen/publication", {})
    done = await registrar.post(
        "/producers/omsorgen/approve", {"consumers": [CONSUMER], "social_care": True}
    )
    assert done.status == 200, done.body
    await hub.site.index(PERSON, [SYSTEM])


@pytest.mark.slow
async def test_a_producer_tests_itself_and_the_registrar_sees_how_it_went(hub: Running) -> None:
    """By the rules of the bench; the person stands in no log and no report."""
    municipality = api(hub, Role.PRODUCER)
    tls = Tls(hub.site.server.certificate, hub.site.server.key, hub.site.authority.certificate)
    async with running(producer.application(demo_data.municipality()), tls=tls) as url:
        await municipality.post("/producers", {**FORM, "url": f"{url}/"})
        report = await municipality.post("/producers/omsorgen/test", {})
    seen = await api(hub, Role.REGISTRAR).get("/producers/omsorgen")

    assert report.status == 200, report.body
    assert report.body["summary"]["PASS"] > 10
    assert sum(report.body["summary"].values()) == len(report.body["results"])
    (_, tested) = seen.body["history"]
    assert (tested["what"], tested["who"]) == ("tested", "producer")
    assert f"{report.body['summary']['PASS']} PASS" in tested["comment"]
    assert PERSON not in str(report.body)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
async def test_the_hub_calls_nobody_inside_for_a_producer_that_is_not_approved(
    host: str, tmp_path: Path
) -> None:
    """Not one connection comes; and the refusal says what to do, not where the name leads."""
    site = Site(tmp_path)
    settings = site.write(plain_listen="admin = true")
    called: list[object] = []
    inside = await asyncio.start_server(lambda *ends: called.append(ends), "127.0.0.1", 0)
    port = inside.sockets[0].getsockname()[1]
    async with running_hub(site, settings) as hub, inside:
        municipality = api(hub, Role.PRODUCER)
        made = await municipality.post("/producers", {**FORM, "url": f"https://{host}:{port}/"})
        refused = await municipality.post("/producers/omsorgen/test", {})

    assert made.status == 201, made.body
    assert refused.status == 422
    (fault,) = refused.body["faults"]
    assert "neither public nor in bench.networks" in fault
    assert "127" not in fault
    assert called == []


@pytest.mark.slow
async def test_an_approved_producer_inside_is_tested_and_a_changed_url_is_not(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    settings = site.write(plain_listen="admin = true")
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    async with (
        running_hub(site, settings) as hub,
        running(producer.application(demo_data.municipality()), tls=tls) as url,
    ):
        registrar = api(hub, Role.REGISTRAR)
        await registrar.post("/producers", {**FORM, "url": f"{url}/"})
        await registrar.post("/producers/omsorgen/publication", {})
        await registrar.post(
            "/producers/omsorgen/approve", {"consumers": [CONSUMER], "social_care": True}
        )
        approved = await registrar.post("/producers/omsorgen/test", {})
        await registrar.ask("PATCH", "/producers/omsorgen", {"url": f"{url}/other"})
        changed = await registrar.post("/producers/omsorgen/test", {})

    assert approved.status == 200, approved.body
    assert approved.body["summary"]["PASS"] > 10
    assert changed.status == 422


async def test_the_description_is_sound_and_needs_no_token(hub: Running) -> None:
    """OpenAPI 3.1, by rules written from its specification."""
    document = await description(hub)

    assert list(lint(document)) == []
    assert len(document["paths"]) == 20
    assert document["paths"][f"{PREFIX}/producers"]["post"]["operationId"] == "registerProducer"


HOLDERS = "registrar operator security-officer"
#: method, path, body, and who may: written from the pages, not from the program
ROWS: list[tuple[str, str, object, str]] = [
    ("GET", "/me", None, "all"),
    ("GET", "/producers", None, "all"),
    ("POST", "/producers", {}, "registrar producer"),
    ("GET", "/producers/omsorgen", None, "all"),
    ("PATCH", "/producers/omsorgen", {"timeout": -1}, "registrar producer"),
    ("PUT", "/producers/omsorgen/certificate", b"x", "registrar producer"),
    ("POST", "/producers/omsorgen/certificate-request", b"x", "registrar producer"),
    ("POST", "/producers/omsorgen/test", {"person": "x"}, "registrar operator producer"),
    ("POST", "/producers/omsorgen/publication", {}, "registrar producer"),
    ("POST", "/producers/omsorgen/approve", {"revision": 0}, "registrar"),
    ("POST", "/producers/omsorgen/reject", {}, "registrar"),
    (
        "POST",
        "/producers/omsorgen/disable",
        {"notice": ""},
        "registrar operator producer security-officer",
    ),
    ("POST", "/producers/omsorgen/enable", {}, "registrar operator producer security-officer"),
    ("GET", "/questions", None, "operator security-officer auditor"),
    ("GET", "/questions/c-1", None, "operator security-officer auditor"),
    ("GET", "/status", None, "all"),
    ("GET", "/breakers", None, "all"),
    ("GET", "/producers/omsorgen/breaker", None, "all"),
    ("POST", "/producers/omsorgen/breaker/open", {"reason": ""}, HOLDERS),
    ("POST", "/producers/omsorgen/breaker/close", {"reason": ""}, HOLDERS),
    ("GET", "/events?per_second=0", None, "observer operator security-officer"),
]


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_gets_through_where_its_row_says(hub: Running, role: Role) -> None:
    """403 with a sentence, or not 403."""
    await published(hub)
    user = api(hub, role, "omsorgen")
    for method, path, body, roles in ROWS:
        pem = body if isinstance(body, bytes) else None
        await asyncio.sleep(0.06)  # twenty a second, and no more
        told = await user.ask(method, path, None if pem else body, pem=pem)
        allowed = roles == "all" or role.value in roles.split()
        assert (told.status != 403) == allowed, (method, path, told.body)
        if not allowed:
            assert told.error.startswith(f"the role {role.value} may not do this")


async def test_the_rows_of_the_matrix_are_those_of_the_description(hub: Running) -> None:
    """A new row fails here until somebody has said who may."""
    document = await description(hub)
    described = {
        (method.upper(), path.removeprefix(PREFIX))
        for path, item in document["paths"].items()
        for method in item
    }
    filled = {
        (
            method,
            path.partition("?")[0].replace("omsorgen", "{id}").replace("c-1", "{correlation_id}"),
        )
        for method, path, _, _ in ROWS
    }
    assert described - {("GET", "/openapi.json")} == filled


async def test_who_has_no_valid_token_gets_nowhere(hub: Running, tmp_path: Path) -> None:
    """None, a made-up one, an expired or revoked one, one of another hub: the same 401."""
    elsewhere = Site(tmp_path / "elsewhere")
    elsewhere.write()
    valid = token(hub.site, Role.AUDITOR)
    texts = set()
    for wrong in (
        "nonsense",
        valid[:-1] + ("A" if valid[-1] != "A" else "B"),
        valid.replace("samsvar_", "samsvar-"),
        token(elsewhere, Role.AUDITOR),
        token(hub.site, Role.AUDITOR, days=-1),
    ):
        told = await Api(hub, wrong).get("/me")
        assert (told.status, told.headers["www-authenticate"]) == (
            401,
            'Bearer realm="samsvar admin"',
        )
        texts.add(told.error)
    assert texts == {"the token opens nothing here: it is unknown, has expired or was revoked"}
    without = await Api(hub).get("/producers")
    assert (without.status, without.error) == (
        401,
        "say who you are: Authorization: Bearer TOKEN",
    )
    assert (await Api(hub, valid).get("/me")).status == 200


@pytest.mark.parametrize(
    "place", ["/me?token={}", "/me?access_token={}", "/me?x={}", "/producers/{}", "/{}/me"]
)
async def test_a_token_in_an_address_is_refused_and_never_logged(hub: Running, place: str) -> None:
    """Also beside a good one in the header: it has slipped out."""
    secret = token(hub.site, Role.AUDITOR)

    told = await Api(hub, secret).get(place.format(secret))

    assert (told.status, "revoke it" in told.error) == (401, True)
    assert secret.encode() not in log_of(hub)
    assert secret not in str(told.body)


async def test_a_certificate_counts_only_where_somebody_has_let_it_in(hub: Running) -> None:
    """A producer's or a consumer's opens nothing; one with a role opens what the role may."""
    officer = hub.site.authority.client("officer", ["SE2129999997-OFFICER"])
    nobody = hub.site.authority.client("nobody", [])

    refused = await Api(hub, identity=hub.site.consumer).get("/producers")
    nameless = await Api(hub, identity=nobody).get("/producers")
    let_in(hub, "SE2129999997-officer", Role.SECURITY_OFFICER)
    me = await Api(hub, identity=officer).get("/me")
    beside = await Api(hub, identity=officer, token="nonsense").get("/me")

    assert (refused.status, refused.error) == (
        403,
        "this client certificate has no role here: send a token, or have it let in",
    )
    assert (nameless.status, nameless.error) == (403, "the client certificate names nobody")
    assert (me.status, me.body["role"]) == (200, "security-officer")
    assert beside.status == 401


def let_in(hub: Running, hsa_id: str, role: Role) -> None:
    """As ``samsvar admin certificate allow``."""
    with users_of(hub.site) as users:
        users.allow_certificate(hsa_id, "Säkerhet", role, (), 30, "test")


async def test_the_interface_is_only_on_listeners_that_have_it(tmp_path: Path) -> None:
    """Elsewhere there is nothing at that path."""
    site = Site(tmp_path)
    settings = site.write(listen="admin = true")
    async with running_hub(site, settings) as hub, hub.client() as session:
        secret = token(site, Role.REGISTRAR)
        headers = {"Authorization": f"Bearer {secret}"}
        async with session.get(f"{hub.plain}{PREFIX}/me", headers=headers) as plain:
            assert plain.status == 404
        async with (
            hub.client(site.consumer) as secure,
            secure.get(f"{hub.tls}{PREFIX}/me", headers=headers) as tls,
        ):
            assert tls.status == 200


async def test_a_hub_without_the_setting_has_no_interface(tmp_path: Path) -> None:
    """It is off until somebody turns it on."""
    site = Site(tmp_path)
    async with (
        running_hub(site, site.write()) as hub,
        hub.client() as session,
        session.get(f"{hub.plain}{PREFIX}/openapi.json") as answer,
    ):
        assert answer.status == 404


async def test_twenty_a_second_and_then_wait(hub: Running) -> None:
    """For each user by itself; the refusal says how long."""
    eager, calm = api(hub, Role.OBSERVER), api(hub, Role.OBSERVER)
    await description(hub)

    told = await asyncio.gather(*(eager.get("/me") for _ in range(40)))
    other = await calm.get("/me")

    refused = [one for one in told if one.status == 429]
    assert refused
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert {one.status for one in told} == {200, 429}
    assert other.status == 200


async def test_who_guesses_tokens_is_stopped_by_address(hub: Running) -> None:
    """And does not stop those who have one, elsewhere."""
    await description(hub)

    told = await asyncio.gather(*(Api(hub, f"guess{n}").get("/me") for n in range(40)))

    assert {one.status for one in told} == {401, 429}


@pytest.mark.parametrize(
    ("raw", "status", "error"),
    [
        (b"{", 400, "the body is not JSON in UTF-8"),
        (b"\xff", 400, "the body is not JSON in UTF-8"),
        (b"[]", 422, "the body is not of its form"),
        (b"{}", 422, "the body is not of its form"),
        (b'{"name":"' + b"x" * 51_200 + b'"}', 413, "the message is too large"),
    ],
)
async def test_bodies_that_cannot_be_taken(
    hub: Running, raw: bytes, status: int, error: str
) -> None:
    """A status, a sentence, and the interface goes on."""
    user = api(hub, Role.REGISTRAR)

    told = await user.ask("POST", "/producers", raw=raw)

    assert (told.status, told.error) == (status, error)
    assert (await user.get("/me")).status == 200


async def test_a_file_may_be_larger_than_a_form_but_not_without_bound(hub: Running) -> None:
    """Ten megabytes."""
    user = api(hub, Role.REGISTRAR)
    await user.post("/producers", FORM)
    path = "/producers/omsorgen/certificate"

    large = await user.ask("PUT", path, pem=b" " * 60_000)
    assert (large.status, large.error) == (422, "this is no certificate in PEM")
    try:
        too_large = await user.ask("PUT", path, pem=b" " * (10 * 1024 * 1024 + 1))
    except aiohttp.ClientOSError:
        pass  # cut off before it had sent all
    else:
        assert too_large.status == 413
    assert (await user.get("/me")).status == 200


async def test_every_fault_of_a_form_is_told_and_no_value_repeated(hub: Running) -> None:
    """Numbers of people in values, in names of keys, in paths: refused, and in no answer."""
    user = api(hub, Role.REGISTRAR)
    number = "19121212-1212"

    typed = await user.post("/producers", {**FORM, "kind": number, number: "x", "timeout": "x"})
    told = await user.post("/producers", {**FORM, "name": f"Tolvan {number}", "owner": number})
    path = await user.get("/questions/c%2F1")

    assert typed.status == 422
    assert [fault.partition(":")[0] for fault in typed.body["faults"]] == [
        "kind",
        "timeout",
        "<masked>",
    ]
    assert told.status == 422
    assert told.body["faults"] == [
        "name: holds what could be a personal number: leave it out",
        "owner: holds what could be a personal number: write SE before a number",
    ]
    assert path.status == 404
    for answer in (typed, told):
        assert "1212" not in str(answer.body)
    assert b"121212" not in log_of(hub)


async def test_methods_paths_and_queries_that_are_not_there(hub: Running) -> None:
    """404, 405 with Allow, 422."""
    user = api(hub, Role.AUDITOR)

    nothing = await user.get("/nothing")
    method = await user.ask("DELETE", "/producers")
    query = await user.get("/questions?limit=0&x=1")
    twice = await user.get("/questions?limit=1&limit=2")
    unknown = await user.get("/questions/never-asked")

    assert (nothing.status, nothing.error) == (
        404,
        "there is nothing at this path: see /admin/v1/openapi.json",
    )
    assert (method.status, method.headers["allow"]) == (405, "GET, POST")
    assert (query.status, len(query.body["faults"])) == (422, 2)
    assert twice.status == 422
    assert unknown.status == 404


async def test_a_page_of_another_site_may_change_nothing(hub: Running) -> None:
    """A browser sends a certificate for any page that asks."""
    user = api(hub, Role.REGISTRAR)
    evil = {"Origin": "https://evil.example"}
    own = {"Origin": hub.plain}

    refused = await user.ask("POST", "/producers", FORM, headers=evil)
    form = await user.ask("POST", "/producers", raw=b"{}", headers={"Content-Type": "text/plain"})
    taken = await user.ask("POST", "/producers", FORM, headers=own)

    assert (refused.status, refused.error) == (403, "pages of other sites may not do this")
    assert form.status == 415
    assert taken.status == 201


async def test_every_request_is_noted_with_who_what_and_how(hub: Running) -> None:
    """By the user's id and the row's path; never as it came."""
    user = api(hub, Role.OPERATOR)
    me = (await user.get("/me")).body["id"]
    await user.get("/producers/somebody")
    await Api(hub).get("/whatever/secret-words")

    lines = [line for line in log_of(hub).split(b"\n") if b'"admin-request"' in line]
    told = [
        (one.get("labels.senderid"), one["message"], one["http.response.status_code"])
        for one in map(orjson.loads, lines)
        if "openapi" not in one["message"]
    ]
    assert told == [
        (me, "GET /admin/v1/me", 200),
        (me, "GET /admin/v1/producers/{id}", 404),
        (None, "GET no such path", 401),
    ]
    assert b"secret-words" not in log_of(hub)
    assert b"Bearer" not in log_of(hub)


async def test_secrets_of_an_adapter_are_shown_to_registrars_alone(hub: Running) -> None:
    """Others see that they are there; a change of theirs does not lose them."""
    registrar, municipality = api(hub, Role.REGISTRAR), api(hub, Role.PRODUCER, "omsorgen")
    form = {**FORM, "kind": "adapter", "adapter": "prator"}
    options = {"unit_registry": "VC=SE2@SE2", "api_key": "file:secrets/prator"}
    await registrar.post("/producers", {**form, "options": options})

    seen = (await municipality.get("/producers/omsorgen")).body["form"]
    await municipality.ask(
        "PATCH", "/producers/omsorgen", {"options": {"unit_registry": "VC=SE3@SE3"}}
    )
    kept = (await registrar.get("/producers/omsorgen")).body["form"]

    assert (seen["options"], seen["secrets_set"]) == ({"unit_registry": "VC=SE2@SE2"}, ["api_key"])
    assert kept["options"] == {"unit_registry": "VC=SE3@SE3", "api_key": "file:secrets/prator"}


async def test_a_disabled_time_that_is_out_needs_nobody(hub: Running) -> None:
    """Time without a zone is not taken, for nobody knows when it is."""
    await published(hub)
    operator = api(hub, Role.OPERATOR)
    path = "/producers/omsorgen/disable"

    zoneless = await operator.post(path, {"notice": "x", "until": "2999-01-01T00:00:00"})
    past = await operator.post(path, {"notice": "x", "until": "2020-01-01T00:00:00+01:00"})
    soon = await operator.post(path, {"notice": "x", "until": "2999-01-01T00:00:00+01:00"})

    assert (zoneless.status, past.status, soon.status) == (422, 422, 200)
    assert past.body["faults"] == ["until: is past"]
    until = soon.body["producer"]["in_force"]["disabled"]["until"]
    assert until in ("2998-12-31T23:00:00Z", "2999-01-01T00:00:00+01:00")


async def test_a_change_is_a_row_of_the_access_log_before_it_is_made(hub: Running) -> None:
    """Who, what and which; looking is none; and what could not be noted is not changed."""
    registrar, observer = api(hub, Role.REGISTRAR), api(hub, Role.OBSERVER)
    assert (await registrar.post("/producers", FORM)).status == 201
    assert (await observer.get("/producers")).status == 200
    assert (await observer.post("/producers", {**FORM, "id": "another"})).status == 403
    assert (await registrar.ask("PATCH", "/producers/omsorgen", {"name": "Omsorg"})).status == 200

    data = hub.site.folder / "data"
    database = open_database(data, read_only=True)
    rows = AccessLogReader(database, open_vault(database)).latest(10, administration=True)
    database.close()
    who = {row.record.sender for row in rows}
    assert len(who) == 1
    assert all(row.record.door == "admin" and row.record.subject is None for row in rows)
    assert [row.record.fault_detail for row in reversed(rows)] == [
        "POST /producers (registerProducer)",
        "PATCH /producers/omsorgen (changeProducer)",
    ]

    falsify(data, "DELETE FROM audit_tree")
    refused = await registrar.ask("PATCH", "/producers/omsorgen", {"name": "Annat"})
    assert refused.status == 503
    assert (await registrar.get("/producers/omsorgen")).body["form"]["name"] == "Omsorg"
