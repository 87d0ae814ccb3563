"""A question as a row of the access log, and a row as the question it was.

Who the user is, and why in an emergency, is sealed; a keyed hash beside it finds the user again:
by issuer and subject, and by what others know the user by (HSA-id, or a citizen's number). Care
giver, unit, assignment and purpose stand open, for they are what an access is accounted for by.
What was shown of whom is one JSON column. Knows columns, and no database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from samsvar.audit.row_form import FORM
from samsvar.model.exchange import (
    Activity,
    Decision,
    Disclosure,
    QuestionRecord,
    Reason,
    Shown,
    Verdict,
)
from samsvar.model.identifiers import (
    ContractUrn,
    CorrelationId,
    HsaId,
    LogicalAddress,
    PersonId,
    folded,
)
from samsvar.model.user import Capacity, Statement, User, UserKind
from samsvar.observe.masking import masked
from samsvar.store.secrets import PersonVault

Row = dict[str, Any]
_DECISION = tuple(each.name for each in fields(Decision))
_Name = TypeVar("_Name")

_NO_USER = dict.fromkeys(
    (
        *("user_kind", "user_hash", "user_id_hash", "user_sealed"),
        *("care_giver", "care_unit", "assignment", "purpose"),
    )
)


def row_of(record: QuestionRecord, vault: PersonVault) -> Row:
    """Every column but the number and the leaf, which are given where it is appended."""
    subject, stated = record.subject, record.statement
    reason = stated.emergency_reason if stated else None
    return {
        "correlation_id": storable(record.correlation_id),
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "sender": storable(record.sender),
        "original_consumer": storable(record.original_consumer),
        "contract": storable(record.contract),
        "logical_address": storable(record.logical_address),
        "subject_hash": vault.keyed_hash(subject) if subject else None,
        "subject_sealed": vault.seal(subject) if subject else None,
        "verdict": record.verdict.value,
        "fault": record.fault,
        "fault_detail": storable(record.fault_detail),
        "catalogue_version": record.catalogue_version,
        "elapsed": float(record.elapsed) + 0.0,  # -0.0 would be read back as 0.0
        "items": sum(decision.items for decision in record.decisions),
        "security": _json(record.security),
        "peer": storable(record.peer),
        "decisions": _json(record.decisions),
        "form": FORM,
        "door": storable(record.door),
        **(_user_columns(record.user, vault) if record.user else _NO_USER),
        "statement": _stated(stated) if stated else None,
        "reason_sealed": vault.seal_text(reason) if reason is not None else None,
        "disclosures": _disclosed(record.disclosures) if record.disclosures else None,
        "policy": storable(record.policy) or None,
        "consent_id": storable(record.consent_id),
    }


def record_of(row: Mapping[str, Any], vault: PersonVault) -> QuestionRecord:
    """The record that became the row.

    Raises:
        ResourcesMissing: what is sealed cannot be opened.
    """
    sealed = row["subject_sealed"]
    return QuestionRecord(
        correlation_id=CorrelationId(row["correlation_id"]),
        at=datetime.fromisoformat(row["at"]),
        sender=_maybe(HsaId, row["sender"]),
        original_consumer=_maybe(HsaId, row["original_consumer"]),
        contract=_maybe(ContractUrn, row["contract"]),
        logical_address=_maybe(LogicalAddress, row["logical_address"]),
        subject=vault.open(sealed) if sealed is not None else None,
        verdict=Verdict(row["verdict"]),
        fault=row["fault"],
        fault_detail=row["fault_detail"],
        catalogue_version=row["catalogue_version"],
        elapsed=row["elapsed"],
        decisions=tuple(_decision(one) for one in json.loads(row["decisions"])),
        security=tuple(json.loads(row["security"])),
        peer=row["peer"],
        door=row["door"] or "soap",
        user=user_of(row, vault),
        statement=_statement_of(row, vault),
        disclosures=disclosures_of(row),
        policy=row["policy"] or "",
        consent_id=row["consent_id"],
    )


def _decision(stored: Mapping[str, Any]) -> Decision:
    """What a newer program has added is passed over."""
    known = {name: stored[name] for name in _DECISION if name in stored}
    return Decision(**{**known, "reason": Reason(stored["reason"])})


def user_of(row: Mapping[str, Any], vault: PersonVault) -> User | None:
    """Who asked, where a person did.

    Raises:
        ResourcesMissing: it cannot be opened.
    """
    if row["user_sealed"] is None:
        return None
    said = json.loads(vault.open_text(row["user_sealed"]))
    until, person, hsa_id = said["until"], said["person"], said["hsa_id"]
    return User(
        kind=UserKind(row["user_kind"]),
        subject=said["subject"],
        issuer=said["issuer"],
        assurance=said["assurance"],
        until=datetime.fromisoformat(until) if until else None,
        hsa_id=_maybe(HsaId, hsa_id),
        name=said["name"],
        title=said["title"],
        assignment=row["assignment"],
        care_giver=_maybe(HsaId, row["care_giver"]),
        care_unit=_maybe(HsaId, row["care_unit"]),
        purpose=row["purpose"],
        person=PersonId(*person) if person else None,
        scopes=frozenset(said["scopes"]),
    )


def disclosures_of(row: Mapping[str, Any]) -> tuple[Disclosure, ...]:
    """What came of each owner's records."""
    return tuple(
        Disclosure(
            source=LogicalAddress(one["source"]),
            owner=one["owner"],
            owner_unit=one["owner_unit"],
            shown=Shown(one["shown"]),
            rules=tuple(one["rules"]),
            records=one["records"],
            activity=Activity(one["activity"]),
        )
        for one in json.loads(row["disclosures"] or "[]")
    )


def user_hash(vault: PersonVault, issuer: str, subject: str) -> str:
    """What a user is found by, as the issuer says who it is."""
    return vault.keyed_hash_of("user", issuer, subject)


def user_id_hash(vault: PersonVault, known_by: HsaId | PersonId) -> str:
    """What a user is found by, as others know who it is."""
    if isinstance(known_by, PersonId):
        return vault.keyed_hash_of("person", known_by.root, known_by.extension)
    return vault.keyed_hash_of("hsa", folded(known_by))


def _user_columns(user: User, vault: PersonVault) -> Row:
    known_by = user.person if user.kind is UserKind.CITIZEN else user.hsa_id
    said = {
        "subject": user.subject,
        "issuer": user.issuer,
        "assurance": user.assurance,
        "until": user.until.isoformat() if user.until else None,
        "hsa_id": user.hsa_id,
        "name": user.name,
        "title": user.title,
        "person": [user.person.root, user.person.extension] if user.person else None,
        "scopes": sorted(user.scopes),
    }
    return {
        "user_kind": user.kind.value,
        "user_hash": user_hash(vault, user.issuer, user.subject),
        "user_id_hash": user_id_hash(vault, known_by) if known_by else None,
        "user_sealed": vault.seal_text(_json(said)),
        "care_giver": storable(user.care_giver),
        "care_unit": storable(user.care_unit),
        "assignment": storable(user.assignment),
        "purpose": storable(user.purpose),
    }


def _disclosed(disclosures: Sequence[Disclosure]) -> str:
    """As JSON. Owners and units come from records: a personal number there is masked too; each by
    itself, for the whole text takes four times as long to look through."""
    clean = all(
        storable(text) == text for one in disclosures for text in (one.owner, one.owner_unit)
    )
    return _json(
        disclosures
        if clean
        else [
            replace(one, owner=storable(one.owner), owner_unit=storable(one.owner_unit))
            for one in disclosures
        ]
    )


def _stated(stated: Statement) -> str:
    """All that was stated but the reason, which is free text."""
    said = asdict(stated)
    del said["emergency_reason"]
    return _json({name: value for name, value in said.items() if value is not None})


def _statement_of(row: Mapping[str, Any], vault: PersonVault) -> Statement | None:
    if row["statement"] is None:
        return None
    said = json.loads(row["statement"])
    sealed = row["reason_sealed"]
    reason = vault.open_text(sealed) if sealed is not None else None
    return Statement(**{**said, "capacity": Capacity(said["capacity"])}, emergency_reason=reason)


def _maybe(make: Callable[[str], _Name], text: str | None) -> _Name | None:
    return None if text is None else make(text)


def storable(text: str | None) -> str | None:
    """Text that any database takes, without a number of a person. One odd character in a header
    must not stop the log: the rows of everybody else are in the same transaction."""
    if text is None:
        return text
    text = masked(text)
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


def _json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half a character: orjson refuses it, json escapes it
        return json.dumps(value, default=asdict)
