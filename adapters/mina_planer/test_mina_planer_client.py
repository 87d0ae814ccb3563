"""The client against the running simulator, over real sockets: tokens, pages, knobs, URLs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web

from samsvar.adapter_api import (
    HttpAnswer,
    PersonId,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerTimedOut,
    ProducerUnreachable,
    care,
)
from samsvar.simulation import PEOPLE, Knobs, person, running, with_knobs
from samsvar_adapters.mina_planer import MinaPlaner
from samsvar_adapters.mina_planer.client import MOST_PAGES
from samsvar_adapters.mina_planer.simulator import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN_SECONDS,
    Simulator,
    application,
)
from samsvar_adapters.mina_planer.simulator_data import PLANS, SKANE_RESERVE
from samsvar_adapters.mina_planer.tokens import MARGIN_SECONDS, Tokens
from tests.adapter_http import RealHttp, real_http

pytestmark = pytest.mark.wire

SOURCE = "SE2321000255-MP01"
OPTIONS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
MANY = "199001032391"


def query(number: str, root: str | None = None) -> care.CareQuery:
    """A question for all that there is about a person."""
    return care.CareQuery(PersonId(root or person(number).root, number), SOURCE)


@dataclass(slots=True)
class Set:
    """A simulator that runs, the way to it, and an adapter of our own."""

    knobs: Knobs
    simulator: Simulator
    address: str
    http: RealHttp
    adapter: MinaPlaner = field(default_factory=MinaPlaner)

    async def plans(self, number: str, **options: str) -> list[str]:
        """Ids of the plans that the adapter finds."""
        found = await self.adapter.care_plans(
            query(number), self.address, OPTIONS | options, self.http
        )
        return [plan.plan_id for plan in found]


@asynccontextmanager
async def a_set(*, patience: float = 5.0) -> AsyncIterator[Set]:
    """A simulator on loopback until the block ends."""
    knobs = Knobs()
    simulator = Simulator(knobs)
    async with (
        running(with_knobs(simulator.application(), knobs)) as address,
        real_http(address, patience=patience) as http,
    ):
        yield Set(knobs, simulator, address, http)


async def test_the_demo_person_has_a_discharge_plan_and_an_admission() -> None:
    """Type, status, level of care and the ongoing Vårdtillfälle, over the network."""
    async with a_set() as place:
        asked = query("191212121212")
        plans = await place.adapter.care_plans(asked, place.address, OPTIONS, place.http)
        contacts = await place.adapter.care_contacts(asked, place.address, OPTIONS, place.http)

    assert [
        (plan.type, plan.status, plan.treatment_limitation.exists, plan.subject == asked.subject)
        for plan in plans
    ] == [
        (care.PlanType.SPU, care.PlanStatus.ESTABLISHED, care.Existence.YES, True),
        (care.PlanType.SPU, care.PlanStatus.CLOSED, care.Existence.UNKNOWN, True),
    ]
    assert [(contact.type, contact.status, contact.end is None) for contact in contacts] == [
        (care.ContactType.EPISODE, care.ContactStatus.ONGOING, True),
        (care.ContactType.EPISODE, care.ContactStatus.FINISHED, False),
    ]


async def test_every_person_gets_own_plans_and_no_others() -> None:
    """The simulator's people: all mapped, every subject is the one who was asked about."""
    async with a_set() as place:
        for fictive in PEOPLE:
            asked = query(fictive.number)
            plans = await place.adapter.care_plans(asked, place.address, OPTIONS, place.http)
            distinct = {str(plan["id"]) for plan in PLANS.get(fictive.number, [])}
            assert {plan.plan_id for plan in plans} == distinct
            assert {plan.subject for plan in plans} <= {asked.subject}
            assert {plan.source_system for plan in plans} <= {SOURCE}


async def test_skane_reserve_number_is_asked_for_under_its_own_system() -> None:
    """A local number with a letter goes as the system's reservnummer."""
    async with a_set() as place:
        asked = query(SKANE_RESERVE, "1.2.752.129.2.1.2.1")
        plans = await place.adapter.care_plans(asked, place.address, OPTIONS, place.http)

    assert [(plan.plan_id, plan.subject) for plan in plans] == [("mp-99100", asked.subject)]


async def test_no_url_holds_a_persons_number_or_the_secret() -> None:
    """Numbers go in bodies; the secret goes in a header, to the token server only."""
    async with a_set() as place:
        await place.plans(MANY, page_size="5")

    urls = " ".join(asked.url for asked in place.http.asked)
    assert MANY not in urls
    assert CLIENT_SECRET not in urls
    assert [asked.method for asked in place.http.asked] == ["POST", "POST", *["GET"] * 4]


async def test_all_pages_are_followed() -> None:
    """The usual page size needs two pages, one a page needs as many as there are plans."""
    async with a_set() as place:
        usual = await place.plans(MANY)
        one_each = await place.plans(MANY, page_size="1")

    assert usual == one_each == [str(plan["id"]) for plan in PLANS[MANY]]
    assert len(place.http.asked) == 1 + 2 + 23


async def test_search_by_get_is_served_too() -> None:
    """The simulator speaks the native form with the number in the URL; we do not use it."""
    async with a_set() as place:
        await place.plans("196501022773")
        token = place.http.asked[-1].headers["Authorization"]
        system = "http://electronichealth.se/identifier/personnummer"
        answer = await place.http.request(
            "GET",
            f"{place.address}/fhir/CarePlan?subject:identifier={system}|196501022773&_count=20",
            headers={"Authorization": token},
        )

    assert answer.status == 200
    assert json.loads(answer.body)["total"] == 1


async def test_questions_at_once_share_one_token() -> None:
    """Eight questions, one fetch."""
    async with a_set() as place:
        answers = await asyncio.gather(*(place.plans("191212121212") for _ in range(8)))

    assert answers == [["mp-88123", "mp-61007"]] * 8
    assert place.simulator.tokens_given == 1


async def test_a_question_that_is_given_up_does_not_take_the_others_with_it() -> None:
    """The one that fetches the token is cancelled; the one that waits fetches for itself."""
    async with a_set() as place:
        place.knobs.latency = 0.2
        first = asyncio.create_task(place.plans("191212121212"))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(place.plans("191212121212"))
        await asyncio.sleep(0.05)
        first.cancel()
        assert await second == ["mp-88123", "mp-61007"]
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_token_is_kept_until_shortly_before_it_runs_out() -> None:
    """Reused before the margin, fetched anew after it."""
    now = 1000.0
    async with a_set() as place:
        place.adapter = MinaPlaner(Tokens(monotonic=lambda: now))
        await place.plans("191212121212")
        now += TOKEN_SECONDS - MARGIN_SECONDS - 1
        await place.plans("191212121212")
        assert place.simulator.tokens_given == 1
        now += 2
        await place.plans("191212121212")
        assert place.simulator.tokens_given == 2


async def test_expired_token_is_fetched_anew_once() -> None:
    """A token that the source refuses early costs a fetch and no answer, mid-paging too."""
    async with a_set() as place:
        await place.plans("191212121212")
        place.knobs.expired_token = True
        assert await place.plans("191212121212") == ["mp-88123", "mp-61007"]
        assert place.simulator.tokens_given == 2


async def test_token_that_is_always_refused_is_a_fault() -> None:
    """Twice 401 and no third try."""

    async def refuse(_request: web.Request) -> web.Response:
        return web.json_response({}, status=401)

    async with own_server(refuse) as (address, http):
        with pytest.raises(ProducerFault):
            await MinaPlaner().care_plans(query(MANY), address, OPTIONS, http)
        assert len([asked for asked in http.asked if asked.url.endswith("_search")]) == 2


async def test_wrong_secret_is_a_fault_that_says_where_to_look() -> None:
    """The token server refuses; the secret is not in the text."""
    async with a_set() as place:
        with pytest.raises(ProducerFault, match="client_id") as caught:
            await place.plans(MANY, client_secret="another")

    assert "another" not in str(caught.value)


@pytest.mark.parametrize(
    ("knob", "value", "error"),
    [
        ("fault", True, ProducerFault),
        ("outage", True, ProducerFault),
        ("garbage", True, ProducerAnswerInvalid),
        ("refuse", True, ProducerUnreachable),
        ("latency", 5.0, ProducerTimedOut),
        ("drip", 0.5, ProducerTimedOut),
    ],
)
async def test_each_knob_becomes_an_error_of_the_producers(
    knob: str, value: object, error: type[ProducerError]
) -> None:
    """Whatever breaks, it is told as what it is, and never as an empty answer."""
    async with a_set(patience=0.5) as place:
        place.knobs.turn({knob: value})
        with pytest.raises(error) as caught:
            await place.plans("191212121212")

    assert "191212121212" not in str(caught.value)


async def test_wrong_patient_is_seen_as_another_subject() -> None:
    """Nothing of the asked person's id is put on what the source says is another's."""
    async with a_set() as place:
        place.knobs.wrong_patient = True
        asked = query("193801029202")
        plans = await place.adapter.care_plans(asked, place.address, OPTIONS, place.http)

    assert [plan.subject == asked.subject for plan in plans] == [False, False]


async def test_knobs_stand_in_front_of_the_application() -> None:
    """The function that starts a simulator serves the knobs' page beside the format."""
    async with running(application(Knobs())) as address, real_http(address) as http:
        answer = await http.request("GET", f"{address}/_simulator/knobs")

    assert answer.status == 200
    assert json.loads(answer.body)["fault"] is False


@asynccontextmanager
async def own_server(
    search: Callable[[web.Request], object], page: Callable[[web.Request], object] | None = None
) -> AsyncIterator[tuple[str, RealHttp]]:
    """A server with good tokens and a search of the test's own."""

    async def token(_request: web.Request) -> web.Response:
        return web.json_response({"access_token": "abc", "expires_in": 300})

    served = web.Application()
    served.router.add_post("/oauth2/token", token)
    served.router.add_post("/fhir/CarePlan/_search", search)  # type: ignore[arg-type]
    served.router.add_get("/fhir", page or search)  # type: ignore[arg-type]
    async with running(served) as address, real_http(address) as http:
        yield address, http


def bundle(next_url: str | None) -> web.Response:
    """An empty page with a link."""
    links = [{"relation": "next", "url": next_url}] if next_url else []
    return web.json_response({"resourceType": "Bundle", "link": links, "entry": []})


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example.se/fhir?page=2",
        "//elsewhere.example.se/fhir?page=2",
        "http://127.0.0.1:1/fhir",
        "http://user@{host}/fhir",
        "http://[broken",
        "file:///etc/passwd",
    ],
)
async def test_next_link_to_another_origin_is_refused(link: str) -> None:
    """A token goes to no other origin than the producer's."""
    host = ""

    async def search(_request: web.Request) -> web.Response:
        return bundle(link.replace("{host}", host))

    async with own_server(search) as (address, http):
        host = address.removeprefix("http://")
        with pytest.raises(ProducerAnswerInvalid):
            await MinaPlaner().care_plans(query(MANY), address, OPTIONS, http)
        assert len(http.asked) == 2


async def test_pages_that_lead_in_a_circle_are_refused() -> None:
    """The same link twice has no end."""

    async def search(_request: web.Request) -> web.Response:
        return bundle("/fhir?page=2")

    async with own_server(search) as (address, http):
        with pytest.raises(ProducerAnswerInvalid, match="do not end"):
            await MinaPlaner().care_plans(query(MANY), address, OPTIONS, http)
        assert len(http.asked) == 3


async def test_pages_without_end_are_refused() -> None:
    """A new link on each page is followed so far and no farther."""

    async def search(request: web.Request) -> web.Response:
        return bundle(f"/fhir?page={int(request.query.get('page', '1')) + 1}")

    async with own_server(search) as (address, http):
        with pytest.raises(ProducerAnswerInvalid, match="do not end"):
            await MinaPlaner().care_plans(query(MANY), address, OPTIONS, http)
        assert len(http.asked) == 1 + MOST_PAGES


async def test_next_link_with_the_number_is_asked_as_a_form() -> None:
    """A source that repeats the question in its link does not get the number into a URL."""
    forms: list[str] = []

    async def search(request: web.Request) -> web.Response:
        forms.append(await request.text())
        system = "http://electronichealth.se/identifier/personnummer"
        query_text = f"subject:identifier={system}%7C{MANY}&_offset=20"
        return bundle(f"/fhir/CarePlan?{query_text}" if len(forms) == 1 else None)

    async with own_server(search) as (address, http):
        assert await MinaPlaner().care_plans(query(MANY), address, OPTIONS, http) == ()

    assert [MANY in asked.url for asked in http.asked] == [False, False, False]
    assert [MANY in form for form in forms] == [True, True]
    assert "_offset=20" in forms[1]


@pytest.mark.parametrize(
    "token",
    [{"access_token": "abc\r\nX-Evil: 1"}, {"access_token": 7}, {"token": "abc"}, [], "abc"],
)
async def test_token_answer_without_a_token_is_refused(token: object) -> None:
    """What would break a header, or is no token, is never sent."""

    @dataclass(slots=True)
    class TokenServer:
        asked: int = 0

        async def request(
            self,
            method: str,
            url: str,
            *,
            headers: Mapping[str, str] | None = None,
            body: bytes | None = None,
        ) -> HttpAnswer:
            self.asked += 1
            return HttpAnswer(200, {}, json.dumps(token).encode())

    server = TokenServer()
    with pytest.raises(ProducerAnswerInvalid):
        await MinaPlaner().care_plans(query(MANY), "https://mp.example.se", OPTIONS, server)
    assert server.asked == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"client_id": "x"},
        OPTIONS | {"page_size": "0"},
        OPTIONS | {"page_size": "201"},
        OPTIONS | {"page_size": "²"},
        OPTIONS | {"page_size": "many"},
    ],
)
async def test_options_that_cannot_be_used_are_refused_before_asking(
    options: dict[str, str],
) -> None:
    """The text names the option."""
    async with a_set() as place:
        with pytest.raises(ProducerError, match="option"):
            await place.adapter.care_plans(query(MANY), place.address, options, place.http)
        assert place.http.asked == []


async def test_tokens_are_not_printed_by_accident() -> None:
    """The adapter's repr holds neither secret nor token."""
    async with a_set() as place:
        await place.plans("191212121212")
        shown = repr(place.adapter) + repr(replace(place.adapter))

    assert "mp-token" not in shown
    assert CLIENT_SECRET not in shown
