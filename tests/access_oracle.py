"""The access rules once more, as data: ``tests/data/access/table.csv``, read by a few lines.

Written from the law's table, and not from the program: nothing of ``samsvar.access`` is used
here. Facts come as plain words. The first row that fits decides, and no row is DENY.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "access"

Words = Mapping[str, str]
Terms = tuple[tuple[str, bool, frozenset[str]], ...]

PROVIDER_OF = {"VG_STAFF": "VG", "OG_STAFF": "OG"}


def second_opinion(facts: Words, settings: Words) -> tuple[str, str]:
    """Verdict and rule."""
    known = {**facts, **settings, **_derived(facts, settings)}
    for name, actors, verdict, terms in _rows():
        if actors and facts["actor_kind"] not in actors:
            continue
        if all((known[key] in values) is wanted for key, wanted, values in terms):
            return verdict, name
    return "DENY", "DEFAULT"


def _derived(facts: Words, settings: Words) -> dict[str, str]:
    same = _same(facts["actor_provider"], facts["owner_provider"])
    kind = PROVIDER_OF.get(facts["actor_kind"])
    if same == "YES" and kind is not None:
        same = {kind: "YES", "UNKNOWN": "UNKNOWN"}.get(facts["owner_kind"], "NO")
    both_units = _same(facts["actor_unit"], facts["owner_unit"]) == "YES"
    undecided = settings["care_coordination"] == "off" and facts["purpose"] == "CARE_COORDINATION"
    return {
        "same": same,
        "unit": "own" if same == "YES" and both_units else "other",
        "undecided_purpose": "yes" if undecided else "no",
        "reader": _reader(facts, settings),
    }


def _reader(facts: Words, settings: Words) -> str:
    if facts["age"] == "none":
        return "nobody"
    age, exception = int(facts["age"]), facts["unit_exception"] == "YES" and int(facts["age"]) >= 13
    if facts["actor_kind"] == "CITIZEN":
        young = exception and settings["young_citizens"] == "on"
        return "old_enough" if age > 15 or young else "nobody"
    extended = exception and age < 16 and settings["guardians_of_teenagers"] == "on"
    return "guardian_of_child" if age < 13 or extended else "nobody"


def _same(one: str, other: str) -> str:
    if "none" in (one, other):
        return "UNKNOWN"
    return "YES" if one.casefold() == other.casefold() else "NO"


@cache
def _rows() -> tuple[tuple[str, frozenset[str], str, Terms], ...]:
    words = {row["word"]: row["means"] for row in _read("words.csv")}
    return tuple(
        (
            row["id"],
            frozenset() if row["actors"] == "*" else frozenset(row["actors"].split()),
            row["verdict"],
            tuple(
                _term(term)
                for word in row["when"].split()
                for term in words.get(word, word).split()
            ),
        )
        for row in _read("table.csv")
    )


def _term(text: str) -> tuple[str, bool, frozenset[str]]:
    key, sign, values = text.partition("!=") if "!=" in text else text.partition("=")
    low, dots, high = values.partition("..")
    if dots:
        return key, True, frozenset(str(age) for age in range(int(low), int(high) + 1))
    return key, sign == "=", frozenset(values.split("|"))


def _read(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def rules_of_the_table() -> set[str]:
    """Every rule that decides, by its id."""
    return {row["id"] for row in _read("table.csv")}
