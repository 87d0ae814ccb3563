"""The other hub processes on the same sockets, as a door needs to know them."""

from __future__ import annotations

from typing import Protocol


class Siblings(Protocol):
    """All processes of the same listeners, this one with them."""

    @property
    def place(self) -> int:
        """Which of them this is, from 0."""

    def counts(self) -> dict[str, int]:
        """How many there are to be, and how many serve; nothing, if this one is alone."""

    def crowded(self, connections: int) -> bool:
        """Whether another one has clearly fewer connections open than this one, which has so
        many."""


class Alone:
    """There are none."""

    @property
    def place(self) -> int:
        """See ``Siblings``."""
        return 0

    def counts(self) -> dict[str, int]:
        """See ``Siblings``."""
        return {}

    def crowded(self, connections: int) -> bool:
        """See ``Siblings``."""
        return False
