"""Rows of the access log go when their time has passed: in order, told, and what is left is still
proven. Nothing else can take a row away, and whoever does it otherwise is found out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.audit.heads import Head
from samsvar.audit.merkle import CompactRange
from samsvar.audit.proofs import checked, proof_of
from samsvar.audit.row_form import NAMES, leaf_of_values
from samsvar.audit.verifying import Chain, Report, verify
from samsvar.store.audit_drop import DropDesk, DropRefused
from samsvar.store.audit_heads import HeadHabits, HeadWriter
from samsvar.store.audit_tree import kept, stored_tree
from samsvar.store.audit_view import viewed
from samsvar.store.database import Database, Lock, Values
from samsvar.store.heads_file import read
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import FILE_NAME
from tests import databases
from tests.audit_log import falsify, row
from tests.command import Shell
from tests.databases import open_database

pytestmark = pytest.mark.databases

OLD, NEW = datetime(2015, 3, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
TODAY = datetime(2026, 11, 2, tzinfo=UTC)


class DayClock:
    """Stands still on a day."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


def add(database: Database, numbers: range, at: datetime) -> None:
    """Rows of a day, in one transaction, with the tree."""
    connection = database.raw()
    connection.begin(Lock.ACCESS_LOG)
    tree = stored_tree(connection)
    marks = ", ".join("?" * (len(NAMES) + 1))
    insert = f"INSERT INTO question ({', '.join(NAMES)}, leaf) VALUES ({marks})"
    statements: list[tuple[str, Values]] = []
    for number in numbers:
        values = list(row(number)[0])
        moment = at + timedelta(microseconds=number)
        values[NAMES.index("at")] = moment.isoformat(timespec="microseconds")
        leaf = leaf_of_values(values)
        owner = "INSERT INTO disclosure_owner (owner, sequence) VALUES (?, ?)"
        statements += [(insert, (*values, leaf)), (owner, ("se-a", number))]
        tree = tree.grown([leaf])
    connection.commit([*statements, kept(tree)])
    connection.close()


def sign(database: Database, folder: Path, at: datetime) -> None:
    """A head over all there is."""
    writer = HeadWriter(database, DayClock(at), HeadHabits(file=folder / "heads.jsonl"))
    assert writer.look(at_once=True).head is not None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """37 rows of 2015 with heads over 20 and 37, and 13 of 2026 with one over 50."""
    database = open_database(tmp_path / "data")
    add(database, range(1, 21), OLD)
    sign(database, tmp_path, OLD)
    add(database, range(21, 38), OLD + timedelta(days=1))
    sign(database, tmp_path, OLD + timedelta(days=1))
    add(database, range(38, 51), NEW)
    sign(database, tmp_path, NEW)
    database.close()
    hub = databases.hub_setting(tmp_path / "data")
    (tmp_path / "samsvar.toml").write_text(
        f'[hub]\n{hub}[audit]\nheads_file = "heads.jsonl"\n', "utf-8"
    )
    return tmp_path


def drop(folder: Path, before: date = date(2016, 1, 1), at: datetime = TODAY) -> int:
    """As the command does; the row that tells of it."""
    database = open_database(folder / "data")
    try:
        desk = DropDesk(database, open_vault(database), DayClock(at), "karin", 10)
        told = desk.drop(desk.look(before))
        sign(database, folder, at)
        return told
    finally:
        database.close()


def report_on(folder: Path) -> Report:
    """What verifying says, heads file included."""
    database = open_database(folder / "data", read_only=True)
    heads, keys, _ = read(folder / "heads.jsonl")
    with viewed(database) as view:
        chains = [
            Chain("database", list(view.heads()), view.keys()),
            Chain("heads file", heads, keys),
        ]
        report = verify(view.rows(), view.tree(), chains, view.log, view.cut())
    database.close()
    return report


def numbers(folder: Path) -> list[int]:
    """Which rows are there."""
    data = folder / "data"
    found = databases.tamper(data, "SELECT sequence FROM question ORDER BY sequence")
    owned = databases.tamper(data, "SELECT min(sequence) FROM disclosure_owner")[0][0]
    assert owned == found[0][0]  # what is made of the rows goes with them
    return [one for (one,) in found]


def test_what_is_left_is_proven_and_says_from_where(folder: Path) -> None:
    assert report_on(folder).faults == ()
    assert drop(folder) == 51
    assert numbers(folder) == list(range(38, 52))

    report = report_on(folder)
    assert report.faults == ()
    assert (report.begins, report.rows, report.unsigned) == (38, 14, 0)
    database = open_database(folder / "data")
    with viewed(database) as view:
        cut = view.cut()
        assert cut is not None
        for number in (38, 44, 50, 51):
            found, head = view.row(number), view.head_over(number)
            assert found is not None
            assert head is not None
            leaves = view.leaves(head.head.size, cut.tree.size)
            proof = proof_of(found[0], leaves, head, view.keys(), cut.tree)
            assert checked(proof).sequence == number
    database.close()


def test_it_is_cut_at_a_head_whose_rows_are_all_old_enough(folder: Path) -> None:
    drop(folder, date(2015, 3, 2))
    assert numbers(folder)[0] == 21
    assert report_on(folder).begins == 21
    drop(folder, date(2016, 1, 1))
    assert numbers(folder) == list(range(38, 53))
    assert (report_on(folder).faults, report_on(folder).begins) == ((), 38)
    with pytest.raises(DropRefused, match="nothing can go"):
        drop(folder)


def test_what_is_younger_than_it_is_kept_stays(folder: Path) -> None:
    with pytest.raises(DropRefused, match=r"kept for 10 years .* not after 2016-11-02"):
        drop(folder, date(2016, 11, 3))
    with pytest.raises(DropRefused, match="nothing can go"):
        drop(folder, date(2015, 3, 1))
    assert len(numbers(folder)) == 50


def test_a_row_that_was_changed_is_evidence_and_stays(folder: Path) -> None:
    falsify(folder / "data", "UPDATE question SET sender = 'SE-X' WHERE sequence = 17")
    with pytest.raises(DropRefused, match="row 17 is not as it was written"):
        drop(folder)
    assert len(numbers(folder)) == 50


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM question WHERE sequence = 1", "append-only"),
        ("DELETE FROM question WHERE sequence = 40", "append-only"),
        ("INSERT INTO audit_cut VALUES (50, '', 50)", "five years"),
        ("INSERT INTO audit_cut VALUES (30, '', 50)", "five years"),
        ("INSERT INTO audit_cut VALUES (37, '', 99)", "five years"),
    ],
)
def test_the_database_itself_lets_nothing_else_go(folder: Path, statement: str, why: str) -> None:
    """Not before a cut; nor a cut of young rows, where no head is, or that no row tells of."""
    database = open_database(folder / "data")
    with database.write() as connection, pytest.raises(sa.exc.IntegrityError, match=why):
        connection.execute(sa.text(statement))
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM question WHERE sequence = 38",
        "DELETE FROM audit_cut",
        "UPDATE audit_cut SET size = 50",
        "UPDATE question SET sender = 'SE-X'",
    ],
)
def test_after_a_drop_the_rest_can_only_be_added_to(folder: Path, statement: str) -> None:
    drop(folder)
    database = open_database(folder / "data")
    with database.write() as connection, pytest.raises(sa.exc.IntegrityError, match="append-only"):
        connection.execute(sa.text(statement))
    database.close()


def test_a_drop_that_was_broken_off_is_told_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DropDesk, "sweep", lambda _self: 0)
    drop(folder)
    monkeypatch.undo()
    assert numbers(folder)[0] == 1
    report = report_on(folder)
    assert "37 of rows 1 to 37 are there, which were let go" in report.faults[0].text
    database = open_database(folder / "data")
    desk = DropDesk(database, open_vault(database), DayClock(TODAY), "karin", 10)
    assert desk.sweep() == 37
    database.close()
    assert report_on(folder).faults == ()


FORGERIES: dict[str, tuple[str, str]] = {
    "another cut": (
        "INSERT INTO audit_cut SELECT size, peaks, 51 FROM audit_head WHERE size = 50",
        "row 51 does not tell of it",
    ),
    "another tree": (
        "UPDATE audit_cut SET peaks = zeroblob(length(peaks))",
        "no signed head is of the tree",
    ),
    "the row that tells": (
        "UPDATE question SET fault_detail = 'nothing' WHERE sequence = 51",
        "row 51 is not as it was written",
    ),
    "no cut": ("DELETE FROM audit_cut", "is missing"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", FORGERIES)
def test_whoever_forges_a_drop_is_found_out(folder: Path, kind: str) -> None:
    drop(folder)
    statement, why = FORGERIES[kind]
    with sqlite3.connect(folder / "data" / FILE_NAME) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        if kind == "another cut":
            connection.execute("DELETE FROM question WHERE sequence <= 50")
    connection.close()
    assert any(why in fault.text for fault in report_on(folder).faults)


@pytest.mark.parametrize("change", ["flip", "delete", "swap", "cut-tail"])
@pytest.mark.parametrize("number", [38, 44, 50])
def test_after_a_drop_every_change_is_found_where_it_is(
    folder: Path, change: str, number: int
) -> None:
    drop(folder)
    statements: dict[str, Callable[[int], str]] = {
        "flip": lambda n: f"UPDATE question SET peer = peer || 'x' WHERE sequence = {n}",
        "delete": lambda n: f"DELETE FROM question WHERE sequence = {n}",
        "cut-tail": lambda n: f"DELETE FROM question WHERE sequence >= {n}",
        "swap": lambda n: (
            "UPDATE question SET (correlation_id, elapsed, leaf) = (SELECT correlation_id, elapsed,"
            f" leaf FROM question WHERE sequence = 47) WHERE sequence = {n}"
        ),
    }
    falsify(folder / "data", statements[change](number))
    assert (report_on(folder).first_bad or (0, 0))[1] in (number, 37, 51)
    faults = [fault.rows for fault in report_on(folder).faults]
    assert any(rows is not None and rows[0] == number for rows in faults)


def test_rows_let_go_before_their_time_are_found_out_by_the_heads_days(folder: Path) -> None:
    """One who has the database, and appends the row that tells of it: the next head is honest."""
    from samsvar.audit import cuts

    tree = _tree_at(folder, 50)
    cut = cuts.Cut(tree, 51)
    teller = list(row(51)[0])
    teller[NAMES.index("contract")] = cuts.DROP
    teller[NAMES.index("fault_detail")] = cuts.told(tree, date(2030, 1, 1))

    def head(size: int, at: str, root: str) -> Head:
        return Head("log", 1, size, root, at, "", "key")

    young = head(50, "2026-11-01T00:00:00.000+00:00", tree.root.hex())
    soon = head(51, "2031-10-31T00:00:00.000+00:00", "00")
    late = head(51, "2031-11-02T00:00:00.000+00:00", "00")
    assert "before the law's 5 years" in (cuts.wrong_with(cut, teller, [young, soon]) or "")
    assert cuts.wrong_with(cut, teller, [young, late]) is None
    assert "no head has been signed" in (cuts.wrong_with(cut, teller, [young]) or "")
    assert "does not tell" in (cuts.wrong_with(cut, None, [young, late]) or "")


def _tree_at(folder: Path, size: int) -> CompactRange:
    database = open_database(folder / "data", read_only=True)
    with viewed(database) as view:
        tree = next(tree for _, tree in view.heads_down_from(size))
    database.close()
    return tree


def test_the_command_says_what_would_go_and_then_does_it(folder: Path) -> None:
    shell = Shell(folder)

    def audit(*arguments: object) -> tuple[int, str]:
        ran = shell.inside("audit", *arguments, "-s", folder / "samsvar.toml")
        return ran.code, ran.out + ran.err

    assert audit("drop", "--before", "then")[0] == 2
    assert audit("drop", "--before", "2024-01-01")[0] == 3
    code, text = audit("drop", "--before", "2016-01-01")
    assert code == 2
    assert "37 rows would go, 1 to 37" in text
    assert len(numbers(folder)) == 50
    code, text = audit("drop", "--before", "2016-01-01", "--yes")
    assert (code, text) == (
        0,
        "37 rows are let go, 1 to 37. Row 51 tells of it, and the log is proven from the row after"
        " them.\n",
    )
    code, text = audit("verify")
    assert code == 0
    assert text.startswith("It begins with row 38: those before it were let go.\n")
    code, text = audit("prove", 17)
    assert code == 3
    assert "row 17 was let go: the log begins after 37" in text
    assert audit("prove", 40)[0] == 0
