"""GetAccessLogsForPatient: the question read, and the report written.

Source: informationsecurity:auditing:log 2.0. Times without a zone are Swedish. Knows element names,
``accesssLogs`` with three s too. Knows no log and no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from lxml import etree

from samsvar.errors import MalformedRequest
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.soap.envelope import escaped
from samsvar.soap.log_messages import CORE, local_moment
from samsvar.soap.request import SchemaCheck
from samsvar.soap.rivta import SOAP

GET_ACCESS_LOGS: Final = ContractUrn(
    "urn:riv:informationsecurity:auditing:log:GetAccessLogsForPatientResponder:2"
)
_ELEMENT: Final = f"{{{GET_ACCESS_LOGS}}}GetAccessLogsForPatient"
_MOST_FAULTS = 5
_FRACTION = re.compile(r"(\.\d{6})\d+")


class ReportCode(StrEnum):
    """How a report came out, in the contract's words."""

    OK = "OK"
    ERROR = "ERROR"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    ON_QUEUE = "REPORT_ON_QUEUE"
    IN_PROCESS = "REPORT_IN_PROCESS"
    NOT_FOUND = "REPORT_NOT_FOUND"
    TOO_LARGE = "MAX_QUERY_RESULT_EXCEEDED"


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """About whom, of which time, and the id of a report that was begun before."""

    person: PersonId
    since: datetime
    until: datetime
    """The last second that is asked for."""
    report_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One access, as the contract has it."""

    care_giver: str
    care_giver_name: str | None
    care_unit: str
    care_unit_name: str | None
    at: datetime
    user_id: str = field(repr=False)
    user_name: str | None = field(repr=False)
    user_title: str | None = field(repr=False)
    purpose: str
    resource: str


def read_report_question(body: etree._Element, check: SchemaCheck) -> ReportQuestion:
    """A GetAccessLogsForPatient element.

    Raises:
        MalformedRequest: it is none, breaks its schema, or holds a day that no calendar has; no
            value is repeated.
    """
    if body.tag != _ELEMENT:
        raise MalformedRequest("The Body does not hold the request of its contract.")
    faults = [f"{fault.path}: {fault.reason}" for fault in check(body)]
    if faults:
        raise MalformedRequest("; ".join(faults[:_MOST_FAULTS]))
    person = body.find(f"{{{GET_ACCESS_LOGS}}}patientId")
    assert person is not None
    return ReportQuestion(
        PersonId(_text(person, f"{{{CORE}}}root"), _text(person, f"{{{CORE}}}extension")),
        _moment(body, "fromDate"),
        _moment(body, "toDate"),
        _text(body, f"{{{GET_ACCESS_LOGS}}}queuedReportId") or None,
    )


def report_response(
    code: ReportCode,
    text: str = "",
    *,
    asked: ReportQuestion,
    rows: Iterable[ReportRow] | None = None,
    report_id: str | None = None,
    queue_seconds: int | None = None,
) -> bytes:
    """The envelope of the answer. ``rows`` None: no report is given."""
    queued = "" if queue_seconds is None else f"<c:queueTime>{queue_seconds}</c:queueTime>"
    logs = "" if rows is None else f"<c:accesssLogs>{''.join(map(_row, rows))}</c:accesssLogs>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}"><s:Body>'
        f'<r:GetAccessLogsForPatientResponse xmlns:r="{GET_ACCESS_LOGS}" xmlns:c="{CORE}">'
        f"<r:accessLogsResult><c:reportResult><c:result>{_field('resultCode', code)}"
        f"{_field('resultText', text or None)}</c:result>"
        f"{_field('startInterval', local_moment(asked.since))}"
        f"{_field('endInterval', local_moment(asked.until))}"
        f"{_field('queuedReportId', report_id)}{queued}</c:reportResult>{logs}"
        "</r:accessLogsResult></r:GetAccessLogsForPatientResponse></s:Body></s:Envelope>"
    ).encode()


def _row(row: ReportRow) -> str:
    fields = (
        ("careProviderId", row.care_giver),
        ("careProviderName", row.care_giver_name),
        ("careUnitId", row.care_unit),
        ("careUnitName", row.care_unit_name),
        ("accessDate", local_moment(row.at)),
        ("userId", row.user_id),
        ("userName", row.user_name),
        ("userTitle", row.user_title),
        ("purpose", row.purpose),
        ("resourceType", row.resource),
    )
    told = "".join(_field(name, value) for name, value in fields)
    return f"<c:accessLog>{told}</c:accessLog>"


def _field(name: str, value: str | None) -> str:
    return "" if value is None else f"<c:{name}>{escaped(value)}</c:{name}>"


def _moment(body: etree._Element, name: str) -> datetime:
    """An xs:dateTime that the schema has let through."""
    try:
        text = _FRACTION.sub(r"\1", _text(body, f"{{{GET_ACCESS_LOGS}}}{name}"))
        told = datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=STOCKHOLM)).astimezone(STOCKHOLM)
    except (ValueError, OverflowError) as error:
        raise MalformedRequest(f"{name}: no moment that a calendar has") from error


def _text(parent: etree._Element, tag: str) -> str:
    return (parent.findtext(tag) or "").strip()
