"""Every row of the catalogue of bad inputs, sent over a socket: as a question, or as an answer.

After each row: one row in the access log for a message that was taken and none for one that was
not, no producer asked unless the question was good, and nothing of what was sent in the refusal.
"""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from samsvar.model.exchange import Verdict
from samsvar.simulation import running
from samsvar.simulation.producer import Canned, Holdings, application
from tests.hub import CONSUMER, HUB, Running, Site, Source, ask_on, post, running_hub, status_rows
from tests.outside import envelope_of, fault_of, rows_of, rows_so_far, statuses_of
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

FOLDER = Path(__file__).parents[1] / "data" / "badinputs"
SOURCE = "SE2321000016-2X4B"
TOLVAN = "191212121212"
NUMBERS = (TOLVAN.encode(), b"196501022773", b"121212", b"19121212")
_correlation_ids = count(1)


@dataclass(frozen=True)
class Row:
    """One input of the catalogue."""

    id: str
    expected: str
    body: bytes
    headers: dict[str, str]
    status: int


def _rows(kind: str) -> list[Row]:
    with (FOLDER / "index.csv").open(encoding="utf-8", newline="") as file:
        return [_row(row) for row in csv.DictReader(file) if row["kind"] == kind]


def _row(row: dict[str, str]) -> Row:
    headers = {"Content-Type": row["content_type"]}
    if row["soapaction"]:
        headers["SOAPAction"] = row["soapaction"]
    status = 200
    for line in filter(None, row["extra_headers"].split("|")):
        name, _, value = line.rpartition(": ")
        if name == ":status":
            status = int(value)
        else:
            headers[name] = value
    return Row(row["id"], row["expected"], (FOLDER / row["file"]).read_bytes(), headers, status)


REQUESTS = _rows("request")
RESPONSES = _rows("response")
GOOD = next(row for row in RESPONSES if row.id == "RSP-01")

#: where the catalogue names no code and it is not VP015: a contract that has no route
CODES = {"SOAP-13": "VP004"}
#: what ``explain`` must say of each answer; those that are good are ``answered``
REASONS = {
    "RSP-03": "foreign-patient",
    "RSP-05": "foreign-patient",
    "RSP-07": "foreign-source",
    "RSP-11": "result-error",
    "RSP-13": "fault",
    "RSP-15": "fault",
    "RSP-35": "foreign-patient",
    "RSP-45": "fault",
}


@dataclass
class Stage:
    """A hub with one source, and what that source answers."""

    hub: Running
    source: Canned

    def answers(self, row: Row) -> None:
        self.source.body, self.source.status = row.body, row.status
        self.source.headers = row.headers
        self.source.asked.clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    site = Site(tmp_path_factory.mktemp("hub"))
    settings = site.write()
    source = Canned()
    async with running(application(Holdings(SOURCE), canned=source)) as url:
        site.load_registry(site.registry([Source(SOURCE, url + "/plans")]))
        await site.index(TOLVAN, [SOURCE])
        async with running_hub(site, settings) as hub:
            ask_on(hub)
            yield Stage(hub, source)


@pytest.mark.parametrize("row", REQUESTS, ids=[row.id for row in REQUESTS])
async def test_each_bad_question_ends_as_the_catalogue_says(stage: Stage, row: Row) -> None:
    stage.answers(GOOD)
    before = rows_so_far(stage.hub.site)
    correlation_id = f"bad-{next(_correlation_ids)}"

    status, headers, body = await post(
        stage.hub, row.body, headers={**row.headers, "x-skltp-correlation-id": correlation_id}
    )

    records = rows_of(stage.hub.site, correlation_id)
    if row.expected.startswith("H"):
        assert status == int(row.expected[1:])
        assert len(body) < 256
        assert b"<" not in body
        assert rows_so_far(stage.hub.site) == before
        assert stage.source.asked == []
    elif row.expected == "OK":
        asked = [] if row.id == "VAL-45" else [(SOURCE, "DataFromSource", None)]
        assert (status, status_rows(body)) == (200, asked)
        assert envelope_of(body) is not None
        assert body.count(b"<u:carePlan ") + body.count(b"<u:carePlan>") == len(asked)
        assert len(stage.source.asked) == len(asked)
        assert [(record.verdict, record.sender) for record in records] == [
            (Verdict.ANSWERED, CONSUMER)
        ]
    else:
        _, faultcode, *codes = re.split("[-:]", row.expected)
        fault = fault_of(body)
        assert (status, headers["content-type"]) == (500, "text/xml; charset=utf-8")
        assert fault.code == faultcode
        assert fault.text.startswith(codes[0] if codes else CODES.get(row.id, "VP015"))
        assert [record.verdict for record in records] == [Verdict.REFUSED]
        assert stage.source.asked == []
    if not row.expected.startswith("H"):
        assert rows_so_far(stage.hub.site) == before + 1
        assert headers["x-skltp-correlation-id"] == correlation_id
    if row.expected != "OK":
        assert [value for value in _values(row) if value in body] == []
        assert [value for value in NUMBERS if value.decode() in str(records)] == []


@pytest.mark.parametrize("row", RESPONSES, ids=[row.id for row in RESPONSES])
async def test_each_bad_answer_costs_its_own_source_and_no_more(stage: Stage, row: Row) -> None:
    """Its row says that it failed, none of its records is delivered, no number gets out."""
    stage.answers(row)
    correlation_id = f"bad-{next(_correlation_ids)}"

    status, _, body = await post(
        stage.hub, envelope(HUB, TOLVAN), headers={"x-skltp-correlation-id": correlation_id}
    )

    good = row.expected == "P-DataFromSource"
    reason = "answered" if good else REASONS.get(row.id, _otherwise(row))
    (seen,) = statuses_of(body)
    (record,) = rows_of(stage.hub.site, correlation_id)
    assert (status, seen.source, seen.code) == (200, SOURCE, row.expected[2:])
    assert record.verdict == Verdict.ANSWERED
    assert [(d.reason, d.items) for d in record.decisions] == [(reason, int(good))]
    assert [kind.partition(":")[0] for kind in record.security] == (
        [reason] if reason.startswith("foreign") else []
    )
    assert len(stage.source.asked) == 1
    if good:
        assert (seen.agent, seen.error_code, seen.text) == (None, None, None)
    else:
        failed_itself = reason in ("fault", "result-error")
        assert seen.agent == "service_producer"
        assert seen.error_code == ("500" if failed_itself else "43000")
        assert seen.text
        assert b"carePlan>" not in body
        assert b"documentId" not in body
        assert [number for number in NUMBERS if number in body] == []
        assert [number for number in NUMBERS if number.decode() in str(record.decisions)] == []


def _otherwise(row: Row) -> str:
    """A redirect, a wrong label or broken XML: an answer that cannot be used."""
    assert row.expected == "P-NoDataSynchFailed"
    return "invalid"


async def test_the_text_of_a_fault_goes_on_unless_it_holds_a_number(stage: Stage) -> None:
    """RSP-13's words help whoever has to look; RSP-15's have a person in them."""
    told = {}
    for row in RESPONSES:
        if row.id in ("RSP-13", "RSP-15"):
            stage.answers(row)
            _, _, body = await post(stage.hub, envelope(HUB, TOLVAN))
            told[row.id] = statuses_of(body)[0].text

    assert b"<faultstring>" in next(row.body for row in RESPONSES if row.id == "RSP-13")
    assert told["RSP-15"] == "SOAP fault: its text is not fit to be shown"
    assert told["RSP-13"] not in (None, told["RSP-15"])


async def test_the_catalogue_has_all_its_rows() -> None:
    assert len(REQUESTS) >= 100
    assert len(RESPONSES) >= 20
    assert set(REASONS) <= {row.id for row in RESPONSES}


def _values(row: Row) -> list[bytes]:
    """What the message says that no refusal may repeat."""
    sent = re.findall(rb"<c:(?:id|start|end)>([^<]{5,})<", row.body)
    sent += re.findall(rb"(?:SYSTEM|href=|schemaLocation=)\s*[\"']([^\"']{5,})", row.body)
    return [*sent, *NUMBERS, b"passwd", b"urn:x"]
