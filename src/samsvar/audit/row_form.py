"""The one byte form of a row of the access log: what is hashed into its leaf.

Form 1: the byte 01, then the columns in the order below, each as a letter for its kind and its
value: ``I`` a whole number of 8 bytes, ``F`` a double (IEEE 754) of 8 bytes, ``T`` text in UTF-8
and ``B`` bytes, both after their length in 4 bytes; ``N`` alone for a value that is missing. All
numbers big-endian, whole ones signed but for lengths. So no two rows have one form. A form that
was ever written is never changed: another column is another form.
Knows the columns. Knows no database.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from samsvar.audit.merkle import leaf_hash

FORM = b"\x01"
COLUMNS: tuple[tuple[str, str], ...] = (
    ("sequence", "I"),
    ("correlation_id", "T"),
    ("at", "T"),
    ("sender", "T"),
    ("original_consumer", "T"),
    ("contract", "T"),
    ("logical_address", "T"),
    ("subject_hash", "T"),
    ("subject_sealed", "B"),
    ("verdict", "T"),
    ("fault", "T"),
    ("fault_detail", "T"),
    ("catalogue_version", "I"),
    ("elapsed", "F"),
    ("items", "I"),
    ("security", "T"),
    ("peer", "T"),
    ("decisions", "T"),
)
MISSING = leaf_hash(b"")
"""Stands in the tree for a row that was gone when the tree was made; no row has this leaf."""

NAMES = tuple(name for name, _ in COLUMNS)
_KINDS = tuple(kind for _, kind in COLUMNS)
_whole = struct.Struct(">cq").pack
_double = struct.Struct(">cd").pack
_length = struct.Struct(">cI").pack


class RowUnreadable(ValueError):
    """A value is of another kind than its column."""


def leaf_of(row: Mapping[str, Any]) -> bytes:
    """The leaf hash of a row.

    Raises:
        RowUnreadable: a column is missing, or holds another kind of value.
    """
    try:
        return leaf_of_values([row[name] for name in NAMES])
    except KeyError as error:
        raise RowUnreadable("a column is missing") from error


def leaf_of_values(values: Sequence[Any]) -> bytes:
    """The leaf hash of a row's values in the order of ``NAMES``.

    Raises:
        RowUnreadable: a column holds another kind of value.
    """
    return leaf_hash(form_of(values))


def form_of(values: Sequence[Any]) -> bytes:
    """The byte form of a row's values in the order of ``NAMES``.

    Raises:
        RowUnreadable: a column holds another kind of value.
    """
    parts = [FORM]
    try:
        for kind, value in zip(_KINDS, values, strict=True):
            if value is None:
                parts.append(b"N")
            elif kind == "T" and isinstance(value, str):
                text = value.encode()
                parts += (_length(b"T", len(text)), text)
            elif kind == "I" and isinstance(value, int):
                parts.append(_whole(b"I", value))
            elif kind == "F" and isinstance(value, float):
                parts.append(_double(b"F", value))
            elif kind == "B" and isinstance(value, bytes):
                parts += (_length(b"B", len(value)), value)
            else:
                raise RowUnreadable("a column holds another kind of value than it should")
    except (ValueError, struct.error) as error:
        raise RowUnreadable("a column holds what no row can hold") from error
    return b"".join(parts)
