"""A contract is added to a hub that runs, with no Python: asked, merged, judged at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep

from samsvar import cli
from samsvar.clock import SystemClock
from samsvar.model.engagement import Engagement, EngagementTransaction
from samsvar.settings import load
from samsvar.simulation import producer, running
from samsvar.store.index import SqlIndex
from samsvar.store.secrets import open_vault
from tests.databases import open_database
from tests.hub import CONSUMER, HUB, Running, Site, post, running_hub, status_rows
from tests.packages import (
    AGREEMENTS,
    AIDS,
    ANOTHER,
    BOOKINGS,
    CASES,
    CATEGORY,
    MEASUREMENTS,
    TOLVAN,
    VISITS,
    Case,
    answer,
    files_of,
    unfolded,
    zipped,
)
from tests.world import envelope

pytestmark = pytest.mark.wire
FIRST = "SE2129999997-EX1"
SECOND = "SE2129999989-EX2"
FOREIGN = "SE2129999971-EX3"
XML = {"Content-Type": "text/xml; charset=utf-8"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
@pytest.mark.parametrize("form", ["zip", "folder"])
async def test_a_package_becomes_answers_while_the_hub_runs(
    case: Case, form: str, tmp_path: Path
) -> None:
    """Two sources answer, a third says something of somebody else: zeep gets the two."""
    site = Site(tmp_path)
    settings = site.write(hub="refresh_seconds = 0.2")
    files = files_of(case.folder)
    package = (
        zipped(tmp_path / "paket.zip", files)
        if form == "zip"
        else unfolded(tmp_path / "paket", files)
    )
    async with _sources(case) as urls, running_hub(site, settings) as hub:
        begun = time.monotonic()
        await _cli(site, "contracts", "add", str(package), "--categorization", CATEGORY, "--yes")
        await _open(site, case, urls)
        await _index(site, case, [FIRST, SECOND, FOREIGN])
        received, rows = await asyncio.to_thread(_first_answer, hub, case)
        elapsed = time.monotonic() - begun

    assert [row[:2] for row in sorted(rows)] == [
        (FOREIGN, "NoDataSynchFailed"),
        (SECOND, "DataFromSource"),
        (FIRST, "DataFromSource"),
    ]
    assert elapsed < 15, "from the package to the first answer"
    # One kind after another, as the schema has them; in each the sources in the index's order.
    in_order = [row[0] for row in rows if row[1] == "DataFromSource"]
    assert received == [mark.format(source=one) for mark in case.marks for one in in_order]


async def test_a_package_that_is_refused_leaves_a_running_hub_as_it_was(tmp_path: Path) -> None:
    site = Site(tmp_path)
    settings = site.write(hub="refresh_seconds = 0.1")
    package = unfolded(tmp_path / "paket", files_of(VISITS.folder))
    next(package.rglob("*Responder*.xsd")).unlink()
    site.load_registry(site.registry([]))
    async with running_hub(site, settings) as hub:
        assert await asyncio.to_thread(_run, site, "contracts", "add", str(package), "--yes") == 2
        await asyncio.sleep(0.4)
        status, _, _ = await post(hub, envelope(HUB, TOLVAN))
        assert hub.hub is not None
        served = hub.hub.renewal.contracts.now.contracts

    assert status == 200
    assert len(served) == 3
    assert VISITS.urn not in served
    assert not [file for file in (tmp_path / "data" / "contracts").rglob("*") if file.is_file()]


async def test_what_is_broken_by_hand_keeps_what_is_served(tmp_path: Path) -> None:
    """The folder no longer loads: the hub goes on with what it had, and says so."""
    site = Site(tmp_path)
    settings = site.write(hub="refresh_seconds = 0.1")
    await _cli(
        site,
        *("contracts", "add", str(unfolded(tmp_path / "paket", files_of(AIDS.folder)))),
        *("--categorization", CATEGORY, "--yes"),
    )
    file = settings.hub.data / "contracts" / AIDS.name / "contract.toml"
    async with running_hub(site, settings) as hub:
        assert hub.hub is not None
        held = hub.hub.renewal.contracts
        before = held.now
        file.write_text(file.read_text("utf-8").replace('"aid"', '"aids"'), "utf-8")
        await asyncio.sleep(0.5)
        assert held.now is before
        file.write_text(file.read_text("utf-8").replace('"aids"', '"aid"'), "utf-8")
        await _until(lambda: held.now is not before)
        assert AIDS.urn in held.contracts


@contextlib.asynccontextmanager
async def _sources(case: Case) -> AsyncIterator[dict[str, str]]:
    """URL of each source; the third answers about another person than asked."""
    async with contextlib.AsyncExitStack() as stack:
        urls = {}
        for source, person in ((FIRST, TOLVAN), (SECOND, TOLVAN), (FOREIGN, ANOTHER)):
            canned = producer.Canned(body=answer(case, source, person), headers=XML)
            application = producer.application(producer.Holdings(source), canned=canned)
            urls[source] = await stack.enter_async_context(running(application))
        yield urls


def _run(site: Site, *arguments: str) -> int:
    return cli.run([*arguments, "--settings", str(site.settings_file)])


async def _cli(site: Site, *arguments: str) -> None:
    assert await asyncio.to_thread(_run, site, *arguments) == 0


async def _open(site: Site, case: Case, urls: dict[str, str]) -> None:
    """Let CONSUMER ask the hub and every source."""
    tables = [f'[[contract]]\nurn = "{case.urn}"\ntitle = "{case.operation}"\n']
    for number, (source, url) in enumerate(urls.items()):
        tables.append(
            f'[[producer]]\nid = "p{number}"\ntitle = "{source}"\nkind = "soap"\n'
            f'address = "{url}/x"\nowner = "SE1"\n'
            f'[[route]]\ncontract = ["{case.urn}"]\nlogical_address = "{source}"\n'
            f'producer = "p{number}"\n'
        )
    tables += [
        f'[[permission]]\nconsumer = "{CONSUMER}"\ncontract = ["{case.urn}"]\n'
        f'logical_address = "{address}"\n'
        for address in (HUB, *urls)
    ]
    file = site.folder / "registry.toml"
    file.write_text("\n".join(tables), encoding="utf-8")
    await _cli(site, "registry", "load", str(file))


async def _index(site: Site, case: Case, sources: Sequence[str]) -> None:
    database = open_database(load(site.settings_file, {}).hub.data)
    index = SqlIndex(database, open_vault(database))
    time_of_content = "20260101120000"
    posts = [
        EngagementTransaction(
            False,
            Engagement(
                TOLVAN, case.domain, CATEGORY, one, "NA", "NA", one, "SE1", HUB, time_of_content
            ),
        )
        for one in sources
    ]
    try:
        await index.update(posts, HUB, SystemClock().now())
    finally:
        index.close()
        database.close()


def _first_answer(hub: Running, case: Case) -> tuple[list[str], list[tuple[str, str, str | None]]]:
    """Ask with zeep, from the served WSDL, as soon as it is served: marks, and status rows."""
    url = f"{hub.plain}{case.path}?wsdl"
    with requests.Session() as session:
        session.headers["x-vp-sender-id"] = CONSUMER
        _patiently(lambda: session.get(url, timeout=5).raise_for_status(), requests.HTTPError)
        history: Any = zeep.plugins.HistoryPlugin()  # type: ignore[no-untyped-call]
        transport = zeep.Transport(session=session)  # type: ignore[no-untyped-call]
        client: Any = zeep.Client(url, transport=transport, plugins=[history])  # type: ignore[no-untyped-call]
        header = {"LogicalAddress": HUB}
        said = _patiently(
            lambda: client.service[case.operation](**case.question, _soapheaders=header),
            zeep.exceptions.Fault,  # until the registry is in force
        )
    received = zeep.wsdl.utils.etree_to_string(history.last_received["envelope"])  # type: ignore[no-untyped-call]
    return _marks(case, getattr(said, "body", said)), status_rows(received)


def _patiently(ask: Callable[[], Any], not_yet: type[Exception]) -> Any:
    """Ask until it is there: a hub looks around five times a second here."""
    give_up = time.monotonic() + 20
    while True:
        try:
            return ask()
        except not_yet:
            assert time.monotonic() < give_up
            time.sleep(0.05)


def _marks(case: Case, said: Any) -> list[str]:
    """What zeep has read: the mark of each record."""
    if case is VISITS:
        visits = said.visits if hasattr(said, "visits") else said
        return [visit.visitId for visit in visits.visit]
    if case is AIDS:
        return [one.recordId for one in said.aid] + [
            one.header.recordId for one in said.prescription
        ]
    if case is MEASUREMENTS:
        return [one.seriesHeader.recordId for one in said.series]
    if case is AGREEMENTS:
        found = said.agreements if hasattr(said, "agreements") else said
        return [one.agreementId for one in found.agreement]
    if case is BOOKINGS:
        return [one.booking_id for one in (said.booking if hasattr(said, "booking") else said)]
    return [one.contactHeader.documentId for one in said.fixedContact]


async def _until(done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 10
    while not done():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.05)
