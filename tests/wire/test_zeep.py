"""A SOAP client that we did not write reads our WSDLs and our answers, over mutual TLS.

Six source systems tell the index what they have, and every fictive person is asked about. What
each of them has is written down here, so that nothing can get lost or be doubled on the way.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields
from typing import Any

import pytest
import pytest_asyncio
from lxml import etree

from samsvar import cli
from samsvar.model.person_numbers import is_reserve
from samsvar.simulation import PEOPLE, Fictive, Knobs
from samsvar.simulation.demo_data import CLINIC, HOSPITAL, MUNICIPALITY
from samsvar.soap.parsing import parse_trusted
from tests.contract_facts import packaged
from tests.hub import DOMAIN, HUB, Site
from tests.outside import SeenStatus, statuses_of
from tests.six_sources import INDEX, LIMIT, SERVICES, SixSources, SoapClient, six_sources

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

MINA, PRATOR, SAMSA = "SE2321000255-MINAPLANER1", "SE2321000032-PRATOR1", "SE2321000131-SAMSA1"
SIX = (CLINIC, MUNICIPALITY, HOSPITAL, PRATOR, SAMSA, MINA)
"""In the order of the index, which is that of the answer."""
WITH_CONTACTS = (CLINIC, MUNICIPALITY, HOSPITAL, MINA)
PLANS_OF: dict[str, dict[str, int]] = {
    "191212121212": {CLINIC: 1, MUNICIPALITY: 1, HOSPITAL: 1, PRATOR: 1, SAMSA: 2, MINA: 2},
    "193201027723": {PRATOR: 1, SAMSA: 1, MINA: 1},
    "193801029202": {SAMSA: 1, MINA: 1},
    "194401077674": {HOSPITAL: 1},
    "195101151818": {MUNICIPALITY: 1, PRATOR: 1, MINA: 1},
    "196501022773": {PRATOR: 1, SAMSA: 1},
    "199001012385": {SAMSA: 1, MINA: 2},
    "199001032391": {PRATOR: 1, MINA: 23},
    "200101012383": {PRATOR: 1, SAMSA: 1, MINA: 1},
    "200901072389": {PRATOR: 1, SAMSA: 1, MINA: 1},
    "201201252382": {PRATOR: 1, SAMSA: 1, MINA: 1},
    "202101012397": {HOSPITAL: 1, PRATOR: 1, SAMSA: 1},
    "189001019802": {PRATOR: 1, SAMSA: 1, MINA: 1},
    "194100642398": {PRATOR: 1, SAMSA: 1},
    "199008672397": {SAMSA: 1},
}
CONTACTS_OF: dict[str, dict[str, int]] = {
    "191212121212": {CLINIC: 1, HOSPITAL: 2, MINA: 2},
    "193201027723": {HOSPITAL: 1},
    "195101151818": {MINA: 1},
    "196501022773": {HOSPITAL: 1},
    "199001012385": {CLINIC: 1},
    "199001032391": {MINA: 23},
    "202101012397": {HOSPITAL: 1},
}
INDEXABLE = [each for each in PEOPLE if not is_reserve(each.root)]
TOLVAN = INDEXABLE[0]
STRUCTURED = "{urn:samsvar:plan:1}structuredPlan"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def six(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SixSources]:
    """Each source has told the index, by Update and its own certificate, of everybody."""
    async with six_sources(Site(tmp_path_factory.mktemp("hub"))) as sources:
        for hsa_id in SIX:
            await asyncio.to_thread(_tell_index, sources, hsa_id)
        yield sources


@pytest.fixture
def knobs(six: SixSources) -> Iterator[dict[str, Knobs]]:
    """Every knob is turned back afterwards."""
    yield dict(six.knobs)
    for each in six.knobs.values():
        each.turn({knob.name: knob.default for knob in fields(Knobs) if knob.name != "calls"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clients(six: SixSources) -> AsyncIterator[dict[str, SoapClient]]:
    """One for each contract, from the WSDL that is served."""
    paths = {
        "GetCarePlans 2": f"{SERVICES}GetCarePlans/2/rivtabp21",
        "GetCareContacts 2": f"{SERVICES}GetCareContacts/2/rivtabp21",
        "GetCareContacts 3": f"{SERVICES}GetCareContacts/3/rivtabp21",
        "FindContent 1": f"{INDEX}FindContent/1/rivtabp21",
    }
    made = {name: await asyncio.to_thread(six.client, path) for name, path in paths.items()}
    yield made
    for client in made.values():
        client.close()


def _tell_index(six: SixSources, hsa_id: str) -> None:
    client = six.client(f"{INDEX}Update/1/rivtabp21", six.identities[hsa_id])
    categories = ("cll-cp", "vko") if hsa_id in WITH_CONTACTS else ("cll-cp",)
    posts = [
        {
            "deleteFlag": False,
            "engagement": {
                "registeredResidentIdentification": fictive.number,
                "serviceDomain": DOMAIN,
                "categorization": category,
                "logicalAddress": hsa_id,
                "businessObjectInstanceIdentifier": "NA",
                "clinicalProcessInterestId": "NA",
                "mostRecentContent": "20261101120000",
                "sourceSystem": hsa_id,
                "dataController": hsa_id.partition("-")[0],
            },
        }
        for fictive in INDEXABLE
        for category in categories
    ]
    answer = client.call("Update", engagementTransaction=posts)
    client.close()
    assert getattr(answer, "ResultCode", answer) == "OK"


async def ask(
    clients: dict[str, SoapClient], contract: str, person: Fictive, correlation_id: str = ""
) -> Any:
    """One question to everybody, by zeep in a thread of its own."""
    patient = {"id": person.number, "type": person.root}
    operation = contract.partition(" ")[0]
    return await asyncio.to_thread(
        clients[contract].call, operation, HUB, correlation_id, patientId=patient
    )


def _counted(records: Any, header: str) -> dict[str, int]:
    return dict(Counter(record[header].sourceSystemHSAId for record in records))


def _statuses(client: SoapClient) -> list[SeenStatus]:
    return statuses_of(etree.tostring(client.envelope))


def _answered(*sources: str) -> list[SeenStatus]:
    return [SeenStatus(each, "DataFromSource", None, None, None) for each in sources]


@pytest.mark.parametrize("person", INDEXABLE, ids=[each.name for each in INDEXABLE])
async def test_everybodys_plans_are_collected_from_all_who_have_some(
    six: SixSources, clients: dict[str, SoapClient], person: Fictive
) -> None:
    """Each plan once, about the right person, typed; those of adapters with the plan as data."""
    answer = await ask(clients, "GetCarePlans 2", person)

    assert _counted(answer.carePlan, "carePlanHeader") == PLANS_OF.get(person.number, {})
    assert _statuses(clients["GetCarePlans 2"]) == _answered(*SIX)
    assert (answer.result.resultCode, answer.result.logId) == ("INFO", "NA")
    for plan in answer.carePlan:
        header = plan.carePlanHeader
        assert (header.patientId.id, header.patientId.type) == (person.number, person.root)
        assert header.documentId
        assert header.approvedForPatient in (True, False)
        assert len(header.accountableHealthcareProfessional.authorTime) == 14
        extensions = [each for each in plan._value_1 or [] if each.tag == STRUCTURED]
        assert len(extensions) == (header.sourceSystemHSAId in six.adapted)
        assert [_faults(each) for each in extensions] == [[]] * len(extensions)


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("person", INDEXABLE, ids=[each.name for each in INDEXABLE])
async def test_everybodys_contacts_are_collected_in_both_versions(
    clients: dict[str, SoapClient], person: Fictive, version: str
) -> None:
    contract = f"GetCareContacts {version}"
    answer = await ask(clients, contract, person)

    records = answer.careContact or []
    assert _counted(records, "careContactHeader") == CONTACTS_OF.get(person.number, {})
    assert _statuses(clients[contract]) == _answered(*WITH_CONTACTS)
    assert ("result" in answer) == (version == "3")
    kind = int if version == "2" else str
    for contact in records:
        assert contact.careContactHeader.patientId.id == person.number
        status = contact.careContactBody.careContactStatus
        code = status if version == "2" or status is None else status.code
        assert code is None or isinstance(code, kind)


async def test_the_fields_of_a_plan_are_read_by_their_types(
    clients: dict[str, SoapClient],
) -> None:
    """Text out of base64, a boolean, an enumeration, Swedish letters."""
    answer = await ask(clients, "GetCarePlans 2", TOLVAN)
    (plan,) = [one for one in answer.carePlan if one.carePlanHeader.documentId == "SVP-0031"]

    (content,) = plan.carePlanBody.content
    professional = plan.carePlanHeader.accountableHealthcareProfessional
    assert plan.carePlanHeader.documentTitle == "Standardiserad vårdplan diabetes typ 2"
    assert plan.carePlanHeader.documentTime == "20260305143000"
    assert plan.carePlanHeader.approvedForPatient is True
    assert professional.healthcareProfessionalOrgUnit.orgUnitName == "Vårdcentralen Granen"
    assert plan.carePlanBody.typeOfCarePlanEnum == "SVP"
    assert (content.mediaType, content.value.decode().splitlines()[2:4]) == (
        "text/plain",
        ["Mål", "HbA1c under 52."],
    )


async def test_the_index_tells_what_the_sources_said(clients: dict[str, SoapClient]) -> None:
    """FindContent, read by zeep: every source's post, owned by the index."""
    found = await asyncio.to_thread(
        clients["FindContent 1"].call,
        "FindContent",
        registeredResidentIdentification=TOLVAN.number,
        serviceDomain=DOMAIN,
        categorization="cll-cp",
    )

    posts = found if isinstance(found, list) else found.engagement
    assert [(post.sourceSystem, post.owner) for post in posts] == [(each, HUB) for each in SIX]
    assert {post.mostRecentContent for post in posts} == {"20261101120000"}
    assert {len(post.creationTime) for post in posts} == {14}


#: who fails how: knob, then status agent, code and opening of the text, then the decision
DOWN = ({"outage": True}, "service_producer", "43000", "HTTP status 503", "unreachable")
GONE = ({"refuse": True}, "service_producer", "43000", "it closed the connection", "unreachable")
SLOW = ({"latency": 30.0}, "service_producer", "504", "timeout", "late")
GARBAGE = ({"garbage": True}, "service_producer", "43000", "", "invalid")
FAULT = ({"fault": True}, "service_producer", "500", "", "fault")
WRONG = (
    {"wrong_patient": True},
    "service_producer",
    "43000",
    "record 1 is not about the person who was asked for",
    "foreign-patient",
)
Failure = tuple[dict[str, object], str, str, str, str]


@pytest.mark.slow
@pytest.mark.parametrize(
    "failures",
    [
        {CLINIC: DOWN, MUNICIPALITY: SLOW, SAMSA: GARBAGE, HOSPITAL: WRONG},
        {HOSPITAL: GARBAGE, PRATOR: SLOW, MINA: WRONG, CLINIC: FAULT},
        {PRATOR: WRONG, SAMSA: FAULT, MINA: SLOW, MUNICIPALITY: GONE},
    ],
    ids=["those that speak the contract", "both kinds", "adapters"],
)
async def test_what_fails_costs_its_own_records_and_is_told_with_its_cause(
    six: SixSources,
    clients: dict[str, SoapClient],
    knobs: dict[str, Knobs],
    failures: dict[str, Failure],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One down, one slow, one with garbage, one with somebody else's: the rest is delivered
    within the slow one's limit, and ``explain`` gives each the same cause as its status."""
    for source, failure in failures.items():
        knobs[source].turn(failure[0])
    correlation_id = f"failing-{len(failures)}-{'-'.join(failures)}"[:64]

    begun = time.monotonic()
    answer = await ask(clients, "GetCarePlans 2", TOLVAN, correlation_id)
    elapsed = time.monotonic() - begun

    whole = [source for source in SIX if source not in failures]
    assert LIMIT <= elapsed < LIMIT + 2
    assert _counted(answer.carePlan, "carePlanHeader") == {
        source: PLANS_OF[TOLVAN.number][source] for source in whole
    }
    assert {plan.carePlanHeader.patientId.id for plan in answer.carePlan} == {TOLVAN.number}
    statuses = _statuses(clients["GetCarePlans 2"])
    assert [status.source for status in statuses] == list(SIX)
    assert [status for status in statuses if status.source in whole] == _answered(*whole)
    for status in statuses:
        if status.source in failures:
            _, agent, code, text, _ = failures[status.source]
            assert (status.code, status.agent, status.error_code) == (
                "NoDataSynchFailed",
                agent,
                code,
            )
            assert (status.text or "").startswith(text)
            assert status.text
    explained = _explained(six, correlation_id, capsys)
    texts = {status.source: status.text for status in statuses}
    assert [(each["logical_address"], each["reason"]) for each in explained["decisions"]] == [
        (source, failures[source][4] if source in failures else "answered") for source in SIX
    ]
    assert [
        each["detail"] for each in explained["decisions"] if each["logical_address"] in failures
    ] == [texts[source] for source in SIX if source in failures]
    wrong = [source for source, failure in failures.items() if failure is WRONG]
    assert [event.partition(":")[0] for event in explained["security"]] == (
        ["foreign-patient"] * len(wrong)
    )
    assert all(source in explained["security"][0] for source in wrong)


def _explained(
    six: SixSources, correlation_id: str, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """What ``samsvar explain --json`` prints of the one question."""
    capsys.readouterr()
    settings = str(six.hub.site.settings_file)
    assert cli.run(["explain", correlation_id, "--json", "--settings", settings]) == 0
    lines = capsys.readouterr().out
    (explained,) = json.loads(lines[lines.index("[") :])
    assert TOLVAN.number not in lines
    return dict(explained)


def _faults(extension: Any) -> list[str]:
    """What breaks the schema of our extension; nothing if it is valid."""
    schema: Any = etree.XMLSchema(parse_trusted(packaged("plan_1.xsd")[0]))
    schema.validate(etree.ElementTree(extension))
    return [str(entry) for entry in schema.error_log]
