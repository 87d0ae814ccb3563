"""Every contract folder loads, its examples are right, and what is wrong is told at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from samsvar.contracts import ContractsInvalid, data_dir, load_contracts
from samsvar.model.contract import ServiceContract
from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import parse_trusted
from samsvar.soap.rivta import BODY, HEADER, PROCESSING_STATUS
from samsvar.soap.schema import Schema
from tests.contract_facts import WSDL_DIR, packaged

LOGISTICS = "urn:riv:clinicalprocess:logistics:logistics"
PLANS = f"{LOGISTICS}:GetCarePlansResponder:2"
CONTACTS_2 = f"{LOGISTICS}:GetCareContactsResponder:2"
CONTACTS_3 = f"{LOGISTICS}:GetCareContactsResponder:3"
LOADED = load_contracts(data_dir() / "contracts", WSDL_DIR)
EVERY = pytest.mark.parametrize("contract", LOADED.values(), ids=lambda one: one.folder.name)

RIGHT = """
title = "Planer"
wsdl = "clinicalprocess_logistics_logistics_3.0/schemas/interactions/GetCarePlansInteraction/\
GetCarePlansInteraction_2.0_RIVTABP21.wsdl"
service_domain = "riv:clinicalprocess:logistics:logistics"
categorization = "cll-cp"
deadline = 20
[request]
subject_id = "patientId/id"
subject_root = "patientId/type"
[response]
items = ["carePlan"]
result = "result"
result_code = "resultCode"
result_log_id = "logId"
[item]
subject_id = "carePlanHeader/patientId/id"
"""


def faults_of(tmp_path: Path, **folders: str) -> list[str]:
    """What is said of some contract folders, with file names cut to the folder's."""
    for name, toml in folders.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "contract.toml").write_text(toml, "utf-8")
    with pytest.raises(ContractsInvalid) as caught:
        load_contracts(tmp_path, WSDL_DIR)
    return [fault.replace(f"{tmp_path}/", "") for fault in caught.value.faults]


def test_the_contracts_that_the_hub_serves_are_these_three() -> None:
    legacy = "urn:riv:ehr:patientsummary:GetCareContactsResponder:2:GetCareContacts"
    actual = {urn: (one.soap_action, one.categorization) for urn, one in LOADED.items()}

    assert actual == {
        PLANS: ("urn:riv:clinicalprocess:logistics:GetCarePlansResponder:2:GetCarePlans", "cll-cp"),
        CONTACTS_2: (legacy, "vko"),
        CONTACTS_3: (f"{CONTACTS_3}:GetCareContacts", "vko"),
    }


def test_paths_are_read_as_clark_names_in_the_namespaces_of_the_schema() -> None:
    """The root and its children are in the responder's namespace, all below in the core's."""
    contract = next(one for urn, one in LOADED.items() if urn == PLANS)
    core = f"{{{LOGISTICS}:3}}"

    assert (
        contract.request_element,
        contract.response_element,
        contract.item_elements,
        contract.subject_id_path,
        contract.subject_root_path,
        contract.source_filter_path,
        contract.item_subject_id_path,
        contract.item_source_path,
        contract.result_element,
        contract.result_code_element,
        contract.result_log_id_element,
    ) == (
        f"{{{PLANS}}}GetCarePlans",
        f"{{{PLANS}}}GetCarePlansResponse",
        (f"{{{PLANS}}}carePlan",),
        (f"{{{PLANS}}}patientId", f"{core}id"),
        (f"{{{PLANS}}}patientId", f"{core}type"),
        (f"{{{PLANS}}}sourceSystemHSAId",),
        (f"{core}carePlanHeader", f"{core}patientId", f"{core}id"),
        (f"{core}carePlanHeader", f"{core}sourceSystemHSAId"),
        f"{{{PLANS}}}result",
        f"{core}resultCode",
        f"{core}logId",
    )


@EVERY
def test_a_folder_is_named_after_its_operation_and_major_version(contract: ServiceContract) -> None:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", contract.operation).lower()

    assert contract.folder.name == f"{snake}_{contract.urn.rpartition(':')[2]}"
    assert (contract.folder / "README.md").read_text("utf-8").startswith("# ")


@EVERY
def test_an_item_is_a_repeated_child_of_the_response(contract: ServiceContract) -> None:
    outline = read_interaction(contract.wsdl).outline
    children = outline.children(outline.elements[contract.response_element])

    assert tuple(one.name for one in children if one.repeated) == contract.item_elements


@EVERY
def test_the_examples_are_whole_messages_that_follow_the_schemas(contract: ServiceContract) -> None:
    """Envelope, header and body; and each item has what the paths promise."""
    schema = Schema.load(contract)
    envelope = etree.XMLSchema(parse_trusted(packaged("soap_envelope_1.1.xsd")[0]))
    headers = etree.XMLSchema(parse_trusted(packaged("interoperability_headers_1.0.xsd")[0]))
    request = parse_trusted(contract.folder / "examples" / "request.xml").getroot()
    response = parse_trusted(contract.folder / "examples" / "response.xml").getroot()
    asked = request.find(f"{BODY}/{contract.request_element}")
    answered = response.find(f"{BODY}/{contract.response_element}")
    status = response.find(f"{HEADER}/{PROCESSING_STATUS}")

    assert (envelope.validate(request), envelope.validate(response)) == (True, True)
    assert status is not None
    assert headers.validate(status), headers.error_log
    assert asked is not None
    assert answered is not None
    assert schema.check_request(asked) == ()
    assert schema.check_response(answered) == ()
    assert asked.findtext("/".join(contract.subject_id_path))
    items = [item for name in contract.item_elements for item in answered.findall(name)]
    assert items
    assert contract.item_source_path is not None
    for item in items:
        assert item.findtext("/".join(contract.item_subject_id_path))
        assert item.findtext("/".join(contract.item_source_path))


def test_a_contract_may_have_a_deadline_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "contract.toml").write_text(RIGHT, "utf-8")

    (contract,) = load_contracts(tmp_path, WSDL_DIR).values()

    assert contract.deadline == 20.0


def test_all_faults_of_all_folders_are_told_at_once(tmp_path: Path) -> None:
    said = faults_of(
        tmp_path,
        a=RIGHT.replace("categorization", "categorisation"),
        b=RIGHT.replace('["carePlan"]', '["carePlans"]').replace("patientId/type", "patientId/typ"),
        c=RIGHT.replace("GetCarePlansInteraction_2.0", "GetCarePlansInteraction_9.0"),
        d="title = ",
        e=RIGHT.replace("[item]", "[item]\nholder = 1"),
    )

    assert [re.split(": cannot be read|: is not TOML", fault)[0] for fault in said] == [
        "a/contract.toml: categorization: must be given",
        "a/contract.toml: categorisation: no such key; allowed: title, wsdl, service_domain, "
        "categorization, deadline, request, response, item",
        "b/contract.toml: response.items: no element 'carePlans'; there is: carePlan, result",
        "b/contract.toml: request.subject_root: no element 'typ'; there is: id, type",
        "b/contract.toml: item.subject_id: no element 'carePlans'; there is: carePlan, result",
        "c/contract.toml: wsdl: GetCarePlansInteraction_9.0_RIVTABP21.wsdl",
        "d/contract.toml",
        "e/contract.toml: item.holder: no such key; allowed: subject_id, subject_root, source, "
        "owner, kinds",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('["carePlan"]', '["result"]', "response.items: 'result' is not a repeated child"),
        ('["carePlan"]', "[]", "response.items: List should have at least 1 item"),
        ('result = "result"\n', "", "response.result_code: goes together with result"),
        (
            'result = "result"',
            'result = "carePlan/carePlanBody"',
            "response.result: must be a child",
        ),
        ("subject_root =", "source_filter =", "request.subject_root: give either this or"),
        (
            'subject_id = "patientId/id"',
            'subject_id = "patientId"',
            "request.subject_id: does not lead to one value",
        ),
        (
            'subject_id = "carePlanHeader/patientId/id"',
            'subject_id = "carePlanHeader"',
            "item.subject_id: does not lead to one value",
        ),
        (
            "[item]",
            '[item.kinds.other]\nsubject_id = "x"\n[item]',
            "item.kinds.other: is none of response.items",
        ),
        (
            'items = ["carePlan"]',
            'container = "carePlan"\nitems = ["carePlanBody"]',
            "response.container: 'carePlan' is not a single child of the response",
        ),
        (
            "[request]",
            "[request]\nsubject_root_by_form = true",
            "request.subject_root: give either this or",
        ),
        ("deadline = 20", "deadline = 0", "deadline: must be greater than 0"),
        ('wsdl = "', 'wsdl = "../', "wsdl: must lie below"),
    ],
)
def test_a_contract_that_cannot_be_served_is_refused(
    old: str, new: str, fault: str, tmp_path: Path
) -> None:
    assert old in RIGHT

    said = faults_of(tmp_path, one=RIGHT.replace(old, new, 1))

    assert [one for one in said if one.startswith(f"one/contract.toml: {fault}")], said


def test_two_folders_for_one_contract_are_refused(tmp_path: Path) -> None:
    assert faults_of(tmp_path, one=RIGHT, two=RIGHT) == [
        "two/contract.toml: wsdl: also used by one"
    ]


def test_an_empty_folder_of_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractsInvalid, match="holds no contract folder"):
        load_contracts(tmp_path, WSDL_DIR)


def test_a_folder_without_a_contract_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()

    assert faults_of(tmp_path) == ["one/contract.toml: is missing"]
