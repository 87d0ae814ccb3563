"""Who is it? A bearer token, or a client certificate that somebody has let in; nothing else.

A token counts in its header only. One that stands in an address is refused and should be taken
out of use: addresses end up in other people's logs. Knows no role's rights.
"""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import unquote

from samsvar.errors import SenderUnknown
from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.rates import Rates
from samsvar.inbound.http import Headers
from samsvar.model.exchange import Peer
from samsvar.onboarding.roles import User
from samsvar.pipeline.identify import named_in

_BEARER = re.compile(r"[Bb]earer +([!-~]{1,200})")
_SLIPPED_OUT = re.compile(r"samsvar_[0-9a-f]{12}_|(?:^|[?&;])(?:access_)?token=", re.IGNORECASE)
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="samsvar admin"'),)


class Users(Protocol):
    """Who has been let in. Raises ResourcesMissing if that cannot be looked up."""

    def by_token(self, token: str) -> User | None:
        """Whose token it is; None: nobody's, or it has expired or been revoked."""

    def by_certificate(self, hsa_id: str) -> User | None:
        """Who has this HSA-id in a certificate; None: nobody who may come in here."""


class Gate:
    """Recognises callers, and counts those who could not be recognised by their address."""

    def __init__(self, users: Users, rates: Rates) -> None:
        self._users = users
        self._rates = rates

    def refuse_token_in(self, target: str) -> None:
        """Look at path and query.

        Raises:
            Problem: 401, a token stands there.
        """
        if _SLIPPED_OUT.search(unquote(target)):
            raise Problem(
                401,
                "a token belongs in the Authorization header; this one is in an address now:"
                " revoke it and make a new one",
                headers=_CHALLENGE,
            )

    def user(self, headers: Headers, peer: Peer) -> User:
        """Who it is. Looks in a database: call it outside the event loop.

        Raises:
            Problem: 401 or 403, and 429 for an address that has failed too often.
        """
        address = f"address {peer.address}"
        refuse_when_often(self._rates, address)
        try:
            user = self._recognised(headers, peer)
        except Problem:
            self._rates.note(address)
            raise
        who = f"user {user.id}"
        refuse_when_often(self._rates, who)
        self._rates.note(who)
        return user

    def _recognised(self, headers: Headers, peer: Peer) -> User:
        told = headers.get(b"authorization")
        if told is not None:
            match = _BEARER.fullmatch(told)
            user = self._users.by_token(match[1]) if match else None
            if user is None:
                raise Problem(
                    401,
                    "the token opens nothing here: it is unknown, has expired or was revoked",
                    headers=_CHALLENGE,
                )
            return user
        if peer.certificate is None:
            raise Problem(401, "say who you are: Authorization: Bearer TOKEN", headers=_CHALLENGE)
        try:
            hsa_id = named_in(peer.certificate, require_client_usage=True)
        except SenderUnknown as error:
            raise Problem(403, "the client certificate names nobody") from error
        user = self._users.by_certificate(hsa_id)
        if user is None:
            raise Problem(
                403,
                "this client certificate has no role here: send a token, or have it let in",
            )
        return user


def refuse_when_often(rates: Rates, who: str) -> None:
    """Raises Problem: 429, with the seconds to wait."""
    if seconds := rates.wait(who):
        raise Problem(
            429,
            "too many requests: come back later",
            headers=((b"retry-after", str(seconds).encode()),),
        )
