"""What the access log says of the index: counted once, and only where something can be known."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.cli import run
from samsvar.errors import ResourcesMissing
from samsvar.model.engagement import Engagement, EngagementTransaction
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress, PersonId
from samsvar.model.person_numbers import STOCKHOLM_RESERVE
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.consistency import AT_ONCE, ConsistencyCounter, figures
from samsvar.store.database import Database
from samsvar.store.index import SqlIndex
from samsvar.store.secrets import open_vault
from tests import databases
from tests.databases import open_database
from tests.world import ANOTHER, HUB, PLANS, TOLVAN

pytestmark = pytest.mark.databases

SOURCE = LogicalAddress("SE2129999997-A")
OTHER = LogicalAddress("SE2129999997-B")
DOMAIN = "riv:x"
LED = {str(PLANS): (DOMAIN, "cll-cp")}
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "data")
    yield opened
    opened.close()


def record(address: str, *decisions: Decision, person: PersonId = TOLVAN) -> QuestionRecord:
    return QuestionRecord(
        correlation_id=CorrelationId("x"),
        at=NOON,
        sender=HsaId("SE-C"),
        original_consumer=None,
        contract=PLANS,
        logical_address=LogicalAddress(address),
        subject=person,
        verdict=Verdict.ANSWERED,
        fault=None,
        fault_detail="",
        catalogue_version=1,
        elapsed=0.1,
        decisions=decisions,
    )


def answered(source: LogicalAddress, items: int) -> Decision:
    reason = Reason.ANSWERED if items else Reason.ANSWERED_EMPTY
    return Decision(source, reason, items=items, producer=f"p-{source}")


def index(database: Database, *people: PersonId) -> None:
    async def store() -> None:
        made = SqlIndex(database, open_vault(database))
        posts = [
            Engagement(p.extension, DOMAIN, "cll-cp", SOURCE, "NA", "NA", SOURCE, "SE1", "")
            for p in people
        ]
        await made.update([EngagementTransaction(False, post) for post in posts], "EI", NOON)
        made.close()

    asyncio.run(store())


def log(database: Database, *records: QuestionRecord) -> None:
    async def append() -> None:
        made = SqlAccessLog(database, open_vault(database))
        for each in records:
            await made.append(each)
        await made.close()

    asyncio.run(append())


def counter(database: Database) -> ConsistencyCounter:
    return ConsistencyCounter(database, open_vault(database), own_addresses={HUB})


def counts(database: Database) -> dict[str, tuple[int, int, int, int]]:
    """Indexed: answers and empty; direct: answers and not indexed."""
    return {
        one.logical_address: (
            one.indexed_answers,
            one.indexed_empty,
            one.direct_answers,
            one.direct_not_indexed,
        )
        for one in figures(database)[0]
    }


def test_an_answer_that_the_index_led_to_counts_and_an_empty_one_twice(database: Database) -> None:
    log(database, record(HUB, answered(SOURCE, 2), answered(OTHER, 0)), record(HUB))
    log(database, record(HUB.upper(), answered(SOURCE, 0)))

    assert counter(database).count(LED) == 3
    assert counts(database) == {SOURCE: (2, 1, 0, 0), OTHER: (1, 1, 0, 0)}


def test_a_direct_answer_is_held_against_the_index(database: Database) -> None:
    """Also where the address is written in another case; an empty one says nothing."""
    index(database, TOLVAN)
    log(
        database,
        record(SOURCE, answered(LogicalAddress(SOURCE.lower()), 1)),
        record(SOURCE, answered(LogicalAddress(SOURCE.lower()), 1), person=ANOTHER),
        record(OTHER, answered(OTHER, 3)),
        record(OTHER, answered(OTHER, 0)),
    )

    counter(database).count(LED)

    assert counts(database) == {SOURCE.lower(): (0, 0, 2, 1), OTHER: (0, 0, 1, 1)}


def test_what_can_say_nothing_does_not_count(database: Database) -> None:
    good = record(SOURCE, answered(SOURCE, 1))
    log(
        database,
        record(HUB, Decision(SOURCE, Reason.LATE), Decision(OTHER, Reason.NOT_PERMITTED)),
        dataclasses.replace(good, verdict=Verdict.FAILED),
        dataclasses.replace(good, contract=ContractUrn("urn:riv:another:Responder:1")),
        dataclasses.replace(good, contract=None),
        dataclasses.replace(good, subject=PersonId(STOCKHOLM_RESERVE, "991981000010")),
        dataclasses.replace(good, subject=None),
    )

    assert counter(database).count(LED) == 6
    assert counts(database) == {}


def test_each_question_counts_once_however_often_and_by_however_many_it_is_counted(
    database: Database,
) -> None:
    log(database, *(record(HUB, answered(SOURCE, n % 2)) for n in range(AT_ONCE + 7)))
    first, second = counter(database), counter(database)

    assert first.count(LED) == AT_ONCE
    assert second.count(LED) == 7
    assert first.count(LED) == second.count(LED) == 0
    assert counts(database)[SOURCE][0] == AT_ONCE + 7
    assert figures(database)[1:] == (AT_ONCE + 7, AT_ONCE + 7)


def test_what_could_not_be_counted_is_told_and_counted_later(database: Database) -> None:
    log(database, record(HUB, answered(SOURCE, 1)))
    with database.write() as connection, connection.begin():
        connection.execute(sa.text("ALTER TABLE index_consistency RENAME TO lost"))

    with pytest.raises(ResourcesMissing, match="cannot be counted"):
        counter(database).count(LED)

    with database.write() as connection, connection.begin():
        connection.execute(sa.text("ALTER TABLE lost RENAME TO index_consistency"))
    counter(database).count(LED)
    assert counts(database)[SOURCE] == (1, 0, 0, 0)


def test_the_figures_are_shown_for_people_and_as_json(
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    log(database, record(HUB, answered(SOURCE, 0)), record(HUB, answered(SOURCE, 1)))
    counter(database).count(LED)
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[hub]\ndata = "data"\n{databases.hub_setting(tmp_path / "data")}')
    arguments = ["index", "consistency", "--settings", str(settings)]

    assert run(arguments) == 0
    shown = capsys.readouterr().out
    assert run([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert "GetCarePlans 2" in shown
    assert "1 of 2 (50.0%)" in shown
    assert "Counted up to question 2 of 2" in shown
    assert told["sources"][0]["indexed_empty"] == 1
    assert TOLVAN.extension not in shown


def test_without_a_database_people_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[hub]\ndata = "nowhere"\n')

    for arguments in (["consistency"], ["outbox", "list"], ["outbox", "retry", "SE-X"]):
        assert run(["index", *arguments, "--settings", str(settings)]) == 4
    assert "there is no database" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_what_may_not_be_shown_was_there_all_the_same(database: Database) -> None:
    """The index was right, whatever the access rules say to the one who asked."""
    denied = Decision(SOURCE, Reason.DENIED, items=0, producer=f"p-{SOURCE}")
    log(database, record(HUB, denied), record(SOURCE, denied))

    counter(database).count(LED)

    assert counts(database) == {SOURCE: (1, 0, 1, 1)}
