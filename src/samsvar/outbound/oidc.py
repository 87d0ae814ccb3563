"""Fetches the keys of identity providers, seldom, and holds them for a bounded time.

A key that nobody knows makes us ask again, at most once in ``REFETCH_SECONDS``: strangers must
not be able to make us hammer a provider. While a provider does not answer, its last keys go on
until ``keys_hours``. Knows HTTP and time; what keys are is in ``tokens``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

from samsvar.errors import ProducerError, ResourcesMissing
from samsvar.outbound.http_client import HttpClient
from samsvar.ports import Clock, Events, KeySource
from samsvar.settings import IssuerSettings, ProducerSettings, UserSettings
from samsvar.tokens.discovery import document_address, keys_address
from samsvar.tokens.keys import KeysInvalid, PublicKeys, keys_in

#: between two fetches that an unknown key, or keys past their time, may cause
REFETCH_SECONDS = 30.0
#: after a fetch that failed while there are no keys at all
RETRY_SECONDS = 5.0
#: both documents, connections included
FETCH_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_HEADERS = {"Accept": "application/json"}


class ProviderKeys:
    """Implements ``ports.KeySource`` for one issuer. Made inside a running loop."""

    def __init__(
        self, issuer: IssuerSettings, clock: Clock, events: Events, tls: ssl.SSLContext | None
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._events = events
        self._client = HttpClient(
            ProducerSettings(
                answer_bytes=_MOST_BYTES, connect_seconds=2.0, connections=4, connections_each=4
            ),
            tls,
        )
        self._keys: PublicKeys | None = None
        self._fetched = 0.0
        self._tried: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def keys(self, key_id: str) -> PublicKeys | None:
        """What is held, after a fetch if one is due. All callers wait for the same fetch."""
        if self._is_due(key_id):
            if self._fetching is None:
                self._tried = self._clock.monotonic()
                self._fetching = asyncio.create_task(self._fetch())
            # shielded: a caller who hangs up must not end the fetch that others wait for
            await asyncio.shield(self._fetching)
        if self._keys is not None and self._age() > self._issuer.keys_hours * 3600:
            self._keys = None
        return self._keys

    async def close(self) -> None:
        """End what is running, and let go of every connection."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self._client.close()

    def _age(self) -> float:
        return self._clock.monotonic() - self._fetched

    def _is_due(self, key_id: str) -> bool:
        if self._keys is not None and key_id in self._keys and not self._is_stale():
            return False
        if self._fetching is not None or self._tried is None:
            return True
        pause = RETRY_SECONDS if self._keys is None else REFETCH_SECONDS
        return self._clock.monotonic() - self._tried >= pause

    def _is_stale(self) -> bool:
        return self._age() > self._issuer.fresh_seconds

    async def _fetch(self) -> None:
        issuer = self._issuer.issuer
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                described = await self._document(document_address(issuer))
                keys = keys_in(await self._document(keys_address(described, issuer)))
        except TimeoutError:
            self._failed(f"no whole answer in {FETCH_SECONDS:g} s")
        except (KeysInvalid, ProducerError) as error:
            self._failed(str(error))
        else:
            had, self._keys = self._keys, keys
            self._fetched = self._clock.monotonic()
            if had is None or had.ids() != keys.ids():
                self._events.emit(
                    "issuer-keys-changed",
                    "-",
                    detail=f"{issuer}: its keys are in force",
                    items=len(keys.ids()),
                )
        finally:
            self._fetching = None

    async def _document(self, url: str) -> bytes:
        answer = await self._client.exchange("GET", url, _HEADERS, None, None)
        if answer.status != 200:
            raise KeysInvalid(f"it answered HTTP {answer.status}")
        return answer.body

    def _failed(self, why: str) -> None:
        kept = "none are held" if self._keys is None else "those that are held go on"
        self._events.emit(
            "issuer-keys-failed",
            "-",
            detail=f"{self._issuer.issuer}: its keys could not be fetched, {kept}: {why}",
        )


def key_sources(users: UserSettings, clock: Clock, events: Events) -> dict[str, KeySource]:
    """One source for each issuer, by its URL. Nothing is fetched before somebody comes.

    Raises:
        ResourcesMissing: the certificates of an ``authority`` cannot be read.
    """
    trusted: Mapping[str, ssl.SSLContext | None] = {
        each.issuer: trusting(each) for each in users.issuer
    }  # all of them read before anything is opened
    return {
        each.issuer: ProviderKeys(each, clock, events, trusted[each.issuer])
        for each in users.issuer
    }


def trusting(
    issuer: IssuerSettings, setting: str = "users.issuer.authority"
) -> ssl.SSLContext | None:
    """Certificates and host names are always checked; None: by the machine's trust store.

    Raises:
        ResourcesMissing: the certificates of its authority cannot be read.
    """
    if issuer.authority is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(issuer.authority)
    except OSError as error:
        raise ResourcesMissing(f"{setting}: {issuer.authority}: no PEM") from error
    return context
