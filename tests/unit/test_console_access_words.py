"""What the access rules made of records, as the console tells it."""

from __future__ import annotations

import pytest

from samsvar.access import BY_ID, DEFAULT, Verdict
from samsvar.inbound.console.access_words import told


@pytest.mark.parametrize(
    ("counts", "swedish", "english"),
    [
        (
            "GATES ALLOW 1",
            "1 uppgift visas (inget villkor för system hindrade det)",
            "1 element shown (no condition for systems stood in the way)",
        ),
        (
            "GT7 MASK 1, VG1 ALLOW 3",
            "1 uppgift maskeras (regel GT7); 3 uppgifter visas (regel VG1, 2022:913 3:1)",
            "1 element masked (rule GT7); 3 elements shown (rule VG1, 2022:913 3:1)",
        ),
        (
            "DEFAULT DENY 2",
            "2 uppgifter visas inte (ingen regel tillåter det)",
            "2 elements not shown (no rule allows it)",
        ),
        ("of an older program", "of an older program", "of an older program"),
    ],
)
def test_counts_are_told_in_words_with_the_law_behind_them(
    counts: str, swedish: str, english: str
) -> None:
    assert told(counts) == (swedish, english)


@pytest.mark.parametrize("rule", [*BY_ID, DEFAULT, "GATES"])
@pytest.mark.parametrize("verdict", Verdict)
def test_every_rule_and_verdict_has_words_in_both_languages(rule: str, verdict: Verdict) -> None:
    words = told(f"{rule} {verdict} 2")

    assert words.swedish != words.english
    for text in words:
        assert text.startswith("2 ")
        assert verdict not in text
