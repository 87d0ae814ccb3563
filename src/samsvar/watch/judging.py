"""Whether a rule holds for a producer now.

Each says yes with a reason, no, or nothing: then what was said before still counts. Pure: figures
in, findings out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from samsvar.model.local_time import STOCKHOLM
from samsvar.model.words import Words
from samsvar.watch.figures import EMPTY, FAILED, RECORDS, Hour, Run, median, together
from samsvar.watch.rules import THRESHOLDS as T
from samsvar.watch.usual import Usual, hour_before, key_of, usual

SILENT = Words("", "")
HUB = "hub"
"""The subject of alerts that are about no producer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a subject. ``holds`` None: nothing that is new."""

    rule: str
    subject: str
    holds: bool | None
    reason: Words = SILENT


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of one producer now."""

    producer: str
    now: datetime
    hours: Mapping[str, Hour]
    run: Run
    planned: bool = False
    """It is out of service with notice."""

    @property
    def current(self) -> Hour:
        """This hour so far."""
        return self.hours.get(key_of(self.now), Hour())

    @property
    def before(self) -> Hour:
        """The whole hour before."""
        return self.hours.get(hour_before(self.now), Hour())

    @property
    def usual(self) -> Usual | None:
        """What is usual for it at this hour."""
        return usual(self.hours, self.run, self.now)

    @property
    def asked_before(self) -> int:
        """At least so often it is asked in the hour that has just been whole; 0: not known."""
        known = usual(self.hours, self.run, self.now - timedelta(hours=1))
        return known.asked if known else 0


PRODUCER_RULES = ("answers-empty", "indexed-empty", "gone-quiet", "slower", "failing")


def of_producers(pictures: Mapping[str, Picture]) -> Iterator[Finding]:
    """All rules about producers, and whether the whole hub has gone quiet."""
    silent = not any(one.current.asked or one.before.asked for one in pictures.values())
    busy = 0
    for one in pictures.values():
        if one.planned or one.before.planned or one.current.planned:
            for rule in PRODUCER_RULES:
                resting = one.planned or rule == "gone-quiet"
                if resting:
                    yield Finding(
                        rule,
                        one.producer,
                        False,
                        Words("ur drift med meddelande", "out of service with notice"),
                    )
            if one.planned:
                continue
        expected = one.usual
        expected_calls = one.asked_before
        busy += expected_calls
        yield _answers_empty(one, expected)
        yield _indexed_empty(one, expected)
        yield _slower(one, expected)
        yield _failing(one, expected)
        if not (one.before.planned or one.current.planned):
            yield _gone_quiet(one, expected_calls, silent=silent)
    since = _hour_ago(pictures)
    told = Words(
        f"ingen producent har tillfrågats sedan {since}; {busy} anrop i timmen är det vanliga",
        f"no producer was asked since {since}; {busy} calls an hour are usual",
    )
    yield Finding("hub-quiet", HUB, silent and busy >= T.busy, told)


def persons_needed(share: float) -> int:
    """So many persons in a row without a record, by chance once in a thousand million."""
    return max(T.least_persons, math.ceil(math.log(T.chance) / math.log(1 - min(share, 0.99))))


def unlikely(records: int, answered: int, share: float) -> bool:
    """Whether so few records, or fewer, would come by chance so seldom (Chernoff's bound)."""
    seen = records / answered
    if seen >= share:
        return False
    share = min(share, 0.999)
    distance = (1 - seen) * math.log((1 - seen) / (1 - share))
    if seen:
        distance += seen * math.log(seen / share)
    return -answered * distance < math.log(T.chance)


def _answers_empty(one: Picture, expected: Usual | None) -> Finding:
    name = ("answers-empty", one.producer)
    if expected is None or expected.share < T.least_share:
        return Finding(*name, None if one.run.empties else False)
    count, floor = len(one.run.persons), expected.share * T.half
    usually = Words(
        f"annars har {expected.share * 100:.0f} % av svaren poster",
        f"usually {expected.share:.0%} of its answers have records",
    )
    if count >= persons_needed(expected.share):
        return Finding(
            *name,
            True,
            Words(
                f"de senaste {one.run.empties} svaren, om {count} personer, sedan"
                f" {_local(one.run.since)}, har inga poster; {usually.swedish}",
                f"the last {one.run.empties} answers, about {count} persons, since"
                f" {_local(one.run.since)}, have no record; {usually}",
            ),
        )
    window = together((one.before, one.current))
    recent = _records_of(one.run, T.recent)
    if (
        window.answered >= T.enough
        and window.records < floor * window.answered
        and unlikely(window.records, window.answered, expected.share)
        and (recent is None or recent < floor)
    ):
        return Finding(
            *name,
            True,
            Words(
                f"{window.records} av {window.answered} svar på två timmar har poster;"
                f" {usually.swedish}",
                f"{window.records} of {window.answered} answers in two hours have records;"
                f" {usually}",
            ),
        )
    if one.run.empties == 0 and (recent is None or recent >= floor):
        return Finding(
            *name, False, Words("svaren har poster igen", "its answers have records again")
        )
    return Finding(*name, None)


def _records_of(run: Run, most: int) -> float | None:
    """The share of records among the last answers that could be used."""
    answers = [letter for letter in run.last if letter in (RECORDS, EMPTY)][-most:]
    return answers.count(RECORDS) / most if len(answers) == most else None


def _indexed_empty(one: Picture, expected: Usual | None) -> Finding:
    name = ("indexed-empty", one.producer)
    if expected is None and one.run.led >= T.unproven <= len(one.run.persons):
        return Finding(
            *name,
            True,
            Words(
                f"indexet ledde {one.run.led} frågor om {len(one.run.persons)} personer dit,"
                f" sedan {_local(one.run.since)}; den hade inget om någon",
                f"the index led {one.run.led} questions about {len(one.run.persons)} persons there,"
                f" since {_local(one.run.since)}; it had nothing of any",
            ),
        )
    return Finding(
        *name, None if one.run.empties else False, Words("den hade poster", "it had records")
    )


def _gone_quiet(one: Picture, expected: int, *, silent: bool) -> Finding:
    name = ("gone-quiet", one.producer)
    if one.current.asked or one.before.asked:
        return Finding(*name, False, Words("den tillfrågas igen", "it is asked again"))
    if expected < T.busy or silent:
        return Finding(*name, None)
    return Finding(
        *name,
        True,
        Words(
            f"inte tillfrågad på över en timme; {expected} gånger eller fler är det vanliga den"
            " timmen",
            f"not asked for over an hour; {expected} times or more were usual in that hour",
        ),
    )


def _slower(one: Picture, expected: Usual | None) -> Finding:
    name = ("slower", one.producer)
    known = expected.seconds if expected else None
    if known is None:
        return Finding(*name, None)
    window = together((one.before, one.current))
    took = median(window.buckets)
    now = median(one.current.buckets)
    if (
        took is not None
        and now is not None
        and sum(window.buckets) >= T.enough
        and took > known * T.slow
        and took > known + T.slow_seconds
        and now > known * T.slow_end
    ):
        return Finding(
            *name,
            True,
            Words(
                f"mittensvaret tar {_comma(took, 1)} s; {_comma(known, 2)} s är det vanliga",
                f"its middle answer takes {took:.1f} s; {known:.2f} s are usual",
            ),
        )
    if now is not None and now < max(known * T.slow_end, known + T.slow_seconds):
        return Finding(
            *name,
            False,
            Words("svaren är så snabba som vanligt", "its answers are as quick as usual"),
        )
    return Finding(*name, None)


def _failing(one: Picture, expected: Usual | None) -> Finding:
    name = ("failing", one.producer)
    if one.run.share(FAILED, T.failures) == 1.0:
        return Finding(
            *name,
            True,
            Words(
                f"de senaste {T.failures} anropen eller fler misslyckades alla",
                f"its last {T.failures} calls or more all failed",
            ),
        )
    window = together((one.before, one.current))
    recent = one.run.share(FAILED, T.recent)
    known = expected.failures if expected else 0.0
    if (
        window.failed >= T.failures
        and window.failed >= max(T.failed_share, known * T.slow) * window.asked
        and (recent or 0) >= T.failed_share
    ):
        return Finding(
            *name,
            True,
            Words(
                f"{window.failed} av {window.asked} anrop på två timmar misslyckades;"
                f" {known * 100:.0f} % är det vanliga",
                f"{window.failed} of {window.asked} calls in two hours failed; {known:.0%} is"
                " usual",
            ),
        )
    if recent is not None and recent < T.failed_share / 2:
        return Finding(*name, False, Words("den svarar igen", "it answers again"))
    return Finding(*name, False if FAILED not in one.run.last else None)


def _comma(number: float, decimals: int) -> str:
    """As numbers are written in Swedish."""
    return f"{number:.{decimals}f}".replace(".", ",")


def _local(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


def _hour_ago(pictures: Mapping[str, Picture]) -> str:
    one = next(iter(pictures.values()), None)
    return f"{one.now - timedelta(hours=1):%H}:00" if one else "–"
