"""So many in a second, so many in a minute; each for itself; and a clock that a test turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samsvar.inbound.admin.rates import Rates


class Turned:
    """Monotonic seconds, as a test says."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def come(rates: Rates, who: str, times: int) -> int:
    """How many of so many are let in."""
    let_in = 0
    for _ in range(times):
        if rates.wait(who) == 0:
            rates.note(who)
            let_in += 1
    return let_in


def test_twenty_in_a_second_and_six_hundred_in_a_minute() -> None:
    """The bounds themselves, and when they are over."""
    clock = Turned()
    rates = Rates(clock)

    assert come(rates, "a", 25) == 20
    assert rates.wait("a") == 1
    clock.at += 1.001
    assert come(rates, "a", 25) == 20
    for _ in range(40):
        clock.at += 1.001
        come(rates, "a", 25)
    assert rates.wait("a") > 1
    clock.at += rates.wait("a")
    assert rates.wait("a") == 0


def test_each_is_counted_for_itself() -> None:
    """One who is eager does not stop another."""
    rates = Rates(Turned())

    assert come(rates, "a", 25) == 20
    assert come(rates, "b", 25) == 20


def test_who_has_not_been_here_for_longest_is_forgotten_when_there_are_too_many() -> None:
    """Memory has a bound, however many addresses there are."""
    rates = Rates(Turned(), per_second=1)
    for number in range(10_001):
        rates.note(f"address {number}")

    assert rates.wait("address 0") == 0
    assert rates.wait("address 1") == 1
    assert rates.wait("address 10000") == 1


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=200))
def test_no_window_ever_holds_more_than_its_bound(pauses: list[float]) -> None:
    """Whatever the pauses: any second holds at most 3, any minute at most 20."""
    clock = Turned()
    rates = Rates(clock, per_second=3, per_minute=20)
    let_in: list[float] = []
    for pause in pauses:
        clock.at += pause
        if come(rates, "a", 1):
            let_in.append(clock.at)

    for begin in let_in:
        assert sum(begin <= at < begin + 1 for at in let_in) <= 3
        assert sum(begin <= at < begin + 60 for at in let_in) <= 20
