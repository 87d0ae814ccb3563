"""The engagement index: what is stored is found, to the letter, and a failure is never empty."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.errors import EngagementIndexUnavailable
from samsvar.model.engagement import (
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    UpdateCounts,
)
from samsvar.store.database import Database, Lock
from samsvar.store.index import SqlIndex
from samsvar.store.index_loading import load_posts
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import SqliteDatabase
from tests import databases
from tests.databases import open_database

pytestmark = pytest.mark.databases

DOMAIN = "riv:clinicalprocess:logistics:logistics"
TOLVAN = "191212121212"
OWNER = "5565594230"
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)  # 12 in Sweden
POST = Engagement(
    resident=TOLVAN,
    service_domain=DOMAIN,
    categorization="cll-cp",
    logical_address="SE-A",
    business_object="NA",
    interest="NA",
    source_system="SE-A",
    data_controller="SE2321000131",
    owner="sent by somebody",
    most_recent_content="20260501120000",
)
STORED = dataclasses.replace(POST, owner=OWNER, creation_time="20260601120000")
ANY = EngagementFilter(TOLVAN, DOMAIN)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def index(database: Database) -> Iterator[SqlIndex]:
    made = SqlIndex(database, open_vault(database))
    yield made
    made.close()


def store(*posts: Engagement) -> list[EngagementTransaction]:
    return [EngagementTransaction(delete=False, engagement=post) for post in posts]


def delete(*posts: Engagement) -> list[EngagementTransaction]:
    return [EngagementTransaction(delete=True, engagement=post) for post in posts]


async def test_what_is_stored_is_found_with_the_owner_and_time_of_the_index(
    index: SqlIndex,
) -> None:
    counts = await index.update(store(POST), OWNER, NOON)

    assert counts == UpdateCounts(stored=1)
    assert list(await index.find(ANY)) == [STORED]


async def test_an_unknown_person_has_no_posts(index: SqlIndex) -> None:
    await index.update(store(POST), OWNER, NOON)

    assert list(await index.find(EngagementFilter("199001012385", DOMAIN))) == []
    assert list(await index.find(EngagementFilter(TOLVAN, "riv:other"))) == []


async def test_the_same_again_is_not_touched_and_a_change_in_either_direction_is(
    index: SqlIndex,
) -> None:
    later = datetime(2026, 6, 2, 10, tzinfo=UTC)
    newer = dataclasses.replace(POST, most_recent_content="20260601000000")
    none = dataclasses.replace(POST, most_recent_content=None)
    await index.update(store(POST), OWNER, NOON)

    assert await index.update(store(POST), OWNER, later) == UpdateCounts(unchanged=1)
    assert list(await index.find(ANY)) == [STORED]
    for changed in (newer, POST, none):
        assert await index.update(store(changed), OWNER, later) == UpdateCounts(updated=1)
        assert list(await index.find(ANY)) == [
            dataclasses.replace(
                STORED,
                most_recent_content=changed.most_recent_content,
                update_time="20260602120000",
            )
        ]


async def test_a_deleted_post_is_gone_and_another_delete_changes_nothing(
    index: SqlIndex,
) -> None:
    other = dataclasses.replace(POST, source_system="SE-B", logical_address="SE-B")
    await index.update(store(POST, other), OWNER, NOON)

    assert await index.update(delete(POST), OWNER, NOON) == UpdateCounts(deleted=1)
    assert await index.update(delete(POST), OWNER, NOON) == UpdateCounts(unchanged=1)
    assert [post.source_system for post in await index.find(ANY)] == ["SE-B"]


async def test_one_update_does_all_kinds_and_counts_each(index: SqlIndex) -> None:
    posts = [dataclasses.replace(POST, source_system=f"SE-{n}") for n in range(4)]
    await index.update(store(*posts[:3]), OWNER, NOON)
    changed = dataclasses.replace(posts[1], most_recent_content="20260520000000")

    counts = await index.update(
        [*store(posts[0], changed, posts[3]), *delete(posts[2])], OWNER, NOON
    )

    assert counts == UpdateCounts(stored=1, updated=1, deleted=1, unchanged=1)
    assert [post.source_system for post in await index.find(ANY)] == ["SE-0", "SE-1", "SE-3"]


async def test_the_last_word_on_one_key_counts(index: SqlIndex) -> None:
    counts = await index.update([*store(POST), *delete(POST), *store(POST)], OWNER, NOON)

    assert counts == UpdateCounts(stored=1, unchanged=2)


@pytest.mark.parametrize(
    "field",
    [
        "resident",
        "service_domain",
        "categorization",
        "logical_address",
        "business_object",
        "source_system",
        "data_controller",
        "interest",
    ],
)
async def test_each_field_of_the_key_makes_another_post_and_case_counts(
    index: SqlIndex, field: str
) -> None:
    others = [dataclasses.replace(POST, **{field: value}) for value in ("other", "Other")]
    counts = await index.update(store(POST, *others), OWNER, NOON)

    assert counts == UpdateCounts(stored=3)


async def test_fields_that_run_into_each_other_do_not_collide(index: SqlIndex) -> None:
    """Two keys whose plain concatenation is the same are two posts."""
    one = dataclasses.replace(POST, source_system="ab", data_controller="c")
    other = dataclasses.replace(POST, source_system="a", data_controller="bc")

    assert await index.update(store(one, other), OWNER, NOON) == UpdateCounts(stored=2)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({"categorization": "cll-cp"}, True),
        ({"categorization": "CLL-CP"}, False),
        ({"logical_address": "SE-A", "source_system": "SE-A"}, True),
        ({"logical_address": "SE-A", "source_system": "SE-B"}, False),
        ({"business_object": "NA", "interest": "NA"}, True),
        ({"interest": "x"}, False),
        ({"data_controller": "SE2321000131", "owner": OWNER}, True),
        ({"owner": "sent by somebody"}, False),
        ({"most_recent_content": "20260501120000"}, True),
        ({"most_recent_content": "20260501120001"}, False),
    ],
)
async def test_every_given_field_must_match(
    index: SqlIndex, wanted: dict[str, str], matches: bool
) -> None:
    await index.update(store(POST), OWNER, NOON)

    found = await index.find(EngagementFilter(TOLVAN, DOMAIN, **wanted))

    assert list(found) == ([STORED] if matches else [])


async def test_a_post_without_content_is_not_at_or_after_any_time(index: SqlIndex) -> None:
    await index.update(store(dataclasses.replace(POST, most_recent_content=None)), OWNER, NOON)

    since = EngagementFilter(TOLVAN, DOMAIN, most_recent_content="19000101000000")

    assert list(await index.find(since)) == []


async def test_the_order_is_that_of_the_key_whatever_came_first(index: SqlIndex) -> None:
    posts = [dataclasses.replace(POST, source_system=f"SE-{n:03d}") for n in range(40)]
    shuffled = random.Random(7).sample(posts, len(posts))
    await index.update(store(*shuffled), OWNER, NOON)

    assert [p.source_system for p in await index.find(ANY)] == [p.source_system for p in posts]


async def test_no_number_stands_in_the_files(index: SqlIndex, database: Database) -> None:
    await index.update(store(POST), OWNER, NOON)
    stored = databases.stored(database.folder)

    assert b"SE2321000131" in stored
    assert TOLVAN.encode() not in stored


async def test_a_broken_index_is_told_and_never_empty(index: SqlIndex, database: Database) -> None:
    await index.update(store(POST), OWNER, NOON)
    with database.write() as connection, connection.begin():
        connection.execute(sa.text("ALTER TABLE engagement RENAME TO lost"))

    with pytest.raises(EngagementIndexUnavailable, match="cannot be read"):
        await index.find(ANY)
    with pytest.raises(EngagementIndexUnavailable, match="cannot be written"):
        await index.update(store(POST), OWNER, NOON)

    with database.write() as connection, connection.begin():
        connection.execute(sa.text("ALTER TABLE lost RENAME TO engagement"))
    assert list(await index.find(ANY)) == [STORED]


@pytest.mark.sqlite
async def test_a_missing_file_is_told_and_never_made_anew(
    index: SqlIndex, database: Database
) -> None:
    assert isinstance(database, SqliteDatabase)
    await index.find(ANY)
    database.path.rename(database.path.with_name("moved"))

    with pytest.raises(EngagementIndexUnavailable, match="moved or replaced"):
        await index.find(ANY)
    with pytest.raises(EngagementIndexUnavailable, match="moved or replaced"):
        await index.update(store(POST), OWNER, NOON)
    assert not database.path.exists()


async def test_a_search_does_not_wait_for_one_who_writes(
    index: SqlIndex, database: Database
) -> None:
    await index.update(store(POST), OWNER, NOON)
    writer = database.raw()
    writer.begin(Lock.WRITE)
    writer.all("DELETE FROM engagement")

    found = await index.find(ANY)
    writer.rollback()
    writer.close()

    assert list(found) == [STORED]


async def test_half_an_update_is_never_seen(index: SqlIndex, database: Database) -> None:
    """The second of two posts cannot be stored: the first is not stored either."""
    databases.refuse_inserts(
        database.folder,
        "engagement",
        "EXISTS (SELECT 1 FROM engagement_place WHERE id = NEW.place AND source_system = 'SE-B')",
    )
    other = dataclasses.replace(POST, source_system="SE-B")

    with pytest.raises(EngagementIndexUnavailable):
        await index.update(store(POST, other), OWNER, NOON)

    assert list(await index.find(ANY)) == []


async def test_updates_at_the_same_time_all_take_effect(index: SqlIndex) -> None:
    posts = [dataclasses.replace(POST, source_system=f"SE-{n:02d}") for n in range(20)]

    counts = await asyncio.gather(*(index.update(store(post), OWNER, NOON) for post in posts))

    assert counts == [UpdateCounts(stored=1)] * 20
    assert len(await index.find(ANY)) == 20


async def test_the_largest_update_is_one_transaction(index: SqlIndex) -> None:
    posts = [dataclasses.replace(POST, resident=f"19121212{n:04d}") for n in range(1000)]

    assert await index.update(store(*posts), OWNER, NOON) == UpdateCounts(stored=1000)
    assert await index.update(store(*posts), OWNER, NOON) == UpdateCounts(unchanged=1000)


async def test_a_first_load_is_found_as_if_it_had_been_updated(
    index: SqlIndex, database: Database
) -> None:
    others = [dataclasses.replace(POST, source_system=name) for name in ("SE-C", "SE-B")]

    assert load_posts(database, open_vault(database), [POST, *others], OWNER, NOON) == 3

    found = list(await index.find(ANY))
    assert found[0] == STORED
    assert [post.source_system for post in found] == ["SE-A", "SE-B", "SE-C"]
    assert await index.update(store(POST), OWNER, NOON) == UpdateCounts(unchanged=1)


async def test_a_first_load_of_what_is_there_is_refused_whole(
    index: SqlIndex, database: Database
) -> None:
    await index.update(store(POST), OWNER, NOON)
    other = dataclasses.replace(POST, source_system="SE-B")

    with pytest.raises(EngagementIndexUnavailable, match="IntegrityError"):
        load_posts(database, open_vault(database), [other, POST], OWNER, NOON)

    assert list(await index.find(ANY)) == [STORED]


async def test_places_of_an_update_that_failed_are_not_believed_in(
    index: SqlIndex, database: Database
) -> None:
    """A number that was undone with its transaction may be another place's next time."""
    databases.refuse_inserts(database.folder, "engagement")
    with pytest.raises(EngagementIndexUnavailable):
        await index.update(store(POST), OWNER, NOON)
    databases.take_inserts(database.folder, "engagement")
    elsewhere = SqlIndex(database, open_vault(database))
    other = dataclasses.replace(POST, source_system="SE-OTHER")
    await elsewhere.update(store(other), OWNER, NOON)
    elsewhere.close()

    await index.update(store(POST), OWNER, NOON)

    assert [post.source_system for post in await index.find(ANY)] == ["SE-A", "SE-OTHER"]
