"""How long the console's lists take with a million questions in the log: prints, judges nothing.

Makes a log of its own in a folder that is thrown away, digests it as the hub does, and puts each
kind of search five times. ``.venv/bin/python -m bench.console_lists 1000000``
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from samsvar.model.questions import Search
from samsvar.model.result import Result
from samsvar.store.database import Database, open_database
from samsvar.store.digest import Digest
from samsvar.store.digest_reader import DigestReader

PLANS = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
SOURCES = [f"SE2321{number:06d}-SRC{number}" for number in range(60)]
SENDERS = [f"SE2129999{number:03d}-NPO{number}" for number in range(40)]
#: rows are written as they are, without the tree: nobody proves this log
COLUMNS = (
    *("sequence", "correlation_id", "at", "sender", "contract", "logical_address", "verdict"),
    *("fault_detail", "elapsed", "items", "security", "peer", "decisions", "leaf"),
)


def main() -> None:
    """Make it, ask it, tell it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        fill(database, count)
        digest, begun = Digest(database), time.perf_counter()
        while digest.step():
            pass
        each = (time.perf_counter() - begun) / count * 1000
        print(f"{count} questions digested, {each:.3f} ms each")
        for name, search in searches(DigestReader(database), count):
            times = []
            for _ in range(5):
                begun = time.perf_counter()
                search()
                times.append((time.perf_counter() - begun) * 1000)
            print(f"{name:<34} first {times[0]:6.1f} ms, median {statistics.median(times):6.1f} ms")
        database.close()


def fill(database: Database, count: int) -> None:
    """A question each fifth of a second until now; two to six sources, one of them shaky."""
    database.raw().load("question", COLUMNS, list(_rows(count)))


def searches(reader: DigestReader, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What the pages ask for, with names."""
    now = datetime.now(UTC)
    sender, source = SENDERS[3], (SOURCES[5],)
    since, until = now - timedelta(hours=44), now - timedelta(hours=36)
    for name, wanted in (
        ("newest page", Search()),
        ("page far back", Search(before=count // 100)),
        ("failed", Search(result=Result.FAILED)),
        ("one consumer", Search(sender=sender)),
        ("one consumer, failed", Search(sender=sender, result=Result.FAILED)),
        ("one source", Search(sources=source)),
        (
            "one source and consumer, failed",
            Search(None, None, Result.FAILED, sender, None, source),
        ),
        ("longer than ever", Search(over_ms=60_000)),
        ("one source and consumer, a night", Search(since, until, None, sender, None, source)),
    ):
        yield name, partial(reader.page, wanted, 50)
    yield "an id", lambda: reader.sequence_of(f"c-{count // 2}")
    yield "an id that nobody has", lambda: reader.sequence_of("c-none")
    news = Search(after=count - 200, before=count + 1)
    yield "200 new rows for the tail", lambda: reader.between(news, 12)
    yield "figures of an hour", lambda: reader.figures(now, 60)
    yield "all sources, a week", lambda: reader.sources(now, 168)


def _rows(count: int) -> Iterator[tuple[object, ...]]:
    chance, now = random.Random(1), datetime.now(UTC)
    for number in range(1, count + 1):
        at = now - timedelta(seconds=(count - number) * 0.2)
        refused = chance.random() < 0.01
        told = [] if refused else [_decision(chance, each) for each in chance.sample(SOURCES, 4)]
        yield (
            *(number, f"c-{number}", at.isoformat(timespec="microseconds")),
            *(chance.choice(SENDERS), PLANS, "5565594230", "refused" if refused else "answered"),
            *("", max((each["elapsed"] for each in told), default=0.002)),
            *(sum(each["items"] for each in told), "[]", "10.0.0.1", json.dumps(told), b"x" * 32),
        )


def _decision(chance: random.Random, source: str) -> dict[str, Any]:
    late = chance.random() < (0.3 if source.endswith("SRC7") else 0.01)
    return {
        "logical_address": source,
        "reason": "late" if late else chance.choice(["answered", "answered-empty"]),
        "detail": "",
        "items": 0 if late else 1,
        "elapsed": chance.uniform(1, 10) if late else chance.uniform(0.02, 0.6),
        "producer": source.rpartition("-")[2].lower(),
        "route_trace": source,
        "permission_trace": source,
        "access": "",
    }


if __name__ == "__main__":
    main()
