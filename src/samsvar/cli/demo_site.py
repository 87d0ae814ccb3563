"""The demo's files: certificates, settings, registry, secrets and the consumers' profiles."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from samsvar.cli.outcome import WRONG_INPUT, Stop
from samsvar.clock import SystemClock
from samsvar.manifest import LoadedAdapter
from samsvar.model.catalogue import Channel, Consumer
from samsvar.model.identifiers import HsaId
from samsvar.model.user import UserKind
from samsvar.registry.writer import written_care_giver, written_consumer
from samsvar.simulation import Installation
from samsvar.simulation.authority import Identity, TestAuthority
from samsvar.simulation.demo_directory import CARE_GIVERS, UNIT_NAMES, UNITS
from samsvar.simulation.identity_provider import AUDIENCE

HUB = "5565594230"
CONSUMER = "SE2129999963-NPO1"
CITIZENS = "SE2129999963-INVANARE1"
VIEWER = "SE2129999963-VISARE1"
_CONSUMERS = (
    Consumer(HsaId(CONSUMER), Channel.SYSTEM, social_care=True),
    Consumer(HsaId(CITIZENS), Channel.CITIZEN, social_care=True),
    Consumer(HsaId(VIEWER), Channel.SYSTEM, social_care=True),
)
_NAMES = {CONSUMER: "Journalöversikten (demo)", CITIZENS: "Invånartjänsten (demo)"}
_MARK = "made by samsvar demo; safe to delete\n"
_QUESTIONS = '["GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3"]'


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A producer of the demo. ``adapter`` is None for one that speaks the contract."""

    id: str
    installation: Installation
    adapter: LoadedAdapter | None


class Site:
    """One folder with all that the demo needs. Makes it anew each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mark = folder / "README"
        if folder.exists():
            if not mark.is_file() or mark.read_text(encoding="utf-8") != _MARK:
                raise Stop(WRONG_INPUT, f"{folder} exists and is not a demo's: give --folder")
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        mark.write_text(_MARK, encoding="utf-8")
        authority = TestAuthority(folder / "certificates", SystemClock().now())
        authority.keep_key()
        self.authority = authority.certificate
        self.server = authority.server("server")
        self.hub = authority.client("hub", [f"SE{HUB}-SAMSVAR"])
        self.consumer = authority.client("consumer", [CONSUMER])
        self.citizens = authority.client("citizens", [CITIZENS])
        authority.client("viewer", [VIEWER])
        self._authority = authority
        self.settings = folder / "settings.toml"
        self.registry = folder / "registry.toml"
        self.profile = folder / "consumer.toml"
        self.citizens_profile = folder / "citizens.toml"
        self.viewer = folder / "viewer.toml"

    def identity_of(self, source: Source) -> Identity:
        """The client certificate with which a source tells the index."""
        return self._authority.client(source.id, [source.installation.hsa_id])

    def write_settings(
        self, port: int, console_port: int, issuers: Mapping[UserKind, str] | None = None
    ) -> None:
        """Mutual TLS on loopback; beside it a plain one for a browser, where nobody is believed
        without a token. Data in the folder. ``issuers``: who says who users are."""
        trusted = "".join(
            f'\n[[users.issuer]]\nissuer = "{issuer}"\nkind = "{kind}"\naudience = ["{AUDIENCE}"]\n'
            for kind, issuer in (issuers or {}).items()
        )
        self.settings.write_text(
            f"""# Settings of the demo hub.
[hub]
instance_id = "SAMSVAR-DEMO"
instance_name = "SAMSVAR"
addresses = ["{HUB}"]
data = "data"

[[listen]]
kind = "tls"
port = {port}
certificate = "certificates/server.pem"
key = "certificates/server.key"
client_authority = "certificates/authority.pem"
admin = true
users = true

[[listen]]
kind = "plain"
port = {console_port}
admin = true

[producers]
certificate = "certificates/hub.pem"
key = "certificates/hub.key"
authority = "certificates/authority.pem"

[index]
address = "{HUB}"

[bench]
networks = ["127.0.0.0/8", "::1/128"]
{trusted}""",
            encoding="utf-8",
        )

    def write_viewer(
        self, port: int, hub: str, issuers: Mapping[UserKind, str], sources: Iterable[Source]
    ) -> str:
        """The settings of the viewer on loopback; its address."""
        address = f"http://localhost:{port}"
        called: list[tuple[str, str]] = [(giver.id, giver.name) for giver in CARE_GIVERS]
        called += [(each.installation.hsa_id, each.installation.title) for each in sources]
        called += [*UNIT_NAMES.items(), (CONSUMER, "NPÖ i demon")]
        names = "\n".join(f'"{hsa_id}" = "{name}"' for hsa_id, name in called)
        logins = "".join(
            f'\n[[login]]\nkind = "{kind}"\nissuer = "{issuer}"\nclient_id = "samsvar-viewer"\n'
            for kind, issuer in issuers.items()
        )
        self.viewer.write_text(
            f"""# Settings of the demo's viewer: samsvar viewer --settings {self.viewer}
address = "{address}"
port = {port}
social_care_givers = ["SE2129999989-OG1"]

[hub]
url = "{hub}"
certificate = "certificates/viewer.pem"
key = "certificates/viewer.key"
authority = "certificates/authority.pem"
{logins}
[names]
{names}
""",
            encoding="utf-8",
        )
        return address

    def write_profile(self, url: str) -> None:
        """So that ``samsvar ask --as`` needs nothing else, as a system or as one for citizens."""
        for path, name in ((self.profile, "consumer"), (self.citizens_profile, "citizens")):
            self._write_profile(path, name, url)

    def _write_profile(self, path: Path, name: str, url: str) -> None:
        path.write_text(
            f"""url = "{url}"
address = "{HUB}"
certificate = "certificates/{name}.pem"
key = "certificates/{name}.key"
authority = "certificates/authority.pem"
settings = "settings.toml"
""",
            encoding="utf-8",
        )

    def write_registry(self, urls: Mapping[Source, str]) -> None:
        """Contracts, six producers, their routes, who may call what, and whose the data are."""
        tables = [_CONTRACTS]
        for source, url in urls.items():
            tables.append(self._producer(source, url))
            tables.append(
                f"[[route]]\ncontract = {_QUESTIONS}\n"
                f'logical_address = "{source.installation.hsa_id}"\nproducer = "{source.id}"\n'
            )
            tables.append(
                f'[[permission]]\nconsumer = "{source.installation.hsa_id}"\n'
                f'contract = "Update 1"\nlogical_address = "{HUB}"\n'
            )
        tables += [
            f'[[permission]]\nconsumer = "{consumer.id}"\n'
            f'contract = {_QUESTIONS}\nlogical_address = "*"\n\n{written_consumer(consumer)}\n'
            for consumer in _CONSUMERS
        ]
        tables += [
            f'[[address]]\nlogical_address = "{address}"\ndescription = "{name}"\n'
            for address, name in _NAMES.items()
        ]
        tables += [f"{written_care_giver(giver)}\n" for giver in CARE_GIVERS]
        tree = (f'"{unit}" = "{parent}"' for unit, parent in UNITS.items())
        tables.append("\n".join(["[hsa]", *tree, ""]))
        self.registry.write_text("\n".join(tables), encoding="utf-8")

    def _producer(self, source: Source, url: str) -> str:
        made = source.installation
        lines = [
            "[[producer]]",
            f'id = "{source.id}"',
            f'title = "{made.title}"',
            f'kind = "{"adapter" if source.adapter else "soap"}"',
            f'address = "{url}/"',
            f'owner = "{made.owner}"',
        ]
        if source.adapter is not None:
            lines.append(f'adapter = "{source.adapter.manifest.id}"')
            lines.append("[producer.options]")
            secret = {option.name for option in source.adapter.manifest.options if option.secret}
            for name, value in made.options.items():
                written = self._secret(source, name, value) if name in secret else value
                lines.append(f'{name} = "{written}"')
        return "\n".join(lines) + "\n"

    def _secret(self, source: Source, name: str, value: str) -> str:
        path = self.folder / "secrets" / f"{source.id}-{name}"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(value, encoding="utf-8")
        return f"file:{path.relative_to(self.folder)}"


_CONTRACTS = """# The demo's service address catalogue.
[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
title = "GetCarePlans 2"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:2"
title = "GetCareContacts 2"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3"
title = "GetCareContacts 3"

[[contract]]
urn = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
title = "Update 1"
"""
