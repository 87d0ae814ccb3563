"""The rules of an Update and of a ProcessNotification, in the order of the national index, with
the texts of its faults.

To the letter and with their misspellings: those who send Updates look for them. Two checks are
ours, and come last: the form of the resident, and that a time is one. A value is never repeated,
but for addresses in a form that is safe to show.

Knows single messages as data. Knows no XML, storage or permission.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from samsvar.errors import IndexRequestRefused
from samsvar.model.engagement import Engagement, EngagementTransaction
from samsvar.model.identifiers import folded
from samsvar.soap.shown import shown

MOST_TRANSACTIONS: Final = 1000
"""In one Update (kR1)."""

# Element, field of the model, longest text, in the order of the schema.
FIELDS: Final = (
    ("registeredResidentIdentification", "resident", 32),
    ("serviceDomain", "service_domain", 255),
    ("categorization", "categorization", 255),
    ("logicalAddress", "logical_address", 64),
    ("businessObjectInstanceIdentifier", "business_object", 128),
    ("clinicalProcessInterestId", "interest", 128),
    ("mostRecentContent", "most_recent_content", 14),
    ("sourceSystem", "source_system", 64),
    ("creationTime", "creation_time", 14),
    ("updateTime", "update_time", 14),
    ("dataController", "data_controller", 64),
    ("owner", "owner", 64),
)
_TIMES: Final = frozenset({"mostRecentContent", "creationTime", "updateTime"})
_OPTIONAL: Final = _TIMES | {"owner"}
_MANDATORY: Final = tuple(row for row in FIELDS if row[0] not in _OPTIONAL)
_OWNER: Final = FIELDS[-1]

_RESIDENT = re.compile(r"[0-9]{8}[0-9A-Zptf]{4}")
_TIME = re.compile(r"([1-9][0-9]{3})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")


def check_update(
    transactions: Sequence[EngagementTransaction],
    logical_address: str | None,
    *,
    own_addresses: Sequence[str],
    reserved: Collection[str] = (),
) -> None:
    """Judge an Update; the first fault refuses it whole.

    Args:
        transactions: as ``read_update`` gave them.
        logical_address: of the SOAP header.
        own_addresses: of this index, the first being the owner's name; empty: any is taken.
        reserved: HSA-ids that no post may name.

    Raises:
        IndexRequestRefused: EI000 to EI006, with the text of the fault.
    """
    _check_address(logical_address, own_addresses)
    # Not the owner: whatever was sent, the index puts its own there (pR7).
    _check(transactions, reserved, _MANDATORY)


def check_notification(
    transactions: Sequence[EngagementTransaction], *, reserved: Collection[str] = ()
) -> None:
    """Judge a ProcessNotification: as an Update, but the address is not looked at, and each post
    must name its owner, who is part of what makes two posts the same.

    Raises:
        IndexRequestRefused: EI000 to EI006, with the text of the fault.
    """
    _check(transactions, reserved, (*_MANDATORY, _OWNER))


_Fields = Sequence[tuple[str, str, int]]


def _check(
    transactions: Sequence[EngagementTransaction], reserved: Collection[str], mandatory: _Fields
) -> None:
    _check_number(len(transactions))
    _check_keys(transactions, mandatory)
    posts = [transaction.engagement for transaction in transactions]
    for post in posts:
        _check_blanks(post, mandatory)
    _check_reserved(posts, {folded(name): name for name in reserved})
    for post in posts:
        _check_present(post, mandatory)
    for post in posts:
        _check_lengths(post)
    for post in posts:
        _check_forms(post)


def _check_address(given: str | None, own: Sequence[str]) -> None:
    if own and folded(given or "") not in {folded(address) for address in own}:
        said = shown(given) if given else "missing"
        raise IndexRequestRefused(
            "EI003",
            f"Invalid routing. Logical address is {said} but the owner is {own[0]}. They must be"
            " the same. See rule for Update-R7 in service contract",
        )


def _check_number(count: int) -> None:
    if count > MOST_TRANSACTIONS:
        raise technical(
            f"The request contains more than {MOST_TRANSACTIONS} engagements. Maximum number of"
            f" engagements per request is {MOST_TRANSACTIONS}."
        )
    if count < 1:
        raise technical(
            "The request contains less than 1 engagements. Minium number of engagements per"
            " request is 1."
        )


def _check_keys(transactions: Sequence[EngagementTransaction], mandatory: _Fields) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for number, transaction in enumerate(transactions, 1):
        post = transaction.engagement
        key = tuple(str(getattr(post, field)) for _, field, _ in mandatory)
        if (earlier := seen.setdefault(key, number)) != number:
            raise IndexRequestRefused(
                "EI002",
                f"EngagementTransaction #{earlier} and #{number} have the same key. That is not"
                " allowed. See rule for Update-R1 in service contract",
            )


def _check_blanks(post: Engagement, mandatory: _Fields) -> None:
    for name, field, _ in mandatory:
        text = getattr(post, field)
        if text != text.strip():
            raise _invalid(f'mandatory field "{name}" contains white space in beginning or end')


def _check_reserved(posts: Sequence[Engagement], reserved: dict[str, str]) -> None:
    for number, post in enumerate(posts, 1):
        for code, name, value in (
            ("EI005", "logicalAddress", post.logical_address),
            ("EI006", "sourceSystem", post.source_system),
        ):
            if (known := reserved.get(folded(value))) is not None:
                raise IndexRequestRefused(
                    code,
                    f"The {name} in EngagementTransaction #{number} is reserved and not allowed,"
                    f" hsa-id: {known}",
                )


def _check_present(post: Engagement, mandatory: _Fields) -> None:
    for name, field, _ in mandatory:
        if not getattr(post, field):
            raise _invalid(f'mandatory field "{name}" is missing')


def _check_lengths(post: Engagement) -> None:
    for name, field, longest in FIELDS:
        if len(getattr(post, field) or "") > longest:
            raise _invalid(f'Field "{name}" is to long')


def _check_forms(post: Engagement) -> None:
    if not _RESIDENT.fullmatch(post.resident):
        raise _invalid(
            'Field "registeredResidentIdentification" is not according to expected format'
            f' "{_RESIDENT.pattern}"'
        )
    for name, field, _ in FIELDS:
        text = getattr(post, field)
        if name in _TIMES and text is not None and not is_time(text):
            raise _invalid(f'Field "{name}" is not according to expected format "YYYYMMDDhhmmss"')


def is_time(text: str) -> bool:
    """Fourteen digits of a day and an hour that exist; the schema lets 31 February through."""
    found = _TIME.fullmatch(text)
    if not found:
        return False
    try:
        datetime(*map(int, found.groups()))  # type: ignore[arg-type] # noqa: DTZ001 - no zones here
    except ValueError:
        return False
    return True


def _invalid(what: str) -> IndexRequestRefused:
    return IndexRequestRefused("EI004", f"The payload does not validate, error messge: {what}")


def technical(what: str) -> IndexRequestRefused:
    """EI000, which is also what a FindContent is refused with."""
    return IndexRequestRefused("EI000", f"A technical error has occurred, error message: {what}")
