"""The rows of the registry that an application makes: pure functions from registry to registry.

Knows producers, their owners, routes and permissions; not who decides, nor versions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from samsvar.model.catalogue import (
    CallPermission,
    CareGiver,
    CareGiverKind,
    Channel,
    Consumer,
    Disabled,
    OrganisationKind,
    Producer,
    ProducerKind,
    RegisteredAddress,
    RivtaProfile,
    RoutingEntry,
)
from samsvar.model.catalogue_lookup import ANY
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded
from samsvar.model.words import Words
from samsvar.onboarding.application import Application, Form
from samsvar.onboarding.ports import House
from samsvar.onboarding.refusals import NotNow
from samsvar.registry import (
    FOREVER,
    RegisteredContract,
    Registry,
    first_moment,
    last_moment,
    local_day,
)
from samsvar.soap.index_messages import UPDATE


def connected(
    registry: Registry,
    application: Application,
    consumers: Sequence[str] | None,
    house: House,
    now: datetime,
    *,
    social_care: bool = False,
) -> Registry:
    """The registry with the producer in it: asked by its contracts, and allowed to tell the index.

    Args:
        consumers: who may ask it. None: everybody who may ask this hub by the same contract.
        social_care: they have declared that they keep the rules for social care's information.

    Raises:
        NotNow: another producer is at the same address, or nobody knows the owner's kind.
    """
    form = application.form
    _check_address_free(registry, application)
    before = find(registry, application.id)
    producer = replace(_producer(application), disabled=before.disabled if before else None)
    routes = [
        route if route.producer.id != producer.id else replace(route, producer=producer)
        for route in registry.routes
        if not _own_route(route, application) or route.contract in form.contracts
    ]
    have = {route.contract for route in routes if _own_route(route, application)}
    period = (first_moment(local_day(now)), last_moment(FOREVER))
    address = LogicalAddress(form.hsa_id)
    routes += [
        RoutingEntry(urn, address, producer, RivtaProfile.BP21, *period)
        for urn in form.contracts
        if urn not in have
    ]
    made = replace(
        registry,
        contracts=_with_contracts(registry, (*form.contracts, UPDATE), house),
        producers=(*(p for p in registry.producers if p.id != producer.id), producer),
        routes=tuple(routes),
        addresses=_with_address(registry, form),
        care_givers=_with_owner(registry, form),
    )
    wanted = [
        (HsaId(consumer), urn, where)
        for urn in form.contracts
        for consumer in _who_may_ask(registry, urn, consumers, house, now)
        for where in (address, LogicalAddress(house.own_addresses[0]))
    ]
    wanted.append((HsaId(form.hsa_id), UPDATE, LogicalAddress(house.index_address)))
    asking = dict.fromkeys(consumer for consumer, urn, _ in wanted if urn != UPDATE)
    if social_care:
        made = replace(made, consumers=_declared(made, asking))
    catalogue = made.catalogue(0)
    lacking = [
        CallPermission(*row, *period)
        for row in dict.fromkeys(wanted)
        if catalogue.permission(*row, now).permission is None
    ]
    return replace(made, permissions=(*registry.permissions, *lacking))


def somebody_may_ask(
    registry: Registry, form: Form, consumers: Sequence[str] | None, house: House, now: datetime
) -> bool:
    """Whether the producer would have anybody who may ask it."""
    return any(_who_may_ask(registry, urn, consumers, house, now) for urn in form.contracts)


def somebody_is_shown(made: Registry, form: Form, now: datetime) -> bool:
    """Whether what the producer sends may be shown to any system that may ask it."""
    if owner_kind(form) is not CareGiverKind.OG or form.kind is not ProducerKind.SOAP:
        return True
    catalogue = made.catalogue(0)
    address = LogicalAddress(form.hsa_id)
    asking = [
        catalogue.consumer(row.consumer)
        for row in catalogue.permissions_at(address, now)
        if row.contract in form.contracts
    ]
    return any(each.social_care or each.channel is Channel.CITIZEN for each in asking)


def suspended(registry: Registry, producer_id: str, disabled: Disabled | None) -> Registry:
    """The registry with a producer out of service, or back in it."""

    def changed(producer: Producer) -> Producer:
        return replace(producer, disabled=disabled) if producer.id == producer_id else producer

    return replace(
        registry,
        producers=tuple(map(changed, registry.producers)),
        routes=tuple(replace(route, producer=changed(route.producer)) for route in registry.routes),
    )


def find(registry: Registry, producer_id: str) -> Producer | None:
    """The producer of that id."""
    return next((each for each in registry.producers if each.id == producer_id), None)


def routes_by_producer(registry: Registry) -> dict[str, tuple[tuple[str, str], ...]]:
    """Contract and logical address of each route, by the producer's id."""
    found: dict[str, list[tuple[str, str]]] = {}
    for route in registry.routes:
        found.setdefault(route.producer.id, []).append((route.contract, route.logical_address))
    return {name: tuple(rows) for name, rows in found.items()}


def _producer(application: Application) -> Producer:
    form = application.form
    return Producer(
        id=application.id,
        title=form.name,
        kind=form.kind,
        address=form.url,
        owner=form.owner,
        adapter=form.adapter,
        options=form.options,
        timeout=form.timeout,
        organisation=form.organisation,
        contact=form.contact,
        data_controller=form.data_controller,
    )


def _own_route(route: RoutingEntry, application: Application) -> bool:
    return route.producer.id == application.id and _same(
        route.logical_address, application.form.hsa_id
    )


def _same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _check_address_free(registry: Registry, application: Application) -> None:
    form = application.form
    for route in registry.routes:
        if (
            _same(route.logical_address, form.hsa_id)
            and route.contract in form.contracts
            and route.producer.id != application.id
        ):
            raise NotNow(
                Words(
                    "ett vägval leder redan till adressen, till producenten"
                    f" {route.producer.id}: låt det ta slut först",
                    "a route leads to this address already, to the producer"
                    f" {route.producer.id}: let"
                    " that route end first",
                )
            )


def _with_contracts(
    registry: Registry, wanted: Iterable[ContractUrn], house: House
) -> tuple[RegisteredContract, ...]:
    have = {contract.urn for contract in registry.contracts}
    lacking = [urn for urn in dict.fromkeys(wanted) if urn not in have]
    return (
        *registry.contracts,
        *(RegisteredContract(urn, house.contracts.get(urn, urn.split(":")[-2])) for urn in lacking),
    )


def _with_address(registry: Registry, form: Form) -> tuple[RegisteredAddress, ...]:
    others = (row for row in registry.addresses if not _same(row.logical_address, form.hsa_id))
    return (*others, RegisteredAddress(LogicalAddress(form.hsa_id), form.name))


_KIND_OF_OWNER = {
    OrganisationKind.REGION: CareGiverKind.VG,
    OrganisationKind.NAMND: CareGiverKind.OG,
}


def _declared(registry: Registry, asking: Iterable[HsaId]) -> tuple[Consumer, ...]:
    """The consumers, those who ask with their declaration about social care's information."""
    rows = {folded(row.id): row for row in registry.consumers}
    for hsa_id in asking:
        row = rows.get(folded(hsa_id), Consumer(hsa_id))
        rows[folded(hsa_id)] = replace(row, social_care=True)
    return tuple(rows.values())


def owner_kind(form: Form) -> CareGiverKind | None:
    """What the owner gives; None: the form does not say."""
    return form.care_giver_kind or _KIND_OF_OWNER.get(form.organisation)


def _with_owner(registry: Registry, form: Form) -> tuple[CareGiver, ...]:
    """The directory with the owner in it. What it says of one that it has already stays."""
    if any(_same(row.id, form.owner) for row in registry.care_givers):
        return registry.care_givers
    kind = owner_kind(form)
    if kind is None:
        raise NotNow(
            Words(
                "en privat ägare kan ge vård eller omsorg: säg vilket i formuläret"
                " (care_giver_kind: VG eller OG)",
                "a private owner can give health care or social care: say which in the form"
                " (care_giver_kind: VG or OG)",
            )
        )
    # Its own name and municipality are no question of the form: a registrar adds them.
    giver = CareGiver(
        HsaId(form.owner),
        form.owner,
        kind,
        legal_basis=form.legal_basis,
        marked=form.legal_basis is not None,
    )
    return (*registry.care_givers, giver)


def _who_may_ask(
    registry: Registry,
    urn: ContractUrn,
    consumers: Sequence[str] | None,
    house: House,
    now: datetime,
) -> Collection[str]:
    if consumers is not None:
        return consumers
    own = {ANY, *map(folded, house.own_addresses)}
    return dict.fromkeys(
        row.consumer
        for row in registry.permissions
        if row.contract == urn
        and folded(row.logical_address) in own
        and row.valid_from <= now <= row.valid_to
    )
