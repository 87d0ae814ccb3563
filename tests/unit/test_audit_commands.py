"""The commands of those who audit: what they find, what they show, and that they are seen."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from samsvar.audit.handed_over import COLUMNS, csv_heading, csv_line
from samsvar.audit.row_form import NAMES, SEALED, leaf_of
from samsvar.model.identifiers import PersonId
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.audit_search import EXPORT, REPORT, SEARCH
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import FILE_NAME
from tests import databases
from tests.audit_log import add, falsify, fill, head_writer, report_on, row
from tests.command import Ran, Shell
from tests.databases import open_database
from tests.unit.test_store_access_log import NURSE, TOLVAN, disclosed, record

OTHER = PersonId(TOLVAN.root, "199001012385")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Settings with a heads file, and 30 rows with a head over each ten."""
    told = f'[hub]\n{databases.hub_setting(tmp_path / "data")}[audit]\nheads_file = "heads.jsonl"\n'
    (tmp_path / "samsvar.toml").write_text(told, "utf-8")
    fill(tmp_path / "data", 30, every=10, heads_file=tmp_path / "heads.jsonl")
    return tmp_path


def audit(folder: Path, *arguments: object, stdin: str = "") -> Ran:
    """``samsvar audit`` with the folder's settings."""
    settings = () if arguments[0] == "check-proof" else ("-s", folder / "samsvar.toml")
    return Shell(folder).inside("audit", *arguments, *settings, stdin=stdin)


@pytest.mark.databases
def test_a_whole_log_is_said_to_be_whole(folder: Path) -> None:
    ran = audit(folder, "verify")
    assert ran.code == 0
    assert ran.out.startswith(
        "The access log is whole: 30 rows, 3 signed heads, 0 rows after the last head. Keys: "
    )


def test_a_changed_row_is_named_with_exit_code_1(folder: Path) -> None:
    falsify(folder / "data", "UPDATE question SET sender = 'SE-X' WHERE sequence IN (17, 23)")
    ran = audit(folder, "verify")
    assert ran.code == 1
    assert ran.out == (
        "NOT WHOLE: row 17 is not as it was written\n"
        "NOT WHOLE: row 23 is not as it was written\n"
        "The first bad row is row 17.\n"
    )
    told = json.loads(audit(folder, "verify", "--json").out)
    assert (told["whole"], told["first_bad"]) == (False, [17, 17])


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE question SET items = items + 1 WHERE sequence = 1777", "is not as it was"),
        ("UPDATE question SET leaf = zeroblob(32) WHERE sequence = 1777", "is not as it was"),
        ("DELETE FROM question WHERE sequence = 1777", "is missing"),
        ("DELETE FROM question WHERE sequence >= 1777", "is missing, and all after it"),
        ("UPDATE question SET sequence = 3001 WHERE sequence = 1777", "is missing"),
        (
            "UPDATE question SET (correlation_id, at, elapsed, subject_sealed, leaf) = (SELECT"
            " correlation_id, at, elapsed, subject_sealed, leaf FROM question WHERE sequence = 5)"
            " WHERE sequence = 1777",
            "is not as it was",
        ),
    ],
)
def test_in_a_file_of_three_thousand_rows_the_first_bad_one_is_named(
    tmp_path: Path, statement: str, told: str
) -> None:
    fill(tmp_path, 3000, every=500)
    falsify(tmp_path, statement)
    report = report_on(tmp_path)
    assert (report.first_bad or (0, 0))[0] == 1777
    assert f"row 1777 {told}" in report.faults[0].text


def test_without_a_heads_file_it_is_said_what_cannot_be_found_out(folder: Path) -> None:
    (folder / "samsvar.toml").write_text(f"[hub]\n{databases.hub_setting(folder / 'data')}")
    ran = audit(folder, "verify")
    assert ran.code == 0
    assert "note: no heads file was looked at" in ran.out
    assert audit(folder, "verify", "--heads", folder / "heads.jsonl").code == 0
    assert audit(folder, "verify", "--heads", folder / "nothing").code == 2


@pytest.mark.sqlite
def test_the_kind_of_a_value_counts_too(folder: Path) -> None:
    """The same bytes as a blob: a search by SQL would not find them."""
    falsify(folder / "data", "UPDATE question SET sender = CAST(sender AS BLOB) WHERE sequence = 9")
    assert report_on(folder / "data").first_bad == (9, 9)


@pytest.mark.sqlite
def test_text_that_is_no_text_any_more_is_named(folder: Path) -> None:
    falsify(
        folder / "data", "UPDATE question SET sender = CAST(x'ff41' AS TEXT) WHERE sequence = 9"
    )
    assert report_on(folder / "data").first_bad == (9, 9)
    assert "row 9 cannot be read" in audit(folder, "verify").out


@pytest.mark.databases
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_tree",
        "UPDATE audit_tree SET peaks = zeroblob(1)",
        "UPDATE audit_tree SET size = 29",
        "UPDATE audit_tree SET peaks = zeroblob(length(peaks))",
        "UPDATE audit_tree SET log = 'ff'",
    ],
)
def test_a_tree_that_was_changed_is_not_whole(folder: Path, statement: str) -> None:
    falsify(folder / "data", statement)
    ran = audit(folder, "verify")
    assert ran.code == 1
    assert "NOT WHOLE: " in ran.out + ran.err


@pytest.mark.sqlite
def test_a_file_that_was_cut_is_not_whole(folder: Path) -> None:
    path = folder / "data" / FILE_NAME
    database = open_database(folder / "data")
    connection = database.raw()
    connection.all("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    database.close()
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    ran = audit(folder, "verify")
    assert ran.code in (1, 4)
    assert ran.out.startswith("NOT WHOLE") or "cannot be" in ran.err


@pytest.mark.databases
def test_a_row_is_proven_to_one_who_has_nothing_but_two_files(folder: Path) -> None:
    ran = audit(folder, "prove", 17)
    assert ran.code == 0
    proof = folder / "proof.json"
    proof.write_text(ran.out)
    key = json.loads(ran.out)["head"]["key"]
    (folder / "data").rename(folder / "gone")

    checked = audit(folder, "check-proof", proof, "--heads", folder / "heads.jsonl", "--key", key)
    assert checked.code == 0
    assert checked.out.startswith("Row 17 stood in the access log ")
    assert "is not shown" in audit(folder, "check-proof", proof).out
    assert audit(folder, "check-proof", proof, "--key", "0" * 32).code == 1
    (folder / "heads.jsonl").write_text("")
    assert audit(folder, "check-proof", proof, "--heads", folder / "heads.jsonl").code == 1


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key in value for found in _paths(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for at, each in enumerate(value) for found in _paths(each, (*path, at))]
    return [path]


def test_a_proof_with_anything_changed_proves_nothing(folder: Path) -> None:
    """Each value of the file in turn."""
    text = audit(folder, "prove", 17).out
    proof = folder / "proof.json"
    for path in _paths(json.loads(text)):
        told = json.loads(text)
        inner = told
        for step in path[:-1]:
            inner = inner[step]
        value = inner[path[-1]]
        if isinstance(value, str):
            changed: Any = ("1" if value[:1] != "1" else "2") + value[1:]
        else:
            changed = "x" if value is None else value + 1
        inner[path[-1]] = changed
        proof.write_text(json.dumps(told))
        assert audit(folder, "check-proof", proof).code == 1, path
    for nonsense in ("[]", "{}", "7", '{"form":1}'):
        proof.write_text(nonsense)
        assert audit(folder, "check-proof", proof).code == 1
    proof.write_text("{")
    assert audit(folder, "check-proof", proof).code == 2


def test_what_cannot_be_proven_is_said(folder: Path) -> None:
    assert audit(folder, "prove", 31).code == 3
    database = open_database(folder / "data")
    add(database, [31])
    database.close()
    assert "wait a minute" in audit(folder, "prove", 31).err
    falsify(folder / "data", "UPDATE question SET sender = 'x' WHERE sequence = 17")
    assert audit(folder, "prove", 17).code == 1
    assert audit(folder, "prove", 16).code == 0
    falsify(folder / "data", "DELETE FROM question WHERE sequence = 18")
    assert audit(folder, "prove", 16).code == 1


@pytest.mark.databases
def test_a_rotated_key_is_told_and_in_the_file(folder: Path) -> None:
    ran = audit(folder, "rotate-key")
    key = ran.out.split(" with key ")[1].split(" ")[0]
    database = open_database(folder / "data")
    add(database, [31])
    head_writer(database, folder / "heads.jsonl").look(at_once=True)
    database.close()
    told = json.loads(audit(folder, "verify", "--json").out)
    assert told["whole"]
    assert told["keys"][1:] == [key]
    assert f'"key":"{key}"' in (folder / "heads.jsonl").read_text()


@pytest.fixture
async def asked(tmp_path: Path) -> Path:
    """Three questions about one person, one about another, one about nobody."""
    database = open_database(tmp_path / "data")
    log = SqlAccessLog(database, open_vault(database))
    for number, person in enumerate([TOLVAN, OTHER, TOLVAN, None, TOLVAN], 1):
        await log.append(record(number, person))
    await log.close()
    database.close()
    (tmp_path / "samsvar.toml").write_text(f"[hub]\n{databases.hub_setting(tmp_path / 'data')}")
    return tmp_path


def numbers(ran: Ran) -> list[int]:
    assert ran.code == 0, ran.err
    return [row["sequence"] for row in json.loads(ran.out)]


@pytest.mark.databases
def test_a_search_by_person_finds_who_asked_and_is_found_itself(asked: Path) -> None:
    number = TOLVAN.extension
    first = audit(asked, "search", "--person", "-", "--json", stdin=f"{number}\n")
    assert numbers(first) == [5, 3, 1]
    again = audit(asked, "search", "--person", "-", "--json", stdin=f"{number}\n")
    assert numbers(again) == [6, 5, 3, 1]
    assert number not in first.out + first.err

    database = open_database(asked / "data", read_only=True)
    (last,) = AccessLogReader(database, open_vault(database)).latest(1)
    database.close()
    assert last.record.contract == SEARCH
    assert last.record.subject == TOLVAN
    assert (last.record.sender or "").startswith("audit:")
    assert last.record.fault_detail == "person given"
    assert report_on(asked / "data").faults == ()


def test_a_number_is_never_taken_as_an_argument(asked: Path) -> None:
    ran = audit(asked, "search", "--person", TOLVAN.extension)
    assert ran.code == 2
    assert TOLVAN.extension not in ran.out + ran.err
    assert audit(asked, "search", "--person", "-", stdin="hello\n").code == 2
    assert numbers(audit(asked, "search", "--json")) == [5, 4, 3, 2, 1]  # and nothing was logged


def test_a_search_by_sender_and_time(asked: Path) -> None:
    sender = "SE5565594230-NPO"
    assert numbers(audit(asked, "search", "--sender", sender, "--most", 2, "--json")) == [5, 4]
    assert numbers(audit(asked, "search", "--sender", "SE-X", "--json")) == []
    assert audit(asked, "search", "--sender", "SE-X").code == 3
    day = ("--from", "2026-06-01", "--to", "2026-06-02")
    assert numbers(audit(asked, "search", *day, "--json")) == [5, 4, 3, 2, 1]
    # The questions were asked at 12:00 UTC, and some microseconds: 14:00 in Sweden.
    narrow = ("--from", "2026-06-01T14:00:00.000002", "--to", "2026-06-01T14:00:00.000004")
    assert numbers(audit(asked, "search", *narrow, "--json")) == [3, 2]
    assert audit(asked, "search", "--from", "yesterday").code == 2
    (line, *_) = audit(asked, "search", *day).out.splitlines()
    assert line == (
        "5  2026-06-01 14:00:00  SE5565594230-NPO for SE-REGION  GetCarePlansResponder:2"
        "  to 5565594230  answered  question-5"
    )


@pytest.fixture
async def seen(asked: Path) -> Path:
    """And one of an employee who has logged in."""
    database = open_database(asked / "data")
    log = SqlAccessLog(database, open_vault(database))
    await log.append(disclosed(6))
    await log.close()
    database.close()
    return asked


def test_a_search_by_employee_and_by_care_giver(seen: Path) -> None:
    number = str(NURSE.hsa_id)
    assert numbers(audit(seen, "search", "--user", number.lower(), "--json")) == [6]
    assert numbers(audit(seen, "search", "--user", "SE-X", "--json")) == []
    giver = str(NURSE.care_giver)
    assert numbers(audit(seen, "search", "--care-giver", giver, "--json")) == [6]
    assert f"by staff of {giver}" in audit(seen, "search", "--care-giver", giver).out
    assert report_on(seen / "data").faults == ()


def test_who_has_read_is_told_and_that_somebody_asked(seen: Path) -> None:
    number = TOLVAN.extension
    ran = audit(seen, "accesses", "--person", "-", "--json", stdin=f"{number}\n")
    assert [row["sequence"] for row in json.loads(ran.out)] == [6, 6, 5, 3, 1]
    assert number not in ran.out + ran.err
    assert "Karin" not in ran.out
    ran = audit(seen, "accesses", "--person", "-", stdin=f"{number}\n")
    assert "Nödöppning (!)" in ran.out
    ran = audit(seen, "accesses", "--owner", "SE2321000016-A", "--json")
    assert [row["owners"] for row in json.loads(ran.out)] == [["SE2321000016-A"]]
    assert audit(seen, "accesses", "--owner", "SE-X").code == 3
    assert audit(seen, "accesses").code == audit(seen, "accesses", "--person", number).code == 2
    ran = audit(seen, "refusals", "--json")
    assert {row["rule"] for row in json.loads(ran.out)} == {"VG5", "GT7", "VG3"}
    assert "VG3" in audit(seen, "refusals").out
    assert audit(seen, "refusals", "--to", "2020-01-01").code == 3
    last = json.loads(audit(seen, "search", "--most", 9, "--json").out)
    assert [row["contract"] for row in last[:6]] == [REPORT] * 6
    assert report_on(seen / "data").faults == ()


def test_an_export_is_whole_and_is_seen(asked: Path) -> None:
    """Of each line the leaf can be made again."""
    ran = audit(asked, "export", "--from", "2026-06-01", "--to", "2026-06-02")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [each["sequence"] for each in rows] == [1, 2, 3, 4, 5]
    for each in rows:
        sealed = {name: bytes.fromhex(each[name]) for name in SEALED if each[name]}
        values = {**each, **sealed}
        assert leaf_of(values).hex() == each["leaf"]
    assert TOLVAN.extension not in ran.out
    (latest,) = json.loads(audit(asked, "search", "--most", 1, "--json").out)
    assert latest["contract"] == EXPORT


def test_an_export_as_csv_has_the_same_rows(asked: Path) -> None:
    ran = audit(asked, "export", "--format", "csv", "--to", "2026-06-02")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert list(rows[0]) == list(COLUMNS) == [*NAMES, "leaf"]
    assert [each["correlation_id"] for each in rows] == [f"question-{n}" for n in range(1, 6)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "  =1", "＝1"])
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    values, leaf = row(1)
    told = {**dict(zip(NAMES, values, strict=True)), "leaf": leaf, "correlation_id": text}
    (read,) = csv.DictReader(io.StringIO(csv_heading() + csv_line(told), newline=""))
    assert read["correlation_id"] == f"'{text}"
    assert read["sender"] == told["sender"]


def test_nothing_is_shown_if_the_search_cannot_be_logged(asked: Path) -> None:
    falsify(asked / "data", "DELETE FROM audit_tree")
    ran = audit(asked, "search", "--json")
    assert (ran.code, ran.out) == (4, "")
    assert "tree is missing" in ran.err


APPENDER = """
import asyncio, sys
from contextlib import suppress
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from pydantic import SecretStr
from samsvar.clock import SystemClock
from samsvar.errors import AuditUnavailable, ResourcesMissing
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.audit_heads import HeadHabits, HeadWriter
from samsvar.store.database import open_database
from samsvar.store.secrets import open_vault
from tests.unit.test_store_access_log import disclosed, record

async def main():
    folder = Path(sys.argv[1])
    url = SecretStr(sys.argv[3]) if sys.argv[3] else None
    database = open_database(folder, url)
    log = SqlAccessLog(database, open_vault(database), ships=True)
    habits = HeadHabits(rows=5, file=folder / "heads.jsonl")
    heads = HeadWriter(database, SystemClock(), habits, log.pause)
    make = disclosed if "users" in sys.argv else record
    async def ask(first):
        number = first
        while True:
            # SQLite's lock is not fair: several hubs that never rest may keep one out of it for
            # all its patience. A hub then refuses the question, and signs at its next look.
            with suppress(AuditUnavailable):
                await log.append(make(number % 1000))
                print(number, flush=True)
            number += 8
    async def sign():
        while True:
            with suppress(ResourcesMissing):
                await asyncio.to_thread(heads.look)
    await asyncio.gather(sign(), *(ask(first) for first in range(8)))

asyncio.run(main())
"""


@pytest.mark.slow
def test_the_log_is_whole_after_each_kill(tmp_path: Path) -> None:
    """Killed again and again while it appends and signs, on one data folder."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    rows = heads = 0
    for most in (1, 30, 77, 150):
        process = subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(tmp_path), root, databases.url_text(tmp_path)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert process.stdout is not None
        for _ in range(most):
            process.stdout.readline()
        process.kill()
        process.stdout.close()
        process.wait(30)
        report = report_on(tmp_path, tmp_path / "heads.jsonl")
        assert report.faults == ()
        assert report.rows >= rows + most
        rows, heads = report.rows, report.heads
    assert heads > 4


@pytest.mark.slow
def test_two_hubs_with_users_and_one_killed_keep_one_tree(tmp_path: Path) -> None:
    """Both append rows with users and without, and sign, on one data folder."""
    open_database(tmp_path).close()
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    hubs = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                APPENDER,
                str(tmp_path),
                root,
                databases.url_text(tmp_path),
                *more,
            ],
            stdout=subprocess.PIPE,
            env=environment,
        )
        for more in (["users"], ["users"], [])
    ]
    acknowledged = 0
    for hub in hubs:
        assert hub.stdout is not None
        acknowledged += sum(bool(hub.stdout.readline()) for _ in range(60))
    for hub in hubs:
        hub.kill()
        assert hub.stdout is not None
        hub.stdout.close()
        hub.wait(30)

    report = report_on(tmp_path, tmp_path / "heads.jsonl")
    assert report.faults == ()
    assert report.rows >= acknowledged == 180
    database = open_database(tmp_path)
    with database.read() as connection:
        counts = [
            connection.scalar(sa.text(statement))
            for statement in (
                "SELECT count(*) FROM question WHERE user_kind IS NOT NULL",
                "SELECT count(*) FROM log_outbox",
                "SELECT count(DISTINCT sequence) FROM disclosure_owner",
            )
        ]
    database.close()
    assert counts[0] is not None
    assert counts[0] >= 120
    assert counts == [counts[0]] * 3  # what stands beside a row came and went with it
