"""The bench by its commands, and the hub that judges live answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samsvar.clock import SystemClock
from samsvar.simulation import demo_data
from tests.bench_targets import KNOWN, Files, files, hospital
from tests.command import Ran, Shell
from tests.hub import HUB, Site, Source, post, running_hub
from tests.world import envelope

pytestmark = pytest.mark.wire

SETTINGS = '[hub]\ndata = "data"\n'


@pytest.fixture
def given(tmp_path: Path) -> Files:
    """Certificates, and settings beside them."""
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return files(tmp_path / "certificates")


async def bench(folder: Path, url: str, given: Files, *more: object, person: str = "-") -> Ran:
    """``samsvar producers test``, in a process of its own while the producer serves in this one."""
    import asyncio

    identity = given.identity
    arguments = (
        *("producers", "test", url.replace("127.0.0.1", "localhost")),
        *("--address", demo_data.HOSPITAL, "--person", person),
        *("--certificate", identity.certificate, "--key", identity.key),
        *("--authority", identity.authority, "--settings", folder / "settings.toml"),
        *more,
    )
    stdin = f"{KNOWN.extension}\n" if person == "-" else ""
    return await asyncio.to_thread(Shell(folder).run, *arguments, stdin=stdin)


async def test_a_producer_is_tested_mended_and_tested_again(tmp_path: Path, given: Files) -> None:
    """Reports, a signature that is verified, and what has changed; no number anywhere."""
    reports = ("--json", "r.json", "--html", "r.html", "--junit", "r.xml")
    async with hospital("nullified", tls=given.server) as url:
        first = await bench(tmp_path, url, given, *reports)
    assert first.code == 1
    assert "FAIL REC-07" in first.out
    assert "GetCarePlans 2: the person with data" in first.err
    told = json.loads((tmp_path / "r.json").read_bytes())
    assert told["passed"] is False
    shell = Shell(tmp_path)
    verify = ("producers", "verify-report", "r.json", "--settings", "settings.toml")
    assert shell.run(*verify).code == 0
    async with hospital(tls=given.server) as url:
        second = await bench(tmp_path, url, given, "--contract", "getcareplans 2")
    assert second.code == 0
    assert "fixed since" in second.out
    assert "REC-07 GetCarePlans 2" in second.out
    report = tmp_path / "r.json"
    report.write_bytes(report.read_bytes().replace(b'"FAIL"', b'"PASS"'))
    refused = shell.run(*verify)
    assert (refused.code, "changed since" in refused.err) == (1, True)
    for name in ("r.json", "r.html", "r.xml"):
        assert KNOWN.extension.encode() not in (tmp_path / name).read_bytes()
    assert KNOWN.extension not in first.out + first.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://localhost/",), "no URL"),
        (("https://user:secret@localhost/",), "no user"),
        (("https://localhost/", "--contract", "GetEverything 1"), "GetCarePlans 2"),
        (("https://localhost/", "--period", "20261231-20260101"), "first day first"),
        (("https://localhost/", "--certificate", "c.pem"), "go together"),
        (("https://localhost/", "--deadline", "0"), "--deadline"),
        (("https://localhost/", "--without", "1"), "no personnummer"),
    ],
)
def test_wrong_input_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """And nothing is asked."""
    person = ("--address", "SE1", "--person", KNOWN.extension)
    ran = Shell(tmp_path).inside("bench-producer", *arguments, *person)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


async def test_without_settings_nothing_is_left_behind(tmp_path: Path, given: Files) -> None:
    """Tested from anybody's computer: no data folder, no key, no history."""
    (tmp_path / "settings.toml").unlink()
    identity = given.identity
    import asyncio

    async with hospital(tls=given.server) as url:
        ran = await asyncio.to_thread(
            Shell(tmp_path).run,
            *("bench-producer", url.replace("127.0.0.1", "localhost"), "--contract"),
            *("GetCareContacts 3", "--address", demo_data.HOSPITAL, "--person", "-"),
            *("--certificate", identity.certificate, "--key", identity.key),
            *("--authority", identity.authority, "--json", "r.json"),
            stdin=f"{KNOWN.extension}\n",
        )
    assert ran.code == 0
    assert _left(tmp_path) == {"certificates", "cli.log", "r.json"}


def _left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_the_hub_scores_live_answers_by_the_same_rules(tmp_path: Path) -> None:
    """Every answer of this hub is sampled; the consumer gets it as ever; only counts stay."""
    site = Site(tmp_path)
    settings = site.write()
    with site.settings_file.open("a", encoding="utf-8") as file:
        file.write("[conformance]\nsample = 1\n")
    from samsvar.settings import load

    settings = load(site.settings_file, {})
    async with hospital("nullified") as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        async with running_hub(site, settings) as running:
            await site.index(KNOWN.extension, [demo_data.HOSPITAL])
            for _ in range(3):
                status, _, body = await post(running, envelope(HUB, KNOWN.extension))
                assert (status, body.count(b"nullified>true")) == (200, 1)
    ran = Shell(tmp_path).run("producers", "score", "--json", "--settings", site.settings_file)
    (told,) = json.loads(ran.out)["scores"]
    assert (told["producer"], told["sampled"], told["failing"], told["score"]) == ("p0", 3, 3, 0.0)
    assert [(one["rule"], one["path"], one["answers"]) for one in told["findings"]] == [
        ("REC-07", "carePlan/carePlanHeader/nullified", 3)
    ]
    assert told["days"][0]["day"] == f"{SystemClock().now():%Y-%m-%d}"
    shown = Shell(tmp_path).run("producers", "score", "--settings", site.settings_file)
    assert "REC-07" in shown.out


def test_a_score_of_nothing_says_why(tmp_path: Path) -> None:
    """A page is never empty without saying why."""
    site = Site(tmp_path)
    site.write()
    nothing = Shell(tmp_path).run("producers", "score", "--settings", site.settings_file)
    assert (nothing.code, "there " in nothing.err) == (4, True)
    site.load_registry(site.registry([]))
    empty = Shell(tmp_path).run("producers", "score", "--settings", site.settings_file)
    assert empty.code == 0
    assert "no live answer has been judged" in empty.out
