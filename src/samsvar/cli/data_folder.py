"""The hub's database, for commands that look at it or change what is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from samsvar.cli.outcome import UNREACHED, Stop
from samsvar.cli.trail import trail
from samsvar.errors import ResourcesMissing
from samsvar.settings import Settings

if TYPE_CHECKING:
    from samsvar.store.database import Database


def is_made(settings: Settings) -> bool:
    """Whether a hub has made its database yet. One that cannot be reached counts as made: whoever
    opens it is told what is wrong."""
    from samsvar.store.database import DatabaseMissing, database_of

    try:
        database_of(settings.hub, read_only=True).close()
    except DatabaseMissing:
        return False
    except ResourcesMissing:
        return True
    return True


@contextmanager
def opened(settings: Settings, *, write: bool = False, noted: bool = True) -> Iterator[Database]:
    """The database that a hub has made; none is made by looking, nor by ``write``. To write is a
    row of the access log, unless (not ``noted``) the command makes one of its own.

    Raises:
        Stop: there is none, or it cannot be read; also when that shows inside the block.
    """
    from samsvar.store.database import database_of

    try:
        database = database_of(settings.hub, read_only=True)
        if write:
            database.close()
            database = database_of(settings.hub)
        try:
            if write and noted:
                trail(database)
            yield database
        finally:
            database.close()
    except ResourcesMissing as error:
        raise Stop(UNREACHED, f"{settings.hub.data}: {error}") from error
