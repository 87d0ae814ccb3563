"""How much of the routing log is kept, in words that store, rules and pages share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutingLogSize:
    """What is kept. Sizes in bytes."""

    days: int
    """How many there are."""
    bytes: int
    keep_days: int
    """How many are wanted."""
    room: int
    """So large they may be together: by the settings, and by what is free on the disk."""
    whole_day: int = 0
    """What a day takes, of those that are over; 0: none is yet."""

    @property
    def short(self) -> bool:
        """Whether days go, or will go, before their time."""
        return self.bytes > self.room or self.whole_day * self.keep_days > self.room
