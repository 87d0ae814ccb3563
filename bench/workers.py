"""``python -m bench.workers``: a question through a worker and a broker, and without them.

One simulator of a source, asked by one hub in two ways, under two logical addresses: by the
adapter in the hub's own process, and by workers over the message broker. In turn (A B A B), so
that a machine that grows slower does so for both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from bench.messages import CONSUMER, PLANS_ACTION, PLANS_PATH, question
from bench.processes import ChildFailed, Nursery, ended_when_told
from samsvar.broker.keys import KeyPair
from samsvar.simulation.people import person

SYSTEM, DIRECT, THROUGH = "prator", "SE2321000032-DIRECT", "SE2321000032-WORKER"
PLANS = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
ROUNDS = 3
IN_FLIGHT = 16
TOLVAN = person("191212121212")


@dataclass(frozen=True, slots=True)
class Asked:
    """Times of right answers, in seconds, and how long it took in all."""

    times: Sequence[float]
    seconds: float
    errors: int

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return len(self.times) / self.seconds


def main() -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--broker", default="amqp://127.0.0.1:5672/", help="where the broker is")
    parser.add_argument("--user", default="guest", help="who we are there")
    parser.add_argument("--password", default="BROKER_PASSWORD", help="variable that holds it")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    told = parser.parse_args()
    os.environ.setdefault(told.password, "guest")
    try:
        with tempfile.TemporaryDirectory(prefix="samsvar-workers-") as folder:
            asyncio.run(_run(Path(folder), told))
    except ChildFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(folder: Path, told: argparse.Namespace) -> None:
    async with Nursery() as nursery:
        source = await nursery.start("source", ["-m", "samsvar", "sim", SYSTEM])
        url = (await source.line("answers at")).split()[-1] + "/"
        hub_key, worker_keys = KeyPair.new(), [KeyPair.new() for _ in range(told.workers)]
        _write(folder, url, told, hub_key, worker_keys)
        settings = ["--settings", str(folder / "settings.toml")]
        samsvar = ["-m", "samsvar"]
        await nursery.run(
            "registry load",
            [*samsvar, "registry", "load", str(folder / "registry.toml"), *settings],
        )
        with (folder / "routing.log").open("wb") as log:
            hub = await nursery.start("hub", [*samsvar, "serve", *settings], output=log)
        door = (await hub.line("http:", errors=True)).split()[-1] + PLANS_PATH
        for number in range(told.workers):
            config = str(folder / f"worker-{number}.toml")
            said = folder / f"worker-{number}.log"
            with said.open("wb") as output:
                await nursery.start(
                    "worker",
                    [*samsvar, "worker", "--adapter", SYSTEM, "--config", config],
                    output=output,
                )
            async with asyncio.timeout(20):
                while b"connected" not in said.read_bytes():  # noqa: ASYNC110 - it is a process
                    await asyncio.sleep(0.05)
        found: dict[tuple[str, int], list[Asked]] = {}
        for address in (DIRECT, THROUGH):
            await _ask(door, address, 4, 0.5)
        for _ in range(ROUNDS):
            for in_flight in (1, IN_FLIGHT):
                for address in (DIRECT, THROUGH):
                    one = await _ask(door, address, in_flight, told.seconds)
                    found.setdefault((address, in_flight), []).append(one)
    _show(found, told.workers)


async def _ask(door: str, address: str, in_flight: int, seconds: float) -> Asked:
    body = question(address, TOLVAN)
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": PLANS_ACTION,
        "x-vp-sender-id": CONSUMER,
    }
    times: list[float] = []
    errors = 0
    begun = time.perf_counter()

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal errors
        while time.perf_counter() - begun < seconds:
            at = time.perf_counter()
            async with session.post(door, data=body, headers=headers) as answer:
                told = await answer.read()
            if answer.status == 200 and b"carePlanHeader" in told:
                times.append(time.perf_counter() - at)
            else:
                errors += 1

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session) for _ in range(in_flight)))
    return Asked(sorted(times), time.perf_counter() - begun, errors)


def _write(
    folder: Path,
    url: str,
    told: argparse.Namespace,
    hub: KeyPair,
    workers: Sequence[KeyPair],
) -> None:
    broker = (
        f'[broker]\nurl = "{told.broker}"\nuser = "{told.user}"\npassword = "env:{told.password}"\n'
    )
    _secret(folder / "broker.key", hub.secret())
    _secret(folder / "source-key", "demo-key")
    (folder / "settings.toml").write_text(
        f'[hub]\ndata = "data"\n[[listen]]\nkind = "plain"\ntrusted = true\n{broker}'
        'hub_key = "broker.key"\n'
    )
    for number, keys in enumerate(workers):
        _secret(folder / f"worker-{number}.key", keys.secret())
        (folder / f"worker-{number}.toml").write_text(
            f'[worker]\nid = "bench-{number}"\nkey = "worker-{number}.key"\n'
            f'hubs = ["{hub.public.text}"]\naddresses = ["{THROUGH}"]\n{broker}'
            f'[source]\naddress = "{url}"\noptions = {{ api_key = "file:source-key" }}\n'
        )
    keys_text = ", ".join(f'"{keys.public.text}"' for keys in workers)
    rows = [
        f'[[contract]]\nurn = "{PLANS}"\ntitle = "GetCarePlans 2"',
        f'[[producer]]\nid = "direct"\ntitle = "x"\nkind = "adapter"\nadapter = "{SYSTEM}"\n'
        f'address = "{url}"\nowner = "SE1"\noptions = {{ api_key = "file:source-key" }}',
        f'[[producer]]\nid = "through"\ntitle = "x"\nkind = "worker"\nworkers = [{keys_text}]\n'
        'owner = "SE1"',
        f'[[consumer]]\nid = "{CONSUMER}"\nchannel = "system"\nsocial_care = true',
    ]
    for address, producer in ((DIRECT, "direct"), (THROUGH, "through")):
        where = f'contract = "GetCarePlans 2"\nlogical_address = "{address}"\n'
        rows += [
            f'[[route]]\n{where}producer = "{producer}"',
            f'[[permission]]\nconsumer = "{CONSUMER}"\n{where}',
        ]
    (folder / "registry.toml").write_text("\n".join(rows) + "\n")


def _secret(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text + "\n")


def _show(found: dict[tuple[str, int], list[Asked]], workers: int) -> None:
    table = Table(title=f"The same adapter in the hub, and in {workers} worker(s) over the broker")
    for column in ("In flight", "Where", "p50 ms", "p99 ms", "questions/s", "errors"):
        table.add_column(column, justify="right")
    for in_flight in (1, IN_FLIGHT):
        for address, name in ((DIRECT, "in the hub"), (THROUGH, "worker")):
            rounds = found[address, in_flight]
            times = sorted(moment for one in rounds for moment in one.times)
            table.add_row(
                str(in_flight),
                name,
                f"{_part(times, 0.5):.1f}",
                f"{_part(times, 0.99):.1f}",
                f"{statistics.median(one.rate for one in rounds):.0f}",
                str(sum(one.errors for one in rounds)),
            )
    Console().print(table)
    direct = sorted(moment for one in found[DIRECT, 1] for moment in one.times)
    through = sorted(moment for one in found[THROUGH, 1] for moment in one.times)
    load = os.getloadavg()[0]
    sys.stdout.write(
        f"added by worker and broker, one in flight: p50 "
        f"{_part(through, 0.5) - _part(direct, 0.5):.1f} ms,"
        f" p99 {_part(through, 0.99) - _part(direct, 0.99):.1f} ms;"
        f" load average of the machine {load:.1f}, {os.cpu_count()} cores\n"
    )


def _part(times: Sequence[float], part: float) -> float:
    return times[min(len(times) - 1, int(part * len(times)))] * 1000


if __name__ == "__main__":
    sys.exit(ended_when_told(main))
