"""Writes envelopes as bytes: the collected answer, one source's answer, the question on its way.

What is ours is written from templates and escaped; what came from others (records, the question's
body) is put in as it came. No default namespace is ever declared here: a record in no namespace
would take it on.

Knows SOAP 1.1, the RIV-TA header blocks and a contract's element names. Knows no tree, and
judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from samsvar.model.catalogue import RivtaProfile
from samsvar.model.contract import ResultRole, ServiceContract
from samsvar.model.local_time import local_time
from samsvar.model.status import FLAGS, StatusRecord
from samsvar.soap.rivta import ADDRESS_ELEMENT, INTEROPERABILITY_HEADERS, SOAP

_OPENING = f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{SOAP}">'.encode()
_STATUS_OPENING = f'<s:Header><h:ProcessingStatus xmlns:h="{INTEROPERABILITY_HEADERS}">'.encode()
_STATUS_CLOSING = b"</h:ProcessingStatus></s:Header>"

#: "NA": the collected answer is logged at each source, so there is no one log id (as the
#: national platform answers).
_COLLECTED = ("INFO", "NA")

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_PLAIN = re.compile(r"[\w .,:;/()+*#?!'-]*+")  # nearly every text, and much faster to see
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_VERDICT = {
    code: f"<h:statusCode>{code}</h:statusCode>"
    f"<h:isResponseFromCache>{str(cached).lower()}</h:isResponseFromCache>"
    f"<h:isResponseInSynch>{str(in_synch).lower()}</h:isResponseInSynch>"
    for code, (cached, in_synch) in FLAGS.items()
}


def aggregated(
    contract: ServiceContract, items: Sequence[bytes], statuses: Sequence[StatusRecord]
) -> bytes:
    """The collected answer: one status row for each source that was asked, then all records.

    The header block is there also when nobody was asked. ``result``, where the contract has
    one, is INFO whatever happened: how each source fared stands in the header.
    """
    header = (_STATUS_OPENING, *map(_status, statuses), _STATUS_CLOSING)
    opening, closing = _collected(contract, not items)
    return b"".join((_OPENING, *header, opening, *items, closing))


def single(contract: ServiceContract, items: Sequence[bytes], log_id: str) -> bytes:
    """An ordinary answer of one source, result OK: what a producer itself would say."""
    opening, closing = _around(contract, _result(contract, "OK", log_id), empty=not items)
    return b"".join((_OPENING, opening, *items, closing))


def invalid_request(contract: ServiceContract, log_id: str, message: str) -> bytes:
    """An answer with result ERROR, INVALID_REQUEST: asked in good form, against a rule."""
    result = _result(contract, "ERROR", log_id, "INVALID_REQUEST", message)
    return b"".join((_OPENING, *_around(contract, result, empty=True)))


def request_envelope(profile: RivtaProfile, logical_address: str, body: bytes) -> bytes:
    """A question to one producer: its address as the profile has it, and the body as it came."""
    before, after = _address(profile)
    return b"".join(
        (before, escaped(logical_address).encode(), after, body, b"</s:Body></s:Envelope>")
    )


def escaped(text: str) -> str:
    """The text as it can stand in an element or an attribute. What XML cannot hold is replaced."""
    if _PLAIN.fullmatch(text):
        return text
    return _NOT_XML.sub("\ufffd", text).translate(_ESCAPES)


def _status(record: StatusRecord) -> bytes:
    """One row, its fields in the order of the schema."""
    moment = local_time(record.at)
    at = (
        f"{moment.year:04}{moment.month:02}{moment.day:02}"
        f"{moment.hour:02}{moment.minute:02}{moment.second:02}"
    )
    # Empty, not left out: the schema has it as mandatory, and readers of the national platform's
    # answers, which leave it out, read an empty one as well.
    when = f"<h:lastSuccessfulSynch>{at}</h:lastSuccessfulSynch>"
    if not FLAGS[record.code][1]:
        when = f"<h:lastSuccessfulSynch/><h:lastUnsuccessfulSynch>{at}</h:lastUnsuccessfulSynch>"
    why = ""
    if record.error is not None:
        why = (
            "<h:lastUnsuccessfulSynchError>"
            f"<h:causingAgent>{record.error.agent}</h:causingAgent>"
            f"<h:code>{escaped(record.error.code)}</h:code>"
            f"<h:text>{escaped(record.error.text)}</h:text>"
            "</h:lastUnsuccessfulSynchError>"
        )
    return (
        "<h:ProcessingStatusList>"
        f"<h:logicalAddress>{escaped(record.logical_address)}</h:logicalAddress>"
        f"{_VERDICT[record.code]}{when}{why}"
        "</h:ProcessingStatusList>"
    ).encode()


@lru_cache(maxsize=64)
def _response(element: str) -> tuple[bytes, bytes]:
    """What stands before and after the content of the response element, as far as the end."""
    name, declared = _named("r", element)
    return (
        f"<s:Body><{name} {declared}>".encode(),
        f"</{name}></s:Body></s:Envelope>".encode(),
    )


def _result(
    contract: ServiceContract,
    code: str,
    log_id: str,
    error_code: str | None = None,
    message: str | None = None,
) -> bytes:
    """The contract's result, its fields in the order of the schema; nothing if it has none."""
    if contract.result_element is None or contract.result_code_element is None:
        return b""
    said = {
        ResultRole.CODE: code,
        ResultRole.ERROR_CODE: error_code,
        ResultRole.LOG_ID: log_id,
        ResultRole.TEXT: message,
    }
    outer, declared = _named("q", contract.result_element)
    _, core = _named("c", contract.result_code_element)
    fields = [
        f"<{name}>{escaped(text or '')}</{name}>"
        for field in contract.result_fields
        if (text := said[field.role]) is not None or field.required
        for name, _ in (_named("c", field.element),)
    ]
    return f"<{outer} {declared} {core}>{''.join(fields)}</{outer}>".encode()


@lru_cache(maxsize=64)
def _collected(contract: ServiceContract, empty: bool) -> tuple[bytes, bytes]:
    """What stands before and after the records of a collected answer."""
    return _around(contract, _result(contract, *_COLLECTED), empty=empty)


def _around(contract: ServiceContract, result: bytes, *, empty: bool) -> tuple[bytes, bytes]:
    """What stands before and after the records, where the contract has them."""
    opening, closing = _response(contract.response_element)
    held = contract.result_in_container and bool(result)
    if contract.container_element is not None and (
        contract.container_required or held or not empty
    ):
        name, declared = _named("k", contract.container_element)
        before, after = f"<{name} {declared}>".encode(), f"</{name}>".encode()
    else:
        before = after = b""
    if held:
        before, after = (
            (before + result, after) if contract.result_first else (before, result + after)
        )
    elif contract.result_first:
        before = result + before
    else:
        after = after + result
    return opening + before, after + closing


@lru_cache(maxsize=8)
def _address(profile: RivtaProfile) -> tuple[bytes, bytes]:
    """What stands before and after the logical address, as far as the body's content."""
    name, declared = _named("a", ADDRESS_ELEMENT[profile])
    return (
        _OPENING + f"<s:Header><{name} {declared}>".encode(),
        f"</{name}></s:Header><s:Body>".encode(),
    )


def _named(prefix: str, clark: str) -> tuple[str, str]:
    """Qualified name and namespace declaration of an element given as ``{ns}local``."""
    namespace, _, local = clark.removeprefix("{").rpartition("}")
    return f"{prefix}:{local}", f'xmlns:{prefix}="{escaped(namespace)}"'
