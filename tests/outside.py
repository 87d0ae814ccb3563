"""What can be seen of a hub from outside: its faults, and the rows of its access log.

Knows the schemas of SOAP 1.1 and of ProcessingStatus, and reads the access log as ``explain``
does, read-only. Knows nothing of how an answer came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from lxml import etree

from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import PersonId
from samsvar.settings import load
from samsvar.soap.parsing import ANSWER_LIMITS, parse, parse_trusted
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.database import open_database
from samsvar.store.secrets import open_vault
from tests.contract_facts import packaged
from tests.hub import Site

S = "{http://schemas.xmlsoap.org/soap/envelope/}"
STATUS = "{urn:riv:interoperability:headers:1}"


@dataclass(frozen=True, slots=True)
class SeenFault:
    """A fault as a consumer reads it. ``code`` is the local name of the faultcode."""

    code: str
    text: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class SeenStatus:
    """One row of ProcessingStatus."""

    source: str
    code: str
    agent: str | None
    error_code: str | None
    text: str | None


def envelope_of(body: bytes) -> etree._Element:
    """The answer, which follows the schema of SOAP 1.1."""
    root = parse(body, charset="utf-8", limits=ANSWER_LIMITS).root
    assert _schema("soap_envelope_1.1.xsd").validate(root), "not a SOAP 1.1 envelope"
    return root


def fault_of(body: bytes) -> SeenFault:
    """The one fault of an answer: at most four children, in no namespace, in their order."""
    root = envelope_of(body)
    (fault,) = root.iter(f"{S}Fault")
    names = [child.tag for child in fault]
    assert names in (["faultcode", "faultstring"], ["faultcode", "faultstring", "detail"])
    prefix, _, code = (fault.findtext("faultcode") or "").partition(":")
    assert fault.nsmap[prefix] == S.strip("{}")
    return SeenFault(
        code, fault.findtext("faultstring") or "", fault.findtext("detail/detailString")
    )


def statuses_of(body: bytes) -> list[SeenStatus]:
    """The rows of ProcessingStatus, which follows its schema; there must be one header block."""
    (block,) = envelope_of(body).iterfind(f"{S}Header/{STATUS}ProcessingStatus")
    assert _schema("interoperability_headers_1.0.xsd").validate(block), "not a ProcessingStatus"
    error = f"{STATUS}lastUnsuccessfulSynchError/{STATUS}"
    return [
        SeenStatus(
            row.findtext(f"{STATUS}logicalAddress") or "",
            row.findtext(f"{STATUS}statusCode") or "",
            row.findtext(f"{error}causingAgent"),
            row.findtext(f"{error}code"),
            row.findtext(f"{error}text"),
        )
        for row in block.iterfind(f"{STATUS}ProcessingStatusList")
    ]


def rows_of(site: Site, correlation_id: str) -> list[QuestionRecord]:
    """What the access log has under a correlation id."""
    with _access_log(site) as log:
        return [found.record for found in log.questions(correlation_id)]


def rows_so_far(site: Site) -> int:
    """How many rows the access log has."""
    with _access_log(site) as log:
        latest = log.latest(1)
        return latest[0].sequence if latest else 0


def rows_about(site: Site, person: PersonId) -> list[QuestionRecord]:
    """What the access log has about a person, the latest first."""
    with _access_log(site) as log:
        return [found.record for found in log.about(person)]


@contextmanager
def _access_log(site: Site) -> Iterator[AccessLogReader]:
    hub = load(site.settings_file, {}).hub
    database = open_database(hub.data, hub.database, read_only=True)
    try:
        yield AccessLogReader(database, open_vault(database))
    finally:
        database.close()


@cache
def _schema(file: str) -> Any:
    return etree.XMLSchema(parse_trusted(packaged(file)[0]))
