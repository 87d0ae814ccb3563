"""News of one index to another by durable queues: what goes wrong is seen, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from samsvar.app import Hub
from samsvar.broker.durable import INDEX_NEWS, durable_plan, part_of
from samsvar.broker.keys import public_key
from samsvar.broker.news import NEWS, NewsContent
from samsvar.cli import run
from samsvar.errors import ResourcesMissing
from samsvar.queues import hub_keys
from tests.brokers import Broker, lacking, rabbitmq, rabbitmqctl
from tests.hub import Running, running_hub
from tests.news_scene import TOLD, News, eventually, transaction, update
from tests.poison import hooks, poison
from tests.wire.test_index_subscribers import CONTRACT
from tests.worker_scene import WrongClock

pytestmark = [pytest.mark.wire, pytest.mark.slow]
TOLVAN = "191212121212"
ASTRID = "193201027723"
EARLY, LATER = "20260101120000", "20260202120000"


@pytest.fixture
def broker() -> Iterator[Broker]:
    with rabbitmq() as one:
        yield one


async def notes(hub: Running) -> list[str]:
    """What readiness says."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.plain}/health/ready") as answer,
    ):
        assert answer.status == 200
        told: list[str] = (await answer.json()).get("notes", [])
        return told


def publish(
    broker: Broker,
    body: bytes,
    content_type: str = NEWS.content_type,
    key: str = INDEX_NEWS.key(TOLD, 3),
    **more: Any,
) -> None:
    """As anybody who may write there."""
    with broker.channel() as channel:
        channel.confirm_select()
        message = channel.prepare_message(
            body, content_type=content_type, properties={"delivery_mode": 2}, **more
        )
        channel.basic_publish_confirm(message, exchange=INDEX_NEWS.exchange, routing_key=key)


async def command(arguments: list[str]) -> int:
    """``samsvar``, beside the hubs of this process."""
    return await asyncio.to_thread(run, arguments)


async def listed(news: News, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """``samsvar queue list`` of the told index."""
    capsys.readouterr()
    assert (
        await command(["queue", "list", "--json", "--settings", str(news.told.settings_file)]) == 0
    )
    return {line["name"]: line for line in json.loads(capsys.readouterr().out)["queues"]}


async def test_what_changes_in_one_index_is_in_the_other_and_nothing_of_it_is_readable_between(
    tmp_path: Path, broker: Broker
) -> None:
    news = News(tmp_path, broker)
    with broker.channel() as channel:
        for name, kind in durable_plan([INDEX_NEWS], {}).more_exchanges.items():
            channel.exchange_declare(name, kind, durable=True, auto_delete=False)
        channel.queue_declare("spy", durable=True, auto_delete=False)
        channel.queue_bind("spy", INDEX_NEWS.exchange, "#")
    async with (
        running_hub(news.told, news.told_settings),
        running_hub(news.teller, news.teller_settings) as hub,
    ):
        await update(hub, transaction("Update", TOLVAN, "SE-A"))
        await update(hub, transaction("Update", ASTRID, "SE-B"))
        await eventually(lambda: len(news.posts()) == 2)
        await update(hub, transaction("Update", TOLVAN, "SE-A", content=LATER))
        await update(hub, transaction("Update", ASTRID, "SE-B", delete=True))
        await eventually(lambda: news.posts() == {"SE-A": LATER})
        await eventually(lambda: news.waiting() == 0)
        assert (news.depth(), news.dead()) == (0, 0)
        assert not [note for note in await notes(hub) if "news" in note or "worker" in note]
    with broker.channel() as channel:
        channel.auto_decode = False
        seen = []
        while (message := channel.basic_get("spy", no_ack=True)) is not None:
            seen.append((message.body, message.properties))
    assert len(seen) >= 3
    for body, properties in seen:
        assert properties["delivery_mode"] == 2
        assert "expiration" not in properties
        for word in (TOLVAN, ASTRID, TOLVAN[2:], "SE-A"):
            assert word.encode() not in body
            assert word not in str(properties)


async def test_what_nobody_takes_stays_in_the_outbox_with_the_reason(
    tmp_path: Path, broker: Broker
) -> None:
    """First there is no queue, then it is full, then it is read."""
    news = News(tmp_path, broker)
    async with running_hub(news.teller, news.teller_settings) as hub:
        await update(hub, transaction("Update", TOLVAN, "SE-A"))
        await eventually(lambda: "no queue at the message broker takes news" in news.reason())
        assert news.waiting() == 1
        async with running_hub(news.told, news.told_settings):
            await eventually(lambda: news.posts() == {"SE-A": EARLY})
        limit = ("full", rf"^{INDEX_NEWS.exchange}\.", '{"max-length": 1}', "--apply-to", "queues")
        if rabbitmqctl("set_policy", "-p", broker.vhost, *limit).returncode:
            pytest.skip("no policy may be set here")
        await update(hub, transaction("Update", TOLVAN, "SE-B"))
        await eventually(lambda: news.waiting() == 0)  # it is in the queue, which is full now
        for source in ("SE-C", "SE-D"):
            await update(hub, transaction("Update", TOLVAN, source))
            await eventually(lambda: "full" in news.reason() or news.waiting() == 0)
        await eventually(lambda: "full" in news.reason())
        assert news.waiting() >= 1
        rabbitmqctl("clear_policy", "-p", broker.vhost, "full")
        async with running_hub(news.told, news.told_settings):
            await eventually(lambda: set(news.posts()) == {"SE-A", "SE-B", "SE-C", "SE-D"})
        assert news.waiting() == 0


async def test_poison_goes_to_the_dead_letters_is_seen_and_holds_up_nothing(
    tmp_path: Path, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes, cut, too large, of another form or version, of somebody else; what a careless reader
    would build objects of. All of them at once, and news behind them."""
    news, trap = News(tmp_path, broker), tmp_path / "trap"
    name, settings = f"broker/{TOLD}", ["--settings", str(news.told.settings_file)]
    content = NewsContent(
        correlation_id="c", history="", numbers=[1], moments=["2026-01-01T12:00:00"], envelope="<"
    )
    keys, told_key = hub_keys(news.teller_settings), public_key(news.told_key)
    bad = poison(NEWS, keys, told_key, TOLD, content) | hooks(NEWS.content_type, trap)
    async with (
        running_hub(news.told, news.told_settings) as told,
        running_hub(news.teller, news.teller_settings) as hub,
    ):
        for one in bad.values():
            publish(broker, one.body, one.content_type, headers=dict(one.headers))
        await update(hub, transaction("Update", TOLVAN, "SE-A"))
        await eventually(lambda: news.posts() == {"SE-A": EARLY})
        await eventually(lambda: news.dead() == len(bad))
        assert not trap.exists()
        served = told.hub
        assert served is not None
        words = f"{len(bad)} dead letters"
        await eventually(lambda: any(words in note for note in served.notes()))
        assert any(words in note for note in await notes(told))
        alerts = served.watching.watcher
        await eventually(lambda: "given-up" in {one.rule for one in alerts.open_ones}, 60)
        assert (await listed(news, capsys))[name]["dead"] == len(bad)
        assert await command(["queue", "show", name, "--json", *settings]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert {one["why"] for one in shown} == {"rejected"}
        assert {one["queue"] for one in shown} == {INDEX_NEWS.queue(TOLD, 3)}
        assert await command(["queue", "retry", name, "--limit", "1", *settings]) == 0
        await eventually(lambda: news.dead() == len(bad))  # it comes back, and does not go round
        assert await command(["queue", "drop", name, *settings]) == 2
        assert await command(["queue", "drop", name, "--yes", "--limit", "3", *settings]) == 0
        assert news.dead() == len(bad) - 3
        assert await command(["queue", "drop", name, "--yes", *settings]) == 0
        assert news.dead() == 0
        assert await command(["queue", "drop", name, "--yes", *settings]) == 3
        assert name not in await listed(news, capsys)
    log = (news.told.folder / "hub.log").read_text()
    assert log.count("index-news-refused") == len(bad) + 1
    assert log.count("a message of another content type") == 4


async def test_news_that_comes_twice_in_another_order_and_a_day_late_changes_nothing(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Posts made, changed, and one taken away; then all of it again, backwards, and once more
    when a day has passed. Nothing is told on twice."""
    news = News(tmp_path, broker)
    with broker.channel() as channel:
        for name, kind in durable_plan([INDEX_NEWS], {}).more_exchanges.items():
            channel.exchange_declare(name, kind, durable=True, auto_delete=False)
        channel.queue_declare("spy", durable=True, auto_delete=False)
        channel.queue_bind("spy", INDEX_NEWS.exchange, "#")
    wanted = {"SE-A": LATER}

    def again(bodies: list[tuple[bytes, str]]) -> None:
        for body, key in bodies:
            publish(broker, body, key=key)

    async with (
        running_hub(news.told, news.told_settings) as told,
        running_hub(news.teller, news.teller_settings) as hub,
    ):
        for content in (EARLY, LATER):
            posts = dict.fromkeys(("SE-A", "SE-B"), content)
            for person, source in zip((TOLVAN, ASTRID), posts, strict=True):
                await update(hub, transaction("Update", person, source, content=content))
            await eventually(partial(lambda posts: news.posts() == posts, posts))
        await update(hub, transaction("Update", ASTRID, "SE-B", content=LATER, delete=True))
        await eventually(lambda: news.posts() == wanted)
        await eventually(lambda: news.waiting() == 0)
        effects = news.told_on()
        with broker.channel() as channel:
            channel.auto_decode = False
            seen = []
            while (one := channel.basic_get("spy", no_ack=True)) is not None:
                seen.append((one.body, str(one.delivery_info["routing_key"])))
        assert len(seen) >= 5
        again([*reversed(seen), *seen])
        assert told.hub is not None
        await eventually(lambda: news.depth() == 0)
        reader = told.hub.queues.readers[INDEX_NEWS]
        world = replace(reader._world, clock=WrongClock(24 * 3600))  # type: ignore[attr-defined]
        monkeypatch.setattr(reader, "_world", world)
        again([*reversed(seen)])
        # One that is new, behind the others of its queue: then they have been looked at.
        for person in (TOLVAN, ASTRID):
            await update(hub, transaction("Update", person, "SE-LAST"))
        await eventually(lambda: [one[1] for one in news.told_on()].count("SE-LAST") == 2)
        assert news.told_on()[: len(effects)] == effects
        assert {one[1] for one in news.told_on()[len(effects) :]} == {"SE-LAST"}
        assert news.posts() == {**wanted, "SE-LAST": EARLY}
        assert news.dead() == 0


async def test_what_was_not_permitted_is_sent_again_and_never_undoes_what_came_later(
    tmp_path: Path, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    news = News(tmp_path, broker, permitted=False)
    name, settings = f"broker/{TOLD}", ["--settings", str(news.told.settings_file)]
    async with (
        running_hub(news.told, news.told_settings) as told,
        running_hub(news.teller, news.teller_settings) as hub,
    ):
        for source in ("SE-A", "SE-B"):
            await update(hub, transaction("Update", TOLVAN, source, content=EARLY))
            await eventually(lambda: news.waiting() == 0)
        await eventually(lambda: news.dead() == 2)
        assert news.posts() == {}
        news.told.load_registry(news.told.registry([], CONTRACT + news.allowed()))
        assert told.hub is not None
        await told.hub.renewal.look_for_catalogue()
        await update(hub, transaction("Update", TOLVAN, "SE-A", content=LATER))
        await eventually(lambda: news.posts() == {"SE-A": LATER})
        assert await command(["queue", "retry", name, "--limit", "1", *settings]) == 0
        assert capsys.readouterr().out.count("waits again") == 2  # the message, and the count
        await eventually(lambda: news.depth() == 0)
        assert news.dead() == 1
        assert await command(["queue", "retry", name, *settings]) == 0
        await eventually(lambda: news.posts() == {"SE-A": LATER, "SE-B": EARLY})
        assert news.dead() == 0
        assert await command(["queue", "retry", name, *settings]) == 3
        assert TOLVAN not in capsys.readouterr().out


async def test_a_hub_of_another_key_is_not_heard_and_one_of_two_keys_is_not_told(
    tmp_path: Path, broker: Broker
) -> None:
    news = News(tmp_path, broker)
    own_key = news.told_key
    settings = news.told.write(
        broker=broker.section(),
        index=f'address = "{TOLD}"\nreceive_from_broker = ["SE2129999997-OTHER {own_key}"]\n',
    )
    async with (
        running_hub(news.told, settings),
        running_hub(news.teller, news.teller_settings) as hub,
    ):
        await update(hub, transaction("Update", TOLVAN, "SE-A"))
        await eventually(lambda: news.dead() == 1)
        assert news.posts() == {}
        two = news.by_broker().replace(f'"{own_key}"', f'"{own_key}", "{news.key}"')
        news.teller.load_registry(news.teller.registry([], CONTRACT + two))
        assert hub.hub is not None
        await hub.hub.renewal.look_for_catalogue()
        await update(hub, transaction("Update", TOLVAN, "SE-B"))
        await eventually(lambda: "workers must name one key" in news.reason())


@pytest.fixture
def users(broker: Broker) -> Iterator[tuple[str, str]]:
    """Names of two users of RabbitMQ that may do nothing yet."""
    if broker.vhost == "/":
        lacking("rabbitmqctl may not make users here")
    names = (f"teller-{secrets.token_hex(4)}", f"told-{secrets.token_hex(4)}")
    for name in names:
        os.environ[name.replace("-", "_")] = password = secrets.token_hex(8)
        made = rabbitmqctl("add_user", name, password)
        assert made.returncode == 0, made.stderr
    yield names
    for name in names:
        rabbitmqctl("delete_user", name)
        del os.environ[name.replace("-", "_")]


async def test_the_permissions_that_are_printed_are_enough_for_both_and_for_dead_letters(
    tmp_path: Path,
    broker: Broker,
    users: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    as_teller, as_told = (
        replace(broker, user=name, password=name.replace("-", "_")) for name in users
    )
    news = News(tmp_path, as_teller, told_broker=as_told)
    for name, site in zip(users, (news.teller, news.told), strict=True):
        capsys.readouterr()
        settings = ["--settings", str(site.settings_file)]
        assert await command(["queue", "permissions", *settings]) == 0
        printed = shlex.split(capsys.readouterr().out)
        assert printed[:5] == ["rabbitmqctl", "set_permissions", "-p", "VHOST", name]
        assert rabbitmqctl("set_permissions", "-p", broker.vhost, name, *printed[5:]).stderr == ""
    async with (
        running_hub(news.told, news.told_settings) as told,
        running_hub(news.teller, news.teller_settings) as hub,
    ):
        publish(broker, b"no news")
        await update(hub, transaction("Update", TOLVAN, "SE-A"))
        await eventually(lambda: news.posts() == {"SE-A": EARLY})
        await eventually(lambda: news.dead() == 1)
        settings = ["--settings", str(news.told.settings_file)]
        assert await command(["queue", "retry", f"broker/{TOLD}", *settings]) == 0
        await eventually(lambda: news.dead() == 1)
        assert not [note for note in await notes(told) if "broker:" in note]
    assert await command(["check", *settings]) == 0
    assert "are as they must be" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        {"x-queue-type": "classic"},
        {"x-queue-type": "quorum", "x-overflow": "drop-head", "x-max-length": 100_000},
    ],
)
async def test_a_hub_does_not_start_on_queues_that_lose_messages(
    tmp_path: Path, broker: Broker, arguments: dict[str, object]
) -> None:
    news = News(tmp_path, broker)
    name = INDEX_NEWS.queue(TOLD, part_of(TOLVAN))
    with broker.channel() as channel:
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
    hub = Hub(news.told_settings, news.told.folder)
    with pytest.raises(ResourcesMissing, match=rf"queue {name} is there.*delete it"):
        await hub.start()


async def test_a_hub_whose_queue_is_made_otherwise_meanwhile_is_not_ready_and_says_why(
    tmp_path: Path, broker: Broker
) -> None:
    """Somebody has to act: its index hears no news. It is ready again when the queue has gone."""
    news = News(tmp_path, broker)
    name = INDEX_NEWS.queue(TOLD, part_of(TOLVAN))
    async with running_hub(news.told, news.told_settings) as told:
        served = told.hub
        assert served is not None
        assert served.missing() == []
        with broker.channel() as channel:
            channel.queue_delete(name)
            channel.queue_declare(
                name, durable=True, auto_delete=False, arguments={"x-queue-type": "classic"}
            )
        await eventually(lambda: served.missing() != [], 60)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{told.plain}/health/ready") as ready,
            session.get(f"{told.plain}/health/live") as live,
        ):
            assert (ready.status, live.status) == (503, 200)
            (missing,) = (await ready.json())["missing"]
        assert missing.startswith(f"durable queues: queue {name} is there, but not as")
        with broker.channel() as channel:
            channel.queue_delete(name)
        await eventually(lambda: served.missing() == [], 60)
