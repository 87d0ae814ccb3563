"""``samsvar check``: prove that this installation can serve, and list all that is wrong at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from samsvar.cli.loose_rights import loose_rights
from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import WRONG_INPUT, Stop
from samsvar.settings import Settings

SOON = timedelta(days=30)
_NONE_YET = "note: none has been loaded yet: samsvar registry load FILE"


def check(settings: SettingsOption = None) -> None:
    """Check settings, XML door, contracts, adapters, certificates, database, registry, broker."""
    told = settings_from(settings)
    base = settings.parent if settings else Path.cwd()
    faults: list[str] = []
    checks: list[tuple[str, Callable[[], Iterator[str]]]] = [
        ("settings", lambda: (f"note: {each}" for each in loose_rights(told, settings))),
        ("XML door", _xml_door),
        ("contracts", lambda: _contracts(told)),
        ("adapters", _adapters),
        ("certificates", lambda: _certificates(told)),
        ("database", lambda: _database(told)),
        ("registry", lambda: _registry(told, base)),
        ("message broker", lambda: _broker(told, base)),
    ]
    if told.hub.redis is not None:
        checks.append(("Redis", lambda: _redis(told, base)))
    for title, find in checks:
        found = list(_guarded(find))
        faults += [fault for fault in found if not fault.startswith("note: ")]
        sys.stdout.write(
            f"{'FAULT' if any(not f.startswith('note: ') for f in found) else 'ok':6}{title}\n"
        )
        for fault in found:
            sys.stdout.write(f"      {fault}\n")
    if faults:
        raise Stop(WRONG_INPUT, f"{len(faults)} faults")


def _guarded(find: Callable[[], Iterator[str]]) -> Iterator[str]:
    from samsvar.errors import HubError

    try:
        yield from find()
    except HubError as error:
        yield str(error)


def _xml_door() -> Iterator[str]:
    from samsvar.soap.self_test import SelfTestFailed, self_test

    try:
        self_test()
    except SelfTestFailed as error:
        yield str(error)


def _contracts(settings: Settings) -> Iterator[str]:
    from samsvar.contracts import ContractsInvalid
    from samsvar.contracts.served import ServedContracts

    try:
        contracts = ServedContracts.load(settings.hub.data).contracts
    except ContractsInvalid as error:
        yield from error.faults
        return
    yield f"note: {', '.join(contract.title for contract in contracts.values())}"


def _adapters() -> Iterator[str]:
    from samsvar.manifest import AdaptersInvalid, load_adapters

    try:
        loaded = load_adapters()
    except AdaptersInvalid as error:
        yield from error.faults
        return
    yield f"note: {', '.join(each.manifest.title for each in loaded.values())}"


def _certificates(settings: Settings) -> Iterator[str]:
    from samsvar.clock import SystemClock
    from samsvar.errors import ResourcesMissing
    from samsvar.inbound.tls import CertificatesUnusable, MutualTls, expires
    from samsvar.outbound.http_client import client_tls

    now = SystemClock().now()
    ours = [listener.certificate for listener in settings.listen if listener.certificate]
    for listener in settings.listen:
        if listener.kind == "tls":
            try:
                MutualTls(listener, now)
            except CertificatesUnusable as error:
                yield str(error)
    try:
        client_tls(settings.producers)
    except ResourcesMissing as error:
        yield str(error)
    if settings.producers.certificate:
        ours.append(settings.producers.certificate)
    for certificate in ours:
        try:
            ends = expires(certificate)
        except CertificatesUnusable as error:
            yield str(error)
            continue
        if ends < now:
            yield f"{certificate}: ended {ends:%Y-%m-%d}"
        elif ends < now + SOON:
            yield f"note: {certificate}: ends {ends:%Y-%m-%d}, in {(ends - now).days} days"


def _database(settings: Settings) -> Iterator[str]:
    from samsvar.store.database import DatabaseMissing, database_of

    try:
        database_of(settings.hub, read_only=True).close()
    except DatabaseMissing as error:
        yield f"note: {error}: the hub makes it when it starts"


def _redis(settings: Settings, base: Path) -> Iterator[str]:
    """A Redis that says no is a fault; one that is away is not: nothing depends on it."""
    import asyncio

    from redis.exceptions import AuthenticationError, RedisError, ResponseError

    from samsvar.guarding import open_link
    from samsvar.observe.log import RoutingLog

    async def why_not() -> str:
        link = open_link(settings.hub, base, RoutingLog(enabled=False))
        assert link is not None
        try:
            await link.client.ping()
        except (AuthenticationError, ResponseError):
            return f"{settings.hub.redis}: it refuses hub.redis_user and hub.redis_password"
        except (RedisError, OSError, TimeoutError) as error:
            kind = type(error).__name__
            return f"note: {settings.hub.redis}: {kind}: until it answers processes share nothing"
        finally:
            await link.close()
        return ""

    if told := asyncio.run(why_not()):
        yield told


def _registry(settings: Settings, base: Path) -> Iterator[str]:
    from samsvar.contracts import ContractsInvalid
    from samsvar.errors import ResourcesMissing
    from samsvar.manifest import AdaptersInvalid, resolve_options
    from samsvar.packaged import Packaged, catalogue_of
    from samsvar.registry import RegistryInvalid
    from samsvar.settings import read_secret
    from samsvar.store.database import DatabaseMissing, database_of

    try:
        database = database_of(settings.hub, read_only=True)
    except DatabaseMissing:
        yield _NONE_YET
        return
    except ResourcesMissing:
        yield "cannot be judged before the database can be opened"
        return
    try:
        packaged = Packaged.load(settings.hub.data)
        text = catalogue_of(database, packaged, settings).registry()
    except (ContractsInvalid, AdaptersInvalid):
        yield "cannot be judged before contracts and adapters are sound"
        return
    finally:
        database.close()
    if text is None:
        yield _NONE_YET
        return
    try:
        registry = packaged.registry(text, settings)
    except RegistryInvalid as error:
        yield from (str(fault) for fault in error.faults)
        return
    for producer in registry.producers:
        if producer.adapter is None:
            continue
        manifest = packaged.adapters[producer.adapter].manifest
        try:
            resolve_options(manifest, dict(producer.options), lambda name: read_secret(name, base))
        except Exception as error:  # noqa: BLE001 - each secret's fault is one line of the list
            yield f"producer {producer.id}: {error}"


def _broker(settings: Settings, base: Path) -> Iterator[str]:
    from samsvar.broker.durable import durable_plan
    from samsvar.broker.durable_end import declare_once
    from samsvar.broker.link import told
    from samsvar.broker.proof import examined
    from samsvar.broker.streams import received_streams
    from samsvar.settings import read_secret

    if settings.broker.url is None:
        yield "note: none is set up: no source can have workers"
        return
    try:
        yield from examined(settings.broker, lambda name: read_secret(name, base))
        for stream, address in received_streams(settings).items():
            declare_once(
                settings.broker,
                lambda name: read_secret(name, base),
                durable_plan((), {stream: address}),
            )
            yield f"note: the queues of {stream.title} are as they must be"
    except Exception as error:  # noqa: BLE001 - whatever the broker or the way to it says
        yield f"{settings.broker.url}: {told(error)}"
