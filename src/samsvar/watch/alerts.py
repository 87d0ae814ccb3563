"""Alerts: opened once, closed once, told of once each; held back in quiet hours.

Knows what an alert says, and when it may be told. Knows no rule, no database and no channel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from samsvar.model.local_time import STOCKHOLM
from samsvar.model.words import Words
from samsvar.watch.judging import HUB, SILENT, Finding
from samsvar.watch.rules import RULES, Severity

_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
MOST_ATTEMPTS = 14
_LONGEST_PAUSE = timedelta(hours=1)
_OVER = Words("det gäller inte längre", "it does not hold any more")


TEST_FIRE = "test-fire"
"""What stands for a rule in an alert that only tries whether people are told."""
TEST_TITLE = Words("Provlarm, inget är fel", "A test, nothing is wrong")


class Phase(StrEnum):
    """Which of its two messages."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert."""

    id: str
    rule: str
    subject: str
    """Id of a producer, whose certificate it is, or ``hub``."""
    severity: Severity
    opened: datetime
    reason: Words
    closed: datetime | None = None
    closed_reason: Words = SILENT
    acknowledged: datetime | None = None
    acknowledged_by: str = ""

    @property
    def about(self) -> Words:
        """What is the matter, whoever it is about. A rule of another program has its id alone."""
        if self.rule == TEST_FIRE:
            return TEST_TITLE
        rule = RULES.get(self.rule)
        return rule.title if rule else Words(self.rule, self.rule)

    @property
    def title(self) -> Words:
        """Whom it is about, and what is the matter, in one line."""
        whose = "navet" if self.subject == HUB else self.subject
        return Words(f"{whose}: {self.about.swedish}", f"{self.subject}: {self.about}")


@dataclass(frozen=True, slots=True)
class Message:
    """One of an alert's messages, for one channel."""

    alert: Alert
    phase: Phase
    channel: str
    attempts: int = 0


class Undelivered(Exception):
    """A message was not taken. The text says why, and names no secret."""


class Channel(Protocol):
    """A way to tell people."""

    async def deliver(self, message: Message) -> None:
        """Returns when it has been taken.

        Raises:
            Undelivered: it was not, or that cannot be known.
        """


class Book(Protocol):
    """Where alerts are kept. Every method raises ResourcesMissing if it could not be done."""

    def open_ones(self) -> Sequence[Alert]:
        """Those that are open."""

    def change(self, opened: Sequence[Alert], closed: Sequence[Alert], due: datetime) -> None:
        """Keep what has changed, and their messages, to be told from ``due``, in one step."""

    def due(self, now: datetime, most: int) -> Sequence[Message]:
        """Messages to be delivered now, the oldest first."""

    def delivered(self, message: Message, now: datetime) -> None:
        """It has been taken."""

    def put_off(self, message: Message, until: datetime | None, reason: str) -> None:
        """Try again then; None: given up."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nobody wants to be told, unless it is critical. Swedish time."""

    begins: time
    ends: time

    @classmethod
    def read(cls, text: str) -> QuietHours | None:
        """``22:00-06:00``; None for an empty text.

        Raises:
            ValueError: it is neither.
        """
        if not text:
            return None
        found = _QUIET.fullmatch(text)
        if found is None or text[:5] == text[6:]:
            raise ValueError("quiet hours are written as 22:00-06:00")
        return cls(time.fromisoformat(text[:5]), time.fromisoformat(text[6:]))

    def over(self, moment: datetime) -> datetime:
        """When they are over; the moment itself, if it is outside them."""
        local = moment.astimezone(STOCKHOLM)
        now = local.time().replace(tzinfo=None)
        overnight = self.begins > self.ends
        inside = (
            (now >= self.begins or now < self.ends)
            if overnight
            else (self.begins <= now < self.ends)
        )
        if not inside:
            return moment
        day = local.date() + timedelta(days=1 if overnight and now >= self.begins else 0)
        return datetime.combine(day, self.ends, STOCKHOLM)


def told_from(alert: Alert, now: datetime, quiet: QuietHours | None) -> datetime:
    """When a message about it may go."""
    if quiet is None or alert.severity is Severity.CRITICAL:
        return now
    return quiet.over(now)


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """After so many failures; None: it is given up (after some five hours)."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + min(_LONGEST_PAUSE, timedelta(seconds=2 * 2**attempts))


def changes(
    findings: Sequence[Finding],
    open_ones: Sequence[Alert],
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[list[Alert], list[Alert]]:
    """What is to be opened, and what closed. An alert whose subject is not judged any more (its
    producer has gone from the registry, its rule is off) is closed as well."""
    standing = {(one.rule, one.subject): one for one in open_ones}
    judged = {(one.rule, one.subject): one for one in findings}
    opened = [
        Alert(new_id(), one.rule, one.subject, RULES[one.rule].severity, now, one.reason)
        for place, one in judged.items()
        if one.holds and place not in standing
    ]
    closed = []
    for place, alert in standing.items():
        finding = judged.get(place)
        if finding is None:
            closed.append(
                replace(
                    alert,
                    closed=now,
                    closed_reason=Words("den bevakas inte längre", "it is not watched any more"),
                )
            )
        elif finding.holds is False:
            reason = finding.reason if finding.reason.english else _OVER
            closed.append(replace(alert, closed=now, closed_reason=reason))
    return opened, closed
