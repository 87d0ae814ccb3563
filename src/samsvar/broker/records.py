"""Canonical records as JSON and back: by the model's own fields, strictly.

A field that is not in the model, a value of another type, a word that is no code: the whole
record is refused. What is as the model has it anyway is left out. ``schema`` writes the form down
as JSON Schema; ``docs/worker-records.schema.json`` is that, and a test holds the two together.
Knows the types of ``model.care`` and no field of it by name.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from samsvar.model.care import CareContact, CarePlan
from samsvar.model.local_time import STOCKHOLM

Reader = Callable[[Any], Any]


class RecordRefused(ValueError):
    """It is no record. The text is the path to the fault, and no value."""


def written(record: CarePlan | CareContact) -> dict[str, Any]:
    """The record as what JSON can hold."""
    told: dict[str, Any] = _plain(record)
    return told


def read_plan(told: object) -> CarePlan:
    """A plan.

    Raises:
        RecordRefused: it is none.
    """
    plan: CarePlan = _reader(CarePlan)(told)
    return plan


def read_contact(told: object) -> CareContact:
    """A care contact.

    Raises:
        RecordRefused: it is none.
    """
    contact: CareContact = _reader(CareContact)(told)
    return contact


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(said)
            for field in dataclasses.fields(value)
            if (said := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default  # MISSING, which nothing equals, where there is none


@cache
def _reader(kind: Any) -> Reader:
    """What reads a value of that type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (each for each in arguments if each is not types.NoneType)
        read = _reader(inner)
        return lambda told: None if told is None else read(told)
    if origin is tuple:
        read_each = _reader(arguments[0])
        return lambda told: _tuple(told, read_each)
    if dataclasses.is_dataclass(kind):
        return lambda told: _dataclass(told, kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda told: _enum(told, kind)
    return _LEAVES[kind]


def _dataclass(told: Any, kind: Any) -> Any:
    readers, needed = _fields(kind)
    if type(told) is not dict:
        raise RecordRefused("")
    given: dict[str, Any] = {}
    for name, value in told.items():
        read = readers.get(name)
        if read is None:
            raise RecordRefused("an unknown field")
        try:
            given[name] = read(value)
        except RecordRefused as error:
            raise RecordRefused(f"{name}.{error}".rstrip(".")) from None
    for name in needed:
        if name not in given:
            raise RecordRefused(name)
    return kind(**given)


@cache
def _fields(kind: Any) -> tuple[Mapping[str, Reader], tuple[str, ...]]:
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields}
    return readers, tuple(field.name for field in fields if _default(field) is dataclasses.MISSING)


def _needed(kind: Any) -> tuple[str, ...]:
    return _fields(kind)[1]


def _tuple(told: Any, read: Reader) -> tuple[Any, ...]:
    if type(told) is not list:
        raise RecordRefused("")
    return tuple(map(read, told))


def _enum(told: Any, kind: type[Enum]) -> Enum:
    if type(told) is not str:
        raise RecordRefused("")
    try:
        return kind(told)
    except ValueError:
        raise RecordRefused("") from None


def _exactly(kind: type) -> Reader:
    def read(told: Any) -> Any:
        if type(told) is not kind:
            raise RecordRefused("")
        return told

    return read


def _moment(told: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(told)
        if "T" not in told or moment.tzinfo is None:
            raise RecordRefused("")
        return moment.astimezone(STOCKHOLM)
    except (TypeError, ValueError, OverflowError):
        raise RecordRefused("") from None


def _day(told: Any) -> date:
    try:
        if len(told) != len("2026-01-31"):
            raise RecordRefused("")
        return date.fromisoformat(told)
    except (TypeError, ValueError):
        raise RecordRefused("") from None


def _bytes(told: Any) -> bytes:
    try:
        return base64.b64decode(told, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise RecordRefused("") from None


_LEAVES: dict[Any, Reader] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    datetime: _moment,
    date: _day,
    bytes: _bytes,
}


def schema() -> dict[str, Any]:
    """The form of records, as JSON Schema (2020-12)."""
    defined: dict[str, Any] = {}
    records = [_schema(CarePlan, defined), _schema(CareContact, defined)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record in a worker's answer",
        "oneOf": records,
        "$defs": dict(sorted(defined.items())),
    }


_LEAF_SCHEMAS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    bytes: {"type": "string", "contentEncoding": "base64"},
}


def _schema(kind: Any, defined: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (each for each in arguments if each is not types.NoneType)
        return {"anyOf": [_schema(inner, defined), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], defined)}
    if not isinstance(kind, type) or kind in _LEAF_SCHEMAS:
        return _LEAF_SCHEMAS[kind]
    if kind.__name__ not in defined:
        defined[kind.__name__] = {}
        if issubclass(kind, Enum):
            defined[kind.__name__] = {"enum": [each.value for each in kind]}
        else:
            hints = typing.get_type_hints(kind)
            defined[kind.__name__] = {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _schema(hint, defined) for name, hint in hints.items()},
                "required": list(_needed(kind)),
            }
    return {"$ref": f"#/$defs/{kind.__name__}"}
