"""The books of consents and blocks: what is kept, found, ended, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.access.words import Block, Consent, Giver
from samsvar.errors import FactsUnavailable
from samsvar.fact_ports import Accessing, BlockQuestion
from samsvar.model.blocks import BlockFilter, BlockPage
from samsvar.model.registration import Refusal
from samsvar.store.block_book import BlockBook
from samsvar.store.consent_book import ConsentBook
from samsvar.store.database import Database
from samsvar.store.secrets import open_vault
from samsvar.store.security import StoredBlocks, StoredConsents
from samsvar.store.sqlite import FILE_NAME
from tests import databases
from tests.databases import open_database
from tests.plans import overheard, plans
from tests.security_records import (
    ACTION,
    AT_WARD,
    BOARD,
    CHILD,
    CLINIC,
    DAY,
    NOW,
    NURSE,
    REGION,
    TOLVAN,
    WARD,
    block,
    consent,
    inner,
    kind_of,
    revoke,
)

pytestmark = pytest.mark.databases


@dataclass
class Books:
    """Both, in a database of their own."""

    database: Database
    consents: ConsentBook
    blocks: BlockBook


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    database = open_database(tmp_path)
    vault = open_vault(database)
    yield Books(database, ConsentBook(database, vault, kind_of), BlockBook(database, vault))
    database.close()


def test_a_consent_comes_back_as_it_was_registered(books: Books) -> None:
    given = consent(end=NOW + DAY, employee=NURSE, represented_by=CHILD, owner="SE2129999963-NPO1")
    assert books.consents.register(given, NOW) is None
    assert books.consents.of_person(TOLVAN) == (given,)
    assert books.consents.of_person(TOLVAN, REGION.lower()) == (given,)
    assert books.consents.of_person(TOLVAN, BOARD) == ()
    assert books.consents.of_person(CHILD) == ()


def test_a_consent_that_is_sent_twice_is_kept_once(books: Books) -> None:
    assert books.consents.register(consent(), NOW, from_now=True) is None
    assert books.consents.register(consent(), NOW + DAY, from_now=True) is None
    (kept,) = books.consents.of_person(TOLVAN)
    assert kept.start == NOW
    other_start = consent(start=NOW - 3 * DAY)
    assert books.consents.register(other_start, NOW + DAY) is Refusal.EXISTS
    for other in (consent(care_unit=CLINIC), consent(subject=CHILD), consent(end=NOW + DAY)):
        assert books.consents.register(other, NOW, from_now=True) is Refusal.EXISTS


def test_one_that_has_expired_since_is_still_the_same_sent_twice(books: Books) -> None:
    short = consent(end=NOW + DAY)
    assert books.consents.register(short, NOW) is None
    assert books.consents.register(short, NOW + 2 * DAY) is None


def test_a_consent_is_ended_or_nullified_once_and_stays_as_history(books: Books) -> None:
    books.consents.register(consent(), NOW)
    books.consents.register(consent(assertion_id="c-2"), NOW)
    for _ in range(2):
        assert books.consents.cancel("c-1", ACTION, NOW) is None
        assert books.consents.nullify("c-2", ACTION, NOW) is None
    ended, nullified = books.consents.of_person(TOLVAN)
    assert (ended.cancellation, ended.deletion) == (ACTION, None)
    assert (nullified.cancellation, nullified.deletion) == (None, ACTION)
    assert books.consents.register(consent(), NOW) is Refusal.CANCELLED
    assert books.consents.register(consent(assertion_id="c-2"), NOW) is Refusal.NULLIFIED
    assert books.consents.cancel("c-2", ACTION, NOW) is Refusal.NULLIFIED
    assert books.consents.nullify("c-1", ACTION, NOW) is None
    assert books.consents.cancel("nobody", ACTION, NOW) is Refusal.NOT_FOUND
    assert books.consents.nullify("c-1", ACTION, NOW, BOARD) is Refusal.NOT_YOURS


def test_a_refused_consent_is_not_kept(books: Books) -> None:
    assert books.consents.register(consent(end=NOW - 2 * DAY), NOW) is Refusal.PERIOD
    assert books.consents.of_person(TOLVAN) == ()


def test_a_block_comes_back_with_its_revokes(books: Books) -> None:
    made = inner(start=NOW - DAY, end=NOW, excluded=frozenset({"lak"}), owner="SE2129999963-SYS1")
    lifts = (revoke(), revoke(revoke_id="r-2", employee=NURSE, owner="SE2129999963-SYS1"))
    assert books.blocks.register(made, NOW) is None
    assert books.blocks.register(block(block_id="b-2"), NOW) is None
    for lift in (*lifts, lifts[0]):
        assert books.blocks.revoke("b-1", lift, NOW) is None

    first, second = books.blocks.of_person(TOLVAN)

    assert (first.revokes, second.revokes) == (lifts, ())
    assert first == replace(made, revokes=lifts)
    assert books.blocks.of_person(CHILD) == ()
    assert books.blocks.revoke("b-2", lifts[0], NOW) is Refusal.EXISTS
    assert books.blocks.revoke("b-3", revoke(revoke_id="r-3"), NOW) is Refusal.NOT_FOUND
    assert books.blocks.revoke("b-1", revoke(revoke_id="r-3"), NOW, BOARD) is Refusal.NOT_YOURS
    assert books.blocks.revoke("b-1", revoke(revoke_id="r-3"), NOW + DAY) is Refusal.ENDED


def test_a_block_is_sent_twice_ended_once_and_never_a_guardians(books: Books) -> None:
    assert books.blocks.register(block(), NOW, represented_by=CHILD) is Refusal.BY_GUARDIAN
    assert books.blocks.of_person(TOLVAN) == ()
    for _ in range(2):
        assert books.blocks.register(block(), NOW) is None
    assert books.blocks.register(block(end=NOW), NOW) is Refusal.EXISTS
    assert books.blocks.end("b-1", ACTION, NOW, BOARD) is Refusal.NOT_YOURS
    for _ in range(2):
        assert books.blocks.end("b-1", ACTION, NOW, REGION) is None
    (kept,) = books.blocks.of_person(TOLVAN)
    assert kept.ending == ACTION
    assert books.blocks.register(block(), NOW) is Refusal.CANCELLED
    assert books.blocks.revoke("b-1", revoke(), NOW) is Refusal.CANCELLED
    assert books.blocks.end("nobody", ACTION, NOW) is Refusal.NOT_FOUND


def test_blocks_in_force_are_told_by_person_by_giver_and_since(books: Books) -> None:
    books.blocks.register(block(), NOW)
    books.blocks.register(block(block_id="b-2", care_giver=BOARD), NOW + DAY)
    books.blocks.register(block(block_id="b-3", subject=CHILD), NOW + 2 * DAY)
    books.blocks.register(block(block_id="b-4"), NOW + 2 * DAY)
    books.blocks.end("b-4", ACTION, NOW + 3 * DAY)

    def told(**wanted: object) -> list[str]:
        page = books.blocks.in_force(BlockFilter(**wanted))  # type: ignore[arg-type]
        assert isinstance(page, BlockPage)
        assert page.latest_ending == NOW + 3 * DAY
        return [one.block_id for one in page.blocks]

    assert told() == ["b-1", "b-2", "b-3"]
    assert told(subject=CHILD) == ["b-3"]
    assert told(care_givers=(REGION.lower(),)) == ["b-1", "b-3"]
    assert told(since=NOW + DAY) == ["b-2", "b-3"]
    books.blocks.revoke("b-1", revoke(end=NOW + 9 * DAY), NOW + 4 * DAY)
    assert told(since=NOW + 4 * DAY) == ["b-1"]
    page = books.blocks.in_force(BlockFilter())
    assert isinstance(page, BlockPage)
    assert NOW + 4 * DAY - timedelta(minutes=5) < page.next_since < NOW + 4 * DAY


def test_an_empty_book_tells_moments_too(books: Books) -> None:
    page = books.blocks.in_force(BlockFilter())
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    assert page == BlockPage((), long_ago, long_ago)


def test_no_person_and_no_reason_stands_readable_in_the_file(books: Books) -> None:
    books.consents.register(consent(represented_by=CHILD), NOW)
    books.consents.cancel("c-1", ACTION, NOW)
    books.blocks.register(inner(), NOW)
    books.blocks.revoke("b-1", revoke(), NOW)
    books.blocks.end("b-1", ACTION, NOW)
    kept = databases.stored(books.database.folder)
    assert b"c-1" in kept
    for secret in (TOLVAN.extension, CHILD.extension, "Önskemål"):
        assert secret.encode() not in kept


@pytest.mark.parametrize("table", ["consent", "block", "block_revoke"])
def test_no_row_can_be_taken_away(books: Books, table: str) -> None:
    books.consents.register(consent(), NOW)
    books.blocks.register(inner(), NOW)
    books.blocks.revoke("b-1", revoke(), NOW)
    with (
        books.database.write() as connection,
        pytest.raises(sa.exc.DBAPIError, match="never taken away"),
        connection.begin(),
    ):
        connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.mark.sqlite
def test_a_check_is_one_search_by_an_index(books: Books) -> None:
    with overheard(books.database, "SELECT") as seen:
        books.consents.of_person(TOLVAN)
        books.blocks.of_person(TOLVAN)
    assert len(seen) == 2
    found = plans(books.database, seen)
    assert "SEARCH consent USING INDEX consent_subject" in found[0]
    assert "SEARCH block USING INDEX block_subject" in found[1]
    assert "SCAN" not in "".join(found)


async def test_the_ports_answer_in_the_words_of_the_rules(books: Books) -> None:
    consents, blocks = StoredConsents(books.consents), StoredBlocks(books.blocks)
    try:
        assert (await consents.check(TOLVAN, AT_WARD, NOW)).consent is Consent.NONE
        await consents.register(consent(), NOW, from_now=False)
        answer = await consents.check(TOLVAN, AT_WARD, NOW)
        assert (answer.consent, answer.given_by, answer.assertion_id) == (
            Consent.VALID,
            Giver.PERSON,
            "c-1",
        )
        await blocks.register(block(), NOW, None)
        asked = [BlockQuestion(BOARD), BlockQuestion(REGION, WARD), BlockQuestion(BOARD)]
        stands = await blocks.check(TOLVAN, Accessing(BOARD, CLINIC), asked, NOW)
        assert stands == (Block.NONE, Block.OUTER, Block.NONE)
    finally:
        consents.close()
        blocks.close()


@pytest.mark.parametrize(
    "harm", [pytest.param("moved", marks=pytest.mark.sqlite), "dropped", "other key"]
)
async def test_a_book_that_cannot_be_read_says_so(books: Books, harm: str) -> None:
    """Never NONE, never an empty answer; and nothing of whom it was about."""
    books.consents.register(consent(), NOW)
    books.blocks.register(block(), NOW)
    path = books.database.folder / FILE_NAME
    if harm == "moved":
        path.rename(path.with_name("elsewhere"))
        path.write_bytes(b"")
    elif harm == "dropped":
        with books.database.write() as connection, connection.begin():
            for table in ("consent", "block_revoke", "block"):
                connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_gone")
    else:
        with books.database.write() as connection, connection.begin():
            for table in ("consent", "block"):
                connection.exec_driver_sql(
                    f"UPDATE {table} SET registration = substr(registration, 2)"
                )
    consents, blocks = StoredConsents(books.consents), StoredBlocks(books.blocks)
    try:
        results = await asyncio.gather(
            consents.check(TOLVAN, AT_WARD, NOW),
            blocks.check(TOLVAN, AT_WARD, [BlockQuestion(BOARD)], NOW),
            return_exceptions=True,
        )
    finally:
        consents.close()
        blocks.close()
    assert [type(one) for one in results] == [FactsUnavailable, FactsUnavailable]
    assert [str(one).split()[1] for one in results] == [
        "consents:" if harm == "moved" else "consents",
        "blocks:" if harm == "moved" else "blocks",
    ]
    assert not any(TOLVAN.extension in str(one) for one in results)
