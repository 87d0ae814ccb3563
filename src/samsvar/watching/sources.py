"""Where the figures of a hub come from, by the settings: its database, and certificate files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from samsvar.inbound.tls import CertificatesUnusable, expires
from samsvar.model.words import Words
from samsvar.onboarding.application import State
from samsvar.settings import Settings
from samsvar.store.applications import SqlApplications
from samsvar.store.database import Database
from samsvar.store.house_figures import StoredFigures
from samsvar.store.population import StoredPopulation
from samsvar.store.routing_days import RoutingDays
from samsvar.store.secrets import PersonVault, open_vault

#: share of ``population.longest_hours`` after which people are told
_OLD = 0.75


def routing_days(settings: Settings) -> RoutingDays | None:
    """The routing log's days that a hub keeps; None: none shall be, or nobody could look."""
    log = settings.log
    if not log.routing or not log.keep_days or not any(each.admin for each in settings.listen):
        return None
    return RoutingDays(settings.hub.data, log.keep_days, log.keep_megabytes * 1_000_000)


def figures_of(
    settings: Settings,
    database: Database,
    vault: PersonVault | None = None,
    catalogue_notes: Callable[[], Sequence[Words]] = list,
    broker_letters: Callable[[], Mapping[str, int]] = dict,
) -> StoredFigures:
    """The figures of a hub whose database is open."""
    longest = timedelta(hours=settings.population.longest_hours)
    population = StoredPopulation(database, vault or open_vault(database), longest)

    def register_notes(now: datetime) -> Sequence[Words]:
        edition = population.edition()
        old = edition is not None and now - edition.as_of > longest * _OLD
        notes = list(catalogue_notes())
        if edition is not None and old:
            of = f"{edition.as_of:%Y-%m-%d %H:%M}"
            notes.append(
                Words(f"befolkningsregistret är från {of}", f"the population register is of {of}")
            )
        return notes

    return StoredFigures(
        database,
        certificates=lambda: certificates_of(settings, database),
        register_notes=register_notes,
        broker_letters=broker_letters,
        alerts_kept=timedelta(days=settings.retention.alert_days),
        conformance_kept=timedelta(days=settings.retention.conformance_days),
        routing_log=routing_days(settings),
    )


def certificates_of(settings: Settings, database: Database) -> dict[str, datetime]:
    """Whose certificate ends when: ours by the files, producers' as they were handed in."""
    ours = {
        f"listener-{number}": listener.certificate
        for number, listener in enumerate(settings.listen, start=1)
        if listener.certificate is not None
    }
    if settings.producers.certificate is not None:
        ours["client"] = settings.producers.certificate
    found = {}
    for holder, file in ours.items():
        try:
            found[holder] = expires(file)
        except CertificatesUnusable:
            continue  # samsvar check and doctor say so
    for one in SqlApplications(database).all():
        if one.certificate is not None and one.state is State.PUBLISHED:
            found[one.id] = one.certificate.valid_to
    return found
