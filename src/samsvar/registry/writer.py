"""A registry as text again: what ``parse_registry`` reads back to the same registry.

Rows that differ only in the contract become one table with a list. Comments of the file that
it once came from are not kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from samsvar.model.catalogue import (
    CallPermission,
    CareGiver,
    Consumer,
    PermissionFilter,
    Producer,
    RegisteredAddress,
    RoutingEntry,
)
from samsvar.registry import ALWAYS, FOREVER, Registry, local_day, short_name

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def write_registry(registry: Registry) -> str:
    """The registry as TOML."""
    names = Counter(short_name(contract.urn) for contract in registry.contracts)
    spelling = {
        contract.urn: name if name and names[name] == 1 else contract.urn
        for contract in registry.contracts
        for name in (short_name(contract.urn),)
    }
    blocks = [
        "\n".join(["[[contract]]", f"urn = {_quoted(c.urn)}", f"title = {_quoted(c.title)}"])
        for c in registry.contracts
    ]
    blocks += ["\n".join(_producer(producer)) for producer in registry.producers]
    blocks += ["\n".join(_address(row)) for row in registry.addresses]
    for route, routes in groupby(registry.routes, key=_same_but_contract):
        blocks.append("\n".join(_route(route, [spelling[r.contract] for r in routes])))
    for permission, rows in groupby(registry.permissions, key=_allowed_but_contract):
        blocks.append("\n".join(_permission(permission, [spelling[r.contract] for r in rows])))
    blocks += [written_care_giver(giver) for giver in registry.care_givers]
    blocks += [written_consumer(consumer) for consumer in registry.consumers]
    if registry.hsa:
        tree = [f"{_key(unit)} = {_quoted(parent)}" for unit, parent in registry.hsa]
        blocks.append("\n".join(["[hsa]", *tree]))
    return "\n\n".join(blocks) + "\n"


def written_care_giver(row: CareGiver) -> str:
    """A [[care_giver]] by itself."""
    return "\n".join(_care_giver(row))


def written_consumer(row: Consumer) -> str:
    """A [[consumer]] by itself."""
    return "\n".join(_consumer(row))


_RouteKey = tuple[str, str, str, datetime, datetime]
_PermissionKey = tuple[str, str, datetime, datetime, tuple[PermissionFilter, ...]]


def _same_but_contract(row: RoutingEntry) -> _RouteKey:
    return row.logical_address, row.producer.id, row.profile.value, row.valid_from, row.valid_to


def _allowed_but_contract(row: CallPermission) -> _PermissionKey:
    return row.consumer, row.logical_address, row.valid_from, row.valid_to, row.filters


def _producer(producer: Producer) -> Iterator[str]:
    yield "[[producer]]"
    yield f"id = {_quoted(producer.id)}"
    yield f"title = {_quoted(producer.title)}"
    yield f"kind = {_quoted(producer.kind.value)}"
    if producer.workers:
        yield f"workers = [{', '.join(map(_quoted, producer.workers))}]"
    else:
        yield f"address = {_quoted(producer.address)}"
    yield f"owner = {_quoted(producer.owner)}"
    if producer.adapter is not None:
        yield f"adapter = {_quoted(producer.adapter)}"
    if producer.options:
        pairs = ", ".join(f"{_key(name)} = {_quoted(value)}" for name, value in producer.options)
        yield f"options = {{ {pairs} }}"
    yield f"schema_policy = {_quoted(producer.schema_policy.value)}"
    if producer.timeout is not None:
        yield f"timeout = {producer.timeout!r}"
    if producer.organisation is not None:
        yield f"organisation = {_quoted(producer.organisation.value)}"
    if producer.contact is not None:
        email = producer.contact.email
        more = f", email = {_quoted(email)}" if email is not None else ""
        yield f"contact = {{ name = {_quoted(producer.contact.name)}{more} }}"
    if producer.data_controller is not None:
        yield f"data_controller = {_quoted(producer.data_controller)}"
    if producer.disabled is not None:
        until = producer.disabled.until
        more = f", until = {until.isoformat()}" if until is not None else ""
        yield f"disabled = {{ notice = {_quoted(producer.disabled.notice)}{more} }}"


def _address(row: RegisteredAddress) -> Iterator[str]:
    yield "[[address]]"
    yield f"logical_address = {_quoted(row.logical_address)}"
    yield f"description = {_quoted(row.description)}"


def _route(key: _RouteKey, contracts: list[str]) -> Iterator[str]:
    address, producer, profile, valid_from, valid_to = key
    yield "[[route]]"
    yield f"contract = {_one_or_list(contracts)}"
    yield f"logical_address = {_quoted(address)}"
    yield f"producer = {_quoted(producer)}"
    yield f"profile = {_quoted(profile)}"
    yield from _period(valid_from, valid_to)


def _permission(key: _PermissionKey, contracts: list[str]) -> Iterator[str]:
    consumer, address, valid_from, valid_to, filters = key
    yield "[[permission]]"
    yield f"consumer = {_quoted(consumer)}"
    yield f"contract = {_one_or_list(contracts)}"
    yield f"logical_address = {_quoted(address)}"
    yield from _period(valid_from, valid_to)
    if filters:
        yield f"filters = [{', '.join(map(_filter, filters))}]"


def _care_giver(row: CareGiver) -> Iterator[str]:
    yield "[[care_giver]]"
    yield f"id = {_quoted(row.id)}"
    yield f"name = {_quoted(row.name)}"
    yield f"kind = {_quoted(row.kind.value)}"
    if not row.connected:
        yield "connected = false"
    if row.municipality is not None:
        yield f"municipality = {_quoted(row.municipality)}"
    if row.legal_basis is not None:
        yield f"legal_basis = {_quoted(row.legal_basis.value)}"
    if row.marked:
        yield "marked = true"


def _consumer(row: Consumer) -> Iterator[str]:
    yield "[[consumer]]"
    yield f"id = {_quoted(row.id)}"
    yield f"channel = {_quoted(row.channel.value)}"
    yield f"social_care = {_flag(row.social_care)}"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _filter(row: PermissionFilter) -> str:
    names = ", ".join(map(_quoted, row.categorizations))
    more = f", categorizations = [{names}]" if names else ""
    return f"{{ service_domain = {_quoted(row.service_domain)}{more} }}"


def _period(valid_from: datetime, valid_to: datetime) -> Iterator[str]:
    begins, ends = local_day(valid_from), local_day(valid_to)
    if begins != ALWAYS:
        yield f"valid_from = {begins.isoformat()}"
    if ends != FOREVER:
        yield f"valid_to = {ends.isoformat()}"


def _one_or_list(names: list[str]) -> str:
    if len(names) == 1:
        return _quoted(names[0])
    return "[" + ", ".join(_quoted(name) for name in names) + "]"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A TOML basic string. JSON's escapes are TOML's too; only DEL must be added."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
