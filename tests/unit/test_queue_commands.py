"""``samsvar queue``: what lies in the database, and what is said where the broker is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samsvar.broker.keys import KeyPair
from samsvar.cli import run
from samsvar.model.engagement import Audience, Engagement, EngagementTransaction, Subscriber
from samsvar.model.identifiers import LogicalAddress
from samsvar.settings import SettingsInvalid, load
from samsvar.store.index import SqlIndex
from samsvar.store.outbox import SqlOutbox
from samsvar.store.secrets import open_vault
from tests import databases
from tests.databases import open_database

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
REGION = LogicalAddress("SE2129999997-EI")
TOLVAN = "191212121212"
POST = Engagement(TOLVAN, "riv:x", "cll-cp", "SE-A", "NA", "NA", "SE-A", "SE1", "", "2026")
KEY = KeyPair.new().public.text


def site(folder: Path, more: str = "") -> list[str]:
    """A hub with three dead letters and one change that waits; the options that name it."""
    data = folder / "data"
    data.mkdir()
    database = open_database(data)
    vault = open_vault(database)
    index, outbox = SqlIndex(database, vault), SqlOutbox(database, vault)

    async def fill() -> None:
        audience = Audience((Subscriber(REGION),))
        for number in range(4):
            post = replace(POST, source_system=f"SE-{number}")
            await index.update([EngagementTransaction(False, post)], "SE1", NOON, audience)
            if number < 3:
                await outbox.bury(REGION, None, "refused")

    asyncio.run(fill())
    index.close()
    outbox.close()
    database.close()
    file = folder / "samsvar.toml"
    file.write_text(f'[hub]\ndata = "data"\n{databases.hub_setting(data)}{more}')
    return ["--settings", str(file)]


def told(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str], code: int = 0
) -> tuple[str, str]:
    """What it prints."""
    capsys.readouterr()
    assert run(["queue", *arguments]) == code
    said = capsys.readouterr()
    assert TOLVAN not in said.out + said.err
    return said.out, said.err


def counts(capsys: pytest.CaptureFixture[str], settings: list[str]) -> tuple[int, int]:
    """Waiting and dead."""
    lines: list[dict[str, Any]] = json.loads(told(capsys, ["list", "--json", *settings])[0])[
        "queues"
    ]
    return (lines[0]["waiting"], lines[0]["dead"]) if lines else (0, 0)


def test_what_waits_is_listed_shown_sent_again_and_dropped_in_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, name = site(tmp_path), f"index/{REGION}"
    assert counts(capsys, settings) == (1, 3)
    assert name in told(capsys, ["list", *settings])[0]
    shown = json.loads(told(capsys, ["show", name, "--json", "--limit", "2", *settings])[0])
    assert [(one["source_system"], one["dead"]) for one in shown] == [
        ("SE-0", True),
        ("SE-1", True),
    ]
    assert "SE-3" in told(capsys, ["show", name, *settings])[0]
    assert told(capsys, ["retry", name, "--limit", "2", *settings])[0] == "2 letters wait again\n"
    assert counts(capsys, settings) == (3, 1)
    assert "give --yes" in told(capsys, ["drop", name, *settings], 2)[1]
    said, _ = told(capsys, ["drop", name, "--yes", "--limit", "5", *settings])
    assert said == "1 letter is dropped\n"
    assert counts(capsys, settings) == (3, 0)
    assert "no such dead letter" in told(capsys, ["retry", name, *settings], 3)[1]


def test_what_may_not_be_done_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = site(tmp_path)
    assert "must have every row" in told(capsys, ["drop", "log/SE1", "--yes", *settings], 3)[1]
    assert "index/ADDRESS" in told(capsys, ["show", "elsewhere", *settings], 2)[1]
    assert "receive_from_broker" in told(capsys, ["show", f"broker/{REGION}", *settings], 3)[1]


def test_a_broker_that_is_away_hides_nothing_of_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = '[broker]\nurl = "amqp://127.0.0.1:1/"\nconnect_seconds = 1\n'
    settings = site(
        tmp_path,
        f'[index]\naddress = "{REGION}"\nreceive_from_broker = ["SE1 {KEY}"]\n{broker}',
    )
    out, error = told(capsys, ["list", *settings], 1)
    assert f"index/{REGION}" in out
    assert "amqp://127.0.0.1:1/" in error
    assert "amqp://127.0.0.1:1/" in told(capsys, ["retry", f"broker/{REGION}", *settings], 4)[1]
    least, _ = told(capsys, ["permissions", *settings])
    assert least.count("samsvar") >= 6
    assert (
        r"^(samsvar\.index|samsvar\.dead)\.se2129999997\-ei(\.[0-9]|\.trial\.[0-9a-f]+)?$" in least
    )


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (f'receive_from_broker = ["SE1 {KEY}"]', "needs RabbitMQ"),
        (f'receive_from_broker = ["SE1 {KEY}", "SE2 {KEY}"]', "a key stands twice"),
        ('receive_from_broker = ["SE1"]', "receive_from_broker.0"),
    ],
)
def test_a_teller_is_a_name_and_a_key(tmp_path: Path, lines: str, fault: str) -> None:
    file = tmp_path / "samsvar.toml"
    file.write_text(f"[index]\n{lines}\n")
    with pytest.raises(SettingsInvalid) as told_by:
        load(file, {})
    assert fault in "\n".join(told_by.value.faults)
