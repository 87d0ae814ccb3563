"""``samsvar access``: a case is decided and explained, or refused with all its faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samsvar.access import RULES
from tests.command import Shell

GOOD = {
    "actor_kind": "CITIZEN",
    "auth_level": "STRONG",
    "session_valid": True,
    "is_subject": True,
    "age": 40,
    "action": "READ",
    "purpose": "OWN_ACCESS",
    "reserve_number": False,
    "protected_identity": False,
    "owner_kind": "VG",
    "legal_basis": "HSL",
    "owner_connected": True,
    "approved_for_patient": True,
    "document_state": "FINAL",
    "only_for_incapable": False,
    "block": "OUTER",
    "blocks_answered": True,
}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands in a folder of their own."""
    return Shell(tmp_path)


def test_a_case_is_explained_with_its_ground(shell: Shell) -> None:
    """Verdict, rule, basis, and what is open about it."""
    ran = shell.inside("access", "explain", "-", stdin=json.dumps(GOOD))
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "verdict     ALLOW",
        "rule        CZ5: Own health care data, blocked: the block is against staff",
        "basis       PDL 4:4, 5:5 (OPEN)",
        "configured  hide_blocked_from_citizen in [access]",
        "open        U3: May a citizen read own data that are blocked?",
        "policy      cautious-1",
    ]


def test_the_settings_count_and_the_trace_shows_the_way(shell: Shell) -> None:
    """From a file, with a name of its own for the configuration."""
    case, settings = shell.folder / "case.json", shell.folder / "samsvar.toml"
    case.write_text(json.dumps(GOOD), encoding="utf-8")
    settings.write_text(
        '[access]\nversion = "north-1"\nhide_blocked_from_citizen = true\n', encoding="utf-8"
    )
    ran = shell.inside("access", "explain", case, "--settings", settings, "--trace", "--json")
    told = json.loads(ran.out)
    looks = told.pop("looked_at")
    assert told == {
        "verdict": "MASK",
        "rule": "CZ5",
        "basis": "PDL 4:4, 5:5",
        "status": "OPEN",
        "obligations": [],
        "policy": "north-1",
    }
    assert [look["rule"] for look in looks[:3]] == ["GT1", "GT3", "GT4"]
    assert looks[-1] == {"rule": "CZ5", "applies": True, "verdict": "MASK"}


def test_the_trace_is_told_in_lines_and_what_matches_nothing_is_denied(shell: Shell) -> None:
    """DEFAULT has no rule to name."""
    told = {**GOOD, "is_subject": None}
    ran = shell.inside("access", "explain", "-", "--trace", stdin=json.dumps(told))
    lines = ran.out.splitlines()
    assert lines[:3] == [
        "verdict     DENY",
        "rule        DEFAULT: no rule says yes",
        "basis       what no rule allows is denied",
    ]
    assert "  CZ1   does not apply" in lines


def test_all_faults_of_a_case_are_told_and_no_value_is(shell: Shell) -> None:
    """A personal number in the wrong place stays where it is."""
    number = "191212121212"
    case = {"actor_kind": number, "age": "x", "emergency": "yes", number: 1, "acter": 2, "block": 1}
    ran = shell.inside("access", "explain", "-", stdin=json.dumps(case))
    assert (ran.code, ran.out) == (2, "")
    assert ran.faults == [
        "standard input: (a key that is no name): no such fact",
        "standard input: acter: no such fact",
        "standard input: actor_kind: give one of VG_STAFF, OG_STAFF, CITIZEN, GUARDIAN, AGENT,"
        " SYSTEM, UNKNOWN",
        "standard input: emergency: give true, false or null (not known)",
        "standard input: age: give a whole number of years, 0 to 150, or null",
        "standard input: block: give one of NONE, INNER, OUTER, REVOKED_TEMPORARILY, UNKNOWN",
    ]
    assert number not in ran.err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "a case is one JSON object: facts by name"),
        ("{", "not JSON"),
        (f'{{"actor_provider": "{"x" * 70000}"}}', "larger than 65536 characters: no case"),
        ('{"actor_provider": ""}', "actor_provider: give a text of 1 to 64 characters, or null"),
    ],
    ids=["list", "broken", "large", "empty text"],
)
def test_what_is_no_case_is_refused(shell: Shell, text: str, fault: str) -> None:
    """With one sentence."""
    ran = shell.inside("access", "explain", "-", stdin=text)
    assert ran.code == 2
    (line,) = ran.faults
    assert line.startswith(f"standard input: {fault}")


def test_a_file_that_is_not_there_is_said_to_be(shell: Shell) -> None:
    """And so are settings that are wrong."""
    assert shell.inside("access", "explain", shell.folder / "no.json").code == 2
    settings = shell.folder / "samsvar.toml"
    settings.write_text("[access]\nadult_agent = true\n", encoding="utf-8")
    ran = shell.inside("access", "explain", "-", "--settings", settings, stdin="{}")
    assert ran.code == 2
    (fault,) = ran.faults
    assert fault.startswith(
        f"{settings}: access.adult_agent: no such setting; did you mean adult_agents?"
    )


def test_the_rules_are_listed_in_their_order(shell: Shell) -> None:
    """As JSON for programs, as a table for people."""
    rows = json.loads(shell.inside("access", "rules", "--json").out)
    assert [row["id"] for row in rows] == [rule.id for rule in RULES]
    (vg6,) = (row for row in rows if row["id"] == "VG6")
    assert (vg6["verdict"], vg6["question"], vg6["verdict_if_set"]) == ("DENY", "U1", "ALLOW")
    table = shell.inside("access", "rules").out
    assert [rule.id for rule in RULES if rule.id not in table] == []
