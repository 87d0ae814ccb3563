"""The one clock of the program."""

from __future__ import annotations

import time
from datetime import datetime

from samsvar.model.local_time import STOCKHOLM
from samsvar.ports import Clock


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Now, in Swedish local time."""
        return datetime.now(STOCKHOLM)  # noqa: TID251 - here it is

    def monotonic(self) -> float:
        """The same clock as the event loop's."""
        return time.monotonic()


_: type[Clock] = SystemClock  # interface guard
