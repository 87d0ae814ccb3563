"""Who is it? A user with a bearer token; what every door for users asks before anything else.

Puts the pure judgement of ``tokens`` together with the clock and the issuers' keys. An issuer
that the settings do not name is never asked for anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from samsvar.model.user import User
from samsvar.ports import Clock, KeySource
from samsvar.settings import UserSettings
from samsvar.tokens import TokenRefused, checked, opened, token_in
from samsvar.tokens.refused import bad_token, no_keys
from samsvar.tokens.verify import refuse_algorithm


class TokenVerifier:
    """Proves tokens. One for the whole process: it holds the issuers' keys."""

    def __init__(
        self, settings: UserSettings, clock: Clock, sources: Mapping[str, KeySource]
    ) -> None:
        """``sources``: the keys of each issuer of the settings, by its URL."""
        self._issuers = {each.issuer: each for each in settings.issuer}
        self._clock = clock
        self._sources = sources

    async def user(self, authorization: str | None, certificate: bytes | None) -> User:
        """Whose token stands in the Authorization header. ``certificate``: the caller's client
        certificate, DER, as the door has proven it; None where it has none.

        Raises:
            TokenRefused: with status, RFC 6750's word, and a sentence; ``headers`` for the answer.
        """
        sealed = opened(token_in(authorization))
        issuer = self._issuers.get(sealed.issuer)
        if issuer is None:
            raise bad_token("the token is of an issuer that is not trusted here")
        refuse_algorithm(sealed, issuer)
        keys = await self._sources[issuer.issuer].keys(sealed.key_id)
        if keys is None:
            raise no_keys(issuer.issuer)
        if sealed.key_id not in keys:
            raise bad_token("the token is signed with a key that its issuer does not publish")
        now = self._clock.now().timestamp()
        return checked(sealed, keys, issuer, now, certificate)

    async def close(self) -> None:
        """Let go of every connection to issuers."""
        await asyncio.gather(*(source.close() for source in self._sources.values()))


__all__ = ["TokenRefused", "TokenVerifier"]
