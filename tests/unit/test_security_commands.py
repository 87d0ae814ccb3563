"""``samsvar consents`` and ``blocks``: what they take, what they refuse, and that no number is in
anything that they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samsvar.access.standing import block_standing, consent_standing
from samsvar.access.words import Block, Consent
from samsvar.clock import SystemClock
from samsvar.fact_ports import Accessing, BlockQuestion
from samsvar.store.block_book import BlockBook
from samsvar.store.consent_book import ConsentBook
from samsvar.store.secrets import open_vault
from tests import databases
from tests.command import Ran, Shell
from tests.databases import open_database
from tests.hub import Site
from tests.privacy import found
from tests.security_messages import DIRECTORY
from tests.security_records import (
    AT_WARD,
    BOARD,
    CHILD,
    CLINIC,
    DOCTOR,
    NURSE,
    REGION,
    TOLVAN,
    WARD,
    kind_of,
)

NUMBER = TOLVAN.extension
GIVE = ("consents", "register", "--person", "-", "--care-giver", REGION, "--unit", WARD)
BLOCK = ("blocks", "register", "--person", "-", "--care-giver", REGION)
BY = ("--by", NURSE)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty data folder; at the end, what was said is looked through."""
    (tmp_path / "samsvar.toml").write_text(f"[hub]\n{databases.hub_setting(tmp_path / 'data')}")
    open_database(tmp_path / "data").close()
    yield tmp_path
    assert found((tmp_path / "cli.log").read_bytes()) == []


def run(folder: Path, *arguments: object, stdin: str = f"{NUMBER}\n") -> Ran:
    return Shell(folder).inside(*arguments, "-s", folder / "samsvar.toml", stdin=stdin)


def consent(folder: Path, accessing: Accessing = AT_WARD) -> Consent:
    """How it stands, as a hub would see it."""
    database = open_database(folder / "data")
    try:
        book = ConsentBook(database, open_vault(database), kind_of)
        return consent_standing(book.of_person(TOLVAN), accessing, SystemClock().now())[0]
    finally:
        database.close()


def stands(folder: Path, accessing: Accessing, question: BlockQuestion) -> Block:
    """How blocks stand."""
    database = open_database(folder / "data")
    try:
        records = BlockBook(database, open_vault(database)).of_person(TOLVAN)
        return block_standing(records, accessing, question, SystemClock().now())
    finally:
        database.close()


def listed(folder: Path, what: str) -> list[dict[str, Any]]:
    ran = run(folder, what, "list", "--person", "-", "--json")
    assert ran.code == 0, ran.err
    rows: list[dict[str, Any]] = json.loads(ran.out)
    return rows


def test_a_consent_is_registered_listed_ended_and_nullified(folder: Path) -> None:
    ran = run(folder, *GIVE, *BY, "--to", "2199-12-31", "--reason", "Vid besök")
    name = ran.out.strip()
    assert (ran.code, ran.err) == (0, "")
    assert consent(folder) is Consent.VALID
    again = run(folder, *GIVE, *BY, "--id", name, "--to", "2198-12-31")
    assert (again.code, again.out) == (3, "")
    assert "another with that id" in again.err

    (row,) = listed(folder, "consents")
    assert (row["id"], row["state"], row["kind"]) == (name, "in force", "Consent")
    assert row["end"] == "2199-12-31T22:59:59+00:00"
    assert name in run(folder, "consents", "list", "--person", "-").out

    other = run(folder, "consents", "cancel", name, "--care-giver", BOARD, *BY)
    assert (other.code, other.out) == (2, "")
    assert "another care giver's" in other.err
    mine = ("--care-giver", REGION, *BY)
    assert run(folder, "consents", "cancel", name, *mine).out == "It has ended.\n"
    assert consent(folder) is Consent.REVOKED
    assert run(folder, "consents", "delete", name, *mine).out == "It is nullified.\n"
    assert listed(folder, "consents")[0]["state"] == "nullified"
    assert run(folder, "consents", "cancel", "nobody", *mine).code == 3


def test_a_consent_for_one_employee_given_by_a_representative_from_files(folder: Path) -> None:
    (folder / "person").write_text(NUMBER, "utf-8")
    (folder / "by").write_text(CHILD.extension, "utf-8")
    where = ("--person", f"file:{folder / 'person'}", "--represented-by", f"file:{folder / 'by'}")
    ran = run(folder, *GIVE, *where, *BY, "--employee", NURSE)
    assert ran.code == 0, ran.err
    assert consent(folder) is Consent.VALID
    assert consent(folder, Accessing(REGION, WARD, DOCTOR)) is Consent.NONE
    assert listed(folder, "consents")[0]["represented"] is True
    twice = run(folder, *GIVE, *BY, "--represented-by", "-", stdin=f"{NUMBER}\n{CHILD.extension}\n")
    assert twice.code == 0, twice.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--by", ""), "an HSA-id or an id is empty"),
        ((*BY, "--to", "2001-01-01"), "the period ends before it begins"),
        ((*BY, "--from", "2000-01-01", "--to", "2001-01-01"), "the end date has passed"),
        ((*BY, "--to", "soon"), "--to: a day or a moment"),
        ((*BY, "--employee", DOCTOR), "must be requested by that employee"),
        ((*BY, "--kind", "Emergency"), "can only be stated for a vårdgivare"),
        ((*BY, "--reason", "x" * 1025), "at most 1024 characters"),
        ((*BY, "--reason", f"Om {NUMBER}"), "no number belongs there"),
        ((*BY, "--person", "191212121212"), "arguments stand in the list of processes"),
    ],
)
def test_a_consent_that_may_not_be_is_refused_and_told_why(
    folder: Path, more: tuple[str, ...], said: str
) -> None:
    ran = run(folder, *GIVE, *more)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert consent(folder) is Consent.NONE


def test_an_emergency_is_for_what_the_registry_says_is_a_vardgivare(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write()
    site.load_registry(site.registry([], DIRECTORY))

    def give(care_giver: str) -> Ran:
        told = ("--kind", "Emergency", "--care-giver", care_giver)
        return Shell(tmp_path).inside(
            *GIVE, *BY, *told, "-s", site.settings_file, stdin=f"{NUMBER}\n"
        )

    assert give(REGION).code == 0
    assert "can only be stated for a vårdgivare" in give(BOARD).err


def test_a_block_is_registered_opened_for_a_while_and_ended(folder: Path) -> None:
    clinic, question = Accessing(REGION, CLINIC, NURSE), BlockQuestion(REGION, WARD)
    ran = run(
        folder, *BLOCK, *BY, "--kind", "Inner", "--unit", WARD, "--to", "2026-12-31",
        "--leave-open", "lak", "--leave-open", "UPP",
    )  # fmt: skip
    name = ran.out.strip()
    assert (ran.code, ran.err) == (0, "")
    assert stands(folder, clinic, question) is Block.INNER

    lift = ("blocks", "revoke", name, "--unit", CLINIC, "--why", "PatientsConsent", *BY)
    late = run(folder, *lift, "--care-giver", REGION, "--to", "2001-01-01")
    assert (late.code, "the end date has passed" in late.err) == (2, True)
    other = run(folder, *lift, "--care-giver", BOARD, "--to", "2199-01-01")
    assert (other.code, "another care giver's" in other.err) == (2, True)
    opened = run(folder, *lift, "--care-giver", REGION, "--to", "2199-01-01", "--employee", NURSE)
    assert opened.code == 0, opened.err
    assert stands(folder, clinic, question) is Block.REVOKED_TEMPORARILY
    (row,) = listed(folder, "blocks")
    assert (row["state"], row["excluded"]) == ("in force", ["lak", "upp"])
    assert [(one["id"], one["employee"]) for one in row["revokes"]] == [(opened.out.strip(), NURSE)]
    assert f"{CLINIC} {NURSE} until" in run(folder, "blocks", "list", "--person", "-").out

    ended = run(folder, "blocks", "end", name, "--care-giver", REGION, *BY)
    assert ended.out == "It has ended.\n"
    assert stands(folder, clinic, question) is Block.NONE
    assert listed(folder, "blocks")[0]["state"] == "ended"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--kind", "Inner"), "must name the care unit"),
        (("--kind", "Outer", "--unit", WARD), "leave the care unit out"),
        (("--kind", "Outer", "--leave-open", "vko"), "are lak and upp"),
        (("--kind", "Outer", "--from", "2026-02-01", "--to", "2026-01-01"), "ends before"),
    ],
)
def test_a_block_that_may_not_be_is_refused_and_told_why(
    folder: Path, more: tuple[str, ...], said: str
) -> None:
    ran = run(folder, *BLOCK, *BY, *more)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert run(folder, "blocks", "list", "--person", "-").code == 3


@pytest.mark.parametrize("what", ["consents", "blocks"])
def test_what_an_outside_service_keeps_is_not_kept_here_too(folder: Path, what: str) -> None:
    (folder / "samsvar.toml").write_text(
        f'[security]\n{what} = "https://security.example.se/"\n', "utf-8"
    )
    ran = run(folder, what, "list", "--person", "-")
    assert (ran.code, ran.out) == (3, "")
    assert f"kept by an outside service (security.{what})" in ran.err


@pytest.mark.parametrize(
    "where", ["http://security.example.se/", "ftp://x/", "https://", "https://a@b/", "here"]
)
def test_an_outside_service_that_cannot_be_trusted_is_no_setting(folder: Path, where: str) -> None:
    (folder / "samsvar.toml").write_text(f'[security]\nconsents = "{where}"\n', "utf-8")
    ran = run(folder, "check")
    assert ran.code == 2
    assert "security.consents" in ran.err
