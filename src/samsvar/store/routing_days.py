"""The routing log's lines of questions, by day: found by correlation id, dropped by age and size.

One small SQLite file for each day (UTC) in the data folder. All processes on the folder write to
the same one, so whoever looks finds what another process has written, and what was written before
a restart. A day that is over is dropped by removing its file. Lines are packed, a few together:
some hundred bytes for a question. Nothing depends on them: where they cannot be kept, that is
told, and questions are answered all the same; and they yield before the disk is full, for the
access log needs it more. Knows no line's meaning.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from samsvar.errors import ResourcesMissing
from samsvar.model.log_size import RoutingLogSize

FOLDER = "routing-log"
#: share of the disk that is left to others: below it the oldest days go, then nothing is kept
LEAST_FREE = 0.05
_SUFFIX = ".sqlite"
_BESIDE = ("-wal", "-shm")
_BUSY_SECONDS = 5.0
#: a line may be written so long after its question came, on the next day perhaps
_LATE = timedelta(minutes=10)
_QUICK = 1  # zlib's level: a third of the size of its best for a tenth of the time
_TABLE = (
    "CREATE TABLE IF NOT EXISTS line"
    " (id INTEGER PRIMARY KEY, trace TEXT NOT NULL, packed BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS line_trace ON line (trace)",
)

Line = tuple[str, bytes]
"""A correlation id, and a line that tells of it."""


class RoutingDays:
    """The days in one data folder. Its methods wait for the disk; any thread may call them."""

    def __init__(self, folder: Path, keep_days: int, most_bytes: int) -> None:
        """``folder``: the data folder; the days lie in a folder there."""
        self._folder = folder.absolute() / FOLDER
        self._keep_days = keep_days
        self._most_bytes = most_bytes
        self._full = False
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._day: date | None = None

    def close(self) -> None:
        """Let go of the file that is written to."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = self._day = None

    def keep(self, lines: Iterable[Line], now: datetime) -> int:
        """Add lines to today's; how many were left out, because there is no room.

        Raises:
            ResourcesMissing: they could not be kept.
        """
        gathered: dict[str, list[bytes]] = {}
        count = 0
        for trace, line in lines:
            gathered.setdefault(trace, []).append(line)
            count += 1
        if self._full or not gathered:
            return count if self._full else 0
        rows = [
            (trace, zlib.compress(b"\n".join(all_), _QUICK)) for trace, all_ in gathered.items()
        ]
        try:
            with self._writing(now.astimezone(UTC).date()) as file:
                file.executemany("INSERT INTO line (trace, packed) VALUES (?, ?)", rows)
        except (OSError, sqlite3.Error) as error:
            raise ResourcesMissing(
                f"lines of the routing log cannot be kept ({type(error).__name__})"
            ) from error
        return 0

    def of(self, correlation_id: str, at: datetime) -> list[str]:
        """The lines that tell of one question that came at a moment, in the order written.

        Raises:
            ResourcesMissing: they cannot be read.
        """
        moment = at.astimezone(UTC)
        found: list[str] = []
        try:
            for day in dict.fromkeys((moment.date(), (moment + _LATE).date())):
                path = self._path(day)
                if not path.is_file():
                    continue
                with closing(_opened(f"{path.as_uri()}?mode=rw")) as file:
                    rows = file.execute(
                        "SELECT packed FROM line WHERE trace = ? ORDER BY id", (correlation_id,)
                    )
                    found += [
                        line
                        for (packed,) in rows
                        for line in zlib.decompress(packed).decode().split("\n")
                    ]
        except (OSError, sqlite3.Error, zlib.error) as error:
            raise ResourcesMissing(
                f"the routing log cannot be read ({type(error).__name__})"
            ) from error
        return found

    def tidy(self, now: datetime) -> Sequence[date]:
        """Drop what is too old, and the oldest days while all are too large or the disk is nearly
        full; which days went before their time. Today's never goes: it takes no more instead.

        Raises:
            ResourcesMissing: a file cannot be removed.
        """
        today = now.astimezone(UTC).date()
        oldest = today - timedelta(days=self._keep_days - 1)
        early: list[date] = []
        try:
            days = self._days()
            while days and days[0] < oldest:
                self._drop(days.pop(0))
            while len(days) > 1 and days[0] < today and self._too_large(days):
                early.append(days.pop(0))
                self._drop(early[-1])
            self._full = self._too_large(days)
        except OSError as error:
            raise ResourcesMissing(
                f"days of the routing log cannot be dropped ({type(error).__name__})"
            ) from error
        return early

    def size(self, now: datetime) -> RoutingLogSize:
        """What is kept now.

        Raises:
            ResourcesMissing: the folder cannot be read.
        """
        try:
            days = self._days()
            sizes = [self._bytes(day) for day in days]
            room = self._room(sum(sizes))
        except OSError as error:
            raise ResourcesMissing(
                f"the routing log's size cannot be read ({type(error).__name__})"
            ) from error
        today = now.astimezone(UTC).date()
        over = [size for day, size in zip(days, sizes, strict=True) if day < today]
        whole_day = sum(over) // len(over) if over else 0
        return RoutingLogSize(len(days), sum(sizes), self._keep_days, room, whole_day)

    def _days(self) -> list[date]:
        """The oldest first."""
        found = []
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                with suppress(ValueError):
                    if path.suffix == _SUFFIX:
                        found.append(date.fromisoformat(path.stem))
        return sorted(found)

    def _too_large(self, days: Sequence[date]) -> bool:
        size = sum(map(self._bytes, days))
        return size > self._room(size)

    def _room(self, size: int) -> int:
        """How large all may be, being so large now."""
        folder = self._folder if self._folder.is_dir() else self._folder.parent
        disk = shutil.disk_usage(folder)
        return min(self._most_bytes, int(size + disk.free - LEAST_FREE * disk.total))

    def _bytes(self, day: date) -> int:
        return sum(path.stat().st_size for path in self._files(day) if path.is_file())

    def _drop(self, day: date) -> None:
        """Another process may be doing the same."""
        for path in self._files(day):
            path.unlink(missing_ok=True)

    def _files(self, day: date) -> Iterator[Path]:
        path = self._path(day)
        yield path
        for name in _BESIDE:
            yield path.with_name(path.name + name)

    def _path(self, day: date) -> Path:
        return self._folder / f"{day.isoformat()}{_SUFFIX}"

    @contextmanager
    def _writing(self, day: date) -> Iterator[sqlite3.Connection]:
        """One transaction in a day's file, which is made if it is not there."""
        with self._lock:
            if self._file is None or self._day != day:
                if self._file is not None:
                    self._file.close()
                self._file, self._day = self._made(day), day
            file = self._file
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    file.execute("ROLLBACK")
                raise

    def _made(self, day: date) -> sqlite3.Connection:
        path = self._path(day)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        file = _opened(path.as_uri())
        try:
            file.execute("PRAGMA journal_mode = WAL")
            # A commit is not worth a sync: after a power cut the last lines may be gone.
            file.execute("PRAGMA synchronous = NORMAL")
            for statement in _TABLE:
                file.execute(statement)
        except BaseException:
            file.close()
            raise
        return file


def _opened(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri, timeout=_BUSY_SECONDS, isolation_level=None, uri=True, check_same_thread=False
    )
