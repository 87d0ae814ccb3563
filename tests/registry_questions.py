"""Questions to the registry's own services, as consumers write them, and a catalogue to ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from samsvar.model.catalogue import CallPermission, PermissionFilter
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.soap.registry_messages import ADDRESSEES, PING, SUPPORTED
from tests.world import CONSUMER, HUB, PLANS

REGISTRY_1 = "urn:riv:itintegration:registry:1"
REGISTRY_2 = "urn:riv:infrastructure:itintegration:registry:2"
CONTACTS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3")
DOMAIN = "riv:clinicalprocess:logistics:logistics"


def asked(
    body: str, *, address: str = HUB, header: str = REGISTRY_1, soap_header: str | None = None
) -> bytes:
    """An envelope around a body."""
    block = f'<h:LogicalAddress xmlns:h="{header}">{address}</h:LogicalAddress>'
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        f"{block if soap_header is None else soap_header}</e:Header><e:Body>{body}</e:Body>"
        "</e:Envelope>"
    ).encode()


def addressees(consumer: str | None = CONSUMER, contract: str | None = PLANS) -> str:
    """GetLogicalAddresseesByServiceContract; None leaves the field out."""
    who = f"<r:serviceConsumerHsaId>{consumer}</r:serviceConsumerHsaId>"
    what = (
        "<r:serviceContractNameSpace><c:ServiceContractNamespace>"
        f"{contract}</c:ServiceContractNamespace></r:serviceContractNameSpace>"
    )
    return (
        f'<r:GetLogicalAddresseesByServiceContract xmlns:r="{ADDRESSEES}" xmlns:c="{REGISTRY_2}">'
        f"{who if consumer is not None else ''}{what if contract is not None else ''}"
        "</r:GetLogicalAddresseesByServiceContract>"
    )


def supported(address: str | None, consumer: str | None = None) -> str:
    """GetSupportedServiceContracts; None leaves the field out."""
    who = f"<r:serviceConsumerHsaId>{consumer}</r:serviceConsumerHsaId>"
    where = f"<r:logicalAdress>{address}</r:logicalAdress>"
    return (
        f'<r:GetSupportedServiceContracts xmlns:r="{SUPPORTED}">'
        f"{who if consumer is not None else ''}{where if address is not None else ''}"
        "</r:GetSupportedServiceContracts>"
    )


def ping(contract: str = PLANS, address: str = HUB) -> str:
    """PingForConfiguration."""
    return (
        f'<r:PingForConfiguration xmlns:r="{PING}">'
        f"<r:serviceContractNamespace>{contract}</r:serviceContractNamespace>"
        f"<r:logicalAddress>{address}</r:logicalAddress></r:PingForConfiguration>"
    )


def book(now: datetime) -> Catalogue:
    """CONSUMER may ask the registry; has permissions that are in force, over, and to come."""
    day = timedelta(days=1)
    in_force, over, to_come = (now - day, now + day), (now - 2 * day, now - day), (now + day,) * 2

    def may(
        contract: str,
        address: str,
        period: tuple[datetime, datetime] = in_force,
        filters: tuple[PermissionFilter, ...] = (),
        consumer: str = CONSUMER,
    ) -> CallPermission:
        names = HsaId(consumer), ContractUrn(contract), LogicalAddress(address)
        return CallPermission(*names, *period, filters)

    permissions = (
        *(may(urn, HUB) for urn in (ADDRESSEES, SUPPORTED, PING)),
        may(PLANS, "SE1-A", filters=(PermissionFilter(DOMAIN, ("cll-cp", "vko")),)),
        may(PLANS, "SE1-B", filters=(PermissionFilter(DOMAIN), PermissionFilter("riv:x"))),
        may(PLANS, "SE1-OVER", over),
        may(PLANS, "SE1-TO-COME", to_come),
        may(CONTACTS, "SE1-A"),
        may(PLANS, "SE1-A", consumer="SE-OTHER"),
        may(CONTACTS, "*", consumer="SE-OTHER"),
    )
    known = frozenset({PLANS, CONTACTS, ADDRESSEES, SUPPORTED, PING})
    return Catalogue(7, (), permissions, known, {})
