"""A simulated identity provider, and a verifier that trusts it over a real socket.

``Watch`` is a clock whose hands a test moves; ``told`` gathers events as the routing log would.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from samsvar.clock import SystemClock
from samsvar.inbound.tokens import TokenVerifier
from samsvar.model.user import UserKind
from samsvar.outbound.oidc import key_sources
from samsvar.settings import IssuerSettings, UserSettings
from samsvar.simulation.identity_provider import AUDIENCE, IdentityProvider, identity_provider
from samsvar.tokens import TokenRefused


class Watch:
    """The machine's clock, moved."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.moved = 0.0

    def now(self) -> datetime:
        """Wall time."""
        return self._clock.now() + timedelta(seconds=self.moved)

    def monotonic(self) -> float:
        """The same hands."""
        return self._clock.monotonic() + self.moved


@dataclass(slots=True)
class Told:
    """Events, in order."""

    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        """Keep it."""
        assert correlation_id == "-"
        self.events.append((action, fields))

    def actions(self) -> list[str]:
        """What happened."""
        return [action for action, _ in self.events]


def issuer_settings(provider: IdentityProvider, kind: UserKind, **changes: Any) -> IssuerSettings:
    """One issuer, as an operator would write it."""
    written = {
        "issuer": provider.issuer(kind),
        "kind": str(kind),
        "audience": [AUDIENCE],
        **changes,
    }
    return IssuerSettings.model_validate(written)


@dataclass(slots=True)
class Desk:
    """A provider, a verifier that trusts both of its issuers, and their common clock."""

    provider: IdentityProvider
    verifier: TokenVerifier
    watch: Watch
    told: Told

    async def user(self, token: str, certificate: bytes | None = None) -> Any:
        """Whose it is."""
        return await self.verifier.user(f"Bearer {token}", certificate)

    async def refused(self, token: str, certificate: bytes | None = None) -> TokenRefused:
        """Why it is nobody's."""
        try:
            user = await self.user(token, certificate)
        except TokenRefused as refused:
            return refused
        raise AssertionError(f"let in: {user!r}")


@contextlib.asynccontextmanager
async def verifying(
    provider: IdentityProvider, watch: Watch, **changes: Any
) -> AsyncIterator[Desk]:
    """A verifier that trusts both issuers. ``changes``: other settings of both."""
    told = Told()
    settings = UserSettings(
        issuer=tuple(issuer_settings(provider, kind, **changes) for kind in UserKind)
    )
    verifier = TokenVerifier(settings, watch, key_sources(settings, watch, told))
    try:
        yield Desk(provider, verifier, watch, told)
    finally:
        await verifier.close()


@contextlib.asynccontextmanager
async def trusted_provider(**changes: Any) -> AsyncIterator[Desk]:
    """A provider that answers, and a verifier that trusts it."""
    watch = Watch()
    async with (
        identity_provider(watch.now) as provider,
        verifying(provider, watch, **changes) as desk,
    ):
        yield desk
