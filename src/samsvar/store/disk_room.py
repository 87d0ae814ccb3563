"""Whether the disk has room for more changes of the index: asked before any is taken in.

On a full disk a hub can answer nobody, since no answer leaves before its row of the access log is
on it. What fills it without end is the outbox, for as long as a subscriber or the message broker
is away. So changes are refused, to be sent again, while all else still has room. Knows a folder,
and not what is written there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

NEVER_FULL = 10_000_000_000
"""Bytes: where so many are free, no disk is full, whatever its size."""
_KNOWN_SECONDS = 1.0


class DiskRoom:
    """The disk of one folder."""

    def __init__(
        self,
        folder: Path | None,
        full_percent: int,
        *,
        usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``folder``: None: it is not ours to see, and has room. ``full_percent``: of the disk in
        use from which on it is full; 100: never. ``usage``: total, used and free bytes."""
        self._folder = folder
        self._full_percent = full_percent
        self._usage = usage
        self._monotonic = monotonic
        self._asked = float("-inf")
        self._trouble = ""

    def trouble(self) -> str:
        """Why nothing more should be taken in; empty: it may. Asks the disk once a second."""
        now = self._monotonic()
        if self._folder is not None and now - self._asked >= _KNOWN_SECONDS:
            self._asked = now
            self._trouble = self._look(self._folder)
        return self._trouble

    def _look(self, folder: Path) -> str:
        try:
            _, used, free = self._usage(folder)
        except OSError:
            return ""  # whoever writes there finds out why
        percent = 100 * used / max(used + free, 1)
        if percent < self._full_percent or self._full_percent == 100 or free >= NEVER_FULL:
            return ""
        return (
            f"the disk of the data folder is {percent:.0f} % full, and from"
            f" {self._full_percent} % on (index.full_percent) no changes are taken in"
        )
