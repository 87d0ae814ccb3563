"""A case as text: facts by name in a JSON object, for people who want to try the rules.

Knows how each fact is written. Refuses what it does not know, all of it at once, and never
quotes a value: somebody may have put a person's number in the wrong place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, get_type_hints

from samsvar.access.facts import Facts
from samsvar.access.words import Truth

_OLDEST = 150
_LONGEST = 64
_WRITTEN = {True: Truth.YES, False: Truth.NO, None: Truth.UNKNOWN}


class CaseRefused(Exception):
    """The case cannot be read. ``faults`` names all that is wrong."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def _kinds() -> dict[str, Any]:
    hints = get_type_hints(Facts)
    return {one.name: hints[one.name] for one in fields(Facts) if one.init}


#: name of a fact -> its type
FACTS: Mapping[str, Any] = _kinds()


def facts_from(case: object) -> Facts:
    """The facts of a case. What is left out, or null, is unknown.

    Raises:
        CaseRefused: with every fault.
    """
    if not isinstance(case, dict):
        raise CaseRefused(["a case is one JSON object: facts by name"])
    unknown = sorted(str(name) for name in case if name not in FACTS)
    faults = [f"{_shown(name)}: no such fact" for name in unknown]
    values: dict[str, Any] = {}
    for name, kind in FACTS.items():
        if name in case:
            try:
                values[name] = _value(case[name], kind)
            except ValueError as error:
                faults.append(f"{name}: {error}")
    if faults:
        raise CaseRefused(faults)
    return Facts(**values)


def _value(written: object, kind: Any) -> object:
    if kind is Truth:
        if written is None or isinstance(written, bool):
            return _WRITTEN[written]
        raise ValueError("give true, false or null (not known)")
    if isinstance(kind, type) and issubclass(kind, Enum):
        if written is None:
            return kind("UNKNOWN")
        names = [str(one.value) for one in kind]
        if written in names:
            return kind(written)
        raise ValueError(f"give one of {', '.join(names)}")
    if written is None:
        return None
    if kind == int | None:
        if isinstance(written, int) and not isinstance(written, bool) and 0 <= written <= _OLDEST:
            return written
        raise ValueError(f"give a whole number of years, 0 to {_OLDEST}, or null")
    if isinstance(written, str) and 1 <= len(written) <= _LONGEST:
        return written
    raise ValueError(f"give a text of 1 to {_LONGEST} characters, or null")


def _shown(name: str) -> str:
    """A name from outside, if it can be nothing but a name."""
    fit = len(name) <= _LONGEST and name.isascii() and name.replace("_", "").isalpha()
    return name if fit else "(a key that is no name)"
