"""A row of the access log as a leaf: one form for one row; and rows older than the tree."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st

from samsvar.audit.merkle import CompactRange, leaf_hash
from samsvar.audit.row_form import (
    ADDED_2,
    COLUMNS_1,
    COLUMNS_2,
    MISSING,
    NAMES,
    NAMES_1,
    RowUnreadable,
    form_1_of,
    form_2_of,
    form_of,
    leaf_of,
    leaf_of_values,
)
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import MIGRATIONS, Database
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import FILE_NAME
from samsvar.store.tables import AUDIT_TREE, QUESTION
from tests.databases import open_database
from tests.unit.test_store_access_log import record

ROW: dict[str, Any] = {
    "sequence": 7,
    "correlation_id": "question-7",
    "at": "2026-06-01T12:00:00.000007+00:00",
    "sender": "SE5565594230-NPO",
    "original_consumer": None,
    "contract": "urn:riv:x:GetCarePlansResponder:2",
    "logical_address": "5565594230",
    "subject_hash": "ab" * 32,
    "subject_sealed": b"\x01sealed",
    "verdict": "answered",
    "fault": None,
    "fault_detail": "å",
    "catalogue_version": 4,
    "elapsed": 27.125,
    "items": 2,
    "security": "[]",
    "peer": "192.0.2.1",
    "decisions": "[]",
}
ADDED: dict[str, Any] = {
    "door": "fhir",
    "user_kind": "staff",
    "user_hash": "cd" * 32,
    "user_id_hash": "ef" * 32,
    "user_sealed": b"\x01who",
    "care_giver": "SE2321000016-1",
    "care_unit": "SE2321000016-2",
    "assignment": None,
    "purpose": "CARE",
    "statement": "{}",
    "reason_sealed": b"\x01why",
    "disclosures": '[{"owner":"SE-A"}]',
    "policy": "cautious-1",
    "consent_id": None,
}
ROW_1 = {**ROW, "form": 1, **dict.fromkeys(ADDED)}
ROW_2 = {**ROW, "form": 2, **ADDED}
COMMON = b"".join(
    [
        b"I" + (7).to_bytes(8),
        b"T\x00\x00\x00\x0aquestion-7",
        b"T\x00\x00\x00\x202026-06-01T12:00:00.000007+00:00",
        b"T\x00\x00\x00\x10SE5565594230-NPO",
        b"N",
        b"T\x00\x00\x00\x21urn:riv:x:GetCarePlansResponder:2",
        b"T\x00\x00\x00\x0a5565594230",
        b"T\x00\x00\x00\x40" + b"ab" * 32,
        b"B\x00\x00\x00\x07\x01sealed",
        b"T\x00\x00\x00\x08answered",
        b"N",
        b"T\x00\x00\x00\x02\xc3\xa5",
        b"I" + (4).to_bytes(8),
        b"F\x40\x3b\x20\x00\x00\x00\x00\x00",
        b"I" + (2).to_bytes(8),
        b"T\x00\x00\x00\x02[]",
        b"T\x00\x00\x00\x09192.0.2.1",
        b"T\x00\x00\x00\x02[]",
    ]
)


def test_form_1_is_for_ever() -> None:
    """Whoever changes these bytes makes all logs that exist unprovable."""
    values = [ROW_1[name] for name in NAMES]
    assert form_of(values) == form_1_of([ROW[name] for name in NAMES_1]) == b"\x01" + COMMON
    assert leaf_of(ROW_1) == leaf_hash(form_of(values))


def test_form_2_is_for_ever() -> None:
    """Likewise."""
    values = [ROW_2[name] for name in NAMES]
    assert form_of(values) == b"".join(
        [
            b"\x02" + COMMON,
            b"T\x00\x00\x00\x04fhir",
            b"T\x00\x00\x00\x05staff",
            b"T\x00\x00\x00\x40" + b"cd" * 32,
            b"T\x00\x00\x00\x40" + b"ef" * 32,
            b"B\x00\x00\x00\x04\x01who",
            b"T\x00\x00\x00\x0eSE2321000016-1",
            b"T\x00\x00\x00\x0eSE2321000016-2",
            b"N",
            b"T\x00\x00\x00\x04CARE",
            b"T\x00\x00\x00\x02{}",
            b"B\x00\x00\x00\x04\x01why",
            b'T\x00\x00\x00\x12[{"owner":"SE-A"}]',
            b"T\x00\x00\x00\x0acautious-1",
            b"N",
        ]
    )
    assert leaf_of(ROW_2) == leaf_hash(form_of(values))


@pytest.mark.parametrize("name", [name for name, _ in ADDED_2])
def test_a_row_of_form_1_holds_nothing_that_its_leaf_does_not_know(name: str) -> None:
    """Else somebody could say who asked, in an old row, and nobody would find it out."""
    with pytest.raises(RowUnreadable, match="no row of its form has"):
        leaf_of({**ROW_1, name: b"x" if name.endswith("sealed") else "x"})


@pytest.mark.parametrize("form", [0, 3, None, "1", 1.0])
def test_a_row_of_another_form_is_none(form: object) -> None:
    with pytest.raises(RowUnreadable, match="no form that is known"):
        leaf_of({**ROW_2, "form": form})


def test_a_row_cannot_be_given_out_as_one_of_the_other_form() -> None:
    nothing = {**ROW_2, **dict.fromkeys(ADDED)}
    assert leaf_of({**nothing, "form": 2}) != leaf_of({**nothing, "form": 1})


def test_every_column_of_the_table_is_in_the_form() -> None:
    """But the leaf itself."""
    assert {*NAMES, "leaf"} == {column.name for column in QUESTION.c}


_TEXTS = st.none() | st.text(max_size=5)
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "I": st.none() | st.integers(-(2**63), 2**63 - 1),
    "F": st.none() | st.floats(allow_nan=False),
    "T": _TEXTS,
    "B": st.none() | st.binary(max_size=5),
}
ROWS = st.tuples(*(_KINDS[kind] for _, kind in COLUMNS_2))
OLD_ROWS = st.tuples(*(_KINDS[kind] for _, kind in COLUMNS_1))


def _exactly(values: tuple[Any, ...]) -> list[str]:
    return [repr(value) for value in values]  # 0.0 and -0.0 are not one


@given(ROWS, ROWS)
def test_two_rows_have_two_forms(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert (form_2_of(one) == form_2_of(other)) == (_exactly(one) == _exactly(other))


@given(OLD_ROWS, OLD_ROWS)
def test_two_old_rows_have_two_forms(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert (form_1_of(one) == form_1_of(other)) == (_exactly(one) == _exactly(other))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sequence", "7"),
        ("sequence", 2**63),
        ("sender", b"bytes"),
        ("sender", "half a character \ud800"),
        ("elapsed", 27),
        ("subject_sealed", "text"),
        ("items", 2.0),
    ],
)
def test_a_value_of_another_kind_is_no_row(name: str, value: object) -> None:
    with pytest.raises(RowUnreadable):
        leaf_of({**ROW_1, name: value})
    with pytest.raises(RowUnreadable):
        leaf_of({**ROW_2, name: value})
    with pytest.raises(RowUnreadable):
        leaf_of({key: kept for key, kept in ROW_2.items() if key != name})
    with pytest.raises(RowUnreadable):
        leaf_of_values([ROW[each] for each in NAMES_1])


def stored(database: Database) -> tuple[list[tuple[int, bytes, bytes]], CompactRange]:
    """Number, leaf, and leaf made anew of each row; and the tree."""
    with database.read() as connection:
        columns = (*(QUESTION.c[name] for name in NAMES), QUESTION.c.leaf)
        rows = [
            (row[0], row[-1], leaf_of_values(tuple(row[:-1])))
            for row in connection.execute(sa.select(*columns).order_by(QUESTION.c.sequence))
        ]
        tree = connection.execute(sa.select(AUDIT_TREE.c.size, AUDIT_TREE.c.peaks)).one()
    return rows, CompactRange.read(*tree)


@pytest.mark.databases
async def test_each_row_is_a_leaf_when_it_is_written(tmp_path: Path) -> None:
    """The same bytes are hashed from the record as from the row that is read back."""
    database = open_database(tmp_path)
    log = SqlAccessLog(database, open_vault(database))
    for number in range(5):
        await log.append(record(number, None if number == 3 else record().subject))
    await log.close()
    rows, tree = stored(database)
    database.close()

    assert [(number, leaf) for number, leaf, _ in rows] == [
        (number, leaf) for number, _, leaf in rows
    ]
    assert [number for number, _, _ in rows] == [1, 2, 3, 4, 5]
    assert tree == CompactRange().grown(leaf for _, leaf, _ in rows)


def _old_database(folder: Path, numbers: list[int]) -> None:
    """As the release before the tree left it."""
    folder.mkdir(exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{folder / FILE_NAME}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        marks = ", ".join(f":{name}" for name in NAMES_1)
        for number in numbers:
            connection.execute(
                sa.text(f"INSERT INTO question VALUES ({marks})"), {**ROW, "sequence": number}
            )
    engine.dispose()


@pytest.mark.sqlite
def test_rows_older_than_the_tree_get_their_leaves(tmp_path: Path) -> None:
    _old_database(tmp_path, list(range(1, 2300)))
    database = open_database(tmp_path)
    rows, tree = stored(database)

    assert len(rows) == tree.size == 2299
    assert all(leaf == made for _, leaf, made in rows)
    assert tree == CompactRange().grown(leaf for _, leaf, _ in rows)
    with sqlite3.connect(tmp_path / FILE_NAME) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute("UPDATE question SET sender = 'x'")
    other.close()
    database.close()


@pytest.mark.sqlite
async def test_rows_that_had_gone_before_the_tree_are_gaps_in_it(tmp_path: Path) -> None:
    """And the log goes on with the next number."""
    _old_database(tmp_path, [1, 4])
    database = open_database(tmp_path)
    log = SqlAccessLog(database, open_vault(database))
    await log.append(record())
    await log.close()
    rows, tree = stored(database)
    database.close()

    assert [number for number, _, _ in rows] == [1, 4, 5]
    leaves = [rows[0][1], MISSING, MISSING, rows[1][1], rows[2][1]]
    assert tree == CompactRange().grown(leaves)
