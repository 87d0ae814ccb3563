"""The composition root of a worker: makes its parts, and runs them until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from samsvar.broker.address import connection
from samsvar.broker.link import Link
from samsvar.broker.topology import worker_plan
from samsvar.clock import SystemClock
from samsvar.contracts.reading import data_dir, load_contracts
from samsvar.manifest import check_options, load_adapters
from samsvar.outbound.http_client import HttpClient, client_tls
from samsvar.registry.fields import url_fault
from samsvar.settings import SettingsInvalid, read_secret
from samsvar.soap.self_test import self_test
from samsvar.worker.answering import Answering
from samsvar.worker.config import WorkerConfig, keys_of
from samsvar.worker.judging import Judge
from samsvar.worker.sources import AdapterBeside, RivBeside, SourceBeside


async def run(
    config: WorkerConfig,
    base: Path,
    told: asyncio.Event,
    say: Callable[[str], None],
    *,
    adapter: str | None,
    riv: str | None,
) -> None:
    """Serve until told. ``base``: what secrets' file references are relative to.

    Raises:
        SettingsInvalid, AdaptersInvalid, HubError: each with sentences that say what to do.
    """
    self_test()
    clock = SystemClock()
    keys = keys_of(config.worker.key)
    secret = partial(read_secret, base=base)
    async with contextlib.AsyncExitStack() as closing:
        client = HttpClient(config.producers, client_tls(config.producers))
        closing.push_async_callback(client.close)
        source = _source(config, client, secret, adapter=adapter, riv=riv)
        judge = Judge(
            keys,
            config.worker.hubs,
            config.worker.addresses,
            config.broker.clock_seconds,
            clock,
        )
        answering = Answering(config.worker, keys, source, judge, clock, say)
        link = Link(
            lambda blocked, unblocked: connection(
                config.broker, secret, blocked=blocked, unblocked=unblocked
            ),
            worker_plan(config.worker.addresses, config.worker.at_once),
            answering.took,
            answering.turned,
        )
        say(f"worker {config.worker.id}, {source.name}, key {keys.public.text}")
        await answering.run(link, told)


def _source(
    config: WorkerConfig,
    client: HttpClient,
    secret: Callable[[str], str],
    *,
    adapter: str | None,
    riv: str | None,
) -> SourceBeside:
    clock = SystemClock()
    if riv is not None:
        _check_url("--riv", riv, config)
        if config.source.address is not None or config.source.options:
            raise SettingsInvalid(["source: --riv has its URL on the command line, and no options"])
        return RivBeside(
            client,
            clock,
            address=riv,
            correlation_over_https=config.producers.send_correlation_id,
        )
    adapters = load_adapters()
    loaded = adapters.get(adapter or "")
    if loaded is None:
        raise SettingsInvalid([f"--adapter: not known here; there are {', '.join(adapters)}"])
    if config.source.address is None:
        raise SettingsInvalid(["source.address: is missing: the URL of the source"])
    _check_url("source.address", config.source.address, config)
    if faults := check_options(loaded.manifest, config.source.options):
        raise SettingsInvalid([f"source.options.{fault}" for fault in faults])
    return AdapterBeside(
        loaded,
        load_contracts(data_dir() / "contracts", data_dir() / "wsdl"),
        client,
        clock,
        address=config.source.address,
        options=config.source.options,
        read_secret=secret,
    )


def _check_url(where: str, url: str, config: WorkerConfig) -> None:
    if fault := url_fault(url, allow_plain_http=config.producers.plain_http):
        raise SettingsInvalid([f"{where}: {fault}"])
