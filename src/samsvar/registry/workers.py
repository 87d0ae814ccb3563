"""What a [[producer]] row of kind "worker" says: who may answer, and no address.

Knows what a worker's public key looks like. Whether it can keep a secret is seen when it is used.
"""

from __future__ import annotations

from samsvar.broker.keys import SHAPE, public_key
from samsvar.model.words import Words
from samsvar.registry.fields import Table

MOST = 16


def read_workers(table: Table, *, by_worker: bool) -> tuple[str, ...]:
    """``workers = ["x25519:...", ...]``: the keys of those who may answer for it."""
    if not by_worker:
        if table.raw("workers") is not None:
            table.fault(
                "workers",
                Words(
                    'bara en producent av slaget "worker" har workers',
                    'only a producer of kind "worker" has workers',
                ),
            )
        return ()
    keys = table.words("workers")
    if not keys:
        table.fault(
            "workers",
            Words(
                "saknas: de publika nycklarna för dess arbetare, som `samsvar worker key`"
                " skriver dem",
                f"is missing: the public keys of its workers, each {SHAPE}",
            ),
        )
    if len(keys) > MOST:
        table.fault("workers", Words(f"ska vara högst {MOST}", f"must be at most {MOST}"))
    for number, key in enumerate(keys, start=1):
        try:
            public_key(key)
        except ValueError as error:
            table.fault(
                "workers",
                Words(
                    f"nummer {number} är ingen nyckel som `samsvar worker key` skriver den",
                    f"number {number} {error}",
                ),
            )
    return keys


def worker_address(table: Table, name: str | None) -> str:
    """Its worker alone knows where it is: what stands in the place of an URL."""
    own = f"worker:{name}"
    if table.raw("address") not in (None, own):
        table.fault(
            "address",
            Words(
                "en arbetare vet sin källas adress: utelämna den här",
                "a worker knows its source's address: leave it out here",
            ),
        )
    return own
