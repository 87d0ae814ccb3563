"""``samsvar registry``: drafts, differences, publishing and going back, as an operator does it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samsvar.cli import REFUSED, WRONG_INPUT, run
from samsvar.clock import SystemClock
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.secrets import open_vault
from tests import databases
from tests.databases import open_database
from tests.world import PLANS, TOLVAN

Samsvar = Callable[..., tuple[int, str, str]]

GROUND = f"""
[[contract]]
urn = "{PLANS}"
title = "Planer"

[[producer]]
id = "north"
title = "Norra"
kind = "soap"
address = "https://north.example/"
owner = "SE1"

[[route]]
contract = "GetCarePlans 2"
logical_address = "SE-NORTH"
producer = "north"

[[permission]]
consumer = "SE-NPO"
contract = "GetCarePlans 2"
logical_address = "*"
"""
SOUTH = """
[[producer]]
id = "south"
title = "Södra"
kind = "soap"
address = "https://south.example/"
owner = "SE1"

[[route]]
contract = "GetCarePlans 2"
logical_address = "SE-SOUTH"
producer = "south"
"""


@pytest.fixture
def samsvar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Samsvar:
    """Run a command of ``samsvar registry``: exit code, standard output, standard error."""
    (tmp_path / "settings.toml").write_text(
        f'[hub]\ndata = "data"\n{databases.hub_setting(tmp_path / "data")}'
    )

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run(["registry", *arguments, "--settings", str(tmp_path / "settings.toml")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """Write a registry file; its path."""

    def written(text: str) -> str:
        (tmp_path / "registry.toml").write_text(text)
        return str(tmp_path / "registry.toml")

    return written


File = Callable[[str], str]


def test_a_draft_is_looked_at_and_published(samsvar: Samsvar, file: File) -> None:
    """Begun, edited, compared, published; then it is gone, and the history says who and why."""
    samsvar("load", file(GROUND), "--comment", "first")
    assert samsvar("draft", "new", "south")[:2] == (0, "draft south begins from version 1\n")
    _, text, _ = samsvar("draft", "show", "south")
    assert samsvar("draft", "edit", "south", file(text + SOUTH))[1] == (
        "draft south: 2 routes, 1 permissions; from version 1\n"
    )

    _, listed, _ = samsvar("draft", "list")
    _, differs, _ = samsvar("diff", "south")
    published = samsvar("publish", "south", "--comment", "Södra is ready")
    _, history, _ = samsvar("history", "--json")

    assert "south" in listed
    assert differs.splitlines() == [
        "from version 1 to draft south: 2 added, 0 removed, 0 changed",
        "+ producer south",
        "+ route GetCarePlans 2 se-south 1900-01-01",
    ]
    assert published == (0, "draft south is in force as version 2\n", "")
    assert [(row["version"], row["comment"]) for row in json.loads(history)] == [
        (2, "Södra is ready"),
        (1, "first"),
    ]
    assert all(row["who"] for row in json.loads(history))
    assert samsvar("draft", "list")[1].startswith("there are no drafts")
    assert samsvar("publish", "south", "--comment", "again")[0] == REFUSED


def test_several_drafts_lie_side_by_side(samsvar: Samsvar, file: File) -> None:
    samsvar("load", file(GROUND))
    for name in ("a", "b"):
        samsvar("draft", "new", name)
    samsvar("draft", "edit", "a", file(GROUND + SOUTH))

    code, out, _ = samsvar("diff", "a", "b", "--json")

    assert code == 0
    assert [change["kind"] for change in json.loads(out)["changes"]] == ["removed", "removed"]
    assert samsvar("draft", "drop", "a")[0] == 0
    assert samsvar("draft", "show", "a")[0] == REFUSED
    assert samsvar("draft", "show", "b")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("draft", "new", "7"), REFUSED, "not digits alone"),
        (("draft", "new", "A b"), REFUSED, "must be 1 to 40"),
        (("draft", "new", "taken"), REFUSED, "already"),
        (("draft", "edit", "nobody", "FILE"), REFUSED, "no draft of that name"),
        (("draft", "edit", "taken", "BROKEN"), WRONG_INPUT, "[[producer]] 1 (line 6), kind"),
        (("draft", "edit", "taken", "MISSING"), WRONG_INPUT, "cannot be read"),
        (("draft", "drop", "nobody"), REFUSED, "no draft of that name"),
        (("diff",), REFUSED, "one version only"),
        (("diff", "9"), REFUSED, "no version 9"),
        (("diff", "nobody"), REFUSED, "no draft of that name"),
        (("preview", "nobody"), REFUSED, "no draft of that name"),
        (("publish", "taken", "--comment", " "), WRONG_INPUT, "must say why"),
        (("rollback", "1", "--comment", ""), WRONG_INPUT, "must say why"),
        (("rollback", "5", "--comment", "x"), REFUSED, "no version 5"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    samsvar: Samsvar, file: File, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    samsvar("load", file(GROUND))
    samsvar("draft", "new", "taken")
    broken = tmp_path / "broken.toml"
    broken.write_text(GROUND.replace('"soap"', '"post"'))
    files = {"FILE": file(GROUND), "BROKEN": str(broken), "MISSING": str(tmp_path / "none")}

    got, _, told = samsvar(*(files.get(word, word) for word in arguments))

    assert got == code
    assert said in told
    assert samsvar("diff", "taken")[1] == "from version 1 to draft taken: no difference\n"


def test_a_draft_whose_base_has_moved_is_refused_until_it_is_rebased(
    samsvar: Samsvar, file: File
) -> None:
    """Rebased, both changes stand."""
    samsvar("load", file(GROUND))
    samsvar("draft", "new", "south")
    samsvar("draft", "edit", "south", file(GROUND + SOUTH))
    samsvar("load", file(GROUND.replace("https://north.", "https://new.")))

    code, _, said = samsvar("publish", "south", "--comment", "why")
    assert (code, "begun from version 1, and version 2 is in force" in said) == (REFUSED, True)

    assert samsvar("publish", "south", "--comment", "why", "--rebase")[0] == 0
    _, text, _ = samsvar("show")
    assert "https://new.example/" in text
    assert "SE-SOUTH" in text


def test_a_row_that_both_changed_stops_the_rebase_and_force_overrides(
    samsvar: Samsvar, file: File
) -> None:
    samsvar("load", file(GROUND))
    samsvar("draft", "new", "mine")
    samsvar("draft", "edit", "mine", file(GROUND.replace("https://north.", "https://mine.")))
    samsvar("load", file(GROUND.replace("https://north.", "https://theirs.")))

    code, _, said = samsvar("publish", "mine", "--comment", "why", "--rebase")
    assert code == REFUSED
    assert "producer north" in said
    assert "https://theirs." in samsvar("show")[1]

    assert samsvar("publish", "mine", "--comment", "why", "--force")[0] == 0
    assert "https://mine." in samsvar("show")[1]


def test_a_draft_that_loses_too_much_needs_force(samsvar: Samsvar, file: File) -> None:
    samsvar("load", file(GROUND + SOUTH))
    samsvar("draft", "new", "less")
    samsvar("draft", "edit", "less", file(GROUND))

    code, _, said = samsvar("publish", "less", "--comment", "why")
    assert (code, "more than 20 % would go" in said) == (REFUSED, True)
    assert samsvar("draft", "show", "less")[0] == 0, "a draft that was refused is still there"

    assert samsvar("publish", "less", "--comment", "why", "--force")[0] == 0


def test_going_back_is_a_new_version_with_the_old_content(samsvar: Samsvar, file: File) -> None:
    samsvar("load", file(GROUND))
    samsvar("load", file(GROUND.replace("https://north.", "https://wrong.")))

    done = samsvar("rollback", "1", "--comment", "wrong host")
    again = samsvar("rollback", "1", "--comment", "wrong host")

    assert done[:2] == (0, "the content of version 1 is in force as version 3\n")
    assert again[:2] == (0, "version 3 holds just that already; nothing has changed\n")
    assert samsvar("show")[1] == samsvar("show", "--version", "1")[1]
    assert samsvar("diff", "2", "3")[1].splitlines()[-1] == (
        "    address: https://wrong.example/ -> https://north.example/"
    )


def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    samsvar: Samsvar, file: File
) -> None:
    """OM-10: before half a file is in force, somebody has seen what would go."""
    samsvar("load", file(GROUND + SOUTH))

    code, said, _ = samsvar("load", file(GROUND), "--dry-run")

    assert (code, said.splitlines()[1:]) == (
        0,
        [
            "from version 1 to registry.toml: 0 added, 2 removed, 0 changed",
            "- producer south",
            "- route GetCarePlans 2 se-south 1900-01-01",
        ],
    )
    assert "SE-SOUTH" in samsvar("show")[1]


def test_a_preview_names_the_questions_whose_answers_would_change_and_no_person(
    samsvar: Samsvar, file: File, tmp_path: Path
) -> None:
    samsvar("load", file(GROUND))
    _log(tmp_path / "data")
    samsvar("draft", "new", "closed")
    samsvar(
        "draft",
        "edit",
        "closed",
        file(GROUND.replace('logical_address = "*"', 'logical_address = "5565594230"')),
    )

    code, said, _ = samsvar("preview", "closed", "--last", "10")
    _, told, _ = samsvar("preview", "closed", "--json")

    assert code == 0
    assert said.splitlines()[0] == "1 questions looked at, 1 would be answered otherwise"
    assert "    SE-NORTH: asked by north -> not permitted" in said
    assert TOLVAN.extension not in said + told
    assert json.loads(told)["changes"][0]["correlation_id"] == "q-1"


def _log(data: Path) -> None:
    """One question to everybody, which the northern source answered."""
    record = QuestionRecord(
        CorrelationId("q-1"),
        SystemClock().now(),
        HsaId("SE-NPO"),
        None,
        ContractUrn(PLANS),
        LogicalAddress("5565594230"),
        TOLVAN,
        Verdict.ANSWERED,
        None,
        "",
        1,
        0.1,
        (Decision(LogicalAddress("SE-NORTH"), Reason.ANSWERED, items=1, elapsed=0.05),),
    )

    async def append() -> None:
        database = open_database(data)
        log = SqlAccessLog(database, open_vault(database))
        await log.append(record)
        await log.close()
        database.close()

    asyncio.run(append())
