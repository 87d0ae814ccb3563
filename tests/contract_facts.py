"""The facts of the national contracts, as tests read them; and where our files are.

Knows the tables of ``tests/data/contracts`` and the packaged ``wsdl`` folder. Asserts nothing.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from samsvar.contracts import data_dir

DATA = Path(__file__).parent / "data" / "contracts"
WSDL_DIR = data_dir() / "wsdl"
SERVICES = (
    "GetLogicalAddresseesByServiceContract_2.0",
    "GetSupportedServiceContracts_2.0",
    "PingForConfiguration_1.0",
)
"""The registry's own: small, and answered by the hub alone, so that it never has to judge one."""

SECURITY = (
    "CheckConsent_2.0",
    "RegisterExtendedConsent_2.0",
    "CancelExtendedConsent_2.0",
    "DeleteExtendedConsent_2.0",
    "GetExtendedConsentsForPatient_2.0",
    "GetConsentsForPatient_2.0",
    "CheckBlocks_4.0",
    "GetBlocks_4.0",
    "RegisterExtendedBlock_4.0",
)
"""Consents and blocks: answered by the hub, and asked by it where another keeps them."""

AUDIT = ("StoreLog_2.0", "GetAccessLogsForPatient_2.0")
"""The access log's: one sent, one answered."""

CONTRACTS = (
    "GetCarePlans_2.0",
    "GetCareContacts_2.0",
    "GetCareContacts_3.0",
    "FindContent_1.0",
    "Update_1.0",
    "ProcessNotification_1.0",
    *SERVICES,
    *SECURITY,
    *AUDIT,
)
HEADERS = "ProcessingStatus_1.0"
FACTS = (*CONTRACTS, HEADERS)
XS = "{http://www.w3.org/2001/XMLSchema}"
MIN, MAX = "minOccurs", "maxOccurs"

Row = dict[str, str]


def rows(facts: str) -> list[Row]:
    """One for each element or wildcard, in message order."""
    with (DATA / "facts" / f"{facts}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def details(facts: str) -> dict[str, Any]:
    """Namespaces, files, WSDL names, and every type."""
    loaded: dict[str, Any] = json.loads((DATA / "facts" / f"{facts}.json").read_text("utf-8"))
    return loaded


def packaged(file: str) -> list[Path]:
    """Every packaged file of that name."""
    return sorted(WSDL_DIR.resolve().rglob(file))


def wsdl_of(facts: str) -> Path:
    """The contract's WSDL."""
    (file,) = packaged(details(facts)["schema_files"][0]["file"])
    return file


def short(name: str | None) -> str:
    """A Clark name, with the schema language's own namespace as the tables write it."""
    return (name or "").replace(XS, "xs:")


def clark(element: etree._Element, name: str | None) -> str:
    """A prefixed name in an attribute, as a Clark name."""
    prefix, _, local = (name or "").rpartition(":")
    return short(f"{{{element.nsmap[prefix]}}}{local}")
