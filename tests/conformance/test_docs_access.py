"""``docs/access.md`` and the table of access rules say the same: rules, facts, words, questions."""

from __future__ import annotations

import re
from enum import Enum

import orjson

from samsvar.access import BY_ID, CAUTIOUS, QUESTIONS, RULES, Obligation, Truth, Verdict, decide
from samsvar.access.case import FACTS, facts_from
from tests.pages import DOCS, blocks, named, page, same, section, tables

PAGE = "access.md"


def _status(rule_id: str) -> str:
    rule = BY_ID[rule_id]
    return f"{rule.status}, {rule.question}" if rule.question else str(rule.status)


def test_each_rule_is_on_the_page_as_it_is() -> None:
    """Verdict, status, basis, meaning, configuration; and no rule that the program has not."""
    rows = list(tables(section(page(PAGE), "## Rules")))
    same([row["Rule"] for row in rows], set(BY_ID))
    for row in rows:
        rule = BY_ID[row["Rule"]]
        assert row["Verdict"] == str(rule.verdict or "none"), rule.id
        assert row["Status"] == _status(rule.id), rule.id
        assert row["Basis"] == rule.basis, rule.id
        assert row["Configuration"] == (rule.setting or "none"), rule.id
        says, _, more = row["Meaning"].partition(". ")
        assert says == rule.says, rule.id
        assert len(more) > 10, f"{rule.id}: say what it means"


def test_the_order_on_the_page_is_the_order_of_the_table() -> None:
    """Which rules stand in the phases that are listed by name."""
    told = section(page(PAGE), "## How the table is read")
    (order,) = re.findall(r"The order: (.*?)\. GT9", told, re.DOTALL)
    listed = [name for name in re.findall(r"[A-Z]{2}\d+", order) if not name.startswith("GT")]
    assert listed == [rule.id for rule in RULES if rule.id in listed]


def test_each_word_is_on_the_page() -> None:
    """Verdicts and obligations."""
    text = section(page(PAGE), "## How the table is read")
    same(named(text, "Verdict"), {str(one) for one in Verdict})
    same(named(text, "Obligation"), {str(one) for one in Obligation})


def test_each_fact_is_on_the_page() -> None:
    """With the values that it takes."""
    rows = {row["Fact"]: row["Values"] for row in tables(section(page(PAGE), "## Facts"))}
    assert list(rows) == list(FACTS)
    for name, kind in FACTS.items():
        if kind is Truth:
            assert rows[name] == "true, false", name
        elif isinstance(kind, type) and issubclass(kind, Enum):
            assert rows[name].split(", ") == [one.value for one in kind], name


def test_each_question_is_on_the_page_with_its_settings() -> None:
    """Those that rules stand under."""
    rows = list(tables(section(page(PAGE), "## Open questions")))
    assert {row["Question"]: row["What is asked"] for row in rows} == dict(QUESTIONS)
    for row in rows:
        settings = {one.strip("` ") for one in row["Settings"].split(",")}
        touched = {rule.setting for rule in RULES if rule.question == row["Question"]}
        assert settings == touched, row["Question"]


def test_the_case_of_the_page_is_decided_as_the_page_says() -> None:
    """And it is no longer so when any of its facts is taken away, but for one that none asks."""
    (block,) = blocks(DOCS / PAGE, "json")
    case = orjson.loads(block)
    decision = decide(facts_from(case), CAUTIOUS)
    assert (decision.verdict, decision.rule_id) == (Verdict.ALLOW, "VG1")
    without = {
        name
        for name in case
        if decide(facts_from({key: case[key] for key in case if key != name}), CAUTIOUS) == decision
    }
    assert without == {"emergency"}
