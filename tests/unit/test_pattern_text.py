"""A text for each pattern that contracts use; and an honest no for the rest."""

from __future__ import annotations

import re

import pytest

from samsvar.contracts.pattern_text import NoText, text_for


@pytest.mark.parametrize(
    "pattern",
    [
        r"[0-9]{12}",
        r"\d{8}",
        r"(19|20)\d\d(0[1-9]|1[0-2])\d{8}",
        r"SE[0-9]{10}-[A-Z0-9]+",
        r"[A-Z]{2}-\d{3,5}",
        r"a*b+c?",
        r"(ab|cd){2}(e|f)",
        r"[^0-9]{3}",
        r"\.\-\\",
        r"[\d\w]{4}",
        r"[åäö]",
        r"urn:riv:[a-z]+(:[a-z]+)*",
        r"",
    ],
)
def test_a_pattern_accepts_the_text_that_is_made_for_it(pattern: str) -> None:
    assert re.fullmatch(pattern, text_for(pattern))


@pytest.mark.parametrize(
    "pattern", [r"\p{Lu}+", r"[a-z-[aeiou]]", r"(ab", r"ab)", r"*a", r"a{99999}", r"[ab", "a\\"]
)
def test_a_pattern_that_is_not_read_is_said_to_be_none(pattern: str) -> None:
    with pytest.raises(NoText):
        text_for(pattern)


def test_a_pattern_cannot_make_a_text_without_end() -> None:
    """Counts inside counts: refused before the text is long."""
    with pytest.raises(NoText, match="too long"):
        text_for("((a{999}){999}){999}")
