"""A contract file in the making: its tables, and what could not be decided.

Knows how the file is written, and that an open question keeps it from being served. Knows
nothing of where the values come from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from samsvar.contracts.contract_file import QUESTION
from samsvar.model.identifiers import ContractUrn

Value = str | bool | list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """What could not be decided: the key it is about, and the sentence."""

    key: str
    text: str


@dataclass(slots=True)
class Proposal:
    """A contract file in the making. Tables by name; ``top`` is the keys before them."""

    name: str
    urn: ContractUrn
    tables: dict[str, dict[str, Value]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was decided and ought to be known."""

    def ask(self, key: str, text: str) -> None:
        """Note a question about a key."""
        self.questions.append(Question(key, text))

    def toml(self, *, answered: bool) -> str:
        """The file. ``answered``: the best guesses are taken, and marked as such."""
        lines = ["# What the hub must know of the contract and the WSDL does not say."]
        mark = "# GUESSED:" if answered else QUESTION
        asked: dict[str, list[str]] = {}
        for question in self.questions:
            asked.setdefault(question.key, []).append(f"{mark} {question.text}")
        for table, keys in self.tables.items():
            if table != "top":
                lines += ["", f"[{table}]"]
            for key, value in keys.items():
                lines += asked.pop(key if table == "top" else f"{table}.{key}", [])
                lines.append(f"{key} = {_written(value)}")
        return "\n".join([*lines, *(line for rest in asked.values() for line in rest)]) + "\n"


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
