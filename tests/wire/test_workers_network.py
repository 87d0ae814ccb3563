"""The network between hub, broker and workers: cut, mended, secured, fenced in."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from samsvar.broker.keys import KeyPair
from samsvar.broker.topology import question_queue
from samsvar.clock import SystemClock
from samsvar.model.exchange import Reason
from samsvar.queues import hub_keys
from samsvar.simulation import Knobs, demo_data, producer, running
from samsvar.simulation.authority import TestAuthority
from tests.brokers import (
    PRATOR,
    Broker,
    Wire,
    Worker,
    lacking,
    prator_source,
    rabbitmq,
    rabbitmqctl,
)
from tests.command import Shell
from tests.hub import HUB, Running, Site, Source, post, running_hub, status_rows
from tests.worker_scene import TOLVAN, plans_in, scene, until, until_true
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]
ANSWERED = [(PRATOR, "DataFromSource", None)]
_LOG_ID = re.compile(rb"<c:logId>[^<]*</c:logId>")  # another one in each answer


@pytest.fixture
def broker() -> Iterator[Broker]:
    """RabbitMQ."""
    with rabbitmq() as one:
        yield one


async def test_a_broker_that_is_gone_costs_its_own_sources_only(
    tmp_path: Path, broker: Broker
) -> None:
    """Unreachable at once, also for what was on its way; readiness says so; all comes back."""
    wire = Wire()
    await wire.mend()
    through = replace(broker, port=wire.port)
    async with running(producer.application(demo_data.hospital())) as url:
        other = Source(demo_data.HOSPITAL, url)
        async with scene(tmp_path, through, others=(other,)) as one:
            await until_true(lambda: one.notes_are([]))
            one.knobs.latency = 60.0
            asking = asyncio.create_task(one.ask())
            await until(lambda: one.knobs.calls == 1)
            begun = time.monotonic()
            await wire.cut()
            rows, _ = await asking
            broke = time.monotonic() - begun
            await until_true(lambda: one.notes_hold("message broker: "), 5)
            noted = time.monotonic() - begun
            begun = time.monotonic()
            rows_down, _ = await one.ask()
            down = time.monotonic() - begun
            one.knobs.latency = 0.0
            await wire.mend()
            await until_true(lambda: one.notes_are([]), 30)
            rows_back, _ = await one.ask()
            logged = one.log()
    await wire.cut()
    hospital = (demo_data.HOSPITAL, "DataFromSource", None)
    failed = (PRATOR, "NoDataSynchFailed", "43000")
    assert sorted(rows) == sorted(rows_down) == sorted([hospital, failed])
    assert sorted(rows_back) == sorted([hospital, *ANSWERED])
    assert broke < 5
    assert noted < 5
    assert down < 2
    assert logged.count('"broker-lost"') >= 1
    assert logged.count('"broker-connected"') == 2


async def test_a_hub_starts_without_its_broker(tmp_path: Path, broker: Broker) -> None:
    """And finds it when it comes."""
    wire = Wire()
    await wire.mend()
    await wire.cut()
    through = replace(broker, port=wire.port)
    async with scene(tmp_path, through, started=0) as one:
        rows, _ = await one.ask()
        decision = one.decision()
        await wire.mend()
        await asyncio.to_thread(one.workers[0].start)
        await until_true(lambda: one.notes_are([]), 30)
        rows_after, _ = await one.ask()
    await wire.cut()
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert decision.reason is Reason.UNREACHABLE
    assert decision.detail.startswith("the message broker cannot be used: ")
    assert rows_after == ANSWERED


@asynccontextmanager
async def secured(
    folder: Path, host: str = "127.0.0.1", *, name: str | None = None
) -> AsyncIterator[tuple[Wire, str]]:
    """A broker with TLS, and the settings' lines that trust it. ``name``: in its certificate."""
    authority = TestAuthority(folder / "broker-certificates", SystemClock().now())
    identity = authority.server("broker", host=name or host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    wire = Wire(context, host)
    await wire.mend()
    try:
        yield wire, f'authority = "{authority.certificate}"'
    finally:
        await wire.cut()


async def test_over_tls_with_an_authority_of_its_own(tmp_path: Path, broker: Broker) -> None:
    """Hub and worker check the broker's certificate and its name."""
    async with secured(tmp_path) as (wire, lines):
        through = replace(broker, scheme="amqps", port=wire.port)
        async with scene(tmp_path, through, lines=lines) as one:
            rows, body = await one.ask()
            settings = one.hub.site.settings_file
            checked = await asyncio.to_thread(Shell(tmp_path).run, "check", "-s", settings)
    assert rows == ANSWERED
    assert len(plans_in(body)) == 1
    assert "RabbitMQ 3." in checked.out
    assert "TLSv1.3" in checked.out


@pytest.mark.parametrize("wrong", ["authority", "name"])
async def test_a_broker_that_is_not_proven_is_not_used(
    tmp_path: Path, broker: Broker, wrong: str
) -> None:
    """Another authority, or another name in the certificate: no word is said to it."""
    name = "other.example" if wrong == "name" else None
    async with secured(tmp_path, name=name) as (wire, lines):
        if wrong == "authority":
            stranger = TestAuthority(tmp_path / "stranger", SystemClock().now())
            lines = f'authority = "{stranger.certificate}"'
        through = replace(broker, scheme="amqps", port=wire.port)
        async with scene(tmp_path, through, started=0, lines=lines) as one:
            await until_true(lambda: one.notes_hold("certificate verify failed"), 10)
            await asyncio.to_thread(one.workers[0].start, ready=False)
            await asyncio.to_thread(one.workers[0].until, "certificate verify failed")
            rows, _ = await one.ask()
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert not wire.seen


@pytest.fixture
def users(broker: Broker) -> Iterator[tuple[str, str]]:
    """Names of two users of RabbitMQ that may do nothing yet; their password is theirs."""
    if broker.vhost == "/":
        lacking("rabbitmqctl may not make users here")
    names = (f"hub-{secrets.token_hex(4)}", f"worker-{secrets.token_hex(4)}")
    for name in names:
        password = secrets.token_hex(8)
        os.environ[f"PASSWORD_{name.replace('-', '_')}"] = password
        made = rabbitmqctl("add_user", name, password)
        assert made.returncode == 0, made.stderr
    yield names
    for name in names:
        rabbitmqctl("delete_user", name)
        del os.environ[f"PASSWORD_{name.replace('-', '_')}"]


def secret_of(user: str) -> str:
    """The variable that holds its password."""
    return f"PASSWORD_{user.replace('-', '_')}"


async def test_the_permissions_that_are_printed_are_enough_and_no_more(
    tmp_path: Path, broker: Broker, users: tuple[str, str]
) -> None:
    """Hub and worker with users of their own; the worker's may touch no other address."""
    hub_user, worker_user = users
    as_hub = replace(broker, user=hub_user, password=secret_of(hub_user))
    as_worker = replace(broker, user=worker_user, password=secret_of(worker_user))
    example = Worker(tmp_path, "example", KeyPair.new().public.text, (PRATOR,), as_worker.section())
    example.write()
    shell = Shell(tmp_path)
    for printed in (
        shell.inside("worker", "permissions").out,
        shell.inside("worker", "permissions", "--config", example.config).out,
    ):
        for line in (
            printed.replace("VHOST", broker.vhost).replace("HUB-USER", hub_user).splitlines()
        ):
            await asyncio.to_thread(_administrator_runs, line)
    async with scene(tmp_path, broker, hub_broker=as_hub, worker_broker=as_worker) as one:
        rows, _ = await one.ask()
        settings = one.hub.site.settings_file
        checked = await asyncio.to_thread(shell.run, "check", "-s", settings)
        other = Worker(
            tmp_path,
            "other",
            one.workers[0].hub,
            ("SE1-ANOTHER",),
            as_worker.section(),
            one.workers[0].source,
        )
        try:
            await asyncio.to_thread(other.start, ready=False)
            denied = f"access to queue '{question_queue('SE1-ANOTHER')}'"
            await asyncio.to_thread(other.until, denied)
        finally:
            other.end()
    assert rows == ANSWERED
    assert "may do more than it needs" not in checked.out
    assert "ok    message broker" in checked.out


def _administrator_runs(line: str) -> None:
    line = line.replace("rabbitmqctl", "rabbitmqctl -q", 1)
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_check_says_what_is_wrong_with_a_broker(tmp_path: Path, broker: Broker) -> None:
    """A wrong password, a vhost that is not there, nobody at home; and a user that may too much."""
    shell, site = Shell(tmp_path), Site(tmp_path)
    os.environ["WRONG"] = "wrong"
    seen = {}
    for name, one in (
        ("password", replace(broker, password="WRONG")),
        ("vhost", replace(broker, vhost="samsvar-nowhere")),
        ("port", replace(broker, port=1)),
        ("user", broker),
    ):
        site.write(broker=one.section())
        seen[name] = await asyncio.to_thread(shell.run, "check", "-s", site.settings_file)
    del os.environ["WRONG"]
    assert "FAULT message broker" in seen["password"].out
    assert "ACCESS_REFUSED" in seen["password"].out
    assert "samsvar-nowhere" in seen["vhost"].out
    assert "Connection refused" in seen["port"].out
    assert "ok    message broker" in seen["user"].out
    assert "may do more than it needs" in seen["user"].out
    assert all("wrong" not in ran.out.lower().replace("samsvar", "") for ran in seen.values())


async def test_a_source_that_speaks_the_contract_is_reached_the_same_way(
    tmp_path: Path, broker: Broker
) -> None:
    """``--riv``: its bytes are read by the hub, and passed through to who addressed it."""
    site = Site(tmp_path)
    settings = site.write(broker=broker.section())
    settings.hub.data.mkdir()
    knobs = Knobs()
    async with running(producer.application(demo_data.hospital(), knobs)) as url:
        worker = Worker(
            tmp_path,
            "hospital",
            hub_keys(settings).public.text,
            (demo_data.HOSPITAL,),
            broker.section(),
            arguments=("--riv", f"{url}/x"),
        )
        keys = (worker.keys.public.text,)
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, "", workers=keys)]))
        await site.index(TOLVAN, [demo_data.HOSPITAL])
        async with running_hub(site, settings) as hub:
            try:
                await asyncio.to_thread(worker.start)
                told = await _three_questions(hub, knobs)
                site.load_registry(site.registry([Source(demo_data.HOSPITAL, f"{url}/x")]))
                assert hub.hub is not None
                await hub.hub.renewal.look_for_catalogue()
                direct = await _three_questions(hub, knobs)
            finally:
                worker.end()
    for through, straight in zip(told, direct, strict=True):
        assert through == straight
    (status, rows, plans, extension), (one_status, passed), (fault_status, fault) = told
    assert (status, rows, plans) == (200, [(demo_data.HOSPITAL, "DataFromSource", None)], 1)
    assert extension, "what we do not know goes on untouched"
    assert one_status == 200
    assert b"ProcessingStatus" not in passed
    assert (fault_status, b"Fault" in fault) == (500, True)


async def _three_questions(hub: Running, knobs: Knobs) -> list[tuple[Any, ...]]:
    """To everybody, to the one source, and to it when it fails."""
    status, _, body = await post(hub, envelope(HUB, TOLVAN))
    one_status, _, passed = await post(hub, envelope(demo_data.HOSPITAL, TOLVAN))
    knobs.fault = True
    fault_status, _, fault = await post(hub, envelope(demo_data.HOSPITAL, TOLVAN))
    knobs.fault = False
    return [
        (status, status_rows(body), body.count(b"<carePlan"), b"urn:example:extension" in body),
        (one_status, _LOG_ID.sub(b"", passed)),
        (fault_status, _LOG_ID.sub(b"", fault)),
    ]


@dataclass(frozen=True, slots=True)
class Fence:
    """A network of its own that has one neighbour."""

    name: str
    address: str
    """Of the neighbour, where the broker is."""
    line: str
    """The neighbour's end of what joins them."""

    @property
    def before(self) -> tuple[str, ...]:
        """What to put before a command, to run it in there."""
        return ("ip", "netns", "exec", self.name)

    def turn(self, how: str) -> None:
        """The line "up" or "down"."""
        subprocess.run(["ip", "link", "set", self.line, how], check=True)


@pytest.fixture
def fence() -> Iterator[Fence]:
    """One that is taken down at the end."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        lacking("network namespaces are not permitted here")
    tag = secrets.token_hex(3)
    name, here, there = f"samsvar-{tag}", f"sv{tag}h", f"sv{tag}w"
    net = f"10.{secrets.randbelow(120) + 100}.{secrets.randbelow(250)}"
    steps = [
        f"ip netns add {name}",
        f"ip link add {here} type veth peer name {there}",
        f"ip link set {there} netns {name}",
        f"ip addr add {net}.1/30 dev {here}",
        f"ip link set {here} up",
        f"ip -n {name} addr add {net}.2/30 dev {there}",
        f"ip -n {name} link set {there} up",
        f"ip -n {name} link set lo up",
    ]
    try:
        for step in steps:
            done = subprocess.run(step.split(), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                lacking(f"network namespaces are not permitted here: {done.stderr.strip()}")
        yield Fence(name, f"{net}.1", here)
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", here], capture_output=True, check=False)


@dataclass(frozen=True, slots=True)
class Fenced:
    """Source and worker in a network of their own."""

    hub: Running
    worker: Worker
    wire: Wire


@asynccontextmanager
async def fenced(
    folder: Path, broker: Broker, fence: Fence, *source_options: str
) -> AsyncIterator[Fenced]:
    """The hub serves, and the worker, which reaches the broker alone, is connected."""
    inside = fence.before
    site = Site(folder)
    settings = site.write(broker=broker.section())
    settings.hub.data.mkdir()
    log = folder / "source.log"
    source = await asyncio.to_thread(_simulator, inside, log, *source_options)
    try:
        async with secured(folder, fence.address) as (wire, lines):
            through = replace(broker, scheme="amqps", host=fence.address, port=wire.port)
            worker = Worker(
                folder,
                "fenced",
                hub_keys(settings).public.text,
                (PRATOR,),
                through.section(lines),
                prator_source(folder, "http://127.0.0.1:18080"),
                before=inside,
            )
            keys = (worker.keys.public.text,)
            site.load_registry(site.registry([Source(PRATOR, "", workers=keys)]))
            await site.index(TOLVAN, [PRATOR])
            async with running_hub(site, settings) as hub:
                await until(lambda: "answers at" in log.read_text())
                try:
                    await asyncio.to_thread(worker.start)
                    yield Fenced(hub, worker, wire)
                finally:
                    worker.end()
    finally:
        source.kill()
        source.wait()


async def test_behind_a_firewall_that_lets_it_out_to_the_broker_alone(
    tmp_path: Path, broker: Broker, fence: Fence
) -> None:
    """From the network of source and worker, the broker; into it, nothing."""
    async with fenced(tmp_path, broker, fence) as one:
        status, _, body = await post(one.hub, envelope(HUB, TOLVAN))
        plain = int(one.hub.plain.rpartition(":")[2])
        reached = [
            _reaches((), "127.0.0.1", 18080),
            _reaches((), fence.address[:-1] + "2", 18080),
            _reaches(fence.before, "127.0.0.1", plain),
            _reaches(fence.before, fence.address, plain),
            _reaches(fence.before, fence.address, 5672),
            _reaches(fence.before, fence.address, one.wire.port),
        ]
    assert status == 200
    assert status_rows(body) == ANSWERED
    assert len(plans_in(body)) == 1
    assert reached == [False, False, False, False, False, True]


async def test_a_line_that_stands_still_for_seconds_costs_nobody_an_answer(
    tmp_path: Path, broker: Broker, fence: Fence
) -> None:
    """Packets are lost, and sent again: the library alone would give the connection up."""
    async with fenced(tmp_path, broker, fence, "--latency", "1") as one:
        asking = asyncio.create_task(post(one.hub, envelope(HUB, TOLVAN)))
        await asyncio.sleep(0.5)
        fence.turn("down")
        await asyncio.sleep(3.5)
        done = asking.done()
        fence.turn("up")
        status, _, body = await asking
        said = one.worker.log.read_text()
    assert not done, "the answer was on its way while nothing came through"
    assert status == 200
    assert status_rows(body) == ANSWERED
    assert "not connected" not in said


def _simulator(before: tuple[str, ...], log: Path, *options: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as said:
        return subprocess.Popen(
            [
                *before,
                sys.executable,
                "-m",
                "samsvar",
                "sim",
                "prator",
                "--port",
                "18080",
                *options,
            ],
            stdout=said,
            stderr=said,
        )


def _reaches(before: tuple[str, ...], host: str, port: int) -> bool:
    """Whether a connection can be made from there."""
    trial = f"import socket; socket.create_connection(({host!r}, {port}), 2).close()"
    done = subprocess.run([*before, sys.executable, "-c", trial], capture_output=True, check=False)
    return done.returncode == 0
