"""Why something at the desk was not done. Texts are sentences for whoever asked.

No text repeats a value that was sent: it may be anything that somebody pasted.
"""

from __future__ import annotations

from collections.abc import Iterable


class Refused(Exception):
    """Base: not done, and nothing has changed. ``faults``: what to mend, if it is several."""

    def __init__(self, text: str, faults: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.faults = tuple(faults)


class NotThere(Refused):
    """Nobody of that name, or none that this user may see: the two look the same."""


class NotAllowed(Refused):
    """The user's role does not have the right."""


class NotNow(Refused):
    """It could be done, but not as things stand."""


class NotValid(Refused):
    """What was sent is not of its form. ``faults`` has a line for each thing to mend."""


class RegistryMoved(Exception):
    """Somebody published in between: look again and do it again."""
