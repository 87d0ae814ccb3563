"""The cases of this adapter, and what a case cannot say: sockets, knobs, laws.

Each folder of ``cases`` holds Prator's answer as recorded, the question (``query.toml``) and
either the plans expected or the code of the refusal. Rewrite what is expected with
``pytest adapters/prator tests/conftest.py --accept``, and read the difference.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.adapter_api import (
    PersonId,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerTimedOut,
    ProducerUnreachable,
    care,
    short_form,
)
from samsvar.simulation import PEOPLE, Fictive, Knobs, person, running
from samsvar_adapters.prator import vocabulary
from samsvar_adapters.prator.answer import cases_of, read_cases
from samsvar_adapters.prator.client import PratorAdapter
from samsvar_adapters.prator.mapping import care_plans
from samsvar_adapters.prator.simulator import application, native_number
from samsvar_adapters.prator.simulator_data import CASES, UNIT_REGISTRY
from samsvar_adapters.prator.units import read_registry
from samsvar_adapters.prator.wording import Who, read_who, split_sbar
from tests.adapter_http import RealHttp, real_http

HERE = Path(__file__).parent
FOLDERS = sorted(folder for folder in (HERE / "cases").iterdir() if folder.is_dir())
TODAY = date(2026, 6, 1)
ADAPTER = PratorAdapter(today=lambda: TODAY)
OPTIONS = {"api_key": "prov", "unit_registry": UNIT_REGISTRY}
SOURCE = "SE2321000032-PRATOR"


def question(fictive: Fictive) -> care.CareQuery:
    """What is asked about a fictive person."""
    return care.CareQuery(PersonId(fictive.root, fictive.number), SOURCE)


def plain(value: object) -> object:
    """A record as JSON has it: ISO dates, and bytes as their length and digest."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    return value


def outcome(folder: Path) -> tuple[str, str]:
    """The file that a case should have, and what it should say."""
    asked = tomllib.loads((folder / "query.toml").read_text("utf-8"))
    query = care.CareQuery(PersonId(asked["root"], asked["person"]), asked["source_system"])
    registry = read_registry(asked.get("unit_registry", ""))
    answer = (folder / "native_answer.json").read_bytes()
    try:
        plans = care_plans(read_cases(answer), query, registry, asked["day"])
    except ProducerError as error:
        return "refused.txt", f"{error.code}\n"
    records = [plain(asdict(plan)) for plan in plans]
    return "expected.json", json.dumps(records, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_case(folder: Path, request: pytest.FixtureRequest) -> None:
    """The recorded answer becomes the plans expected, or is refused as expected."""
    name, text = outcome(folder)
    if request.config.getoption("--accept", default=False):
        for old in ("expected.json", "refused.txt"):
            (folder / old).unlink(missing_ok=True)
        (folder / name).write_text(text, "utf-8")

    assert {path.name for path in folder.iterdir()} == {"native_answer.json", "query.toml", name}
    assert text == (folder / name).read_text("utf-8")


@asynccontextmanager
async def prator(knobs: Knobs, patience: float = 5.0) -> AsyncIterator[tuple[str, RealHttp]]:
    """A running simulator, and a port that may reach it."""
    async with (
        running(application(knobs)) as address,
        real_http(address, patience=patience) as http,
    ):
        yield address, http


async def asked_of(
    knobs: Knobs, fictive: Fictive, patience: float = 5.0
) -> Sequence[care.CarePlan]:
    """What the adapter says about a person when the simulator is turned like this."""
    async with prator(knobs, patience) as (address, http):
        return await ADAPTER.care_plans(question(fictive), address, OPTIONS, http)


async def test_the_simulator_has_every_status_for_its_people() -> None:
    """Each fictive person is found under the number as Prator writes it, with what is theirs."""
    seen: dict[str, list[str]] = {}
    async with prator(Knobs()) as (address, http):
        for fictive in PEOPLE:
            plans = await ADAPTER.care_plans(question(fictive), address, OPTIONS, http)
            seen[fictive.number] = [plan.status.value for plan in plans]
            assert {plan.subject for plan in plans} == {question(fictive).subject}
            assert {plan.source_system for plan in plans} == {SOURCE}

    assert seen == {
        "191212121212": ["FOLLOW_UP"],
        "193201027723": ["ESTABLISHED"],
        "193801029202": ["INITIATED"],
        "194401077674": ["INVITED"],
        "195101151818": ["CLOSED"],
        "196501022773": ["FOLLOW_UP"],
        "199001012385": ["ASSESSING"],
        "199001032391": ["INTERRUPTED"],
        "200101012383": ["ENTERED_IN_ERROR", "ESTABLISHED"],
        "200901072389": ["ESTABLISHED"],
        "201201252382": ["FOLLOW_UP"],
        "202101012397": ["UNKNOWN"],
        "189001019802": ["ESTABLISHED"],
        "194100642398": ["ESTABLISHED"],
        "199008672397": ["PLANNING"],
        "19810829M071": ["ESTABLISHED"],
        "991981000010": ["ESTABLISHED"],
    }
    assert {status for found in seen.values() for status in found} == set(care.PlanStatus)


async def test_the_question_is_prators_own() -> None:
    """The 10-digit number in the path, no period, and the key in its header only."""
    async with prator(Knobs()) as (address, http):
        await ADAPTER.care_plans(question(person("189001019802")), f"{address}/", OPTIONS, http)

    assert [(asked.method, asked.url, asked.headers["X-Api-Key"]) for asked in http.asked] == [
        (
            "GET",
            f"{address}/prator/api/v1/personer/900101%2B9802/arenden?typ=SIP,SVU&from=&tom=",
            "prov",
        )
    ]


async def test_the_demo_person_has_a_plan_worth_reading() -> None:
    """Region and municipality both act, and nearly everything may be shown."""
    (plan,) = await asked_of(Knobs(), person("191212121212"))

    assert plan.status is care.PlanStatus.FOLLOW_UP
    assert plan.type is care.PlanType.SIP
    assert [
        (a.activity_id, a.responsible_principal, a.provenance.shareable) for a in plan.activities
    ] == [
        ("a1", care.Principal.REGION, True),
        ("a2", care.Principal.REGION, True),
        ("a3", care.Principal.REGION, True),
        ("a4", care.Principal.MUNICIPALITY, True),
        ("a5", care.Principal.MUNICIPALITY, True),
        ("a6", care.Principal.MUNICIPALITY, True),
        ("a7", care.Principal.OTHER, False),
    ]
    assert all(goal.provenance.shareable for goal in plan.goals)


async def test_an_unknown_person_has_no_plans() -> None:
    """Svarskod 0 with no cases is an answer, not a failure."""
    nobody = Fictive("201501012395", "Nils Ingenstans")

    assert await asked_of(Knobs(), nobody) == ()


async def test_prator_has_no_care_contacts() -> None:
    """An empty list, and nobody is asked."""
    knobs = Knobs()
    async with prator(knobs) as (address, http):
        contacts = await ADAPTER.care_contacts(question(PEOPLE[0]), address, OPTIONS, http)

    assert contacts == ()
    assert knobs.calls == 0


@pytest.mark.parametrize(
    ("knobs", "refusal", "words"),
    [
        (Knobs(fault=True), ProducerFault, "svarskod 17"),
        (Knobs(outage=True), ProducerFault, "HTTP 503"),
        (Knobs(expired_token=True), ProducerFault, "API key"),
        (Knobs(garbage=True), ProducerAnswerInvalid, "not JSON"),
        (Knobs(refuse=True), ProducerUnreachable, "no connection"),
        (Knobs(latency=3.0), ProducerTimedOut, "timeout"),
        (Knobs(drip=0.05), ProducerTimedOut, "timeout"),
    ],
    ids=["fault", "outage", "expired_token", "garbage", "refuse", "latency", "drip"],
)
async def test_a_broken_prator_is_a_producer_error(
    knobs: Knobs, refusal: type[ProducerError], words: str
) -> None:
    """Each way to break ends as its own error, and no text names the person."""
    tolvan = person("191212121212")
    with pytest.raises(refusal, match=words) as raised:
        await asked_of(knobs, tolvan, patience=0.3)

    assert type(raised.value) is refusal
    assert not {tolvan.number, tolvan.short} & set(str(raised.value).split())


async def test_another_persons_documents_keep_their_own_subject() -> None:
    """The hub's patient check must see whom the source's document is about."""
    asked = person("193201027723")
    plans = await asked_of(Knobs(wrong_patient=True), asked)

    assert [plan.plan_id for plan in plans] == ["AC-2023-005102"]
    assert question(asked).subject not in {plan.subject for plan in plans}


async def test_the_key_must_be_there() -> None:
    """Without a key nobody is asked; Prator itself refuses a blank one."""
    knobs = Knobs()
    async with prator(knobs) as (address, http):
        with pytest.raises(ProducerError, match="api_key"):
            await ADAPTER.care_plans(question(PEOPLE[0]), address, {"api_key": " "}, http)
        refused = await http.request("GET", f"{address}/prator/api/v1/personer/1/arenden")

    assert (knobs.calls, refused.status) == (1, 401)


async def test_the_simulator_filters_by_type_and_beginning() -> None:
    """``typ``, ``from`` and ``tom`` work as in Prator, though the adapter never narrows."""
    async with prator(Knobs()) as (address, http):
        counts = []
        for wanted in ("typ=SIP,SVU&from=&tom=", "typ=SVU", "from=2026-01-01", "tom=2025-12-31"):
            answer = await http.request(
                "GET",
                f"{address}/prator/api/v1/personer/121212%2B1212/arenden?{wanted}",
                headers={"X-Api-Key": "prov"},
            )
            counts.append(len(read_cases(answer.body)))

    assert counts == [2, 1, 1, 1]


def test_prators_spelling_of_a_number_is_that_of_the_hub() -> None:
    """The simulator and the adapter write every fictive person's number alike."""
    assert [native_number(one) for one in PEOPLE] == [
        short_form(PersonId(one.root, one.number), TODAY) for one in PEOPLE
    ]


@pytest.mark.parametrize(
    "option",
    ["VC-017", "=SE2321000032-00A1", "VC-017=VC-017", "A-1=;A-1=", "VC-017=SE2321000032-00A1@"],
)
def test_a_faulty_unit_registry_is_refused(option: str) -> None:
    """A typing error must not become a unit without an id, in silence."""
    with pytest.raises(ProducerError, match="unit_registry, entry"):
        read_registry(option)


@pytest.mark.parametrize(
    ("law", "who", "basis"),
    [
        ("HSL", "Hemsjukvården / kommun", "HSL"),
        ("hsl 16 kap 4 §", None, "HSL"),
        ("Hälso- och sjukvårdslagen", None, "HSL"),
        ("SoL", "Hemtjänst / kommun", "SOL_OTHER"),
        ("SoL äldre", "Hemtjänst / kommun", "SOL_ELDERLY"),
        ("SoL, funktionsnedsättning", None, "SOL_DISABILITY"),
        ("LSS 9 §", None, "LSS"),
        ("HSL/SoL", "Hemteam / kommun", "UNKNOWN"),
        ("ej HSL", None, "UNKNOWN"),
        ("enligt beslut", None, "UNKNOWN"),
        (None, "Hälsocentralen / region", "UNKNOWN"),
        ("HSL", "Elevhälsan / skola", "SCHOOL_HEALTH"),
        ("SoL", "Exempelskolan", "OTHER_AUTHORITY"),
        (None, "Rektor, Exempelskolan / skola", "OTHER_AUTHORITY"),
        ("HSL", "IFO barn / kommun", "SOL_OTHER"),
        ("LVU", None, "SOL_OTHER"),
    ],
)
def test_the_law_is_read_without_guessing(law: str | None, who: str | None, basis: str) -> None:
    """What is not said, or said twice, is UNKNOWN; school and IFO are never taken for health."""
    assert vocabulary.basis_of(law, who) == basis


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (None, Who()),
        ("Hemtjänst Exempel / kommun", Who(None, "Hemtjänst Exempel", care.Principal.MUNICIPALITY)),
        ("Ssk Karin L, HC / region", Who("Ssk Karin L", "HC", care.Principal.REGION)),
        ("Exempelkommun", Who(None, "Exempelkommun", care.Principal.MUNICIPALITY)),
        ("Exempelskolan / skola", Who(None, "Exempelskolan", care.Principal.OTHER)),
        ("Dotter", Who("Dotter", None, care.Principal.OTHER)),
        ("Fotvården", Who(None, "Fotvården", None)),
        ("/", Who()),
    ],
)
def test_who_is_taken_apart(text: str | None, who: Who) -> None:
    """Unit, huvudman and person stand in one field."""
    assert read_who(text) == who


@given(st.lists(st.text(alphabet="abcåäö ", min_size=1).map(str.strip), min_size=4, max_size=4))
def test_four_headings_in_order_split_and_nothing_is_lost(parts: list[str]) -> None:
    """Writing four headed texts in one and splitting them again is identity."""
    text = "\n".join(f"{letter}: {part}" for letter, part in zip("SBAR", parts, strict=True))

    assert split_sbar(text) == tuple(parts)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_TIMES = st.sampled_from(["2023-03-01 14:05", "2023-10-29 02:30", "v. 9", "00010101", "9999-12-31"])
_NUMBERS = st.sampled_from(["650102-2773", "19650102-2773", "650102+2773", "6501022773"])


def _loose(**keys: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Objects with some of Prator's keys, each with what belongs there or with anything."""
    return st.fixed_dictionaries({}, optional={key: _JSON | kind for key, kind in keys.items()})


_ROW = _loose(
    nr=st.integers(0, 3), mål=st.integers(0, 3), vad=st.text(), text=st.text(), vem=st.text(),
    när=_TIMES, status=st.sampled_from(sorted(vocabulary.ACTIVITY_STATUS)),
    lagrum=st.sampled_from(["HSL", "SoL"]), enhet=st.just("VC-017"), uppfyllt=st.just("Ja"),
)  # fmt: skip
_MESSAGE = _loose(
    löpnr=st.integers(0, 5),
    typ=st.sampled_from(sorted({*vocabulary.CASE_STATE, *vocabulary.WITHDRAWALS})),
    sänt=_TIMES, datum=_TIMES, möte=_TIMES, version=st.integers(0, 3), text=st.text(),
    avser=st.integers(0, 5), mål=st.lists(_ROW, max_size=2), aktiviteter=st.lists(_ROW, max_size=2),
    patientensMål=st.text(), måluppfyllelse=st.lists(_ROW, max_size=2), från=st.just("VC-017"),
)  # fmt: skip
_CASE = _loose(
    ärendeId=st.sampled_from(["A", "B"]), ärendetyp=st.sampled_from(["SIP", "SVU"]),
    person=_loose(personnummer=_NUMBERS), skapad=_TIMES,
    status=st.sampled_from(sorted(vocabulary.STATUS_TEXT)),
    meddelanden=st.lists(_MESSAGE | _JSON, max_size=4),
    utskrift=_loose(innehåll=st.just("JVBERi0xLjQ=")),
)  # fmt: skip
_ASKED = question(person("196501022773"))


@given(st.lists(_CASE | _JSON, max_size=3))
def test_mapping_raises_nothing_but_producer_errors(cases: list[object]) -> None:
    """Whatever stands in the cases: plans, never more than there are cases, or a refusal."""
    try:
        plans = care_plans(cases, _ASKED, read_registry(UNIT_REGISTRY), TODAY)
    except ProducerError:
        return

    assert len(plans) <= len(cases)
    assert len({plan.plan_id for plan in plans}) == len(plans)
    for plan in plans:
        json.dumps(plain(asdict(plan)), ensure_ascii=False).encode("utf-8")


@given(_JSON | st.fixed_dictionaries({"svarskod": st.just(0) | _JSON, "ärenden": _JSON}))
def test_any_document_is_cases_or_a_producer_error(document: object) -> None:
    """What is not Prator's answer is refused as the producer's."""
    try:
        cases = cases_of(document)
    except ProducerError:
        return

    assert isinstance(cases, tuple)


@given(st.binary(max_size=200))
def test_any_bytes_are_cases_or_a_producer_error(body: bytes) -> None:
    """Bytes that are no JSON never reach the mapping."""
    try:
        cases = read_cases(body)
    except ProducerError:
        return

    assert isinstance(cases, tuple)


def test_deep_nesting_is_refused() -> None:
    """A document made to exhaust the stack is the producer's fault, not ours."""
    with pytest.raises(ProducerAnswerInvalid):
        read_cases(b'{"svarskod":0,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_nothing_personal_is_printed_by_a_plan() -> None:
    """``repr`` of what the mapping makes shows no number and no text."""
    fictive = person("191212121212")
    plans = care_plans(
        CASES[fictive.number], question(fictive), read_registry(UNIT_REGISTRY), TODAY
    )

    shown = repr(plans)
    assert "Tolvan" not in shown
    assert "1212" not in shown
    assert "bänken" not in shown
