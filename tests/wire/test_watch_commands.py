"""What operators see of a hub from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.command import Ran, Shell
from tests.hub import HUB, post
from tests.wire.test_alerts import PEOPLE, Receiver, scene
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]


async def test_the_commands_tell_how_a_hub_is_doing(tmp_path: Path) -> None:
    """A source has fallen silent: each command shows it, to people and to programs."""
    shell = Shell(tmp_path)

    async with scene(tmp_path, Receiver()) as one:
        settings = one.site.settings_file

        async def run(*arguments: str) -> Ran:
            ran = await asyncio.to_thread(shell.inside, *arguments, "--settings", settings)
            assert not any(person in ran.out + ran.err for person in PEOPLE)
            return ran

        for _ in range(3):
            await one.ask()
        await one.looks()
        well = await run("status")
        assert well.code == 0, well.out + well.err
        assert "Ready      yes" in well.out
        assert "Alerts     none" in well.out
        assert "version 1, published" in well.out
        assert (await run("alerts", "list")).out == "none\n"

        one.knobs.silent = True
        await one.ask()
        assert await one.receiver.until(1) == [("opened", "p0")]
        ill = await run("status", "--json")
        assert ill.code == 1
        told = json.loads(ill.out)
        assert told["ready"] is True
        assert [(each["rule"], each["subject"]) for each in told["alerts"]] == [
            ("answers-empty", "p0")
        ]
        (producer,) = told["producers"]
        assert producer["asked"] == 40
        assert producer["records"] == 0.75
        assert producer["usual_records"] == 1.0
        assert producer["alerts"] == ["answers-empty"]
        assert "answers-empty" in (await run("status")).out

        top = await run("producers", "top", "--by", "empty", "--json")
        assert [each["producer"] for each in json.loads(top.out)["producers"]] == ["p0"]
        assert "p0" in (await run("producers", "top", "--by", "slow", "--hours", "24")).out

        (alert,) = json.loads((await run("alerts", "list", "--json")).out)
        assert (await run("alerts", "ack", alert["id"], "--by", "the night shift")).code == 0
        assert "the night shift" in (await run("alerts", "list")).out
        assert (await run("alerts", "ack", "nosuch")).code == 3
        assert (await run("alerts", "ack", alert["id"], "--by", PEOPLE[0])).code == 2

        fired = await run("alerts", "test-fire")
        assert (fired.code, fired.out) == (0, "webhook  taken\n")
        assert one.receiver.events[-1]["data"]["rule"] == "test-fire"

        _, headers, _ = await post(one.hub, envelope(HUB, PEOPLE[0]))
        name = headers["x-skltp-correlation-id"]
        drawn = await run("trace", name)
        assert "█" in drawn.out
        (traced,) = json.loads((await run("trace", name, "--json")).out)
        assert [bar["what"] for bar in traced["bars"]] == [
            "question",
            one.source.hsa_id,
            "the hub's own",
        ]
        assert (await run("trace", "nosuch")).code == 3

        looked = await run("doctor", "--json")
        by_name = {each["check"]: each for each in json.loads(looked.out)}
        assert by_name["producers"]["outcome"] == "ok"
        assert by_name["database"]["outcome"] == "ok"
        assert by_name["clock"]["outcome"] == "ok"
        assert by_name["certificates"]["outcome"] != "fault"

    gone = await asyncio.to_thread(shell.inside, "doctor", "--settings", settings)
    assert gone.code == 1
    assert "p0: http://127.0.0.1" in gone.out
    assert "TCP: refused" in gone.out
    assert "nothing listens there: is the system running?" in gone.out
    silent = await asyncio.to_thread(shell.inside, "status", "--settings", settings)
    assert silent.code == 1
    assert "Ready      NO" in silent.out
    assert "is it running?" in silent.out
    fired = await asyncio.to_thread(shell.inside, "alerts", "test-fire", "--settings", settings)
    assert fired.code == 4
    assert "NOT taken: the webhook cannot be reached" in fired.out
