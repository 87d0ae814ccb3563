"""Days and moments that people type: Swedish time, unless the zone stands there too."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from samsvar.cli.outcome import WRONG_INPUT, Stop
from samsvar.model.local_time import STOCKHOLM

_DAY = len("2026-11-01")


def moment(option: str, text: str, *, after_the_day: bool = False) -> datetime:
    """The moment that was typed; of a day alone its first, or the first after it.

    Raises:
        Stop: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
        if after_the_day and len(text) <= _DAY:
            found = datetime.combine(found.date() + timedelta(days=1), time())
        return found if found.tzinfo else found.replace(tzinfo=STOCKHOLM)
    except (ValueError, OverflowError) as error:
        raise Stop(
            WRONG_INPUT, f"{option}: a day or a moment: 2026-11-01, 2026-11-01T08:00"
        ) from error
