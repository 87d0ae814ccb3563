"""Two systems become producers by commands alone, beside a running hub; no file is edited."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import pytest

from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.simulation.server import Tls
from tests import databases
from tests.command import Ran, Shell
from tests.hub import CONSUMER, UPDATE_PATH, Running, Site, post, running_hub, status_rows
from tests.wire.test_admin_api import update
from tests.world import envelope

pytestmark = pytest.mark.wire

PERSON = "191212121212"
SYSTEM = demo_data.MUNICIPALITY
SAMSA = "SE2321000131-SAMSA1"
FORM = (
    *("--owner", "SE2129999989-0001", "--contact", "Systemförvaltning"),
    *("--data-controller", "SE2129999989", "--contract", "GetCarePlans 2"),
)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    """A hub with nothing in its registry."""
    site = Site(tmp_path)
    settings = site.write(
        hub="refresh_seconds = 0.2",
        listen="admin = true",
        plain_listen="admin = true",
        producers='[bench]\nnetworks = ["127.0.0.0/8"]',
    )
    async with running_hub(site, settings) as made:
        yield made


async def given(hub: Running, *arguments: object, here: bool = True) -> Ran:
    """A command, beside the running hub. ``here``: with the hub's settings."""
    settings = ("-s", hub.site.settings_file) if here else ()
    return await asyncio.to_thread(Shell(hub.site.folder).inside, *arguments, *settings)


async def secret(hub: Running, *arguments: object) -> str:
    """A new token, kept in a file; the reference to it."""
    made = await given(hub, "admin", "token", "create", *arguments)
    assert made.code == 0, made.err
    path = hub.site.folder / "token"
    path.write_text(made.out, encoding="utf-8")
    return f"file:{path}"


async def test_two_systems_answer_real_questions_by_commands_alone(hub: Running) -> None:
    """One that speaks the contract, one behind an adapter; through the data folder."""
    site = hub.site
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    own = site.authority.client("omsorgen", [SYSTEM])
    samsa = import_module("samsvar_adapters.samsa.simulator").application(Knobs())
    async with (
        running(producer.application(demo_data.municipality()), tls=tls) as first,
        running(samsa, tls=tls) as second,
    ):
        commands = [
            (
                *(
                    "add",
                    "--name",
                    "Omsorgen",
                    "--hsa-id",
                    SYSTEM,
                    "--organisation",
                    "namnd",
                    "--legal-basis",
                    "SOL_ELDERLY",
                ),
                *("--address", f"{first}/", *FORM),
            ),
            ("certificate", "omsorgen", own.certificate),
            ("publish", "omsorgen"),
            ("approve", "omsorgen", "--consumer", CONSUMER, "--social-care"),
            (
                *("add", "--name", "SAMSA", "--id", "samsa", "--hsa-id", SAMSA),
                *("--adapter", "samsa", "--organisation", "region"),
                *("--address", f"{second}/", *FORM),
            ),
            ("publish", "samsa"),
            ("approve", "samsa", "--comment", "Ansluten"),
        ]
        said = [await given(hub, "producers", *command) for command in commands]
        await asyncio.sleep(0.5)  # the hub looks for a new registry five times a second
        told = await post(hub, update(PERSON, SYSTEM), path=UPDATE_PATH, identity=own)
        samsa_own = site.authority.client("samsa", [SAMSA])
        also = await post(hub, update(PERSON, SAMSA), path=UPDATE_PATH, identity=samsa_own)
        answer = await post(hub, envelope(person=PERSON))

    assert [(ran.code, ran.err) for ran in said] == [(0, "")] * len(commands)
    assert said[3].out == "omsorgen is published: version 1 of the registry\n"
    assert said[6].out == "samsa is published: version 2 of the registry\n"
    assert (told[0], also[0]) == (200, 200)
    assert status_rows(answer[2]) == [
        (SYSTEM, "DataFromSource", None),
        (SAMSA, "DataFromSource", None),
    ]


async def test_the_same_commands_work_at_a_running_hub_with_a_token(hub: Running) -> None:
    """Over HTTP, as the token's role; and what the role may not do is refused in a sentence."""
    registrar = (
        "--url",
        hub.plain,
        "--token",
        await secret(hub, "--role", "registrar", "--name", "Rut"),
    )

    added = await given(
        hub,
        *(
            "producers",
            "add",
            "--name",
            "Omsorgen",
            "--hsa-id",
            SYSTEM,
            "--organisation",
            "namnd",
            "--legal-basis",
            "SOL_ELDERLY",
        ),
        *("--address", "https://127.0.0.1:9/", *FORM, *registrar),
        here=False,
    )
    for command in (
        ("publish",),
        ("approve", "--consumer", CONSUMER, "--social-care"),
        ("disable", "--notice", "X"),
    ):
        ran = await given(
            hub, "producers", command[0], "omsorgen", *command[1:], *registrar, here=False
        )
        assert (ran.code, ran.err) == (0, "")
    listed = await given(hub, "producers", "list", "--json", *registrar, here=False)
    shown = await given(hub, "producers", "show", "omsorgen", *registrar, here=False)
    table = await given(hub, "producers", "list")
    auditor = ("--url", hub.plain, "--token", await secret(hub, "--role", "auditor", "--name", "A"))
    refused = await given(hub, "producers", "enable", "omsorgen", *auditor, here=False)
    back = await given(hub, "producers", "enable", "omsorgen")

    assert added.code == 0
    assert added.out.startswith("omsorgen is registered, and nobody asks it yet. Next:\n")
    assert added.out.endswith("  samsvar producers publish omsorgen\n")
    (one,) = json.loads(listed.out)["producers"]
    assert one == json.loads(shown.out)
    assert [event["what"] for event in one["history"]] == [
        "registered",
        "asked",
        "published",
        "disabled",
    ]
    assert {event["who"] for event in one["history"]} == {"Rut"}
    assert "out of service" in table.out
    assert (refused.code, refused.err) == (3, "the role auditor may not do this (suspend)\n")
    assert back.out == "omsorgen is in service: version 3 of the registry\n"


async def test_a_command_that_cannot_be_done_says_why_and_changes_nothing(hub: Running) -> None:
    """Exit codes as everywhere; all faults of a form; never what was given as a token."""
    wrong = await given(
        hub,
        *("producers", "add", "--name", "X 19121212-1212", "--hsa-id", "S E"),
        *("--organisation", "namnd", "--legal-basis", "SOL_ELDERLY", "--address", "ftp://x", *FORM),
    )
    nobody = await given(hub, "producers", "show", "nobody")
    astray = await given(hub, "producers", "show", "../health?x=1")
    early = await given(hub, "producers", "approve", "nobody")
    raw = "samsvar_0123456789ab_" + "x" * 43
    bare = await given(hub, "producers", "list", "--url", hub.plain, "--token", raw, here=False)
    alone = await given(hub, "producers", "list", "--url", hub.plain, here=False)
    lost = await given(
        hub, "producers", "list", "--url", hub.plain, "--token", "file:lost.token", here=False
    )
    no_pem = await given(
        hub,
        "producers",
        "list",
        "--url",
        hub.plain,
        "--authority",
        __file__,
        "--token",
        raw,
        here=False,
    )
    closed = await given(
        hub,
        *("producers", "list", "--url", "http://127.0.0.1:9"),
        *("--token", await secret(hub, "--role", "auditor", "--name", "A")),
        here=False,
    )

    assert (wrong.code, wrong.faults) == (
        2,
        [
            "the form has faults",
            "  name: holds what could be a personal number: leave it out",
            "  hsa_id: 1 to 64 letters, digits and -, as in the certificate",
            "  url: must begin with https://",
        ],
    )
    assert (astray.code, astray.err) == (3, "that is no producer's id: samsvar producers list\n")
    assert (nobody.code, nobody.err) == (3, "there is no such producer, or it is not yours\n")
    assert early.code == 3
    assert (bare.code, bare.err) == (2, "--token: give file:PATH or env:NAME of a token\n")
    assert (lost.code, lost.err) == (2, "--token: file:lost.token cannot be read\n")
    assert (no_pem.code, no_pem.err) == (2, f"--authority: {__file__} cannot be read as PEM\n")
    assert (alone.code, alone.err) == (
        2,
        "--url needs --token file:PATH or env:NAME, or --certificate\n",
    )
    assert (closed.code, closed.err) == (
        4,
        "http://127.0.0.1:9: no connection: is the hub running, and does it want --certificate?\n",
    )


async def test_tokens_are_shown_once_listed_without_and_revoked_at_once(hub: Running) -> None:
    """And certificates are let in and out beside them."""
    made = await given(hub, "admin", "token", "create", "--role", "operator", "--name", "Ove")
    let_in = await given(
        hub,
        *("admin", "certificate", "allow", "SE2129999997-OFF", "--role", "security-officer"),
        *("--name", "Säkerhet"),
    )
    listed = await given(hub, "admin", "token", "list")
    token = made.out.strip()
    name = token.split("_")[1]
    async with hub.client() as session:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{hub.plain}/admin/v1/me", headers=headers) as before:
            assert before.status == 200
        revoked = await given(hub, "admin", "token", "revoke", name)
        again = await given(hub, "admin", "token", "revoke", name)
        async with session.get(f"{hub.plain}/admin/v1/me", headers=headers) as after:
            assert after.status == 401

    assert re.fullmatch(r"samsvar_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", token)
    assert token not in made.err + listed.out
    assert name in listed.out
    assert let_in.code == 0
    assert (revoked.code, again.code) == (0, 3)
    database = databases.stored(hub.site.folder / "data")
    assert token.split("_", 2)[2].encode() not in database


async def test_a_tls_listener_is_reached_with_a_certificate_and_with_or_without_a_token(
    hub: Running,
) -> None:
    """The certificate opens the connection; the token, or a certificate let in, the interface."""
    site = hub.site
    way = ("--url", hub.tls, "--authority", site.authority.certificate)
    pair = ("--certificate", site.consumer.certificate, "--key", site.consumer.key)
    token = ("--token", await secret(hub, "--role", "observer", "--name", "O"))

    neither = await given(hub, "producers", "list", *way, *token, here=False)
    both = await given(hub, "producers", "list", "--json", *way, *pair, *token, here=False)
    stranger = await given(hub, "producers", "list", *way, *pair, here=False)
    await given(
        hub, "admin", "certificate", "allow", CONSUMER, "--role", "observer", "--name", "NPO"
    )
    alone = await given(hub, "producers", "list", "--json", *way, *pair, here=False)

    assert neither.code == 4
    assert (both.code, both.out) == (0, '{\n  "producers": []\n}\n')
    assert (stranger.code, "has no role here" in stranger.err) == (3, True)
    assert alone == both


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("token", "create", "--role", "operator", "--name", "X", "--days", "0"), "--days"),
        (("token", "create", "--role", "boss", "--name", "X"), "--role"),
        (
            ("token", "create", "--role", "operator", "--name", "X", "--producer", "p"),
            "--producer goes with --role producer",
        ),
        (
            ("token", "create", "--role", "operator", "--name", "X 19121212-1212"),
            "--name: one line, without personal numbers",
        ),
        (
            ("certificate", "allow", "S E", "--role", "operator", "--name", "X"),
            "that is no HSA-id",
        ),
    ],
)
async def test_an_access_that_cannot_be_made_is_refused(
    hub: Running, arguments: tuple[str, ...], told: str
) -> None:
    """Exit code 2, and a sentence."""
    ran = await given(hub, "admin", *arguments)

    assert (ran.code, told in ran.err) == (2, True), ran.err


@pytest.mark.slow
async def test_a_registered_producer_is_tried_by_its_id(hub: Running) -> None:
    """What fails and what is advised, rule by rule; and the count."""
    tls = Tls(hub.site.server.certificate, hub.site.server.key, hub.site.authority.certificate)
    async with running(producer.application(demo_data.municipality()), tls=tls) as url:
        await given(
            hub,
            *("producers", "add", "--name", "Omsorgen", "--hsa-id", SYSTEM),
            *(
                "--organisation",
                "namnd",
                "--legal-basis",
                "SOL_ELDERLY",
                "--address",
                f"{url}/",
                *FORM,
            ),
        )
        ran = await given(hub, "producers", "try", "omsorgen")

    assert ran.code in (0, 1), ran.err
    assert re.search(r"^\d+ PASS, ", ran.out.splitlines()[-1])
