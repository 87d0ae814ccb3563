"""The routing log's days: found by id, whoever wrote them; dropped by age and size."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from samsvar.errors import ResourcesMissing
from samsvar.observe.log import RoutingLog
from samsvar.store import routing_days
from samsvar.store.routing_days import FOLDER, RoutingDays
from samsvar.store.routing_keeper import RoutingKeeper

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MUCH = 10**9


class DayClock:
    """Stands still."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


def kept(folder: Path, keep_days: int = 3, most_bytes: int = MUCH) -> RoutingDays:
    return RoutingDays(folder, keep_days, most_bytes)


def files(folder: Path) -> list[str]:
    """The days that there are."""
    return sorted(path.stem for path in (folder / FOLDER).glob("*.sqlite"))


def filler(number: int) -> tuple[str, bytes]:
    """A line that cannot be packed."""
    return f"c-{number}", os.urandom(100_000).hex().encode()


def test_a_questions_lines_are_found_whoever_wrote_them(tmp_path: Path) -> None:
    """Two processes on the folder, at once; in the order written; another question's are not."""
    first, second = kept(tmp_path), kept(tmp_path)

    def write(days: RoutingDays, name: str) -> None:
        for number in range(30):
            days.keep([(name, f"{name} {number}".encode()), ("other", b"other")], NOON)

    threads = [
        threading.Thread(target=write, args=pair) for pair in ((first, "c-1"), (second, "c-2"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for days in (first, second, kept(tmp_path)):
        for name in ("c-1", "c-2"):
            assert days.of(name, NOON) == [f"{name} {number}" for number in range(30)]
    assert kept(tmp_path).of("c-3", NOON) == []
    first.close()
    second.close()


def test_lines_that_were_written_after_midnight_belong_to_the_question(tmp_path: Path) -> None:
    """It came on one day and ended on the next."""
    days = kept(tmp_path)
    late = datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC)
    days.keep([("c-1", b"req-in")], late)
    days.keep([("c-1", b"resp-out")], late + timedelta(seconds=5))
    assert files(tmp_path) == ["2026-11-20", "2026-11-21"]
    assert days.of("c-1", late) == ["req-in", "resp-out"]
    days.close()


def test_a_day_goes_when_its_time_has_passed(tmp_path: Path) -> None:
    """By the setting, with all its files; the others stay."""
    days = kept(tmp_path, keep_days=3)
    for back in range(5, -1, -1):
        days.keep([(f"c-{back}", b"x")], NOON - back * DAY)
    assert days.tidy(NOON) == []
    assert files(tmp_path) == ["2026-11-18", "2026-11-19", "2026-11-20"]
    left = {path.name.split(".")[0] for path in (tmp_path / FOLDER).iterdir()}
    assert left == {"2026-11-18", "2026-11-19", "2026-11-20"}
    assert days.of("c-3", NOON - 3 * DAY) == []
    assert days.of("c-2", NOON - 2 * DAY) == ["x"]
    size = days.size(NOON)
    assert (size.days, size.keep_days, size.short) == (3, 3, False)
    days.close()


def test_the_oldest_days_go_when_all_are_too_large(tmp_path: Path) -> None:
    """And it is known before, by the size of the days that are over."""
    days = kept(tmp_path, keep_days=4, most_bytes=700_000)
    days.keep([filler(1)], NOON - 2 * DAY)
    assert days.size(NOON - 2 * DAY).short is False
    assert days.size(NOON - DAY).whole_day > 100_000
    days.keep([filler(n) for n in range(2)], NOON - DAY)
    assert days.size(NOON).short is True  # four such days would be too large; two are not
    assert days.tidy(NOON) == []
    days.keep([filler(n) for n in range(5)], NOON)
    days.close()
    early = days.tidy(NOON)
    assert [day.isoformat() for day in early] == ["2026-11-18", "2026-11-19"]
    assert files(tmp_path) == ["2026-11-20"]


def test_todays_takes_no_more_when_it_alone_is_too_large(tmp_path: Path) -> None:
    """What is there can be read; what would not fit is counted; tomorrow there is room again."""
    days = kept(tmp_path, most_bytes=150_000)
    days.keep([filler(n) for n in range(3)], NOON)
    days.tidy(NOON)
    assert days.keep([("c-9", b"x"), ("c-9", b"y")], NOON) == 2
    assert days.of("c-9", NOON) == []
    assert len(days.of("c-1", NOON)) == 1
    assert [day.isoformat() for day in days.tidy(NOON + DAY)] == []
    days.close()
    days.tidy(NOON + 3 * DAY)
    assert days.keep([("c-9", b"x")], NOON + 3 * DAY) == 0
    assert days.of("c-9", NOON + 3 * DAY) == ["x"]
    days.close()


def test_it_yields_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The access log needs the last twentieth more."""

    class Disk(NamedTuple):
        """As ``shutil`` tells it."""

        total: int
        used: int
        free: int

    days = kept(tmp_path)
    days.keep([filler(1)], NOON - DAY)
    days.keep([filler(1)], NOON)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(1000 * MUCH, 0, 49 * MUCH))
    assert days.size(NOON).short is True
    assert [day.isoformat() for day in days.tidy(NOON)] == ["2026-11-19"]
    assert days.keep([("c-2", b"x")], NOON) == 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(1000 * MUCH, 0, 60 * MUCH))
    days.tidy(NOON)
    assert days.keep([("c-2", b"x")], NOON) == 0
    days.close()


def test_only_the_hub_reads_them(tmp_path: Path) -> None:
    """They tell who asked whom."""
    days = kept(tmp_path)
    days.keep([("c-1", b"x")], NOON)
    folder = tmp_path / FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    days.close()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """In a sentence; whoever keeps lines goes on."""
    (tmp_path / FOLDER).write_text("", encoding="utf-8")
    with pytest.raises(ResourcesMissing, match="cannot be kept"):
        kept(tmp_path).keep([("c-1", b"x")], NOON)


def test_the_keeper_takes_what_tells_of_questions(tmp_path: Path) -> None:
    """Not what tells of the hub. What it cannot keep it says once, on the log itself."""
    log = RoutingLog()
    days = kept(tmp_path)
    keeper = RoutingKeeper(log, days, DayClock(NOON))
    log.emit("req-in", "c-1", sender="SE1")
    log.emit("hub-started", "-", version="1")
    assert len(log.held("c-1")) == 1
    keeper.step(tidy=True)
    assert log.held("c-1") == []
    assert ["req-in" in line for line in days.of("c-1", NOON)] == [True]
    assert days.of("-", NOON) == []
    keeper.close()
    shutil.rmtree(tmp_path / FOLDER)
    (tmp_path / FOLDER).write_text("", encoding="utf-8")
    for number in range(3):
        log.emit("req-in", f"d-{number}", sender="SE1")
        keeper.step(tidy=False)
    assert [line.count("routing-log-short") for line in log.errors()] == [1]


def test_what_nobody_takes_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how much was lost is told."""
    monkeypatch.setattr("samsvar.observe.log._MOST_HELD", 2)
    log = RoutingLog()
    keeper = RoutingKeeper(log, kept(tmp_path), DayClock(NOON))
    for number in range(5):
        log.emit("req-in", f"c-{number}", sender="SE1")
    keeper.step(tidy=False)
    keeper.close()
    assert len(kept(tmp_path).of("c-1", NOON)) == 1
    assert kept(tmp_path).of("c-2", NOON) == []
    assert len(log.errors()) == 1


def test_the_least_that_is_left_free_is_less_than_what_raises_the_alarm() -> None:
    """People are told while there is still something that can go."""
    from samsvar.watch.rules import THRESHOLDS

    assert THRESHOLDS.disk_share > routing_days.LEAST_FREE
