"""The rows of a queue in their order, from its beginning and no further than they are wanted.

A queue is mostly empty, and long when somebody has been away: what a database last counted of it
says nothing. So its rows are walked by one index (whose, given up, number), in a form that leaves
a planner no other way. With counts of an empty table, PostgreSQL took 1.8 s for one message of
13 000 changes that waited, and 0.2 ms this way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa


def waiting(
    connection: sa.Connection,
    whose: sa.Column[str],
    number: sa.Column[int],
    who: str,
    wanted: sa.Select[Any],
    page: int,
) -> Iterator[sa.RowMapping]:
    """What waits for somebody, and was not given up. ``wanted``: the columns, with those of the
    index; ``page``: how many rows are read at once."""
    dead = whose.table.c.dead
    order = (whose, dead, number)
    after = -1
    while True:
        here = sa.tuple_(sa.literal(who), sa.literal(False), sa.literal(after))
        following = wanted.where(sa.tuple_(*order) > here).order_by(*order).limit(page)
        rows = connection.execute(following).mappings().all()
        for row in rows:
            if row[dead] or row[whose] != who:
                return
            after = row[number]
            yield row
        if len(rows) < page:
            return
