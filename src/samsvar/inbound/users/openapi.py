"""The description of the JSON rows (OpenAPI 3.1), made of the table that serves them.

FHIR describes itself in its CapabilityStatement. Knows rows and pydantic's schemas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from samsvar import __version__
from samsvar.inbound.users.refusal import MEANING
from samsvar.inbound.users.router import CITIZEN, Route
from samsvar.inbound.users.statement import CAPACITY, EMERGENCY, FLAGS, PREFIX
from samsvar.model.user import UserKind

_REFERENCE = "#/components/schemas/{model}"
_REFUSALS = (400, 401, 403, 406, 408, 413, 415, 422, 429, 500, 503)


class ProblemBody(BaseModel):
    """Why a request was not served (RFC 9457)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    type: str
    title: str
    status: int
    detail: str = Field(description="in English, for whoever made the application")
    detail_sv: str = Field(description="in Swedish, for the user")
    reason: str | None = Field(description="id of an access rule, or code of a fault")
    faults: list[str] = Field(description="what to mend, if it is several things")


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole description."""
    described = [route for route in routes if route.response is not None]
    schemas, definitions = models_json_schema(
        sorted(_models(described), key=lambda pair: (pair[0].__name__, pair[1])),
        by_alias=True,
        ref_template=_REFERENCE,
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, schemas)
    paths[f"{CITIZEN}/openapi.json"] = {"get": _own()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Samsvar, for applications of citizens and staff",
            "version": __version__,
            "description": "Numbers of persons stand in bodies, and nowhere else. What may be"
            " shown is decided by the access rules, for each question anew.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "certificate": {"type": "mutualTLS"},
            },
        },
    }


def _models(routes: Sequence[Route]) -> set[tuple[type[BaseModel], JsonSchemaMode]]:
    found: set[tuple[type[BaseModel], JsonSchemaMode]] = {(ProblemBody, "serialization")}
    for route in routes:
        if route.response is not None:
            found.add((route.response, "serialization"))
        if route.request is not None:
            found.add((route.request, "validation"))
    return found


def _operation(route: Route, schemas: Any) -> dict[str, Any]:
    scopes = ", ".join(f"{kind}.{interaction}" for kind, interaction in route.scopes)
    who = "and ".join(sorted(route.kinds))
    problem = {"application/problem+json": {"schema": schemas[(ProblemBody, "serialization")]}}
    return {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"For users who are {who}. Scopes: {scopes}.",
        "security": [{"token": [], "certificate": []}],
        "parameters": list(_headers(route)),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas[(route.request, "validation")]}},
        },
        "responses": {
            "200": {
                "description": "Answered",
                "content": {
                    "application/json": {"schema": schemas[(route.response, "serialization")]}
                },
            },
            **{
                str(status): {"description": MEANING[status][2], "content": problem}
                for status in sorted({*_REFUSALS, *((404,) if route.handles else ())})
            },
        },
    }


def _headers(route: Route) -> list[dict[str, Any]]:
    """What may be stated in headers instead of in the body."""
    if UserKind.STAFF not in route.kinds:
        names = {CAPACITY: {"type": "string", "enum": ["self", "guardian", "agent"]}}
    else:
        flag = {"type": "string", "enum": ["true", "false"]}
        names = {f"{PREFIX}{name}": flag for name in FLAGS} | {EMERGENCY: {"type": "string"}}
    return [
        {"name": name, "in": "header", "required": False, "schema": schema}
        for name, schema in names.items()
    ]


def _own() -> dict[str, Any]:
    return {
        "operationId": "describe",
        "summary": "This description",
        "security": [],
        "responses": {
            "200": {
                "description": "OpenAPI 3.1",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }
