"""The transport that puts an adapter between the hub's contracts and a native source.

Knows the codecs, the adapters that were loaded, and that an adapter is foreign code: its bug
costs one producer's answer and nobody else's. Knows no native format and no other producer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from samsvar.adapter_api.ports import Adapter, AdapterOptions, Http
from samsvar.errors import (
    AdapterBroke,
    MalformedRequest,
    NotRouted,
    ProducerError,
    ProducerResultError,
    ProducerTimedOut,
)
from samsvar.manifest import LoadedAdapter, SecretUnreadable, resolve_options
from samsvar.model.care import CareContact, CarePlan, CareQuery, DataQuality
from samsvar.model.catalogue import Producer
from samsvar.model.exchange import Call, Item, Question, Recipient, Reply
from samsvar.model.identifiers import ContractUrn
from samsvar.ports import Transport
from samsvar.soap.codecs import CODECS, Codec, ContactCodec, PlanCodec

Record = TypeVar("Record", CarePlan, CareContact)


class AdaptedTransport:
    """Asks producers that stand behind adapters."""

    def __init__(
        self,
        adapters: Mapping[str, LoadedAdapter],
        http_for: Callable[[Producer], Http],
        read_secret: Callable[[str], str],
        codecs: Mapping[ContractUrn, Codec] = CODECS,
    ) -> None:
        self._adapters = adapters
        self._http_for = http_for
        self._read_secret = read_secret
        self._codecs = codecs

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """The adapter's records that answer the question, as data.

        Records of another person than asked become items with that subject and no content:
        the stage that judges answers drops the whole answer, and says so.

        Raises:
            ProducerTimedOut: not within ``patience`` seconds, or the producer's own limit.
            ProducerResultError: the contract calls the question INVALID_REQUEST.
            AdapterBroke: the adapter, or how it is set up, must be mended.
            ProducerError: what the adapter found at the source.
        """
        if recipient.entry is None:
            raise NotRouted("no route leads to this address")
        producer = recipient.entry.producer
        loaded = self._loaded(producer)
        codec = self._codec(question.contract.urn, loaded)
        query = _read_query(codec, question.body, recipient.logical_address)
        options = self._options(loaded, producer)
        patience = patience if producer.timeout is None else min(patience, producer.timeout)
        try:
            async with asyncio.timeout(patience):
                return await _answer(
                    codec,
                    loaded.adapter,
                    query,
                    producer.address,
                    options,
                    self._http_for(producer),
                )
        except TimeoutError as error:
            raise ProducerTimedOut(f"timeout: no whole answer in {patience:.3g} s") from error
        except ProducerError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code: its bug is one producer's loss
            # The type only, and no cause: text and traceback may quote the person's record.
            raise AdapterBroke(f"the adapter raised {type(error).__name__}") from None

    def _codec(self, contract: ContractUrn, loaded: LoadedAdapter) -> Codec:
        codec = self._codecs.get(contract)
        if codec is None or contract not in loaded.manifest.contracts:
            raise AdapterBroke("its adapter does not answer this contract: correct the catalogue")
        return codec

    def _loaded(self, producer: Producer) -> LoadedAdapter:
        loaded = self._adapters.get(producer.adapter or "")
        if loaded is None:
            raise AdapterBroke("the producer's adapter is not installed: correct the catalogue")
        return loaded

    def _options(self, loaded: LoadedAdapter, producer: Producer) -> AdapterOptions:
        """Read for each question, so that a renewed secret counts at once."""
        try:
            return resolve_options(loaded.manifest, dict(producer.options), self._read_secret)
        except (SecretUnreadable, ValueError) as error:
            raise AdapterBroke(f"the producer's options are not usable: {error}") from error


def _read_query(codec: Codec, body: bytes, source_system: str) -> CareQuery:
    try:
        return codec.read_query(body, source_system)
    except MalformedRequest as error:
        # What a producer that speaks the contract would have answered.
        raise ProducerResultError(f"INVALID_REQUEST: {error}") from error


async def _answer(
    codec: Codec,
    adapter: Adapter,
    query: CareQuery,
    address: str,
    options: AdapterOptions,
    http: Http,
) -> Reply:
    match codec:
        case PlanCodec():
            plans = await adapter.care_plans(query, address, options, http)
            chosen_plans = codec.select(_about(query, plans), query)
            items = [_item(plan, plan) for plan in chosen_plans.records]
            return _reply(items + _foreign(query, plans), chosen_plans.quality)
        case ContactCodec():
            contacts = await adapter.care_contacts(query, address, options, http)
            chosen = codec.select(_about(query, contacts), query)
            items = [_item(contact, contact) for contact in chosen.records]
            return _reply(items + _foreign(query, contacts), chosen.quality)


def _about(query: CareQuery, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.subject == query.subject]


def _foreign(query: CareQuery, records: Sequence[CarePlan | CareContact]) -> list[Item]:
    """Another person's records, drafts and all, as items that say whose they are and no more:
    they are there to be found, and must not get out even by mistake."""
    return [_item(record, None) for record in records if record.subject != query.subject]


def _item(whose: CarePlan | CareContact, record: CarePlan | CareContact | None) -> Item:
    """A record as data: it is written as the contract has it when it is known what may leave."""
    return Item(b"", whose.subject, whose.source_system, record=record)


def _reply(items: list[Item], quality: tuple[DataQuality, ...]) -> Reply:
    """The items, with the remarks on their records as warnings, each once."""
    warnings = dict.fromkeys(map(str, quality))
    return Reply(items=tuple(items), warnings=tuple(warnings))


_: type[Transport] = AdaptedTransport  # interface guard
