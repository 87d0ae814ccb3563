"""How source systems spell a person's number, against the person who was asked about."""

from __future__ import annotations

from datetime import date

import pytest

from samsvar.adapter_api import PersonId, same_person, short_form, subject_of

PERSONNUMMER = "1.2.752.129.2.1.3.1"
SAMORDNINGSNUMMER = "1.2.752.129.2.1.3.3"
RESERVNUMMER = "1.2.752.113.11.0.2.1.1.1"
DAY = date(2026, 6, 1)
TEST = PersonId(PERSONNUMMER, "196501022773")
TOLVAN = PersonId(PERSONNUMMER, "191212121212")
RESERVE = PersonId(RESERVNUMMER, "19810829M071")


@pytest.mark.parametrize(
    ("person", "day", "written"),
    [
        (TEST, DAY, "650102-2773"),
        (TOLVAN, DAY, "121212+1212"),
        (TOLVAN, date(2011, 12, 31), "121212-1212"),
        (TOLVAN, date(2012, 1, 1), "121212+1212"),
        (PersonId(SAMORDNINGSNUMMER, "194100642398"), DAY, "410064-2398"),
        (RESERVE, DAY, "19810829M071"),
    ],
)
def test_the_mark_changes_with_the_year_of_a_hundred(
    person: PersonId, day: date, written: str
) -> None:
    """Plus from the year of the hundredth birthday; a reservnummer has no short form."""
    assert short_form(person, day) == written


@pytest.mark.parametrize(
    ("text", "asked", "day", "same"),
    [
        ("196501022773", TEST, None, True),
        (" 19650102-2773 ", TEST, None, True),
        ("650102-2773", TEST, DAY, True),
        ("650102 2773", TEST, DAY, True),
        ("650102-2773", TEST, None, False),
        ("650102+2773", TEST, DAY, False),
        ("650102-2774", TEST, DAY, False),
        ("121212+1212", TOLVAN, DAY, True),
        ("121212-1212", TOLVAN, DAY, False),
        ("1212121212", TOLVAN, DAY, False),
        ("19810829-m071", RESERVE, None, True),
        ("810829-M071", RESERVE, DAY, False),
        ("٦٥٠١٠٢-٢٧٧٣", TEST, DAY, False),
        ("", TEST, DAY, False),
    ],
)
def test_a_spelling_is_the_asked_person_only_beyond_doubt(
    text: str, asked: PersonId, day: date | None, same: bool
) -> None:
    """A century is never guessed; whoever cannot be told to be the person is somebody else."""
    assert same_person(text, asked, day) is same
    assert (subject_of(text, asked, day) == asked) is same


def test_somebody_else_can_never_be_asked_about() -> None:
    """The other subject keeps its spelling and shows it to nobody."""
    other = subject_of("320102-7723", TEST, DAY)

    assert other == PersonId("1.2.752.129.2.1.2.1", "not-asked:320102-7723")
    assert "7723" not in repr(other)
