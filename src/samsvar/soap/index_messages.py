"""Update, FindContent and ProcessNotification of the engagement index: bodies read into our
words, answered, and (the last one) written.

Source: itintegration:engagementindex 1.0. Knows element names. What they must fulfil stands in
``index_rules``. Knows no storage and no permission.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from samsvar.errors import IndexRequestRefused
from samsvar.model.engagement import Engagement, EngagementFilter, EngagementTransaction
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.envelope import escaped
from samsvar.soap.index_rules import (
    FIELDS,
    check_notification,
    check_update,
    is_time,
    technical,
)
from samsvar.soap.rivta import SOAP

__all__ = [
    "CORE",
    "FIND_CONTENT",
    "FIND_CONTENT_ELEMENT",
    "NOTIFICATION_ELEMENT",
    "PROCESS_NOTIFICATION",
    "UPDATE",
    "UPDATE_ELEMENT",
    "check_notification",
    "check_update",
    "find_content_response",
    "notification",
    "notification_response",
    "read_find_content",
    "read_notification",
    "read_update",
    "response_envelope",
    "update_response",
]

UPDATE: Final = ContractUrn("urn:riv:itintegration:engagementindex:UpdateResponder:1")
FIND_CONTENT: Final = ContractUrn("urn:riv:itintegration:engagementindex:FindContentResponder:1")
PROCESS_NOTIFICATION: Final = ContractUrn(
    "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1"
)
CORE: Final = "urn:riv:itintegration:engagementindex:1"
UPDATE_ELEMENT: Final = f"{{{UPDATE}}}Update"
NOTIFICATION_ELEMENT: Final = f"{{{PROCESS_NOTIFICATION}}}ProcessNotification"
FIND_CONTENT_ELEMENT: Final = f"{{{FIND_CONTENT}}}FindContent"

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def read_update(body: etree._Element) -> tuple[EngagementTransaction, ...]:
    """The transactions of an Update element, not judged yet: a missing field is empty text.

    Raises:
        IndexRequestRefused: a deleteFlag does not say whether to delete.
    """
    return tuple(_transactions(body, UPDATE))


def read_notification(body: etree._Element) -> tuple[EngagementTransaction, ...]:
    """The transactions of a ProcessNotification element, read as those of an Update.

    Raises:
        IndexRequestRefused: a deleteFlag does not say whether to delete.
    """
    return tuple(_transactions(body, PROCESS_NOTIFICATION))


def read_find_content(body: etree._Element) -> EngagementFilter:
    """What a FindContent element asks for. An empty field asks for nothing.

    Raises:
        IndexRequestRefused: EI000, a mandatory field is missing or a time is none.
    """
    values = _values(body, FIND_CONTENT)
    given = {field: values[field] or None for _, field, _ in FIELDS}
    resident, domain = given["resident"], given["service_domain"]
    if resident is None:
        raise technical("registeredResidentIdentification is mandatory but missing")
    if domain is None:
        raise technical("serviceDomain is mandatory but missing")
    since = given["most_recent_content"]
    if since is not None and not is_time(since):
        raise technical('mostRecentContent is not according to the format "YYYYMMDDhhmmss"')
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


def notification_response() -> bytes:
    """The ProcessNotificationResponse element: OK, which here means stored."""
    return (
        f'<n:ProcessNotificationResponse xmlns:n="{PROCESS_NOTIFICATION}">'
        "<n:ResultCode>OK</n:ResultCode></n:ProcessNotificationResponse>"
    ).encode()


def notification(transactions: Sequence[EngagementTransaction]) -> bytes:
    """The ProcessNotification element that tells of these changes."""
    parts = [f'<n:ProcessNotification xmlns:n="{PROCESS_NOTIFICATION}" xmlns:c="{CORE}">']
    for transaction in transactions:
        flag = "true" if transaction.delete else "false"
        parts.append(f"<n:engagementTransaction><c:deleteFlag>{flag}</c:deleteFlag>")
        parts.append(_engagement(transaction.engagement, "c:engagement"))
        parts.append("</n:engagementTransaction>")
    parts.append("</n:ProcessNotification>")
    return "".join(parts).encode()


def find_content_response(posts: Sequence[Engagement]) -> bytes:
    """The FindContentResponse element, one engagement for each post."""
    opening = f'<f:FindContentResponse xmlns:f="{FIND_CONTENT}" xmlns:c="{CORE}">'
    shown = (_engagement(post, "f:engagement") for post in posts)
    return "".join((opening, *shown, "</f:FindContentResponse>")).encode()


def response_envelope(element: bytes) -> bytes:
    """The envelope around one of the responses."""
    before = f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}"><s:Body>'
    return b"".join((before.encode(), element, b"</s:Body></s:Envelope>"))


def _transactions(body: etree._Element, contract: ContractUrn) -> Iterator[EngagementTransaction]:
    for number, element in enumerate(body.iterchildren(f"{{{contract}}}engagementTransaction"), 1):
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
    return (field for _, field, _ in FIELDS)


def _values(parent: etree._Element, namespace: str) -> dict[str, str]:
    """The texts of the fields, by the model's names; empty where there is none."""
    found: dict[str, str] = {}
    for element in parent.iterchildren("*"):
        found.setdefault(str(element.tag), _text(element))
    return {field: found.get(f"{{{namespace}}}{name}", "") for name, field, _ in FIELDS}


def _text(element: etree._Element) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""


def _engagement(post: Engagement, element: str) -> str:
    parts = [f"<{element}>"]
    for name, field, _ in FIELDS:
        text = getattr(post, field)
        if text is not None:
            parts.append(f"<c:{name}>{escaped(text)}</c:{name}>")
    parts.append(f"</{element}>")
    return "".join(parts)
