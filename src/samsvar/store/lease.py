"""A lease: a row of the database that says which process does what only one may do.

Whoever holds it renews it; if that ends, it ends by itself, and another takes over. Knows the
time that it is given, and nothing of what the lease is for.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from samsvar.store.tables import LEASE
from samsvar.store.upsert import insert

LEASE_SECONDS = 15.0


def stamp(moment: datetime) -> str:
    """A moment in the form that is stored, which sorts as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Lease:
    """One process's claim to a lease. Its methods run inside the caller's transaction."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"

    def hold(self, connection: sa.Connection, now: datetime) -> bool:
        """Take it, or renew it. False: another holds it.

        A lease that ends long after it could is nobody's: the clock has been set back since.
        """
        mine = {"holder": self._holder, "until": stamp(now + timedelta(seconds=LEASE_SECONDS))}
        take = (
            insert(connection, LEASE)
            .values(name=self._name, **mine)
            .on_conflict_do_update(
                index_elements=["name"],
                set_=mine,
                where=sa.or_(
                    LEASE.c.holder == self._holder,
                    LEASE.c.until < stamp(now),
                    LEASE.c.until > stamp(now + timedelta(seconds=2 * LEASE_SECONDS)),
                ),
            )
        )
        connection.execute(take)
        held = sa.select(LEASE.c.holder).filter_by(name=self._name)
        return bool(connection.execute(held).scalar_one() == self._holder)

    def release(self, connection: sa.Connection) -> None:
        """Let it go, so that another process need not wait for its end."""
        mine = sa.and_(LEASE.c.name == self._name, LEASE.c.holder == self._holder)
        connection.execute(sa.delete(LEASE).where(mine))
