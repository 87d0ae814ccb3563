"""What ?wsdl and ?xsd serve: a toolkit that reads them makes the right messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zeep
from lxml import etree

from samsvar.inbound.wsdl import WsdlShelf
from samsvar.soap.schema import Schema
from tests.contract_facts import WSDL_DIR, wsdl_of

HOST = "https://hub.example.se"
LOGISTICS = "/vp/clinicalprocess/logistics/logistics"
PLANS = f"{LOGISTICS}/GetCarePlans/2/rivtabp21"
CONSENT = "/vp/informationsecurity/authorization/consent"
BLOCKING = "/vp/informationsecurity/authorization/blocking"
PATHS = (
    f"{LOGISTICS}/GetCareContacts/2/rivtabp21",
    f"{LOGISTICS}/GetCareContacts/3/rivtabp21",
    PLANS,
    "/vp/informationsecurity/auditing/log/GetAccessLogsForPatient/2/rivtabp21",
    "/vp/informationsecurity/auditing/log/StoreLog/2/rivtabp21",
    f"{BLOCKING}/CheckBlocks/4/rivtabp21",
    f"{BLOCKING}/GetBlocks/4/rivtabp21",
    f"{BLOCKING}/RegisterExtendedBlock/4/rivtabp21",
    f"{CONSENT}/CancelExtendedConsent/2/rivtabp21",
    f"{CONSENT}/CheckConsent/2/rivtabp21",
    f"{CONSENT}/DeleteExtendedConsent/2/rivtabp21",
    f"{CONSENT}/GetConsentsForPatient/2/rivtabp21",
    f"{CONSENT}/GetExtendedConsentsForPatient/2/rivtabp21",
    f"{CONSENT}/RegisterExtendedConsent/2/rivtabp21",
    "/vp/infrastructure/itintegration/registry/GetLogicalAddresseesByServiceContract/2/rivtabp21",
    "/vp/infrastructure/itintegration/registry/GetSupportedServiceContracts/2/rivtabp21",
    "/vp/itintegration/engagementindex/FindContent/1/rivtabp21",
    "/vp/itintegration/engagementindex/ProcessNotification/1/rivtabp21",
    "/vp/itintegration/engagementindex/Update/1/rivtabp21",
    "/vp/itintegration/monitoring/PingForConfiguration/1/rivtabp21",
)
SHELF = WsdlShelf(WSDL_DIR)


class ShelfTransport(zeep.Transport):
    """Gives zeep what the hub would serve, and fails on any other address."""

    def load(self, url: str) -> bytes:
        """The shelf's bytes for an address of ours."""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}{parts.path}"
        assert base.startswith(HOST), f"asked for {url}"
        names = parse_qs(parts.query).get("xsd")
        served = SHELF.xsd(parts.path, names[0], base) if names else SHELF.wsdl(parts.path, base)
        assert served is not None, f"nothing at {url}"
        return served


def zeep_client(path: str) -> Any:
    """A client that has read what is served at a path."""
    transport = ShelfTransport()  # type: ignore[no-untyped-call]
    return zeep.Client(f"{HOST}{path}?wsdl", transport=transport)  # type: ignore[no-untyped-call]


def test_every_packaged_interaction_has_a_path() -> None:
    assert SHELF.paths() == PATHS


@pytest.mark.parametrize("path", PATHS)
def test_every_import_leads_back_to_us_and_to_a_file_that_is_there(path: str) -> None:
    """Followed to the end, nested ones included; no relative and no foreign address is left."""
    url = HOST + path
    served = SHELF.wsdl(path, url)
    assert served is not None
    waiting, seen = [served], set[str]()
    while waiting:
        root = etree.fromstring(waiting.pop())
        for location in root.xpath("//@schemaLocation | //@location"):
            if location == url:
                continue
            assert location.startswith(f"{url}?xsd=")
            name = location.removeprefix(f"{url}?xsd=")
            schema = SHELF.xsd(path, name, url)
            assert schema is not None
            if name not in seen:
                seen.add(name)
                waiting.append(schema)

    assert b"tempuri" not in served
    assert len(seen) >= 3


def test_a_schema_may_be_asked_for_by_its_name_relative_to_the_wsdl() -> None:
    """As consumers do who read the file themselves and follow what the national one says."""
    by_ours = SHELF.xsd(PLANS, "core_components/itintegration_registry_1.0.xsd", HOST)

    assert by_ours is not None
    assert SHELF.xsd(PLANS, "../../core_components/itintegration_registry_1.0.xsd", HOST) == by_ours


@pytest.mark.parametrize(
    "name",
    [
        "../../../README.md",
        "../../../../README.md",
        "../../../../../pyproject.toml",
        "/etc/passwd",
        "file:///etc/passwd",
        "core_components/nothing.xsd",
        "interactions/GetCarePlansInteraction/GetCarePlansInteraction_2.0_RIVTABP21.wsdl",
        "core_components",
        "",
        "\x00",
    ],
)
def test_a_name_that_no_import_leads_to_is_not_served(name: str) -> None:
    assert SHELF.xsd(PLANS, name, HOST + PLANS) is None


def test_an_unknown_path_is_told_which_paths_there_are() -> None:
    """In the words of the national platform."""
    assert SHELF.wsdl("/vp/nothing", HOST) is None
    assert SHELF.xsd("/vp/nothing", "x.xsd", HOST) is None
    assert SHELF.missing_text().splitlines() == [
        "No wsdl found on this path, following wsdl paths is available:",
        *PATHS,
    ]


def test_an_address_with_signs_that_xml_must_escape_is_served_whole() -> None:
    served = SHELF.wsdl(PLANS, 'https://hub.example.se/a"b&c<d')

    assert served is not None
    (location,) = etree.fromstring(served).xpath("//*[local-name()='address']/@location")
    assert location == 'https://hub.example.se/a"b&c<d'


def test_zeep_reads_what_is_served_and_makes_a_request_that_follows_the_schema() -> None:
    client = zeep_client(PLANS)

    envelope = client.create_message(
        client.service,
        "GetCarePlans",
        patientId={"id": "191212121212", "type": "1.2.752.129.2.1.3.1"},
        datePeriod={"start": "20240101", "end": "20241231"},
        _soapheaders={"LogicalAddress": "5565594230"},
    )

    header = envelope.find("{*}Header/{urn:riv:itintegration:registry:1}LogicalAddress")
    (body,) = envelope.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    assert header.text == "5565594230"
    assert Schema.of_wsdl(wsdl_of("GetCarePlans_2.0")).check_request(body) == ()
    assert [etree.QName(one).namespace for one in body.iter()] == [
        "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
        "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
        "urn:riv:clinicalprocess:logistics:logistics:3",
        "urn:riv:clinicalprocess:logistics:logistics:3",
        "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
        "urn:riv:clinicalprocess:logistics:logistics:3",
        "urn:riv:clinicalprocess:logistics:logistics:3",
    ]


@pytest.mark.parametrize("path", PATHS)
def test_zeep_finds_one_operation_at_our_address(path: str) -> None:
    client = zeep_client(path)

    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    assert port.binding_options == {"address": HOST + path}
    assert list(port.binding._operations) == [path.split("/")[-3]]


def test_a_broken_file_on_the_shelf_is_told_of_at_once(tmp_path: Path) -> None:
    """Not when the first consumer asks."""
    (tmp_path / "broken.wsdl").write_text("<definitions/>", "utf-8")

    with pytest.raises(ValueError, match=r"broken\.wsdl: 0 of portType/operation, one expected"):
        WsdlShelf(tmp_path)
