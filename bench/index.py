"""``python -m bench.index --posts N``: the engagement index with up to ten million posts.

Five posts a person, of 400 source systems. Loads them by the fast path of a first load, then asks
FindContent 200 times a second on a steady beat (a late answer does not delay the next question),
then sends Updates of new posts one by one. Knows no network: it is the store that is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from samsvar.clock import SystemClock
from samsvar.model.engagement import Engagement, EngagementFilter, EngagementTransaction
from samsvar.store.database import Database, open_database
from samsvar.store.index import SqlIndex
from samsvar.store.index_loading import load_posts
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import SqliteDatabase

OWNER = "5565594230"
DOMAIN = "riv:clinicalprocess:logistics:logistics"
POSTS_EACH = 5
SOURCES = 400
RATE = 200
SECONDS = 10.0
UPDATES = 300


def main() -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the data lies meanwhile (disk counts)")
    parser.add_argument(
        "--database", help="URL of a PostgreSQL database; a schema is made there, and dropped"
    )
    told = parser.parse_args()
    if not 1000 <= told.posts <= 100_000_000:
        sys.stderr.write("--posts: from 1000 to 100000000\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="samsvar-index-", dir=told.folder) as folder:
        if told.database is None:
            asyncio.run(_run(Path(folder), None, told.posts))
        else:
            with _schema(told.database) as url:
                asyncio.run(_run(Path(folder), SecretStr(url), told.posts))
    return 0


@contextmanager
def _schema(server: str) -> Iterator[str]:
    name = f"samsvar_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as own:
        own.execute(f"CREATE SCHEMA {name}".encode())
        try:
            yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"
        finally:
            own.execute(f"DROP SCHEMA {name} CASCADE".encode())


async def _run(folder: Path, url: SecretStr | None, count: int) -> None:
    database = open_database(folder, url)
    vault = open_vault(database)
    index = SqlIndex(database, vault)
    clock = SystemClock()
    try:
        before = _memory("VmRSS")
        begun = time.perf_counter()
        loaded = load_posts(database, vault, _posts(count), OWNER, clock.now())
        seconds = time.perf_counter() - begun
        peak = _memory("VmHWM")
        size = _settled(database)
        finding = await _find(index, count // POSTS_EACH)
        updating = await _update(index, count // POSTS_EACH)
        now = _memory("VmRSS")
    finally:
        index.close()
        database.close()
    kind = "SQLite" if url is None else "PostgreSQL"
    table = Table(title=f"The engagement index with {loaded:,} posts, {kind}")
    table.add_column("What")
    table.add_column("Figure", justify="right")
    for what, figure in (
        ("People", f"{count // POSTS_EACH:,}"),
        ("Load", f"{seconds:.1f} s ({loaded / seconds:,.0f} posts/s)"),
        ("Files", f"{size / 1e6:,.0f} MB ({size / loaded:.0f} bytes a post)"),
        (f"FindContent at {RATE}/s, p50", f"{_part(finding, 0.50) * 1000:.2f} ms"),
        ("FindContent, p99", f"{_part(finding, 0.99) * 1000:.2f} ms"),
        ("Update of one post, durable, p50", f"{_part(updating, 0.50) * 1000:.2f} ms"),
        ("Update of one post, durable, p99", f"{_part(updating, 0.99) * 1000:.2f} ms"),
        ("Memory before, highest in loading, after", f"{before:.0f}, {peak:.0f}, {now:.0f} MB"),
    ):
        table.add_row(what, figure)
    Console().print(table)


def _settled(database: Database) -> int:
    """Bytes of the database once everything has left the write-ahead log."""
    connection = database.raw(600_000)
    if isinstance(database, SqliteDatabase):
        connection.all("PRAGMA wal_checkpoint(TRUNCATE)")
        size = database.path.stat().st_size
    else:
        ((size,),) = connection.all(
            "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c"
            " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
        )
    connection.close()
    return size


async def _find(index: SqlIndex, people: int) -> Sequence[float]:
    """Seconds that each question took, sorted."""
    chance = random.Random(1)
    times: list[float] = []
    begun = time.perf_counter()
    for number in range(int(RATE * SECONDS)):
        due = begun + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked = time.perf_counter()
        found = await index.find(
            EngagementFilter(_person(chance.randrange(people)), DOMAIN, categorization="cll-cp")
        )
        times.append(time.perf_counter() - asked)
        assert found, "a person who was loaded was not found"
    return sorted(times)


async def _update(index: SqlIndex, people: int) -> Sequence[float]:
    chance = random.Random(2)
    clock = SystemClock()
    times: list[float] = []
    for number in range(UPDATES):
        post = _post(chance.randrange(people), number, "vko-new")
        begun = time.perf_counter()
        counts = await index.update([EngagementTransaction(False, post)], OWNER, clock.now())
        times.append(time.perf_counter() - begun)
        assert counts.stored == 1, "a new post was not stored"
    return sorted(times)


def _posts(count: int) -> Iterator[Engagement]:
    for number in range(count):
        person, which = divmod(number, POSTS_EACH)
        yield _post(person, person * 7 + which * 13, "vko" if which % 2 else "cll-cp")


def _post(person: int, source: int, categorization: str) -> Engagement:
    hsa_id = f"SE2129999997-S{source % SOURCES:04}"
    return Engagement(
        resident=_person(person),
        service_domain=DOMAIN,
        categorization=categorization,
        logical_address=hsa_id,
        business_object="NA",
        interest="NA",
        source_system=hsa_id,
        data_controller="SE2129999997",
        owner=OWNER,
        most_recent_content=f"2026{1 + person % 12:02}{1 + source % 28:02}120000",
    )


def _person(number: int) -> str:
    """Nobody's number: the month is 99."""
    return f"{1900 + number // 1_000_000:04}99{number % 1_000_000:06}"


def _part(times: Sequence[float], part: float) -> float:
    return times[min(len(times) - 1, int(part * len(times)))]


def _memory(name: str) -> float:
    """Of this process, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    sizes = dict(line.split(":", 1) for line in lines if line.startswith("Vm"))
    return int(sizes[name].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
