"""The preview says of each question what really happens once the change is published."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import HubError
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import QuestionRecord, Reason
from samsvar.model.identifiers import ContractUrn, HsaId
from samsvar.pipeline import run
from samsvar.pipeline.preview import Preview, preview
from samsvar.soap.registry_messages import ADDRESSEES
from tests.world import (
    CONSUMER,
    HUB,
    PLANS,
    FixedCatalogue,
    Stage,
    call,
    catalogue,
    envelope,
    packaged,
    record,
    stage,
)

SOURCES = ("SE-A", "SE-B", "SE-C")


def under(book: Catalogue) -> Stage:
    """A world in which the index names all sources, and all of them answer."""
    made = stage({source: [record(source)] for source in SOURCES})
    return replace(made, world=replace(made.world, catalogue=FixedCatalogue(book)))


async def asked(book: Catalogue, addresses: tuple[str, ...]) -> list[QuestionRecord]:
    """The rows of the access log, of one question to each address."""
    made = under(book)
    for address in addresses:
        try:
            await run(call(envelope(address)), made.world)
        except HubError as error:
            assert error.code in ("VP004", "VP007")  # noqa: PT017 - refusals are part of it
    return made.log.records


def previewed(records: list[QuestionRecord], before: Catalogue, after: Catalogue) -> Preview:
    return preview(
        records,
        before,
        after,
        contracts=packaged().contracts,
        own_addresses=frozenset({HUB}),
        at=SystemClock().now(),
    )


def told(found: Preview) -> list[tuple[str, str | None, str | None, dict[str, tuple[str, str]]]]:
    return [
        (
            one.logical_address,
            one.fault_before,
            one.fault_after,
            {each.logical_address: (each.before, each.after) for each in one.candidates},
        )
        for one in found.changes
    ]


async def test_each_kind_of_change_is_told() -> None:
    """No longer permitted, permitted now, route gone; a fault that comes."""
    before = catalogue(SOURCES, [HUB, "SE-A", "SE-B"])
    after = catalogue(["SE-A", "SE-C"], [HUB, "SE-B", "SE-C"])
    records = await asked(before, (HUB, "SE-A", "SE-B", "SE-C"))

    assert told(previewed(records, before, after)) == [
        (
            HUB,
            None,
            None,
            {
                "SE-A": ("asked by p-SE-A", "not permitted"),
                "SE-B": ("asked by p-SE-B", "no route"),
                "SE-C": ("not permitted", "asked by p-SE-C"),
            },
        ),
        ("SE-A", None, "VP007", {}),
        ("SE-B", None, "VP004", {}),
        ("SE-C", "VP007", None, {}),
    ]


async def test_no_change_is_told_of_the_same_catalogue() -> None:
    book = catalogue(SOURCES, [HUB, "SE-A"])
    records = await asked(book, (HUB, "SE-A", "SE-B", "SE-NOWHERE"))

    found = previewed(records, book, catalogue(SOURCES, [HUB, "SE-A"]))

    assert (found.questions, found.changes) == (4, ())


async def test_another_way_to_the_same_source_is_a_change() -> None:
    before = catalogue(SOURCES, [HUB, *SOURCES])
    after = catalogue(SOURCES, [HUB, *SOURCES], timeouts={"SE-B": 3.0})
    records = await asked(before, (HUB, "SE-B"))

    assert [candidates for *_, candidates in told(previewed(records, before, after))] == [
        {"SE-B": ("asked by p-SE-B", "asked by p-SE-B, as changed")},
        {"SE-B": ("asked by p-SE-B", "asked by p-SE-B, as changed")},
    ]


async def test_what_no_catalogue_decides_is_counted_and_not_judged() -> None:
    book = catalogue(SOURCES, [HUB])
    (row,) = await asked(book, (HUB,))
    nobody = replace(row, sender=None, fault="VP002")
    forged = replace(row, fault="VP013")

    found = previewed([nobody, forged], book, catalogue([], ["SE-A"]))

    assert (found.questions, found.undecidable, found.changes) == (2, 2, ())


@pytest.mark.parametrize(
    ("contract", "address"),
    [
        (ADDRESSEES, HUB),
        ("urn:riv:itintegration:engagementindex:UpdateResponder:1", HUB),
    ],
)
async def test_services_of_the_hub_itself_need_only_a_permission(
    contract: str, address: str
) -> None:
    urn = ContractUrn(contract)
    may = catalogue([], [HUB])
    may = Catalogue(
        1, (), tuple(replace(row, contract=urn) for row in may.permissions), frozenset({urn}), {}
    )
    (row,) = await asked(catalogue([], [HUB]), (HUB,))
    service = replace(row, contract=urn)

    assert told(previewed([service], may, catalogue([], [HUB]))) == [(HUB, None, "VP007", {})]


@pytest.mark.parametrize("seed", range(40))
async def test_what_the_preview_tells_is_what_happens(seed: int) -> None:
    """Random catalogues: asked before, previewed, asked after."""
    draw = random.Random(seed)

    def book() -> Catalogue:
        routed = [one for one in SOURCES if draw.random() < 0.7]
        permitted = [one for one in (HUB, *SOURCES, "*") if draw.random() < 0.5]
        return catalogue(routed, permitted)

    before, after = book(), book()
    addresses = (HUB, *SOURCES, "SE-NOWHERE")
    first, second = await asked(before, addresses), await asked(after, addresses)
    found = previewed(first, before, after)

    predicted = {one.logical_address: one for one in found.changes}
    for was, now in zip(first, second, strict=True):
        assert was.logical_address is not None
        change = predicted.get(was.logical_address)
        if change is None:
            assert (was.fault, seen(was)) == (now.fault, seen(now))
        else:
            assert (change.fault_before, change.fault_after) == (was.fault, now.fault)
            if was.fault is None and now.fault is None:
                moved = {one.logical_address for one in change.candidates}
                assert moved == {
                    name for name, reason in seen(was).items() if seen(now)[name] != reason
                }


def seen(row: QuestionRecord) -> dict[str, Reason]:
    return {one.logical_address: one.reason for one in row.decisions}


def test_the_consumer_of_these_tests_is_whom_the_catalogue_means() -> None:
    """Else every test here would compare refusals."""
    found = catalogue([], [HUB]).permission(HsaId(CONSUMER), PLANS, HUB, SystemClock().now())
    assert found.permission is not None
