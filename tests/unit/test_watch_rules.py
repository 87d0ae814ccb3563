"""Rules about producers and the hub: when each opens and closes, by figures alone."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from samsvar.model.exchange import Reason
from samsvar.model.log_size import RoutingLogSize
from samsvar.model.words import Words
from samsvar.settings import RuleId
from samsvar.watch.figures import MEANS, Hour, Run, median, together
from samsvar.watch.house_rules import HouseFigures, of_house
from samsvar.watch.judging import (
    HUB,
    Finding,
    Picture,
    of_producers,
    persons_needed,
    unlikely,
)
from samsvar.watch.rules import RULES, THRESHOLDS
from samsvar.watch.usual import hour_before, key_of, same_hours, usual
from tests.watching import NOW, answered, every_rule, hour, run_of, weeks


def test_every_rule_can_hold_and_says_why_in_both_languages() -> None:
    """One sentence in each, and not the same one."""
    findings = every_rule("p")
    assert set(findings) == set(RULES)
    for finding in findings.values():
        swedish, english = finding.reason
        assert swedish
        assert english
        assert swedish != english
    for rule in RULES.values():
        assert rule.title.swedish != rule.title.english


def found(picture: Picture, rule: str) -> Finding:
    (one,) = (
        each for each in of_producers({"p": picture}) if (each.rule, each.subject) == (rule, "p")
    )
    return one


def picture(hours: dict[str, Hour], run: Run = Run(), *, planned: bool = False) -> Picture:  # noqa: B008
    return Picture("p", NOW, hours, run, planned)


EMPTY, GOOD, LATE = Reason.ANSWERED_EMPTY, Reason.ANSWERED, Reason.LATE


def test_the_settings_name_the_rules_that_there_are() -> None:
    assert set(get_args(RuleId)) == set(RULES)


def test_each_reason_counts_or_says_nothing() -> None:
    """A new reason is met here: is it an answer, a failure, or was the producer not asked?"""
    not_asked = {
        "not-indexed",
        "no-route",
        "not-permitted",
        "own-address",
        "filtered-by-source",
        "disabled",
        "breaker-open",
        "busy",
    }
    assert {reason.value for reason in Reason} - {reason.value for reason in MEANS} <= not_asked
    assert not not_asked & {reason.value for reason in MEANS}


@pytest.mark.parametrize(("share", "persons"), [(1.0, 10), (0.8, 13), (0.5, 30), (0.05, 405)])
def test_so_many_persons_in_a_row_are_no_chance(share: float, persons: int) -> None:
    """Once in a thousand million, and never fewer than ten."""
    assert persons_needed(share) == persons
    if share < 0.9:
        assert (1 - share) ** persons <= THRESHOLDS.chance < (1 - share) ** (persons - 1)


def test_the_bound_is_never_bolder_than_the_exact_chance() -> None:
    """Chernoff's bound lies above the binomial tail, for all small cases."""
    for share in (0.1, 0.35, 0.6, 0.9):
        for answers in (30, 80):
            tail = 0.0
            for records in range(answers):
                chance = math.comb(answers, records)
                tail += chance * share**records * (1 - share) ** (answers - records)
                if unlikely(records, answers, share):
                    assert tail < THRESHOLDS.chance
    assert unlikely(0, 40, 0.6)


def test_a_source_that_answers_with_nothing_is_found_after_just_so_many_persons() -> None:
    """One person fewer says nothing yet."""
    hours = weeks(hour(records=32, empty=8))
    needed = persons_needed(0.8)
    few = run_of((GOOD, "z"), *((EMPTY, f"{n}") for n in range(needed - 1)))
    enough = few.then(answered(EMPTY, "last"))
    assert found(picture(hours, few), "answers-empty").holds is None
    finding = found(picture(hours, enough), "answers-empty")
    assert finding.holds
    assert "about 13 persons" in finding.reason.english
    assert "usually 80%" in finding.reason.english


def test_somebody_who_asks_again_and_again_about_one_person_is_no_silence() -> None:
    """A thousand empty answers about one person are one person."""
    run = run_of(*((EMPTY, "the same") for _ in range(1000)))
    assert found(picture(weeks(hour(records=32, empty=8)), run), "answers-empty").holds is None


def test_a_share_that_has_halved_is_found_without_an_unbroken_run() -> None:
    """Every fifth still has records."""
    hours = weeks(hour(records=32, empty=8)) | {key_of(NOW): hour(records=20, empty=80)}
    reasons = [(GOOD if n % 5 == 0 else EMPTY, str(n)) for n in range(40)]
    assert found(picture(hours, run_of(*reasons)), "answers-empty").holds


def test_what_has_ended_is_closed_only_when_records_come_as_usual() -> None:
    """One record is not the end of it; twenty answers, half of the usual share, are."""
    hours = weeks(hour(records=32, empty=8)) | {key_of(NOW): hour(records=6, empty=60)}
    first = run_of(*((EMPTY, str(n)) for n in range(40)), (GOOD, "x"))
    assert found(picture(hours, first), "answers-empty").holds is not False
    for _ in range(20):
        first = first.then(answered(GOOD))
    assert found(picture(hours, first), "answers-empty").holds is False


def test_a_run_of_empty_answers_has_not_become_usual_meanwhile() -> None:
    """A source of a day: its baseline leaves the run out."""
    hours = {key_of(NOW): hour(records=40, empty=400)}
    run = run_of(*((EMPTY, str(n)) for n in range(400)))
    expected = usual(hours, run, NOW)
    assert expected is not None
    assert (expected.share, expected.basis) == (1.0, "days")
    assert found(picture(hours, run), "answers-empty").holds


def test_a_source_that_never_had_anything_though_the_index_names_it() -> None:
    """Nothing is known of what is usual: fifty persons, all led there by the index."""
    run = run_of(*((EMPTY, str(n)) for n in range(49)))
    hours = {key_of(NOW): hour(empty=49)}
    assert found(picture(hours, run), "indexed-empty").holds is None
    assert found(picture(hours, run.then(answered(EMPTY, "one"))), "indexed-empty").holds
    direct = run.then(answered(EMPTY, "one", led=False))
    assert not found(picture(hours, direct), "indexed-empty").holds
    assert found(picture(hours, run.then(answered(GOOD))), "indexed-empty").holds is False


def test_one_source_that_nobody_is_led_to_is_found_and_a_quiet_hub_is_one_alert() -> None:
    """Both were busy in that hour, each week."""
    busy, silent = weeks(hour(records=20)), weeks(hour(records=20))
    busy[hour_before(NOW)] = hour(records=20)
    both = {"p": picture(silent), "q": Picture("q", NOW, busy, Run())}
    held = {(one.rule, one.subject) for one in of_producers(both) if one.holds}
    assert held == {("gone-quiet", "p")}
    both["q"] = Picture("q", NOW, weeks(hour(records=20)), Run())
    held = {(one.rule, one.subject) for one in of_producers(both) if one.holds}
    assert held == {("hub-quiet", HUB)}


def test_a_morning_that_has_just_begun_is_not_quiet() -> None:
    """Busy from eight: at half past eight the whole hour before was never busy."""
    hours = dict.fromkeys(same_hours(NOW), hour(records=50))
    hours["2026-04-01T00"] = hour(records=1)
    assert found(picture(hours), "gone-quiet").holds is not True


def test_a_producer_out_of_service_raises_nothing_and_closes_what_is_open() -> None:
    """Whatever its figures say; and an hour in which it rested is no quiet one afterwards."""
    run = run_of(*((EMPTY, str(n)) for n in range(40)))
    resting = picture(weeks(hour(records=32, empty=8)), run, planned=True)
    findings = list(of_producers({"p": resting}))
    assert {one.holds for one in findings} == {False}
    assert {str(one.reason) for one in findings if one.subject == "p"} == {
        "out of service with notice"
    }
    rested = weeks(hour(records=20)) | {hour_before(NOW): Hour(planned=30)}
    assert found(picture(rested), "gone-quiet").holds is False


def test_slower_opens_at_three_times_the_usual_and_closes_below_twice() -> None:
    known = weeks(hour(records=40, seconds=0.7))
    slow = picture(known | {key_of(NOW): hour(records=40, seconds=4.0)})
    assert found(slow, "slower").holds
    between = picture(known | {key_of(NOW): hour(records=40, seconds=2.0)})
    assert found(between, "slower").holds is None
    quick = picture(known | {key_of(NOW): hour(records=40, seconds=0.7)})
    assert found(quick, "slower").holds is False
    little = picture(known | {key_of(NOW): hour(records=5, seconds=9.0)})
    assert found(little, "slower").holds is None


def test_failing_opens_by_a_run_or_by_a_share_and_closes_when_it_answers() -> None:
    ten = run_of(*((LATE, "a") for _ in range(10)))
    assert found(picture({}, ten), "failing").holds
    assert found(picture({}, run_of(*((LATE, "a") for _ in range(9)))), "failing").holds is None
    mixed = run_of(*((LATE if n % 3 == 0 else GOOD, "a") for n in range(40)))
    hours = weeks(hour(records=40, failed=1)) | {key_of(NOW): hour(records=28, failed=13)}
    assert found(picture(hours, mixed), "failing").holds
    for _ in range(20):
        mixed = mixed.then(answered(GOOD))
    assert found(picture(hours, mixed), "failing").holds is False


def test_usual_is_the_lower_quartile_of_the_same_hour_by_the_clock_on_the_wall() -> None:
    """Over a change to summer time the hour's name in UTC moves."""
    keys = same_hours(datetime(2026, 4, 1, 6, 10, tzinfo=UTC))  # 08:10 in Sweden
    assert keys[0] == "2026-03-25T07"
    shares = [(10, 30), (20, 20), (30, 10), (40, 0), (40, 0), (40, 0)]
    hours = {
        key: hour(records=r, empty=e) for key, (r, e) in zip(same_hours(NOW), shares, strict=True)
    }
    expected = usual(hours, Run(), NOW)
    assert expected is not None
    assert (expected.share, expected.asked, expected.basis) == (0.5, 40, "weeks")
    assert usual({}, Run(), NOW) is None
    assert usual({key_of(NOW): hour(records=29)}, Run(), NOW) is None


def test_the_middle_is_found_in_the_buckets() -> None:
    assert median(Hour().buckets) is None
    whole = together([hour(records=1, seconds=0.02), hour(records=3, seconds=0.3)])
    assert median(whole.buckets) == pytest.approx(0.25 + 0.25 / 3)
    assert median(hour(records=4, seconds=500).buckets) == 30.0


HOUSE = HouseFigures(NOW, disk_total=100, disk_free=50)


def held(figures: HouseFigures) -> set[tuple[str, str]]:
    return {(one.rule, one.subject) for one in of_house(figures) if one.holds}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, set()),
        ({"certificates": {"p": NOW + timedelta(days=31)}}, set()),
        ({"certificates": {"p": NOW + timedelta(days=30)}}, {("certificate-ends", "p")}),
        ({"certificates": {"p": NOW + timedelta(days=7)}}, {("certificate-ended", "p")}),
        ({"certificates": {"p": NOW - timedelta(days=7)}}, {("certificate-ended", "p")}),
        ({"unsigned": 5, "unsigned_since": NOW - timedelta(minutes=14)}, set()),
        (
            {"unsigned": 5, "unsigned_since": NOW - timedelta(minutes=15)},
            {("heads-unsigned", HUB)},
        ),
        ({"outbox_oldest": NOW - timedelta(minutes=59)}, set()),
        ({"outbox_oldest": NOW - timedelta(minutes=60)}, {("outbox-growing", HUB)}),
        ({"dead_letters": 1}, {("outbox-growing", HUB)}),
        ({"log_waiting": 9}, set()),
        ({"log_dead": 1}, {("given-up", HUB)}),
        ({"broker_dead": 1}, {("given-up", HUB)}),
        ({"register_notes": (Words("för gammalt", "too old"),)}, {("register-old", HUB)}),
        ({"disk_free": 9}, {("disk-filling", HUB)}),
        ({"growth": 3.6}, {("disk-filling", HUB)}),
        ({"growth": 3.0}, set()),
        ({"growth": -3.0}, set()),
        ({"behind": 10_000}, {("log-behind", HUB)}),
        ({"routing_log": RoutingLogSize(3, 21, 14, 100, 7)}, set()),
        ({"routing_log": RoutingLogSize(3, 24, 14, 100, 8)}, {("routing-log-short", HUB)}),
        ({"routing_log": RoutingLogSize(1, 101, 14, 100)}, {("routing-log-short", HUB)}),
    ],
)
def test_each_rule_about_the_hub_has_its_threshold(
    changes: dict[str, object], rules: set[tuple[str, str]]
) -> None:
    assert held(replace(HOUSE, **changes)) == rules  # type: ignore[arg-type]
