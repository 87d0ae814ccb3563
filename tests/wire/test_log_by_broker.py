"""The access log to a log service by another hub and durable queues: once, in order, sealed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samsvar.broker.durable import LOG_RECORDS, durable_plan, part_of
from samsvar.broker.durable_message import sealed_message
from samsvar.broker.keys import KeyPair
from samsvar.broker.log_records import RECORDS, contents
from samsvar.cli import run
from samsvar.model.log_entry import LogEntry, Resource
from samsvar.settings import SettingsInvalid, load
from tests.brokers import Broker, rabbitmq, rabbitmqctl
from tests.hub import HUB, Running, running_hub
from tests.log_scene import EACH, GIVER, SENDER, LogScene, log_scene
from tests.log_service import CORE, LogKeeper
from tests.news_scene import eventually
from tests.poison import Bad, hooks, poison
from tests.privacy import found
from tests.unit.test_store_access_log import NURSE, TOLVAN
from tests.worker_scene import WrongClock

pytestmark = [pytest.mark.wire, pytest.mark.slow, pytest.mark.sqlite]
DAY = 24 * 3600


@pytest.fixture
def broker() -> Iterator[Broker]:
    with rabbitmq() as one:
        yield one


def entry(number: int) -> LogEntry:
    """A record that a hub may have."""
    return LogEntry(
        log_id=f"00000000-0000-5000-8000-{number:012d}",
        at=datetime(2026, 6, 1, 12, tzinfo=UTC),
        activity="Läsa",
        level="Vårdplan",
        arguments=f"contract=x; correlationId=forged-{number};",
        purpose="Vård och behandling",
        user_id=str(NURSE.hsa_id),
        user_name=NURSE.name,
        user_title=None,
        assignment=None,
        care_giver=GIVER,
        care_unit=str(NURSE.care_unit),
        patient=TOLVAN,
        resources=(Resource("Vårdplan", "SE2321000016-A", None),),
    )


def message(scene: LogScene, *entries: LogEntry) -> bytes:
    """As the sender would send it."""
    (content,) = contents(GIVER, entries)
    count = len(entries)
    keys = scene.sender_keys, scene.deliverer_keys.public
    return sealed_message(RECORDS, *keys, HUB, content, count)[1]


def publish(
    broker: Broker, body: bytes, content_type: str = RECORDS.content_type, **more: Any
) -> None:
    """As anybody who may write there."""
    with broker.channel() as channel:
        channel.confirm_select()
        told = channel.prepare_message(
            body, content_type=content_type, properties={"delivery_mode": 2}, **more
        )
        channel.basic_publish_confirm(
            told,
            exchange=LOG_RECORDS.exchange,
            routing_key=LOG_RECORDS.key(HUB, part_of(GIVER)),
        )


class Spy:
    """Copies of all that goes by the stream's exchange."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        with broker.channel() as channel:
            for name, kind in durable_plan([LOG_RECORDS], {}).more_exchanges.items():
                channel.exchange_declare(name, kind, durable=True, auto_delete=False)
            channel.queue_declare("spy", durable=True, auto_delete=False)
            channel.queue_bind("spy", LOG_RECORDS.exchange, "*.*")  # not what fills a trial queue

    def seen(self) -> list[tuple[bytes, dict[str, Any]]]:
        """Bodies and properties, in order."""
        with self._broker.channel() as channel:
            channel.auto_decode = False
            told = []
            while (one := channel.basic_get("spy", no_ack=True)) is not None:
                told.append((one.body, one.properties))
            return told


async def command(arguments: list[str]) -> int:
    """``samsvar``, beside the hubs of this process."""
    return await asyncio.to_thread(run, arguments)


async def listed(scene: LogScene, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """``samsvar queue list`` of the hub that delivers."""
    capsys.readouterr()
    settings = str(scene.deliverer.settings_file)
    assert await command(["queue", "list", "--json", "--settings", settings]) == 0
    said = capsys.readouterr().out
    assert found(said.encode()) == []
    return {line["name"]: line for line in json.loads(said)["queues"]}


def notes(hub: Running) -> list[str]:
    """What readiness says."""
    assert hub.hub is not None
    return hub.hub.notes()


async def test_records_go_by_the_broker_once_in_order_and_nobody_there_can_read_them(
    tmp_path: Path, broker: Broker
) -> None:
    """The service takes what it has once more, so that whatever came twice would be seen."""
    async with log_scene(tmp_path, broker, LogKeeper(careless=True)) as scene:
        spy = Spy(broker)
        async with (
            running_hub(scene.deliverer, scene.deliverer_settings),
            running_hub(scene.sender, scene.sender_settings) as sender,
        ):
            for _ in range(3):
                await scene.ask(4)
                await eventually(lambda: scene.kept() == scene.expected())
            await eventually(lambda: scene.waiting() == 0 and scene.held() == (0, 0))
            assert (scene.depth(), scene.dead()) == (0, 0)
            assert not [note for note in notes(sender) if "access log" in note]
        systems = {
            element.findtext(f"{CORE}system/{CORE}systemId") for element in scene.keeper.taken
        }
        assert systems == {SENDER}
        seen = spy.seen()
        assert len(seen) >= 3
        for body, properties in seen:
            assert properties["delivery_mode"] == 2
            assert "expiration" not in properties
            assert found(body + repr(properties).encode()) == []
            for word in (str(NURSE.hsa_id), "Karin", GIVER, "question-"):
                assert word.encode() not in body
                assert word not in str(properties)


async def test_what_comes_twice_in_another_order_and_a_day_late_changes_nothing(
    tmp_path: Path, broker: Broker
) -> None:
    async with log_scene(tmp_path, broker, LogKeeper(careless=True)) as scene:
        spy = Spy(broker)
        async with (
            running_hub(scene.deliverer, scene.deliverer_settings) as deliverer,
            running_hub(scene.sender, scene.sender_settings),
        ):
            for _ in range(3):
                await scene.ask(2)
                await eventually(lambda: scene.kept() == scene.expected())
            seen = [body for body, _ in spy.seen()]
            for body in (*reversed(seen), *seen, *seen):
                publish(broker, body)
            await eventually(lambda: scene.depth() == 0)
            assert deliverer.hub is not None
            deliverer.hub.queues.readers[LOG_RECORDS]._clock = WrongClock(DAY)  # type: ignore[attr-defined]
            # One that is new, before them: with it, what is too old to be remembered is forgotten.
            # And one behind them: when it is there, they have been looked at.
            publish(broker, message(scene, entry(1)))
            await eventually(lambda: "forged-1" in scene.kept())
            for body in reversed(seen):
                publish(broker, body)
            publish(broker, message(scene, entry(2)))
            await eventually(lambda: "forged-2" in scene.kept())
            assert scene.kept() == [*scene.expected(), "forged-1", "forged-2"]
            assert scene.dead() == 0


async def test_what_nobody_takes_waits_in_the_outbox_and_the_hub_says_why(
    tmp_path: Path, broker: Broker
) -> None:
    """First there is no queue, then it is full, then it is read: in their order all the same."""
    async with (
        log_scene(tmp_path, broker) as scene,
        running_hub(scene.sender, scene.sender_settings) as sender,
    ):
        await scene.ask()
        await eventually(lambda: any("no queue at the message" in one for one in notes(sender)))
        assert scene.waiting() == 1
        async with running_hub(scene.deliverer, scene.deliverer_settings):
            await eventually(lambda: scene.kept() == scene.expected())
        policy = ("full", rf"^{LOG_RECORDS.exchange}\.", '{"max-length": 1}')
        limit = (*policy, "--apply-to", "queues")
        if rabbitmqctl("set_policy", "-p", broker.vhost, *limit).returncode:
            pytest.skip("no policy may be set here")
        for _ in range(3):
            await scene.ask()
            await eventually(lambda: scene.waiting() == 0 or "full" in str(notes(sender)))
        await eventually(lambda: any("full" in note for note in notes(sender)))
        assert scene.waiting() >= 1
        rabbitmqctl("clear_policy", "-p", broker.vhost, "full")
        async with running_hub(scene.deliverer, scene.deliverer_settings):
            await eventually(lambda: scene.kept() == scene.expected())
        assert scene.waiting() == 0
        await eventually(lambda: not [one for one in notes(sender) if "access log" in one])


async def test_a_log_service_that_is_down_is_tried_then_given_up_and_retry_delivers(
    tmp_path: Path, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"log-for/{GIVER}"
    async with log_scene(tmp_path, broker, LogKeeper(down=True), attempts=3) as scene:
        settings = ["--settings", str(scene.deliverer.settings_file)]
        async with (
            running_hub(scene.deliverer, scene.deliverer_settings),
            running_hub(scene.sender, scene.sender_settings),
        ):
            await scene.ask(2)
            await eventually(lambda: scene.held() == (0, 2 * EACH), 60)
            assert scene.waiting() == 0
            assert scene.depth() == 0
            file = scene.deliverer.folder / "hub.log"
            await eventually(lambda: '"access-log-dead-letter"' in file.read_text())
            assert file.read_text().count('"access-log-send-failed"') >= 2
            assert (await listed(scene, capsys))[name]["dead"] == 2 * EACH
            assert await command(["queue", "show", name, "--json", *settings]) == 0
            said = capsys.readouterr().out
            assert found(said.encode()) == []
            assert {one["reason"] for one in json.loads(said)} == {"unreachable: HTTP status 503"}
            assert await command(["queue", "drop", name, "--yes", *settings]) == 3
            scene.keeper.down = False
            assert await command(["queue", "retry", name, "--limit", "1", *settings]) == 0
            await eventually(lambda: len(scene.kept()) == 1)
            assert await command(["queue", "retry", name, *settings]) == 0
            await eventually(lambda: scene.kept() == scene.expected())
            await eventually(lambda: scene.held() == (0, 0))
            assert name not in await listed(scene, capsys)


async def test_poison_is_a_dead_letter_at_once_and_the_others_flow(
    tmp_path: Path, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told in readiness and as a metric, listed, sent again, dropped; no object is built of any."""
    name, trap = f"broker-log/{HUB}", tmp_path / "trap"
    async with log_scene(tmp_path, broker) as scene:
        settings = ["--settings", str(scene.deliverer.settings_file)]
        (content,) = contents(GIVER, [entry(1)])
        bad = poison(RECORDS, scene.sender_keys, scene.deliverer_keys.public, HUB, content)
        (odd,) = contents(GIVER, [entry(2)])
        when = odd.records[0].model_copy(update={"at": "2026-06-01T12:00:00"})
        odd = odd.model_copy(update={"records": [when]})
        bad["no zone"] = Bad(
            sealed_message(RECORDS, scene.sender_keys, scene.deliverer_keys.public, HUB, odd, 1)[1],
            RECORDS.content_type,
        )
        bad |= hooks(RECORDS.content_type, trap)
        async with (
            running_hub(scene.deliverer, scene.deliverer_settings) as deliverer,
            running_hub(scene.sender, scene.sender_settings),
        ):
            for one in bad.values():
                publish(broker, one.body, one.content_type, headers=dict(one.headers))
            await scene.ask()
            await eventually(lambda: scene.kept() == scene.expected())
            await eventually(lambda: scene.dead() == len(bad))
            assert scene.depth() == 0
            assert not trap.exists()
            told = f"{len(bad)} dead letters at the message broker"
            await eventually(lambda: any(told in note for note in notes(deliverer)))
            assert deliverer.hub is not None
            count = f'samsvar_broker_dead_letters{{exchange="{LOG_RECORDS.exchange}",process="1"}}'
            assert f"{count} {float(len(bad))}" in deliverer.hub.watching.metrics.text().decode()
            assert (await listed(scene, capsys))[name]["dead"] == len(bad)
            assert await command(["queue", "show", name, "--json", *settings]) == 0
            shown = json.loads(capsys.readouterr().out)
            assert {one["why"] for one in shown} == {"rejected"}
            assert await command(["queue", "retry", name, "--limit", "1", *settings]) == 0
            await eventually(lambda: scene.dead() == len(bad))  # it comes back, once
            assert await command(["queue", "drop", name, *settings]) == 2
            assert await command(["queue", "drop", name, "--yes", *settings]) == 0
            assert scene.dead() == 0
            assert name not in await listed(scene, capsys)
        log = (scene.deliverer.folder / "hub.log").read_text()
        assert log.count('"access-log-message-refused"') == len(bad) + 1
        assert log.count("a message of another content type") == 4
        assert found(log.encode()) == []


async def test_a_message_that_was_refused_for_its_key_is_delivered_by_retry(
    tmp_path: Path, broker: Broker
) -> None:
    """The setting did not name the sender; then it does."""
    async with log_scene(tmp_path, broker) as scene:
        file = scene.deliverer.settings_file
        right = file.read_text()
        wrong = KeyPair.new().public.text
        file.write_text(right.replace(scene.sender_keys.public.text, wrong))
        async with (
            running_hub(scene.deliverer, load(file, {})),
            running_hub(scene.sender, scene.sender_settings),
        ):
            await scene.ask(2)
            await eventually(lambda: scene.waiting() == 0)
            await eventually(lambda: scene.dead() >= 1 and scene.depth() == 0)
            assert scene.kept() == []
        file.write_text(right)
        async with running_hub(scene.deliverer, scene.deliverer_settings):
            retry = ["queue", "retry", f"broker-log/{HUB}", "--settings", str(file)]
            assert await command(retry) == 0
            await eventually(lambda: scene.kept() == scene.expected())


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('store_log_through = "SE1 {key}"', "audit.store_log_through: needs RabbitMQ"),
        ('store_log_through = "{key}"', "store_log_through"),
        ('store_log_for = ["SE1 {key}"]', "store_log_for: needs store_log"),
        ('store_log = "https://x.example/"\nstore_log_for = ["SE1 {key}"]', "needs RabbitMQ"),
        (
            'store_log = "https://x.example/"\nstore_log_for = ["SE1 {key}", "SE2 {key}"]',
            "a key stands twice: it is one hub's",
        ),
        (
            'store_log = "https://x.example/"\nstore_log_through = "SE1 {key}"',
            "our own records go by one of them",
        ),
    ],
)
def test_settings_that_lead_nowhere_are_refused(tmp_path: Path, lines: str, fault: str) -> None:
    file = tmp_path / "samsvar.toml"
    file.write_text(f"[audit]\n{lines.format(key=KeyPair.new().public.text)}\n")
    with pytest.raises(SettingsInvalid) as told:
        load(file, {})
    assert fault in "\n".join(told.value.faults)
