"""``samsvar relations``, ``capacities`` and ``population``: what they take, and that no number is
in anything that they say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from samsvar.access.words import Relation, Subject, Truth
from samsvar.clock import SystemClock
from samsvar.fact_ports import CapacityAnswer, PopulationAnswer, RelationAnswer
from samsvar.model.local_time import STOCKHOLM
from samsvar.store.capacities import StoredCapacities
from samsvar.store.database import Database
from samsvar.store.population import StoredPopulation
from samsvar.store.relations import StoredRelations
from samsvar.store.secrets import PersonVault, open_vault
from tests import databases
from tests.command import Ran, Shell
from tests.databases import open_database
from tests.grounds import BY_CLINIC, CHILD, CLINIC, GUARDIAN, NURSE, OTHER, TOLVAN
from tests.privacy import found

_Answer = TypeVar("_Answer")
NUMBER = TOLVAN.extension
HEADING = "kind,person,guardian,valid_to\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty data folder; at the end, what was said is looked through."""
    (tmp_path / "samsvar.toml").write_text(f"[hub]\n{databases.hub_setting(tmp_path / 'data')}")
    open_database(tmp_path / "data").close()
    yield tmp_path
    said = (tmp_path / "cli.log").read_bytes()
    assert found(said) == []


def run(folder: Path, *arguments: object, stdin: str = "") -> Ran:
    return Shell(folder).inside(*arguments, "-s", folder / "samsvar.toml", stdin=stdin)


def ask(folder: Path, put: Callable[[Database, PersonVault], _Answer]) -> _Answer:
    """What the store answers, as a hub would ask it."""
    database = open_database(folder / "data")
    try:
        return put(database, open_vault(database))
    finally:
        database.close()


def relation(folder: Path) -> RelationAnswer:
    now = SystemClock().now()
    return ask(
        folder, lambda *kept: asyncio.run(StoredRelations(*kept).check(TOLVAN, BY_CLINIC, now))
    )


def capacity(folder: Path) -> CapacityAnswer:
    now = SystemClock().now()
    return ask(
        folder, lambda *kept: asyncio.run(StoredCapacities(*kept).check(TOLVAN, BY_CLINIC, now))
    )


def population(folder: Path) -> PopulationAnswer:
    now, longest = SystemClock().now(), timedelta(hours=36)
    return ask(
        folder,
        lambda database, vault: asyncio.run(
            StoredPopulation(database, vault, longest).check(CHILD, GUARDIAN, now)
        ),
    )


# Relations

PATIENT = ("relations", "register", "--care-giver", CLINIC, "--kind", "current-patient")


def test_a_relation_is_registered_listed_and_ended(folder: Path) -> None:
    ran = run(folder, *PATIENT, "--person", "-", stdin=f"{NUMBER}\n")
    name = ran.out.strip()
    assert (ran.code, ran.err) == (0, "")
    assert relation(folder) == RelationAnswer(Relation.CURRENT_PATIENT, Truth.NO)

    listed = run(folder, "relations", "list", "--person", "-", "--json", stdin=NUMBER)
    (row,) = json.loads(listed.out)
    assert (row["id"], row["state"], row["kind"]) == (name, "in force", "current-patient")
    assert name in run(folder, "relations", "list").out

    assert run(folder, "relations", "end", name).out == "It has ended.\n"
    assert relation(folder).relation is Relation.FORMER_PATIENT
    again = run(folder, "relations", "end", name)
    assert (again.code, again.out) == (3, "")
    assert "no relation of that id goes on" in again.err

    assert run(folder, "relations", "end", name, "--mistaken").out == "It was never true.\n"
    assert relation(folder).relation is Relation.NONE
    assert '"mistaken"' in run(folder, "relations", "list", "--json").out


def test_in_a_process_of_its_own_the_number_comes_through_a_pipe(folder: Path) -> None:
    settings = ("-s", folder / "samsvar.toml")
    ran = Shell(folder).run(*PATIENT, "--person", "-", *settings, stdin=f"{NUMBER}\n")
    assert (ran.code, ran.err) == (0, "")

    listed = Shell(folder).run("relations", "list", "--person", "-", *settings, stdin=NUMBER)
    assert ran.out.strip() in listed.out
    assert relation(folder).relation is Relation.CURRENT_PATIENT


def test_the_number_may_be_in_a_file(folder: Path) -> None:
    (folder / "number").write_text(NUMBER + "\n", "utf-8")

    assert run(folder, *PATIENT, "--person", f"file:{folder / 'number'}").code == 0
    assert relation(folder).relation is Relation.CURRENT_PATIENT


def test_a_last_day_is_whole_and_swedish(folder: Path) -> None:
    arguments = ("--person", "-", "--from", "2026-03-29", "--to", "2026-10-25")
    assert run(folder, *PATIENT, *arguments, stdin=NUMBER).code == 0

    (row,) = json.loads(run(folder, "relations", "list", "--json").out)
    assert datetime.fromisoformat(row["start"]) == datetime(2026, 3, 29, tzinfo=STOCKHOLM)
    assert datetime.fromisoformat(row["end"]) == datetime(2026, 10, 26, tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (("--person", NUMBER), "", "give --person - and the number on standard input"),
        (("--person", "-", NUMBER), "", "unexpected extra argument"),
        (("--person", "-"), "", "no personnummer"),
        (("--person", "-"), "191212121213", "no personnummer"),
        (("--person", f"file:{NUMBER}"), "", "the file of --person cannot be read"),
        (("--person", "file:"), "", "give --person -"),
        (("--person", "-", "--unit", NUMBER), NUMBER, "unit: could be a personal number"),
        (("--person", "-", "--from", "igår"), NUMBER, "--from: a day or a moment"),
        (("--person", "-", "--from", "2026-11-02", "--to", "2026-11-01"), NUMBER, "after the st"),
        (("--person", "-", "--to", "9999-12-31"), NUMBER, "--to: a day or a moment"),
        (("--person", "-", "--only-other-services"), NUMBER, "of social care only"),
    ],
)
def test_what_cannot_be_registered_is_told_and_nothing_is_kept(
    folder: Path, arguments: tuple[str, ...], stdin: str, told: str
) -> None:
    ran = run(folder, *PATIENT, *arguments, stdin=stdin)

    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert run(folder, "relations", "list").code == 3


# Capacities

LASTING = (
    *("capacities", "register", "--person", "-", "--care-giver", CLINIC),
    *("--kind", "adult-incapable-lasting", "--assessed-by", NURSE),
)


def test_an_assessment_is_registered_listed_and_replaced(folder: Path) -> None:
    clarified = ("--attitude-clarified", "--reason", "Samtal med närstående")
    ran = run(folder, *LASTING, *clarified, stdin=NUMBER)
    assert (ran.code, ran.err) == (0, "")
    assert capacity(folder) == CapacityAnswer(Subject.ADULT_INCAPABLE_LASTING, Truth.YES)

    (row,) = json.loads(run(folder, "capacities", "list", "--json").out)
    start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
    assert (row["id"], row["kind"], row["attitude_clarified"]) == (
        *(ran.out.strip(), "adult-incapable-lasting", True),
    )
    assert end - start == timedelta(days=365)
    assert "Samtal med närstående" in run(folder, "capacities", "list").out

    able = [*LASTING]
    able[able.index("adult-incapable-lasting")] = "adult"
    assert run(folder, *able, stdin=NUMBER).code == 0
    assert capacity(folder).subject is Subject.ADULT


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--days", "366"), "at most 365 days"),
        (("--days", "9999999999"), "--days: at most 365"),
        (("--attitude-clarified",), "reason: is missing"),
        (("--reason", f"om {NUMBER}"), "could be a personal number"),
        (("--kind", "child-can-consent"), "the age that the number tells"),
        (("--kind", "unknown"), "child-cannot-consent"),
    ],
)
def test_an_assessment_that_cannot_be_is_told_and_not_kept(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = run(folder, *LASTING, *arguments, stdin=NUMBER)

    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert run(folder, "capacities", "list").code == 3


# The population register


def load(folder: Path, text: str, *arguments: str) -> Ran:
    file = folder / "register.csv"
    file.write_bytes(text.encode())
    return run(folder, "population", "load", file, *arguments)


GOOD = (
    f"{HEADING}guardian,{CHILD.extension},{GUARDIAN.extension},2039-01-01\r\n"
    f"protected,{TOLVAN.extension},,\r\nlisted,{OTHER.extension},,\r\n"
)


def test_a_register_is_loaded_and_its_age_is_told(folder: Path) -> None:
    before = run(folder, "population", "status")
    assert (before.code, before.out) == (3, "")
    assert "guardians and protected identities are unknown" in before.err
    assert population(folder) == PopulationAnswer()

    ran = load(folder, "\ufeff" + GOOD)
    assert (ran.code, ran.out) == (
        *(0, "In force: 1 guardianships, 1 protected identities, 1 others.\n"),
    )
    assert population(folder) == PopulationAnswer(Truth.NO, Truth.YES)
    after = run(folder, "population", "status")
    assert (after.code, after.err) == (0, "")
    assert "0.0 hours ago" in after.out
    assert "Tells of those who are in it: 1 guardianships, 1 protected" in after.out
    assert json.loads(run(folder, "population", "status", "--json").out)["too_old"] is False
    assert {path.name for path in folder.rglob("*.csv")} == {"register.csv"}


def test_an_old_register_is_loaded_and_said_to_answer_nothing(folder: Path) -> None:
    ran = load(folder, GOOD, "--as-of", "2026-01-01", "--everybody")

    assert ran.code == 1
    assert "too old to answer" in ran.err
    status = run(folder, "population", "status")
    assert (status.code, "Tells of everybody" in status.out) == (1, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: must be kind,person,guardian,valid_to"),
        ("person,kind\n", "line 1: must be kind,person,guardian,valid_to"),
        (f"{GOOD}guardian,{NUMBER}\n", "line 5: must have 4 columns"),
        (f"{GOOD}\n", "line 5: must have 4 columns"),
        (f"{GOOD}child,{NUMBER},,\n", "line 5: kind: must be one of guardian, protected, list"),
        (f"{GOOD}protected,191212121213,,\n", "line 5: person: must be 12 characters"),
        (f"{GOOD}protected,19121212-1212,,\n", "line 5: person: must be 12 characters"),
        (f"{GOOD}guardian,{NUMBER},1234,\n", "line 5: guardian: must be 12 characters"),
        (f"{GOOD}guardian,{NUMBER},,\n", "line 5: guardian: stands in rows of kind guardian"),
        (f"{GOOD}listed,{NUMBER},{NUMBER},\n", "line 5: guardian: stands in rows of kind guardi"),
        (f"{GOOD}listed,{NUMBER},,2026-02-30\n", "line 5: valid_to: must be a day such as"),
        (f'{GOOD}listed,"{NUMBER},,\n', "line 5: is not CSV"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_nothing_is_loaded(
    folder: Path, text: str, told: str
) -> None:
    ran = load(folder, text)

    assert (ran.code, ran.out) == (2, "")
    assert f"nothing was loaded\n{told}" in ran.err
    assert run(folder, "population", "status").code == 3


def test_many_bad_lines_are_told_together(folder: Path) -> None:
    ran = load(folder, HEADING + "x\n" * 5000)

    assert ran.faults[1] == "line 2: must have 4 columns"
    assert ran.faults[-1] == "and 4980 more"
    assert len(ran.faults) == 22


def test_bad_lines_far_down_leave_what_was_in_force(folder: Path) -> None:
    load(folder, GOOD)
    ran = load(folder, HEADING + f"listed,{NUMBER},,\n" * 4500 + "x\n")

    assert "line 4502: must have 4 columns" in ran.err
    assert population(folder) == PopulationAnswer(Truth.NO, Truth.YES)


def test_half_a_register_needs_force(folder: Path) -> None:
    load(folder, GOOD)
    ran = load(folder, HEADING)
    assert ran.code == 3
    assert "it has 0 guardianships, where 1 are in force" in ran.err
    assert population(folder).guardian is Truth.YES

    assert load(folder, HEADING, "--force").code == 0
    assert population(folder) == PopulationAnswer(Truth.UNKNOWN, Truth.NO)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((NUMBER,), "<masked>: cannot be read"),
        (("samsvar.toml", "--as-of", "2999-01-01"), "--as-of: is to come"),
        (("samsvar.toml", "--as-of", "i går"), "--as-of: a day or a moment"),
        (("latin",), "cannot be read as UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    folder: Path, arguments: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "latin").write_bytes(HEADING.encode() + "listed,åäö,,\n".encode("latin-1"))
    ran = run(folder, "population", "load", *arguments)

    assert ran.code == 2
    assert told in ran.err


@pytest.mark.parametrize("command", ["relations list", "capacities list", "population status"])
def test_where_no_hub_has_been_none_is_made(tmp_path: Path, command: str) -> None:
    (tmp_path / "samsvar.toml").write_text(f"[hub]\n{databases.hub_setting(tmp_path / 'data')}")
    ran = run(tmp_path, *command.split())

    assert ran.code == 4
    assert "there is no database" in ran.err
    assert not (tmp_path / "data").exists()
