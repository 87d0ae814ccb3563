"""One run of the bench: look at the door, put the questions, judge, write down.

Knows the order. Nothing here judges, and nothing a producer sends can stop the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from samsvar import __version__
from samsvar.bench.checks import CONTRACT_CHECKS, DOOR_CHECKS
from samsvar.bench.connection import DoorSeen, look_at
from samsvar.bench.evidence import Evidence
from samsvar.bench.masking import Mask
from samsvar.bench.model import (
    Check,
    Judgement,
    Outcome,
    Report,
    Result,
    Severity,
    Shown,
    unknown,
)
from samsvar.bench.probes import put_questions
from samsvar.bench.target import Target
from samsvar.bench.wire import Wire
from samsvar.model.contract import ServiceContract
from samsvar.model.engagement import EngagementFilter
from samsvar.model.identifiers import PersonId, folded
from samsvar.ports import Clock
from samsvar.soap.schema import Schema

Progress = Callable[[str], None]
Seen = TypeVar("Seen")


async def run_bench(target: Target, *, clock: Clock, progress: Progress) -> Report:
    """Test a producer. Every check that applies has exactly one result for each contract."""
    now = clock.now()
    progress("connection")
    door = await asyncio.to_thread(look_at, target)
    results = [_result(check, "", _judged(check, DoorSeen(door, now))) for check in DOOR_CHECKS]
    shown: list[Shown] = []
    mask = Mask((target.known, target.unknown))
    context = target.tls.context() if door.https else None
    for contract in target.contracts:
        schema = await asyncio.to_thread(Schema.load, contract)
        evidence = Evidence(target, contract, schema, now)
        if door.reachable:
            async with Wire(target.url, context, target.deadline + 1, target.addresses) as wire:
                await put_questions(evidence, wire, progress)
        evidence.indexed = await _in_index(target, contract)
        title = title_of(contract)
        for check in CONTRACT_CHECKS:
            if evidence.kind in check.kinds:
                judgement = _renamed(title, _judged(check, evidence))
                results.append(_result(check, title, judgement))
        shown += _shown(evidence, title, mask, results)
    return Report(
        now,
        __version__,
        target.url,
        target.logical_address,
        tuple(map(title_of, target.contracts)),
        tuple(results),
        tuple(shown),
    )


def title_of(contract: ServiceContract) -> str:
    """As people call the contract: operation and major version."""
    return f"{contract.operation} {str(contract.urn).rpartition(':')[2]}"


def _judged(check: Check[Seen], seen: Seen) -> Judgement:
    try:
        judgement = check.judge(seen)
    except Exception as error:  # noqa: BLE001 - one check's bug must not cost the other results
        kind = type(error).__name__
        return unknown(
            f"Kontrollen själv gick sönder ({kind}): anmäl det.",
            f"The check itself broke ({kind}): please report it.",
        )
    if judgement.outcome is Outcome.FAIL and check.severity is Severity.SHOULD:
        return replace(judgement, outcome=Outcome.WARN)
    return judgement


def _result(check: Check[Seen], contract: str, judgement: Judgement) -> Result:
    return Result(
        check.id,
        check.area,
        contract,
        (check.swedish, check.english),
        check.source,
        check.severity,
        judgement,
    )


def _renamed(title: str, judgement: Judgement) -> Judgement:
    """Exchanges are named in a report with their contract."""
    return replace(judgement, shows=tuple(f"{title}: {name}" for name in judgement.shows))


def _shown(evidence: Evidence, title: str, mask: Mask, results: list[Result]) -> Iterator[Shown]:
    """The exchanges that some result refers to, in the order in which they were made."""
    wanted = {name for result in results for name in result.judgement.shows}
    for exchange in evidence.exchanges.values():
        name = f"{title}: {exchange.name}"
        if name in wanted:
            yield mask.exchange(name, exchange)


async def _in_index(
    target: Target, contract: ServiceContract
) -> tuple[frozenset[str], frozenset[str]] | None:
    index = target.index
    if index is None:
        return None

    async def sources(person: PersonId) -> frozenset[str]:
        posts = await index.find(
            EngagementFilter(person.extension, contract.service_domain, contract.categorization)
        )
        return frozenset(folded(post.source_system) for post in posts)

    return await sources(target.known), await sources(target.unknown)
