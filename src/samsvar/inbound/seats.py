"""Places for questions in work: so many at once, and not one more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from samsvar.inbound.http import HttpRefused


class Seats:
    """One for all doors of a process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    def refuse_when_full(self) -> None:
        """Raises HttpRefused: 503, come back."""
        if self._taken >= self._most:
            raise HttpRefused(503, "too many questions at once; come back", retry_after="1")

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """A place, until the block ends.

        Raises:
            HttpRefused: there is none.
        """
        self.refuse_when_full()
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
