"""The rules for a request's values that no schema can hold.

A schema lets 30 February through, a start after its end, digits of other scripts and any text
as a person's number. Knows the RIV-TA names of request fields, and the contract as data. The
errors say where and what, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from lxml import etree

from samsvar.errors import MalformedRequest
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import LogicalAddress, PersonId
from samsvar.model.person_numbers import PersonNumberInvalid, check, told_by_form

LONGEST_HSA_ID: Final = 64  # the index's columns; real ones are at most 32
LONGEST_IDENTIFIER: Final = 255
MOST_REPEATED: Final = 1000
"""Care units, care givers or contacts in one question: as many as the index takes in one."""

_PERIODS: Final = frozenset({"datePeriod", "timePeriod"})
_TIME: Final = re.compile(r"[0-9]{8}(?:[0-9]{6})?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def judge(
    request: etree._Element, contract: ServiceContract
) -> tuple[PersonId, LogicalAddress | None]:
    """The person asked about, and the one source the question is limited to, if it is.

    Raises:
        MalformedRequest: a value cannot be.
    """
    subject = _subject(request, contract)
    counted: dict[str, int] = {}
    for element in request.iterchildren(f"{{{contract.urn}}}*"):  # not what extends the request
        name = _local(element)
        if name in _PERIODS:
            _period(element, name)
        elif name.endswith(("HSAId", "ContactId")):
            counted[name] = counted.get(name, 0) + 1
            _identifier(element, name)
    for name, number in counted.items():
        if number > MOST_REPEATED:
            raise MalformedRequest(f"{name}: more than {MOST_REPEATED} of them.")
    return subject, _source(request, contract)


def _subject(request: etree._Element, contract: ServiceContract) -> PersonId:
    place = _place(contract.subject_id_path)
    number = _text(request, contract.subject_id_path)
    if contract.subject_root_path is not None:
        root = _text(request, contract.subject_root_path)
    elif contract.subject_root is not None:
        root = contract.subject_root
    else:
        told = told_by_form(number or "")
        if told is None:
            raise MalformedRequest(f"{place}: no kind of person number that is known.")
        return told
    if number is None or root is None:
        raise MalformedRequest(f"{place}: the person's number or its type is missing.")
    subject = PersonId(root, number)
    try:
        check(subject)
    except PersonNumberInvalid as error:
        raise MalformedRequest(f"{place}: {error}.") from error
    return subject


def _source(request: etree._Element, contract: ServiceContract) -> LogicalAddress | None:
    """The source filter. An empty one limits nothing: so does the national platform's."""
    if contract.source_filter_path is None:
        return None
    text = _text(request, contract.source_filter_path)
    return LogicalAddress(text) if text and text.strip() else None


def _period(element: etree._Element, name: str) -> None:
    # Start and end come first; what extends the type comes after them, in another namespace.
    namespace = etree.QName(element[0]).namespace if len(element) else None
    ends = [element.find(f"{{{namespace}}}{end}") for end in ("start", "end")]
    start, end = (None if end is None else _moment(end, name) for end in ends)
    if start is not None and end is not None and start > end:
        raise MalformedRequest(f"{name}: start is after end.")


def _moment(element: etree._Element, name: str) -> datetime:
    text = element.text or ""
    if _TIME.fullmatch(text) is None:
        raise MalformedRequest(f"{name}/{_local(element)}: not written YYYYMMDD or YYYYMMDDhhmmss.")
    date_only = len(text) == 8
    try:
        # Local Swedish time without a zone (RIV-TA): only compared with its like.
        return datetime.strptime(text, "%Y%m%d" if date_only else "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise MalformedRequest(
            f"{name}/{_local(element)}: no such day or time in the calendar."
        ) from None


def _identifier(element: etree._Element, name: str) -> None:
    text = element.text or ""
    longest = LONGEST_HSA_ID if name.endswith("HSAId") else LONGEST_IDENTIFIER
    if len(text) > longest:
        raise MalformedRequest(f"{name}: longer than {longest} characters.")
    if _CONTROL.search(text):
        raise MalformedRequest(f"{name}: holds a control character.")


def _text(request: etree._Element, path: Iterable[str]) -> str | None:
    element: etree._Element | None = request
    for name in path:
        element = None if element is None else element.find(name)
    return None if element is None else element.text or ""


def _place(path: Iterable[str]) -> str:
    return "/".join(name.rpartition("}")[2] for name in path)


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
