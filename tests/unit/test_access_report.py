"""Who has read: what a person is told, what an owner is told, and what only control is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from samsvar.access.words import Purpose
from samsvar.audit.reports import (
    OWN_READING,
    PURPOSES,
    UNSTATED,
    AccessSeen,
    Reader,
    Refusals,
    resource_of,
    seen_in,
)
from samsvar.inbound.citizen import words
from samsvar.model.exchange import Activity, Disclosure, QuestionRecord, Shown, Verdict
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, PersonId
from samsvar.model.user import Capacity, Statement
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_report import AccessReport
from samsvar.store.secrets import open_vault
from tests.databases import open_database
from tests.unit.test_store_access_log import CITIZEN, NURSE, TOLVAN, disclosed, record

DAY = (datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC))
NAMES = {"SE2321000131-E0001": "Exempelkommunen", "SE2321000131-E0002": "Hemtjänst Norr"}
EXISTENCE = Disclosure(LogicalAddress("SE-B"), "SE-OWNER", None, Shown.EXISTENCE, ("VG4",), 0)
CONTACTS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3")

pytestmark = pytest.mark.databases


def told(one: QuestionRecord, owner: str | None = None) -> list[AccessSeen]:
    return list(seen_in(7, one, NAMES.get, owner))


def test_an_access_is_told_in_words() -> None:
    read, emergency = told(disclosed(1))
    assert (read.reader, read.care_giver_name, read.care_unit_name) == (
        Reader.STAFF,
        "Exempelkommunen",
        "Hemtjänst Norr",
    )
    assert (read.purpose, read.resource) == ("Vård och behandling", "Vård- och omsorgsplan SIP")
    assert (read.activity, read.emergency, read.records) == (Activity.READ, False, 2)
    assert read.owners == ("SE2321000016-A",)
    assert (emergency.activity.value, emergency.emergency, emergency.records) == (
        "Nödöppning",
        True,
        1,
    )
    assert emergency.owners == ("SE2120001355-Nämnd",)  # and not the one that was refused
    assert told(replace(disclosed(1), contract=CONTACTS))[0].resource == "Vårdkontakter"
    assert "Karin" not in repr(read)


@pytest.mark.parametrize("what", [Shown.DENY, Shown.MASK])
def test_what_showed_nothing_is_no_access(what: Shown) -> None:
    nothing = Disclosure(LogicalAddress("SE-A"), "SE-OWNER", None, what, ("GT7",), 0)
    assert told(replace(disclosed(1), disclosures=(nothing,))) == []


def test_that_existence_was_shown_is_an_access() -> None:
    (seen,) = told(replace(disclosed(1), disclosures=(EXISTENCE,)))
    assert (seen.existence, seen.records, seen.owners) == (True, 0, ("SE-OWNER",))


@pytest.mark.parametrize(
    ("capacity", "person", "reader"),
    [
        (Capacity.SELF, TOLVAN, "du själv"),
        (Capacity.GUARDIAN, CITIZEN.person, "vårdnadshavare"),
        (Capacity.AGENT, CITIZEN.person, "ombud"),
        (Capacity.SELF, CITIZEN.person, "ombud"),
    ],
)
def test_a_citizen_is_told_as_what_it_was(
    capacity: Capacity, person: PersonId, reader: str
) -> None:
    read, _ = told(
        replace(
            disclosed(1, replace(CITIZEN, person=person)), statement=Statement(capacity=capacity)
        )
    )
    assert (read.reader.value, read.purpose, read.care_giver) == (reader, "Egen åtkomst", None)


def test_a_system_that_asked_is_told_as_that_system() -> None:
    """Also in rows from before owners were told apart; but not where it got nothing."""
    (seen,) = told(record(1))
    assert (seen.reader, seen.care_giver, seen.records, seen.owners) == (
        Reader.SYSTEM,
        "SE-REGION",
        2,
        (),
    )
    assert told(replace(record(1), original_consumer=None))[0].care_giver == "SE5565594230-NPO"
    assert told(replace(record(1), verdict=Verdict.FAILED)) == []
    assert told(replace(record(1), decisions=())) == []
    assert told(record(1), owner="SE2321000016-A") == []


@pytest.mark.parametrize(
    "contract",
    [
        "urn:samsvar:audit:search:1",
        "urn:riv:itintegration:engagementindex:FindContentResponder:1",
        "urn:riv:infrastructure:itintegration:registry:GetSupportedServiceContractsResponder:2",
        "urn:riv:informationsecurity:auditing:log:GetAccessLogsForPatientResponder:2",
        None,
    ],
)
def test_what_reads_no_care_is_no_access(contract: str | None) -> None:
    assert resource_of(contract) is None
    assert told(replace(record(1), contract=ContractUrn(contract) if contract else None)) == []


def test_every_word_of_a_report_has_its_english() -> None:
    """For the person who reads the report in English."""
    assert set(words.PURPOSES) == {*PURPOSES.values(), OWN_READING, UNSTATED}
    assert set(words.READERS) == {reader.value for reader in Reader}
    assert set(words.RESOURCES) == {
        resource_of(f"urn:x:{name}Responder:2") for name in ("GetCarePlans", "GetCareContacts")
    }


def test_every_purpose_that_may_be_stated_has_its_word() -> None:
    """But a citizen's own, and what is not known."""
    assert set(Purpose) - set(PURPOSES) == {Purpose.OWN_ACCESS, Purpose.UNKNOWN}
    odd = replace(disclosed(1), user=replace(NURSE, purpose="curiosity"))
    assert told(odd)[0].purpose == "Inte angivet"


@pytest.fixture
async def report(tmp_path: Path) -> AsyncIterator[AccessReport]:
    """Six questions: four about Tolvan, of which one showed nothing."""
    database = open_database(tmp_path)
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    denied = replace(disclosed(3), disclosures=disclosed().disclosures[2:])
    other = replace(disclosed(4), subject=CITIZEN.person)
    late = replace(disclosed(6), at=DAY[1])
    for one in (record(1), disclosed(2), denied, other, disclosed(5, CITIZEN), late):
        await log.append(one)
    await log.close()
    yield AccessReport(database, vault, NAMES.get)
    database.close()


def test_a_person_is_told_of_every_access_the_latest_first(report: AccessReport) -> None:
    found = report.for_person(TOLVAN, *DAY, 100)
    assert [(seen.sequence, seen.reader.value) for seen in found] == [
        (5, "vårdnadshavare"),
        (5, "vårdnadshavare"),
        (2, "personal"),
        (2, "personal"),
        (1, "annat system"),
    ]
    assert len(report.for_person(TOLVAN, *DAY, 3)) == 3
    assert [seen.sequence for seen in report.for_person(TOLVAN, DAY[1], DAY[1], 9)] == []


def test_an_owner_is_told_of_its_own_records_only(report: AccessReport) -> None:
    found = report.for_owner("se2321000016-A", *DAY, 100)
    assert [(seen.sequence, seen.owners) for seen in found] == [
        (5, ("SE2321000016-A",)),
        (4, ("SE2321000016-A",)),
        (2, ("SE2321000016-A",)),
    ]
    assert found[0].subject == TOLVAN
    assert report.for_owner("SE2321000016-B", *DAY, 100) == []  # it was asked, and showed nothing


def test_what_was_not_shown_is_counted_for_control(report: AccessReport) -> None:
    giver = HsaId("SE2321000131-E0001")
    found = report.refusals(*DAY)
    assert Refusals(giver, Shown.DENY, "VG3", 3) == found[0]
    assert Refusals(giver, Shown.MASK, "GT7", 2) in found
    assert Refusals(None, Shown.DENY, "VG3", 1) in found


async def test_many_rows_are_told_without_a_gap(tmp_path: Path) -> None:
    """More than are read at a time, twice."""
    database = open_database(tmp_path)
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    await asyncio.gather(*(log.append(record(number)) for number in range(1203)))
    await log.close()
    found = AccessReport(database, vault).for_person(TOLVAN, *DAY, 10_000)
    assert [seen.sequence for seen in found] == list(range(1203, 0, -1))
    database.close()
