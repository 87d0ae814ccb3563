"""POST of an envelope: bytes become a Call, the walk is run, its Answer becomes bytes.

Knows SOAP over HTTP and the national platform's headers. Knows no producer and no rule.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from samsvar.contracts.served import settled
from samsvar.errors import ConsumerError, HubError, MalformedRequest, ResourcesMissing, RuleBroken
from samsvar.inbound.call_headers import (
    correlation_of,
    forwarded_by,
    history_of,
    original_consumer_of,
    seconds_asked,
)
from samsvar.inbound.http import Headers, HttpRefused
from samsvar.inbound.http_protocol import Arrival
from samsvar.inbound.peer import peer_of
from samsvar.model.catalogue import RivtaProfile
from samsvar.model.exchange import Answer, Call
from samsvar.model.identifiers import ContractUrn
from samsvar.pipeline import run
from samsvar.pipeline.index_service import INDEX_CONTRACTS, serve_index
from samsvar.pipeline.registry_service import REGISTRY_CONTRACTS, serve_registry
from samsvar.pipeline.security_service import SECURITY_CONTRACTS, serve_security
from samsvar.ports import World
from samsvar.soap import envelope, rivta
from samsvar.soap.faults import FAULT_STATUS, fault_bytes
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import Limits, XmlRefused
from samsvar.soap.request import Message, read_message

Service = Callable[[Call, World], Awaitable[bytes]]
"""Answers one call with an envelope; raises as ``pipeline.run`` does."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What goes back to the consumer, and what it came from."""

    status: int
    envelope: bytes = field(repr=False)
    answer: Answer | None = None
    fault: HubError | None = None


class SoapDoor:
    """The SOAP side of the hub. One instance serves all requests of a process."""

    def __init__(
        self,
        world: World,
        *,
        instance_name: str,
        deadline: float,
        services: Mapping[ContractUrn, Service] | None = None,
    ) -> None:
        """``services``: the hub's own, beside index and registry: each answers one contract."""
        self._world = world
        self._services = services or {}
        self._instance_name = instance_name
        self._deadline = deadline

    async def serve(
        self,
        arrival: Arrival,
        headers: Headers,
        client: tuple[str, int] | None,
        body: bytes,
        limits: Limits,
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body of the answer. Every taken message gets an envelope back.

        Raises:
            HttpRefused: the HTTP message itself is wrong; it has not been read as XML.
        """
        world = settled(self._world)
        call = self._call(world, arrival, headers, client, body, limits)
        events = world.events
        events.emit(
            "req-in",
            call.correlation_id,
            sender=call.peer.sender_header if call.peer.trusted else None,
            receiver=call.logical_address,
            original_consumer=call.original_consumer,
            acting_on_behalf_of=dict(call.forwarded).get(rivta.ACTING_ON_BEHALF_OF),
            contract=call.contract,
            profile=call.profile,
            source=call.peer.address,
            request_bytes=len(body),
        )
        said = await self._said(call, world)
        statuses = said.answer.statuses if said.answer else ()
        if said.fault is not None:
            events.emit(
                "error", call.correlation_id, fault=said.fault.code, fault_detail=str(said.fault)
            )
        events.emit(
            "resp-out",
            call.correlation_id,
            receiver=call.logical_address,
            contract=call.contract,
            status=said.status,
            fault=said.fault.code if said.fault else None,
            items=len(said.answer.items) if said.answer else None,
            sources_total=len(statuses) if said.answer else None,
            sources_failed=sum(status.error is not None for status in statuses) or None,
            response_bytes=len(said.envelope),
            seconds=world.clock.monotonic() - call.received,
        )
        return said.status, _headers_out(call, said.answer), said.envelope

    async def _said(self, call: Call, world: World) -> _Said:
        """The envelope that goes back, whatever happens."""
        try:
            if call.contract in INDEX_CONTRACTS:
                return _Said(200, await serve_index(call, world))
            if call.contract in REGISTRY_CONTRACTS:
                return _Said(200, await serve_registry(call, world))
            if call.contract in SECURITY_CONTRACTS:
                return _Said(200, await serve_security(call, world))
            if (service := self._services.get(call.contract or ContractUrn(""))) is not None:
                return _Said(200, await service(call, world))
            answer = await run(call, world)
            return _Said(answer.raw_status, self._written(call, answer, world), answer)
        except RuleBroken as error:
            return self._rule_broken(call, error, world)
        except HubError as error:
            return self._faulted(error)
        except Exception as error:  # noqa: BLE001 - the last door: an unforeseen error becomes
            # a fault that says nothing of it; its kind goes to the log, never its text.
            world.events.emit("error", call.correlation_id, error_type=type(error).__name__)
            return self._faulted(ResourcesMissing("Server problem. The log has the kind of error."))

    def _faulted(self, error: HubError) -> _Said:
        return _Said(FAULT_STATUS, fault_bytes(error, self._instance_name), fault=error)

    def _written(self, call: Call, answer: Answer, world: World) -> bytes:
        if answer.raw is not None:
            return answer.raw
        assert call.contract is not None
        contract = world.contracts[call.contract]
        if answer.aggregated:
            return envelope.aggregated(contract, answer.items, answer.statuses)
        return envelope.single(contract, answer.items, str(uuid4()))

    def _rule_broken(self, call: Call, error: RuleBroken, world: World) -> _Said:
        contract = world.contracts[call.contract] if call.contract else None
        if contract is None or contract.result_element is None:
            return self._faulted(MalformedRequest(str(error)))
        told = envelope.invalid_request(contract, str(uuid4()), str(error))
        return _Said(200, told, fault=error)

    def _call(
        self,
        world: World,
        arrival: Arrival,
        headers: Headers,
        client: tuple[str, int] | None,
        body: bytes,
        limits: Limits,
    ) -> Call:
        message = _read(headers, body, limits)
        read = message if isinstance(message, Message) else None
        contract = read.contract if read else None
        known = world.contracts.get(contract) if contract else None
        budget = min(self._deadline, (known.deadline if known else None) or self._deadline)
        return Call(
            correlation_id=correlation_of(headers),
            peer=peer_of(arrival, headers, client),
            contract=contract,
            logical_address=read.logical_address if read else None,
            profile=read.profile if read else RivtaProfile.BP21,
            original_consumer=original_consumer_of(headers),
            routing_history=history_of(headers),
            forwarded=forwarded_by(headers),
            message=message,
            received=arrival.at,
            deadline=arrival.at + seconds_asked(headers, budget),
            received_at=world.clock.now(),
        )


def _read(headers: Headers, body: bytes, limits: Limits) -> Message | ConsumerError:
    """The envelope, or why it cannot be read: raised later, after the sender is known."""
    coding = headers.get(b"content-encoding")
    if coding is not None and coding.lower() != "identity":
        raise HttpRefused(
            415, "no Content-Encoding but identity is taken", accept_encoding="identity"
        )
    try:
        return read_message(body, charset_of(headers.get(b"content-type")), limits)
    except MediaTypeRefused as error:
        raise HttpRefused(415, str(error)) from error
    except XmlRefused as error:
        return MalformedRequest(f"The request could not be read properly. {error}")
    except ConsumerError as error:
        return error


def _headers_out(call: Call, answer: Answer | None) -> list[tuple[bytes, bytes]]:
    spent = answer.slowest if answer else 0.0
    return [
        (b"content-type", rivta.CONTENT_TYPE.encode()),
        (b"x-skltp-correlation-id", call.correlation_id.encode()),
        (b"x-skltp-prt", str(int(spent * 1000)).encode()),
        *((name.encode(), value.encode()) for name, value in (answer.headers if answer else ())),
    ]
