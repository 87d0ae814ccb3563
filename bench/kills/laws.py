"""What must hold after everything, read from the databases: no client's word is taken for it."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg

from bench.kills.ledger import Ledger
from bench.kills.production import OURS, THEIRS, Production

_DRAIN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of the word that was given."""

    without_row: int
    """Answers with records that have no row in the access log."""
    more_rows: int
    """Questions with more than one row."""
    not_in_index: int
    """Updates that were acknowledged, and are not there."""
    not_delivered: int
    """Updates that were acknowledged, and of which the subscriber has not heard."""
    delivered_again: int
    """Updates that had their effect at the subscriber more than once."""
    whole: bool
    """What ``samsvar audit verify`` says."""
    verdict: str


async def kept(production: Production, ledger: Ledger) -> Kept:
    """Wait until the subscriber has heard of all, and compare."""
    must = ledger.acknowledged()
    heard = await asyncio.to_thread(_effects, production)
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _DRAIN_SECONDS
    while must - heard.keys() and loop.time() < give_up:
        await asyncio.sleep(0.5)
        heard = await asyncio.to_thread(_effects, production)
    rows = await asyncio.to_thread(_rows, production)
    there = await asyncio.to_thread(_posts, production)
    code, said = await _verified(production)
    return Kept(
        without_row=sum(rows[name] == 0 for name in ledger.with_data()),
        more_rows=sum(rows[each.correlation_id] > 1 for each in ledger.asked),
        not_in_index=len(must - there),
        not_delivered=len(must - heard.keys()),
        delivered_again=sum(heard[name] > 1 for name in ledger.updates),
        whole=code == 0,
        verdict=said,
    )


def _rows(production: Production) -> Counter[str]:
    statement = "SELECT correlation_id, count(*) FROM question GROUP BY correlation_id"
    return Counter(dict(_found(production, OURS, statement)))


def _posts(production: Production) -> set[str]:
    return {name for (name,) in _found(production, OURS, "SELECT business_object FROM engagement")}


def _effects(production: Production) -> Counter[str]:
    """What the neighbour has to tell on: one row for each change that had an effect there."""
    said = _found(production, THEIRS, "SELECT post FROM outbox")
    return Counter(orjson.loads(post)["business_object"] for (post,) in said)


def _found(production: Production, database: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(production.postgresql.url(database)) as server:
        return server.execute(statement.encode()).fetchall()


async def _verified(production: Production) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "samsvar", "audit", "verify"),
        *("--settings", str(production.settings)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return process.returncode or 0, lines[-1] if lines else "(no word)"
