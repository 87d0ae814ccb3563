"""The demo's grounds for access: what lets some of its fictive people see, and others not.

Written into the demo hub's own books, as an officer of each care giver would. Knows who is what to
whom; knows no rule: what comes of it is for the hub to say.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from samsvar.access.words import Relation, Subject
from samsvar.model.blocks import BlockRecord, BlockType
from samsvar.model.consents import AssertionType, ConsentRecord
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.registration import Action, Employee
from samsvar.simulation.demo_directory import CARE_GIVERS
from samsvar.simulation.people import person

if TYPE_CHECKING:
    from samsvar.settings import Settings
    from samsvar.store.database import Database
    from samsvar.store.secrets import PersonVault

REGION = HsaId("SE2129999997-VG1")
MUNICIPALITY = HsaId("SE2129999989-VG1")
BOARD = HsaId("SE2129999989-OG1")
OTHER_REGION = HsaId("SE2321000032-0001")

TOLVAN, ASTRID, DAVID = "191212121212", "193201027723", "195101151818"
ELIN, IDA, JONAS = "199001012385", "201201252382", "202101012397"

_BY = "samsvar demo"
_DAY = timedelta(days=1)
_KINDS = {giver.id: giver.kind for giver in CARE_GIVERS}

RELATIONS = (
    (TOLVAN, REGION, Relation.CURRENT_PATIENT),
    (ASTRID, REGION, Relation.CURRENT_PATIENT),
    (DAVID, REGION, Relation.CURRENT_PATIENT),
    (TOLVAN, MUNICIPALITY, Relation.CURRENT_PATIENT),
    (DAVID, MUNICIPALITY, Relation.CURRENT_PATIENT),
    (TOLVAN, BOARD, Relation.CARE_RECEIVER),
)
#: whose, with which care giver, for which of its units
CONSENTS = (
    (TOLVAN, REGION, "SE2129999997-U1"),
    (DAVID, REGION, "SE2129999997-U1"),
    (DAVID, MUNICIPALITY, "SE2129999989-U1"),
    (TOLVAN, BOARD, "SE2129999989-U2"),
)
GUARDIANS = ((JONAS, ELIN), (IDA, ELIN))


def write_grounds(settings: Settings, now: datetime) -> None:
    """Relations, consents, a block, an assessment of capacity, and a population register.

    Raises:
        ResourcesMissing: the database cannot be written.
        FactsUnavailable: the same, of consents and blocks.
    """
    from samsvar.store.database import database_of
    from samsvar.store.secrets import open_vault

    database = database_of(settings.hub)
    try:
        vault = open_vault(database)
        _relations(database, vault, now)
        _capacity(database, vault, now)
        _consents_and_a_block(database, vault, now)
        _population(database, vault, settings, now)
    finally:
        database.close()


def _relations(database: Database, vault: PersonVault, now: datetime) -> None:
    from samsvar.store.relations import NewRelation, StoredRelations

    relations = StoredRelations(database, vault)
    for number, care_giver, kind in RELATIONS:
        relations.register(_id(number), NewRelation(care_giver, kind, now - _DAY), _BY, now)


def _capacity(database: Database, vault: PersonVault, now: datetime) -> None:
    """Astrid lastingly cannot consent; what she would want has been clarified."""
    from samsvar.store.capacities import NewAssessment, StoredCapacities

    assessment = NewAssessment(
        REGION,
        Subject.ADULT_INCAPABLE_LASTING,
        HsaId("SE2129999997-E101"),
        now - _DAY,
        now + 90 * _DAY,
        attitude_clarified=True,
        reason="Samtal med närstående",
    )
    StoredCapacities(database, vault).register(_id(ASTRID), assessment, _BY, now)


def _consents_and_a_block(database: Database, vault: PersonVault, now: datetime) -> None:
    from samsvar.store.block_book import BlockBook
    from samsvar.store.consent_book import ConsentBook

    consents = ConsentBook(database, vault, lambda giver: _KINDS.get(HsaId(giver)))
    for count, (number, care_giver, unit) in enumerate(CONSENTS, start=1):
        refused = consents.register(
            ConsentRecord(
                f"demo-consent-{count}",
                AssertionType.CONSENT,
                _id(number),
                care_giver,
                HsaId(unit),
                now - _DAY,
                _action(care_giver, now, "Muntligt vid besök"),
            ),
            now,
        )
        assert refused is None, refused
    block = BlockRecord(
        "demo-block-1",
        BlockType.OUTER,
        _id(DAVID),
        OTHER_REGION,
        _action(OTHER_REGION, now, "På patientens begäran"),
    )
    refused = BlockBook(database, vault).register(block, now)
    assert refused is None, refused


def _population(database: Database, vault: PersonVault, settings: Settings, now: datetime) -> None:
    from samsvar.store.population import PopulationRow, RowKind, StoredPopulation

    rows = [
        PopulationRow(RowKind.GUARDIAN, _id(child), _id(guardian), _of_age(child))
        for child, guardian in GUARDIANS
    ]
    rows.append(PopulationRow(RowKind.PROTECTED, _id(DAVID)))
    longest = timedelta(hours=settings.population.longest_hours)
    StoredPopulation(database, vault, longest).load(rows, _BY, now, as_of=now, everybody=True)


def _action(care_giver: HsaId, now: datetime, reason: str) -> Action:
    officer = Employee(HsaId(f"{care_giver.partition('-')[0]}-E900"))
    return Action(now, officer, now, officer, reason)


def _of_age(number: str) -> date:
    """The day before the 18th birthday."""
    return date(int(number[:4]) + 18, int(number[4:6]), int(number[6:8])) - _DAY


def _id(number: str) -> PersonId:
    return PersonId(person(number).root, number)
