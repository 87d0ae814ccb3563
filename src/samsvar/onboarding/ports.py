"""What the desk needs of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509

from samsvar.manifest import AdapterManifest
from samsvar.model.identifiers import ContractUrn
from samsvar.onboarding.application import Application
from samsvar.registry import Registry


class Applications(Protocol):
    """Where applications are kept. Every method raises ResourcesMissing if it cannot."""

    def all(self) -> Sequence[Application]:
        """Every application, by id."""

    def get(self, name: str) -> Application | None:
        """One of them."""

    def add(self, application: Application) -> bool:
        """Keep a new one. False: its id is taken."""

    def replace(self, application: Application) -> bool:
        """Keep the next revision. False: somebody else was there since it was read."""


class RegistryOffice(Protocol):
    """The registry in force, and the way to change it. Raises ResourcesMissing if it cannot."""

    def newest(self) -> tuple[int, Registry]:
        """The version in force with its number; 0 and an empty one before the first."""

    def publish(
        self, base: int, registry: Registry, who: str, comment: str, *, draft: str | None
    ) -> int:
        """Put the registry in force; its number. A draft of that name goes in the same moment.

        Raises:
            RegistryMoved: ``base`` is not the newest any more.
            NotNow: the registry is refused; the faults say why.
        """

    def keep_draft(self, name: str, base: int, registry: Registry, who: str) -> None:
        """Let a registrar look at what would be published.

        Raises:
            NotNow: the registry is refused; the faults say why.
        """

    def drop_draft(self, name: str) -> None:
        """The draft is no longer wanted, if it is there."""


@dataclass(frozen=True, slots=True)
class House:
    """What this hub can speak, and who it is."""

    contracts: Mapping[ContractUrn, str]
    """Those that a producer can answer, with their titles."""
    adapters: Mapping[str, AdapterManifest]
    own_addresses: tuple[str, ...]
    index_address: str
    plain_http: bool
    client_authorities: tuple[x509.Certificate, ...] = field(default=(), repr=False)
    """Who may issue certificates of callers."""
    server_authorities: tuple[x509.Certificate, ...] = field(default=(), repr=False)
    """Who may issue certificates of producers."""
