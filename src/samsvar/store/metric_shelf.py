"""Where the processes of one machine lay down their metrics, so that any of them can show all.

One file for each process in the data folder, replaced whole every few seconds; one that has not
been for a while belongs to a process that is gone. Knows the exposition format, no metric.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

EVERY_SECONDS = 5.0
FRESH = timedelta(seconds=30)
FOLDER = "metrics"


class MetricShelf:
    """The place of one process among the others."""

    def __init__(self, data: Path, process: str) -> None:
        self._folder = data / FOLDER
        self._own = self._folder / f"{process}.prom"

    def lay_down(self, text: bytes) -> None:
        """Let the others see this. Metrics that cannot be laid down stop nothing."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            fresh = self._own.with_suffix(".new")
            fresh.write_bytes(text)
            os.replace(fresh, self._own)

    def others(self, now: datetime) -> Iterator[Family]:
        """What the other processes have laid down lately."""
        for file in sorted(self._folder.glob("*.prom")):
            if file == self._own:
                continue
            with contextlib.suppress(OSError, ValueError):
                age = now.timestamp() - file.stat().st_mtime
                if age <= FRESH.total_seconds():
                    yield from text_string_to_metric_families(file.read_text(encoding="utf-8"))

    def take_away(self) -> None:
        """The process ends."""
        with contextlib.suppress(OSError):
            self._own.unlink()
