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
