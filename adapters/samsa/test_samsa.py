"""SAMSA's adapter: the recorded cases, and the running simulator over a real socket."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from samsvar.adapter_api import (
    Http,
    HttpAnswer,
    PersonId,
    ProducerError,
    ProducerFault,
    care,
)
from samsvar.adapter_api.xml import checked_element
from samsvar.simulation import PEOPLE, Knobs, person, running
from samsvar_adapters.samsa import ADAPTER, messages
from samsvar_adapters.samsa.messages import NAMESPACE
from samsvar_adapters.samsa.simulator import application
from samsvar_adapters.samsa.simulator_data import CASES
from tests.adapter_http import RealHttp, real_http

FOLDER = Path(__file__).parent / "cases"
RECORDED = sorted(path for path in FOLDER.iterdir() if path.is_dir())
SOURCE = "SE2321000131-SAMSA"
ADDRESS = "https://samsa.invalid/PlanService/v4"


@dataclasses.dataclass(frozen=True)
class RecordedHttp:
    """The port with the answers of one case's folder behind it."""

    folder: Path

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """The recorded answer to what is asked; a question that was not recorded fails."""
        assert (method, url) == ("POST", ADDRESS)
        asked = checked_element(body or b"").find(".//{*}Body/*")
        assert asked is not None
        case_id = asked.findtext(f"{{{NAMESPACE}}}ArendeId")
        file_id = asked.findtext(f"{{{NAMESPACE}}}BilagaId")
        name = {
            f"{{{NAMESPACE}}}HamtaArendeLista": "arendelista",
            f"{{{NAMESPACE}}}HamtaPlan": f"plan_{case_id}",
            f"{{{NAMESPACE}}}HamtaBilaga": f"bilaga_{case_id}_{file_id}",
        }[str(asked.tag)]
        if (mime := self.folder / f"{name}.mime").exists():
            header, _, content = mime.read_bytes().partition(b"\r\n\r\n")
            media_type = header.decode().removeprefix("Content-Type: ")
            return HttpAnswer(200, {"content-type": media_type}, content)
        content = (self.folder / f"{name}.xml").read_bytes()
        status = 500 if b"Fault>" in content else 200
        return HttpAnswer(status, {"content-type": "text/xml"}, content)


_: type[Http] = RecordedHttp  # interface guard


def query_of(folder: Path) -> care.CareQuery:
    """What was asked in a case."""
    asked = tomllib.loads((folder / "query.toml").read_text(encoding="utf-8"))
    subject = PersonId(asked["root"], asked["number"])
    return care.CareQuery(subject, asked["source_system"])


def question(number: str) -> care.CareQuery:
    """A question about one of the fictive people."""
    fictive = person(number)
    return care.CareQuery(PersonId(fictive.root, fictive.number), SOURCE)


def as_json(plans: Any) -> str:
    """The canonical records as text: dates as ISO, bytes as their length and fingerprint."""

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(type(value).__name__)

    records = [dataclasses.asdict(plan) for plan in plans]
    return json.dumps(records, default=plain, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
async def test_a_recorded_case_gives_what_is_expected(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    """The records are those of ``expected.json``, or the error is the one in ``refused.txt``."""
    query = query_of(folder)
    try:
        plans = await ADAPTER.care_plans(query, ADDRESS, {}, RecordedHttp(folder))
    except ProducerError as refused:
        name, actual, told = "refused.txt", f"{refused.code}\n", str(refused)
    else:
        name, actual, told = "expected.json", as_json(plans), repr(plans)
    assert query.subject.extension[-4:] not in told
    if request.config.getoption("--accept", default=False):
        for old in ("refused.txt", "expected.json"):
            (folder / old).unlink(missing_ok=True)
        (folder / name).write_text(actual, encoding="utf-8")
    assert (folder / name).exists(), f"{folder.name}: not expected to give {name}"
    assert actual == (folder / name).read_text(encoding="utf-8")


async def ask(
    number: str, knobs: Knobs | None = None, options: Mapping[str, str] | None = None
) -> tuple[list[care.CarePlan], RealHttp]:
    """Ask the simulator over a real socket about one person."""
    async with (
        running(application(knobs or Knobs())) as address,
        real_http(address) as http,
    ):
        plans = await ADAPTER.care_plans(question(number), address, options or {}, http)
    return list(plans), http


async def test_the_simulator_answers_for_all_its_people() -> None:
    """Each person's plans come back about that person and from the source that was asked."""
    answers = {number: (await ask(number))[0] for number in CASES}

    assert {
        number: {(plan.subject.extension, plan.source_system) for plan in plans}
        for number, plans in answers.items()
    } == {number: {(number, SOURCE)} for number in CASES}
    assert {plan.status for plans in answers.values() for plan in plans} == (
        set(care.PlanStatus) - {care.PlanStatus.ASSESSING}
    )


async def test_people_whom_the_system_does_not_know_have_no_plans() -> None:
    """Unknown is empty, also for a number of another issuer, about which nothing is asked."""
    unknown = [each.number for each in PEOPLE if each.number not in CASES]
    answers = [await ask(number) for number in unknown]

    assert unknown == ["991981000010"]
    assert [(plans, len(http.asked)) for plans, http in answers] == [([], 0)]
    async with running(application(Knobs())) as address, real_http(address) as http:
        nobody = care.CareQuery(PersonId(person("191212121212").root, "201501012395"), SOURCE)
        assert list(await ADAPTER.care_plans(nobody, address, {}, http)) == []
        assert len(http.asked) == 1


async def test_there_are_no_care_contacts_and_nothing_is_asked() -> None:
    """SAMSA has none."""
    async with running(application(Knobs())) as address, real_http(address) as http:
        contacts = await ADAPTER.care_contacts(question("191212121212"), address, {}, http)

        assert (list(contacts), http.asked) == ([], [])


async def test_tolvan_has_a_closed_plan() -> None:
    """The person of the demonstration."""
    plans, _http = await ask("191212121212")

    assert [(plan.plan_id, plan.type, plan.status) for plan in plans] == [
        ("4702-0011", care.PlanType.SIP, care.PlanStatus.CLOSED),
        ("4702-0040", care.PlanType.SPU, care.PlanStatus.ESTABLISHED),
    ]


async def test_the_childs_plan_holds_school_and_family_parts_that_may_not_be_shared() -> None:
    """They stay in the record, marked, beside a whole-plan PDF that the hub withholds."""
    (plan,), _http = await ask("201201252382")

    assert [
        (each.provenance.legal_basis, each.provenance.shareable) for each in plan.activities
    ] == [
        (care.LegalBasis.OTHER_AUTHORITY, False),
        (care.LegalBasis.SOL_OTHER, False),
        (care.LegalBasis.HSL, True),
    ]
    (attachment,) = plan.attachments
    assert attachment.whole_plan
    assert attachment.content.startswith(b"%PDF-")
    assert attachment.content.rstrip().endswith(b"%%EOF")


async def test_a_big_pdf_is_named_and_never_fetched() -> None:
    """412 332 bytes: two calls, the list and the plan."""
    (plan,), http = await ask("193801029202")

    assert [(each.size, each.content) for each in plan.attachments] == [(412_332, b"")]
    assert [remark.code for remark in plan.quality] == [care.QualityCode.ATTACHMENT_TOO_BIG]
    assert len(http.asked) == 2


async def test_no_number_stands_in_an_address_or_a_header() -> None:
    """It is in the message's body alone."""
    _plans, http = await ask("196501022773")

    outside = " ".join(f"{each.url} {dict(each.headers)}" for each in http.asked)
    assert not re.search(r"650102.?2773", outside)
    assert b"19650102-2773" in (http.asked[0].body or b"")


async def test_a_user_name_is_sent_only_if_there_is_one() -> None:
    """A UsernameToken with the password as text, inside TLS; none by default."""
    _plans, silent = await ask("191212121212")
    _plans, named = await ask(
        "191212121212", options={"username": "samsvar", "password": "hemligt"}
    )

    assert not any(b"UsernameToken" in (each.body or b"") for each in silent.asked)
    assert all(b">samsvar<" in (each.body or b"") for each in named.asked)
    assert all(b"#PasswordText" in (each.body or b"") for each in named.asked)
    assert "hemligt" not in repr(messages.Credentials("samsvar", "hemligt"))


async def test_the_action_is_the_one_of_the_wsdl() -> None:
    """The list is asked for first, then each plan, then the attachments."""
    _plans, http = await ask("201201252382")

    assert [each.headers["SOAPAction"] for each in http.asked] == [
        '"urn:samsa:plan:v4:HamtaArendeLista"',
        '"urn:samsa:plan:v4:HamtaPlan"',
        '"urn:samsa:plan:v4:HamtaBilaga"',
    ]


async def test_a_fault_is_the_producers_and_is_not_repeated() -> None:
    """Only the code of the fault is told."""
    with pytest.raises(ProducerFault) as refused:
        await ask("191212121212", Knobs(fault=True))

    assert str(refused.value) == "SAMSA answered with a SOAP fault Server"


async def test_a_token_that_has_run_out_is_a_fault_once() -> None:
    """The next question is answered."""
    knobs = Knobs(expired_token=True)
    with pytest.raises(ProducerFault, match="InvalidSecurityToken"):
        await ask("191212121212", knobs)

    assert len((await ask("191212121212", knobs))[0]) == 2


async def test_another_patients_plans_keep_their_own_person() -> None:
    """So that the hub's check of patients sees them; the asked number is never put there."""
    plans, _http = await ask("191212121212", Knobs(wrong_patient=True))

    assert plans
    assert not [plan for plan in plans if plan.subject == question("191212121212").subject]


@pytest.mark.parametrize("knob", ["outage", "garbage", "refuse"])
async def test_a_broken_system_is_a_producer_error(knob: str) -> None:
    """Whatever comes back, or nothing at all."""
    knobs = Knobs()
    knobs.turn({knob: True})
    with pytest.raises(ProducerError):
        await ask("191212121212", knobs)


async def test_a_dripping_answer_is_still_read() -> None:
    """A slow answer within the port's patience."""
    plans, _http = await ask("199001032391", Knobs(drip=0.0001))

    assert [plan.status for plan in plans] == [care.PlanStatus.ENTERED_IN_ERROR]


class CountingHttp:
    """Twelve cases, all gone when asked for; counts how many are asked for at once."""

    def __init__(self) -> None:
        self.now = self.most = self.asked = 0

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """The list, or the fault of a case that is gone."""
        self.asked += 1
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        rows = "".join(f"<Arende><ArendeId>A{n}</ArendeId></Arende>" for n in range(12))
        listed = f'<HamtaArendeListaSvar xmlns="{NAMESPACE}">{rows}</HamtaArendeListaSvar>'
        gone = "<s:Fault><faultstring>Ärendet finns ej</faultstring></s:Fault>"
        content = listed if b"HamtaArendeLista" in (body or b"") else gone
        envelope = (
            f'<s:Envelope xmlns:s="{messages.ENVELOPE}"><s:Body>{content}</s:Body></s:Envelope>'
        )
        return HttpAnswer(200, {"content-type": "text/xml; charset=utf-8"}, envelope.encode())


async def test_at_most_four_plans_are_asked_for_at_once() -> None:
    """All twelve are asked for, and their being gone is no error."""
    http = CountingHttp()

    assert list(await ADAPTER.care_plans(question("191212121212"), ADDRESS, {}, http)) == []
    assert (http.asked, http.most) == (13, 4)
