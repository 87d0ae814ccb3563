"""What the facade serves: one table, which the door routes by and the CapabilityStatement shows.

Knows each interaction that exists and none that does not. A search comes as POST with its
parameters in the body, since an address is logged and a person's number never stands in one.
Knows no HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from samsvar.fhir.datatypes import Json, built, day

OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"


class Interaction(StrEnum):
    """FHIR's names of what can be done."""

    SEARCH = "search-type"
    """``POST [base]/[type]/_search``, and nothing else that FHIR calls a search."""
    READ = "read"
    """``GET [base]/[type]/[id]``; the id is a handle that a search gave the same user."""


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One parameter in the body of a search."""

    name: str
    type: str
    says: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """One type of resource that the facade answers for."""

    type: str
    interactions: tuple[Interaction, ...]
    says: str
    parameters: tuple[SearchParameter, ...] = ()
    includes: tuple[str, ...] = ()
    """What a search may ask to have sent along."""
    reverse_includes: tuple[str, ...] = ()


_PATIENT = SearchParameter(
    "patient.identifier",
    "token",
    "Whose records: urn:oid:<root>|<number>. In the body, never in an address",
    required=True,
)
_SOURCE = SearchParameter("_source", "uri", "One source system only, as in meta.source")

_BOTH = (Interaction.SEARCH, Interaction.READ)
_TARGET = ("Provenance:target",)

SERVED: tuple[Served, ...] = (
    Served(
        "CarePlan",
        _BOTH,
        "Care plans of one person from all sources that the caller may ask",
        (
            _PATIENT,
            SearchParameter("category", "token", "Kind of plan, by typeofcareplan-cs"),
            SearchParameter(
                "date",
                "date",
                "When the plan holds; where that is not told, when it was established or changed",
            ),
            SearchParameter("status", "token", "Status of the plan"),
            _SOURCE,
        ),
        includes=(
            "CarePlan:activity-reference",
            "CarePlan:care-team",
            "CarePlan:goal",
            "CarePlan:supporting-info",
        ),
        reverse_includes=_TARGET,
    ),
    Served(
        "Goal",
        _BOTH,
        "Goals in the plans of one person",
        (_PATIENT, _SOURCE),
        reverse_includes=_TARGET,
    ),
    Served(
        "ServiceRequest",
        _BOTH,
        "Activities (insatser) in the plans of one person",
        (_PATIENT, _SOURCE),
        reverse_includes=_TARGET,
    ),
    Served(
        "CareTeam",
        _BOTH,
        "Those who take part in the plans of one person",
        (_PATIENT, _SOURCE),
        reverse_includes=_TARGET,
    ),
    Served("Flag", (Interaction.READ,), "That a decision on level of care exists"),
    Served("Provenance", (Interaction.READ,), "Whose a record or a part of it is"),
    Served(
        "Encounter",
        _BOTH,
        "Care contacts of one person",
        (
            _PATIENT,
            SearchParameter("date", "date", "When the contact is"),
            SearchParameter("status", "token", "Status of the contact"),
            _SOURCE,
        ),
        reverse_includes=_TARGET,
    ),
    Served(
        "DocumentReference",
        _BOTH,
        "IHE MHD, ITI-67: plans as documents, made when they are asked for",
        (
            _PATIENT,
            SearchParameter("category", "token", "Kind of plan, by typeofcareplan-cs"),
            SearchParameter("date", "date", "When the plan was last changed"),
            SearchParameter("format", "token", "Form of the document"),
            SearchParameter("status", "token", "current"),
            _SOURCE,
        ),
    ),
    Served(
        "Binary",
        (Interaction.READ,),
        "IHE MHD, ITI-68: one document or one file, by the address that a search gave",
    ),
    Served(
        "AuditEvent",
        (Interaction.SEARCH,),
        "Who has seen one person's records",
        (_PATIENT, SearchParameter("date", "date", "When it was seen")),
    ),
)


def served(kind: str, interaction: Interaction, table: tuple[Served, ...] = SERVED) -> bool:
    """Whether the facade does this."""
    return any(each.type == kind and interaction in each.interactions for each in table)


@dataclass(frozen=True, slots=True)
class Installation:
    """What differs between installations."""

    base_url: str
    software_version: str
    released: date
    authorize_url: str | None = None
    """Of the one authorization server, where there is one: clients may find it by its issuer."""
    token_url: str | None = None


def capability_statement(installation: Installation, table: tuple[Served, ...] = SERVED) -> Json:
    """``GET [base]/metadata``: what stands in the table, no more and no less."""
    return built(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": day(installation.released),
            "kind": "instance",
            "software": {"name": "Samsvar", "version": installation.software_version},
            "implementation": {
                "description": "Plans and care contacts from all sources, in one answer",
                "url": installation.base_url,
            },
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "documentation": (
                        "A search is POST [type]/_search with its parameters in the body. "
                        "An entry with search.mode=outcome stands for a source that did not "
                        "answer: the rest of the answer is then not all there is."
                    ),
                    "security": _security(installation),
                    "resource": [_resource(each) for each in table],
                }
            ],
        }
    )


def _security(installation: Installation) -> Json:
    known = installation.authorize_url and installation.token_url
    addresses = {
        "url": OAUTH,
        "extension": [
            {"url": "authorize", "valueUri": installation.authorize_url},
            {"url": "token", "valueUri": installation.token_url},
        ],
    }
    return {
        "extension": [addresses] if known else [],
        "cors": False,
        "service": [
            {
                "coding": [
                    {
                        "system": SECURITY_SERVICE,
                        "code": "SMART-on-FHIR",
                        "display": "SMART-on-FHIR",
                    }
                ],
                "text": "OAuth 2 with the scopes of SMART on FHIR",
            }
        ],
    }


def _resource(each: Served) -> Json:
    return {
        "type": each.type,
        "documentation": each.says,
        "interaction": [{"code": code.value} for code in each.interactions],
        "versioning": "no-version",
        "searchInclude": list(each.includes),
        "searchRevInclude": list(each.reverse_includes),
        "searchParam": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "documentation": parameter.says
                + (" (must be given)" if parameter.required else ""),
            }
            for parameter in each.parameters
        ],
    }
