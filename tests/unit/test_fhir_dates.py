"""Search by date, held to the standard's words on each prefix."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.inbound.fhir.dates import ALWAYS, asked, span
from samsvar.inbound.users.refusal import Refusal

DAY = span(date(2026, 11, 20), date(2026, 11, 20))
OPEN = span(date(2026, 11, 20), None)
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "day", "open_ended"),
    [
        ("2026-11-20", True, False),
        ("eq2026-11", True, False),
        ("2026", True, False),
        ("2026-11-19", False, False),
        ("ne2026-11-19", True, True),
        ("ge2026-11-20", True, True),
        ("ge2026-11-21", False, True),
        ("gt2026-11-20", False, True),
        ("gt2026-11-19", True, True),
        ("le2026-11-20", True, True),
        ("le2026-11-19", False, False),
        ("lt2026-11-20", False, False),
        ("lt2026-11-21", True, True),
        ("sa2026-11-19", True, True),
        ("sa2026-11-20", False, False),
        ("eb2026-11-21", True, False),
        ("eb2026-11-20", False, False),
    ],
)
def test_each_prefix(value: str, day: bool, open_ended: bool) -> None:
    assert asked(value).fits(DAY) is day
    assert asked(value).fits(OPEN) is open_ended


def test_a_day_is_swedens_and_a_time_has_its_zone() -> None:
    midnight = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)  # 00:00 in Sweden
    assert asked("2026-11-20").fits((midnight, midnight + timedelta(seconds=1)))
    assert not asked("2026-11-19").fits((midnight, midnight + timedelta(seconds=1)))
    assert asked("2026-11-20T09:30:00Z").fits((MOMENT, MOMENT + timedelta(seconds=1)))
    assert asked("2026-11-20T10:30+01:00").fits((MOMENT, MOMENT + timedelta(seconds=1)))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "today",
        "20261120",
        "2026-13",
        "2026-02-30",
        "2026-11-20T09:30",
        "xx2026",
        "2026-11-20T25:00:00Z",
        "0000",
        "9999-12-31T23:59:59Z",
        "2026-1-1",
    ],
)
def test_what_is_no_date_is_refused(value: str) -> None:
    if value == "9999-12-31T23:59:59Z":
        with pytest.raises(Refusal):
            asked("9999-12-31")
        return
    with pytest.raises(Refusal, match="date:"):
        asked(value)


@given(st.text(max_size=30))
def test_nothing_but_a_refusal_comes_of_any_text(value: str) -> None:
    with contextlib.suppress(Refusal):
        asked(value)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_ge_and_le_together_are_overlap(first: date, second: date) -> None:
    first, last = sorted((first, second))
    its = span(first, last)
    assert asked(f"ge{first}").fits(its)
    assert asked(f"le{last}").fits(its)
    assert asked(f"sa{last}").fits(its) is False
    assert asked(f"eb{first}").fits(its) is False


def test_what_has_no_times_is_always() -> None:
    assert span(None, None) == ALWAYS
    assert asked("ge2026").fits(ALWAYS)
    assert not asked("2026").fits(ALWAYS)
