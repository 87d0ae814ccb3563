"""JSON that two readers cannot understand differently: no name twice, no NaN, an object whole."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def strict_object(data: bytes) -> dict[str, Any]:
    """The object. How large it may be is the caller's to judge.

    Raises:
        ValueError: it is none; the text never quotes it.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_constant
        )
    except _NameTwice:
        raise ValueError("a name stands twice in its JSON") from None
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - outside input
    return value


class _NameTwice(ValueError):
    """Readers differ in which of them counts."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NameTwice
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError
