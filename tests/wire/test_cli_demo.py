"""The demo, and the questions that people put to it from another window."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from samsvar.clock import SystemClock
from samsvar.simulation.authority import TestAuthority
from tests.command import Shell
from tests.demo import Demo, running_demo
from tests.hub import free_port

pytestmark = [
    pytest.mark.wire,
    pytest.mark.slow,
    pytest.mark.embedded("the demo is a hub with no server beside it"),
]

TOLVAN, DAVID = "191212121212", "195101151818"
SIX = [
    "SE2129999971-MILLENNIUM1",
    "SE2129999989-LIFECARE1",
    "SE2129999997-COSMIC1",
    "SE2321000032-PRATOR1",
    "SE2321000131-SAMSA1",
    "SE2321000255-MINAPLANER1",
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Started once; told to end by SIGTERM, it leaves nothing running."""
    yield from _demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def another_demo(tmp_path: Path) -> Iterator[Demo]:
    """For a test that leaves a demo otherwise than it was."""
    yield from _demo(tmp_path)


def _demo(folder: Path) -> Iterator[Demo]:
    with running_demo(folder) as demo:
        yield demo
    assert not listens(demo.site)


def listens(site: Path) -> bool:
    """Whether the hub of a demo, or its viewer, takes callers."""
    hub = tomllib.loads((site / "consumer.toml").read_text())["url"]
    viewer = tomllib.loads((site / "viewer.toml").read_text())["address"]
    return any(_answers(urlsplit(url).port) for url in (hub, viewer))


def _answers(port: int | None) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port or 0)) == 0


def test_the_demo_shows_its_people_in_a_browser_each_by_their_own_grounds(demo: Demo) -> None:
    """Without any browser: forms and cookies are enough."""
    seen = {
        alias: viewed_as(demo, alias, number)
        for alias, number in (
            ("vera", TOLVAN),
            ("viktor", TOLVAN),
            ("bo", TOLVAN),
            ("maja", DAVID),
        )
    }
    own = viewed_as(demo, "tolvan")

    assert {alias: len(plans) for alias, plans in seen.items()} == {
        "vera": 9,
        "viktor": 1,
        "bo": 9,
        "maja": 2,
    }
    assert seen["viktor"] == ["Vårdplan hjärtsvikt"]
    assert "Samordnad individuell plan (SIP)" not in seen["maja"]  # blocked by its owner
    assert "Samordnad individuell plan" in own


def viewed_as(demo: Demo, alias: str, number: str | None = None) -> list[str]:
    """Titles of the plans that the viewer shows."""
    viewer = tomllib.loads((demo.site / "viewer.toml").read_text())["address"]
    kind = "citizen" if number is None else "staff"
    with requests.Session() as session:
        session.trust_env = False
        asked = session.get(f"{viewer}/login/{kind}", allow_redirects=False, timeout=10)
        page = session.get(f"{asked.headers['location']}&as={alias}", timeout=30)
        if number is not None:
            csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
            assert csrf is not None
            form = {"csrf": csrf[1], "person": number, "need": "on", "relevance": "on"}
            page = session.post(f"{viewer}/staff", data=form, timeout=30)
        else:
            page = session.get(f"{viewer}/citizen/plans", timeout=30)
    assert page.status_code == 200
    return re.findall(r'<a href="/\w+/plan/[^"]+">([^<]+)</a>', page.text)


def test_the_demo_asks_once_and_leaves_nothing_running(tmp_path: Path) -> None:
    """Plans of six sources on the screen, exit code 0; a second time in the same folder works."""
    shell = Shell(tmp_path)
    for _ in range(2):
        ran = shell.run("demo", "--once", "--port", 0, "--folder", "site", records=True)

        assert (ran.code, ran.err) == (0, "")
        assert re.findall(r"│ (SE\S+) +│ DataFromSource", ran.out) == SIX
        assert "9 poster från 6 källor" in ran.out
        assert not listens(tmp_path / "site")


def test_the_demo_does_not_wipe_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    """What lies there stays."""
    mine = tmp_path / "mine" / "README"
    mine.parent.mkdir()
    mine.write_text("not a demo's")

    ran = Shell(tmp_path).run("demo", "--once", "--folder", "mine")

    assert (ran.code, ran.faults) == (2, ["mine exists and is not a demo's: give --folder"])
    assert [path.read_text() for path in mine.parent.iterdir()] == ["not a demo's"]


def test_ask_prints_the_plans_and_who_gave_them(demo: Demo) -> None:
    """In a process of its own, with the profile that the demo wrote."""
    ran = Shell(demo.folder).run("ask", "--as", demo.profile, TOLVAN)

    assert (ran.code, ran.err) == (0, "")
    assert re.findall(r"│ (SE\S+) +│ DataFromSource", ran.out) == SIX
    assert "9 poster från 6 källor" in ran.out
    assert TOLVAN not in ran.out


def test_ask_takes_the_number_from_standard_input(demo: Demo) -> None:
    """So that it stands in no list of processes."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "-", stdin=f"{TOLVAN}\n")

    assert (ran.code, "9 poster från 6 källor" in ran.out) == (0, True)


def test_ask_prints_json_for_programs(demo: Demo) -> None:
    """Everything of the answer, and nothing else on standard output."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--json", TOLVAN, records=True)

    told = json.loads(ran.out)
    assert ran.code == 0
    assert [source["logical_address"] for source in told["sources"]] == SIX
    assert {each["carePlanHeader"]["patientId"]["id"] for each in told["records"]} == {TOLVAN}
    assert len(told["records"]) == 9
    assert told["result"] == "INFO"


def test_ask_prints_texts(demo: Demo) -> None:
    """What the person wants stands in a plan's text."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--texts", TOLVAN, records=True)

    assert ran.code == 0
    assert "Att orka gå till brevlådan varje dag." in ran.out


@pytest.mark.parametrize(("kind", "records"), [("contacts", 5), ("contacts2", 5), ("plans", 9)])
def test_ask_knows_three_kinds(demo: Demo, kind: str, records: int) -> None:
    """Both versions of GetCareContacts tell the same contacts."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--kind", kind, TOLVAN)

    assert (ran.code, f"{records} poster från" in ran.out) == (0, True)


def test_ask_can_narrow_to_one_source(demo: Demo) -> None:
    """sourceSystemHSAId: the others are not asked."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--source", SIX[0], TOLVAN)

    assert (ran.code, "1 poster från 1 källor" in ran.out) == (0, True)


def test_ask_says_that_somebody_did_not_answer_and_explain_says_why(demo: Demo) -> None:
    """Exit code 1 while a source is down; the walk is told, and the person is not named."""
    title = "Omsorgen, Exempelkommun"
    demo.turn(title, outage=True)
    try:
        ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--explain", TOLVAN)
    finally:
        demo.turn(title, outage=False)
    healed = Shell(demo.folder).inside("ask", "--as", demo.profile, TOLVAN)
    (correlation_id,) = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", ran.out))
    told = Shell(demo.folder).run("explain", correlation_id, "--settings", demo.settings)
    (row,) = json.loads(
        Shell(demo.folder).inside("explain", correlation_id, "-s", demo.settings, "--json").out
    )

    assert (ran.code, healed.code, told.code) == (1, 0, 0)
    assert f"Question {correlation_id}" in told.out
    assert "asked" in told.out
    decided = {each["logical_address"]: each["reason"] for each in row["decisions"]}
    assert decided == dict.fromkeys(SIX, "answered") | {SIX[1]: "unreachable"} or decided == (
        dict.fromkeys(SIX, "answered") | {SIX[1]: "fault"}
    )
    assert "subject" not in row
    assert TOLVAN not in ran.out + told.out + json.dumps(row)


def test_explain_says_that_it_knows_no_such_question(demo: Demo) -> None:
    """Exit code 3."""
    ran = Shell(demo.folder).inside("explain", "no-such", "-s", demo.settings)

    assert (ran.code, ran.out) == (3, "")
    assert ran.faults == ["no question with that correlation id is in the access log"]


@pytest.mark.parametrize("number", ["191212121213", "1912121212", "19121212-1212", "x", ""])
def test_ask_refuses_a_number_that_nobody_can_have(demo: Demo, number: str) -> None:
    """Exit code 2, and the number is not repeated."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, number)

    assert (ran.code, ran.out) == (2, "")
    assert ran.faults == [
        "that is no personnummer, samordningsnummer or reservnummer of 12 characters"
    ]


def test_ask_says_that_no_hub_is_there(demo: Demo) -> None:
    """Exit code 4 and one line."""
    url = f"https://127.0.0.1:{free_port()}"

    ran = Shell(demo.folder).run("ask", "--as", demo.profile, "--url", url, TOLVAN)

    assert (ran.code, ran.out, len(ran.faults)) == (4, "", 1)
    assert "is the hub running there?" in ran.err


def test_ask_does_not_trust_a_hub_of_another_authority(demo: Demo, tmp_path: Path) -> None:
    """Exit code 4; the text points to the certificates."""
    other = TestAuthority(tmp_path, SystemClock().now()).certificate

    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--authority", other, TOLVAN)

    assert (ran.code, ran.out, len(ran.faults)) == (4, "", 1)
    assert "right authority?" in ran.err


def test_ask_shows_the_fault_of_a_hub_that_refuses(demo: Demo) -> None:
    """Exit code 3 and the fault's own text: no route leads to that address."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--address", "SE0-NOBODY", TOLVAN)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("VP004 ")


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ('url = "https://x"\ncolour = "red"\nsender = 1\n', "colour, sender: not a text under a"),
        ("url = ", "not TOML in UTF-8"),
        (None, "cannot be read"),
        ("", "which hub?"),
    ],
)
def test_ask_says_what_is_wrong_with_a_profile(
    tmp_path: Path, profile: str | None, told: str
) -> None:
    """Exit code 2, before anybody is asked."""
    path = tmp_path / "profile.toml"
    if profile is not None:
        path.write_text(profile)

    ran = Shell(tmp_path).inside("ask", "--as", path, TOLVAN)

    assert (ran.code, ran.out, told in ran.err) == (2, "", True)


def test_ask_says_which_kinds_there_are(demo: Demo) -> None:
    """Exit code 2."""
    ran = Shell(demo.folder).inside("ask", "--as", demo.profile, "--kind", "diagnoses", TOLVAN)

    assert (ran.code, ran.faults) == (2, ["--kind: one of plans, contacts, contacts2"])


def test_check_finds_nothing_wrong_with_the_demo(demo: Demo) -> None:
    """Six lines, all ok."""
    ran = Shell(demo.folder).run("check", "--settings", demo.settings)

    assert (ran.code, ran.err) == (0, "")
    assert re.findall(r"^(\w+) +(.+)$", ran.out, re.MULTILINE) == [
        ("ok", "settings"),
        ("ok", "XML door"),
        ("ok", "contracts"),
        ("ok", "adapters"),
        ("ok", "certificates"),
        ("ok", "database"),
        ("ok", "registry"),
        ("ok", "message broker"),
    ]


def test_a_new_system_goes_from_nothing_to_answering_by_commands_alone(
    another_demo: Demo,
) -> None:
    """Form, key, request, the demo's signature, a test, a yes: then it is the seventh source."""
    demo = another_demo
    shell, settings = Shell(demo.folder), ("-s", demo.settings)
    name, hsa_id, port = "ny-omsorg", "SE2129999989-NYTT1", free_port()
    hub = tomllib.loads(demo.profile.read_text())["url"]
    key, csr, pem = (shell.folder / f"system.{ending}" for ending in ("key", "csr", "pem"))
    request = [
        *("producers", "request", name, "--host", "localhost", *settings),
        *("--private-key", key, "--out", csr),
    ]
    steps = [
        shell.inside(
            *("producers", "add", "--name", "Ny omsorg", "--hsa-id", hsa_id, "--contract"),
            *("GetCarePlans 2", "--owner", "SE2129999989-0001", "--organisation", "namnd"),
            *("--data-controller", "SE2129999989", "--contact", "Systemförvaltning"),
            *("--address", f"https://localhost:{port}/", "--legal-basis", "SOL_ELDERLY", *settings),
        ),
        shell.inside(*request),
        shell.inside("producers", "certificate", name, csr, *settings),
        shell.inside("demo-sign", csr, "--folder", demo.site),
        shell.inside("producers", "certificate", name, pem, *settings),
    ]
    command = [sys.executable, "-m", "samsvar", "sim", "producer", "--port", str(port)]
    command += ["--hsa-id", hsa_id, "--index", hub, "--certificate", "system.pem"]
    command += ["--key", "system.key", "--authority", str(demo.site / "certificates/authority.pem")]
    said = shell.folder / "sim.log"
    with said.open("wb") as log:
        system = subprocess.Popen(command, cwd=shell.folder, stdout=log, stderr=log)
    try:
        _until("answers at", said, system)
        steps += [
            shell.inside("producers", "try", name, *settings),
            shell.inside("producers", "publish", name, *settings),
            shell.inside("producers", "approve", name, *settings),
        ]
        _until("the index has 2 posts", said, system)
        asked = shell.inside("ask", "--as", demo.profile, TOLVAN)
        again = shell.inside(*request)
    finally:
        system.terminate()
        system.wait(10)

    assert [(one.code, one.err) for one in steps] == [(0, "")] * len(steps), steps
    assert steps[2].out == "an authority can sign it\n"
    assert steps[4].out.startswith("taken: clientAuth, serverAuth, until ")
    assert re.search(r"^\d\d PASS, 0 FAIL, ", steps[5].out)
    assert (asked.code, "10 poster från 7 källor" in asked.out) == (0, True)
    assert key.stat().st_mode & 0o077 == 0
    assert (again.code, again.err) == (3, f"{key} is there already, and is not overwritten\n")


def _until(text: str, said: Path, system: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 60
    while text not in said.read_text():
        assert system.poll() is None, said.read_text()
        assert time.monotonic() < give_up, said.read_text()
        time.sleep(0.05)


def test_what_cannot_be_signed_is_told(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "no.csr").write_text("no request")
    shell = Shell(demo.folder)

    nothing = shell.inside("demo-sign", tmp_path / "none.csr", "--folder", demo.site)
    no_request = shell.inside("demo-sign", tmp_path / "no.csr", "--folder", demo.site)
    no_demo = shell.inside("demo-sign", tmp_path / "no.csr", "--folder", tmp_path)

    assert [one.code for one in (nothing, no_request, no_demo)] == [2, 2, 3]
    assert "cannot be read" in nothing.err
    assert "is no certificate request in PEM" in no_request.err
    assert "has no demo's authority" in no_demo.err
