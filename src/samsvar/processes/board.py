"""What each process shows the others: who it is, when it last turned, whether it serves.

A few bytes of shared memory, a place for each process. Each writes only its own, and whoever reads
takes a moment's picture; a torn one is corrected a second later. Time is the machine's monotonic
clock, which all of its processes share.
"""

from __future__ import annotations

import mmap
import os
import struct
from enum import IntEnum
from typing import NamedTuple

_PLACE = struct.Struct("<qdq")
_NUMBER = struct.Struct("<q")
_SIZE = _PLACE.size + _NUMBER.size
#: so many more connections than another has are no reason to hesitate
_NO_MATTER = 2


class State(IntEnum):
    """Of one process."""

    STARTING = 0
    UNREADY = 1
    READY = 2
    STOPPING = 3


class Shown(NamedTuple):
    """What stands at one place."""

    process: int
    at: float
    """Monotonic seconds when it last turned; 0: not yet."""
    state: State


class Board:
    """The shared memory. Its file goes to other processes by number."""

    def __init__(self, file: int, places: int) -> None:
        self.file = file
        self._places = places
        self._memory = mmap.mmap(file, _SIZE * places)

    @classmethod
    def new(cls, places: int) -> Board:
        """An empty one."""
        file = os.memfd_create("samsvar-processes")
        os.ftruncate(file, _SIZE * places)
        return cls(file, places)

    def show(self, place: int, process: int, at: float, state: State) -> None:
        """At one's own place."""
        _PLACE.pack_into(self._memory, place * _SIZE, process, at, state)

    def at(self, place: int) -> Shown:
        """What is shown there."""
        process, at, state = _PLACE.unpack_from(self._memory, place * _SIZE)
        return Shown(process, at, State(state))

    def crowded(self, place: int, connections: int) -> bool:
        """Show how many connections are open at one's own place; whether another that serves has
        clearly fewer."""
        _NUMBER.pack_into(self._memory, place * _SIZE + _PLACE.size, connections)
        return any(
            self._connections(other) + _NO_MATTER < connections
            for other in range(self._places)
            if other != place and self.at(other).state is State.READY
        )

    def _connections(self, place: int) -> int:
        (number,) = _NUMBER.unpack_from(self._memory, place * _SIZE + _PLACE.size)
        return int(number)

    def counts(self) -> dict[str, int]:
        """For who asks for readiness: how many processes there are to be, and how many serve."""
        ready = sum(self.at(place).state is State.READY for place in range(self._places))
        return {"ready": ready, "of": self._places}
