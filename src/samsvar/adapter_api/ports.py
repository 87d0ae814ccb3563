"""The ports between hub and adapter: what an adapter offers, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from samsvar.model.care import CareContact, CarePlan, CareQuery

AdapterOptions = Mapping[str, str]
"""The producer's settings as the manifest declares them; secrets already read from their files."""


@dataclass(frozen=True, slots=True)
class TextOption:
    """One declared option: read from ``[options.<name>]`` of the manifest."""

    name: str
    help: str
    required: bool = True
    secret: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. Header names are lower case. The body was not inflated."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Http(Protocol):
    """The only way out: capped, never redirected, inside the question's deadline."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """One exchange with the producer. Only the producer's own origin may be asked.

        Raises:
            ProducerUnreachable, ProducerTimedOut, ProducerAnswerInvalid: as the names say.
        """


class Adapter(Protocol):
    """What an adapter's ``ADAPTER`` must fulfil. One instance serves all questions, so it
    keeps no state but what is safe to share (a token with its expiry)."""

    async def care_plans(
        self, query: CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[CarePlan]:
        """All plans of the person, of every status; an unknown person gives an empty list.

        Raises:
            ProducerError: the source failed; its text holds no personal data.
        """

    async def care_contacts(
        self, query: CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[CareContact]:
        """All care contacts of the person; a source that has none gives an empty list."""
