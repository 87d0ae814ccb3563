"""What a release says to its database, kept so that later ones can be held to it.

``python -m tests.recording`` lets a hub do a bit of everything, and writes each statement with its
values to ``tests/released/<last migration>.sql``: once for each release, before it is made. The
persons are fictive, and stand there as keyed hashes and sealed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samsvar.settings import load
from samsvar.simulation import Knobs, demo_data
from samsvar.store import sqlite as store
from samsvar.store.database import HEAD
from tests.hub import FIND_PATH, UPDATE_PATH, post, running_hub
from tests.index_messages import find_content, update
from tests.world import envelope

RELEASED = Path(__file__).parent / "released"
BETWEEN = ";\n--\n"
_NOT_OURS = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "CREATE", "DROP", "ALTER", "--", "SAVEPOINT")
_NOT_THE_HUBS = ("alembic_version", "sqlite_master", "schema_compatibility")


def belongs(statement: str) -> bool:
    """Whether it is one that the hub itself says, of its own tables."""
    return not statement.lstrip().startswith(_NOT_OURS) and not any(
        name in statement for name in _NOT_THE_HUBS
    )


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Every statement of every connection, in the order in which they are begun."""
    said: list[str] = []
    plain = store._connect

    def listening(*given: Any, **more: Any) -> sqlite3.Connection:
        connection = plain(*given, **more)
        connection.set_trace_callback(said.append)
        return connection

    store._connect = listening
    try:
        yield said
    finally:
        store._connect = plain


async def record(folder: Path) -> list[str]:
    """A registry, an index, questions, updates and the heads of the access log."""
    from tests.wire.test_kill import a_site

    store.open_sqlite(folder / "data", read_only=False).close()  # migrations speak for themselves
    with _heard() as said:
        async with a_site(folder, Knobs()) as (site, _):
            settings = load(site.settings_file, {"SAMSVAR_AUDIT__HEAD_SECONDS": "1"})
            async with running_hub(site, settings) as hub:
                for number in range(3):
                    await post(hub, envelope(), headers={"x-skltp-correlation-id": f"r-{number}"})
                await post(hub, update("recorded"), path=UPDATE_PATH)
                await post(hub, update("recorded"), path=UPDATE_PATH)
                await post(hub, find_content(), path=FIND_PATH)
                await asyncio.sleep(2.5)
            site.load_registry(site.registry([]))
            await site.index("191212121212", [demo_data.HOSPITAL], "cll-cc")
    return [statement for statement in said if belongs(statement)]


def main() -> None:
    """Write the file of this release."""
    RELEASED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        statements = asyncio.run(record(Path(folder)))
    (RELEASED / f"{HEAD}.sql").write_text(BETWEEN.join(statements) + "\n")


if __name__ == "__main__":
    main()
