"""Which release a database is of, and whether this program may use it.

A new release may only add at first (*expand*); what nobody uses any more goes a release later
(*contract*). So hubs of two releases can run on one database while they are exchanged. How far back
that holds is written into the database by whoever brings it up to date: an older program finds
out there that it still fits, or that it does not. ``docs/howto/upgrade.md`` has the rule. Knows
nothing of what the tables hold.
"""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.store.database import COMPATIBLE_FROM, HEAD, MIGRATIONS, Database

_NEWER = (
    "database: it is of a newer release ({found}; this program is of {head}), which it fits:"
    " finish the upgrade soon"
)
_NAME = "schema_compatibility"
_MAKE = f"CREATE TABLE IF NOT EXISTS {_NAME} (compatible_from TEXT NOT NULL PRIMARY KEY)"
_ROW = sa.table(_NAME, sa.column("compatible_from", sa.Text))


def revision(engine: sa.Engine) -> str | None:
    """The last migration that a database has seen; None: it is empty."""
    with engine.connect().execution_options(samsvar_reads=True) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def check_current(engine: sa.Engine) -> None:
    """For one who only looks.

    Raises:
        ResourcesMissing: it is of another release, and this program does not fit it.
    """
    found = revision(engine)
    if found is None or found < HEAD:
        raise ResourcesMissing(
            "the database and this program are of different versions: run them from one release"
        )
    _check_fits(engine, found)


def bring_up_to_date(engine: sa.Engine) -> None:
    """Run the migrations that are missing. The caller sees to it that nobody else does.

    Raises:
        ResourcesMissing: the database is newer than the program, which does not fit it any more.
    """
    found = revision(engine)
    if found is not None and found >= HEAD:
        _check_fits(engine, found)
        return
    # Alembic takes a third of a second to import: only for those that need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.exec_driver_sql(_MAKE)
        connection.execute(_ROW.delete())
        connection.execute(_ROW.insert().values(compatible_from=COMPATIBLE_FROM))


def look(database: Database) -> None:
    """Another hub may have brought the database up to date since it was opened: note it there.

    A database that cannot be read says so by other ways.
    """
    with suppress(sa.exc.SQLAlchemyError):
        found = revision(database.engine)
        try:
            _check_fits(database.engine, found or HEAD)
        except ResourcesMissing as error:
            database.outgrown = str(error)
        else:
            database.outgrown = ""
        newer = found is not None and found > HEAD and not database.outgrown
        database.notes = [_NEWER.format(found=found, head=HEAD)] if newer else []


def _check_fits(engine: sa.Engine, found: str) -> None:
    """``found`` is not older than the program.

    Raises:
        ResourcesMissing: it is newer, and does not say that this program fits.
    """
    if found == HEAD:
        return
    with engine.connect().execution_options(samsvar_reads=True) as connection:
        oldest = None
        if sa.inspect(connection).has_table(_NAME):
            oldest = connection.execute(sa.select(_ROW.c.compatible_from)).scalar()
    if oldest is None or oldest > HEAD:
        raise ResourcesMissing(
            f"the database is newer than this program ({found}; it takes programs of"
            f" {oldest or found} or later, this is {HEAD}): run the newer program, or restore the"
            " backup that was made before the upgrade"
        )
