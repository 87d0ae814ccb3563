"""Update and FindContent of the engagement index: bodies read, judged, and answered.

The faults' texts are the national index's, to the letter and with their misspellings: those who
send Updates look for them. Two checks are ours, and come last: the form of the resident, and
that a time is one. A value is never repeated, but for addresses in a form that is safe to show.

Source: itintegration:engagementindex 1.0. Knows element names and rules of single messages.
Knows no storage and no permission.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from lxml import etree

from samsvar.errors import IndexRequestRefused
from samsvar.model.engagement import Engagement, EngagementFilter, EngagementTransaction
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.soap.envelope import escaped
from samsvar.soap.rivta import SOAP
from samsvar.soap.shown import shown

UPDATE: Final = ContractUrn("urn:riv:itintegration:engagementindex:UpdateResponder:1")
FIND_CONTENT: Final = ContractUrn("urn:riv:itintegration:engagementindex:FindContentResponder:1")
CORE: Final = "urn:riv:itintegration:engagementindex:1"
UPDATE_ELEMENT: Final = f"{{{UPDATE}}}Update"
FIND_CONTENT_ELEMENT: Final = f"{{{FIND_CONTENT}}}FindContent"

MOST_TRANSACTIONS: Final = 1000
"""In one Update (kR1)."""

# Element, field of the model, longest text, in the order of the schema.
_FIELDS: Final = (
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
_MANDATORY: Final = tuple(row for row in _FIELDS if row[0] not in _OPTIONAL)

_RESIDENT = re.compile(r"[0-9]{8}[0-9A-Zptf]{4}")
_TIME = re.compile(r"[1-9][0-9]{13}")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def read_update(body: etree._Element) -> tuple[EngagementTransaction, ...]:
    """The transactions of an Update element, not judged yet: a missing field is empty text.

    Raises:
        IndexRequestRefused: a deleteFlag does not say whether to delete.
    """
    return tuple(_transactions(body))


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
    _check_number(len(transactions))
    _check_keys(transactions)
    posts = [transaction.engagement for transaction in transactions]
    for post in posts:
        _check_blanks(post)
    _check_reserved(posts, {folded(name): name for name in reserved})
    for post in posts:
        _check_present(post)
    for post in posts:
        _check_lengths(post)
    for post in posts:
        _check_forms(post)


def read_find_content(body: etree._Element) -> EngagementFilter:
    """What a FindContent element asks for. An empty field asks for nothing.

    Raises:
        IndexRequestRefused: EI000, a mandatory field is missing or a time is none.
    """
    values = _values(body, FIND_CONTENT)
    given = {field: values[field] or None for _, field, _ in _FIELDS}
    resident, domain = given["resident"], given["service_domain"]
    if resident is None:
        raise _technical("registeredResidentIdentification is mandatory but missing")
    if domain is None:
        raise _technical("serviceDomain is mandatory but missing")
    since = given["most_recent_content"]
    if since is not None and not _is_time(since):
        raise _technical('mostRecentContent is not according to the format "YYYYMMDDhhmmss"')
    return EngagementFilter(
        resident=resident,
        service_domain=domain,
        categorization=given["categorization"],
        logical_address=given["logical_address"],
        business_object=given["business_object"],
        interest=given["interest"],
        source_system=given["source_system"],
        data_controller=given["data_controller"],
        owner=given["owner"],
        most_recent_content=since,
    )


def update_response(comment: str | None = None) -> bytes:
    """The UpdateResponse element: OK, which here means stored. (Capital R, as in the schema.)"""
    said = f"<u:comment>{escaped(comment)}</u:comment>" if comment is not None else ""
    return (
        f'<u:UpdateResponse xmlns:u="{UPDATE}"><u:ResultCode>OK</u:ResultCode>{said}'
        "</u:UpdateResponse>"
    ).encode()


def find_content_response(posts: Sequence[Engagement]) -> bytes:
    """The FindContentResponse element, one engagement for each post."""
    opening = f'<f:FindContentResponse xmlns:f="{FIND_CONTENT}" xmlns:c="{CORE}">'
    return "".join((opening, *map(_engagement, posts), "</f:FindContentResponse>")).encode()


def response_envelope(element: bytes) -> bytes:
    """The envelope around one of the two responses."""
    before = f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}"><s:Body>'
    return b"".join((before.encode(), element, b"</s:Body></s:Envelope>"))


def _transactions(body: etree._Element) -> Iterator[EngagementTransaction]:
    for number, element in enumerate(body.iterchildren(f"{{{UPDATE}}}engagementTransaction"), 1):
        flag = element.find(f"{{{CORE}}}deleteFlag")
        delete = _BOOLEANS.get(_text(flag).strip()) if flag is not None else None
        if delete is None:
            raise IndexRequestRefused(
                "EI001",
                "The payload does not follow the XML Schema, error messge: deleteFlag of"
                f" EngagementTransaction #{number} must be true or false",
            )
        post = element.find(f"{{{CORE}}}engagement")
        values = _values(post, CORE) if post is not None else dict.fromkeys(_names(), "")
        yield EngagementTransaction(
            delete,
            Engagement(
                resident=values["resident"],
                service_domain=values["service_domain"],
                categorization=values["categorization"],
                logical_address=values["logical_address"],
                business_object=values["business_object"],
                interest=values["interest"],
                source_system=values["source_system"],
                data_controller=values["data_controller"],
                owner=values["owner"],
                most_recent_content=values["most_recent_content"] or None,
                creation_time=values["creation_time"] or None,
                update_time=values["update_time"] or None,
            ),
        )


def _names() -> Iterator[str]:
    return (field for _, field, _ in _FIELDS)


def _values(parent: etree._Element, namespace: str) -> dict[str, str]:
    """The texts of the fields, by the model's names; empty where there is none."""
    values = {}
    for name, field, _ in _FIELDS:
        element = parent.find(f"{{{namespace}}}{name}")
        values[field] = _text(element) if element is not None else ""
    return values


def _text(element: etree._Element) -> str:
    return "".join(element.itertext())


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
        raise _technical(
            f"The request contains more than {MOST_TRANSACTIONS} engagements. Maximum number of"
            f" engagements per request is {MOST_TRANSACTIONS}."
        )
    if count < 1:
        raise _technical(
            "The request contains less than 1 engagements. Minium number of engagements per"
            " request is 1."
        )


def _check_keys(transactions: Sequence[EngagementTransaction]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for number, transaction in enumerate(transactions, 1):
        post = transaction.engagement
        # Not the owner: whatever was sent, the index puts its own there (pR7).
        key = tuple(str(getattr(post, field)) for _, field, _ in _MANDATORY)
        if (earlier := seen.setdefault(key, number)) != number:
            raise IndexRequestRefused(
                "EI002",
                f"EngagementTransaction #{earlier} and #{number} have the same key. That is not"
                " allowed. See rule for Update-R1 in service contract",
            )


def _check_blanks(post: Engagement) -> None:
    for name, field, _ in _MANDATORY:
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


def _check_present(post: Engagement) -> None:
    for name, field, _ in _MANDATORY:
        if not getattr(post, field):
            raise _invalid(f'mandatory field "{name}" is missing')


def _check_lengths(post: Engagement) -> None:
    for name, field, longest in _FIELDS:
        if len(getattr(post, field) or "") > longest:
            raise _invalid(f'Field "{name}" is to long')


def _check_forms(post: Engagement) -> None:
    if not _RESIDENT.fullmatch(post.resident):
        raise _invalid(
            'Field "registeredResidentIdentification" is not according to expected format'
            f' "{_RESIDENT.pattern}"'
        )
    for name, field, _ in _FIELDS:
        text = getattr(post, field)
        if name in _TIMES and text is not None and not _is_time(text):
            raise _invalid(f'Field "{name}" is not according to expected format "YYYYMMDDhhmmss"')


def _is_time(text: str) -> bool:
    """Fourteen digits of a day and an hour that exist; the schema lets 31 February through."""
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the contract knows no zones
    except ValueError:
        return False
    return True


def _invalid(what: str) -> IndexRequestRefused:
    return IndexRequestRefused("EI004", f"The payload does not validate, error messge: {what}")


def _technical(what: str) -> IndexRequestRefused:
    return IndexRequestRefused("EI000", f"A technical error has occurred, error message: {what}")


def _engagement(post: Engagement) -> str:
    parts = ["<f:engagement>"]
    for name, field, _ in _FIELDS:
        text = getattr(post, field)
        if text is not None:
            parts.append(f"<c:{name}>{escaped(text)}</c:{name}>")
    parts.append("</f:engagement>")
    return "".join(parts)
