"""The door for users on the grounds that the hub keeps itself: nothing in memory, no patience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from samsvar.access.words import Relation, Subject
from samsvar.clock import SystemClock
from samsvar.fhir.labels import CONFIDENTIALITY
from samsvar.model.blocks import BlockRecord, BlockType
from samsvar.model.catalogue import CareGiverKind
from samsvar.model.consents import AssertionType, ConsentRecord
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.person_numbers import PERSONNUMMER
from samsvar.model.registration import Action, Employee
from samsvar.settings import load
from samsvar.simulation import demo_data
from samsvar.store.block_book import BlockBook
from samsvar.store.capacities import NewAssessment, StoredCapacities
from samsvar.store.consent_book import ConsentBook
from samsvar.store.population import PopulationRow, RowKind, StoredPopulation
from samsvar.store.relations import NewRelation, StoredRelations
from samsvar.store.secrets import open_vault
from tests.databases import open_database
from tests.hub import Site
from tests.users import CHILD, CITIZENS, Users, serving_users

pytestmark = [pytest.mark.wire, pytest.mark.slow]

TOLVAN = PersonId(PERSONNUMMER, "191212121212")
REGION, UNIT, VERA = (HsaId(f"SE2129999997-{name}") for name in ("VG1", "U1", "E101"))
CLINIC = HsaId("SE2129999971-VG1")
OFFICER = Employee(HsaId("SE2129999997-E900"))
DAY = timedelta(days=1)


@dataclass
class Books:
    """All that is kept, opened beside the hub."""

    relations: StoredRelations
    capacities: StoredCapacities
    consents: ConsentBook
    blocks: BlockBook
    population: StoredPopulation


@contextmanager
def books(site: Site) -> Iterator[Books]:
    database = open_database(load(site.settings_file, {}).hub.data)
    vault = open_vault(database)
    try:
        yield Books(
            StoredRelations(database, vault),
            StoredCapacities(database, vault),
            ConsentBook(database, vault, lambda _giver: CareGiverKind.VG),
            BlockBook(database, vault),
            StoredPopulation(database, vault, timedelta(hours=36)),
        )
    finally:
        database.close()


async def shown(users: Users) -> set[str]:
    """Which sources' plans Vera is shown."""
    seen = await users.search("CarePlan", "vera")
    assert seen.status == 200
    return {each["meta"]["source"].partition("#")[2] for each in seen.of("CarePlan")}


async def test_each_ground_opens_and_a_block_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = SystemClock().now()
    action = Action(now, OFFICER, now, OFFICER, "Vid besök")
    site = Site(tmp_path)
    async with serving_users(site, monkeypatch, stored=True) as users:
        with books(site) as kept:
            assert await shown(users) == {demo_data.HOSPITAL}  # the own care giver's: SP1

            kept.relations.register(
                TOLVAN,
                NewRelation(REGION, Relation.CURRENT_PATIENT, now - DAY, care_unit=UNIT),
                "test",
                now,
            )
            kept.capacities.register(
                TOLVAN,
                NewAssessment(REGION, Subject.ADULT, VERA, now - DAY, now + DAY),
                "test",
                now,
            )
            kept.consents.register(
                ConsentRecord(
                    "c-1", AssertionType.CONSENT, TOLVAN, REGION, UNIT, now - DAY, action
                ),
                now,
            )
            opened = await shown(users)
            assert opened > {demo_data.HOSPITAL, demo_data.CLINIC}

            kept.blocks.register(BlockRecord("b-1", BlockType.OUTER, TOLVAN, CLINIC, action), now)
            assert await shown(users) == opened - {demo_data.CLINIC}


async def test_a_protected_identity_in_the_register_that_was_loaded_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To staff by the label of what they see, and to the person."""
    now = SystemClock().now()
    site = Site(tmp_path)

    async def told(users: Users) -> tuple[list[str], bool]:
        seen = await users.search("CarePlan", "vera")
        (plan,) = seen.of("CarePlan")
        own = await users.post("/citizen/v1/plans", "tolvan", {}, sender=CITIZENS)
        levels = [
            one["code"] for one in plan["meta"]["security"] if one["system"] == CONFIDENTIALITY
        ]
        return levels, own.json["protectedIdentity"]

    async with serving_users(site, monkeypatch, stored=True) as users:
        before = await told(users)
        with books(site) as kept:
            kept.population.load(
                [PopulationRow(RowKind.PROTECTED, TOLVAN)], "test", now, as_of=now, everybody=True
            )
        after = await told(users)

    assert (before, after) == ((["N"], False), (["R"], True))


async def test_a_guardian_is_found_in_the_register_that_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = SystemClock().now()
    child, elin = PersonId(PERSONNUMMER, CHILD), PersonId(PERSONNUMMER, "199001012385")
    site = Site(tmp_path)
    body = {"person": CHILD, "capacity": "guardian"}
    async with serving_users(site, monkeypatch, stored=True) as users:
        nobody = await users.post("/citizen/v1/plans", "elin", body, sender=CITIZENS)
        with books(site) as kept:
            kept.population.load(
                [PopulationRow(RowKind.GUARDIAN, child, elin)],
                "test",
                now,
                as_of=now,
                everybody=True,
            )
        guardian = await users.post("/citizen/v1/plans", "elin", body, sender=CITIZENS)

    assert nobody.json["plans"] == []
    assert [each["title"] for each in guardian.json["plans"]] == ["Ett barns vårdplan"]
