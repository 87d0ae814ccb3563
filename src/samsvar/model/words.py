"""A text for people, in both languages of the house. Knows no text.

What is shown to people (console, alerts, refusals of a desk) is written in both where it arises;
whoever shows it chooses. Logs, metrics and interfaces for machines are in English.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["sv", "en"]


class Words(NamedTuple):
    """One text: Swedish first. ``t(*words)`` in a template."""

    swedish: str
    english: str

    def told(self, language: Language) -> str:
        """In that language."""
        return self.swedish if language == "sv" else self.english

    def __str__(self) -> str:
        """English, as in logs and interfaces."""
        return self.english


def joined(several: list[Words], between: str = "; ") -> Words:
    """Several texts as one."""
    return Words(
        between.join(each.swedish for each in several),
        between.join(each.english for each in several),
    )


class InWords(ValueError):
    """Base of errors that people read: ``words`` says why, and what to do."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.english)
        self.words = words
