"""Dates as source systems write them, read as Swedish local time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from samsvar.model.local_time import STOCKHOLM

_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_SHORT_DATE = re.compile(r"(\d{2})(\d{2})(\d{2})", re.ASCII)
_DATETIME = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


class UnreadableDate(ValueError):
    """The text is no date that we know. The message does not repeat it."""


def _local(moment: datetime) -> tuple[datetime, bool]:
    """Read a naive time as Stockholm's. True: the hour is in doubt (it came twice, or never).

    The hour that comes twice in October is read as the first; the one that never comes in
    March is moved an hour ahead.
    """
    aware = moment.replace(tzinfo=STOCKHOLM)
    there_and_back = aware.astimezone(UTC).astimezone(STOCKHOLM)
    if there_and_back.replace(tzinfo=None) != moment:
        return (moment + timedelta(hours=1)).replace(tzinfo=STOCKHOLM), True
    twice = aware.utcoffset() != aware.replace(fold=1).utcoffset()
    return aware, twice


def parse_local(text: str) -> tuple[datetime, bool]:
    """A point in time in Europe/Stockholm, and whether the hour had to be guessed.

    Reads ``20230601``, ``2023-06-01``, ``2023-06-01 13:05``, ``2023-06-01T13:05:00(.123)``,
    with ``Z``, ``+02:00`` or ``+0200``, ``20230601130500`` and ``230601`` (this century).
    A date without a time is midnight.

    Raises:
        UnreadableDate: anything else, ``v. 23`` and ``juni`` included: keep it as text.
    """
    stripped = text.strip()
    try:
        if match := _DATETIME.fullmatch(stripped):
            year, month, day, hour, minute = (int(part) for part in match.groups()[:5])
            naive = datetime(year, month, day, hour, minute, int(match[6] or 0))  # noqa: DTZ001
            if match[7] is None:
                return _local(naive)
            return naive.replace(tzinfo=_offset(match[7])).astimezone(STOCKHOLM), False
        if match := _DATE.fullmatch(stripped):
            return _local(datetime(int(match[1]), int(match[2]), int(match[3])))  # noqa: DTZ001
        if match := _SHORT_DATE.fullmatch(stripped):
            return _local(datetime(2000 + int(match[1]), int(match[2]), int(match[3])))  # noqa: DTZ001
    except ValueError as error:
        raise UnreadableDate("no such day or time") from error
    raise UnreadableDate("not a form of date that is known")


def parse_day(text: str) -> date:
    """The local day of :func:`parse_local`."""
    return parse_local(text)[0].date()


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
