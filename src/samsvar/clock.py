"""The one clock of the program."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from samsvar.model.local_time import STOCKHOLM


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Now, in Swedish local time."""
        return datetime.now(STOCKHOLM)  # noqa: TID251 - here it is

    def monotonic(self) -> float:
        """The same clock as the event loop's."""
        return time.monotonic()


if TYPE_CHECKING:  # commands need the time, and not all that the ports know of
    from samsvar.ports import Clock

    _: type[Clock] = SystemClock  # interface guard
