"""Text from source systems, made plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.adapter_api import plain_text


@pytest.mark.parametrize(
    ("rich", "plain"),
    [
        (r"{\rtf1\ansi Hj\'e4lp vid m\'e5ltider\par}", "Hjälp vid måltider"),
        (
            r"{\rtf1{\fonttbl{\f0 Arial;}{\f1 Times;}}{\*\generator Riched20;}Bor \b ensam}",
            "Bor ensam",
        ),
        (r"{\rtf1 D\u228?rf\u246?r\line nu}", "Därför\nnu"),
        (r"{\rtf1 \{a\} \\ b\tab c}", "{a} \\ b c"),
        (r"{\rtf1 \u-10179?\u-8704?}", "\U0001f600"),
        (r"{\rtf1 \u-10179?}", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_rtf_becomes_the_words_that_it_shows(rich: str, plain: str) -> None:
    """Swedish letters in either spelling, breaks, and none of its fonts."""
    assert plain_text(rich) == plain


@given(words=st.text(max_size=60))
def test_any_rtf_becomes_text_that_can_be_written(words: str) -> None:
    """Whatever stands in it, the result can be encoded."""
    plain_text("{\\rtf1 " + words + "}").encode("utf-8")
