"""The inbox: each change once, and none after a later one of the same post."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.model.engagement import (
    Audience,
    Engagement,
    EngagementTransaction,
    Origin,
    Subscriber,
    UpdateCounts,
)
from samsvar.model.identifiers import LogicalAddress
from samsvar.store import inbox
from samsvar.store.database import Database
from samsvar.store.index import SqlIndex
from samsvar.store.outbox import SqlOutbox
from samsvar.store.secrets import open_vault
from samsvar.store.tables import ENGAGEMENT, INBOX, OUTBOX
from tests.databases import open_database

OWN, TELLER = "5565594230", "SE2129999997-EI"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
AUDIENCE = Audience((Subscriber(LogicalAddress("SE2129999997-EI2")),))
POST = Engagement(
    "191212121212",
    *("riv:x", "cll-cp", "SE-A", "NA", "NA", "SE-A", "SE1", TELLER),
    most_recent_content="20260501120000",
    creation_time="20260501120000",
)


@dataclass
class Place:
    """An index, and what it has been told."""

    database: Database
    index: SqlIndex

    async def take(self, content: str, number: int, written: str, **more: str) -> UpdateCounts:
        """One change of the post; minutes of the same hour, which the posts' own times cannot
        tell apart."""
        post = replace(POST, most_recent_content=content, update_time="20260501120000")
        told = EngagementTransaction(more.get("delete") == "yes", post)
        origin = Origin(more.get("teller", TELLER), (number,), (written,))
        return await self.index.receive([told], OWN, NOON, AUDIENCE, origin)

    def content(self) -> int | None:
        """Of the post that is stored."""
        with self.database.read() as connection:
            found = connection.execute(sa.select(ENGAGEMENT.c.most_recent_content)).all()
        return found[0][0] if found else None

    def effects(self) -> int:
        """How often a change had its effect: each is told onwards."""
        with self.database.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(OUTBOX)).scalar_one()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    database = open_database(tmp_path)
    vault = open_vault(database)
    index, outbox = SqlIndex(database, vault), SqlOutbox(database, vault)
    yield Place(database, index)
    index.close()
    outbox.close()
    database.close()


async def test_what_comes_twice_has_one_effect(place: Place) -> None:
    for _ in range(3):
        await place.take("20260501120100", 1, "2026-05-01T12:00:01")
    assert (place.content(), place.effects()) == (20260501120100, 1)


async def test_in_whatever_order_they_come_the_last_one_stands(place: Place) -> None:
    for first, order in enumerate(permutations((1, 2, 3))):
        base = 10 * first
        for each in (*order, *order):
            content = f"202605{first + 1:02}12000{each}"
            await place.take(content, base + each, f"2026-05-{first + 1:02}T12:00:0{each}")
        assert place.content() == int(f"202605{first + 1:02}120003")


async def test_what_is_late_does_not_bring_back_what_was_deleted(place: Place) -> None:
    await place.take("20260501120100", 1, "2026-05-01T12:00:01")
    await place.take("20260501120100", 2, "2026-05-01T12:00:02", delete="yes")
    await place.take("20260501120100", 1, "2026-05-01T12:00:01")
    assert place.content() is None


async def test_numbers_that_begin_anew_and_clocks_that_go_back_lose_nothing(place: Place) -> None:
    await place.take("20260501120100", 9, "2026-05-01T12:00:01")
    await place.take("20260501120200", 2, "2026-05-01T12:00:02")  # restored from a copy
    assert place.content() == 20260501120200
    await place.take("20260501120300", 3, "2026-05-01T11:00:00")  # its clock was set
    assert place.content() == 20260501120300


async def test_tellers_do_not_know_of_each_other(place: Place) -> None:
    await place.take("20260501120100", 9, "2026-05-01T12:00:09")
    await place.take("20260501120200", 1, "2026-05-01T12:00:01", teller="SE2129999997-EI9")
    assert place.content() == 20260501120200


async def test_an_effect_that_is_undone_is_not_remembered(place: Place) -> None:
    bad = EngagementTransaction(False, replace(POST, most_recent_content="no number"))
    origin = Origin(TELLER, (1,), ("2026-05-01T12:00:01",))
    with pytest.raises(ValueError, match="no number"):
        await place.index.receive([bad], OWN, NOON, AUDIENCE, origin)
    await place.take("20260501120100", 1, "2026-05-01T12:00:01")
    assert place.content() == 20260501120100


async def test_it_is_forgotten_after_a_month(place: Place) -> None:
    await place.take("20260501120100", 1, "2026-05-01T12:00:01")
    other = EngagementTransaction(False, replace(POST, source_system="SE-B"))
    later = NOON + inbox.KEPT + timedelta(seconds=1)
    await place.index.receive([other], OWN, later, AUDIENCE, Origin(TELLER, (2,), ("2026",)))
    with place.database.read() as connection:
        assert connection.scalars(sa.select(INBOX.c.number)).all() == [2]


async def test_nothing_in_it_says_whom_it_is_about(place: Place) -> None:
    await place.take("20260501120100", 1, "2026-05-01T12:00:01")
    with place.database.read() as connection:
        (row,) = connection.execute(sa.select(INBOX)).all()
    assert "191212121212" not in str(row)
    assert len(row.key) == 16
