"""OAuth2 client credentials: one token for each producer, shared by all questions to it.

Kept in memory until shortly before it runs out. Knows no plan and no person.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from samsvar.adapter_api import Http, ProducerAnswerInvalid, ProducerFault
from samsvar_adapters.mina_planer.bundles import json_in

MARGIN_SECONDS = 30.0  # a question may wait 27 seconds, and its token must outlive it
_USUAL_SECONDS = 60.0  # how long a token of no stated life is trusted
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)  # RFC 6750, section 2.1


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at which token server."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    good_until: float


@dataclass(slots=True)
class _Turn:
    """One fetch at a time for each account; forgotten when nobody waits."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


@dataclass(slots=True)
class Tokens:
    """The tokens in hand. ``monotonic`` is a clock that never goes back, in seconds."""

    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[Account, _Token] = field(default_factory=dict, repr=False)
    _turns: dict[Account, _Turn] = field(default_factory=dict, repr=False)

    async def token(self, account: Account, http: Http, *, refused: str | None = None) -> str:
        """A token that is not about to run out, and is not the one just ``refused``.

        Questions that come at once wait for one fetch. If that fetch is given up (its question
        was), the next in line fetches for itself.

        Raises:
            ProducerError: the token server did not give one.
        """
        async with self._turn(account):
            kept = self._kept.get(account)
            if kept and kept.value != refused and self.monotonic() < kept.good_until:
                return kept.value
            self._kept.pop(account, None)
            fetched = await _fetched(account, http, self.monotonic)
            self._kept[account] = fetched
            return fetched.value

    @asynccontextmanager
    async def _turn(self, account: Account) -> AsyncIterator[None]:
        turn = self._turns.setdefault(account, _Turn())
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(account, None)


async def _fetched(account: Account, http: Http, monotonic: Callable[[], float]) -> _Token:
    asked_at = monotonic()  # its life began no earlier than this
    pair = f"{quote(account.client_id, safe='')}:{quote(account.client_secret, safe='')}"
    answer = await http.request(
        "POST",
        account.token_url,
        headers={
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        body=urlencode({"grant_type": "client_credentials"}).encode(),
    )
    if answer.status != 200:
        raise ProducerFault(f"the token server answered {answer.status}: look at client_id")
    document = json_in(answer.body, answer.headers.get("content-type", ""))
    value, lasts = document.get("access_token"), document.get("expires_in", _USUAL_SECONDS)
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ProducerAnswerInvalid("the token server's answer holds no token")
    if isinstance(lasts, bool) or not isinstance(lasts, int | float) or not lasts > 0:
        lasts = _USUAL_SECONDS
    return _Token(value, asked_at + max(lasts - MARGIN_SECONDS, lasts / 2))
