"""The source beside a worker: asked through an adapter, or as a producer that speaks the contract.

Both do here what the hub would do itself if it could reach the source: the same adapter host, the
same client. Knows no broker and no key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from samsvar.broker.forms import MessageForm, QuestionContent, RecordForm, RecordsForm
from samsvar.broker.records import written
from samsvar.errors import AdapterBroke
from samsvar.manifest import LoadedAdapter
from samsvar.model.catalogue import Producer, ProducerKind, RivtaProfile, RoutingEntry
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Call, Item, Peer, Question, Recipient
from samsvar.model.identifiers import ContractUrn, CorrelationId, HsaId, LogicalAddress, PersonId
from samsvar.outbound.adapted import AdaptedTransport
from samsvar.outbound.adapter_http import ProducerHttp
from samsvar.outbound.http_client import HttpClient
from samsvar.outbound.soap import headers_for
from samsvar.ports import Clock
from samsvar.soap.envelope import request_envelope

Said = tuple[RecordsForm | MessageForm, bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that may be asked of the source."""

    address: LogicalAddress
    contract: ContractUrn
    content: QuestionContent


class SourceBeside(Protocol):
    """What a worker asks."""

    name: str
    """The adapter's id; ``riv`` where the source speaks the contract."""

    async def ask(self, asked: Asked, patience: float) -> Said:
        """What the source has, within ``patience`` seconds.

        Raises:
            ProducerError: whatever went wrong at the source.
        """


class AdapterBeside:
    """A source that stands behind an adapter."""

    def __init__(
        self,
        loaded: LoadedAdapter,
        contracts: Mapping[ContractUrn, ServiceContract],
        client: HttpClient,
        clock: Clock,
        *,
        address: str,
        options: Mapping[str, str],
        read_secret: Callable[[str], str],
    ) -> None:
        self.name = loaded.manifest.id
        self._contracts = contracts
        self._clock = clock
        self._producer = Producer(
            "source",
            loaded.manifest.title,
            ProducerKind.ADAPTER,
            address,
            "",
            self.name,
            tuple(options.items()),
        )
        self._adapted = AdaptedTransport(
            {self.name: loaded}, lambda one: ProducerHttp(client, one.address), read_secret
        )

    async def ask(self, asked: Asked, patience: float) -> Said:
        """The adapter's records.

        Raises:
            ProducerError: what the adapter found, or that it does not answer the contract.
        """
        contract = self._contracts.get(asked.contract)
        if contract is None:
            raise AdapterBroke("its adapter does not answer this contract: correct the catalogue")
        body = asked.content.body.encode()
        question = Question(contract, PersonId("", ""), None, body, body)
        now = self._clock.now()
        entry = RoutingEntry(
            asked.contract,
            asked.address,
            self._producer,
            RivtaProfile(asked.content.profile),
            now,
            now,
        )
        recipient = Recipient(asked.address, entry)
        reply = await self._adapted.ask(_call(asked, self._clock), question, recipient, patience)
        items = [_form(item) for item in reply.items]
        return RecordsForm(items=items, warnings=[text[:300] for text in reply.warnings]), b""


class RivBeside:
    """A source that speaks the contract: its answer goes to the hub as it came."""

    name = "riv"

    def __init__(
        self, client: HttpClient, clock: Clock, *, address: str, correlation_over_https: bool
    ) -> None:
        self._client = client
        self._clock = clock
        self._address = address
        self._correlation_over_https = correlation_over_https

    async def ask(self, asked: Asked, patience: float) -> Said:
        """The source's whole answer, not read.

        Raises:
            ProducerError: there was none.
        """
        content = asked.content
        message = (
            content.envelope.encode()
            if content.envelope is not None
            else request_envelope(
                RivtaProfile(content.profile), asked.address, content.body.encode()
            )
        )
        headers = headers_for(
            _call(asked, self._clock),
            content.soap_action,
            self._address,
            instance_id=content.instance,
            correlation_over_https=self._correlation_over_https,
        )
        exchange = await self._client.exchange("POST", self._address, headers, message, patience)
        form = MessageForm(status=exchange.status, headers=list(exchange.headers.items()))
        return form, exchange.body


def _form(item: Item) -> RecordForm:
    subject = item.subject or PersonId("", "")
    record = written(item.record) if item.record is not None else None
    return RecordForm(
        root=subject.root,
        extension=subject.extension,
        source=item.source_system or "",
        record=record,
    )


def _call(asked: Asked, clock: Clock) -> Call:
    """As much of the hub's call as a source may see."""
    content = asked.content
    now = clock.monotonic()
    return Call(
        correlation_id=CorrelationId(content.correlation_id),
        peer=Peer(secure=True, trusted=True, certificate=None),
        contract=asked.contract,
        logical_address=asked.address,
        profile=RivtaProfile(content.profile),
        original_consumer=HsaId(content.original_consumer) if content.original_consumer else None,
        routing_history=content.routing_history,
        forwarded=tuple(content.forwarded),
        message=None,
        received=now,
        deadline=now,
        received_at=clock.now(),
        sender=HsaId(content.sender),
    )


_adapter: type[SourceBeside] = AdapterBeside  # interface guards
_riv: type[SourceBeside] = RivBeside
