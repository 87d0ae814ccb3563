"""Swedish local time, which is the only time that the contracts know.

Knows the zone. Knows no clock and no wire format.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def local_time(moment: datetime) -> datetime:
    """The moment as a clock on a Swedish wall shows it.

    Raises:
        ValueError: the moment has no zone. Guessing one would move it by the zone of the machine.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(STOCKHOLM)


def local_day(moment: datetime) -> date:
    """The Swedish day of the moment; ValueError as :func:`local_time`."""
    return local_time(moment).date()


def on_the_wall(shown: datetime) -> datetime:
    """The moment when a clock on a Swedish wall shows this time, which has no zone.

    The first of two in the autumn's double hour; an hour later for a time in the hour that
    spring leaves out, so that what comes back may differ from what was given.
    """
    return shown.replace(tzinfo=STOCKHOLM).astimezone(UTC).astimezone(STOCKHOLM)


def earliest(wall: datetime) -> datetime:
    """The first moment at which a Swedish wall clock shows this: it shows the hour of the autumn
    change twice. What it never shows (spring) is read as by a clock that was not yet, or already,
    moved, whichever is first. A time with a zone is that moment."""
    return min(_readings(wall))


def latest(wall: datetime) -> datetime:
    """The last such moment."""
    return max(_readings(wall))


def wall_time(moment: datetime) -> datetime:
    """What a Swedish wall clock shows at the moment, without its zone."""
    try:
        return local_time(moment).replace(tzinfo=None, fold=0)
    except OverflowError:  # the last hours of the calendar
        return datetime.max  # noqa: DTZ901 - without its zone


def _readings(wall: datetime) -> tuple[datetime, datetime]:
    if wall.tzinfo is not None:
        return _utc(wall), _utc(wall)
    return _utc(wall.replace(tzinfo=STOCKHOLM, fold=0)), _utc(
        wall.replace(tzinfo=STOCKHOLM, fold=1)
    )


def _utc(moment: datetime) -> datetime:
    """At the ends of the calendar, where the zone leads out of it: its end."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        if moment.year == 1:
            return datetime.min.replace(tzinfo=UTC)
        return datetime.max.replace(tzinfo=UTC)
