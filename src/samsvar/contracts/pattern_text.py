"""A short text that a pattern of XML Schema accepts: for samples.

Takes the first alternative, the first sign of a class, and each thing as few times as it may
come. Knows the patterns that contracts use (classes, escapes, groups, counts); of one that it
cannot read it says so, and somebody else must find a text.
"""

from __future__ import annotations

import re

_COUNT = re.compile(r"\{(\d+)(?:,\d*)?\}")
_ESCAPES = {"d": "1", "w": "A", "s": " ", "i": "A", "c": "A", "S": "A", "D": "A", "W": "-"}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
_CLASS_OF_ESCAPE = {"d": "0-9", "w": "A-Za-z0-9", "s": " ", "i": "A-Za-z", "c": "A-Za-z0-9"}
_PREFERRED = "1A0a-. 2"
_LONGEST = 1_000


class NoText(ValueError):
    """The pattern is not one that is read here."""


def text_for(pattern: str) -> str:
    """A text that the pattern should accept; whoever uses it should try.

    Raises:
        NoText: the pattern is not read.
    """
    reading = _Reading(pattern)
    text = reading.alternatives()
    if not reading.at_end():
        raise NoText(f"cannot read beyond sign {reading.position}")
    return text


class _Reading:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.position = 0

    def at_end(self) -> bool:
        return self.position >= len(self._pattern)

    def alternatives(self) -> str:
        """As far as the end or a closing bracket; the first alternative's text."""
        first = self._branch()
        while self._peek() == "|":
            self.position += 1
            self._branch()
        return first

    def _branch(self) -> str:
        text = ""
        while not self.at_end() and self._peek() not in "|)":
            piece = self._piece()
            text += piece * self._least()
            if len(text) > _LONGEST:
                raise NoText("asks for too long a text")
        return text

    def _piece(self) -> str:
        sign = self._take()
        if sign == "(":
            text = self.alternatives()
            if self._peek() != ")":
                raise NoText("a group does not end")
            self.position += 1
            return text
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escaped()
        if sign == ".":
            return "A"
        if sign in "^$":
            return sign  # in XML Schema these are signs like others
        if sign in "*+?{}":
            raise NoText("counts nothing")
        return sign

    def _escaped(self) -> str:
        sign = self._take()
        if sign in "pP":
            raise NoText("names a category of signs")
        return _CONTROLS.get(sign, _ESCAPES.get(sign, sign))

    def _class(self) -> str:
        """One sign that stands in the class: a usual one if it can be."""
        end = self.position
        while end < len(self._pattern) and (
            self._pattern[end] != "]" or self._pattern[end - 1] == "\\"
        ):
            end += 1
        inside = self._pattern[self.position : end]
        self.position = end + 1
        if end >= len(self._pattern) or "[" in inside.replace("\\[", ""):
            raise NoText("a class does not end, or takes another away")
        for letter, signs in _CLASS_OF_ESCAPE.items():
            inside = inside.replace(f"\\{letter}", signs)
        try:
            accepts = re.compile(f"[{inside}]")
        except re.error as error:
            raise NoText("a class is not read") from error
        for sign in _PREFERRED + "".join(map(chr, range(33, 383))):
            if accepts.fullmatch(sign):
                return sign
        raise NoText("a class of rare signs")

    def _least(self) -> int:
        sign = self._peek()
        if sign in ("*", "?", "+"):
            self.position += 1
            return 1 if sign == "+" else 0
        if sign == "{":
            count = _COUNT.match(self._pattern, self.position)
            if count is None or len(count[1]) > 4:
                raise NoText("a count is not read")
            self.position = count.end()
            return int(count[1])
        return 1

    def _peek(self) -> str:
        return "" if self.at_end() else self._pattern[self.position]

    def _take(self) -> str:
        sign = self._peek()
        if not sign:
            raise NoText("ends too soon")
        self.position += 1
        return sign
