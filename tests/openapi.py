"""Holds a description to the rules of OpenAPI 3.1, and answers to the description.

Written from the specification (3.1.0) and from JSON Schema 2020-12, as far as such descriptions
use them; a keyword that is not known here is a fault, so that nothing goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

_SAYS_NOTHING = {"title", "description", "default", "examples"}
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def faults(value: Any, schema: Any, document: Any, where: str = "it") -> Iterator[str]:
    """Where a value is not as its schema says."""
    if "$ref" in schema:
        schema = resolved(schema["$ref"], document)
    if "anyOf" in schema:
        if not any(not list(faults(value, each, document)) for each in schema["anyOf"]):
            yield f"{where}: fits none of anyOf"
        return
    if "type" in schema and not _TYPES[schema["type"]](value):
        yield f"{where}: is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: is none of enum"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: is not the const"
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        yield f"{where}: has no zone"
    if isinstance(value, dict):
        yield from _object_faults(value, schema, document, where)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], document, f"{where}[{number}]")


def _object_faults(value: Any, schema: Any, document: Any, where: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: lacks {name}"
    for name, item in value.items():
        if name in properties:
            yield from faults(item, properties[name], document, f"{where}.{name}")
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from faults(item, schema["additionalProperties"], document, f"{where}.{name}")
        elif properties:
            yield f"{where}: has {name}, which is not described"


def resolved(reference: str, document: Any) -> Any:
    """What a reference inside the document leads to."""
    assert reference.startswith("#/")
    found = document
    for part in reference[2:].split("/"):
        found = found[part]
    return found


def lint(document: Any) -> Iterator[str]:
    """What is wrong with the description itself."""
    yield from _keys("document", document, {"openapi", "info", "servers", "paths", "components"})
    if not re.fullmatch(r"3\.1\.\d+", document["openapi"]):
        yield "openapi: is not 3.1"
    yield from _keys("info", document["info"], {"title", "version", "description"})
    seen: set[str] = set()
    for path, item in document["paths"].items():
        if not path.startswith("/"):
            yield f"{path}: must begin with a slash"
        if re.sub(r"\{[^}]*\}", "{}", path) in seen:
            yield f"{path}: the same as another"
        seen.add(re.sub(r"\{[^}]*\}", "{}", path))
        for method, operation in item.items():
            if method not in ("get", "put", "post", "delete", "options", "head", "patch", "trace"):
                yield f"{path}: {method} is no method"
            yield from _operation(f"{method} {path}", path, operation, document)
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    if len(set(names)) != len(names):
        yield "an operationId stands twice"
    for name, schema in document["components"]["schemas"].items():
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            yield f"{name}: cannot be a component's name"
        yield from _schema(name, schema, document)


def _operation(where: str, path: str, operation: Any, document: Any) -> Iterator[str]:
    known = {
        "operationId",
        "summary",
        "description",
        "security",
        "parameters",
        "requestBody",
        "responses",
    }
    yield from _keys(where, operation, known, optional=known - {"operationId", "responses"})
    in_path = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
    if in_path != set(re.findall(r"\{([^}]+)\}", path)):
        yield f"{where}: its path parameters are not those of the path"
    for one in operation.get("parameters", ()):
        yield from _keys(f"{where} {one['name']}", one, {"name", "in", "required", "schema"})
        if one["in"] == "path" and one["required"] is not True:
            yield f"{where} {one['name']}: a path parameter is required"
        yield from _schema(f"{where} {one['name']}", one["schema"], document)
    for scheme in (name for one in operation.get("security", ()) for name in one):
        if scheme not in document["components"]["securitySchemes"]:
            yield f"{where}: {scheme} is no security scheme"
    if not operation["responses"]:
        yield f"{where}: has no responses"
    for status, response in operation["responses"].items():
        if not re.fullmatch(r"[1-5]\d\d", status):
            yield f"{where}: {status} is no status"
        yield from _keys(f"{where} {status}", response, {"description", "content"})
        yield from _content(f"{where} {status}", response["content"], document)
    if "requestBody" in operation:
        body = operation["requestBody"]
        yield from _keys(
            where, body, {"required", "content", "description"}, optional={"description"}
        )
        yield from _content(where, body["content"], document)


def _content(where: str, content: Any, document: Any) -> Iterator[str]:
    for kind, media in content.items():
        if "/" not in kind:
            yield f"{where}: {kind} is no media type"
        yield from _keys(where, media, {"schema"})
        yield from _schema(where, media["schema"], document)


def _schema(where: str, schema: Any, document: Any) -> Iterator[str]:
    if "$ref" in schema:
        try:
            resolved(schema["$ref"], document)
        except (KeyError, AssertionError):
            yield f"{where}: {schema['$ref']} leads nowhere"
    known = _SAYS_NOTHING | {
        *("$ref", "anyOf", "type", "enum", "const", "format", "properties", "required", "items"),
        *("additionalProperties", "pattern", "minimum", "maximum", "maxLength", "minLength"),
    }
    yield from (f"{where}: {key} is not a keyword that is known" for key in schema.keys() - known)
    if "type" in schema and schema["type"] not in _TYPES:
        yield f"{where}: {schema['type']} is no type"
    if schema.get("type") == "array" and "items" not in schema:
        yield f"{where}: says nothing of its items"
    if not set(schema.get("required", ())) <= schema.get("properties", {}).keys():
        yield f"{where}: requires what it does not describe"
    inner = [*schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    inner += [schema[key] for key in ("items",) if key in schema]
    if isinstance(schema.get("additionalProperties"), dict):
        inner.append(schema["additionalProperties"])
    for each in inner:
        yield from _schema(where, each, document)


def _keys(
    where: str,
    value: Any,
    known: set[str],
    optional: set[str] = frozenset(),  # type: ignore[assignment]
) -> Iterator[str]:
    yield from (f"{where}: {key} is not known" for key in value.keys() - known)
    yield from (f"{where}: lacks {key}" for key in known - optional - value.keys())
