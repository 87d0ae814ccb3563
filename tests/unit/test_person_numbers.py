"""Which numbers can exist, by whose they are; and which century a short one means."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.model import person_numbers as kinds
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import (
    PersonNumberInvalid,
    check,
    is_reserve,
    luhn,
)

OFFICIAL = [
    "193201027723",
    "193801029202",
    "194401077674",
    "195101151818",
    "196501022773",
    "199001012385",
    "199001032391",
    "200101012383",
    "200901072389",
    "201201252382",
    "201501012395",
    "201701012393",
    "201801012392",
    "202101012397",
    "202301012395",
    "189001019802",
    "191212121212",
]
COORDINATION = ["194100642398", "194101602391", "199008672397", "191500722390"]
RESERVE = [
    (kinds.NATIONAL_RESERVE, "198108320014"),
    (kinds.STOCKHOLM_RESERVE, "991981000010"),
    (kinds.STOCKHOLM_RESERVE, "991945000023"),
    (kinds.STOCKHOLM_RESERVE, "991993000032"),
    (kinds.VASTRA_GOTALAND_RESERVE, "19810829M071"),
    (kinds.VARMLAND_RESERVE, "19810829SU3A"),
    (kinds.NRID, "20812029AB12"),
    (kinds.LOCAL_NUMBER, "SE2321000016-2X4B-4711"),
    (kinds.DANISH_CPR, "2512489996"),
]
TODAY = date(2026, 3, 1)


def invalid(root: str, extension: str) -> str:
    with pytest.raises(PersonNumberInvalid) as caught:
        check(PersonId(root, extension))
    return str(caught.value)


@pytest.mark.parametrize(
    ("root", "extension"),
    [(kinds.PERSONNUMMER, number) for number in OFFICIAL]
    + [(kinds.SAMORDNINGSNUMMER, number) for number in COORDINATION]
    + RESERVE,
)
def test_every_published_test_number_can_exist(root: str, extension: str) -> None:
    check(PersonId(root, extension))


@pytest.mark.parametrize("number", OFFICIAL + COORDINATION)
def test_a_number_is_judged_by_whose_it_is_said_to_be(number: str) -> None:
    """A samordningsnummer is no personnummer, and the other way round."""
    other = kinds.SAMORDNINGSNUMMER if number in OFFICIAL else kinds.PERSONNUMMER

    assert invalid(other, number)


@given(
    root=st.sampled_from([kinds.PERSONNUMMER, kinds.SAMORDNINGSNUMMER]),
    place=st.integers(0, 9),
    step=st.integers(1, 9),
    data=st.data(),
)
def test_any_one_digit_changed_is_found(
    root: str, place: int, step: int, data: st.DataObject
) -> None:
    """Luhn's promise, over the ten digits that it covers."""
    number = data.draw(st.sampled_from(OFFICIAL if root == kinds.PERSONNUMMER else COORDINATION))
    digits = number[2:]
    changed = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]

    assert luhn(digits)
    assert not luhn(changed)
    with pytest.raises(PersonNumberInvalid):
        check(PersonId(root, number[:2] + changed))


@given(digits=st.text("0123456789", min_size=1, max_size=20))
def test_exactly_one_check_digit_is_right(digits: str) -> None:
    assert sum(luhn(f"{digits}{last}") for last in range(10)) == 1


def test_luhn_weighs_as_skatteverket_does() -> None:
    """Weights 2, 1, 2 ... over ten digits, and the digits of each product added."""
    weighed = [int(digit) * weight for digit, weight in zip("6501022773", [2, 1] * 5, strict=True)]
    total = sum(sum(int(digit) for digit in str(product)) for product in weighed)

    assert total % 10 == 0
    assert luhn("6501022773")


@given(extension=st.text(max_size=14))
def test_any_other_text_is_refused_and_never_repeated(extension: str) -> None:
    if extension in OFFICIAL:
        return
    told = invalid(kinds.PERSONNUMMER, extension)

    assert len(extension) < 5 or extension not in told


@pytest.mark.parametrize(
    ("root", "extension"),
    [
        (kinds.PERSONNUMMER, ""),
        (kinds.PERSONNUMMER, "6501022773"),
        (kinds.PERSONNUMMER, "19650102-2773"),
        (kinds.PERSONNUMMER, " 196501022773"),
        (kinds.PERSONNUMMER, "196501022773\n"),
        (kinds.PERSONNUMMER, "1965010227٧3"),
        (kinds.PERSONNUMMER, "１９６５０１０２２７７３"),
        (kinds.PERSONNUMMER, "176501022773"),
        (kinds.PERSONNUMMER, "202302292382"),
        (kinds.NATIONAL_RESERVE, "198108310016"),
        (kinds.STOCKHOLM_RESERVE, "991981000011"),
        (kinds.VASTRA_GOTALAND_RESERVE, "19810829M072"),
        (kinds.VASTRA_GOTALAND_RESERVE, "19810829A071"),
        (kinds.VARMLAND_RESERVE, "19810231SU3A"),
        (kinds.NRID, "20812029IO12"),
        (kinds.LOCAL_NUMBER, ""),
        (kinds.LOCAL_NUMBER, "a b"),
        (kinds.LOCAL_NUMBER, "x" * 65),
        (kinds.DANISH_CPR, "3102801234"),
        ("", "196501022773"),
    ],
)
def test_what_nobody_can_have_is_refused(root: str, extension: str) -> None:
    assert invalid(root, extension)


def test_only_personnummer_and_samordningsnummer_are_in_the_index() -> None:
    assert not is_reserve(kinds.PERSONNUMMER)
    assert not is_reserve(kinds.SAMORDNINGSNUMMER)
    assert all(is_reserve(root) for root, _ in RESERVE)
    assert is_reserve("9.9.9")


@pytest.mark.parametrize(("root", "number"), [*((kinds.PERSONNUMMER, n) for n in OFFICIAL)])
def test_a_number_tells_by_its_form_whose_it_is(root: str, number: str) -> None:
    """Where the OID is not said, the series that the number fits is taken."""
    assert kinds.told_by_form(number) == PersonId(root, number)


def test_a_number_that_fits_no_series_is_nobody() -> None:
    """No guess: the caller must say what it is."""
    assert kinds.told_by_form("191212121213") is None
