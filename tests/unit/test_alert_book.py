"""Alerts as they are kept: open once, told once each, held back at night, whatever restarts.

The watcher runs by a clock that is turned by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import CorrelationId, HsaId, LogicalAddress, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.words import Words
from samsvar.simulation import PEOPLE
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.alert_book import SqlAlertBook
from samsvar.store.database import Database
from samsvar.store.house_figures import StoredFigures
from samsvar.store.lease import stamp
from samsvar.store.secrets import open_vault
from samsvar.store.tables import CONFORMANCE_DAY, INDEX_CONSISTENCY
from samsvar.store.watch_tables import PRODUCER_HOUR, SIZE_DAY
from samsvar.watch.alerts import (
    Alert,
    Message,
    Phase,
    QuietHours,
    Undelivered,
    next_attempt,
    told_from,
)
from samsvar.watch.rules import Severity
from samsvar.watch.watcher import Habits, Watcher
from tests.databases import open_database
from tests.unit.test_metrics import InForce
from tests.world import HUB, PLANS

pytestmark = pytest.mark.databases
NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)
OFF = frozenset({"disk-filling", "heads-unsigned"})


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        """As it is set."""
        return self.at.astimezone(STOCKHOLM)

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at.timestamp()


class Told:
    """A channel that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str, str]] = []
        self.broken = False

    async def deliver(self, message: Message) -> None:
        """Keep it."""
        if self.broken:
            raise Undelivered("broken")
        self.messages.append((message.alert.rule, message.alert.subject, message.phase.value))


class Events:
    """Names of events."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        """Keep the name."""
        self.seen.append(action)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "data")
    yield opened
    opened.close()


class Scene:
    """A watcher on a database, and what it tells."""

    def __init__(self, database: Database, quiet: str = "") -> None:
        self.database = database
        self.clock, self.told, self.events = Clock(), Told(), Events()
        self.book = SqlAlertBook(database, ["told"])
        self.catalogue = InForce()
        self.quiet = quiet
        self.watcher = self.another()

    def another(self) -> Watcher:
        """As after a restart."""
        return Watcher(
            StoredFigures(self.database),
            self.book,
            {"told": self.told},
            self.catalogue,
            self.events,
            self.clock,
            own_addresses={HUB},
            habits=Habits(quiet=QuietHours.read(self.quiet), off=OFF),
        )

    def look(self) -> tuple[list[str], list[str]]:
        """Rules of what was opened and closed, after one look and what it leads to."""
        opened, closed = self.watcher.look(self.clock.now())
        asyncio.run(self.watcher.tell())
        return [one.rule for one in opened], [one.rule for one in closed]

    def ask(self, reason: Reason, *, rounds: int = 1, every: float = 1.0) -> None:
        """One question about each of the people, some seconds apart."""

        async def append() -> None:
            log = SqlAccessLog(self.database, open_vault(self.database))
            for _ in range(rounds):
                for person in PEOPLE:
                    self.clock.at += timedelta(seconds=every)
                    await log.append(self._record(reason, PersonId(person.root, person.number)))
            await log.close()

        asyncio.run(append())

    def _record(self, reason: Reason, person: PersonId) -> QuestionRecord:
        items = 1 if reason is Reason.ANSWERED else 0
        decision = Decision(
            LogicalAddress("SE-p0"), reason, items=items, producer="p0", elapsed=0.1
        )
        return QuestionRecord(
            correlation_id=CorrelationId("x"),
            at=self.clock.now(),
            sender=HsaId("SE-C"),
            original_consumer=None,
            contract=PLANS,
            logical_address=HUB,
            subject=person,
            verdict=Verdict.ANSWERED,
            fault=None,
            fault_detail="",
            catalogue_version=1,
            elapsed=0.1,
            decisions=(decision,),
        )


def test_weeks_of_good_answers_then_silence_then_records(database: Database) -> None:
    """Four Wednesdays at noon, and one on which nothing comes: within minutes, and once."""
    scene = Scene(database)
    for week in range(4):
        scene.clock.at = NOON + timedelta(weeks=week)
        scene.ask(Reason.ANSWERED, rounds=2)
        assert scene.look() == ([], [])
    scene.clock.at = NOON + timedelta(weeks=4)
    scene.ask(Reason.ANSWERED_EMPTY, every=20)
    begun = scene.clock.at - NOON - timedelta(weeks=4)
    assert scene.look() == (["answers-empty"], [])
    assert begun < timedelta(minutes=6)
    scene.ask(Reason.ANSWERED_EMPTY)
    assert scene.look() == ([], [])
    scene.watcher = scene.another()
    assert scene.look() == ([], [])
    scene.ask(Reason.ANSWERED, rounds=2)
    assert scene.look() == ([], ["answers-empty"])
    assert scene.look() == ([], [])
    assert scene.told.messages == [
        ("answers-empty", "p0", "opened"),
        ("answers-empty", "p0", "closed"),
    ]


def test_a_source_that_is_not_asked_any_more_is_told_of_after_a_whole_hour(
    database: Database,
) -> None:
    """The only source there is: then it is the hub that is quiet."""
    scene = Scene(database)
    for week in range(4):
        scene.clock.at = NOON + timedelta(weeks=week)
        scene.ask(Reason.ANSWERED, rounds=2)
        scene.look()
    scene.clock.at = NOON + timedelta(weeks=4, minutes=50)
    assert scene.look() == ([], [])
    scene.clock.at = NOON + timedelta(weeks=4, minutes=61)
    assert scene.look() == (["hub-quiet"], [])
    scene.ask(Reason.ANSWERED)
    assert scene.look() == ([], ["hub-quiet"])


def test_each_question_counts_once_whoever_counts(database: Database) -> None:
    """Two watchers on one database: one works, and takes over when the other is gone."""
    scene = Scene(database)
    other = scene.another()
    scene.ask(Reason.ANSWERED)
    scene.watcher.look(scene.clock.now())
    other.look(scene.clock.now())
    scene.clock.at += timedelta(minutes=2)
    scene.ask(Reason.LATE)
    other.look(scene.clock.now())
    scene.watcher.look(scene.clock.now())
    with database.read() as connection:
        rows = connection.execute(
            sa.select(sa.func.sum(PRODUCER_HOUR.c.records), sa.func.sum(PRODUCER_HOUR.c.failed))
        ).one()
    assert tuple(rows) == (len(PEOPLE), len(PEOPLE))
    assert [one.rule for one in scene.book.open_ones()] == ["failing"]


def test_a_message_that_is_not_taken_is_tried_again_and_at_last_given_up(
    database: Database,
) -> None:
    """Its end is told only after its beginning."""
    scene = Scene(database)
    scene.told.broken = True
    scene.ask(Reason.LATE)
    scene.look()
    scene.ask(Reason.ANSWERED, rounds=2)
    scene.look()
    assert scene.told.messages == []
    scene.told.broken = False
    scene.clock.at += timedelta(hours=1)
    scene.look()
    scene.look()
    assert scene.told.messages == [("failing", "p0", "opened"), ("failing", "p0", "closed")]
    assert next_attempt(1, NOON) == NOON + timedelta(seconds=4)
    assert next_attempt(13, NOON) == NOON + timedelta(hours=1)
    assert next_attempt(14, NOON) is None

    scene.told.broken = True
    scene.ask(Reason.LATE)
    scene.look()
    for _ in range(14):
        scene.clock.at += timedelta(hours=1)
        asyncio.run(scene.watcher.tell())
    assert list(scene.book.due(scene.clock.at + timedelta(days=9), 9)) == []
    ((_, channel, attempts, reason),) = scene.book.undelivered()
    assert (channel, attempts, reason) == ("told", 14, "broken")
    assert scene.events.seen.count("alert-undelivered") >= 14


ALERT = Alert("a1", "slower", "p0", Severity.WARNING, NOON, Words("långsam", "slow"))


def test_what_begins_and_ends_in_quiet_hours_is_not_told(database: Database) -> None:
    """What is still open in the morning is told then; what is critical at once."""
    book = SqlAlertBook(database, ["told"])
    morning = NOON + timedelta(hours=8)
    book.change([ALERT, replace(ALERT, id="a2", subject="p1")], [], morning)
    book.change([], [replace(ALERT, closed=NOON + timedelta(hours=1))], morning)
    assert list(book.due(NOON + timedelta(hours=2), 9)) == []
    told = [(one.alert.id, one.phase) for one in book.due(morning, 9)]
    assert told == [("a2", Phase.OPENED)]


def test_an_alert_cannot_be_open_twice(database: Database) -> None:
    """Whoever else watches: the database says so."""
    book = SqlAlertBook(database)
    book.change([ALERT], [], NOON)
    with pytest.raises(ResourcesMissing):
        book.change([replace(ALERT, id="a2")], [], NOON)
    book.change([], [replace(ALERT, closed=NOON, closed_reason=Words("över", "over"))], NOON)
    book.change([replace(ALERT, id="a2")], [], NOON)
    assert [one.id for one in book.open_ones()] == ["a2"]
    assert [one.reason for one in book.latest(9)] == [ALERT.reason] * 2
    assert [one.closed_reason for one in book.latest(9)] == [("över", "over"), ("", "")]


@pytest.mark.parametrize(
    ("hours", "now", "over"),
    [
        ("22:00-06:00", "2026-06-10T23:00", "2026-06-11T06:00"),
        ("22:00-06:00", "2026-06-11T05:59", "2026-06-11T06:00"),
        ("22:00-06:00", "2026-06-11T06:00", "2026-06-11T06:00"),
        ("22:00-06:00", "2026-06-10T12:00", "2026-06-10T12:00"),
        ("11:00-13:00", "2026-06-10T12:00", "2026-06-10T13:00"),
    ],
)
def test_quiet_hours_are_by_the_clock_on_the_wall(hours: str, now: str, over: str) -> None:
    quiet = QuietHours.read(hours)
    moment = datetime.fromisoformat(now).replace(tzinfo=STOCKHOLM)
    assert told_from(ALERT, moment, quiet) == datetime.fromisoformat(over).replace(tzinfo=STOCKHOLM)
    critical = replace(ALERT, severity=Severity.CRITICAL)
    assert told_from(critical, moment, quiet) == moment


def test_what_is_too_old_is_forgotten(database: Database) -> None:
    """Figures by day, alerts that are over, hours that no baseline looks at; nothing younger."""
    figures = StoredFigures(
        database,
        alerts_kept=timedelta(days=40),
        conformance_kept=timedelta(days=40),
    )
    book = SqlAlertBook(database)
    old, young = NOON - timedelta(days=41), NOON - timedelta(days=39)
    for name, closed in (("old", old), ("young", young)):
        alert = replace(ALERT, id=name)
        book.change([alert], [], NOON)
        book.change([], [replace(alert, closed=closed)], NOON)
    with database.write() as connection, connection.begin():
        for moment in (old, young):
            counts = {"sampled": 1, "failing": 0, "warned": 0}
            connection.execute(
                sa.insert(CONFORMANCE_DAY).values(
                    producer="p", contract="c", day=f"{moment:%Y-%m-%d}", **counts
                )
            )
            zero = dict.fromkeys(
                ("indexed_answers", "indexed_empty", "direct_answers", "direct_not_indexed"), 0
            )
            connection.execute(
                sa.insert(INDEX_CONSISTENCY).values(
                    contract="c",
                    logical_address=f"{moment}",
                    producer="p",
                    last_at=stamp(moment),
                    **zero,
                )
            )
    figures.tidy(NOON)
    with database.read() as connection:

        def count(table: sa.Table) -> int | None:
            return connection.scalar(sa.select(sa.func.count()).select_from(table))

        assert count(CONFORMANCE_DAY) == 1
        assert count(INDEX_CONSISTENCY) == 1
        assert count(SIZE_DAY) == 1
    assert [one.id for one in book.latest(9)] == ["young"]


def test_growth_is_by_the_sizes_of_the_last_week(database: Database) -> None:
    """Where the database lies on the data folder's disk."""
    figures = StoredFigures(database)
    assert figures.house(NOON).growth is None
    with database.write() as connection, connection.begin():
        connection.execute(sa.insert(SIZE_DAY).values(day="2026-06-05", bytes=0))
        connection.execute(sa.insert(SIZE_DAY).values(day="2026-05-05", bytes=10**12))
    seen = figures.house(NOON)
    assert seen.database_bytes > 0
    on_disk = database.engine.dialect.name == "sqlite"
    assert seen.growth == (seen.database_bytes / 5 if on_disk else None)
