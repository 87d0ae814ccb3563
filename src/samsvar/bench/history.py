"""What has changed since the last run: new failures, and what has been mended.

A run is kept as its JSON report, one file for each logical address, in the data folder. Knows
files and keys of results. A file that cannot be read is no earlier run.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from samsvar.bench.model import Outcome, Report
from samsvar.bench.report_json import as_json

FOLDER = "bench"


@dataclass(frozen=True, slots=True)
class Changes:
    """Keys of results (``ASK-09 GetCarePlans 2``), in the order of the report."""

    since: str
    """When the earlier run was made, as it wrote it."""
    failing: tuple[str, ...]
    """Fails now, and did not."""
    mended: tuple[str, ...]
    """Failed, and does not now."""


def file_for(folder: Path, logical_address: str) -> Path:
    """Where the last run of a producer is kept."""
    readable = re.sub(r"[^A-Za-z0-9-]", "_", logical_address)[:64]
    told_apart = hashlib.sha256(logical_address.lower().encode()).hexdigest()[:8]
    return folder / FOLDER / f"{readable}-{told_apart}.json"


def changes_since(earlier: bytes | None, report: Report) -> Changes | None:
    """What has changed since an earlier JSON report; None if there is none to compare with."""
    if earlier is None:
        return None
    try:
        told = orjson.loads(earlier)
        before = {each["key"]: each["outcome"] for each in told["results"]}
        since = str(told["at"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    now = {result.key: result.judgement.outcome for result in report.results}
    return Changes(since, _failing(before, now), _mended(before, now))


def _failing(before: Mapping[str, str], now: Mapping[str, Outcome]) -> tuple[str, ...]:
    return tuple(
        key
        for key, outcome in now.items()
        if outcome is Outcome.FAIL and before.get(key) != Outcome.FAIL.value
    )


def _mended(before: Mapping[str, str], now: Mapping[str, Outcome]) -> tuple[str, ...]:
    mended = (Outcome.PASS, Outcome.WARN)  # what can no longer be told is not mended
    return tuple(
        key
        for key, outcome in now.items()
        if outcome in mended and before.get(key) == Outcome.FAIL.value
    )


def last_run(path: Path) -> bytes | None:
    """The last run, if there is one."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def keep(path: Path, report: Report) -> None:
    """Keep this run's results as the last ones; whole, or not at all. Its exchanges are not kept:
    no content of plans lies in the data folder.

    Raises:
        OSError: it could not be written.
    """
    for folder in (path.parent.parent, path.parent):  # mode is for the last one made only
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(as_json(replace(report, exchanges=())))
    draft.replace(path)
