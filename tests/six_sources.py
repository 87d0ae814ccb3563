"""A hub with six source systems behind mutual TLS: three adapters' simulators, three that speak
the contract; and a SOAP client that is not ours, built from the WSDLs that the hub serves.

The adapters are found by their manifests; none is named here.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import requests
import zeep
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport

from samsvar.manifest import LoadedAdapter, load_adapters
from samsvar.simulation import Installation, Knobs, Tls, demo_data, producer, running
from samsvar.simulation.authority import Identity
from tests.hub import HUB, Running, Site, Source, ask_on, running_hub

SERVICES = "/vp/clinicalprocess/logistics/logistics/"
INDEX = "/vp/itintegration/engagementindex/"
#: a source that is asked longer than this is late
LIMIT = 1.0


@dataclass(frozen=True, slots=True)
class SixSources:
    """The running hub, and each source's knobs and own certificate by its HSA-id."""

    hub: Running
    knobs: Mapping[str, Knobs]
    identities: Mapping[str, Identity]
    adapted: frozenset[str]

    def client(self, path: str, identity: Identity | None = None) -> SoapClient:
        """A client of the service at that path; as the consumer, unless told otherwise."""
        site = self.hub.site
        return SoapClient(
            f"{self.hub.tls}{path}?wsdl", identity or site.consumer, site.authority.certificate
        )


class SoapClient:
    """zeep over mutual TLS. ``envelope`` is the last answer."""

    def __init__(self, wsdl: str, identity: Identity, authority: object) -> None:
        session = requests.Session()
        session.trust_env = False
        session.cert = (str(identity.certificate), str(identity.key))
        session.verify = str(authority)
        self._history = HistoryPlugin()  # type: ignore[no-untyped-call]
        self._session = session
        self._client = zeep.Client(  # type: ignore[no-untyped-call]
            wsdl,
            transport=Transport(session=session),  # type: ignore[no-untyped-call]
            plugins=[self._history],
        )

    def call(
        self, operation: str, address: str = HUB, correlation_id: str = "", **parts: Any
    ) -> Any:
        """Call the operation at a logical address; zeep's own object comes back."""
        self._session.headers["x-skltp-correlation-id"] = correlation_id
        method = getattr(self._client.service, operation)
        return method(**parts, _soapheaders={"LogicalAddress": address})

    @property
    def envelope(self) -> Any:
        """The last answer as a tree."""
        received = self._history.last_received
        assert received is not None, "nothing has been asked"
        return received["envelope"]

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()


@contextlib.asynccontextmanager
async def six_sources(
    site: Site, more_registry: str = "", **sections: str
) -> AsyncIterator[SixSources]:
    """Serve all six and the hub until the block ends. The index is empty. ``sections``: as
    ``Site.write`` takes them."""
    settings = site.write(**sections)  # type: ignore[arg-type]
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    knobs: dict[str, Knobs] = {}
    sources: list[Source] = []
    async with contextlib.AsyncExitStack() as stack:
        for name, loaded in load_adapters().items():
            module = import_module(f"samsvar_adapters.{name}.simulator")
            installation: Installation = module.INSTALLATION
            turned = knobs[installation.hsa_id] = Knobs()
            url = await stack.enter_async_context(running(module.application(turned), tls=tls))
            options = _options(site, name, loaded, installation)
            sources.append(
                Source(installation.hsa_id, f"{url}/", name, options, f"timeout = {LIMIT}")
            )
        adapted = frozenset(knobs)
        for holdings in (demo_data.hospital(), demo_data.municipality(), demo_data.clinic()):
            turned = knobs[holdings.hsa_id] = Knobs()
            application = producer.application(holdings, turned)
            url = await stack.enter_async_context(running(application, tls=tls))
            sources.append(Source(holdings.hsa_id, f"{url}/", extra=f"timeout = {LIMIT}"))
        site.load_registry(
            site.registry(sources, "\n".join([*map(_may_update, knobs), more_registry]))
        )
        hub = await stack.enter_async_context(running_hub(site, settings))
        ask_on(hub)  # the same sources fail in many tests
        identities = {hsa_id: site.authority.client(hsa_id, [hsa_id]) for hsa_id in knobs}
        yield SixSources(hub, knobs, identities, adapted)


def _options(
    site: Site, name: str, loaded: LoadedAdapter, installation: Installation
) -> dict[str, str]:
    """As an operator writes them: what is secret stands in a file."""
    secret = {option.name for option in loaded.manifest.options if option.secret}
    written = {}
    for option, value in installation.options.items():
        if option in secret:
            (site.folder / f"{name}-{option}").write_text(value, encoding="utf-8")
        written[option] = f"file:{name}-{option}" if option in secret else value
    return written


def _may_update(hsa_id: str) -> str:
    return (
        f'[[permission]]\nconsumer = "{hsa_id}"\ncontract = "Update 1"\nlogical_address = "{HUB}"\n'
    )
