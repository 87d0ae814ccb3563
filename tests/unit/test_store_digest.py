"""The digest of the access log: each question once, found by what it was, counted as it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress, PersonId
from samsvar.model.questions import Search
from samsvar.model.result import Result
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.audit_search import SEARCH
from samsvar.store.database import Database
from samsvar.store.digest import Digest
from samsvar.store.digest_reader import DigestReader
from samsvar.store.digest_tables import DIGEST_QUESTION, DIGEST_SOURCE, WORD
from samsvar.store.secrets import open_vault
from samsvar.store.tables import QUESTION
from tests import databases

pytestmark = pytest.mark.databases

BEGUN = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
TOLVAN = PersonId("1.2.752.129.2.1.3.1", "191212121212")
A, B = LogicalAddress("SE1-A"), LogicalAddress("SE1-B")
GOOD = Decision(A, Reason.ANSWERED, items=2, elapsed=0.1, producer="a")
EMPTY = Decision(A, Reason.ANSWERED_EMPTY, elapsed=0.05, producer="a")
LATE = Decision(B, Reason.LATE, elapsed=4.0, producer="b")
UNASKED = Decision(B, Reason.NOT_PERMITTED)


def question(number: int, *decisions: Decision, **changes: object) -> QuestionRecord:
    """One a second after the other."""
    record = QuestionRecord(
        correlation_id=CorrelationId(f"c-{number}"),
        at=BEGUN + timedelta(seconds=number),
        sender=HsaId("SE2-NPO"),
        original_consumer=None,
        contract=PLANS,
        logical_address=LogicalAddress("HUB"),
        subject=TOLVAN,
        verdict=Verdict.ANSWERED,
        fault=None,
        fault_detail="",
        catalogue_version=1,
        elapsed=0.2,
        decisions=decisions,
    )
    return replace(record, **changes)  # type: ignore[arg-type] # its own fields, given by name


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = databases.open_database(tmp_path / "data")
    yield made
    made.close()


def logged(database: Database, *records: QuestionRecord) -> DigestReader:
    """Append, digest all of it, and read."""

    async def append() -> None:
        log = SqlAccessLog(database, open_vault(database))
        try:
            for record in records:
                await log.append(record)
        finally:
            await log.close()

    asyncio.run(append())
    digest = Digest(database)
    while digest.step():
        pass
    return DigestReader(database)


def found(reader: DigestReader, **wanted: object) -> list[str]:
    """Correlation ids of the first page."""
    page = reader.page(Search(**wanted), 50)  # type: ignore[arg-type] # fields, given by name
    ids = reader.correlations([line.sequence for line in page.lines])
    return [ids[line.sequence] for line in page.lines]


def test_each_filter_narrows_to_what_it_says(database: Database) -> None:
    """Result, consumer, contract, source, duration, time; alone and together."""
    reader = logged(
        database,
        question(1, GOOD),
        question(2, GOOD, LATE, elapsed=4.1),
        question(3, LATE, sender=HsaId("SE2-OTHER")),
        question(4, verdict=Verdict.REFUSED, fault="VP007"),
        question(5, GOOD, UNASKED),
        question(6, verdict=Verdict.FAILED, contract=None),
    )
    assert found(reader) == ["c-6", "c-5", "c-4", "c-3", "c-2", "c-1"]
    assert found(reader, result=Result.FULL) == ["c-5", "c-1"]
    assert found(reader, result=Result.PART) == ["c-2"]
    assert found(reader, result=Result.FAILED) == ["c-6", "c-3"]
    assert found(reader, result=Result.DENIED) == ["c-4"]
    assert found(reader, sender="SE2-OTHER") == ["c-3"]
    assert found(reader, sender="SE2-NOBODY") == []
    assert found(reader, contract=str(PLANS), result=Result.FAILED) == ["c-3"]
    assert found(reader, sources=("SE1-B",)) == ["c-5", "c-3", "c-2"]
    assert found(reader, sources=("SE1-B",), sender="SE2-NPO") == ["c-5", "c-2"]
    assert found(reader, sources=("SE1-NONE",)) == []
    assert found(reader, over_ms=4000) == ["c-2"]
    two, four = BEGUN + timedelta(seconds=2), BEGUN + timedelta(seconds=4)
    assert found(reader, since=two, until=four) == ["c-3", "c-2"]
    (line,) = reader.page(Search(sources=("SE1-B",), before=4), 1).lines
    assert (line.asked, line.lost, line.items, line.reason) == (1, 1, 0, "late")


def test_pages_together_are_the_whole_list(database: Database) -> None:
    """Nothing twice, nothing left out, in one order; also with a filter."""
    records = [question(n, GOOD if n % 3 else LATE) for n in range(1, 58)]
    reader = logged(database, *records)
    for wanted in (Search(), Search(result=Result.FAILED), Search(sources=("SE1-B",))):
        seen: list[int] = []
        search = wanted
        while True:
            page = reader.page(search, 10)
            seen += [line.sequence for line in page.lines]
            assert len(page.lines) <= 10
            if page.go_on is None:
                break
            search = replace(search, before=page.go_on)
        every = [57 - n for n in range(57) if wanted == Search() or (57 - n) % 3 == 0]
        assert seen == every


def test_neighbours_and_news(database: Database) -> None:
    """The next ones after a row, the nearest first; and what has come since, with its number."""
    reader = logged(database, *(question(n, GOOD) for n in range(1, 31)))
    assert [line.sequence for line in reader.page(Search(after=10), 1).lines] == [11]
    assert [line.sequence for line in reader.page(Search(before=10), 1).lines] == [9]
    lines, count = reader.between(Search(after=10, before=31), 4)
    assert ([line.sequence for line in lines], count) == ([30, 29, 28, 27], 20)
    assert reader.between(Search(after=30, before=31), 4) == ([], 0)
    assert (reader.sequence_of("c-7"), reader.sequence_of("c-99"), reader.last()) == (7, None, 30)


def test_figures_count_each_question_once_however_many_digest(database: Database) -> None:
    """Two hubs on one folder; the hub's own rows are no questions."""
    records = [question(n, GOOD, LATE) for n in range(1, 41)]
    own = question(41, contract=SEARCH)
    reader = logged(database, *records, own)
    assert [Digest(database).step(), Digest(database).step()] == [0, 0]
    figures = reader.figures(BEGUN + timedelta(minutes=2), 5)
    assert figures.counts == {Result.PART: 40}
    assert [sum(minute.counts.values()) for minute in figures.minutes] == [0, 0, 40, 0, 0]
    assert figures.behind == 0
    assert figures.median_ms == pytest.approx(200, rel=0.1)
    assert reader.named("sender") == ["SE2-NPO"]


def test_a_second_digest_that_read_the_same_rows_adds_nothing(database: Database) -> None:
    """Whoever is second finds that the place has moved, and lets its rows go."""

    async def append() -> None:
        log = SqlAccessLog(database, open_vault(database))
        await log.append(question(1, GOOD))
        await log.close()

    asyncio.run(append())
    slow, quick = Digest(database), Digest(database)
    write = database.write

    class Late:
        """The database, in which somebody else comes between reading and writing."""

        read, folder = database.read, database.folder

        def write(self) -> object:
            quick.step()
            return write()

    slow._database = Late()  # type: ignore[assignment] # as much of it as is used
    slow.step()
    figures = DigestReader(database).figures(BEGUN + timedelta(minutes=1), 5)
    assert figures.counts == {Result.FULL: 1}


def test_a_row_that_cannot_be_read_stops_no_other(database: Database) -> None:
    """As one of a newer program could be: it is left out, and those after it are not."""
    reader = logged(database, question(1, GOOD))
    odd = replace(GOOD, reason="of-tomorrow")  # type: ignore[arg-type] # what no hub of today knows
    reader = logged(database, question(2, odd), question(3, GOOD))
    assert found(reader) == ["c-3", "c-1"]


def test_sources_are_told_apart_by_how_they_fare(database: Database) -> None:
    """Failures, empty answers, who was waited for, when it last went well, and why not."""
    reader = logged(
        database,
        *(question(n, GOOD, LATE) for n in range(1, 9)),
        question(9, EMPTY),
        question(10, EMPTY, UNASKED),
    )
    found = {one.source: one for one in reader.sources(BEGUN + timedelta(hours=1), 24)}
    a, b = found["SE1-A"], found["SE1-B"]
    assert (a.asked, a.failed, a.empty, a.slowest) == (10, 0, 2, 2)
    assert (b.asked, b.failed, b.empty, b.slowest) == (8, 8, 0, 8)
    assert (a.waited_ms, b.waited_ms) == (2 * 50, 8 * 3900)
    assert (a.filled, b.filled, b.failing) == (0.8, None, 1.0)
    assert b.slow_ms == pytest.approx(4000, rel=0.1)
    assert (b.last_well, b.last_reason, b.producer) == (None, "late", "b")
    assert a.last_well == BEGUN + timedelta(seconds=10)
    only = reader.sources(BEGUN + timedelta(hours=1), 24, ["se1-b", "SE1-NONE"])
    week = reader.sources(BEGUN + timedelta(hours=1), 168)
    assert only == [b]
    assert week == [a, b]
    later = {one.source: one for one in reader.sources(BEGUN + timedelta(days=3), 24)}
    assert (later["SE1-A"].asked, later["SE1-A"].last_well) == (0, a.last_well)


def test_the_digest_holds_nobody(database: Database) -> None:
    """No number, no hash of one, in any of its tables."""
    logged(database, question(1, GOOD))
    with database.read() as connection:
        rows = [
            str(row)
            for table in (DIGEST_QUESTION, DIGEST_SOURCE, WORD)
            for row in connection.execute(sa.select(table))
        ]
        hashed = connection.scalar(sa.select(QUESTION.c.subject_hash))
    assert len(rows) > 4
    assert not any(TOLVAN.extension in row or str(hashed) in row for row in rows)


def test_what_is_too_old_goes_from_lists_and_figures(database: Database) -> None:
    """Of the questions and of all that was counted of them; what is younger stays whole."""
    old = [question(n, GOOD, LATE) for n in range(1, 6)]
    young = [question(n, GOOD, at=BEGUN + timedelta(days=20, seconds=n)) for n in range(6, 9)]
    reader = logged(database, *old, *young)
    digest = Digest(database, kept=timedelta(days=10))
    now = BEGUN + timedelta(days=21)
    assert digest.tidy(now) == 5
    assert digest.tidy(now) == 0
    assert found(reader) == ["c-8", "c-7", "c-6"]
    assert found(reader, sources=("SE1-B",)) == []
    assert reader.figures(BEGUN + timedelta(minutes=1), 5).counts == {}
    assert reader.figures(young[0].at, 5).counts == {Result.FULL: 3}
    assert [(one.source, one.asked) for one in reader.sources(now, 24 * 30)] == [
        ("SE1-A", 3),
        ("SE1-B", 0),
    ]
    with database.read() as connection:
        left = connection.scalars(sa.select(DIGEST_SOURCE.c.sequence)).all()
    assert sorted(left) == [6, 7, 8]


def test_what_the_log_has_let_go_goes_from_the_digest(database: Database) -> None:
    """However young: its line would lead nowhere."""
    reader = logged(database, *(question(n, GOOD) for n in range(1, 8)))
    trigger = "question_no_DELETE" + (
        " ON question" if databases.chosen() == databases.POSTGRESQL else ""
    )
    databases.tamper(
        database.folder, f"DROP TRIGGER {trigger}", "DELETE FROM question WHERE sequence <= 4"
    )
    assert Digest(database).tidy(BEGUN + timedelta(hours=1)) == 4
    assert found(reader) == ["c-7", "c-6", "c-5"]
