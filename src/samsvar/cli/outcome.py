"""How a command ends: its exit code, and one text for people."""

from __future__ import annotations

DONE = 0
PARTLY = 1
WRONG_INPUT = 2
REFUSED = 3
UNREACHED = 4


class Stop(Exception):
    """End the command here, with this code and this text on standard error."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
