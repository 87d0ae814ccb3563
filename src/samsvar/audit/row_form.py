"""The byte forms of a row of the access log: what is hashed into its leaf.

Form 1: the byte 01, then the columns in the order below, each as a letter for its kind and its
value: ``I`` a whole number of 8 bytes, ``F`` a double (IEEE 754) of 8 bytes, ``T`` text in UTF-8
and ``B`` bytes, both after their length in 4 bytes; ``N`` alone for a value that is missing. All
numbers big-endian, whole ones signed but for lengths. So no two rows have one form. A form that
was ever written is never changed: another column is another form.
Form 2: the byte 02, the columns of form 1, and after them those that say who the user was and what
was shown of whom. In a row of form 1 these hold nothing, or the row is none.
Knows the columns. Knows no database.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from samsvar.audit.merkle import leaf_hash

COLUMNS_1: tuple[tuple[str, str], ...] = (
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
ADDED_2: tuple[tuple[str, str], ...] = (
    ("door", "T"),
    ("user_kind", "T"),
    ("user_hash", "T"),
    ("user_id_hash", "T"),
    ("user_sealed", "B"),
    ("care_giver", "T"),
    ("care_unit", "T"),
    ("assignment", "T"),
    ("purpose", "T"),
    ("statement", "T"),
    ("reason_sealed", "B"),
    ("disclosures", "T"),
    ("policy", "T"),
    ("consent_id", "T"),
)
COLUMNS_2 = COLUMNS_1 + ADDED_2
FORM = 2
"""The form of rows that are written now."""
MISSING = leaf_hash(b"")
"""Stands in the tree for a row that was gone when the tree was made; no row has this leaf."""

NAMES_1 = tuple(name for name, _ in COLUMNS_1)
NAMES = (*NAMES_1, "form", *(name for name, _ in ADDED_2))
"""Every column but the leaf, as rows are handed over: ``form`` stands between old and new."""
SEALED = tuple(name for name, kind in COLUMNS_2 if kind == "B")
"""Those that hold bytes."""

_OLD = len(NAMES_1)
_KINDS_1 = tuple(kind for _, kind in COLUMNS_1)
_KINDS_2 = tuple(kind for _, kind in COLUMNS_2)
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
        RowUnreadable: a column holds another kind of value, or one that the row's form lacks.
    """
    return leaf_hash(form_of(values))


def form_of(values: Sequence[Any]) -> bytes:
    """The byte form of a row's values in the order of ``NAMES``.

    Raises:
        RowUnreadable: a column holds another kind of value, or one that the row's form lacks.
    """
    if len(values) != len(NAMES):
        raise RowUnreadable("a column is missing")
    form = values[_OLD]
    if form == FORM and isinstance(form, int):
        return form_2_of((*values[:_OLD], *values[_OLD + 1 :]))
    if form == 1 and isinstance(form, int):
        if any(value is not None for value in values[_OLD + 1 :]):
            raise RowUnreadable("a column holds what no row of its form has")
        return form_1_of(values[:_OLD])
    raise RowUnreadable("the row has no form that is known")


def form_1_of(values: Sequence[Any]) -> bytes:
    """Form 1 of values in the order of ``COLUMNS_1``.

    Raises:
        RowUnreadable: a column holds another kind of value.
    """
    return b"".join(_parts(b"\x01", _KINDS_1, values))


def form_2_of(values: Sequence[Any]) -> bytes:
    """Form 2 of values in the order of ``COLUMNS_2``.

    Raises:
        RowUnreadable: a column holds another kind of value.
    """
    return b"".join(_parts(b"\x02", _KINDS_2, values))


def _parts(form: bytes, kinds: Sequence[str], values: Sequence[Any]) -> list[bytes]:
    parts = [form]
    try:
        for kind, value in zip(kinds, values, strict=True):
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
    return parts
