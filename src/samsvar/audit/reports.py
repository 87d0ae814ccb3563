"""Who has read: rows of the access log as accesses that a person, or an owner of data, understands.

One access for each question and activity, with care giver, unit, purpose and what it was in Swedish
words. What was refused or masked away is in none: it is counted, for those who control the log.
A system that asked without saying for whom is told as that system: its own log has the person.
Calculation on records; knows no row, no directory and no message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from samsvar.access.words import Purpose
from samsvar.audit.accesses import shown
from samsvar.model.exchange import Activity, Disclosure, QuestionRecord, Shown, Verdict
from samsvar.model.identifiers import PersonId, folded
from samsvar.model.user import Capacity, UserKind

Names = Callable[[str], str | None]
"""What a care giver, unit or system is called; None: it is not known."""

PURPOSES: Final = {
    Purpose.CARE: "Vård och behandling",
    Purpose.CARE_COORDINATION: "Vård och behandling",
    Purpose.SICK_LEAVE_COORD: "Vård och behandling",
    Purpose.CERTIFICATE: "Annan dokumentation enligt lag",
    Purpose.STATISTICS: "Statistik",
    Purpose.LOG_CONTROL: "Administration",
}
"""Purposes in the words of the national access log, which has no word for one's own reading."""
OWN_READING: Final = "Egen åtkomst"
UNSTATED: Final = "Inte angivet"
_RESOURCES: Final = {
    "GetCarePlans": "Vård- och omsorgsplan SIP",
    "GetCareContacts": "Vårdkontakter",
}
_OURS: Final = ("urn:samsvar:", "urn:riv:itintegration:", "urn:riv:infrastructure:")
_LOG: Final = "urn:riv:informationsecurity:"


class Reader(StrEnum):
    """Who has read, in the words of a report to the person."""

    STAFF = "personal"
    SELF = "du själv"
    GUARDIAN = "vårdnadshavare"
    AGENT = "ombud"
    SYSTEM = "annat system"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSeen:
    """One access. ``Names`` are None where no directory knew them."""

    sequence: int
    """The row of the log that tells of it."""
    at: datetime
    reader: Reader
    care_giver: str | None
    """Of those who read; of a system: the system."""
    care_giver_name: str | None
    care_unit: str | None
    care_unit_name: str | None
    purpose: str
    resource: str
    activity: Activity
    existence: bool
    """Only that there is something was shown."""
    records: int
    owners: tuple[str, ...]
    """Whose records were shown."""
    owner_names: tuple[str | None, ...]
    user_id: str | None = field(repr=False)
    """HSA-id of staff."""
    user_name: str | None = field(repr=False)
    user_title: str | None = field(repr=False)
    subject: PersonId | None = field(repr=False)
    """Whose records they were."""

    @property
    def emergency(self) -> bool:
        """To be made plain: consent could not be asked for."""
        return self.activity is Activity.EMERGENCY


@dataclass(frozen=True, slots=True)
class Refusals:
    """For the control of the log: what was not shown to a care giver's staff, and by which rule."""

    care_giver: str | None
    outcome: Shown
    rule: str
    questions: int


def resource_of(contract: str | None) -> str | None:
    """What a contract reads, in words; None: no records of a person's care."""
    if contract is None or contract.startswith((*_OURS, _LOG)):
        return None
    interaction = contract.split(":")[-2:-1]
    name = interaction[0].removesuffix("Responder") if interaction else contract
    return _RESOURCES.get(name, name)


def purpose_of(record: QuestionRecord) -> str:
    """What for, in words."""
    user = record.user
    if user is not None and user.kind is UserKind.CITIZEN:
        return OWN_READING
    stated = user.purpose if user is not None else None
    try:
        return PURPOSES.get(Purpose(stated), UNSTATED) if stated else UNSTATED
    except ValueError:
        return UNSTATED


def seen_in(
    sequence: int, record: QuestionRecord, names: Names, owner: str | None = None
) -> Iterator[AccessSeen]:
    """The accesses that one row tells of. ``owner``: to that owner's records only."""
    resource = resource_of(record.contract)
    if resource is None:
        return
    parts = [
        one for one in shown(record) if owner is None or folded(one.owner or "") == folded(owner)
    ]
    if not record.disclosures and owner is None and _read_by_system(record):
        yield _access(sequence, record, names, resource, Activity.READ, parts)
    for activity, existence in dict.fromkeys((p.activity, _is_existence(p)) for p in parts):
        same = [p for p in parts if (p.activity, _is_existence(p)) == (activity, existence)]
        yield _access(sequence, record, names, resource, activity, same)


def refusals_in(records: Iterable[QuestionRecord]) -> list[Refusals]:
    """How often each rule refused or masked, for whom; the most frequent first."""
    counted: Counter[tuple[str | None, Shown, str]] = Counter()
    for record in records:
        giver = record.user.care_giver if record.user else record.sender
        found = {
            (giver, one.shown, rule)
            for one in record.disclosures
            if one.shown in (Shown.DENY, Shown.MASK)
            for rule in one.rules
        }
        counted.update(found)
    ordered = sorted(counted.items(), key=lambda each: (-each[1], str(each[0])))
    return [Refusals(*what, count) for what, count in ordered]


def _is_existence(disclosure: Disclosure) -> bool:
    return disclosure.shown is Shown.EXISTENCE


def _read_by_system(record: QuestionRecord) -> bool:
    """A question that was passed on to a system, from before owners were told apart or by a
    system that keeps the rules itself."""
    items = any(decision.items for decision in record.decisions)
    return record.user is None and record.verdict is Verdict.ANSWERED and items


def _access(
    sequence: int,
    record: QuestionRecord,
    names: Names,
    resource: str,
    activity: Activity,
    parts: list[Disclosure],
) -> AccessSeen:
    user = record.user
    reader = _reader(record)
    staff = user if user is not None and user.kind is UserKind.STAFF else None
    giver: str | None = staff.care_giver if staff else None
    if reader is Reader.SYSTEM:
        giver = record.original_consumer or record.sender
    unit = staff.care_unit if staff else None
    owners = tuple(dict.fromkeys(one.owner for one in parts if one.owner))
    return AccessSeen(
        sequence=sequence,
        at=record.at,
        reader=reader,
        care_giver=giver,
        care_giver_name=names(giver) if giver else None,
        care_unit=unit,
        care_unit_name=names(unit) if unit else None,
        purpose=purpose_of(record),
        resource=resource,
        activity=activity,
        existence=bool(parts) and _is_existence(parts[0]),
        records=sum(one.records for one in parts)
        or sum(decision.items for decision in record.decisions if not record.disclosures),
        owners=owners,
        owner_names=tuple(map(names, owners)),
        user_id=staff.hsa_id if staff else None,
        user_name=staff.name if staff else None,
        user_title=staff.title if staff else None,
        subject=record.subject,
    )


def _reader(record: QuestionRecord) -> Reader:
    user = record.user
    if user is None:
        return Reader.SYSTEM
    if user.kind is UserKind.STAFF:
        return Reader.STAFF
    capacity = record.statement.capacity if record.statement else Capacity.SELF
    if capacity is Capacity.GUARDIAN:
        return Reader.GUARDIAN
    if capacity is Capacity.AGENT:
        return Reader.AGENT
    # Whoever reads another's records without saying in what capacity was not that person.
    return Reader.SELF if user.person in (None, record.subject) else Reader.AGENT
