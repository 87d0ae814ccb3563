"""Which environment a database is of, as a word that the first hub writes there.

A hub whose settings say another word, or none, has been pointed at the wrong database: it must not
read there, and write even less. A database without a word takes that of the first hub that has one.
Knows nothing of what else the tables hold.
"""

from __future__ import annotations

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.store.tables import SETTING
from samsvar.store.upsert import insert

_NAME = "environment"


def check_environment(engine: sa.Engine, wanted: str | None) -> None:
    """Before anything else is read, or made.

    Raises:
        ResourcesMissing: the database is of another environment.
    """
    with engine.connect().execution_options(samsvar_reads=True) as connection:
        if not sa.inspect(connection).has_table(SETTING.name):
            return
        found = connection.scalar(sa.select(SETTING.c.value).filter_by(name=_NAME))
    if found is None or found == wanted:
        return
    said = f"says {wanted}" if wanted else "says nothing"
    raise ResourcesMissing(
        f"the database is of the environment {found}, and hub.environment {said}: hub.database or"
        " hub.data names the wrong one, or the setting is wrong"
    )


def keep_environment(engine: sa.Engine, wanted: str | None) -> None:
    """Write the word into a database that has none. Of two hubs that are first, one writes.

    Raises:
        ResourcesMissing: the other one was first, with another word.
    """
    if wanted is None:
        return
    with engine.connect() as connection, connection.begin():
        row = {"name": _NAME, "value": wanted}
        connection.execute(insert(connection, SETTING).values(row).on_conflict_do_nothing())
    check_environment(engine, wanted)
