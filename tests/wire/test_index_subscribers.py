"""Indexes that tell each other: what changes in one is heard by the others, once in effect."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from samsvar.cli import run
from samsvar.simulation import demo_data, producer, running
from samsvar.simulation.server import Tls
from samsvar.store.consistency import figures
from tests import databases
from tests.databases import open_database
from tests.hub import CONSUMER, HUB, UPDATE_PATH, Running, Site, Source, post, running_hub
from tests.subscriber import Subscriber
from tests.world import envelope as question

pytestmark = pytest.mark.wire
TOLVAN = "191212121212"
ASTRID = "193201027723"
SOURCE = "SE2129999997-COSMIC1"
OTHER = "SE2129999997-PRATOR"
REGION = "SE2129999997-EI"
FIND_PATH = UPDATE_PATH.replace("Update", "FindContent")
NOTIFY_PATH = UPDATE_PATH.replace("Update", "ProcessNotification")
_CORE = "urn:riv:itintegration:engagementindex:1"
_OPERATION = "urn:riv:itintegration:engagementindex:{}Responder:1"
CONTRACT = (
    f'[[contract]]\nurn = "{_OPERATION.format("ProcessNotification")}"\ntitle = "Notification"\n'
)


def subscribes(address: str, url: str, extra: str = "") -> str:
    """A route for ProcessNotification, and more of it."""
    return (
        f'[[producer]]\nid = "{address}"\ntitle = "{address}"\nkind = "soap"\n'
        f'address = "{url}/notify"\nowner = "SE1"\n[[route]]\ncontract = "ProcessNotification 1"\n'
        f'logical_address = "{address}"\nproducer = "{address}"\n{extra}'
    )


def may(consumer: str, operation: str, address: str = HUB, extra: str = "") -> str:
    """A call permission."""
    return (
        f'[[permission]]\nconsumer = "{consumer}"\ncontract = "{operation} 1"\n'
        f'logical_address = "{address}"\n{extra}'
    )


def transaction(
    operation: str,
    person: str,
    source: str,
    *,
    delete: bool = False,
    content: str = "20260101120000",
    category: str = "cll-cp",
    owner: str = "",
    times: str = "",
) -> str:
    """One engagementTransaction, written by hand."""
    flag = "true" if delete else "false"
    named = f"<c:owner>{owner}</c:owner>" if owner else ""
    return (
        f"<u:engagementTransaction><c:deleteFlag>{flag}</c:deleteFlag><c:engagement>"
        f"<c:registeredResidentIdentification>{person}</c:registeredResidentIdentification>"
        "<c:serviceDomain>riv:clinicalprocess:logistics:logistics</c:serviceDomain>"
        f"<c:categorization>{category}</c:categorization>"
        f"<c:logicalAddress>{source}</c:logicalAddress>"
        "<c:businessObjectInstanceIdentifier>NA</c:businessObjectInstanceIdentifier>"
        "<c:clinicalProcessInterestId>NA</c:clinicalProcessInterestId>"
        f"<c:mostRecentContent>{content}</c:mostRecentContent>"
        f"<c:sourceSystem>{source}</c:sourceSystem>{times}"
        f"<c:dataController>SE2129999997</c:dataController>{named}"
        "</c:engagement></u:engagementTransaction>"
    )


def envelope(operation: str, content: str, address: str = HUB) -> bytes:
    """A whole message."""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        '<r:LogicalAddress xmlns:r="urn:riv:itintegration:registry:1">'
        f"{address}</r:LogicalAddress></e:Header><e:Body>"
        f'<u:{operation} xmlns:u="{_OPERATION.format(operation)}" xmlns:c="{_CORE}">{content}'
        f"</u:{operation}></e:Body></e:Envelope>"
    ).encode()


async def update(hub: Running, *transactions: str, address: str = HUB) -> None:
    """Send an Update, which must be accepted."""
    body = envelope("Update", "".join(transactions), address)
    status, _, answer = await post(hub, body, path=UPDATE_PATH)
    assert (status, b"<u:ResultCode>OK<" in answer) == (200, True), answer


async def notify(hub: Running, *transactions: str, history: str | None = None) -> tuple[int, bytes]:
    """Send a ProcessNotification as the regional index."""
    status, _, answer = await post(
        hub,
        envelope("ProcessNotification", "".join(transactions), "anywhere"),
        sender=REGION,
        path=NOTIFY_PATH,
        headers={"x-rivta-routing-history": history} if history else None,
    )
    return status, answer


async def found(hub: Running, person: str) -> list[tuple[str, str, str]]:
    """Source system, owner and creation time of each post that FindContent gives."""
    wanted = (
        f"<u:registeredResidentIdentification>{person}</u:registeredResidentIdentification>"
        "<u:serviceDomain>riv:clinicalprocess:logistics:logistics</u:serviceDomain>"
    )
    status, _, answer = await post(hub, envelope("FindContent", wanted), path=FIND_PATH)
    assert status == 200, answer
    texts = {
        name: re.findall(f"<c:{name}>([^<]*)<", answer.decode())
        for name in ("sourceSystem", "owner", "creationTime")
    }
    return list(zip(texts["sourceSystem"], texts["owner"], texts["creationTime"], strict=True))


async def until(fulfilled: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for it."""
    give_up = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < give_up, "it did not come to pass"
        await asyncio.sleep(0.05)


async def test_a_subscriber_hears_of_what_is_new_changed_and_deleted_and_of_nothing_else(
    tmp_path: Path,
) -> None:
    """By its route, over mutual TLS, in a form that its schema accepts."""
    site = Site(tmp_path)
    settings = site.write()
    region = Subscriber()
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    async with running(region.application(), tls=tls) as url:
        url = url.replace("127.0.0.1", "localhost")
        site.load_registry(site.registry([], CONTRACT + subscribes(REGION, url)))
        async with running_hub(site, settings) as hub:
            await update(
                hub, transaction("Update", TOLVAN, SOURCE), transaction("Update", ASTRID, SOURCE)
            )
            await until(lambda: len(region.posts) == 2)
            await update(hub, transaction("Update", TOLVAN, SOURCE))  # as it stands
            await update(hub, transaction("Update", TOLVAN, SOURCE, content="20260202120000"))
            await update(hub, transaction("Update", ASTRID, SOURCE, delete=True))
            await update(hub, transaction("Update", ASTRID, OTHER, delete=True))  # not there
            await until(lambda: len(region.told) == 4)
            await asyncio.sleep(0.6)

    assert region.faults == []
    assert [delete for delete, _ in region.told] == [False, False, False, True]
    ((kept, times),) = region.posts.items()
    assert dict(kept)["registeredResidentIdentification"] == TOLVAN
    assert dict(kept)["owner"] == HUB
    assert times["mostRecentContent"] == "20260202120000"
    assert times["creationTime"] <= times["updateTime"]
    assert region.headers[0]["x-rivta-routing-history"] == HUB
    assert b"LogicalAddress" in region.messages[0]
    assert REGION.encode() in region.messages[0]


async def test_a_filter_of_our_permission_narrows_what_a_subscriber_hears(tmp_path: Path) -> None:
    site = Site(tmp_path)
    settings = site.write()
    plans, all_of_it = Subscriber(), Subscriber()
    wanted = (
        'filters = [{ service_domain = "RIV:clinicalprocess:logistics:LOGISTICS",'
        ' categorizations = ["CLL-CP"] }]\n'
    )
    async with running(plans.application()) as first, running(all_of_it.application()) as second:
        registry = (
            CONTRACT
            + subscribes(REGION, first, may(HUB, "ProcessNotification", REGION, wanted))
            + subscribes("SE2129999997-ALL", second)
        )
        site.load_registry(site.registry([], registry))
        async with running_hub(site, settings) as hub:
            await update(
                hub,
                transaction("Update", TOLVAN, SOURCE, category="vko"),
                transaction("Update", TOLVAN, SOURCE, category="cll-cp"),
            )
            await until(lambda: len(all_of_it.told) == 2 and len(plans.told) == 1)

    assert [dict(post)["categorization"] for _, post in plans.told] == ["cll-cp"]


async def test_one_who_is_down_delays_nobody_and_hears_it_all_in_order_afterwards(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    settings = site.write()
    sick, well = Subscriber(down=True), Subscriber()
    async with running(sick.application()) as first, running(well.application()) as second:
        registry = CONTRACT + subscribes(REGION, first) + subscribes("SE2129999997-WELL", second)
        site.load_registry(site.registry([], registry))
        async with running_hub(site, settings) as hub:
            for number in range(6):
                await update(hub, transaction("Update", TOLVAN, SOURCE, delete=bool(number % 2)))
            await update(hub, transaction("Update", ASTRID, SOURCE))
            await until(lambda: len(well.told) == 7, seconds=5)
            assert sick.told == []
            sick.down, sick.silent = False, 2
            await until(lambda: len(sick.posts) == 1 and not sick.silent)
            await asyncio.sleep(1.5)

    assert (
        well.told_of(SOURCE) == [False, False, True, False, True, False, True]
        or len(well.told) == 7
    )
    assert sick.posts.keys() == well.posts.keys()
    tolvan = [
        delete for delete, p in sick.told if dict(p)["registeredResidentIdentification"] == TOLVAN
    ]
    alternating = [delete for n, delete in enumerate(tolvan) if n == 0 or delete != tolvan[n - 1]]
    assert alternating == [False, True, False, True, False, True]


@pytest.mark.slow
async def test_what_is_refused_becomes_a_dead_letter_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found among many by halving; shown, sent again and dropped from the command line."""
    site = Site(tmp_path)
    settings = site.write()
    region = Subscriber(refuses={OTHER})
    told = ["--settings", str(site.settings_file)]
    async with running(region.application()) as url:
        site.load_registry(site.registry([], CONTRACT + subscribes(REGION, url)))
        async with running_hub(site, settings) as hub:
            await update(
                hub,
                *(transaction("Update", TOLVAN, f"SE2129999997-S{n:02}") for n in range(9)),
                transaction("Update", TOLVAN, OTHER),
                *(transaction("Update", ASTRID, f"SE2129999997-S{n:02}") for n in range(9)),
            )
            await until(lambda: len(region.posts) == 18)
            await until(lambda: _dead(told, capsys) == 1, seconds=40)
            assert await asyncio.to_thread(run, ["index", "outbox", "show", REGION, *told]) == 0
            shown = capsys.readouterr().out
            region.refuses.clear()
            assert await asyncio.to_thread(run, ["index", "outbox", "retry", REGION, *told]) == 0
            await until(lambda: len(region.posts) == 19)
            drop = ["index", "outbox", "drop", REGION, "--yes", *told]
            assert await asyncio.to_thread(run, drop) == 3

    assert "EI004" in shown.replace("\n", "")
    assert TOLVAN not in shown
    assert "no such dead letter" in capsys.readouterr().err


def _dead(told: Sequence[str], capsys: pytest.CaptureFixture[str]) -> int:
    import json

    capsys.readouterr()
    assert run(["index", "outbox", "list", "--json", *told]) == 0
    return sum(line["dead"] for line in json.loads(capsys.readouterr().out))


async def test_three_indexes_that_subscribe_to_each_other_agree_and_fall_silent(
    tmp_path: Path,
) -> None:
    """News goes round once; nobody hears of a post for ever."""
    names = [f"SE2129999997-EI{number}" for number in range(3)]
    sites, settings = [], []
    for name in names:
        (tmp_path / name).mkdir()
        sites.append(Site(tmp_path / name))
        settings.append(sites[-1].write(index=f'address = "{name}"'))
    for site in sites:
        site.load_registry(site.registry([]))
    async with (
        running_hub(sites[0], settings[0]) as first,
        running_hub(sites[1], settings[1]) as second,
        running_hub(sites[2], settings[2]) as third,
    ):
        hubs = [first, second, third]
        for own, site in enumerate(sites):
            others = [
                subscribes(
                    names[n],
                    f"{hubs[n].plain}/vp/itintegration/engagementindex"
                    "/ProcessNotification/1/rivtabp21/x",
                )
                for n in range(3)
                if n != own
            ]
            allowed = [may(name, "ProcessNotification", "*") for name in names]
            allowed.append(may(CONSUMER, "Update", names[own]))
            site.load_registry(site.registry([], CONTRACT + "".join(others) + "".join(allowed)))
        await asyncio.sleep(2.5)
        await update(first, transaction("Update", TOLVAN, SOURCE), address=names[0])
        await update(second, transaction("Update", TOLVAN, OTHER), address=names[1])
        give_up = time.monotonic() + 15
        while True:
            answers = [await found(hub, TOLVAN) for hub in hubs]
            if len(answers[0]) == 2 and answers[0] == answers[1] == answers[2]:
                break
            assert time.monotonic() < give_up, answers
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        before = [_notifications(site) for site in sites]
        await asyncio.sleep(1.5)
        after = [_notifications(site) for site in sites]

    assert {owner for _, owner, _ in answers[0]} == {names[0], names[1]}
    assert before == after
    assert sum(after) <= 8, "each of two changes to two others, and at most once onwards"


def _notifications(site: Site) -> int:
    """How many the hub has sent: rows of its access log in its own name."""
    ((count,),) = databases.tamper(
        site.folder / "data",
        "SELECT count(*) FROM question WHERE contract LIKE '%ProcessNotification%'"
        " AND decisions <> '[]'",
    )
    return int(count)


async def test_a_notification_is_taken_over_with_its_owner_and_times_and_told_onwards(
    tmp_path: Path,
) -> None:
    """R4: our own posts are passed over. R5: our post gives way, with a warning."""
    site = Site(tmp_path)
    settings = site.write()
    region, third = Subscriber(), Subscriber()
    async with running(region.application()) as first, running(third.application()) as second:
        registry = (
            CONTRACT
            + subscribes(REGION, first)
            + subscribes("SE2129999997-THIRD", second)
            + may(REGION, "ProcessNotification", "*")
        )
        site.load_registry(site.registry([], registry))
        async with running_hub(site, settings) as hub:
            await update(hub, transaction("Update", TOLVAN, SOURCE))
            await until(lambda: len(third.posts) == 1 and len(region.posts) == 1)
            times = "<c:creationTime>20250101080000</c:creationTime>"
            status, answer = await notify(
                hub,
                transaction("PN", TOLVAN, SOURCE, owner=REGION, times=times),
                transaction("PN", ASTRID, SOURCE, owner=HUB, delete=True),
                transaction("PN", ASTRID, OTHER, owner="SE2129999997-FOURTH"),
            )
            posts = await found(hub, TOLVAN)
            await until(lambda: len(third.told) == 4)
            await asyncio.sleep(0.5)

    assert (status, b"<n:ResultCode>OK<" in answer) == (200, True)
    assert posts == [(SOURCE, REGION, "20250101080000")]
    # The third hears that ours is gone, of the region's, and of the fourth's.
    assert {dict(post)["owner"] for post in third.posts} == {REGION, "SE2129999997-FOURTH"}
    assert third.headers[-1]["x-rivta-routing-history"] == f"{REGION}#{HUB}"
    assert [delete for delete, _ in region.told] == [False], "the sender is not told its own news"
    lines = (tmp_path / "hub.log").read_bytes()
    assert b'"index-owner-changed"' in lines
    assert b'"index-notification"' in lines
    assert TOLVAN.encode() not in lines


async def test_a_notification_without_owner_is_refused_and_one_to_any_address_is_not(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    settings = site.write()
    site.load_registry(site.registry([], CONTRACT + may(REGION, "ProcessNotification", "*")))
    async with running_hub(site, settings) as hub:
        refused, fault = await notify(hub, transaction("PN", TOLVAN, SOURCE))
        taken, _ = await notify(
            hub,
            transaction("PN", TOLVAN, SOURCE, owner=REGION),
            transaction("PN", TOLVAN, SOURCE, owner="SE2129999997-FOURTH"),
        )
        posts = await found(hub, TOLVAN)

    assert refused == 500
    assert b'EI004: The payload does not validate, error messge: mandatory field "owner"' in fault
    assert taken == 200
    assert len(posts) == 2


async def test_a_source_that_does_not_tell_the_index_is_seen_in_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked about at its own address it has something; asked through the index it is not."""
    monkeypatch.setattr("samsvar.store.consistency.EVERY_SECONDS", 0.2)
    site = Site(tmp_path)
    settings = site.write()
    async with running(producer.application(demo_data.hospital())) as url:
        site.load_registry(site.registry([Source(demo_data.HOSPITAL, url)]))
        async with running_hub(site, settings) as hub:
            status, _, _ = await post(hub, question(demo_data.HOSPITAL, TOLVAN))
            assert status == 200
            await until(lambda: _figures(site) == [(0, 0, 1, 1)])
            await site.index(TOLVAN, [demo_data.HOSPITAL])
            for address in (demo_data.HOSPITAL, HUB):
                await post(hub, question(address, TOLVAN))
            await until(lambda: _figures(site) == [(1, 0, 2, 1)])


def _figures(site: Site) -> list[tuple[int, int, int, int]]:
    database = open_database(site.folder / "data", read_only=True)
    try:
        return [
            (o.indexed_answers, o.indexed_empty, o.direct_answers, o.direct_not_indexed)
            for o in figures(database)[0]
        ]
    finally:
        database.close()
