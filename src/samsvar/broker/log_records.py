"""Records of the access log as a message at the broker: what stands in it, and how it is read.

A record is all that StoreLog tells of one access, so the whole of it is sealed. Its id is made of
the log's id and the row, and is the same however often it is sent. Knows no broker and no XML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from samsvar.broker.durable import LOG_RECORDS
from samsvar.broker.durable_message import DurableKind, Opened, opened
from samsvar.broker.forms import Form, NotTheForm
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.sealed import Kind
from samsvar.model.identifiers import PersonId
from samsvar.model.log_entry import LogEntry, Resource

_Short = Annotated[str, Field(max_length=64)]
_Words = Annotated[str, Field(max_length=256)]
_Hsa = Annotated[str, Field(max_length=32)]
_FULL = 512 * 1024
"""Bytes of records after which another message is begun."""


class ResourceForm(Form):
    """Of which owner, and which unit of it."""

    kind: _Words
    owner: _Hsa
    unit: _Hsa | None


class RecordForm(Form):
    """One record, as ``model.log_entry`` has it."""

    log_id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    at: Annotated[str, Field(pattern=r"^[0-9T:.+Z-]{19,40}$")]
    activity: _Words
    level: _Words
    arguments: Annotated[str, Field(max_length=8192)]
    purpose: _Words
    user_id: _Hsa = Field(repr=False)
    user_name: _Words | None = Field(repr=False)
    user_title: _Words | None
    assignment: _Words | None
    care_giver: _Hsa
    care_unit: _Hsa
    root: _Short
    extension: _Short = Field(repr=False)
    resources: list[ResourceForm]


class RecordsContent(Form):
    """Records for the log of one care giver, in their order."""

    receiver: _Short
    records: list[RecordForm] = Field(repr=False)


RECORDS = DurableKind(
    LOG_RECORDS,
    Kind.RECORDS,
    "application/vnd.samsvar.log-records",
    RecordsContent,
    most=500,
    most_bytes=8 * 1024 * 1024,
    named_by="[audit] store_log_for",
)
Records = Opened[RecordsContent]


def contents(receiver: str, entries: Sequence[LogEntry]) -> Iterator[RecordsContent]:
    """As many messages' contents as they need, in order."""
    some: list[RecordForm] = []
    size = 0
    for form in map(form_of, entries):
        length = len(form.model_dump_json())
        if some and (size + length > _FULL or len(some) == RECORDS.most):
            yield RecordsContent(receiver=receiver, records=some)
            some, size = [], 0
        some.append(form)
        size += length
    if some:
        yield RecordsContent(receiver=receiver, records=some)


def opened_records(
    body: object,
    content_type: str | None,
    *,
    own: KeyPair,
    address: str,
    senders: Mapping[str, tuple[str, PublicKey]],
) -> Records:
    """Read a message.

    Raises:
        Refused, NotSealed, NotTheForm, CannotOpen: as ``durable_message.opened``.
    """
    found = opened(RECORDS, body, content_type, own=own, address=address, senders=senders)
    if len(found.content.records) != found.count:
        raise NotTheForm("RecordsContent: records")
    for form in found.content.records:
        _moment(form)
    return found


def form_of(entry: LogEntry) -> RecordForm:
    """A record as it is written."""
    return RecordForm(
        log_id=entry.log_id,
        at=entry.at.isoformat(),
        activity=entry.activity,
        level=entry.level,
        arguments=entry.arguments,
        purpose=entry.purpose,
        user_id=entry.user_id,
        user_name=entry.user_name,
        user_title=entry.user_title,
        assignment=entry.assignment,
        care_giver=entry.care_giver,
        care_unit=entry.care_unit,
        root=entry.patient.root,
        extension=entry.patient.extension,
        resources=[
            ResourceForm(kind=one.kind, owner=one.owner, unit=one.unit) for one in entry.resources
        ],
    )


def entry_of(form: RecordForm, system: str) -> LogEntry:
    """The record. ``system``: whose it is."""
    return LogEntry(
        log_id=form.log_id,
        at=_moment(form),
        activity=form.activity,
        level=form.level,
        arguments=form.arguments,
        purpose=form.purpose,
        user_id=form.user_id,
        user_name=form.user_name,
        user_title=form.user_title,
        assignment=form.assignment,
        care_giver=form.care_giver,
        care_unit=form.care_unit,
        patient=PersonId(form.root, form.extension),
        resources=tuple(Resource(one.kind, one.owner, one.unit) for one in form.resources),
        system=system,
    )


def _moment(form: RecordForm) -> datetime:
    try:
        moment = datetime.fromisoformat(form.at)
    except ValueError:
        raise NotTheForm("RecordForm: at") from None
    if moment.tzinfo is None:
        raise NotTheForm("RecordForm: at")
    return moment
