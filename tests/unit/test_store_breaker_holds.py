"""Holds of breakers: kept, replaced, ended by the clock, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import ResourcesMissing
from samsvar.guards.breakers import BreakerTable
from samsvar.guards.desk import BreakerDesk
from samsvar.guards.keeper import BreakerKeeper
from samsvar.model.breaker import BreakerRule, State
from samsvar.model.holds import BreakerHold
from samsvar.model.identifiers import ContractUrn
from samsvar.store.breaker_holds import StoredHolds
from samsvar.store.database import Database
from tests import databases
from tests.world import PLANS, call, record, stage

pytestmark = pytest.mark.databases

NOW = SystemClock().now()
OTHER = ContractUrn("urn:riv:x:GetOtherResponder:1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One that is new."""
    made = databases.open_database(tmp_path)
    yield made
    made.close()


def hold(contract: ContractUrn = PLANS, **more: object) -> BreakerHold:
    """Open, without an end."""
    told = {"open": True, "reason": "prov", "by": "Rut", "at": NOW} | more
    return BreakerHold("p-A", contract, **told)  # type: ignore[arg-type]


def test_a_hold_comes_back_as_it_was_and_ends_by_the_clock(database: Database) -> None:
    """To the moment, in whatever zone."""
    book, until = StoredHolds(database), NOW + timedelta(minutes=5)
    book.put(hold(until=until))
    book.put(hold(OTHER))

    found = book.read(NOW)

    assert {(one.contract, one.open, one.reason, one.by, one.at, one.until) for one in found} == {
        (PLANS, True, "prov", "Rut", NOW, until),
        (OTHER, True, "prov", "Rut", NOW, None),
    }
    assert [one.contract for one in book.read(until - timedelta(microseconds=1))] == [
        PLANS,
        OTHER,
    ]
    assert [one.contract for one in book.read(until)] == [OTHER]


def test_the_last_word_counts_and_one_for_all_contracts_ends_those_for_one(
    database: Database,
) -> None:
    """Of this producer only."""
    book = StoredHolds(database)
    for one in (hold(), hold(OTHER), BreakerHold("p-B", PLANS, True, "x", "y", NOW)):
        book.put(one)
    book.put(hold(open=False))
    assert {(one.contract, one.open) for one in book.read(NOW) if one.producer == "p-A"} == {
        (PLANS, False),
        (OTHER, True),
    }
    book.put(hold(ContractUrn(""), open=False))
    assert [(one.producer, one.contract, one.open) for one in book.read(NOW)] == [
        ("p-A", "", False),
        ("p-B", PLANS, True),
    ]


def test_a_database_that_is_gone_is_said_to_be(database: Database) -> None:
    """Neither an empty book nor another kind of error."""
    book = StoredHolds(database)
    with database.write() as connection, connection.begin():
        connection.exec_driver_sql("ALTER TABLE breaker_hold RENAME TO moved")
    with pytest.raises(ResourcesMissing, match="holds could not be read"):
        book.read(NOW)
    with pytest.raises(ResourcesMissing, match="a hold could not be written"):
        book.put(hold())


class Brittle:
    """A book that cannot be written for a while."""

    def __init__(self, book: StoredHolds) -> None:
        self.book, self.away = book, True

    def put(self, one: BreakerHold) -> None:
        """Or not."""
        if self.away:
            raise ResourcesMissing("the database is away")
        self.book.put(one)

    def read(self, now: object) -> list[BreakerHold]:
        """Or not."""
        if self.away:
            raise ResourcesMissing("the database is away")
        return list(self.book.read(NOW))


async def test_a_source_that_is_shut_off_stays_so_while_that_cannot_be_written(
    database: Database,
) -> None:
    """It is written as soon as may be; the log says so once; another process then hears of it."""
    clock, made = SystemClock(), stage({"A": [record("A")]})
    (entry,) = made.world.catalogue.current().entries
    first, second = (
        BreakerTable(BreakerRule(), clock, made.events),
        BreakerTable(BreakerRule(), clock, made.events),
    )
    brittle = Brittle(StoredHolds(database))
    keeper = BreakerKeeper(first, brittle, None, clock, made.events, seconds=0.0)
    other = BreakerKeeper(second, StoredHolds(database), None, clock, made.events, seconds=0.0)
    first.foreign(entry.producer, PLANS, call().correlation_id)
    for _ in range(3):
        await keeper.look()
    assert [one.state for one in first.standings()] == [State.OPEN]
    assert [name for name, _ in made.events.events].count("error") == 1
    await other.look()
    assert second.standings() == []

    brittle.away = False
    await keeper.look()
    await other.look()

    assert first.to_keep == []
    assert [(one.state, one.until) for one in second.standings()] == [(State.OPEN, None)]
    desk = BreakerDesk(StoredHolds(database), clock)
    desk.put("p-A", PLANS, opened=False, reason="lagad", until=None, by="Rut")
    other.hurry()
    await other.look()
    assert [one.state for one in second.standings()] == [State.CLOSED]


async def test_what_has_been_set_is_shown_before_the_table_has_read_it(
    database: Database,
) -> None:
    """Of all its contracts, of one, and where the table's own hold is not written yet."""
    clock, made = SystemClock(), stage({"A": [record("A")]})
    (entry,) = made.world.catalogue.current().entries
    table, book = BreakerTable(BreakerRule(), clock, made.events), StoredHolds(database)
    keeper = BreakerKeeper(table, book, None, clock, made.events, seconds=0.0)
    desk = BreakerDesk(book, clock, table)
    table.foreign(entry.producer, PLANS, call().correlation_id)

    def shown() -> dict[str, State]:
        return {one.contract: one.state for one in desk.standings()}

    assert shown() == {PLANS: State.OPEN}
    await keeper.look()
    assert shown() == {PLANS: State.OPEN}
    desk.put("p-A", ContractUrn(""), opened=False, reason="lagad", until=None, by="Rut")
    assert [one.state for one in table.standings()] == [State.OPEN]
    assert shown() == {PLANS: State.CLOSED, "": State.CLOSED}
    await keeper.look()
    desk.put("p-A", PLANS, opened=True, reason="trasig", until=None, by="Rut")
    assert [one.state for one in table.standings()] == [State.CLOSED]
    assert shown() == {PLANS: State.OPEN, "": State.CLOSED}
