"""The walk, stage by stage and whole, with memory behind its ports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samsvar.errors import (
    AuditUnavailable,
    EngagementIndexUnavailable,
    ListenerNotTrusted,
    MalformedRequest,
    NoRoute,
    NotPermitted,
    OriginalConsumerRefused,
    ProducerAnswerInvalid,
    ProducerFailed,
    ProducerUnreachable,
    RoutingLoop,
    RuleBroken,
    SenderUnknown,
)
from samsvar.model.engagement import Engagement, EngagementFilter
from samsvar.model.exchange import Item, Peer, Reason, Verdict
from samsvar.model.identifiers import HsaId
from samsvar.model.status import CausingAgent, StatusCode
from samsvar.pipeline import run
from tests.world import (
    ANOTHER,
    CONSUMER,
    HUB,
    MemoryIndex,
    call,
    envelope,
    record,
    stage,
)

OK = StatusCode.DATA_FROM_SOURCE
FAILED = StatusCode.NO_DATA_SYNCH_FAILED


async def test_every_source_that_knows_the_person_is_in_the_answer_in_order() -> None:
    """Three sources, four records: all of them, in the order of the index."""
    made = stage({"A": [record("A")], "B": [record("B"), record("B", name="q")], "C": []})

    answer = await run(call(), made.world)

    assert answer.items == (b"<plan from='A'/>", b"<plan from='B'/>", b"<q from='B'/>")
    assert [(row.logical_address, row.code) for row in answer.statuses] == [
        ("A", OK),
        ("B", OK),
        ("C", OK),
    ]
    (row,) = made.log.records
    assert (row.verdict, row.sender, row.fault) == (Verdict.ANSWERED, CONSUMER, None)
    assert [(d.logical_address, d.reason, d.items) for d in row.decisions] == [
        ("A", Reason.ANSWERED, 1),
        ("B", Reason.ANSWERED, 2),
        ("C", Reason.ANSWERED_EMPTY, 0),
    ]


async def test_when_the_index_answered_and_when_each_was_placed_stand_in_the_row() -> None:
    """A slow index is the index's time: not the permission's, and not a producer's."""

    class SlowIndex(MemoryIndex):
        """Thinks for a while."""

        async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
            await asyncio.sleep(0.2)
            return await super().find(wanted)

    made = stage(
        {"A": [record("A")], "B": [record("B")]},
        permitted=[HUB, "A"],
        index=SlowIndex(["A", "B"]),
    )

    await run(call(), made.world)

    (row,) = made.log.records
    refused, asked = row.decisions
    assert (refused.reason, asked.reason) == (Reason.NOT_PERMITTED, Reason.ANSWERED)
    for one in row.decisions:
        assert one.looked is not None
        assert one.found is not None
        assert one.placed is not None
        assert 0 <= one.looked < one.looked + 0.19 < one.found <= one.placed < row.elapsed
    assert (refused.looked, refused.found) == (asked.looked, asked.found)
    assert asked.begun is not None
    assert asked.begun > (asked.placed or 0) - 0.005  # of another clock


async def test_one_silent_producer_does_not_hide_the_others() -> None:
    """A late producer and a dead one become status rows; the third's record is delivered."""
    made = stage({"A": [record("A")], "B": 60.0, "C": ProducerUnreachable("connection refused")})

    answer = await run(call(budget=0.4), made.world)

    assert answer.items == (b"<plan from='A'/>",)
    assert [(r.logical_address, r.code, r.error and r.error.code) for r in answer.statuses] == [
        ("A", OK, None),
        ("B", FAILED, "504"),
        ("C", FAILED, "43000"),
    ]
    late = answer.statuses[1].error
    assert late is not None
    assert "timeout" in late.text
    assert [d.reason for d in made.log.records[0].decisions] == [
        Reason.ANSWERED,
        Reason.LATE,
        Reason.UNREACHABLE,
    ]


async def test_a_producers_own_limit_counts_when_it_is_shorter() -> None:
    """A producer with 0.05 s of its own is given up long before the question's deadline."""
    made = stage({"A": 60.0}, timeouts={"A": 0.05})

    answer = await run(call(budget=20), made.world)

    assert answer.statuses[0].code == FAILED
    assert made.log.records[0].elapsed < 5


async def test_another_patients_record_drops_the_whole_answer_and_is_a_security_event() -> None:
    """One foreign record among good ones: none of that producer's leave the house."""
    made = stage({"A": [record("A"), record("A", ANOTHER)], "B": [record("B")]})

    answer = await run(call(), made.world)

    assert answer.items == (b"<plan from='B'/>",)
    (row,) = made.log.records
    assert [d.reason for d in row.decisions] == [Reason.FOREIGN_PATIENT, Reason.ANSWERED]
    assert len(row.security) == 1
    assert "foreign-patient" in row.security[0]
    assert [action for action, _ in made.events.events].count("security") == 1


async def test_records_of_another_source_system_are_dropped() -> None:
    """R3: a producer gives only what was made in the system addressed."""
    made = stage({"A": [record("B")]})

    answer = await run(call(), made.world)

    assert answer.items == ()
    assert made.log.records[0].decisions[0].reason == Reason.FOREIGN_SOURCE


async def test_a_source_that_the_sender_may_not_ask_is_neither_asked_nor_mentioned() -> None:
    """It has a decision for explain, and no row for the consumer."""
    made = stage({"A": [record("A")], "SECRET": [record("SECRET")]}, permitted=[HUB, "A"])

    answer = await run(call(), made.world)

    assert made.transport.asked == ["A"]
    assert [row.logical_address for row in answer.statuses] == ["A"]
    assert {d.logical_address: d.reason for d in made.log.records[0].decisions} == {
        "SECRET": Reason.NOT_PERMITTED,
        "A": Reason.ANSWERED,
    }


async def test_a_gap_in_the_catalogue_is_told_and_costs_nobody_else() -> None:
    """Indexed and permitted, but no route: a status row that blames the catalogue."""
    made = stage({"A": [record("A")], "B": []}, routed=["A"])

    answer = await run(call(), made.world)

    assert [row.code for row in answer.statuses] == [OK, FAILED]
    error = answer.statuses[1].error
    assert error is not None
    assert error.agent == CausingAgent.SERVICE_CATALOG
    assert made.transport.asked == ["A"]


async def test_the_hub_never_asks_itself() -> None:
    """The index names the hub's own address: a decision, no call, no row."""
    made = stage({"A": []}, known_at=["A", HUB])

    answer = await run(call(), made.world)

    assert [row.logical_address for row in answer.statuses] == ["A"]
    assert Reason.OWN_ADDRESS in [d.reason for d in made.log.records[0].decisions]


async def test_the_source_filter_narrows_and_an_unknown_source_gives_an_empty_answer() -> None:
    """VAL-45: no fault, no call, no oracle."""
    made = stage({"A": [record("A")], "B": [record("B")]})

    one = await run(call(envelope(source="B")), made.world)
    none = await run(call(envelope(source="SE-NOWHERE")), made.world)

    assert one.items == (b"<plan from='B'/>",)
    assert (none.items, none.statuses) == ((), ())
    assert [d.reason for d in made.log.records[1].decisions] == [
        Reason.FILTERED_BY_SOURCE,
        Reason.FILTERED_BY_SOURCE,
        Reason.NOT_INDEXED,
    ]


async def test_without_the_index_there_is_a_fault_never_an_empty_answer() -> None:
    """The refusal is in the access log too."""
    made = stage({}, index=MemoryIndex(broken=True))

    with pytest.raises(EngagementIndexUnavailable):
        await run(call(), made.world)

    (row,) = made.log.records
    assert (row.verdict, row.fault) == (Verdict.FAILED, "EI000")


async def test_no_row_in_the_access_log_no_data() -> None:
    """Audit fails closed: the answer is replaced by the fault."""
    made = stage({"A": [record("A")]})
    made.log.error = AuditUnavailable("the disk is full")

    with pytest.raises(AuditUnavailable):
        await run(call(), made.world)


async def test_an_unforeseen_error_leaves_a_row_that_says_failed() -> None:
    """A bug in a transport: logged as failed, its text nowhere."""
    made = stage({"A": ZeroDivisionError("secret 191212121212")})

    with pytest.raises(ZeroDivisionError):
        await run(call(), made.world)

    (row,) = made.log.records
    assert (row.verdict, row.fault) == (Verdict.FAILED, "VP012")
    assert "1912" not in repr(row)


async def test_addressed_to_one_source_its_failure_is_the_consumers_fault_message() -> None:
    """VP009, with the words about the timeout that consumers look for."""
    made = stage({"A": 60.0})

    with pytest.raises(ProducerFailed, match="Timeout when waiting on response from producer"):
        await run(call(envelope("A"), budget=0.3), made.world)

    assert made.log.records[0].decisions[0].reason == Reason.LATE


async def test_addressed_to_one_source_only_that_source_is_asked() -> None:
    """The index is not needed, and not asked."""
    made = stage({"A": [record("A")], "B": []}, index=MemoryIndex(broken=True))

    answer = await run(call(envelope("A")), made.world)

    assert (answer.items, answer.aggregated) == ((b"<plan from='A'/>",), False)
    assert made.transport.asked == ["A"]


@pytest.mark.parametrize(
    ("change", "document", "error"),
    [
        ({"peer": Peer(False, False, None, "SE1", address="10.0.0.1")}, None, ListenerNotTrusted),
        ({"peer": Peer(False, True, None)}, None, SenderUnknown),
        ({"peer": Peer(False, True, None, "SE1\nX")}, None, SenderUnknown),
        ({"peer": Peer(False, True, None, "SE1", "ANOTHER-HUB")}, None, SenderUnknown),
        ({"peer": Peer(True, False, b"not a certificate", "SE1")}, None, SenderUnknown),
        ({"routing_history": "SE9#test"}, None, RoutingLoop),
        ({"message": MalformedRequest("broken")}, None, MalformedRequest),
        ({"original_consumer": HsaId("SE2-OTHER")}, None, OriginalConsumerRefused),
        ({"peer": Peer(False, True, None, "SE-STRANGER")}, None, NotPermitted),
        ({}, envelope("SE-NOWHERE"), NoRoute),
        ({}, envelope(" A"), NoRoute),
        ({}, envelope(person="191212121213"), MalformedRequest),
        ({}, envelope(person="991981000010", root="1.2.752.97.3.1.3"), RuleBroken),
    ],
)
async def test_refusals_are_logged_and_nobody_is_asked(
    change: dict[str, object], document: bytes | None, error: type[Exception]
) -> None:
    """Each refusal has its class, one row, and no producer call."""
    made = stage({"A": [record("A")]})

    with pytest.raises(error):
        await run(replace(call(document), **change), made.world)  # type: ignore[arg-type]

    assert made.transport.asked == []
    assert len(made.log.records) == 1
    assert made.log.records[0].fault is not None


async def test_a_missing_route_beats_a_missing_permission() -> None:
    """A stranger at an unknown address hears VP004, as on the national platform."""
    made = stage({"A": []})

    with pytest.raises(NoRoute):
        await run(call(envelope("SE-NOWHERE"), sender="SE-STRANGER"), made.world)


_OUTCOMES = st.sampled_from(["items", "empty", "error", "foreign", "forbidden", "unrouted"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_OUTCOMES, st.integers(0, 4)), max_size=12))
async def test_count_in_count_out(kinds: list[tuple[str, int]]) -> None:
    """Whatever the sources do: one decision for each candidate, one row for each recipient,
    every good record delivered once, in order, and no other."""
    answers: dict[str, list[Item] | ProducerAnswerInvalid] = {}
    for number, (kind, count) in enumerate(kinds):
        name = f"S{number}"
        records = [record(name, name=f"r{i}") for i in range(count)]
        if kind == "error":
            answers[name] = ProducerAnswerInvalid("broken")
        elif kind == "foreign":
            answers[name] = [*records, record(name, ANOTHER)]
        else:
            answers[name] = [] if kind == "empty" else records
    kind_of = {f"S{number}": kind for number, (kind, _) in enumerate(kinds)}
    made = stage(
        answers,
        permitted=[HUB, *(n for n, k in kind_of.items() if k != "forbidden")],
        routed=[n for n, k in kind_of.items() if k != "unrouted"],
    )

    answer = await run(call(), made.world)

    expected = tuple(
        item.xml
        for name, kind in kind_of.items()
        if kind == "items" and not isinstance(answers[name], ProducerAnswerInvalid)
        for item in answers[name]  # type: ignore[union-attr]
    )
    assert answer.items == expected
    assert [row.logical_address for row in answer.statuses] == [
        name for name, kind in kind_of.items() if kind != "forbidden"
    ]
    (row,) = made.log.records
    assert sorted(d.logical_address for d in row.decisions) == sorted(kind_of)
    assert len(row.security) == sum(kind == "foreign" for kind in kind_of.values())
