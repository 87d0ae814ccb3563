"""The registry's own services over the wire, asked by zeep from the WSDL that the hub serves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep

from tests.hub import CONSUMER, HUB, STRANGER, Site, post, running_hub
from tests.registry_questions import DOMAIN, addressees, asked, ping

pytestmark = pytest.mark.wire

PLANS = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
URN = "urn:riv:infrastructure:itintegration:registry"
REGISTRY = "/vp/infrastructure/itintegration/registry"
ADDRESSEES = f"{REGISTRY}/GetLogicalAddresseesByServiceContract/2/rivtabp21"
SUPPORTED = f"{REGISTRY}/GetSupportedServiceContracts/2/rivtabp21"
PING = "/vp/itintegration/monitoring/PingForConfiguration/1/rivtabp21"
MORE = f"""
[[contract]]
urn = "{URN}:GetLogicalAddresseesByServiceContractResponder:2"
title = "Logiska adressater"

[[contract]]
urn = "{URN}:GetSupportedServiceContractsResponder:2"
title = "Tjänstekontrakt"

[[contract]]
urn = "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1"
title = "Ping"

[[permission]]
consumer = "{CONSUMER}"
contract = [
    "GetLogicalAddresseesByServiceContract 2",
    "GetSupportedServiceContracts 2",
    "PingForConfiguration 1",
]
logical_address = "{HUB}"

[[permission]]
consumer = "{STRANGER}"
contract = "GetCarePlans 2"
logical_address = "SE-A"
filters = [{{ service_domain = "{DOMAIN}", categorizations = ["cll-cp"] }}]

[[permission]]
consumer = "{STRANGER}"
contract = "GetCarePlans 2"
logical_address = "SE-ENDED"
valid_to = 2020-12-31
"""


def client(url: str) -> Any:
    """A toolkit that knows nothing but the address."""
    session = requests.Session()
    session.trust_env = False
    session.headers["x-vp-sender-id"] = CONSUMER
    transport = zeep.Transport(session=session)  # type: ignore[no-untyped-call]
    return zeep.Client(f"{url}?wsdl", transport=transport)  # type: ignore[no-untyped-call]


def ask_all(base: str) -> tuple[Any, Any, Any]:
    """The three questions."""
    to = {"LogicalAddress": HUB}
    found = client(base + ADDRESSEES).service.GetLogicalAddresseesByServiceContract(
        serviceConsumerHsaId=STRANGER,
        serviceContractNameSpace={"ServiceContractNamespace": PLANS},
        _soapheaders=to,
    )
    by = client(base + SUPPORTED).service.GetSupportedServiceContracts(
        logicalAdress="SE-A", _soapheaders=to
    )
    alive = client(base + PING).service.PingForConfiguration(
        serviceContractNamespace=PLANS, logicalAddress=HUB, _soapheaders=to
    )
    return found, by, alive


async def test_a_toolkit_asks_the_registry_by_the_wsdl_that_is_served(tmp_path: Path) -> None:
    """Addresses with filters, contracts of an address, and a sign of life."""
    site = Site(tmp_path)
    settings = site.write()
    site.load_registry(site.registry([], MORE))
    async with running_hub(site, settings) as hub:
        found, by, alive = await asyncio.to_thread(ask_all, hub.plain)

    assert [
        (row.logicalAddress, [(one.serviceDomain, one.categorization) for one in row.filter])
        for row in found.logicalAddressRecord
    ] == [("SE-A", [(DOMAIN, ["cll-cp"])])]
    assert [row.ServiceContractNamespace for row in by.serviceContractNamespace] == [PLANS]
    assert {row.name: row.value for row in alive.configuration}["catalogueVersion"] == "1"


async def test_refusals_are_faults_with_the_national_words(tmp_path: Path) -> None:
    """HTTP 500: an empty field, a sender without permission, a contract not registered."""
    site = Site(tmp_path)
    settings = site.write()
    site.load_registry(site.registry([], MORE))
    async with running_hub(site, settings) as hub:
        empty = await post(hub, asked(addressees("")), path=ADDRESSEES)
        stranger = await post(hub, asked(ping()), path=PING, sender=STRANGER)
        site.load_registry(site.registry([]))
        await asyncio.sleep(2.5)
        unknown = await post(hub, asked(ping()), path=PING)

    assert [status for status, _, _ in (empty, stranger, unknown)] == [500, 500, 500]
    assert b"<faultstring>ServiceConsumerHsaId must not be empty or null</faultstring>" in empty[2]
    assert b"<faultstring>VP007 [" in stranger[2]
    assert b"<faultstring>VP007 [" in unknown[2]
