"""The access log's contracts: StoreLog written and its answer read, GetAccessLogsForPatient read
and answered.

Source: informationsecurity:auditing:log 2.0. Knows element names, ``accesssLogs`` with three s
too. Times have no zone and are Swedish. Knows no log and no permission.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from samsvar.errors import (
    ProducerAnswerInvalid,
    ProducerFault,
    ProducerResultError,
    ProducerUnreachable,
)
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.local_time import local_time
from samsvar.model.log_entry import LogEntry, LogRefusal, Resource
from samsvar.soap.envelope import escaped
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse
from samsvar.soap.rivta import BODY, FAULT

STORE_LOG: Final = ContractUrn("urn:riv:informationsecurity:auditing:log:StoreLogResponder:2")
CORE: Final = "urn:riv:informationsecurity:auditing:log:2"
MOST_RECORDS: Final = 500
"""In one StoreLog."""
_RESPONSE: Final = f"{{{STORE_LOG}}}StoreLogResponse"
_TAKEN: Final = frozenset({"OK", "INFO"})
#: how log services say that they have a record of that id: no code tells it from other faults
_DUPLICATE = re.compile(r"dubbl|dublett|duplic|unik|unique|redan|already|exist", re.IGNORECASE)


def store_log(entries: Sequence[LogEntry], system_id: str, system_name: str) -> bytes:
    """A StoreLog element with these records; at most ``MOST_RECORDS``. ``system_id``: of those that
    are our own."""
    logs = "".join(_log(entry, entry.system or system_id, system_name) for entry in entries)
    return f'<r:StoreLog xmlns:r="{STORE_LOG}" xmlns:c="{CORE}">{logs}</r:StoreLog>'.encode()


def read_store_log_answer(status: int, content_type: str | None, body: bytes) -> LogRefusal | None:
    """None: it has taken the records. Its own words are read, and not repeated.

    Raises:
        ProducerUnreachable, ProducerFault, ProducerResultError, ProducerAnswerInvalid: it has not
            looked at them, or it cannot be told.
    """
    if status not in (200, 500):
        raise ProducerUnreachable(f"HTTP status {status}")
    try:
        charset = None if content_type is None else charset_of(content_type)
        root = parse(body, charset=charset, limits=ANSWER_LIMITS).root
    except (XmlRefused, MediaTypeRefused) as error:
        raise ProducerAnswerInvalid(f"HTTP status {status}, and no message: {error}") from error
    element = root.find(f"{BODY}/*")
    if element is not None and element.tag == FAULT:
        raise ProducerFault("it answered with a fault")
    if status != 200 or element is None or element.tag != _RESPONSE:
        raise ProducerAnswerInvalid(f"HTTP status {status}, and not this contract's answer")
    result = element.find(f"{{{STORE_LOG}}}result")
    code = "" if result is None else (result.findtext(f"{{{CORE}}}resultCode") or "").strip()
    text = "" if result is None else result.findtext(f"{{{CORE}}}resultText") or ""
    if code in _TAKEN:
        return None
    if code == "VALIDATION_ERROR":
        return LogRefusal("it answered VALIDATION_ERROR", bool(_DUPLICATE.search(text)))
    if code in ("ERROR", "ACCESSDENIED"):
        raise ProducerResultError(f"it answered {code}")
    raise ProducerAnswerInvalid("its resultCode is none of this contract's")


def _log(entry: LogEntry, system_id: str, system_name: str) -> str:
    system = _some(("systemId", system_id), ("systemName", system_name))
    activity = _some(
        ("activityType", entry.activity),
        ("activityLevel", entry.level),
        ("activityArgs", entry.arguments),
        ("startDate", local_moment(entry.at)),
        ("purpose", entry.purpose),
    )
    user = _some(
        ("userId", entry.user_id),
        ("name", entry.user_name),
        ("assignment", entry.assignment),
        ("title", entry.user_title),
    )
    return (
        f"<r:log>{_some(('logId', entry.log_id))}<c:system>{system}</c:system>"
        f"<c:activity>{activity}</c:activity><c:user>{user}"
        f"<c:careProvider>{_some(('careProviderId', entry.care_giver))}</c:careProvider>"
        f"<c:careUnit>{_some(('careUnitId', entry.care_unit))}</c:careUnit></c:user>"
        f"<c:resources>{''.join(_resource(one, entry.patient) for one in entry.resources)}"
        "</c:resources></r:log>"
    )


def _resource(resource: Resource, patient: PersonId) -> str:
    number = _some(("root", patient.root), ("extension", patient.extension))
    unit = f"<c:careUnit>{_some(('careUnitId', resource.unit))}</c:careUnit>"
    return (
        f"<c:resource>{_some(('resourceType', resource.kind))}"
        f"<c:patient><c:patientId>{number}</c:patientId></c:patient>"
        f"<c:careProvider>{_some(('careProviderId', resource.owner))}</c:careProvider>"
        f"{unit if resource.unit else ''}</c:resource>"
    )


def local_moment(moment: datetime) -> str:
    """xs:dateTime in Swedish time, without a zone, to the second."""
    return local_time(moment).strftime("%Y-%m-%dT%H:%M:%S")


def _some(*fields: tuple[str, str | None]) -> str:
    """Elements of the core namespace, without those that have no value."""
    return "".join(
        f"<c:{name}>{escaped(value)}</c:{name}>" for name, value in fields if value is not None
    )
