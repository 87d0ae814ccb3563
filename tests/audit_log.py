"""Access logs to prove, and to falsify: in memory, and in a data folder as the hub writes it.

Falsifies as one who has the file may: triggers are dropped first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from samsvar.audit.heads import Head, KeyHandOver, SignedHead, hand_over, key_id, public_of, signed
from samsvar.audit.merkle import CompactRange
from samsvar.audit.row_form import NAMES, SEALED, leaf_of_values
from samsvar.audit.verifying import Chain, Report, verify
from samsvar.store.audit_heads import HeadHabits, HeadWriter
from samsvar.store.audit_tree import kept, stored_tree
from samsvar.store.audit_view import viewed
from samsvar.store.database import Database, Lock
from tests import databases
from tests.databases import open_database

LOG = "0123456789abcdef" * 2
AT = "2026-06-01T12:00:00.000+00:00"
Row = tuple[tuple[Any, ...], bytes]
_ZEROS = (
    "CREATE OR REPLACE FUNCTION zeroblob(n int) RETURNS bytea LANGUAGE sql"
    " AS $$ SELECT decode(repeat('00', n), 'hex') $$",
)
"""SQLite's word for so many bytes, for the other one."""


class HandClock:
    """Stands still until it is moved on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        """Time of day."""
        return datetime.fromtimestamp(1_780_000_000 + self.seconds, UTC)

    def monotonic(self) -> float:
        """Seconds."""
        return self.seconds


def row(number: int) -> Row:
    """A row as the hub writes it, with its leaf."""
    values = (
        *(number, f"question-{number}", f"2026-06-01T12:00:00.{number:06}+00:00"),
        *("SE5565594230-NPO", None, "urn:riv:x:GetCarePlansResponder:2", "5565594230"),
        *("ab" * 32, b"\x01" + number.to_bytes(4), "answered", None, "", 4, number / 8, 2),
        *("[]", "192.0.2.1", '[{"reason":"answered"}]'),
        *((1, *[None] * 14) if number % 4 == 0 else _told(number)),
    )
    return values, leaf_of_values(values)


def _told(number: int) -> tuple[Any, ...]:
    """The columns of form 2; every fourth row is an old one, and every second has no user."""
    if number % 2 == 0:
        return (2, "soap", *[None] * 13)
    return (
        *(2, "fhir", "staff", "cd" * 32, "ef" * 32, b"\x01" + number.to_bytes(4)),
        *("SE2321000016-1", "SE2321000016-2", None, "CARE", '{"capacity":"self"}', b"\x01why"),
        *('[{"owner":"SE-A"}]', "cautious-1", "consent-1"),
    )


@dataclass
class Log:
    """A log in memory: its rows, its tree, and heads of every so many rows."""

    rows: list[Row]
    tree: CompactRange
    heads: list[SignedHead]
    keys: list[KeyHandOver]
    outside: list[SignedHead] = field(default_factory=list)

    def report(self) -> Report:
        """What verifying says."""
        chains = [Chain("database", self.heads, self.keys)]
        if self.outside:
            chains.append(Chain("heads file", self.outside, self.keys))
        ordered = sorted(self.rows, key=lambda each: each[0][0])
        return verify(ordered, self.tree, chains, LOG)

    def copy(self) -> Log:
        """One to falsify."""
        return replace(self, rows=list(self.rows), heads=list(self.heads))


def made(size: int, every: int, key: Ed25519PrivateKey | None = None, *, outside: bool) -> Log:
    """A whole log."""
    key = key or Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    rows = [row(number) for number in range(1, size + 1)]
    heads: list[SignedHead] = []
    tree = CompactRange()
    for begin in range(0, size, every):
        tree = tree.grown(leaf for _, leaf in rows[begin : begin + every])
        heads.append(signed_for(tree, heads[-1] if heads else None, key))
    return Log(rows, tree, heads, [hand_over(LOG, AT, key, None)], heads if outside else [])


def signed_for(tree: CompactRange, before: SignedHead | None, key: Ed25519PrivateKey) -> SignedHead:
    """The next head."""
    number, previous = (before.head.number + 1, before.head.hash) if before else (1, "")
    public = public_of(key)
    return signed(Head(LOG, number, tree.size, tree.root.hex(), AT, previous, key_id(public)), key)


def changed(values: Sequence[Any], dice: random.Random) -> tuple[Any, ...]:
    """Another value in one column, but its number."""
    at = dice.randrange(1, len(NAMES))
    new = list(values)
    value = new[at]
    if value is None:
        kinds = {"catalogue_version": 5, **dict.fromkeys(SEALED, b"x")}
        new[at] = kinds.get(NAMES[at], "x")
    elif isinstance(value, str):
        place = dice.randrange(len(value)) if value else 0
        new[at] = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :] if value else "x"
    elif isinstance(value, bytes):
        new[at] = bytes([value[0] ^ (1 << dice.randrange(8))]) + value[1:]
    else:
        new[at] = value + 1
    return tuple(new)


def fill(folder: Path, size: int, *, every: int, heads_file: Path | None = None) -> None:
    """Rows and heads in a data folder, as fast as the disk takes them."""
    database = open_database(folder)
    writer = head_writer(database, heads_file)
    for begin in range(0, size, every):
        add(database, range(begin + 1, min(begin + every, size) + 1))
        assert writer.look(at_once=True).head is not None
    database.close()


def head_writer(database: Database, heads_file: Path | None = None) -> HeadWriter:
    """One that signs when it is told."""
    return HeadWriter(database, HandClock(), HeadHabits(file=heads_file))


def add(database: Database, numbers: Sequence[int]) -> None:
    """These rows, in one transaction, with the tree."""
    connection = database.raw()
    connection.begin(Lock.ACCESS_LOG)
    tree = stored_tree(connection)
    rows = [row(number) for number in numbers]
    marks = ", ".join("?" * (len(NAMES) + 1))
    insert = f"INSERT INTO question ({', '.join(NAMES)}, leaf) VALUES ({marks})"
    tree = tree.grown(leaf for _, leaf in rows)
    connection.commit([*((insert, (*values, leaf)) for values, leaf in rows), kept(tree)])
    connection.close()


def falsify(folder: Path, *statements: str) -> None:
    """As one who may write the file, or owns the tables: without triggers."""
    where, first = ("", ()) if databases.chosen() == databases.SQLITE else (" ON question", _ZEROS)
    drop = [f"DROP TRIGGER IF EXISTS question_no_{verb}{where}" for verb in ("UPDATE", "DELETE")]
    databases.tamper(folder, *first, *drop, *statements)


def report_on(folder: Path, heads_file: Path | None = None) -> Report:
    """What verifying says of a data folder."""
    from samsvar.store.heads_file import read

    database = open_database(folder, read_only=True)
    with viewed(database) as view:
        chains = [Chain("database", list(view.heads()), view.keys())]
        if heads_file is not None:
            heads, keys, _ = read(heads_file)
            chains.append(Chain("heads file", heads, keys))
        report = verify(view.rows(), view.tree(), chains, view.log)
    database.close()
    return report


def each_place(most: int, seed: int) -> Iterator[random.Random]:
    """So many dice, always the same."""
    dice = random.Random(seed)
    for _ in range(most):
        yield random.Random(dice.random())


Mutation = Callable[[Log, random.Random], int]
"""Falsifies a log; returns the first row that is wrong."""
