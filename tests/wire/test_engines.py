"""That a run's hubs have the engines that it was told to have, and that tests do not meet there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from samsvar.settings import Settings
from samsvar.store.sqlite import FILE_NAME
from tests import engines
from tests.hub import Running, Site, running_hub
from tests.worker_scene import until

pytestmark = pytest.mark.wire


def schemes(settings: Settings) -> list[str]:
    """Of database, broker and what processes share; empty: there is none."""
    database = settings.hub.database
    urls = (database and database.get_secret_value(), settings.broker.url, settings.hub.redis)
    return [urlsplit(url or "").scheme for url in urls]


async def test_a_hub_has_the_engines_of_the_run(tmp_path: Path, column: str) -> None:
    site = Site(tmp_path)
    settings = site.write()
    async with running_hub(site, settings) as hub:
        if column == engines.PRODUCTION:
            await until(lambda: "broker-connected" in log_of(hub))
        notes = hub.hub.notes() if hub.hub else None

    told = ["postgresql", "amqp", "redis"] if column == engines.PRODUCTION else ["", "", ""]
    assert schemes(settings) == told
    assert (settings.hub.data / FILE_NAME).exists() == (column == engines.EMBEDDED)
    assert notes == []


def log_of(hub: Running) -> str:
    assert hub.hub is not None
    hub.hub.events.flush()
    return (hub.site.folder / "hub.log").read_text()


def test_what_a_test_chooses_it_keeps(tmp_path: Path) -> None:
    site = Site(tmp_path)
    redis, broker = 'redis = "redis://localhost:9/7"', 'url = "memory://"'

    settings = site.write(hub=f'database = "postgresql://localhost:9/x"\n{redis}', broker=broker)

    assert schemes(settings) == ["postgresql", "memory", "redis"]
    assert settings.hub.redis == "redis://localhost:9/7"


def test_each_data_folder_has_its_own_and_keeps_it(tmp_path: Path, column: str) -> None:
    one, other = Site(tmp_path / "one"), Site(tmp_path / "other")
    first, second, again = one.write().hub, other.write().hub, one.write().hub

    assert (first.database, first.redis) == (again.database, again.redis)
    if column == engines.PRODUCTION:
        assert first.database != second.database
        assert first.redis != second.redis
