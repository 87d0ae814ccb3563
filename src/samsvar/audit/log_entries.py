"""Rows of the access log as records of the national one: one for each owner and activity.

The id of a record is made of the log's id, the row's number and the record's place: whoever sends
a row once more sends the same ids. Calculation on a record; knows no message.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from samsvar.audit.accesses import shown
from samsvar.audit.reports import purpose_of, resource_of
from samsvar.model.exchange import Disclosure, QuestionRecord, Shown
from samsvar.model.identifiers import folded
from samsvar.model.log_entry import LogEntry, Resource

_EXISTENCE: Final = "Förekomst"
_LONGEST_ID: Final = 32
_LONGEST_NAME: Final = 256
_LONGEST_ARGUMENTS: Final = 8192
_UNNAMED: Final = "Vård- och omsorgsdokumentation"


class CannotBeTold(ValueError):
    """The row lacks what every record must have. The text says what."""


def entries_of(sequence: int, record: QuestionRecord, log: str) -> tuple[LogEntry, ...]:
    """The records of a row, in a fixed order. ``log``: the log's id, as hex.

    Raises:
        CannotBeTold: the row has no user, unit or patient that can be named.
    """
    user, patient = record.user, record.subject
    if user is None or patient is None:
        raise CannotBeTold("the row has no user or no patient")
    kind = resource_of(record.contract) or _UNNAMED
    groups: dict[tuple[str, str, bool], list[Disclosure]] = {}
    for one in shown(record):
        owner = one.owner or one.source  # who answered is known, where whose it is is not
        key = (folded(owner), one.activity.value, one.shown is Shown.EXISTENCE)
        groups.setdefault(key, []).append(one)
    return tuple(
        LogEntry(
            log_id=str(uuid5(UUID(log), f"{sequence}/{place}")),
            at=record.at,
            activity=activity,
            level=_EXISTENCE if existence else kind[:_LONGEST_NAME],
            arguments=_arguments(record, parts),
            purpose=purpose_of(record),
            user_id=_id(user.hsa_id, "the user's HSA-id"),
            user_name=_name(user.name),
            user_title=_name(user.title),
            assignment=_name(user.assignment),
            care_giver=_id(user.care_giver, "the care giver"),
            care_unit=_id(user.care_unit, "the care unit"),
            patient=patient,
            resources=tuple(
                dict.fromkeys(
                    Resource(
                        kind[:_LONGEST_NAME],
                        _id(one.owner or one.source, "the owner"),
                        _id(one.owner_unit, "the owner's unit") if one.owner_unit else None,
                    )
                    for one in parts
                )
            ),
        )
        for place, ((_, activity, existence), parts) in enumerate(groups.items())
    )


def _arguments(record: QuestionRecord, parts: list[Disclosure]) -> str:
    rules = dict.fromkeys(rule for one in parts for rule in one.rules)
    told = {
        "contract": record.contract,
        "correlationId": record.correlation_id,
        "consumer": record.original_consumer or record.sender,
        "outcome": ",".join(dict.fromkeys(one.shown.value for one in parts)),
        "rules": ",".join(rules),
        "records": str(sum(one.records for one in parts)),
        "policy": record.policy,
        "consent": record.consent_id,
    }
    return "; ".join(f"{name}={value}" for name, value in told.items() if value)[
        :_LONGEST_ARGUMENTS
    ]


def _id(value: str | None, what: str) -> str:
    if not value:
        raise CannotBeTold(f"{what} is not known")
    if len(value) > _LONGEST_ID:
        raise CannotBeTold(f"{what} has over {_LONGEST_ID} characters")
    return value


def _name(value: str | None) -> str | None:
    return value[:_LONGEST_NAME] if value else None
