"""The outbox: news is written with the change, in order, and leaves when it has been taken."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from samsvar.errors import EngagementIndexUnavailable
from samsvar.model.catalogue import PermissionFilter
from samsvar.model.engagement import (
    Audience,
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    Notification,
    Subscriber,
    UpdateCounts,
)
from samsvar.model.identifiers import LogicalAddress
from samsvar.store.database import Database
from samsvar.store.index import SqlIndex
from samsvar.store.lease import LEASE_SECONDS
from samsvar.store.outbox import SqlOutbox
from samsvar.store.outbox_desk import OutboxDesk
from samsvar.store.secrets import open_vault
from samsvar.store.tables import OUTBOX
from tests import databases
from tests.databases import open_database
from tests.plans import looked_at, overheard, plans

pytestmark = pytest.mark.databases

DOMAIN = "riv:clinicalprocess:logistics:logistics"
TOLVAN = "191212121212"
OWNER = "5565594230"
REGION = LogicalAddress("SE2129999997-EI")
THIRD = LogicalAddress("SE2129999997-EI3")
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)
POST = Engagement(TOLVAN, DOMAIN, "cll-cp", "SE-A", "NA", "NA", "SE-A", "SE1", "", "20260501120000")
AUDIENCE = Audience((Subscriber(REGION), Subscriber(THIRD)), "cause-1", OWNER)


@dataclasses.dataclass
class Place:
    """An index with its outbox, in one database."""

    database: Database
    index: SqlIndex
    outbox: SqlOutbox

    @classmethod
    def at(cls, folder: Path) -> Place:
        database = open_database(folder)
        vault = open_vault(database)
        return cls(database, SqlIndex(database, vault), SqlOutbox(database, vault))

    def close(self) -> None:
        self.outbox.close()
        self.index.close()
        self.database.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place.at(tmp_path)
    yield made
    made.close()


def store(*posts: Engagement) -> list[EngagementTransaction]:
    return [EngagementTransaction(delete=False, engagement=post) for post in posts]


def delete(*posts: Engagement) -> list[EngagementTransaction]:
    return [EngagementTransaction(delete=True, engagement=post) for post in posts]


def source(name: str) -> Engagement:
    return dataclasses.replace(POST, source_system=name)


def sources(batch: list[Notification]) -> list[tuple[str, bool]]:
    return [(n.transaction.engagement.source_system, n.transaction.delete) for n in batch]


async def batch(place: Place, subscriber: LogicalAddress, most: int = 1000) -> list[Notification]:
    return list(await place.outbox.batch(subscriber, most, NOON))


async def test_news_is_what_is_new_changed_or_deleted_for_each_who_hears_of_it(
    place: Place,
) -> None:
    await place.index.update(store(POST), OWNER, NOON, AUDIENCE)
    await place.index.update(store(POST), OWNER, NOON, AUDIENCE)
    await place.index.update(delete(source("SE-B")), OWNER, NOON, AUDIENCE)

    (told,) = await batch(place, REGION)
    assert await batch(place, THIRD) != []
    assert told.transaction == EngagementTransaction(
        False, dataclasses.replace(POST, owner=OWNER, creation_time="20260601120000")
    )
    assert (told.correlation_id, told.history) == ("cause-1", OWNER)


async def test_a_deletion_is_told_with_the_times_of_the_post_that_went(place: Place) -> None:
    later = NOON + timedelta(minutes=5)
    await place.index.update(store(POST), OWNER, NOON)
    await place.index.update(
        delete(dataclasses.replace(POST, most_recent_content=None)), OWNER, later, AUDIENCE
    )

    (told,) = await batch(place, REGION)
    post = told.transaction.engagement
    assert told.transaction.delete
    assert post.most_recent_content == POST.most_recent_content
    assert (post.creation_time, post.update_time) == ("20260601120000", "20260601120500")


async def test_no_subscriber_no_row(place: Place) -> None:
    await place.index.update(store(POST), OWNER, NOON)

    assert OutboxDesk(place.database).lines() == []


async def test_filters_ignore_case_and_an_empty_list_of_categories_is_all(place: Place) -> None:
    wants = Audience(
        (
            Subscriber(REGION, (PermissionFilter(DOMAIN.upper(), ("VKO",)),)),
            Subscriber(THIRD, (PermissionFilter("riv:other"), PermissionFilter(DOMAIN))),
        )
    )
    contact = dataclasses.replace(POST, categorization="vko")
    await place.index.update(store(POST, contact), OWNER, NOON, wants)

    assert [n.transaction.engagement.categorization for n in await batch(place, REGION)] == ["vko"]
    assert len(await batch(place, THIRD)) == 2


async def test_the_news_is_not_written_if_the_change_is_not(place: Place) -> None:
    """One transaction: both or neither."""
    databases.refuse_inserts(place.database.folder, "outbox", "NEW.subscriber = 'SE2129999997-EI3'")

    with pytest.raises(EngagementIndexUnavailable):
        await place.index.update(store(POST), OWNER, NOON, AUDIENCE)

    assert await place.index.find(EngagementFilter(TOLVAN, DOMAIN)) == []
    assert OutboxDesk(place.database).lines() == []
    databases.take_inserts(place.database.folder, "outbox")
    assert await place.index.update(store(POST), OWNER, NOON, AUDIENCE) == UpdateCounts(stored=1)
    assert list(await place.index.find(EngagementFilter(TOLVAN, DOMAIN))) != []


async def test_no_number_stands_in_the_files(place: Place) -> None:
    await place.index.update(store(POST), OWNER, NOON, AUDIENCE)
    stored = databases.stored(place.database.folder)

    assert b"SE2129999997-EI3" in stored
    assert TOLVAN.encode() not in stored
    (told, *_) = await batch(place, REGION)
    assert TOLVAN not in repr(told)


async def test_a_post_stands_once_in_a_message_and_its_later_changes_wait(place: Place) -> None:
    for transactions in (store(POST), store(source("SE-B")), delete(POST), store(source("SE-C"))):
        await place.index.update(transactions, OWNER, NOON, AUDIENCE)

    first = await batch(place, REGION)
    assert sources(first) == [("SE-A", False), ("SE-B", False), ("SE-C", False)]
    await place.outbox.delivered(REGION, first)
    assert sources(await batch(place, REGION)) == [("SE-A", True)]
    assert len(await batch(place, THIRD)) == 3, "one subscriber's progress is no other's"


async def test_a_message_has_one_history(place: Place) -> None:
    other = dataclasses.replace(AUDIENCE, history="SE2129999997-EI9#5565594230")
    await place.index.update(store(POST), OWNER, NOON, AUDIENCE)
    await place.index.update(store(source("SE-B")), OWNER, NOON, other)

    assert sources(await batch(place, REGION)) == [("SE-A", False)]


async def test_a_refused_change_rests_and_goes_alone_and_only_its_own_post_waits(
    place: Place,
) -> None:
    for transactions in (store(POST, source("SE-B")), delete(POST), store(source("SE-C"))):
        await place.index.update(transactions, OWNER, NOON, AUDIENCE)
    (refused, *_) = await batch(place, REGION)
    await place.outbox.refused(refused.number, NOON + timedelta(seconds=9))

    assert sources(await batch(place, REGION)) == [("SE-B", False), ("SE-C", False)]
    later = await place.outbox.batch(REGION, 1000, NOON + timedelta(seconds=9))
    assert [(n.number, n.refusals) for n in later] == [(refused.number, 1)]


async def test_dead_letters_are_shown_sent_again_and_dropped(place: Place) -> None:
    desk = OutboxDesk(place.database)
    await place.index.update(store(POST, source("SE-B")), OWNER, NOON, AUDIENCE)
    (first, _) = await batch(place, REGION)

    assert await place.outbox.bury(REGION, first.number, "it answered with the fault EI004") == 1
    assert [(line.subscriber, line.waiting, line.dead) for line in desk.lines()] == [
        (REGION, 1, 1),
        (THIRD, 2, 0),
    ]
    (shown, _) = desk.changes(REGION, 10)
    assert (shown.dead, shown.source_system, shown.delete) == (True, "SE-A", False)
    assert TOLVAN not in str(shown)
    assert desk.retry(REGION, first.number) == 1
    assert sources(await batch(place, REGION)) == [("SE-A", False), ("SE-B", False)]
    assert desk.drop(REGION) == 0, "what waits is not dropped by mistake"
    assert await place.outbox.bury(REGION, None, "unreachable") == 2
    assert desk.drop(REGION) == 2
    assert desk.drop(THIRD, waiting=True) == 2
    assert desk.lines() == []


async def test_a_dead_letter_goes_when_a_later_change_of_its_post_has_been_taken(
    place: Place,
) -> None:
    """Sent again after it, the old one would undo what the subscriber knows."""
    await place.index.update(store(POST, source("SE-B")), OWNER, NOON, AUDIENCE)
    await place.outbox.bury(REGION, None, "unreachable")
    await place.index.update(delete(POST), OWNER, NOON, AUDIENCE)
    later = await batch(place, REGION)

    await place.outbox.delivered(REGION, later)

    assert sources(later) == [("SE-A", True)]
    assert [change.source_system for change in OutboxDesk(place.database).changes(REGION, 9)] == [
        "SE-B"
    ]


async def test_only_those_are_due_for_whom_something_waits_whose_time_has_come(
    place: Place,
) -> None:
    assert await place.outbox.due(NOON) == []
    await place.index.update(store(POST), OWNER, NOON, AUDIENCE)
    assert await place.outbox.due(NOON) == [(REGION, 0), (THIRD, 0)]

    await place.outbox.put_off(REGION, 3, NOON + timedelta(seconds=4), "unreachable")
    assert await place.outbox.due(NOON) == [(THIRD, 0)]
    assert (REGION, 3) in await place.outbox.due(NOON + timedelta(seconds=4))

    await place.outbox.bury(THIRD, None, "late")
    assert await place.outbox.due(NOON) == []


async def test_one_process_delivers_until_its_lease_ends_or_it_lets_go(
    place: Place, tmp_path: Path
) -> None:
    other = Place.at(tmp_path)
    try:
        after = NOON + timedelta(seconds=LEASE_SECONDS + 1)
        assert await place.outbox.hold(NOON)
        assert not await other.outbox.hold(NOON)
        assert await place.outbox.hold(NOON + timedelta(seconds=5))
        assert await other.outbox.hold(after + timedelta(seconds=5))
        assert not await place.outbox.hold(after + timedelta(seconds=5))
        await other.outbox.release()
        assert await place.outbox.hold(after + timedelta(seconds=5))
        # The clock was set back: a lease that ends in an hour is nobody's.
        assert await other.outbox.hold(NOON - timedelta(hours=1))
    finally:
        other.close()


async def test_an_outbox_that_cannot_be_used_is_told(place: Place) -> None:
    with place.database.write() as connection, connection.begin():
        connection.execute(sa.text("ALTER TABLE outbox RENAME TO lost"))

    with pytest.raises(EngagementIndexUnavailable, match="cannot be used"):
        await place.outbox.due(NOON)


@pytest.mark.sqlite
def test_posts_of_the_first_layout_are_moved_to_the_new_one(tmp_path: Path) -> None:
    """Nothing is lost, and everybody is found under the same key."""
    open_vault(first := open_database(tmp_path))
    hashed = open_vault(first).keyed_hash
    first.close()
    from alembic import command
    from alembic.config import Config

    from samsvar.model.identifiers import PersonId
    from samsvar.store.database import MIGRATIONS
    from samsvar.store.sqlite import FILE_NAME

    fresh = tmp_path / "old"
    fresh.mkdir()
    engine = sa.create_engine(f"sqlite:///{fresh / FILE_NAME}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for name in ("SE-B", "SE-A"):
            connection.execute(
                sa.text(
                    "INSERT INTO engagement VALUES (:r, :d, 'cll-cp', :s, 'NA', :s, 'SE1', :o,"
                    " 'NA', :m, '20260101080000', NULL)"
                ),
                {
                    "r": hashed(PersonId("engagement-index", TOLVAN)),
                    "d": DOMAIN,
                    "s": name,
                    "o": OWNER,
                    "m": "20260501120000" if name == "SE-A" else None,
                },
            )
    engine.dispose()
    (fresh / "person.key").write_bytes((tmp_path / "person.key").read_bytes())
    (fresh / "person.key").chmod(0o600)

    moved = Place.at(fresh)
    try:
        found = asyncio.run(moved.index.find(EngagementFilter(TOLVAN, DOMAIN)))
    finally:
        moved.close()

    assert [(post.source_system, post.most_recent_content) for post in found] == [
        ("SE-A", "20260501120000"),
        ("SE-B", None),
    ]
    assert {post.creation_time for post in found} == {"20260101080000"}
    with sqlite3.connect(fresh / FILE_NAME) as look:
        (tables,) = look.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'engagement_before'"
        ).fetchone()
    look.close()
    assert tables == 0


# What another index tells


TOLD = dataclasses.replace(
    POST, owner=REGION, creation_time="20260101080000", update_time="20260601080000"
)
ANY = EngagementFilter(TOLVAN, DOMAIN)


async def test_what_is_told_is_kept_with_owner_and_times_and_told_onwards_unconditionally(
    place: Place,
) -> None:
    """To all but the owner; also the second time, when it changes nothing here."""
    for expected in (UpdateCounts(stored=1), UpdateCounts(unchanged=1)):
        assert await place.index.receive(store(TOLD), OWNER, NOON, AUDIENCE) == expected

    assert list(await place.index.find(ANY)) == [TOLD]
    assert await batch(place, REGION) == []
    assert [line.waiting for line in OutboxDesk(place.database).lines()] == [2]


async def test_our_own_post_gives_way_to_the_same_post_of_another_owner(place: Place) -> None:
    await place.index.update(store(POST), OWNER, NOON)

    counts = await place.index.receive(store(TOLD), OWNER, NOON, AUDIENCE)

    assert counts == UpdateCounts(stored=1, replaced=1)
    assert list(await place.index.find(ANY)) == [TOLD]
    (stored,) = await batch(place, THIRD)
    assert stored.transaction == EngagementTransaction(False, TOLD)
    await place.outbox.delivered(THIRD, [stored])
    (gone,) = await batch(place, THIRD)
    assert (gone.transaction.delete, gone.transaction.engagement.owner) == (True, OWNER)


async def test_a_deletion_of_another_owners_post_leaves_ours(place: Place) -> None:
    await place.index.update(store(POST), OWNER, NOON)

    counts = await place.index.receive(delete(TOLD), OWNER, NOON)

    assert counts == UpdateCounts(unchanged=1)
    assert [post.owner for post in await place.index.find(ANY)] == [OWNER]


async def test_late_news_brings_nothing_back_and_the_hour_of_october_is_not_late(
    place: Place,
) -> None:
    newer = dataclasses.replace(TOLD, update_time="20260602080000")
    hour = dataclasses.replace(TOLD, update_time="20260602070000", most_recent_content=None)
    await place.index.receive(store(newer), OWNER, NOON)

    assert await place.index.receive(store(TOLD), OWNER, NOON) == UpdateCounts(unchanged=1, late=1)
    assert await place.index.receive(store(hour), OWNER, NOON) == UpdateCounts(updated=1)
    await place.index.receive(delete(newer), OWNER, NOON)
    assert await place.index.receive(store(TOLD), OWNER, NOON) == UpdateCounts(unchanged=1, late=1)
    assert list(await place.index.find(ANY)) == []


# One model, two indexes, and a network that repeats itself

_POSTS = [
    dataclasses.replace(POST, resident=resident, source_system=name)
    for resident in (TOLVAN, "193201027723")
    for name in ("SE-A", "SE-B")
]
_CHANGES = st.lists(
    st.tuples(st.booleans(), st.integers(0, 3), st.sampled_from(["20260501120000", None])),
    min_size=1,
    max_size=4,
    unique_by=lambda change: change[1],
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("update"), _CHANGES),
        st.tuples(st.just("deliver"), st.just(())),
        st.tuples(st.just("deliver and forget"), st.just(())),
        st.tuples(st.just("repeat"), st.integers(0, 20)),
        st.tuples(st.just("bury"), st.just(())),
        st.tuples(st.just("retry"), st.just(())),
        st.tuples(st.just("restart"), st.just(())),
    ),
    max_size=24,
)


@pytest.mark.chosen
@given(steps=_STEPS)
@settings(max_examples=40, deadline=None)
def test_whatever_is_sent_repeated_and_lost_both_indexes_end_as_the_model(
    steps: list[tuple[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Updates here; notifications to a second index, some of them twice, some days late."""
    asyncio.run(_play(steps, tmp_path_factory.mktemp("indexes")))


async def _play(steps: list[tuple[str, object]], folder: Path) -> None:
    here, there = Place.at(folder / "here"), Place.at(folder / "there")
    model: dict[tuple[str, ...], str | None] = {}
    sent: list[list[EngagementTransaction]] = []
    now = NOON

    async def deliver(*, noted: bool) -> bool:
        news = await here.outbox.batch(REGION, 3, now)
        if not news:
            return False
        sent.append([each.transaction for each in news])
        await there.index.receive(sent[-1], REGION, now)
        if noted:
            await here.outbox.delivered(REGION, news)
        return True

    try:
        for kind, value in steps:
            now += timedelta(hours=3)  # so that a message sent again is a late one
            if kind == "update":
                assert isinstance(value, list)
                changes = [
                    EngagementTransaction(
                        gone, dataclasses.replace(_POSTS[which], most_recent_content=content)
                    )
                    for gone, which, content in value
                ]
                await here.index.update(changes, OWNER, now, Audience((Subscriber(REGION),)))
                for change in changes:
                    key = dataclasses.replace(change.engagement, owner=OWNER).key
                    model.pop(key, None)
                    if not change.delete:
                        model[key] = change.engagement.most_recent_content
            elif kind == "repeat" and sent:
                assert isinstance(value, int)
                await there.index.receive(sent[value % len(sent)], REGION, now)
            elif kind.startswith("deliver"):
                await deliver(noted=kind == "deliver")
            elif kind == "bury":
                await here.outbox.bury(REGION, None, "unreachable")
            elif kind == "retry":
                OutboxDesk(here.database).retry(REGION)
            elif kind == "restart":
                here.close()
                here = Place.at(folder / "here")
        OutboxDesk(here.database).retry(REGION)
        while await deliver(noted=True):
            pass
        assert await _all(here) == model
        assert await _all(there) == model
        assert OutboxDesk(here.database).lines() == []
    finally:
        here.close()
        there.close()


async def _all(place: Place) -> dict[tuple[str, ...], str | None]:
    return {
        post.key: post.most_recent_content
        for resident in {post.resident for post in _POSTS}
        for post in await place.index.find(EngagementFilter(resident, DOMAIN))
    }


async def test_a_message_costs_what_it_holds_and_not_what_waits(place: Place) -> None:
    """What a database has counted last is an empty queue, and then a subscriber was away."""
    await place.index.update(store(POST), OWNER, NOON, AUDIENCE)
    with place.database.write() as connection, connection.begin():
        row = dict(connection.execute(sa.select(OUTBOX).limit(1)).mappings().one())
        row |= {"subscriber": REGION}
        del row["number"]
        many = [{**row, "key": number.to_bytes(16, "big")} for number in range(5000)]
        connection.execute(sa.insert(OUTBOX), many)

    with overheard(place.database, "SELECT outbox") as asked:
        await batch(place, REGION, 50)

    assert len(asked) == 2
    assert looked_at(place.database, asked, "outbox") in (50, None)
    for plan, index in zip(plans(place.database, asked), ("refused", "order"), strict=False):
        assert f"USING INDEX outbox_{index}" in plan
        assert "FOR ORDER BY" not in plan
