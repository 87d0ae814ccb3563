"""``python -m bench.registry``: what a large registry costs to read, publish, take in and ask.

300 producers, 40 contracts, 100 000 permissions: every consumer may call some producers by all
contracts, which is how people write it (one table with a list), or each permission is a table of
its own, which is the worst there is. The machine's other work is in the figures: run it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from samsvar.clock import SystemClock
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.pipeline.route import placed
from samsvar.registry import Registry
from samsvar.registry.difference import difference
from samsvar.registry.file import parse_registry, write_registry
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.database import open_database

PRODUCERS, CONTRACTS, PERMISSIONS = 300, 40, 100_000
CANDIDATES = 100_000
_Found = TypeVar("_Found")
_URNS = [ContractUrn(f"urn:riv:a:b:c:Get{number}Responder:1") for number in range(CONTRACTS)]
_parse = partial(parse_registry, known_contracts=_URNS, known_adapters={}, allow_plain_http=False)


def registry_text(*, grouped: bool) -> str:
    """The file. ``grouped``: one table for a consumer and an address, with all contracts."""
    parts = [f'[[contract]]\nurn = "{urn}"\ntitle = "Tjänst"\n' for urn in _URNS]
    every = "[" + ", ".join(f'"Get{number} 1"' for number in range(CONTRACTS)) + "]"
    for number in range(PRODUCERS):
        parts.append(
            f'[[producer]]\nid = "p{number}"\ntitle = "Kommun {number}"\nkind = "soap"\n'
            f'address = "https://p{number}.example/"\nowner = "SE{number}"\n'
        )
        parts.append(
            f'[[route]]\ncontract = {every}\nlogical_address = "SE-{number}"\n'
            f'producer = "p{number}"\n'
        )
    for number in range(PERMISSIONS // CONTRACTS):
        consumer, address = divmod(number, PRODUCERS)
        row = f'[[permission]]\nconsumer = "C{consumer}"\nlogical_address = "SE-{address}"\n'
        if grouped:
            parts.append(f"{row}contract = {every}\n")
        else:
            parts += [f'{row}contract = "Get{each} 1"\n' for each in range(CONTRACTS)]
    return "\n".join(parts)


def ungrouped(text: str) -> str:
    """The same rows in such an order that no two can be written as one table."""
    head, *tables = text.split("[[permission]]")
    random.Random(1).shuffle(tables)
    return "[[permission]]".join([head, *tables])


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, but for the last four."""

    name: str
    parse: float
    write: float
    index: float
    publish: float
    refresh: float
    differ: float
    stalled: float
    """The longest that the event loop was held up while another thread refreshed."""
    microseconds: float
    """Permission and route of one candidate."""
    megabytes: float
    """What the process grew by, with one catalogue in force."""
    file_megabytes: float


def measure(name: str, text: str, folder: Path) -> Figures:
    """All figures of one registry."""
    before = _resident()
    registry, parse = _timed(lambda: _parse(text))
    catalogue, index = _timed(lambda: registry.catalogue(1))
    held = _resident() - before
    _, write = _timed(lambda: write_registry(registry))
    _, differ = _timed(lambda: difference(registry, _without_one(registry)))
    database = open_database(folder)
    publishing = SqlCatalogue(database, _parse, SystemClock())
    _, publish = _timed(lambda: publishing.publish(registry, "bench", "first"))
    other = SqlCatalogue(database, _parse, SystemClock())
    _, refresh = _timed(other.refresh)
    publishing.publish(_without_one(registry), "bench", "second")
    stalled = asyncio.run(_stall(other))
    database.close()
    return Figures(
        name,
        parse,
        write,
        index,
        publish,
        refresh,
        differ,
        stalled,
        _decisions(catalogue),
        held / 1e6,
        len(text.encode()) / 1e6,
    )


async def _stall(catalogue: SqlCatalogue) -> float:
    """The longest time between two turns of the loop that should come each millisecond."""
    refreshing = asyncio.create_task(asyncio.to_thread(catalogue.refresh))
    longest, last = 0.0, time.perf_counter()
    while not refreshing.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await refreshing
    return longest


def _decisions(catalogue: Catalogue) -> float:
    """Microseconds of one candidate; half of them permitted by their own address."""
    now = SystemClock().now()
    draw = random.Random(2)
    asked = [
        (
            HsaId(f"C{draw.randrange(16)}"),
            draw.choice(_URNS),
            LogicalAddress(f"SE-{draw.randrange(PRODUCERS)}"),
        )
        for _ in range(CANDIDATES)
    ]
    begun = time.perf_counter()
    found = sum(placed(*one, catalogue, now).recipient is not None for one in asked)
    spent = time.perf_counter() - begun
    assert 0.3 * CANDIDATES < found < 0.8 * CANDIDATES, "both kinds must be measured"
    return spent / CANDIDATES * 1e6


def _without_one(registry: Registry) -> Registry:
    return Registry(
        registry.contracts, registry.producers, registry.routes, registry.permissions[1:]
    )


def _timed(work: Callable[[], _Found]) -> tuple[_Found, float]:
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


def _resident() -> float:
    """Bytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * resource.getpagesize())


def main() -> None:
    """Measure both, and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    table = Table(title=f"{PRODUCERS} producers, {CONTRACTS} contracts, {PERMISSIONS} permissions")
    for heading in ("", "with lists", "a table each"):
        table.add_column(heading, justify="left" if not heading else "right")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (
            ("lists", registry_text(grouped=True)),
            ("each", ungrouped(registry_text(grouped=False))),
        ):
            found.append(measure(name, text, Path(folder) / name))
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("file", lambda one: f"{one.file_megabytes:.1f} MB"),
        ("parse and check", lambda one: f"{one.parse:.2f} s"),
        ("make the catalogue", lambda one: f"{one.index:.2f} s"),
        ("write as text", lambda one: f"{one.write:.2f} s"),
        ("difference of two", lambda one: f"{one.differ:.2f} s"),
        ("publish", lambda one: f"{one.publish:.2f} s"),
        ("refresh", lambda one: f"{one.refresh:.2f} s"),
        ("loop held up by a refresh, at most", lambda one: f"{one.stalled * 1000:.0f} ms"),
        ("decide one candidate", lambda one: f"{one.microseconds:.1f} µs"),
        ("memory of one catalogue", lambda one: f"{one.megabytes:.0f} MB"),
    ]
    for label, shown in rows:
        table.add_row(label, *(shown(one) for one in found))
    Console().print(table)


if __name__ == "__main__":
    main()
