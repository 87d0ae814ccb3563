"""Two evaluations of the access rules, made apart, agree on whatever they are asked.

One is the program, the other ``tests/access_oracle.py`` with its table of data.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

import pytest

from samsvar.access import BY_ID, CAUTIOUS, RULES, SWITCHES, Facts, Policy, Verdict, decide
from samsvar.access.case import FACTS
from tests.access_cases import BASES
from tests.access_oracle import rules_of_the_table, second_opinion

CASES = 100_000
#: so that each rule is met: what nearly fits is rare among facts drawn blindly
CHANGES = (0, 1, 1, 2, 2, 3, 4, 6, 9)
FEW = ["SE2129999997-A", "se2129999997-a", "SE2129999955-B", None]


def _values(name: str) -> list[Any]:
    kind = FACTS[name]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)
    return [None, 0, 5, 12, 13, 14, 15, 16, 17, 18, 40] if name == "age" else FEW


def _cases(seed: int, count: int) -> Iterator[tuple[Facts, Policy]]:
    chance = random.Random(seed)
    values = {name: _values(name) for name in FACTS}
    names, bases = list(FACTS), list(BASES.values())
    for number in range(count):
        told: dict[str, Any] = dict(chance.choice(bases))
        for name in chance.sample(names, chance.choice(CHANGES)):
            told[name] = chance.choice(values[name])
        if number % 50 == 0:  # some blindly, all the same
            told = {name: chance.choice(values[name]) for name in names}
        on = {name: chance.random() < 0.3 for name in SWITCHES} if number % 2 else {}
        yield Facts(**told), Policy.of(on)


def _in_words(facts: Facts) -> dict[str, str]:
    words: dict[str, str] = {}
    for name in FACTS:
        value = getattr(facts, name)
        words[name] = "none" if value is None else str(getattr(value, "value", value))
    return words


def _agree(facts: Facts, policy: Policy) -> str:
    """The rule that both name."""
    decision = decide(facts, policy)
    settings = {name: "on" if policy.turned(name) else "off" for name in SWITCHES}
    expected = second_opinion(_in_words(facts), settings)
    assert (decision.verdict.value, decision.rule_id) == expected, (facts, policy)
    return decision.rule_id


@pytest.mark.slow
def test_two_evaluations_agree_on_a_hundred_thousand_cases() -> None:
    """Verdict and rule, under many configurations; every rule that decides is met."""
    met = Counter(_agree(facts, policy) for facts, policy in _cases(20221101, CASES))
    assert met.total() == CASES
    deciding = {rule.id for rule in RULES if rule.verdict is not None or rule.switch is not None}
    assert set(met) == deciding | {"DEFAULT"}
    assert min(met.values()) >= 20


@pytest.mark.slow
def test_two_evaluations_agree_on_every_single_change() -> None:
    """Of every case and near miss: each fact, each value, with no setting on and with all."""
    everything = Policy.of(dict.fromkeys(SWITCHES, True))
    for told in BASES.values():
        for name in FACTS:
            for value in _values(name):
                facts = Facts(**{**told, name: value})
                _agree(facts, CAUTIOUS)
                _agree(facts, everything)


def test_knowing_less_never_opens() -> None:
    """A fact taken away: what was not allowed is not. Random facts, many configurations.

    But for VG6: whoever does not claim an emergency is held to the rules for none.
    """
    chance, unknown = random.Random(7), Facts()
    refused = 0
    for facts, policy in _cases(20230101, 20_000):
        decision = decide(facts, policy)
        if decision.verdict is Verdict.ALLOW or decision.rule_id == "VG6":
            continue
        refused += 1
        for name in chance.sample(list(FACTS), 8):
            less = decide(replace(facts, **{name: getattr(unknown, name)}), policy)
            assert less.verdict is not Verdict.ALLOW, (name, facts, policy)
    assert refused > 10_000


def test_the_second_table_knows_the_same_rules() -> None:
    """All but GT9, which decides nothing."""
    assert rules_of_the_table() == set(BY_ID) - {"GT9"}
