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
        self._memory = mmap.mmap(file, _PLACE.size * places)

    @classmethod
    def new(cls, places: int) -> Board:
        """An empty one."""
        file = os.memfd_create("samsvar-processes")
        os.ftruncate(file, _PLACE.size * places)
        return cls(file, places)

    def show(self, place: int, process: int, at: float, state: State) -> None:
        """At one's own place."""
        _PLACE.pack_into(self._memory, place * _PLACE.size, process, at, state)

    def at(self, place: int) -> Shown:
        """What is shown there."""
        process, at, state = _PLACE.unpack_from(self._memory, place * _PLACE.size)
        return Shown(process, at, State(state))

    def counts(self) -> dict[str, int]:
        """For who asks for readiness: how many processes there are to be, and how many serve."""
        ready = sum(self.at(place).state is State.READY for place in range(self._places))
        return {"ready": ready, "of": self._places}
