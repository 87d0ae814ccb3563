"""The first load of an engagement index: many posts at once, as fast as the disk takes them.

For filling an empty index and for measuring. Nobody is told of the posts. Knows the tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from samsvar.errors import EngagementIndexUnavailable
from samsvar.model.engagement import Engagement
from samsvar.model.local_time import local_time
from samsvar.store.database import Database, Raw
from samsvar.store.posts import Places, as_number, place_of, resident_hash
from samsvar.store.secrets import PersonVault
from samsvar.store.tables import ENGAGEMENT, ENGAGEMENT_PLACE

_AT_ONCE = 500_000
_MILLISECONDS = 600_000  # so many posts take a while
_Row = tuple[bytes, int, str, str, int | None, int, None]
_COLUMNS = tuple(column.name for column in ENGAGEMENT.c)


def load_posts(
    database: Database,
    vault: PersonVault,
    engagements: Iterable[Engagement],
    owner: str,
    now: datetime,
) -> int:
    """Store posts that the index does not hold yet; how many.

    One that is there already ends the loading, with whole half millions before it stored.

    Raises:
        EngagementIndexUnavailable: it could not be written.
    """
    moment, count = int(local_time(now).strftime("%Y%m%d%H%M%S")), 0
    places = Places()
    waiting: list[_Row] = []
    connection = database.raw(_MILLISECONDS)
    try:
        for post in engagements:
            waiting.append(
                (
                    resident_hash(vault, post.resident),
                    _place(database, places, replace(post, owner=owner)),
                    post.business_object,
                    post.interest,
                    as_number(post.most_recent_content),
                    moment,
                    None,
                )
            )
            if len(waiting) >= _AT_ONCE:
                count += _insert(connection, waiting)
        count += _insert(connection, waiting)
        connection.analyse((ENGAGEMENT.name, ENGAGEMENT_PLACE.name))
        return count
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise EngagementIndexUnavailable(
            f"the engagement index cannot be written ({type(error).__name__})"
        ) from error
    finally:
        connection.close()


def _place(database: Database, places: Places, post: Engagement) -> int:
    place = place_of(post)
    known = places.known(place)
    if known is None:
        with database.write() as connection, connection.begin():
            known = places.numbers(connection, [place])[place]
    return known


def _insert(connection: Raw, waiting: list[_Row]) -> int:
    """One transaction, in the order of the key; empties the list."""
    count = len(waiting)
    waiting.sort(key=lambda row: row[:4])
    connection.load(ENGAGEMENT.name, _COLUMNS, waiting)
    waiting.clear()
    return count
