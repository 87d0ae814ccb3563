"""What a FHIR R4 resource must keep to: HL7's own structure, its closed lists, and house rules.

The models of ``fhir.resources`` are R4B, in which all that is used here is as in R4. They know
each element, its type, how often it may stand and which lists are closed, but do not hold a value
to its list: that is done here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel

from samsvar.soap.parsing import REQUEST_LIMITS, parse

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
# Lists that the models give in part ("+"), or as prose: what R4 has.
_LISTS = {
    "Encounter.status": {
        "planned",
        "arrived",
        "triaged",
        "in-progress",
        "onleave",
        "finished",
        "cancelled",
        "entered-in-error",
        "unknown",
    },
    "CapabilityStatement.format": {"application/fhir+json"},
}
_HTML = {"div", "p", "br", "h3", "ul", "li"}


def assert_valid(resource: dict[str, Any]) -> None:
    """Fails with the first thing that is wrong."""
    written = orjson.dumps(resource)
    model = get_fhir_model_class(resource["resourceType"]).model_validate_json(written)
    _assert_lists(model, resource["resourceType"])
    _assert_nothing_empty(resource, resource["resourceType"])
    for each in resources_in(resource):
        if "id" in each:
            assert _ID.fullmatch(each["id"]), "an id that is none"
        if each["resourceType"] != "Bundle":
            _assert_contained(each)
        if "text" in each:
            _assert_narrative(each["text"]["div"])


def resources_in(value: Any) -> Iterator[dict[str, Any]]:
    """The resource and every resource inside it."""
    if isinstance(value, dict):
        if "resourceType" in value:
            yield value
        for each in value.values():
            yield from resources_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from resources_in(each)


def references_in(value: Any) -> Iterator[str]:
    """Every literal reference."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from references_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from references_in(each)


def texts_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text with the names that lead to it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from texts_in(each, (*path, name))
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each, path)
    elif isinstance(value, str):
        yield path, value


def _assert_lists(model: BaseModel, path: str) -> None:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra
        allowed: Any = extra.get("enum_values") if isinstance(extra, dict) else None
        allowed = _LISTS.get(f"{type(model).__name__}.{name}", allowed)
        each_of = value if isinstance(value, list) else [value]
        for each in each_of:
            if isinstance(each, BaseModel):
                _assert_lists(each, f"{path}.{name}")
            elif each is not None and isinstance(allowed, list | set):
                assert "+" not in allowed, f"{path}.{name}: write down what R4 has"
                assert each in allowed, f"{path}.{name}: {each!r} is not of {allowed}"


def _assert_nothing_empty(value: Any, path: str) -> None:
    """FHIR JSON has no null, no empty text, list or object."""
    assert value not in (None, "", [], {}), f"{path} is empty"
    if isinstance(value, dict):
        for name, each in value.items():
            _assert_nothing_empty(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            _assert_nothing_empty(each, path)
    elif isinstance(value, str):
        assert value.strip(), f"{path} is blank"


def _assert_contained(resource: dict[str, Any]) -> None:
    """dom-2, dom-3, dom-4: what stands inside is pointed at, and has no inside or meta."""
    inside = resource.get("contained", [])
    pointed = {each for each in references_in({**resource, "contained": []}) if each[0] == "#"}
    assert {f"#{each['id']}" for each in inside} == pointed
    for each in inside:
        assert "contained" not in each
        assert "meta" not in each


def _assert_narrative(div: str) -> None:
    """txt-1, txt-2: well-formed, a few elements without attributes, and something to read."""
    root = parse(div.encode(), charset=None, limits=REQUEST_LIMITS).root
    assert root.tag == "{http://www.w3.org/1999/xhtml}div"
    for element in root.iter():
        assert str(element.tag).rpartition("}")[2] in _HTML
        assert not element.attrib
    assert "".join(root.itertext()).strip()
