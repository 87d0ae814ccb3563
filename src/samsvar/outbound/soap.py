"""Producers that speak the contract: the question as a SOAP message, the answer as bytes.

An answer is worked on when it arrives: read once, checked, cut. A large one is worked on in a
thread, so that one big source does not hold up the others.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from samsvar.errors import ProducerUnreachable
from samsvar.model.catalogue import RivtaProfile, RoutingEntry
from samsvar.model.exchange import Call, Question, Recipient, Reply
from samsvar.model.identifiers import ContractUrn
from samsvar.outbound.http_client import Exchange, HttpClient
from samsvar.ports import Transport
from samsvar.soap.answer import ResponseCheck, read_answer
from samsvar.soap.envelope import request_envelope

#: above this many bytes an answer is read in a thread: parsing lets go of the interpreter lock
LARGE = 64 * 1024

#: response headers that end here: of the connection, of the message's form, of the producer's
#: machine, and those that the platform sets itself
_STAYS = re.compile(
    r"connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|content-.*|date|server"
    r"|via|location|set-cookie.*|strict-transport-security|alt-svc|www-authenticate|x-powered-by"
    r"|soapaction|user-agent|host|x-forwarded.*|x-vp-.*|x-skltp-.*"
)
_PLAIN = re.compile(r"[\x20-\x7e]{1,512}")
_MOST_PASSED_ON = 20


class Noticed(Protocol):
    """Told of an answer as it came. Must neither raise nor wait."""

    def __call__(
        self,
        correlation_id: str,
        producer: str,
        question: Question,
        address: str,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> None:
        """An answer has come."""


class SoapTransport:
    """Asks producers of kind ``soap``."""

    def __init__(
        self,
        client: HttpClient,
        checks: Mapping[ContractUrn, ResponseCheck],
        *,
        instance_id: str,
        correlation_over_https: bool,
        noticed: Noticed | None = None,
        trace_headers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """``noticed``: who is told of every answer that came with HTTP 200, before it is read.
        ``trace_headers``: what lets the producer go on with the question's trace."""
        self._client = client
        self._checks = checks
        self._instance_id = instance_id
        self._correlation_over_https = correlation_over_https
        self._noticed = noticed
        self._trace_headers = trace_headers

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """The producer's answer, read and checked.

        Raises:
            ProducerError: whatever went wrong at that producer.
        """
        entry = recipient.entry
        assert entry is not None
        address = entry.producer.address
        # Before anything is waited for: this question's schema, whatever is added meanwhile.
        check = self._checks.get(question.contract.urn)
        message = message_for(call, question, recipient, entry.profile)
        headers = headers_for(
            call,
            question.contract.soap_action,
            address,
            instance_id=self._instance_id,
            correlation_over_https=self._correlation_over_https,
        )
        headers.update(self._trace_headers())
        # The walk's fan-out cancels this when ``patience`` has run out.
        exchange = await self._client.exchange("POST", address, headers, message, None)
        if self._noticed is not None and exchange.status == 200:
            self._noticed(
                call.correlation_id,
                entry.producer.id,
                question,
                recipient.logical_address,
                body=exchange.body,
                content_type=exchange.headers.get("content-type"),
            )
        return await reply_of(call, question, recipient, exchange, check)


async def reply_of(
    call: Call,
    question: Question,
    recipient: Recipient,
    exchange: Exchange,
    check: ResponseCheck | None,
) -> Reply:
    """A producer's answer, read and checked: in a thread if it is large.

    Raises:
        ProducerError: what it says, or what is wrong with it.
    """
    entry = recipient.entry
    assert entry is not None
    try:
        if len(exchange.body) > LARGE:
            reply = await asyncio.to_thread(_read, question, exchange, check, entry)
        else:
            reply = _read(question, exchange, check, entry)
    except ProducerUnreachable as error:
        error.come_back = _come_back(exchange.headers)
        raise
    if call.logical_address == recipient.logical_address:
        return replace(reply, headers=passed_on(exchange.headers))
    return reply


def _read(
    question: Question, exchange: Exchange, check: ResponseCheck | None, entry: RoutingEntry
) -> Reply:
    return read_answer(
        question.contract,
        exchange.body,
        http_status=exchange.status,
        content_type=exchange.headers.get("content-type"),
        content_encoding=exchange.headers.get("content-encoding"),
        schema=check,
        policy=entry.producer.schema_policy,
    )


def message_for(
    call: Call, question: Question, recipient: Recipient, profile: RivtaProfile
) -> bytes:
    """The question as the producer gets it."""
    if passes_through(call, recipient, profile):
        return question.envelope
    return request_envelope(profile, recipient.logical_address, question.body)


def passes_through(call: Call, recipient: Recipient, profile: RivtaProfile) -> bool:
    """Addressed to it by the consumer, in the form that it speaks: the message goes as it came."""
    return call.logical_address == recipient.logical_address and call.profile == profile


def headers_for(
    call: Call,
    soap_action: str,
    address: str,
    *,
    instance_id: str,
    correlation_over_https: bool,
) -> dict[str, str]:
    """The HTTP headers that the producer at that address gets."""
    sender = str(call.sender)
    history = call.routing_history or sender
    headers = {
        "Content-Type": "text/xml; charset=UTF-8",
        "SOAPAction": f'"{soap_action}"',
        **dict(call.forwarded),
        "x-rivta-original-serviceconsumer-hsaid": call.original_consumer or sender,
        "x-rivta-routing-history": f"{history}#{instance_id}",
    }
    plain = address.startswith("http:")
    if plain:
        headers["x-vp-sender-id"] = sender
        headers["x-vp-instance-id"] = instance_id
    if plain or correlation_over_https:
        headers["x-skltp-correlation-id"] = call.correlation_id
    return headers


def _come_back(headers: Mapping[str, str]) -> float:
    """Retry-After in seconds. (A date there would be of the producer's clock.)"""
    told = headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdecimal() and len(told) < 7 else 0.0


def passed_on(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The response headers that a consumer gets who addressed the producer itself: its own, and
    none that speak of this connection, of who is who, or of what a browser should keep."""
    return tuple(
        (name, value)
        for name, value in headers.items()
        if not _STAYS.fullmatch(name) and _PLAIN.fullmatch(value)
    )[:_MOST_PASSED_ON]


_: type[Transport] = SoapTransport  # interface guard
