"""What the guards need of others: where holds are kept, what processes share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from samsvar.model.breaker import State
from samsvar.model.holds import BreakerHold
from samsvar.model.identifiers import ContractUrn


class HoldBook(Protocol):
    """Holds, over restarts. Raises ResourcesMissing if it could not be done."""

    def put(self, hold: BreakerHold) -> None:
        """Keep it, in place of what was held of the same producer and contract; of all the
        producer's contracts if it names none."""

    def read(self, now: datetime) -> Sequence[BreakerHold]:
        """Those that count."""


class SharedBreakers(Protocol):
    """Open breakers, shared by processes. None or False: it could not be done, and it did not
    take long to find out."""

    async def probe(self, key: str) -> bool | None:
        """Whether this process may probe; nobody else may until it has said how it went."""

    async def opened(self, key: str, seconds: float) -> bool:
        """It is open for so long; a probe of ours is over."""

    async def closed(self, key: str) -> bool:
        """It is closed; a probe of ours is over."""

    async def unprobed(self, key: str) -> bool:
        """A probe of ours is over, and told nothing."""

    async def all(self) -> Mapping[str, float] | None:
        """All that are open, and the seconds that are left; a probe is due at none."""


class BreakerWatch(Protocol):
    """Told of every change. Must neither raise nor wait: metrics, for example."""

    def __call__(self, producer: str, contract: ContractUrn, state: State) -> None:
        """It has become this."""
