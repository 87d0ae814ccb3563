"""What a process gets from the one that started it, as one word of its command line."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samsvar.processes.board import Board


@dataclass(frozen=True, slots=True)
class Inheritance:
    """Which process this is, and the open files that came with it."""

    place: int
    """At the board, from 0."""
    board: Board
    lifeline: int
    """Closed at the other end when the starter is gone, whatever became of it."""
    sockets: tuple[socket.socket, ...]

    @classmethod
    def read(cls, word: str, places: int) -> Inheritance:
        """Take over what ``written`` has told.

        Raises:
            ValueError, OSError: nobody has handed over such files.
        """
        place, board, lifeline, *sockets = map(int, word.split(","))
        return cls(
            place, Board(board, places), lifeline, tuple(socket.socket(fileno=n) for n in sockets)
        )

    def counts(self) -> dict[str, int]:
        """How many processes there are to be, and how many serve."""
        return self.board.counts()

    def crowded(self, connections: int) -> bool:
        """Whether another process has clearly fewer connections than this one."""
        return self.board.crowded(self.place, connections)


def written(place: int, board: Board, lifeline: int, sockets: Sequence[socket.socket]) -> str:
    """For the command line."""
    return ",".join(map(str, (place, board.file, lifeline, *(s.fileno() for s in sockets))))


def when_orphaned(lifeline: int, deed: Callable[[], None]) -> None:
    """Do something when the starter has gone, in the running event loop."""
    import asyncio

    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(lifeline)
        os.close(lifeline)
        deed()

    loop.add_reader(lifeline, gone)
