"""What a hub's database says of how it is doing, for the commands that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from samsvar.cli.data_folder import opened
from samsvar.cli.outcome import UNREACHED, Stop
from samsvar.errors import ResourcesMissing
from samsvar.settings import Settings

if TYPE_CHECKING:
    from samsvar.model.catalogue_lookup import Catalogue
    from samsvar.watch.alerts import Alert
    from samsvar.watch.house_rules import HouseFigures
    from samsvar.watch.trouble import Standing


@dataclass(frozen=True, slots=True)
class Watched:
    """All of it, at one moment."""

    now: datetime
    catalogue: Catalogue | None
    published: datetime | None
    house: HouseFigures
    alerts: tuple[Alert, ...]
    standings: tuple[Standing, ...]
    notices: dict[str, str]
    """Of producers that are out of service."""


def watched(settings: Settings, hours: int = 2) -> Watched:
    """Read it.

    Raises:
        Stop: there is no database, or it cannot be read.
    """
    import sqlalchemy as sa

    from samsvar.clock import SystemClock
    from samsvar.errors import CatalogueUnavailable
    from samsvar.packaged import Packaged, catalogue_of
    from samsvar.registry import RegistryInvalid
    from samsvar.store.alert_book import SqlAlertBook
    from samsvar.store.house_figures import published
    from samsvar.watch.trouble import standings
    from samsvar.watching.sources import figures_of

    now = SystemClock().now()
    with opened(settings) as database:
        catalogue = None
        try:
            keeper = catalogue_of(database, Packaged.load(settings.hub.data), settings)
            keeper.refresh()
            catalogue = keeper.current()
        except (CatalogueUnavailable, RegistryInvalid):
            pass
        try:
            figures = figures_of(settings, database)
            house = figures.house(now)
            alerts = tuple(SqlAlertBook(database).open_ones())
            newest = published(database)
            producers = {e.producer.id: e.producer for e in catalogue.entries} if catalogue else {}
            notices = {
                name: resting.notice
                for name, one in producers.items()
                if (resting := one.out_of_service(now)) is not None
            }
            pictures = figures.pictures({name: name in notices for name in producers}, now)
        except (ResourcesMissing, sa.exc.SQLAlchemyError) as error:
            raise Stop(UNREACHED, f"{settings.hub.data}: it cannot be read") from error
        ranked = standings(pictures, alerts, house.certificates, now, hours)
    return Watched(
        now, catalogue, newest[1] if newest else None, house, alerts, tuple(ranked), notices
    )


def percent(share: float | None) -> str:
    """A share for people; empty: of nothing."""
    return "" if share is None else f"{share:.0%}"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
