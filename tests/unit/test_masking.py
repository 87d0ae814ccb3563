"""The last net: what could be a personal number is masked, what operators must read is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.observe.masking import masked
from samsvar.simulation import PEOPLE

FORMS = [
    form
    for each in PEOPLE
    if not each.number.startswith("99")  # Stockholm's have no century, and so no short form
    for form in (
        each.number,
        each.hyphenated,
        each.short,
        each.short.replace("+", "-"),
        each.number[2:],
        f"{each.number[:8]} {each.number[8:]}",
    )
]


@pytest.mark.parametrize("form", FORMS)
def test_every_way_to_write_a_persons_number_is_masked(form: str) -> None:
    """Alone, in a sentence, in a query, in XML, and between quotes."""
    for text in (form, f"about {form}, it says", f"?id={form}&x", f"<id>{form}</id>", f"'{form}'"):
        assert form not in masked(text)
        assert "<masked>" in masked(text)


def test_a_stockholm_reserve_number_is_masked() -> None:
    """It begins with 99."""
    assert masked("id 991981000010.") == "id <masked>."


@pytest.mark.parametrize(
    "text",
    [
        "SE2321000016-2X4B",
        "SE5565594230-SAMSVAR",
        "5565594230",
        "2026-11-21T23:08:08.123456Z",
        "20260914101500",
        "0b5c1d2e-1234-4abc-8def-191212121212",
        "1.2.752.129.2.1.3.1",
        "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
        "http://127.0.0.1:45001/x",
        "12345",
        "",
    ],
)
def test_what_operators_need_to_read_is_left_alone(text: str) -> None:
    """Addresses, organisation numbers, times, identifiers."""
    assert masked(text) == text


@given(
    before=st.text(alphabet=" ,;:/?=&<>\"'()[]\n\t", max_size=5),
    form=st.sampled_from(FORMS),
    after=st.text(alphabet=" ,;:/?=&<>\"'()[]\n\t", max_size=5),
)
def test_no_neighbour_that_is_no_letter_or_digit_hides_a_number(
    before: str, form: str, after: str
) -> None:
    """The rest of the text is kept as it was."""
    assert masked(before + form + after) == f"{before}<masked>{after}"


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """Whatever the text."""
    assert masked(masked(text)) == masked(text)
