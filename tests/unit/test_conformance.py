"""Live answers judged off the hot path: what is counted, what is kept, and what never is."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from samsvar.bench import live
from samsvar.bench.live import Conformance, Counted
from samsvar.bench.live_taps import NoticedEvents, NoticedTransport, _as_sent
from samsvar.cli.conformance_score import scored
from samsvar.clock import SystemClock
from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import Call, Item, Question, Recipient, Reply
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.store.conformance import Day, Finding, SqlConformance
from samsvar.store.tables import CONFORMANCE_FINDING
from tests import databases
from tests.databases import open_database
from tests.world import (
    CORE,
    PLANS,
    TOLVAN,
    MemoryEvents,
    call,
    catalogue,
    envelope,
    packaged,
    record,
)

SOURCE = "SE2129999997-COSMIC1"
LABEL = "text/xml; charset=utf-8"


def question() -> Question:
    """The usual one."""
    contract = packaged().contracts[PLANS]
    return Question(contract, TOLVAN, None, b"", envelope())


def answer(header: str = "", person: str = TOLVAN.extension, time: str = "20260101120000") -> bytes:
    """One plan, sound but for what is put into its header."""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<p:GetCarePlansResponse xmlns:p="{PLANS}" xmlns:c="{CORE}"><p:carePlan>'
        f"<c:carePlanHeader><c:documentId>1</c:documentId><c:sourceSystemHSAId>{SOURCE}"
        "</c:sourceSystemHSAId><c:documentTitle>Plan</c:documentTitle><c:patientId>"
        f"<c:id>{person}</c:id><c:type>{TOLVAN.root}</c:type></c:patientId>"
        f"<c:accountableHealthcareProfessional><c:authorTime>{time}</c:authorTime>"
        "<c:healthcareProfessionalOrgUnit><c:orgUnitHSAId>SE2129999997-U1</c:orgUnitHSAId>"
        "<c:orgUnitName>Enhet</c:orgUnitName></c:healthcareProfessionalOrgUnit>"
        "<c:healthcareProfessionalCareUnitHSAId>SE2129999997-U1"
        "</c:healthcareProfessionalCareUnitHSAId><c:healthcareProfessionalCareGiverHSAId>"
        "SE2129999997-VG1</c:healthcareProfessionalCareGiverHSAId>"
        "</c:accountableHealthcareProfessional>"
        f"<c:approvedForPatient>true</c:approvedForPatient>{header}</c:carePlanHeader>"
        "<c:carePlanBody><c:content><c:mediaType>text/plain</c:mediaType><c:value>UGxhbg=="
        "</c:value></c:content><c:typeOfCarePlanEnum>SIP</c:typeOfCarePlanEnum></c:carePlanBody>"
        "</p:carePlan><p:result><c:resultCode>OK</c:resultCode>"
        "<c:logId>7f9c0f0e-52a1-4a55-9a3f-0d8a1c3c7d10</c:logId></p:result>"
        "</p:GetCarePlansResponse></e:Body></e:Envelope>"
    ).encode()


class Kept:
    """Keeps what it is given; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.counted: list[Counted] = []
        self.failures = failures

    def add(self, counted: Sequence[Counted]) -> None:
        """Keep it, or fail."""
        if self.failures:
            self.failures -= 1
            raise ResourcesMissing("the disk is full")
        self.counted += counted


def conformance(kept: Kept, sample: int = 1) -> Conformance:
    """With real schemas and clock."""
    return Conformance(kept, packaged().schemas, SystemClock(), sample=sample)


def judge(*bodies: bytes, sample: int = 1) -> list[Counted]:
    """All of them come, their answers go, the hub stops."""
    kept = Kept()
    one = conformance(kept, sample)
    for number, body in enumerate(bodies):
        one.noticed(f"c{number}", "cosmic", question(), SOURCE, body=body, content_type=LABEL)
        one.gone(f"c{number}")
    one.close()
    return kept.counted


def test_a_sound_answer_is_counted_and_nothing_is_found() -> None:
    """The score is a share: what is right must be counted too."""
    (counted,) = judge(answer())
    assert (counted.sampled, counted.failing, counted.warned) == (1, 0, 0)
    assert counted.findings == {}


def test_findings_are_rules_and_paths_counted_once_for_each_answer() -> None:
    """A must fails the answer, advice alone warns of it."""
    void = answer("<c:nullified>true</c:nullified>")
    (counted,) = judge(void, void, answer(time="20991231120000"), answer())
    assert (counted.sampled, counted.failing, counted.warned) == (4, 2, 1)
    assert counted.findings == {
        ("REC-07", "carePlan/carePlanHeader/nullified"): 2,
        ("REC-12", "carePlan/carePlanHeader/accountableHealthcareProfessional/authorTime"): 1,
    }


def test_what_cannot_be_read_is_a_finding_and_a_fault_is_none() -> None:
    """A fault says that the source failed, not that it breaks the contract."""
    fault = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        b"<faultcode>e:Server</faultcode><faultstring>no</faultstring></e:Fault></e:Body>"
        b"</e:Envelope>"
    )
    (counted,) = judge(b"<html>", fault)
    assert (counted.sampled, counted.failing) == (2, 1)
    assert counted.findings == {("MSG-05", ""): 1}


def test_no_value_is_ever_counted() -> None:
    """Not even where a value, or an element's name, is what is wrong."""
    odd = answer("<c:x191212121212>191212121212</c:x191212121212>", person="196501022773")
    (counted,) = judge(odd)
    assert counted.failing == 1
    assert not any(number in str(counted) for number in ("191212121212", "196501022773"))


def test_one_answer_in_so_many_is_judged_of_each_producer() -> None:
    """The first always, so that a small producer is seen as well."""
    (counted,) = judge(*[answer()] * 7, sample=3)
    assert counted.sampled == 3


def test_nothing_is_judged_before_the_answer_has_gone() -> None:
    """Another question's answer does not count for this one."""
    kept = Kept()
    one = conformance(kept)
    one.noticed("mine", "cosmic", question(), SOURCE, body=answer(), content_type=LABEL)
    one.gone("another")
    one.close()
    assert kept.counted == []


def test_zero_judges_none_and_starts_no_thread() -> None:
    """The one way to switch it off."""
    before = threading.active_count()
    kept = Kept()
    one = conformance(kept, sample=0)
    one.noticed("c", "cosmic", question(), SOURCE, body=answer(), content_type=LABEL)
    one.gone("c")
    assert threading.active_count() == before
    one.close()
    assert kept.counted == []


def test_a_flood_is_dropped_at_the_door_and_nobody_waits() -> None:
    """More than can be kept, and one that is too large: noticed in no time, never judged."""
    kept = Kept()
    one = conformance(kept)
    asked = question()
    begun = time.monotonic()
    for number in range(live.MOST_ANSWERS * 20):
        one.noticed(f"c{number}", "cosmic", asked, SOURCE, body=answer(), content_type=LABEL)
    one.noticed("big", "big", asked, SOURCE, body=b" " * (live.MOST_OF_ONE + 1))
    assert time.monotonic() - begun < 2
    for number in range(live.MOST_ANSWERS * 20):
        one.gone(f"c{number}")
    one.gone("big")
    one.close()
    (counted,) = kept.counted
    assert counted.producer == "cosmic"
    assert counted.sampled == live.MOST_ANSWERS


def test_counts_that_could_not_be_written_are_written_later() -> None:
    """A full disk costs no count, and no answer."""
    kept = Kept(failures=1)
    one = Conformance(kept, packaged().schemas, SystemClock(), sample=1, flush_seconds=0.01)
    one.noticed("c", "cosmic", question(), SOURCE, body=answer(), content_type=LABEL)
    one.gone("c")
    give_up = time.monotonic() + 5
    while not kept.counted and time.monotonic() < give_up:
        time.sleep(0.01)
    one.close()
    assert [counted.sampled for counted in kept.counted] == [1]


async def test_an_adapters_records_are_judged_as_the_hub_writes_them() -> None:
    """The covers change nothing on the way through."""
    kept, events = Kept(), MemoryEvents()
    one = conformance(kept)
    reply = Reply((record(SOURCE, TOLVAN),))

    class Inner:
        """Answers with one record, which is no plan."""

        async def ask(
            self, call: Call, question: Question, recipient: Recipient, patience: float
        ) -> Reply:
            """The reply."""
            return reply

    asked = call()
    (entry,) = catalogue([SOURCE], [SOURCE]).entries
    recipient = Recipient(LogicalAddress(SOURCE), entry)
    transport = NoticedTransport(Inner(), one)
    assert await transport.ask(asked, question(), recipient, 1.0) is reply
    NoticedEvents(events, one).emit("resp-out", asked.correlation_id, status=200)
    one.close()
    assert [counted.failing for counted in kept.counted] == [1]


# The database


@pytest.mark.databases
def test_counts_are_added_up_and_read_back(tmp_path: Path) -> None:
    """By producer, contract and day; findings over days, the most common first."""
    database = open_database(tmp_path)
    kept = SqlConformance(database)
    monday = Counted("p", "urn:c", "2026-11-16", 4, 1, 1, {("REC-07", "a"): 1})
    tuesday = replace(monday, day="2026-11-17", findings={("REC-07", "a"): 2, ("REC-01", "b"): 9})
    kept.add([monday])
    kept.add([monday, tuesday])
    try:
        assert kept.days("2026-11-16") == [
            Day("p", "urn:c", "2026-11-16", 8, 2, 2),
            Day("p", "urn:c", "2026-11-17", 4, 1, 1),
        ]
        assert kept.findings("2026-11-16") == [
            Finding("p", "urn:c", "REC-01", "b", 9),
            Finding("p", "urn:c", "REC-07", "a", 4),
        ]
        assert kept.days("2026-11-18") == []
    finally:
        database.close()


@pytest.mark.databases
def test_a_database_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    """In a sentence without what was being stored."""
    database = open_database(tmp_path)
    databases.tamper(tmp_path, f"DROP TABLE {CONFORMANCE_FINDING.name}")
    counted = Counted("p", "urn:c", "2026-11-16", 1, 1, 0, {("REC-07", "a"): 1})
    try:
        with pytest.raises(ResourcesMissing, match="could not be written"):
            SqlConformance(database).add([counted])
        assert SqlConformance(database).days("2026-01-01") == []  # all, or nothing
    finally:
        database.close()


def test_a_score_is_the_share_that_keeps_the_musts_with_two_weeks_beside_each_other() -> None:
    """So that a change for the worse is seen."""
    days = [
        Day("p", "urn:c", "2026-10-30", 10, 0, 0),
        Day("p", "urn:c", "2026-11-10", 10, 1, 0),
        Day("p", "urn:c", "2026-11-20", 10, 5, 1),
        Day("q", "urn:c", "2026-11-20", 1, 0, 0),
    ]
    found = [Finding("p", "urn:c", "REC-07", "a", 6)]
    first, second = scored(days, found, date(2026, 11, 21))
    assert (first.producer, first.sampled, first.failing, first.warned) == ("p", 30, 6, 1)
    assert (first.score, first.last_week, first.week_before) == (80.0, 50.0, 90.0)
    assert first.findings == tuple(found)
    assert (second.score, second.last_week, second.week_before) == (100.0, 100.0, None)


async def test_records_of_a_contract_that_no_adapter_answers_are_judged_as_they_came() -> None:
    """A worker may bring them for any contract that the hub serves."""
    asked = replace(question(), contract=replace(question().contract, urn=ContractUrn("urn:x")))
    reply = Reply((Item(b"<x/>", None, None),))
    assert _as_sent(asked, reply) == (b"<x/>",)
