"""The menu: what a role may see, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.onboarding.roles import Right, User


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the console."""

    path: str
    sign: str
    swedish: str
    english: str
    right: Right | None
    here: bool = False


_ALL = (
    Entry("", "home", "Översikt", "Overview", Right.SEE_STATUS),
    Entry("/questions", "list", "Frågor", "Questions", Right.READ_QUESTIONS),
    Entry("/tail", "pulse", "Direkt", "Live", Right.READ_QUESTIONS),
    Entry("/producers", "server", "Producenter", "Producers", Right.SEE_PRODUCERS),
    Entry("/registry", "book", "Register", "Registry", Right.SEE_REGISTRY),
    Entry("/queues", "inbox", "Köer", "Queues", Right.SEE_QUEUES),
    Entry("/access-log", "shield", "Åtkomstlogg", "Access log", Right.SEE_LOG_STATE),
    Entry("/diagnostics", "tools", "Felsökning", "Diagnostics", Right.DIAGNOSE),
)


def menu(user: User, below: str) -> tuple[Entry, ...]:
    """Where the user may go, with where the user is."""
    shown = [entry for entry in _ALL if entry.right is None or user.may(entry.right)]
    inside = below.rstrip("/")
    return tuple(
        Entry(
            entry.path,
            entry.sign,
            entry.swedish,
            entry.english,
            entry.right,
            inside == entry.path or (entry.path != "" and inside.startswith(entry.path + "/")),
        )
        for entry in shown
    )
