"""Group commit: what waits is written together, in order, and nobody fails for another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.store.group_commit import MOST_STEPS, GroupCommit
from samsvar.store.sqlite import open_sqlite


class Place:
    """A table of one column, written by jobs that are numbers."""

    def __init__(self, folder: Path) -> None:
        self._database = open_sqlite(folder, read_only=False)
        with self._database.write() as connection, connection.begin():
            connection.execute(sa.text("CREATE TABLE written (number INTEGER)"))
        self.groups: list[list[int]] = []
        self.may_go_on = threading.Event()
        self.writer: GroupCommit[int, int] = GroupCommit(self._all, "test")

    def _all(self, jobs: Sequence[int]) -> Sequence[int]:
        self.groups.append(list(jobs))
        with self._database.write() as connection, connection.begin():
            for job in jobs:
                if job == 0:
                    self.may_go_on.wait(20)
                if job < 0:
                    raise ValueError(job)
                connection.execute(sa.text("INSERT INTO written VALUES (:job)"), {"job": job})
        return [10 * job for job in jobs]

    def written(self) -> list[int]:
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(sa.text("SELECT number FROM written"))]

    def close(self) -> None:
        self.may_go_on.set()
        self.writer.close()
        self._database.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    one = Place(tmp_path)
    yield one
    one.close()


async def all_of(place: Place, jobs: Sequence[int], steps: int = 1) -> list[int | BaseException]:
    """Have the first one wait until the others wait behind it."""
    first = asyncio.create_task(place.writer.do(0))
    await asyncio.sleep(0.2)
    others = [asyncio.create_task(place.writer.do(job, steps)) for job in jobs]
    await asyncio.sleep(0.2)
    place.may_go_on.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


async def test_what_waits_shares_a_transaction_in_order(place: Place) -> None:
    found = await all_of(place, [1, 2, 3])
    assert found == [10, 20, 30]
    assert place.groups == [[0], [1, 2, 3]]
    assert place.written() == [0, 1, 2, 3]


async def test_one_that_fails_fails_alone(place: Place) -> None:
    found = await all_of(place, [1, -1, 2])
    assert [found[0], found[2]] == [10, 20]
    assert isinstance(found[1], ValueError)
    assert place.groups == [[0], [1, -1, 2], [1], [-1], [2]]
    assert place.written() == [0, 1, 2], "nothing of the group that was undone"


async def test_a_group_has_an_end(place: Place) -> None:
    found = await all_of(place, [1, 2, 3, 4], MOST_STEPS // 2)
    assert found == [10, 20, 30, 40]
    assert place.groups == [[0], [1, 2], [3, 4]]


async def test_one_that_is_larger_than_a_group_goes_alone(place: Place) -> None:
    await all_of(place, [1, 2], MOST_STEPS + 1)
    assert place.groups == [[0], [1], [2]]


async def test_whoever_is_cancelled_has_it_done_all_the_same(place: Place) -> None:
    first = asyncio.create_task(place.writer.do(0))
    await asyncio.sleep(0.2)
    gone = asyncio.create_task(place.writer.do(7))
    await asyncio.sleep(0.1)
    gone.cancel()
    place.may_go_on.set()
    await first
    assert await place.writer.do(8) == 80
    assert place.written() == [0, 7, 8]


async def test_what_waits_when_it_is_closed_is_done(place: Place) -> None:
    jobs = [asyncio.create_task(place.writer.do(job)) for job in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.to_thread(place.writer.close)
    assert await asyncio.gather(*jobs) == [10, 20]
