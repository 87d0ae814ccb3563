"""The registry's own services: bodies read into our words, and answered.

Sources: infrastructure:itintegration:registry 2.0 and itintegration:monitoring 1.0. Knows element
names, the misspelt ones too: ``logicalAdress``, ``serviceContractNameSpace`` outside
``ServiceContractNamespace``. Knows no catalogue and no permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from samsvar.errors import MalformedRequest, RegistryRequestRefused
from samsvar.model.catalogue import CallPermission
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.model.local_time import local_time
from samsvar.soap.envelope import escaped
from samsvar.soap.rivta import REGISTRY_2, SOAP

ADDRESSEES: Final = ContractUrn(
    "urn:riv:infrastructure:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:2"
)
SUPPORTED: Final = ContractUrn(
    "urn:riv:infrastructure:itintegration:registry:GetSupportedServiceContractsResponder:2"
)
PING: Final = ContractUrn("urn:riv:itintegration:monitoring:PingForConfigurationResponder:1")
_OPERATIONS: Final = {
    ADDRESSEES: "GetLogicalAddresseesByServiceContract",
    SUPPORTED: "GetSupportedServiceContracts",
    PING: "PingForConfiguration",
}

# As the national catalogue says it, the third one's spelling too.
_NO_ADDRESS: Final = "LogicalAddress must not be empty or null"
_NO_CONSUMER: Final = "ServiceConsumerHsaId must not be empty or null"
_NO_CONTRACT: Final = "ServiceContractNamespece must not be empty or null"


@dataclass(frozen=True, slots=True)
class AddresseesQuestion:
    """Whom may the consumer call by the contract?"""

    consumer: HsaId
    contract: ContractUrn


@dataclass(frozen=True, slots=True)
class SupportedQuestion:
    """By which contracts may the address be called, by this consumer or by anybody?"""

    address: LogicalAddress
    consumer: HsaId | None


def is_request_of(body: etree._Element, contract: ContractUrn) -> bool:
    """Whether the element is the request of the contract."""
    return bool(body.tag == f"{{{contract}}}{_OPERATIONS[contract]}")


def read_addressees(body: etree._Element) -> AddresseesQuestion:
    """A GetLogicalAddresseesByServiceContract element.

    Raises:
        RegistryRequestRefused: a mandatory field is missing or empty.
    """
    consumer = _text(body, f"{{{ADDRESSEES}}}serviceConsumerHsaId")
    named = _only(body, f"{{{ADDRESSEES}}}serviceContractNameSpace")
    contract = (
        _text(named, f"{{{REGISTRY_2}}}ServiceContractNamespace") if named is not None else ""
    )
    if not consumer:
        raise RegistryRequestRefused(_NO_CONSUMER)
    if not contract:
        raise RegistryRequestRefused(_NO_CONTRACT)
    return AddresseesQuestion(HsaId(consumer), ContractUrn(contract))


def read_supported(body: etree._Element) -> SupportedQuestion:
    """A GetSupportedServiceContracts element. A consumer that is empty is none.

    Raises:
        RegistryRequestRefused: the address is missing or empty.
    """
    address = _text(body, f"{{{SUPPORTED}}}logicalAdress")
    if not address:
        raise RegistryRequestRefused(_NO_ADDRESS)
    consumer = _text(body, f"{{{SUPPORTED}}}serviceConsumerHsaId")
    return SupportedQuestion(LogicalAddress(address), HsaId(consumer) if consumer else None)


def check_ping(body: etree._Element) -> None:
    """A PingForConfiguration element has both its fields; what they name is not looked at.

    Raises:
        RegistryRequestRefused: one is missing or empty.
    """
    if not _text(body, f"{{{PING}}}serviceContractNamespace"):
        raise RegistryRequestRefused(_NO_CONTRACT)
    if not _text(body, f"{{{PING}}}logicalAddress"):
        raise RegistryRequestRefused(_NO_ADDRESS)


def addressees_response(permissions: Iterable[CallPermission]) -> bytes:
    """One record for each permission, with its filters."""
    return _response(ADDRESSEES, "".join(map(_record, permissions)))


def supported_response(contracts: Iterable[ContractUrn]) -> bytes:
    """Each contract in an element of its own."""
    named = "".join(
        "<r:serviceContractNamespace>"
        f"<c:ServiceContractNamespace>{escaped(urn)}</c:ServiceContractNamespace>"
        "</r:serviceContractNamespace>"
        for urn in contracts
    )
    return _response(SUPPORTED, named, f' xmlns:c="{REGISTRY_2}"')


def ping_response(version: str, at: datetime, configuration: Mapping[str, str]) -> bytes:
    """Version, moment in Swedish time, and settings."""
    settings = "".join(
        f"<r:configuration><r:name>{escaped(name)}</r:name><r:value>{escaped(value)}</r:value>"
        "</r:configuration>"
        for name, value in configuration.items()
    )
    moment = local_time(at).strftime("%Y%m%d%H%M%S")
    return _response(
        PING,
        f"<r:version>{escaped(version)}</r:version>"
        f"<r:pingDateTime>{moment}</r:pingDateTime>{settings}",
    )


def _record(permission: CallPermission) -> str:
    filters = "".join(
        f"<r:filter><r:serviceDomain>{escaped(row.service_domain)}</r:serviceDomain>"
        + "".join(
            f"<r:categorization>{escaped(name)}</r:categorization>" for name in row.categorizations
        )
        + "</r:filter>"
        for row in permission.filters
    )
    return (
        "<r:logicalAddressRecord>"
        f"<r:logicalAddress>{escaped(permission.logical_address)}</r:logicalAddress>{filters}"
        "</r:logicalAddressRecord>"
    )


def _response(contract: ContractUrn, content: str, declared: str = "") -> bytes:
    name = f"r:{_OPERATIONS[contract]}Response"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<{name} xmlns:r="{contract}"{declared}>{content}</{name}></s:Body></s:Envelope>'
    ).encode()


def _only(parent: etree._Element, tag: str) -> etree._Element | None:
    found = parent.findall(tag)
    if len(found) > 1:
        name = etree.QName(tag).localname
        raise MalformedRequest(f"The request holds {name} more than once.")
    return found[0] if found else None


def _text(parent: etree._Element, tag: str) -> str:
    element = _only(parent, tag)
    return "".join(element.itertext()).strip() if element is not None else ""
