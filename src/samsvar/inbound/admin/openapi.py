"""The description of the interface (OpenAPI 3.1), made of the table that serves it.

Knows rows and pydantic's schemas. There is no second description to keep true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from samsvar import __version__
from samsvar.inbound.admin.problems import MEANING, ProblemBody
from samsvar.inbound.admin.router import ID_PATTERN, PREFIX, NoQuery, Route
from samsvar.onboarding.roles import MAY

PEM_TYPE = "application/x-pem-file"
_REFERENCE = "#/components/schemas/{model}"
_ALWAYS = (401, 403, 429, 500, 503)
_SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"certificate": []}]


def document(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole description."""
    schemas, definitions = models_json_schema(
        sorted(_models(routes), key=lambda pair: (pair[0].__name__, pair[1])),
        ref_template=_REFERENCE,
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        place = paths.setdefault(f"{PREFIX}{route.template}", {})
        place[route.method.lower()] = _operation(route, schemas)
    paths[f"{PREFIX}/openapi.json"] = {"get": _own()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Samsvar, administrative interface",
            "version": __version__,
            "description": "Producers, their publication and service, and what became of questions."
            " Nothing here is about a patient: only the test takes numbers, of test persons.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "certificate": {"type": "mutualTLS"},
            },
        },
    }


def _models(routes: Sequence[Route]) -> set[tuple[type[BaseModel], JsonSchemaMode]]:
    found: set[tuple[type[BaseModel], JsonSchemaMode]] = {(ProblemBody, "serialization")}
    for route in routes:
        found.add((route.response, "serialization"))
        if route.request is not None:
            found.add((route.request, "validation"))
    return found


def _operation(route: Route, schemas: Any) -> dict[str, Any]:
    roles = [role.value for role, rights in MAY.items() if route.right in rights]
    who = f"Roles: {', '.join(roles)}." if route.right else "Any role."
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": who,
        "security": _SECURITY,
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {
            str(route.status): {
                "description": route.stream or "Done",
                "content": {
                    "text/event-stream" if route.stream else "application/json": {
                        "schema": schemas[(route.response, "serialization")]
                    }
                },
            },
            **{
                str(status): {
                    "description": MEANING[status],
                    "content": {
                        "application/json": {"schema": schemas[(ProblemBody, "serialization")]}
                    },
                }
                for status in sorted({*_ALWAYS, *_of_request(route), *route.refusals})
            },
        },
    }
    if route.pem is not None:
        operation["requestBody"] = {
            "description": route.pem,
            "required": True,
            "content": {PEM_TYPE: {"schema": {"type": "string"}}},
        }
    elif route.request is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[(route.request, "validation")]}},
        }
    return operation


def _of_request(route: Route) -> tuple[int, ...]:
    return (
        *((400, 408, 413, 415, 422) if route.has_body else ()),
        *((422,) if route.query is not NoQuery else ()),
        *((404,) if route.names else ()),
    )


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in route.names:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{ID_PATTERN}$"},
        }


def _query_parameters(route: Route) -> Iterator[dict[str, Any]]:
    described = route.query.model_json_schema()
    for name, schema in described.get("properties", {}).items():
        yield {
            "name": name,
            "in": "query",
            "required": name in described.get("required", []),
            "schema": {key: value for key, value in schema.items() if key != "title"},
        }


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
