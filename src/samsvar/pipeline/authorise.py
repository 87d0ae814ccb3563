"""Authorise: may this sender call this contract at this address?

The order of checks decides which fault wins, and consumers know it: original consumer, address,
route, permission. A missing route beats a missing permission (compat 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samsvar.errors import (
    AddressEmpty,
    AddressMissing,
    AmbiguousRoute,
    ConsumerError,
    NoRoute,
    NotPermitted,
    OriginalConsumerRefused,
)
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Call, Recipient, Sender
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded
from samsvar.ports import HouseRules, World
from samsvar.soap.faults import shown


@dataclass(frozen=True, slots=True)
class Errand:
    """What the sender has been allowed to ask: of all sources, or of one."""

    contract: ServiceContract
    at: datetime
    recipient: Recipient | None
    """The one source addressed; None: the hub itself, which asks everybody."""
    route_trace: str = ""
    permission_trace: str = ""

    @property
    def aggregated(self) -> bool:
        """True when the question goes to every source that knows the person."""
        return self.recipient is None


def authorise(sender: Sender, call: Call, catalogue: Catalogue, world: World) -> Errand:
    """What the call is allowed to be.

    Raises:
        ConsumerError: the message could not be read (VP015), has no address (VP003), the sender
            may not name another consumer (VP013), nothing leads there (VP004), or the sender
            may not go there (VP007).
        HubFault: the catalogue is ambiguous (VP006) or lacks a URL (VP010).
    """
    must_be_read(call)
    speaks_for(sender, call, world.rules)
    urn, address = addressed(call)
    contract = world.contracts.get(urn)
    own = folded(address) in world.rules.own_addresses
    return errand_of(sender.hsa_id, urn, address, contract, catalogue, world.clock.now(), own=own)


def errand_of(
    sender: HsaId,
    urn: ContractUrn,
    address: LogicalAddress,
    contract: ServiceContract | None,
    catalogue: Catalogue,
    at: datetime,
    *,
    own: bool,
) -> Errand:
    """What the catalogue allows the sender to ask. ``own``: the address means the hub itself;
    ``contract``: None where the hub does not speak it.

    Raises:
        NoRoute, AmbiguousRoute, AddressEmpty, NotPermitted: see ``authorise``.
    """
    if own and contract is not None:
        trace = may_call(sender, urn, address, catalogue, at)
        return Errand(contract, at, None, "own address", trace)
    found = catalogue.routes(urn, address, at)
    if not found.entries or contract is None:
        raise NoRoute(no_route_text(urn, address))
    if len(found.entries) > 1:
        raise AmbiguousRoute(
            "More than one receiverId (logical address) with matching Riv-version found for "
            f"serviceNamespace: {shown(urn)}, receiverId: {shown(address)}"
        )
    entry = found.entries[0]
    if not entry.producer.address:
        raise AddressEmpty(
            "Physical Address field is empty in Service Producer for "
            f"serviceNamespace: {shown(urn)}, receiverId: {shown(address)}"
        )
    trace = may_call(sender, urn, address, catalogue, at)
    return Errand(contract, at, Recipient(address, entry), found.trace, trace)


def must_be_read(call: Call) -> None:
    """Raise what the door met when it read the envelope: only now, for the sender comes first."""
    if isinstance(call.message, ConsumerError):
        raise call.message


def speaks_for(sender: Sender, call: Call, rules: HouseRules) -> None:
    """The original consumer may be another than the sender only for those named in settings.

    Raises:
        OriginalConsumerRefused: VP013.
    """
    original = call.original_consumer
    if (
        original
        and folded(original) != folded(sender.hsa_id)
        and folded(sender.hsa_id) not in rules.original_consumer_senders
    ):
        raise OriginalConsumerRefused(
            "Sender is not approved to set header x-rivta-original-serviceconsumer-hsaid."
        )


def addressed(call: Call) -> tuple[ContractUrn, LogicalAddress]:
    """The contract and the address that the message names.

    Raises:
        AddressMissing: VP003.
        NoRoute: the body names no contract.
    """
    if call.logical_address is None:
        raise AddressMissing("No receiverId (logical address) found in message header.")
    if call.contract is None:
        raise NoRoute("No serviceNamespace found in message body")
    return call.contract, call.logical_address


def may_call(
    sender: HsaId, urn: ContractUrn, address: LogicalAddress, catalogue: Catalogue, at: datetime
) -> str:
    """How the permission was found.

    Raises:
        NotPermitted: VP007.
    """
    found = catalogue.permission(sender, urn, address, at)
    if found.permission is None:
        raise NotPermitted(
            f"Authorization missing for serviceNamespace: {shown(urn)}, "
            f"receiverId: {shown(address)}, senderId: {shown(sender)}"
        )
    return found.trace


def no_route_text(urn: ContractUrn, address: LogicalAddress) -> str:
    """The detail of VP004, word for word as consumers know it."""
    text = (
        "No receiverId (logical address) found for "
        f"serviceNamespace: {shown(urn)}, receiverId: {shown(address)}"
    )
    return f"{text}. Whitespace detected in incoming request!" if " " in address else text
