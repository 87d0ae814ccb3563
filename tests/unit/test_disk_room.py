"""When a disk counts as full."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.store.disk_room import NEVER_FULL, DiskRoom

FOLDER = Path("data")
SMALL = 1_000_000_000


def room(used: int, free: int, full_percent: int = 90) -> DiskRoom:
    return DiskRoom(FOLDER, full_percent, usage=lambda _: (used + free, used, free))


@pytest.mark.parametrize(
    ("used", "free", "full_percent", "full"),
    [
        (89 * SMALL // 100, 11 * SMALL // 100, 90, False),
        (90 * SMALL // 100, 10 * SMALL // 100, 90, True),
        (95 * SMALL // 100, 5 * SMALL // 100, 96, False),
        (SMALL, 0, 90, True),
        (SMALL, 0, 100, False),
        (99 * NEVER_FULL, NEVER_FULL, 90, False),
        (99 * NEVER_FULL, NEVER_FULL - 1, 90, True),
        (0, 0, 90, False),
    ],
)
def test_it_is_full_from_its_percent_on_unless_much_is_free(
    used: int, free: int, full_percent: int, full: bool
) -> None:
    assert bool(room(used, free, full_percent).trouble()) is full


def test_it_says_how_full_it_is_and_which_setting_counts() -> None:
    assert room(93 * SMALL // 100, 7 * SMALL // 100).trouble() == (
        "the disk of the data folder is 93 % full, and from 90 % on (index.full_percent) no"
        " changes are taken in"
    )


def test_the_disk_is_asked_once_a_second() -> None:
    now, asked, free = 0.0, 0, SMALL

    def usage(folder: Path) -> tuple[int, int, int]:
        nonlocal asked
        asked += 1
        return SMALL, SMALL - free, free

    one = DiskRoom(FOLDER, 90, usage=usage, monotonic=lambda: now)
    assert one.trouble() == ""
    free, now = 0, 0.9
    assert (one.trouble(), asked) == ("", 1)
    now = 1.0
    assert (one.trouble() != "", asked) == (True, 2)


def test_a_disk_that_cannot_be_asked_or_is_not_ours_stops_nothing() -> None:
    def gone(folder: Path) -> tuple[int, int, int]:
        raise OSError

    assert DiskRoom(FOLDER, 90, usage=gone).trouble() == ""
    assert DiskRoom(None, 90, usage=lambda _: (1, 1, 0)).trouble() == ""
