"""Messages of the consent and block contracts, as consumers write them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.security_records import BOARD, CLINIC, NURSE, REGION, WARD

CONSENT = "urn:riv:informationsecurity:authorization:consent"
BLOCKING = "urn:riv:informationsecurity:authorization:blocking"
SERVICE = "SE165565594230-1000"
NUMBER = "191212121212"
OPERATIONS = {
    "CheckConsent": (CONSENT, 2),
    "RegisterExtendedConsent": (CONSENT, 2),
    "CancelExtendedConsent": (CONSENT, 2),
    "DeleteExtendedConsent": (CONSENT, 2),
    "GetExtendedConsentsForPatient": (CONSENT, 2),
    "GetConsentsForPatient": (CONSENT, 2),
    "CheckBlocks": (BLOCKING, 4),
    "GetBlocks": (BLOCKING, 4),
    "RegisterExtendedBlock": (BLOCKING, 4),
}


def urn_of(operation: str) -> str:
    """The namespace of an operation's request."""
    domain, major = OPERATIONS[operation]
    return f"{domain}:{operation}Responder:{major}"


def core_of(operation: str) -> str:
    """The namespace of its domain."""
    domain, major = OPERATIONS[operation]
    return f"{domain}:{major}"


def path_of(operation: str) -> str:
    """Where the hub serves it."""
    domain, major = OPERATIONS[operation]
    return f"/vp/{domain.removeprefix('urn:riv:').replace(':', '/')}/{operation}/{major}/rivtabp21"


def asked(operation: str, content: str, address: str = SERVICE) -> bytes:
    """The envelope; ``r`` and ``c`` are the contract's and the domain's namespaces."""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        '<h:LogicalAddress xmlns:h="urn:riv:itintegration:registry:1">'
        f"{address}</h:LogicalAddress></e:Header><e:Body>"
        f'<r:{operation} xmlns:r="{urn_of(operation)}" xmlns:c="{core_of(operation)}">{content}'
        f"</r:{operation}></e:Body></e:Envelope>"
    ).encode()


def person(number: str = NUMBER, element: str = "r:patientId") -> str:
    """An IIType."""
    return (
        f"<{element}><c:root>1.2.752.129.2.1.3.1</c:root>"
        f"<c:extension>{number}</c:extension></{element}>"
    )


def actor(giver: str = REGION, unit: str = WARD, employee: str = NURSE) -> str:
    """Who wants to see."""
    return (
        f"<r:accessingActor><c:employeeId>{employee}</c:employeeId>"
        f"<c:careProviderId>{giver}</c:careProviderId><c:careUnitId>{unit}</c:careUnitId>"
        "</r:accessingActor>"
    )


def action(element: str, reason: str = "", employee: str = NURSE) -> str:
    """An ActionType."""
    told = f"<c:reasonText>{reason}</c:reasonText>" if reason else ""
    return (
        f"<{element}><c:requestDate>2026-11-20T09:00:00</c:requestDate>"
        f"<c:requestedBy><c:employeeId>{employee}</c:employeeId>"
        "<c:assignmentId>SE2129999963-UPPDRAG1</c:assignmentId>"
        "<c:assignmentName>Vård &amp; behandling</c:assignmentName></c:requestedBy>"
        "<c:registrationDate>2026-11-20T09:01:00</c:registrationDate>"
        f"<c:registeredBy><c:employeeId>{employee}</c:employeeId></c:registeredBy>{told}"
        f"</{element}>"
    )


def registration(
    assertion_id: str = "c-1",
    *,
    kind: str = "Consent",
    giver: str = REGION,
    unit: str = WARD,
    number: str = NUMBER,
    more: str = "",
    reason: str = "",
) -> str:
    """RegisterExtendedConsent; ``more``: employeeId, startDate, endDate, representedBy."""
    return (
        f"<r:assertionId>{assertion_id}</r:assertionId><r:assertionType>{kind}</r:assertionType>"
        f"<r:scope>NationalLevel</r:scope>{person(number)}"
        f"<r:careProviderId>{giver}</r:careProviderId><r:careUnitId>{unit}</r:careUnitId>"
        f"{more}{action('r:registrationAction', reason)}"
    )


def ending(operation: str, assertion_id: str = "c-1") -> str:
    """CancelExtendedConsent or DeleteExtendedConsent."""
    element = "cancellationAction" if operation.startswith("Cancel") else "deletionAction"
    return f"<r:assertionId>{assertion_id}</r:assertionId>{action(f'r:{element}')}"


def block(
    block_id: str = "b-1",
    *,
    kind: str = "Outer",
    giver: str = REGION,
    period: str = "",
    unit: str = "",
    excluded: str = "",
    timeout: int = 0,
    number: str = NUMBER,
    more: str = "",
) -> str:
    """RegisterExtendedBlock; ``period``, ``unit`` and ``excluded`` are elements."""
    return (
        f"<r:blockId>{block_id}</r:blockId><r:blockType>{kind}</r:blockType>{person(number)}"
        f"{period}{unit}<r:informationCareProviderId>{giver}</r:informationCareProviderId>"
        f"{excluded}{action('r:registerAction', 'Patientens önskan')}"
        f"<r:replicationTimeout>{timeout}</r:replicationTimeout>{more}"
    )


def row(
    number: int,
    *,
    giver: str = REGION,
    unit: str = WARD,
    start: str = "2026-01-10T10:00:00",
    end: str = "2026-01-10T10:00:00",
    kind: str = "",
) -> str:
    """One row of CheckBlocks."""
    told = f"<c:informationType>{kind}</c:informationType>" if kind else ""
    return (
        f"<r:informationEntities><c:informationStartDate>{start}</c:informationStartDate>"
        f"<c:informationEndDate>{end}</c:informationEndDate>"
        f"<c:informationCareUnitId>{unit}</c:informationCareUnitId>"
        f"<c:informationCareProviderId>{giver}</c:informationCareProviderId>{told}"
        f"<c:rowNumber>{number}</c:rowNumber></r:informationEntities>"
    )


def check_blocks(*rows: str, giver: str = BOARD, unit: str = CLINIC) -> str:
    """CheckBlocks, by the board's staff."""
    return actor(giver, unit) + person() + "".join(rows)


def permissions(consumers: Sequence[str], *addresses: str) -> str:
    """Lines of a registry: all contracts, a directory of two, and who may call."""
    names = ", ".join(f'"{name} {major}"' for name, (_, major) in OPERATIONS.items())
    contracts = "".join(
        f'[[contract]]\nurn = "{urn_of(name)}"\ntitle = "{name}"\n' for name in OPERATIONS
    )
    allowed = "".join(
        f'[[permission]]\nconsumer = "{consumer}"\ncontract = [{names}]\n'
        f'logical_address = "{address}"\n'
        for consumer in consumers
        for address in addresses
    )
    return contracts + allowed + DIRECTORY


DIRECTORY = f"""
[[care_giver]]
id = "{REGION}"
name = "Regionen"
kind = "VG"

[[care_giver]]
id = "{BOARD}"
name = "Nämnden"
kind = "OG"
"""
