"""Why something at the desk was not done. Texts are sentences for whoever asked.

Each is in both languages: the console shows the reader's, the interfaces show English. No text
repeats a value that was sent: it may be anything that somebody pasted.
"""

from __future__ import annotations

from collections.abc import Iterable

from samsvar.model.words import Words


class Refused(Exception):
    """Base: not done, and nothing has changed.

    Attributes:
        words: why.
        faults: what to mend, if it is several. Lines about a form or a certificate, which the
            console has no pages for, are in English alone.
    """

    def __init__(self, words: Words, faults: Iterable[Words | str] = ()) -> None:
        super().__init__(words.english)
        self.words = words
        self.faults = tuple(
            fault if isinstance(fault, Words) else Words(fault, fault) for fault in faults
        )


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
