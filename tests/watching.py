"""Figures of producers and of a hub, as the watcher keeps them; and a finding of every rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from samsvar.model.exchange import Reason
from samsvar.model.log_size import RoutingLogSize
from samsvar.model.words import Words
from samsvar.watch.figures import Answered, Hour, Run
from samsvar.watch.house_rules import HouseFigures, of_house
from samsvar.watch.judging import Finding, Picture, of_producers
from samsvar.watch.usual import key_of, same_hours

NOW = datetime(2026, 6, 10, 8, 30, tzinfo=UTC)


def answered(
    reason: Reason = Reason.ANSWERED, person: str = "a", *, led: bool = True, seconds: float = 0.1
) -> Answered:
    return Answered("p", reason, "2026-06-10T08:00:00+00:00", led, person, seconds)


def hour(records: int = 0, empty: int = 0, failed: int = 0, seconds: float = 0.1) -> Hour:
    made = Hour()
    for count, reason in (
        (records, Reason.ANSWERED),
        (empty, Reason.ANSWERED_EMPTY),
        (failed, Reason.LATE),
    ):
        for _ in range(count):
            made.add(answered(reason, seconds=seconds))
    return made


def weeks(figures: Hour, moment: datetime = NOW) -> dict[str, Hour]:
    """The same in this hour, and in the one before, of each week before."""
    keys = [*same_hours(moment), *same_hours(moment - timedelta(hours=1))]
    return dict.fromkeys(keys, figures)


def run_of(*reasons: tuple[Reason, str]) -> Run:
    made = Run()
    for reason, person in reasons:
        made = made.then(answered(reason, person))
    return made


TROUBLED = HouseFigures(
    NOW,
    certificates={"listener-1": NOW + timedelta(days=20), "client": NOW - timedelta(days=2)},
    unsigned=5,
    unsigned_since=NOW - timedelta(hours=1),
    outbox_oldest=NOW - timedelta(hours=2),
    log_dead=1,
    dead_letters=3,
    register_notes=(
        Words("befolkningsregistret är från i går", "the population register is of yesterday"),
    ),
    disk_total=100,
    disk_free=9,
    growth=1.0,
    behind=20_000,
    routing_log=RoutingLogSize(3, 24, 14, 100, 8),
)


def every_rule(producer: str) -> dict[str, Finding]:
    """Rule to a finding that holds, in its own words; those about producers are about this one."""
    busy, empty = weeks(hour(records=32, empty=8)), Reason.ANSWERED_EMPTY
    good = tuple((Reason.ANSWERED, str(number)) for number in range(60))
    silent = run_of((Reason.ANSWERED, "z"), *((empty, str(number)) for number in range(40)))
    slow = {**busy, key_of(NOW): hour(records=40, seconds=4.0)}
    pictures: tuple[tuple[dict[str, Hour], Run], ...] = (
        (busy, silent),
        ({}, run_of(*((empty, str(number)) for number in range(60)))),
        (slow, run_of(*good)),
        (busy, run_of(*((Reason.LATE, str(number)) for number in range(20)))),
    )
    found = list(of_house(TROUBLED))
    for hours, run in pictures:
        found += of_producers({producer: Picture(producer, NOW, hours, run)})
    asked = Picture("other", NOW, {**busy, key_of(NOW): hour(records=9)}, run_of(*good))
    quiet = Picture(producer, NOW, busy, run_of(*good))
    found += of_producers({"other": asked, producer: quiet})
    found += of_producers({producer: quiet})
    return {one.rule: one for one in found if one.holds}
