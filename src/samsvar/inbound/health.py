"""What ``/health`` answers: whether the hub can serve, and whether its process still turns.

*Ready* means that a question that comes now can be answered; what is missing has a name. *Alive*
means that the process will come right by itself: a thread or a chore that has ended never does,
so it must be started anew. That the event loop turns needs no check: it is what answers. Knows
nothing of what it is told to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

Trouble = Callable[[], str]
"""What is wrong, in a few words; empty: nothing. Asks nobody, and is quick."""

_JSON = (b"content-type", b"application/json")
RETIRING = "hub: it has been told to stop"


@dataclass(slots=True)
class Health:
    """Of one process."""

    _needs: list[tuple[str, Trouble]] = field(default_factory=list)
    _vital: list[tuple[str, Trouble]] = field(default_factory=list)
    _retiring: bool = False

    def needs(self, name: str, trouble: Trouble) -> None:
        """Without this no question can be answered."""
        self._needs.append((name, trouble))

    def lives_by(self, name: str, trouble: Trouble) -> None:
        """Without this the process must be started anew."""
        self._vital.append((name, trouble))

    def retire(self) -> None:
        """It is about to stop: whoever chooses among hubs shall choose another."""
        self._retiring = True

    def missing(self) -> list[str]:
        """What the hub cannot serve without; empty: it is ready."""
        told = [RETIRING] if self._retiring else []
        return [*told, *_found(self._needs), *self.dead()]

    def dead(self) -> list[str]:
        """What has ended and does not come back; empty: it is alive."""
        return _found(self._vital)


def health_answer(
    missing: Sequence[str], processes: Mapping[str, int], notes: Sequence[str] = ()
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body. ``notes`` and ``processes`` are told if there are any."""
    state: dict[str, object] = {"status": "down" if missing else "up", "missing": list(missing)}
    if notes:
        state["notes"] = list(notes)
    if processes:
        state["processes"] = processes
    return (503 if missing else 200), [_JSON], orjson.dumps(state)


def _found(asked: list[tuple[str, Trouble]]) -> list[str]:
    return [f"{name}: {said}" for name, trouble in asked if (said := trouble())]
