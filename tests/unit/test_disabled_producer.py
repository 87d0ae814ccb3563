"""A producer that the registry says is out of service: not asked, told of, and back in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import ProducerFailed
from samsvar.model.catalogue import Disabled, Producer, RoutingEntry
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Reason
from samsvar.model.status import CausingAgent, StatusCode
from samsvar.pipeline import run
from samsvar.registry import RegistryInvalid
from samsvar.registry.file import write_registry
from tests.unit.test_registry_file import GOOD, faults, parse
from tests.world import FixedCatalogue, Stage, call, envelope, record, stage

NOW = SystemClock().now()


def with_disabled(made: Stage, address: str, disabled: Disabled) -> Stage:
    """The same world, with one producer out of service in its catalogue."""
    before = made.world.catalogue.current()

    def changed(entry: RoutingEntry) -> RoutingEntry:
        if entry.logical_address != address:
            return entry
        return replace(entry, producer=replace(entry.producer, disabled=disabled))

    entries = tuple(map(changed, before.entries))
    after = Catalogue(2, entries, before.permissions, before.contracts, {})
    return replace(made, world=replace(made.world, catalogue=FixedCatalogue(after)))


async def test_a_disabled_producer_is_not_asked_and_the_consumer_reads_the_notice() -> None:
    """The others answer; its own row blames nobody but says maintenance; explain has a reason."""
    until = datetime(2999, 1, 2, 17, 0, tzinfo=UTC)
    made = stage({"A": [record("A")], "B": [record("B")]})
    made = with_disabled(made, "B", Disabled("Byter databas", until))

    answer = await run(call(), made.world)

    assert answer.items == (b"<plan from='A'/>",)
    assert made.transport.asked == ["A"]
    row = answer.statuses[1]
    assert (row.logical_address, row.code) == ("B", StatusCode.NO_DATA_SYNCH_FAILED)
    assert row.error is not None
    assert (row.error.agent, row.error.code) == (CausingAgent.SERVICE_PRODUCER, "43000")
    assert row.error.text == "not asked: maintenance until 2999-01-02 18:00; Byter databas"
    (logged,) = made.log.records
    assert [(d.logical_address, d.reason, d.elapsed) for d in logged.decisions][1] == (
        "B",
        Reason.DISABLED,
        None,
    )


async def test_a_disabled_producer_that_is_addressed_alone_says_why() -> None:
    """A fault with the notice: the consumer asked for this one."""
    made = with_disabled(stage({"A": [record("A")]}), "A", Disabled("Byter databas"))

    with pytest.raises(ProducerFailed, match="not asked: maintenance; Byter databas"):
        await run(call(envelope("A")), made.world)
    assert made.transport.asked == []


async def test_a_producer_is_asked_again_when_the_time_is_out() -> None:
    """Nobody has to remember to enable it."""
    past = Disabled("Byter databas", NOW - timedelta(seconds=1))
    made = with_disabled(stage({"A": [record("A")]}), "A", past)

    answer = await run(call(), made.world)

    assert answer.items == (b"<plan from='A'/>",)


def test_the_end_itself_belongs_to_the_time_in_service() -> None:
    """Until six means that a question at six is asked."""
    until = datetime(2026, 1, 31, 18, tzinfo=UTC)
    producer = replace(_some_producer(), disabled=Disabled("x", until))

    assert producer.out_of_service(until - timedelta(microseconds=1)) is not None
    assert producer.out_of_service(until) is None


@pytest.mark.parametrize(
    "written",
    [
        '{ notice = "Byter version", until = 2026-01-31T18:00:00+01:00 }',
        '{ notice = "Byter \\"version\\", åter snart" }',
    ],
)
def test_a_registry_with_a_disabled_producer_is_written_back(written: str) -> None:
    """Notice and time, to the second."""
    text = GOOD.replace('owner = "SE2321000131"', f'owner = "SE2321000131"\ndisabled = {written}')

    registry = parse(text)

    assert registry.producers[0].disabled is not None
    assert registry.routes[0].producer.disabled == registry.producers[0].disabled
    assert parse(write_registry(registry)) == registry


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("{ until = 2026-01-31T18:00:00+01:00 }", "disabled, notice: is missing"),
        (
            '{ notice = "x", until = 2026-01-31T18:00:00 }',
            "disabled, until: must be a date and time with its zone, without quotes,"
            " such as 2026-01-31T18:00:00+01:00",
        ),
        (
            '{ notice = "x", until = 2026-01-31 }',
            "disabled, until: must be a date and time with its zone, without quotes,"
            " such as 2026-01-31T18:00:00+01:00",
        ),
        (f'{{ notice = "{"x" * 201}" }}', "disabled, notice: must be at most 200 characters"),
        (
            '{ notice = "Ring 19121212-1212" }',
            "disabled, notice: holds what could be a personal number: leave it out",
        ),
        ('{ notice = "x", why = "y" }', "disabled, why: no such key; allowed: notice, until"),
    ],
)
def test_what_is_wrong_with_a_disabled_table_is_told(written: str, fault: str) -> None:
    """Never by repeating the value."""
    text = GOOD.replace('owner = "SE2321000131"', f'owner = "SE2321000131"\ndisabled = {written}')

    (told,) = faults(text)

    assert told.endswith(fault)
    with pytest.raises(RegistryInvalid) as refused:
        parse(text)
    assert "1212" not in str(refused.value)


def _some_producer() -> Producer:
    return parse(GOOD).producers[0]
