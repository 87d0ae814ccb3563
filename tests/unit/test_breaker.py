"""The breaker as a machine: what opens it, what never does, and what it does in any order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from samsvar.model.breaker import Breaker, BreakerRule, Fared, Hold, State, Ticket

RULE = BreakerRule()


def asked(
    breaker: Breaker, how: Fared, at: float, *, person: int = 0, took: float = 0.0
) -> State | None:
    """One question, and what it made of the breaker."""
    ticket = breaker.admit(at)
    assert ticket is not None
    return breaker.fared(ticket, how, at + took, person)


def ill(breaker: Breaker, count: int, at: float = 0.0, step: float = 1.0) -> Iterator[State | None]:
    """So many ill calls about different persons, one each second."""
    for number in range(count):
        yield asked(breaker, Fared.ILL, at + number * step, person=number)


def opened(at: float = 0.0) -> Breaker:
    """One that has opened by itself; at ``at + 9``."""
    breaker = Breaker(RULE)
    assert list(ill(breaker, 10, at))[-1] is State.OPEN
    return breaker


def test_it_opens_when_all_is_ill() -> None:
    """At the tenth call, not before."""
    breaker = Breaker(RULE)

    became = list(ill(breaker, 10))

    assert became == [None] * 9 + [State.OPEN]
    assert breaker.admit(9.0) is None
    assert breaker.until(9.0) == 19.0


@pytest.mark.parametrize("slow", [1, 3, 9])
def test_a_few_slow_questions_never_open_it(slow: int) -> None:
    """Also if nothing else is asked."""
    breaker = Breaker(RULE)

    assert set(ill(breaker, slow)) == {None}
    assert breaker.admit(30.0) is not None


def test_one_slow_question_among_good_ones_never_opens_it() -> None:
    """A quarter of them ill, for a long time."""
    breaker = Breaker(RULE)
    for second in range(400):
        how = Fared.ILL if second % 4 == 0 else Fared.WELL
        assert asked(breaker, how, float(second), person=second) is None


def test_a_source_that_answers_half_of_the_time_is_asked() -> None:
    """Half of the answers is more than none."""
    breaker = Breaker(RULE)
    for second in range(400):
        how = Fared.ILL if second % 2 else Fared.WELL
        assert asked(breaker, how, float(second), person=second) is None


def test_one_person_whose_record_breaks_the_source_does_not_take_it_from_others() -> None:
    """However often somebody tries, and then a third person fails as well."""
    breaker = Breaker(RULE)
    for second in range(60):
        assert asked(breaker, Fared.ILL, float(second), person=second % 2) is None
    assert asked(breaker, Fared.ILL, 60.0, person=2) is State.OPEN


def test_a_blip_is_no_illness() -> None:
    """A hundred calls that break in the same second; had it lasted, it would have opened."""
    breaker = Breaker(RULE)
    tickets = [breaker.admit(0.0) for _ in range(100)]
    for number, ticket in enumerate(tickets):
        assert ticket is not None
        assert breaker.fared(ticket, Fared.ILL, 1.5, number) is None
    assert asked(breaker, Fared.ILL, 2.1, person=1) is State.OPEN


def test_what_was_long_ago_does_not_count() -> None:
    """Nine ill calls in the morning, and one at noon."""
    breaker = Breaker(RULE)
    list(ill(breaker, 9))

    assert asked(breaker, Fared.ILL, 8 + RULE.seconds + 1, person=99) is None


def test_a_probe_that_went_well_closes_it_at_once() -> None:
    """And what was counted before is forgotten."""
    breaker = opened()
    assert breaker.admit(18.9) is None

    probe = breaker.admit(19.0)

    assert probe is not None
    assert breaker.state(19.0) is State.HALF_OPEN
    assert breaker.admit(25.0) is None
    assert breaker.fared(probe, Fared.WELL, 25.0) is State.CLOSED
    assert set(ill(breaker, 9, 26.0)) == {None}


def test_each_probe_that_went_ill_doubles_the_time_up_to_the_longest() -> None:
    """10, 20, 40, 60, 60; and 10 again once it has been well."""
    breaker, at = opened(), 9.0
    waits = []
    for _ in range(5):
        until = breaker.until(at)
        assert until is not None
        waits.append(until - at)
        at = until
        probe = breaker.admit(at)
        assert probe is not None
        assert breaker.fared(probe, Fared.ILL, at) is State.OPEN
    assert waits == [10.0, 20.0, 40.0, 60.0, 60.0]
    at = breaker.until(at) or 0.0
    probe = breaker.admit(at)
    assert probe is not None
    breaker.fared(probe, Fared.WELL, at)
    list(ill(breaker, 10, at + 1))
    assert breaker.until(at + 10) == at + 20


def test_a_source_that_says_when_to_come_back_is_left_alone_so_long() -> None:
    """Up to the longest; and it alone opens nothing."""
    breaker = Breaker(RULE)
    ticket = breaker.admit(0.0)
    assert ticket is not None
    assert breaker.fared(ticket, Fared.ILL, 0.0, 0, 3600.0) is None
    list(ill(breaker, 8, 1.0))
    ticket = breaker.admit(10.0)
    assert ticket is not None
    assert breaker.fared(ticket, Fared.ILL, 10.0, 0, 25.0) is State.OPEN
    assert breaker.until(10.0) == 35.0
    probe = breaker.admit(35.0)
    assert probe is not None
    breaker.fared(probe, Fared.ILL, 35.0, 0, 3600.0)
    assert breaker.until(35.0) == 95.0


def test_a_probe_that_tells_nothing_lets_the_next_one_try() -> None:
    """The caller hung up."""
    breaker = opened()
    probe = breaker.admit(20.0)
    assert probe is not None

    assert breaker.fared(probe, Fared.NEITHER, 20.1) is None

    again = breaker.admit(20.2)
    assert again is not None
    assert again.probe


def test_a_call_from_before_it_opened_changes_nothing() -> None:
    """Neither does it close it, nor is it counted when it has closed."""
    breaker = Breaker(RULE)
    early = breaker.admit(0.0)
    assert early is not None
    list(ill(breaker, 10))

    assert breaker.fared(early, Fared.WELL, 15.0) is None
    assert breaker.state(15.0) is State.OPEN


def test_held_open_until_somebody_closes_it() -> None:
    """No time and no probe opens it."""
    breaker = Breaker(RULE)
    breaker.held(Hold(True, None))

    assert breaker.admit(1e9) is None
    breaker.held(None)
    assert breaker.admit(1e9) is not None


def test_held_closed_it_does_not_open() -> None:
    """Until the time is out; and not at once then."""
    breaker = Breaker(RULE)
    breaker.held(Hold(False, 50.0))
    assert set(ill(breaker, 40)) == {None}
    assert asked(breaker, Fared.ILL, 50.0, person=1000) is State.OPEN


class Machine(RuleBasedStateMachine):
    """Anything in any order, held against what a breaker promises."""

    def __init__(self) -> None:
        super().__init__()
        self.rule = BreakerRule(
            calls=6,
            seconds=50.0,
            least_calls=3,
            share=0.6,
            least_persons=1,
            least_seconds=0.5,
            open_seconds=4.0,
            longest_seconds=12.0,
        )
        self.breaker = Breaker(self.rule)
        self.now = 100.0
        self.out: list[Ticket] = []
        self.probes: list[Ticket] = []
        self.held: Hold | None = None

    @rule(seconds=st.floats(0.0, 20.0))
    def time_passes(self, seconds: float) -> None:
        """It never goes back."""
        self.now += seconds

    @rule()
    def somebody_asks(self) -> None:
        """Refused while open; let through while closed."""
        before = self.breaker.state(self.now)
        until = self.breaker.until(self.now)
        ticket = self.breaker.admit(self.now)
        held = self.breaker.hold(self.now)
        if held is not None:
            assert (ticket is None) == held.open
        elif before is State.CLOSED:
            assert ticket is not None
            assert not ticket.probe
        elif before is State.HALF_OPEN:
            assert ticket is None
        else:
            assert until is not None
            assert (ticket is not None) == (self.now >= until)
        if ticket is not None:
            (self.probes if ticket.probe else self.out).append(ticket)

    @precondition(lambda self: self.out)
    @rule(how=st.sampled_from(Fared), person=st.integers(0, 3), data=st.data())
    def a_call_ends(self, how: Fared, person: int, data: st.DataObject) -> None:
        """It may open it, never close it."""
        ticket = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        before = self.breaker.state(self.now)
        became = self.breaker.fared(ticket, how, self.now, person)
        assert became in (None, State.OPEN)
        if became is State.OPEN:
            assert how is Fared.ILL
            assert before is State.CLOSED
            assert self.breaker.admit(self.now) is None

    @precondition(lambda self: self.probes)
    @rule(how=st.sampled_from(Fared))
    def the_probe_ends(self, how: Fared) -> None:
        """Well: closed, unless somebody holds it open. Ill: open for longer."""
        probe = self.probes.pop()
        held = self.breaker.hold(self.now)
        became = self.breaker.fared(probe, how, self.now)
        if held is not None:
            return
        if how is Fared.WELL and became is not None:
            assert self.breaker.state(self.now) is State.CLOSED
        if how is Fared.ILL and became is not None:
            until = self.breaker.until(self.now)
            assert until is not None
            assert 4.0 <= until - self.now <= 12.0 + 1e-9

    @rule(opens=st.booleans(), seconds=st.none() | st.floats(0.1, 30.0))
    def somebody_holds_it(self, opens: bool, seconds: float | None) -> None:
        """With a time, or without."""
        self.held = Hold(opens, None if seconds is None else self.now + seconds)
        self.breaker.held(self.held)

    @rule()
    def somebody_lets_it_go(self) -> None:
        """As it finds for itself."""
        was_held = self.breaker.hold(self.now) is not None
        self.breaker.held(None)
        self.held = None
        if was_held:
            assert self.breaker.state(self.now) is State.CLOSED

    @rule(seconds=st.floats(-5.0, 30.0))
    def another_process_opens_it(self, seconds: float) -> None:
        """It cannot take a running probe away."""
        self.breaker.told_open(seconds, self.now)

    @rule()
    def another_process_closes_it(self) -> None:
        """A probe of before counts for nothing then."""
        self.breaker.told_closed()
        self.out += self.probes
        self.probes.clear()

    @invariant()
    def never_two_probes(self) -> None:
        """Of those whose outcome would still count."""
        counting = [one for one in self.probes if self.breaker.would_count(one)]
        assert len(counting) <= 1

    @invariant()
    def a_hold_ends_when_it_says(self) -> None:
        """To the moment."""
        held = self.held
        counts = held is not None and (held.until is None or self.now < held.until)
        assert (self.breaker.hold(self.now) is not None) == counts

    @invariant()
    def it_never_stays_open_by_itself_for_longer_than_it_may(self) -> None:
        """Somebody can try within the longest time, or is trying."""
        due = self.breaker.probe_due
        assert due is None or due <= self.now + self.rule.longest_seconds + 1e-9


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
