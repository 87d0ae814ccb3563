"""The hub under test as an operator would set it up: settings, registry, certificates, index.

Everything is on, with the defaults: mutual TLS, schema check of every answer, access log synced
to disk, routing log. The plain listener beside the TLS one is trusted, as behind a front.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load import Target
from bench.messages import (
    CONSUMER,
    GROUPS,
    HUB,
    OWNER,
    PLANS_ACTION,
    PLANS_PATH,
    SCENES,
    UPDATE_ACTION,
    UPDATE_PATH,
    Scene,
    question,
    update,
)
from samsvar.clock import SystemClock
from samsvar.simulation.authority import TestAuthority

_PLANS = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
_UPDATE = "urn:riv:itintegration:engagementindex:UpdateResponder:1"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with all that ``samsvar serve`` needs."""

    settings: Path
    registry: Path
    routing_log: Path
    tls: ssl.SSLContext
    """How the consumer presents itself."""

    @classmethod
    def make(cls, folder: Path, ports: Mapping[str, Sequence[int]]) -> Site:
        """Write everything. ``ports``: where the producers of each group listen."""
        authority = TestAuthority(folder / "certificates", SystemClock().now())
        authority.server("server")
        consumer = authority.client("consumer", [CONSUMER])
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(authority.certificate)
        tls.load_cert_chain(consumer.certificate, consumer.key)
        site = cls(folder / "settings.toml", folder / "registry.toml", folder / "routing.log", tls)
        site.settings.write_text(_SETTINGS, encoding="utf-8")
        site.registry.write_text(_registry(ports), encoding="utf-8")
        return site


def plain_question(url: str, scene: Scene) -> Target:
    """A consumer behind a trusted front asks the hub about the scene's person."""
    headers = (*_ACTION, ("x-vp-sender-id", CONSUMER))
    return Target(url + PLANS_PATH, question(HUB, scene.person), scene.records, headers=headers)


def tls_question(url: str, scene: Scene, tls: ssl.SSLContext) -> Target:
    """The same, from a consumer that shows its certificate."""
    return Target(
        url + PLANS_PATH, question(HUB, scene.person), scene.records, headers=_ACTION, tls=tls
    )


def updates(url: str) -> list[Target]:
    """What every producer tells the index, each in its own name."""
    return [
        Target(
            url + UPDATE_PATH,
            update(scene.person, address),
            0,
            headers=(("SOAPAction", f'"{UPDATE_ACTION}"'), ("x-vp-sender-id", address)),
        )
        for scene in SCENES
        for address in scene.addresses
    ]


_ACTION = (("SOAPAction", f'"{PLANS_ACTION}"'),)

_SETTINGS = f"""# Settings of the hub under test.
[hub]
instance_id = "SAMSVAR-BENCH"
addresses = ["{HUB}"]
data = "data"

[[listen]]
kind = "plain"
trusted = true

[[listen]]
kind = "tls"
certificate = "certificates/server.pem"
key = "certificates/server.key"
client_authority = "certificates/authority.pem"

[index]
address = "{HUB}"
"""


def _registry(ports: Mapping[str, Sequence[int]]) -> str:
    tables = [
        f'[[contract]]\nurn = "{_PLANS}"\ntitle = "GetCarePlans 2"\n',
        f'[[contract]]\nurn = "{_UPDATE}"\ntitle = "Update 1"\n',
        f'[[permission]]\nconsumer = "{CONSUMER}"\n'
        'contract = ["GetCarePlans 2"]\nlogical_address = "*"\n',
    ]
    for group in GROUPS:
        for address, port in zip(group.addresses, ports[group.name], strict=True):
            tables.append(
                f'[[producer]]\nid = "{address}"\ntitle = "{address}"\nkind = "soap"\n'
                f'address = "http://127.0.0.1:{port}/"\nowner = "{OWNER}"\n'
            )
            tables.append(
                '[[route]]\ncontract = ["GetCarePlans 2"]\n'
                f'logical_address = "{address}"\nproducer = "{address}"\n'
            )
            tables.append(
                f'[[permission]]\nconsumer = "{address}"\n'
                f'contract = ["Update 1"]\nlogical_address = "{HUB}"\n'
            )
    return "\n".join(tables)
