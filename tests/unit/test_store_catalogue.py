"""Versions of the catalogue: published whole, noticed by others, never shrunk by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.errors import CatalogueUnavailable, ResourcesMissing
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.registry.file import Registry, RegistryInvalid, parse_registry
from samsvar.store.catalogue import CatalogueMoved, CatalogueShrinks, SqlCatalogue
from samsvar.store.database import Database
from samsvar.store.drafts import Drafts
from tests import databases
from tests.databases import open_database

pytestmark = pytest.mark.databases

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class StandingClock:
    """Always the same moment."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


def parse(text: str) -> Registry:
    return parse_registry(text, known_contracts=[PLANS], known_adapters={}, allow_plain_http=False)


def registry(routes: int = 10, permissions: int = 10, givers: int = 10) -> Registry:
    parts = [
        f'[[contract]]\nurn = "{PLANS}"\ntitle = "Planer"\n'
        '[[producer]]\nid = "p"\ntitle = "P"\nkind = "soap"\n'
        'address = "https://p.example/"\nowner = "SE2321000131"\n'
    ]
    parts += [
        f'[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "A{n}"\nproducer = "p"\n'
        for n in range(routes)
    ]
    parts += [
        f'[[permission]]\ncontract = "GetCarePlans 2"\nlogical_address = "*"\nconsumer = "C{n}"\n'
        for n in range(permissions)
    ]
    parts += [f'[[care_giver]]\nid = "G{n}"\nname = "G"\nkind = "VG"\n' for n in range(givers)]
    return parse("".join(parts))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path)
    yield opened
    opened.close()


def test_without_a_catalogue_nobody_is_answered(database: Database) -> None:
    catalogue = SqlCatalogue(database, parse, StandingClock())

    assert catalogue.refresh() is False
    with pytest.raises(CatalogueUnavailable):
        catalogue.current()


def test_what_is_published_is_in_force_here_and_soon_elsewhere(database: Database) -> None:
    here = SqlCatalogue(database, parse, StandingClock())
    elsewhere = SqlCatalogue(database, parse, StandingClock())

    assert here.publish(registry(), "operator", "first") == 1
    assert here.current().version == 1
    assert [elsewhere.refresh(), elsewhere.refresh()] == [True, False]
    assert elsewhere.current() == here.current()
    found = elsewhere.current().routes(PLANS, LogicalAddress("a3"), NOW)
    assert [entry.producer.id for entry in found.entries] == ["p"]


def test_each_version_keeps_who_and_why_and_its_text(database: Database) -> None:
    catalogue = SqlCatalogue(database, parse, StandingClock())
    catalogue.publish(registry(routes=10), "a", "first")
    catalogue.publish(registry(routes=12), "b", "two more")

    assert [
        (row.version, row.who, row.comment, row.routes, row.permissions, row.published)
        for row in catalogue.history()
    ] == [
        (2, "b", "two more", 12, 10, "2026-06-01T12:00:00+00:00"),
        (1, "a", "first", 10, 10, "2026-06-01T12:00:00+00:00"),
    ]
    assert parse(catalogue.registry(1) or "") == registry(routes=10)
    assert parse(catalogue.registry() or "") == registry(routes=12)
    assert catalogue.registry(3) is None


def test_the_same_registry_again_is_no_new_version(database: Database) -> None:
    catalogue = SqlCatalogue(database, parse, StandingClock())

    versions = [catalogue.publish(registry(), "operator", "start") for _ in range(3)]

    assert versions == [1, 1, 1]
    assert len(catalogue.history()) == 1


@pytest.mark.parametrize(
    ("routes", "permissions", "givers", "refused"),
    [
        (8, 8, 8, False),
        (7, 10, 10, True),
        (10, 7, 10, True),
        (10, 10, 7, True),
        (10, 10, 0, True),
        (0, 1, 10, True),
    ],
)
def test_more_than_a_fifth_gone_is_refused_without_force(
    database: Database, routes: int, permissions: int, givers: int, refused: bool
) -> None:
    catalogue = SqlCatalogue(database, parse, StandingClock())
    catalogue.publish(registry(), "operator", "first")
    smaller = registry(routes, permissions, givers)

    if refused:
        with pytest.raises(CatalogueShrinks, match="more than 20 % would go"):
            catalogue.publish(smaller, "operator", "smaller")
        assert catalogue.current().version == 1
    assert catalogue.publish(smaller, "operator", "meant", force=True) == 2
    assert len(catalogue.current().permissions) == permissions


def test_a_version_that_this_program_cannot_use_leaves_the_last_one(database: Database) -> None:
    """Another process, of a newer release, has published what this one does not know."""
    catalogue = SqlCatalogue(database, parse, StandingClock())
    catalogue.publish(registry(), "operator", "first")
    with database.write() as connection, connection.begin():
        connection.execute(
            sa.text("INSERT INTO catalogue_version VALUES (2, '', '', '', 1, 1, 'new = true')")
        )

    with pytest.raises(RegistryInvalid):
        catalogue.refresh()

    assert catalogue.current().version == 1
    assert catalogue.current().permission(HsaId("c1"), PLANS, LogicalAddress("x"), NOW).permission


def test_a_lost_database_leaves_the_last_catalogue_in_force(
    database: Database, tmp_path: Path
) -> None:
    catalogue = SqlCatalogue(database, parse, StandingClock())
    catalogue.publish(registry(), "operator", "first")
    databases.tamper(database.folder, "DROP TABLE catalogue_version")

    with pytest.raises(CatalogueUnavailable, match="cannot be read"):
        catalogue.refresh()
    with pytest.raises(ResourcesMissing, match="could not be stored"):
        catalogue.publish(registry(9), "operator", "second")

    assert catalogue.current().version == 1


def test_a_draft_goes_in_the_moment_in_which_it_is_published(database: Database) -> None:
    """Together or not at all, also when the disk fails in between."""
    catalogue = SqlCatalogue(database, parse, StandingClock())
    drafts = Drafts(database, StandingClock())
    catalogue.publish(registry(10), "operator", "first")
    drafts.new("next", 1, registry(11), "operator")
    databases.refuse_inserts(database.folder, "catalogue_version")

    with pytest.raises(ResourcesMissing, match="could not be stored"):
        catalogue.publish(registry(11), "operator", "second", base=1, draft="next")
    assert [draft.name for draft in drafts.all()] == ["next"]
    assert (catalogue.newest(), catalogue.current().version) == (1, 1)

    databases.take_inserts(database.folder, "catalogue_version")
    assert catalogue.publish(registry(11), "operator", "second", base=1, draft="next") == 2
    assert drafts.all() == []


def test_of_two_who_publish_from_the_same_version_one_is_refused(database: Database) -> None:
    """However close: the look at the newest and the new row are one transaction."""
    catalogues = [SqlCatalogue(database, parse, StandingClock()) for _ in range(8)]
    catalogues[0].publish(registry(10), "operator", "first")

    def publish(number: int) -> int | None:
        try:
            return catalogues[number].publish(
                registry(11 + number), f"operator {number}", "mine", base=1
            )
        except CatalogueMoved:
            return None

    with ThreadPoolExecutor(8) as pool:
        published = list(pool.map(publish, range(8)))

    assert sorted(one for one in published if one is not None) == [2]
    assert [row.version for row in catalogues[0].history()] == [2, 1]


def test_force_publishes_whatever_the_base_is(database: Database) -> None:
    catalogue = SqlCatalogue(database, parse, StandingClock())
    catalogue.publish(registry(10), "operator", "first")
    catalogue.publish(registry(11), "operator", "second")

    with pytest.raises(CatalogueMoved, match="from version 1, and version 2 is in force"):
        catalogue.publish(registry(12), "operator", "third", base=1)

    assert catalogue.publish(registry(12), "operator", "third", base=1, force=True) == 3
